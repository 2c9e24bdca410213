/* SPDX-License-Identifier: MIT */
/* getStats of a call with the real codecs: what sources, encoders, decoders and playout say of it, and what the selectors leave of that
 * (webrtc-stats; webrtc-pc 8.2 and 8.5). */
#include "peer_pump.h"

#include "test_picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 240, FRAME_US = 33333, SOUND_US = 10000, SAMPLES = 480, SETTLE_S = 8 };

static struct {
    struct sim_peers p;
    struct peer_pumps pumps;
    rtc_media_source *camera, *microphone;
    rtc_media_stream_track *tracks[2];
    rtc_media_stream_track *seen[2];
    rtc_media_sink *sinks[2];
    rtc_time_t next_picture, next_sound, begun;
    uint32_t pictures, sounds;
} call;

static void take_picture(struct sim_peers *p)
{
    rtc_video_frame *frame;
    const rtc_video_frame_options options = {
        .size = sizeof options, .format = RTC_VIDEO_I420, .width = WIDTH, .height = HEIGHT, .capture_time_us = p->now};
    const struct test_picture picture = {.number = call.pictures++, .time_us = p->now};
    assert_int_equal(rtc_video_frame_new(p->context, &options, &frame), RTC_OK);
    test_picture_draw(frame, &picture);
    assert_int_equal(rtc_media_source_push_video(call.camera, frame), RTC_OK);
    rtc_video_frame_unref(frame);
    call.next_picture += FRAME_US;
}

/* A tone of half the greatest amplitude: its power is an eighth. */
static void take_sound(struct sim_peers *p)
{
    rtc_audio_frame *frame;
    const rtc_audio_frame_options options = {.size = sizeof options,
                                             .format = RTC_AUDIO_S16,
                                             .sample_rate = 48000,
                                             .channels = 1,
                                             .samples = SAMPLES,
                                             .capture_time_us = p->now};
    assert_int_equal(rtc_audio_frame_new(p->context, &options, &frame), RTC_OK);
    int16_t *data = rtc_audio_frame_writable_data(frame);
    for (int i = 0; i < SAMPLES; i++)
        data[i] = (int16_t)(16384 * sin(2 * 3.14159265358979 * 440 * (call.sounds * SAMPLES + (unsigned)i) / 48000.0));
    call.sounds++;
    assert_int_equal(rtc_media_source_push_audio(call.microphone, frame), RTC_OK);
    rtc_audio_frame_unref(frame);
    call.next_sound += SOUND_US;
}

static void step(struct sim_peers *p)
{
    if (p->now >= call.next_picture)
        take_picture(p);
    while (p->now >= call.next_sound)
        take_sound(p);
}

static void on_picture(void *user, rtc_video_frame *frame)
{
    (void)user;
    (void)frame;
}

static void on_sound(void *user, rtc_audio_frame *frame)
{
    (void)user;
    (void)frame;
}

static void add_source(rtc_media_kind kind, rtc_media_source **source, rtc_media_stream_track **track)
{
    assert_int_equal(rtc_media_source_new(call.p.context, kind, "source", NULL, NULL, source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(*source, track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(call.p.peer[0].pc, *track, NULL, 0, NULL), RTC_OK);
}

static void begin_with_sound(void)
{
    memset(&call, 0, sizeof call);
    peer_scene(&call.p, 1, true);
    peer_pumps_attach(&call.pumps, &call.p);
    add_source(RTC_MEDIA_AUDIO, &call.microphone, &call.tracks[0]);
}

/* One side sends, the other one looks and listens. */
static int begin(void **state)
{
    (void)state;
    begin_with_sound();
    add_source(RTC_MEDIA_VIDEO, &call.camera, &call.tracks[1]);
    return 0;
}

static const char *const rids[] = {"q", "h", "f"};

/* The picture in three sizes. */
static int begin_layers(void **state)
{
    rtc_rtp_encoding_parameters encodings[3];
    rtc_rtp_encoding_parameters *list[3];
    (void)state;
    begin_with_sound();
    for (uint32_t i = 0; i < 3; i++) {
        encodings[i] = (rtc_rtp_encoding_parameters){.size = sizeof encodings[i], .rid = rids[i], .scale_resolution_down_by = 4 >> i};
        list[i] = &encodings[i];
    }
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = list, .send_encoding_count = 3};
    assert_int_equal(rtc_media_source_new(call.p.context, RTC_MEDIA_VIDEO, "source", NULL, NULL, &call.camera), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(call.camera, &call.tracks[1]), RTC_OK);
    return rtc_peer_connection_add_transceiver(call.p.peer[0].pc, RTC_MEDIA_VIDEO, call.tracks[1], &init, NULL);
}

static void connect_call(void)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = on_picture, .on_audio = on_sound};
    call.next_picture = call.next_sound = call.p.now;
    call.pumps.on_step = step;
    peer_exchange(&call.p, 0);
    peer_connect(&call.p, 5 * SECOND);
    call.begun = call.p.now;
    for (size_t i = 0; i < 2; i++) {
        call.seen[i] = rtc_media_stream_track_ref(peer_remote_track(&call.p, 1, i));
        assert_int_equal(rtc_media_stream_track_add_sink(call.seen[i], &ops, NULL, &call.sinks[i]), RTC_OK);
    }
    peer_run(&call.p, SETTLE_S * SECOND);
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        if (call.seen[i])
            rtc_media_stream_track_remove_sink(call.seen[i], call.sinks[i]);
        rtc_media_stream_track_unref(call.seen[i]);
    }
    sim_peers_fini(&call.p);
    peer_pumps_fini(&call.pumps);
    for (size_t i = 0; i < 2; i++)
        rtc_media_stream_track_unref(call.tracks[i]);
    rtc_media_source_unref(call.camera);
    rtc_media_source_unref(call.microphone);
    return 0;
}

static rtc_stats_report *report_of(int peer)
{
    rtc_stats_report *report;
    assert_int_equal(rtc_peer_connection_get_stats(call.p.peer[peer].pc, &report), RTC_OK);
    return report;
}

static const rtc_stats *find(const rtc_stats_report *report, const char *type, const char *kind)
{
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        const char *of = rtc_stats_string(s, "kind");
        if (strcmp(rtc_stats_type(s), type) == 0 && (!kind || (of && strcmp(of, kind) == 0)))
            return s;
    }
    return NULL;
}

static double number(const rtc_stats *stats, const char *name)
{
    double value = -1;
    if (!rtc_stats_number(stats, name, &value))
        fail_msg("%s has no %s", rtc_stats_type(stats), name);
    return value;
}

static bool truth(const rtc_stats *stats, const char *name)
{
    bool value;
    if (!rtc_stats_boolean(stats, name, &value))
        fail_msg("%s has no %s", rtc_stats_type(stats), name);
    return value;
}

static bool is_near(double a, double b, double by)
{
    return fabs(a - b) <= by;
}

/* What the sources gave, before anything is negotiated and after. */
static void sources(void **state)
{
    (void)state;
    rtc_stats_report *report = report_of(0);
    const rtc_stats *video = find(report, "media-source", "video");
    double width;
    assert_string_equal(rtc_stats_string(video, "trackIdentifier"), rtc_media_stream_track_id(call.tracks[1]));
    assert_int_equal(number(video, "frames"), 0);
    assert_false(rtc_stats_number(video, "width", &width)); /* it is not known yet */
    assert_int_equal(number(find(report, "media-source", "audio"), "totalSamplesDuration"), 0);
    assert_null(find(report, "codec", NULL));
    assert_null(find(report, "outbound-rtp", NULL));
    rtc_stats_report_unref(report);
    connect_call();
    report = report_of(0);
    video = find(report, "media-source", "video");
    assert_int_equal(number(video, "frames"), call.pictures);
    assert_int_equal(number(video, "width"), WIDTH);
    assert_int_equal(number(video, "height"), HEIGHT);
    assert_true(is_near(number(video, "framesPerSecond"), 30, 1));
    const rtc_stats *audio = find(report, "media-source", "audio");
    double seconds = call.sounds * 0.01;
    assert_true(is_near(number(audio, "totalSamplesDuration"), seconds, 0.001));
    assert_true(is_near(number(audio, "totalAudioEnergy"), seconds / 8, 0.01));
    assert_true(is_near(number(audio, "audioLevel"), sqrt(0.125), 0.02));
    rtc_stats_report_unref(report);
}

static void codecs(void **state)
{
    (void)state;
    connect_call();
    for (int i = 0; i < 2; i++) {
        rtc_stats_report *report = report_of(i);
        const rtc_stats *sound = find(report, i == 0 ? "outbound-rtp" : "inbound-rtp", "audio");
        const rtc_stats *opus = rtc_stats_report_find(report, rtc_stats_string(sound, "codecId"));
        assert_string_equal(rtc_stats_string(opus, "mimeType"), "audio/opus");
        assert_int_equal(number(opus, "clockRate"), 48000);
        assert_int_equal(number(opus, "channels"), 2);
        assert_non_null(strstr(rtc_stats_string(opus, "sdpFmtpLine"), "useinbandfec=1"));
        const rtc_stats *pictures = find(report, i == 0 ? "outbound-rtp" : "inbound-rtp", "video");
        const rtc_stats *vp8 = rtc_stats_report_find(report, rtc_stats_string(pictures, "codecId"));
        double channels;
        assert_string_equal(rtc_stats_string(vp8, "mimeType"), "video/VP8");
        assert_int_equal(number(vp8, "clockRate"), 90000);
        assert_false(rtc_stats_number(vp8, "channels", &channels));
        assert_null(rtc_stats_string(vp8, "sdpFmtpLine"));
        rtc_stats_report_unref(report);
    }
}

static void encoders(void **state)
{
    (void)state;
    connect_call();
    rtc_stats_report *report = report_of(0);
    const rtc_stats *s = find(report, "outbound-rtp", "video");
    double frames = number(s, "framesEncoded"), seconds = (double)(call.p.now - call.begun) / 1e6, sum = 0, more;
    assert_true(frames > 200 && number(s, "framesSent") == frames);
    assert_true(is_near(number(s, "framesPerSecond"), 30, 1));
    assert_true(number(s, "qpSum") >= 2 * frames && number(s, "qpSum") <= 127 * frames);
    assert_true(number(s, "totalEncodedBytesTarget") > 0);
    assert_true(number(s, "hugeFramesSent") < frames / 10);
    assert_true(number(s, "totalPacketSendDelay") >= 0 && number(s, "totalPacketSendDelay") < number(s, "packetsSent") * 0.25);
    assert_true(truth(s, "active"));
    assert_false(truth(s, "powerEfficientEncoder"));
    assert_string_equal(rtc_stats_string(s, "encoderImplementation"), "libvpx");
    assert_string_equal(rtc_stats_string(s, "scalabilityMode"), "L1T1");
    assert_string_equal(rtc_stats_string(s, "qualityLimitationReason"), "none");
    assert_int_equal(rtc_stats_record_count(s, "qualityLimitationDurations"), 4);
    assert_null(rtc_stats_record_key(s, "qualityLimitationDurations", 4));
    for (size_t i = 0; i < 4; i++) {
        assert_true(
            rtc_stats_record_number(s, "qualityLimitationDurations", rtc_stats_record_key(s, "qualityLimitationDurations", i), &more));
        sum += more;
    }
    assert_true(is_near(sum, seconds, 0.5));
    assert_false(rtc_stats_record_number(s, "qualityLimitationDurations", "luck", &more));
    assert_true(number(s, "rtxSsrc") != number(s, "ssrc"));
    assert_true(number(find(report, "candidate-pair", NULL), "availableOutgoingBitrate") > 100000);
    s = find(report, "outbound-rtp", "audio");
    assert_null(rtc_stats_string(s, "encoderImplementation")); /* of pictures only */
    assert_false(rtc_stats_number(s, "framesPerSecond", &more));
    rtc_stats_report_unref(report);
}

static void decoders(void **state)
{
    (void)state;
    connect_call();
    rtc_stats_report *sent = report_of(0), *report = report_of(1);
    const rtc_stats *s = find(report, "inbound-rtp", "video");
    double frames = number(s, "framesDecoded"), seconds = (double)(call.p.now - call.begun) / 1e6;
    assert_true(frames > 200);
    assert_true(is_near(number(s, "framesRendered"), frames, 3));
    assert_true(is_near(number(s, "framesPerSecond"), 30, 1));
    assert_true(is_near(number(s, "qpSum") / frames, number(find(sent, "outbound-rtp", "video"), "qpSum") / frames, 3));
    assert_false(truth(s, "powerEfficientDecoder"));
    assert_string_equal(rtc_stats_string(s, "decoderImplementation"), "libvpx");
    assert_true(number(s, "totalProcessingDelay") / frames > 0.001 && number(s, "totalProcessingDelay") / frames < 0.2);
    assert_true(is_near(number(s, "totalInterFrameDelay"), seconds, 1));
    double mean = number(s, "totalInterFrameDelay") / frames, square = number(s, "totalSquaredInterFrameDelay") / frames;
    assert_true(square >= mean * mean * 0.99 && sqrt(square - mean * mean * 0.99) < 0.02);
    assert_true(number(s, "framesAssembledFromMultiplePackets") > 0 && number(s, "totalAssemblyTime") >= 0);
    assert_int_equal(number(s, "pauseCount"), 0);
    assert_true(number(s, "jitterBufferTargetDelay") > 0);
    s = find(report, "inbound-rtp", "audio");
    assert_true(is_near(number(s, "totalSamplesDuration"), number(s, "totalSamplesReceived") / 48000, 0.0001));
    assert_true(is_near(number(s, "totalSamplesDuration"), seconds, 1));
    assert_true(is_near(number(s, "totalAudioEnergy"), number(s, "totalSamplesDuration") / 8, 0.15));
    assert_true(is_near(number(s, "audioLevel"), sqrt(0.125), 0.05));
    assert_true(number(s, "fecPacketsReceived") >= number(s, "fecPacketsDiscarded"));
    assert_true(number(s, "silentConcealedSamples") <= number(s, "concealedSamples"));
    const rtc_stats *played = rtc_stats_report_find(report, rtc_stats_string(s, "playoutId"));
    assert_string_equal(rtc_stats_type(played), "media-playout");
    assert_true(is_near(number(played, "totalSamplesDuration"), number(s, "totalSamplesDuration"), 0.5));
    assert_true(is_near(number(played, "totalSamplesCount"), number(played, "totalSamplesDuration") * 48000, 1));
    rtc_stats_report_unref(sent);
    rtc_stats_report_unref(report);
}

/* setParameters shows at once. */
static void an_encoding_that_is_inactive(void **state)
{
    (void)state;
    connect_call();
    for (size_t n = 0; n < 2; n++) {
        rtc_rtp_parameters *parameters;
        rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(call.p.peer[0].pc, n));
        assert_int_equal(rtc_rtp_sender_get_parameters(sender, &parameters), RTC_OK);
        parameters->encodings[0]->inactive = true;
        assert_int_equal(rtc_rtp_sender_set_parameters(sender, parameters), RTC_OK);
        rtc_rtp_parameters_free(parameters);
    }
    rtc_stats_report *report = report_of(0);
    assert_false(truth(find(report, "outbound-rtp", "audio"), "active"));
    assert_false(truth(find(report, "outbound-rtp", "video"), "active"));
    rtc_stats_report_unref(report);
}

/* The clocks of both sides are one in simulation: what plays now was captured a little while ago. */
static void playout_time(void **state)
{
    static const char *const kinds[] = {"audio", "video"};
    (void)state;
    connect_call();
    rtc_stats_report *report = report_of(1);
    for (size_t i = 0; i < 2; i++) {
        const rtc_stats *s = find(report, "inbound-rtp", kinds[i]);
        double behind = rtc_stats_timestamp_ms(s) + 2208988800000.0 - number(s, "estimatedPlayoutTimestamp");
        assert_true(behind > 5 && behind < 250);
    }
    rtc_stats_report_unref(report);
}

/* What each side says of the other is what the other says itself. */
static void both_sides_agree(void **state)
{
    (void)state;
    connect_call();
    rtc_stats_report *a = report_of(0), *b = report_of(1);
    static const char *const kinds[] = {"audio", "video"};
    for (size_t i = 0; i < 2; i++) {
        const rtc_stats *out = find(a, "outbound-rtp", kinds[i]), *in = find(b, "inbound-rtp", kinds[i]);
        const rtc_stats *heard = rtc_stats_report_find(a, rtc_stats_string(out, "remoteId")),
                        *told = rtc_stats_report_find(b, rtc_stats_string(in, "remoteId"));
        assert_string_equal(rtc_stats_type(heard), "remote-inbound-rtp");
        assert_string_equal(rtc_stats_type(told), "remote-outbound-rtp");
        assert_string_equal(rtc_stats_string(heard, "localId"), rtc_stats_id(out));
        assert_string_equal(rtc_stats_string(told, "localId"), rtc_stats_id(in));
        assert_true(number(heard, "packetsReceived") <= number(in, "packetsReceived"));
        assert_true(number(heard, "packetsReceived") > number(in, "packetsReceived") * 0.5);
        assert_true(number(told, "packetsSent") <= number(out, "packetsSent"));
        assert_true(number(told, "packetsSent") > number(out, "packetsSent") * 0.5);
        assert_true(number(told, "bytesSent") <= number(out, "bytesSent"));
        assert_true(number(told, "reportsSent") > 0);
        assert_true(is_near(number(told, "remoteTimestamp"), rtc_stats_timestamp_ms(told), 20)); /* less the way */
        assert_true(rtc_stats_timestamp_ms(told) < rtc_stats_timestamp_ms(in));
        assert_true(number(heard, "roundTripTime") > 0.0095 && number(heard, "roundTripTime") < 0.02);
        double trips = number(told, "roundTripTimeMeasurements"); /* by reference times, of who sends nothing */
        assert_true(number(told, "roundTripTime") > 0.0095 && number(told, "roundTripTime") < 0.02);
        assert_true(trips > 2 && is_near(number(told, "totalRoundTripTime") / trips, number(told, "roundTripTime"), 0.005));
    }
    rtc_stats_report_unref(a);
    rtc_stats_report_unref(b);
}

static size_t count(const rtc_stats_report *report, const char *type)
{
    size_t n = 0;
    for (size_t i = 0; i < rtc_stats_report_count(report); i++)
        n += strcmp(rtc_stats_type(rtc_stats_report_at(report, i)), type) == 0;
    return n;
}

/* webrtc-pc 8.5: the streams of the selector, and whatever they lead to; nothing else. */
static void expect_selected(rtc_stats_report *report, const char *type, const char *remote)
{
    static const char *const one[] = {"codec", "transport", "local-candidate", "remote-candidate", "candidate-pair"};
    static const char *const none[] = {"peer-connection", "data-channel", "ice-server"};
    assert_int_equal(count(report, type), 1);
    assert_int_equal(count(report, remote), 1);
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++)
        assert_int_equal(count(report, one[i]), 1);
    assert_int_equal(count(report, "certificate"), 2);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(count(report, none[i]), 0);
    assert_int_equal(count(report, "inbound-rtp") + count(report, "outbound-rtp"), 1);
}

static void selectors(void **state)
{
    (void)state;
    connect_call();
    rtc_stats_report *report, *again;
    rtc_peer_connection *pc = call.p.peer[0].pc;
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(pc, 1), *seen = rtc_peer_connection_transceiver(call.p.peer[1].pc, 1);
    assert_int_equal(rtc_rtp_sender_get_stats(rtc_rtp_transceiver_sender(t), &report), RTC_OK);
    expect_selected(report, "outbound-rtp", "remote-inbound-rtp");
    assert_int_equal(count(report, "media-source"), 1);
    assert_string_equal(rtc_stats_string(find(report, "outbound-rtp", NULL), "kind"), "video");
    assert_int_equal(rtc_peer_connection_get_track_stats(pc, call.tracks[1], &again), RTC_OK);
    assert_int_equal(rtc_stats_report_count(again), rtc_stats_report_count(report));
    rtc_stats_report_unref(report);
    rtc_stats_report_unref(again);
    assert_int_equal(rtc_rtp_receiver_get_stats(rtc_rtp_transceiver_receiver(seen), &report), RTC_OK);
    expect_selected(report, "inbound-rtp", "remote-outbound-rtp");
    assert_int_equal(count(report, "media-source"), 0);
    rtc_stats_report_unref(report);
    assert_int_equal(rtc_peer_connection_get_track_stats(call.p.peer[1].pc, call.seen[1], &report), RTC_OK);
    expect_selected(report, "inbound-rtp", "remote-outbound-rtp");
    rtc_stats_report_unref(report);
    /* Nothing is received at all here. */
    assert_int_equal(rtc_rtp_receiver_get_stats(rtc_rtp_transceiver_receiver(t), &report), RTC_OK);
    assert_int_equal(rtc_stats_report_count(report), 0);
    rtc_stats_report_unref(report);
}

/* webrtc-pc 8.2, step 4. */
static void tracks_of_nobody_and_of_two(void **state)
{
    (void)state;
    rtc_stats_report *report = NULL;
    rtc_peer_connection *pc = call.p.peer[0].pc;
    assert_int_equal(rtc_peer_connection_get_track_stats(call.p.peer[1].pc, call.tracks[0], &report), RTC_ERR_INVALID_ACCESS);
    assert_non_null(strstr(rtc_peer_connection_last_error(call.p.peer[1].pc), "no sender or receiver"));
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, call.tracks[0], NULL, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_get_track_stats(pc, call.tracks[0], &report), RTC_ERR_INVALID_ACCESS);
    assert_non_null(strstr(rtc_peer_connection_last_error(pc), "more than one"));
    assert_null(report);
    assert_int_equal(rtc_peer_connection_get_track_stats(pc, call.tracks[1], &report), RTC_OK);
    assert_int_equal(rtc_stats_report_count(report), 0); /* nothing is sent yet */
    rtc_stats_report_unref(report);
}

static void after_close(void **state)
{
    (void)state;
    connect_call();
    rtc_stats_report *report;
    rtc_peer_connection *pc = call.p.peer[0].pc;
    rtc_rtp_sender *sender = rtc_rtp_sender_ref(rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(pc, 0)));
    rtc_rtp_receiver *receiver = rtc_rtp_receiver_ref(rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(pc, 0)));
    rtc_peer_connection_close(pc);
    assert_int_equal(rtc_peer_connection_get_stats(pc, &report), RTC_OK);
    assert_int_equal(count(report, "peer-connection"), 1);
    assert_int_equal(count(report, "outbound-rtp"), 0);
    rtc_stats_report_unref(report);
    assert_int_equal(rtc_rtp_sender_get_stats(sender, &report), RTC_OK);
    assert_int_equal(rtc_stats_report_count(report), 0);
    rtc_stats_report_unref(report);
    assert_int_equal(rtc_rtp_receiver_get_stats(receiver, &report), RTC_OK);
    assert_int_equal(rtc_stats_report_count(report), 0);
    rtc_stats_report_unref(report);
    rtc_rtp_sender_unref(sender);
    rtc_rtp_receiver_unref(receiver);
}

/* One object with balanced braces, each dictionary under its id. */
static void as_json(void **state)
{
    (void)state;
    connect_call();
    char *json = NULL;
    rtc_stats_report *report = report_of(0);
    assert_int_equal(rtc_stats_report_json(report, &json), RTC_OK);
    int depth = 0;
    bool quoted = false;
    for (const char *c = json; *c; c++) {
        quoted = *c == '"' ? !quoted : quoted;
        depth += quoted ? 0 : (*c == '{') - (*c == '}');
        assert_true(depth > 0 || !c[1]);
        assert_true(depth <= 3 && (*c != '\\' || quoted));
    }
    assert_int_equal(depth, 0);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        char head[200];
        const rtc_stats *s = rtc_stats_report_at(report, i);
        (void)snprintf(head, sizeof head, "\"%s\":{\"id\":\"%s\",\"timestamp\":", rtc_stats_id(s), rtc_stats_id(s));
        assert_non_null(strstr(json, head));
    }
    assert_non_null(strstr(json, ",\"type\":\"transport\","));
    assert_non_null(strstr(json, "\"active\":true"));
    assert_non_null(strstr(json, "\"qualityLimitationDurations\":{\"none\":"));
    rtc_stats_report_free_json(report, json);
    rtc_stats_report_free_json(report, NULL);
    rtc_stats_report_free_json(NULL, NULL);
    rtc_stats_report_unref(report);
}

/* Whole reports one after the other: their times go up, and say how much passed, to a part of a millisecond. */
static void times_go_up(void **state)
{
    (void)state;
    rtc_stats_report *first = report_of(0);
    call.p.now += 1234500; /* what passes without the connection being told of it */
    peer_run(&call.p, 0);
    rtc_stats_report *second = report_of(0);
    double passed = rtc_stats_timestamp_ms(rtc_stats_report_at(second, 0)) - rtc_stats_timestamp_ms(rtc_stats_report_at(first, 0));
    assert_true(is_near(passed, 1234.5, 0.01));
    rtc_stats_report_unref(first);
    rtc_stats_report_unref(second);
}

/* A member of the only inbound-rtp with this rid; -1: it has none. */
static double received(const char *rid, const char *name)
{
    rtc_stats_report *report = report_of(1);
    double value = -1;
    int found = 0;
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        const char *of = rtc_stats_string(s, "rid");
        if (strcmp(rtc_stats_type(s), "inbound-rtp") != 0 || !of || strcmp(of, rid) != 0)
            continue;
        found++;
        (void)rtc_stats_number(s, name, &value);
    }
    assert_int_equal(found, 1);
    rtc_stats_report_unref(report);
    return value;
}

static void show(const char *rid)
{
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(call.p.peer[1].pc, 1));
    assert_int_equal(rtc_rtp_receiver_select_rid(receiver, rid), RTC_OK);
    peer_run(&call.p, 2 * SECOND);
}

/* Every stream that comes has statistics of its own (one dictionary for each RTP stream), and what is decoded counts for the one that it
 * was decoded of: nothing goes back when another one is shown, and it goes on when it is shown again. */
static void streams_of_simulcast(void **state)
{
    (void)state;
    connect_call();
    for (size_t i = 0; i < 3; i++)
        assert_true(received(rids[i], "packetsReceived") > 100 && received(rids[i], "ssrc") > 0 && received(rids[i], "jitter") >= 0);
    assert_true(received("q", "framesDecoded") > 200 && received("q", "frameWidth") == WIDTH / 4);
    assert_true(received("h", "framesDecoded") < 0 && received("f", "framesReceived") < 0); /* nothing of it is put together */
    double before = received("q", "framesDecoded");
    show("f");
    double most = received("f", "framesDecoded"), left = received("q", "framesDecoded");
    assert_true(most > 40 && most <= 62 && received("f", "frameWidth") == WIDTH);
    assert_true(left >= before && left <= before + 1 && received("q", "frameWidth") == WIDTH / 4);
    assert_true(received("h", "framesDecoded") < 0);
    double packets = received("q", "packetsReceived");
    show("q");
    assert_true(received("q", "framesDecoded") > left + 40 && received("q", "packetsReceived") > packets + 40);
    assert_true(received("f", "framesDecoded") >= most && received("f", "framesDecoded") <= most + 1);
}

/* What limits a call is said in words, too. */
static void limits_in_words(void **state)
{
    (void)state;
    connect_call();
    rtc_peer_connection *pc = call.p.peer[0].pc;
    assert_non_null(strstr(rtc_peer_connection_explain(pc), "the path is thought to take "));
    assert_null(strstr(rtc_peer_connection_explain(pc), "is limited by"));
    struct sim_link *link = sim_host_link(call.p.peer[0].host);
    link->rate_bps = 150000;
    link->queue_us = 300000;
    peer_run(&call.p, 40 * SECOND);
    assert_non_null(strstr(rtc_peer_connection_explain(pc), ", encoding f is limited by the network: it is not sent\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(streams_of_simulcast, begin_layers, end),
        cmocka_unit_test_setup_teardown(limits_in_words, begin_layers, end),
        TEST(an_encoding_that_is_inactive),
        TEST(sources),
        TEST(codecs),
        TEST(encoders),
        TEST(decoders),
        TEST(selectors),
        TEST(tracks_of_nobody_and_of_two),
        TEST(playout_time),
        TEST(as_json),
        TEST(both_sides_agree),
        TEST(after_close),
        TEST(times_go_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
