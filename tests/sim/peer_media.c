/* SPDX-License-Identifier: MIT */
/* Calls in virtual time through whole connections: scripted frames over clean and bad networks, judged at the application's end; and short
 * calls with the real codecs, judged on decoded pictures and sound. */
#include "peer_pump.h"
#include "peer_studio.h"

#include "../scripted_media.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SKEW_MAX_US = 45000,
    FREEZE_MAX_US = 500000,
    INVENTED = 1,
    RECOVERED = 2
}; /* the last two are capture times of sound that has none */

/* Sound may be 45 ms before its picture, which is noticed from there on (ITU-R BT.1359), and 60 ms after it, which is what is asked of
 * everything from camera to screen (EBU R37). In the seconds in which a network becomes a bad one it is what is acceptable (BT.1359). */
enum { EARLY_MAX_US = 45000, LATE_MAX_US = 60000, EARLY_AT_FIRST_US = 90000 };

/* ---- Scripted codecs: a decoded frame is as small as can be and carries its serial and capture time ---- */

static int no_decoder(rtc_context *context, uint32_t channels, void **out)
{
    static int nothing;
    (void)context;
    (void)channels;
    *out = &nothing;
    return RTC_OK;
}

static void free_no_decoder(void *decoder)
{
    (void)decoder;
}

static rtc_context *decoding_context;

static int decode_video(void *decoder, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    const rtc_video_frame_options options = {
        .size = sizeof options, .format = RTC_VIDEO_I420, .width = 64, .height = 16, .capture_time_us = scripted_time(frame)};
    (void)decoder;
    int error = rtc_video_frame_new(decoding_context, &options, out);
    if (!error)
        scripted_put(rtc_video_frame_writable_plane(*out, 0), scripted_serial(frame), scripted_time(frame));
    return error;
}

static int decode_audio(void *decoder, rtc_audio_decode what, rtc_encoded_frame *frame, uint32_t samples, rtc_audio_frame **out)
{
    const rtc_audio_frame_options options = {.size = sizeof options,
                                             .format = RTC_AUDIO_S16,
                                             .sample_rate = 48000,
                                             .channels = 1,
                                             .samples = what == RTC_AUDIO_DECODE_FRAME || samples == 0 ? 960 : samples,
                                             .capture_time_us = what == RTC_AUDIO_DECODE_FRAME ? scripted_time(frame)
                                                                : what == RTC_AUDIO_DECODE_FEC ? RECOVERED
                                                                                               : INVENTED};
    (void)decoder;
    return rtc_audio_frame_new(decoding_context, &options, out);
}

static const rtc_codec_ops scripted_video_codec = {.size = sizeof scripted_video_codec,
                                                   .kind = RTC_MEDIA_VIDEO,
                                                   .name = "VP8",
                                                   .decoder_new = no_decoder,
                                                   .decoder_free = free_no_decoder,
                                                   .decode_video = decode_video};
static const rtc_codec_ops scripted_audio_codec = {.size = sizeof scripted_audio_codec,
                                                   .kind = RTC_MEDIA_AUDIO,
                                                   .name = "opus",
                                                   .decoder_new = no_decoder,
                                                   .decoder_free = free_no_decoder,
                                                   .decode_audio = decode_audio};

/* ---- A call ---- */

struct seen {
    uint64_t pictures, sounds, invented;
    rtc_time_t last_picture_at, longest_freeze;
    rtc_time_t picture_latency, sound_latency;
    uint64_t compared, skewed, outside;
    rtc_time_t apart;   /* by which sound is later than pictures, summed up */
    rtc_time_t settled; /* nothing is judged before */
    struct sim_peers *peers;
};

struct call {
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_pump *video[2], *audio[2];
    struct peer_sink encoded[2];
    struct seen seen[2];
    rtc_media_stream_track *tracks[4];
    rtc_media_sink *sinks[4];
    size_t sink_count;
};

static void on_picture(void *user, rtc_video_frame *frame)
{
    struct seen *s = user;
    rtc_time_t now = s->peers->now, gap = now - s->last_picture_at;
    s->pictures++;
    if (s->last_picture_at > 0 && now > s->settled && gap > s->longest_freeze)
        s->longest_freeze = gap;
    s->last_picture_at = now;
    s->picture_latency = now - rtc_video_frame_capture_time_us(frame);
    if (now > s->settled && s->sound_latency > 0) {
        s->compared++;
        rtc_time_t later = s->sound_latency - s->picture_latency;
        s->skewed += llabs(later) > SKEW_MAX_US;
        s->outside += later < -EARLY_MAX_US || later > LATE_MAX_US;
        s->apart += later;
    }
}

static void on_sound(void *user, rtc_audio_frame *frame)
{
    struct seen *s = user;
    s->sounds++;
    if (rtc_audio_frame_capture_time_us(frame) == INVENTED)
        s->invented += s->peers->now > s->settled;
    else if (rtc_audio_frame_capture_time_us(frame) != RECOVERED)
        s->sound_latency = s->peers->now - rtc_audio_frame_capture_time_us(frame);
}

static void add_sink(struct call *c, int index, size_t n)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = on_picture, .on_audio = on_sound};
    rtc_media_stream_track *track = peer_remote_track(&c->p, index, n);
    c->tracks[c->sink_count] = rtc_media_stream_track_ref(track);
    assert_int_equal(rtc_media_stream_track_add_sink(track, &ops, &c->seen[index], &c->sinks[c->sink_count]), RTC_OK);
    c->sink_count++;
}

static void begin(struct call *c, uint64_t seed, const struct sim_link *link, bool scripted)
{
    memset(c, 0, sizeof *c);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&c->p, seed, link, NULL, NULL));
    decoding_context = c->p.context;
    if (scripted) {
        assert_int_equal(rtc_context_add_codec(c->p.context, &scripted_video_codec), RTC_OK);
        assert_int_equal(rtc_context_add_codec(c->p.context, &scripted_audio_codec), RTC_OK);
    }
    c->p.manual = true;
    peer_pumps_attach(&c->pumps, &c->p);
}

/* Audio and video both ways, in one stream each, so that they belong together. */
static void connect(struct call *c)
{
    for (int i = 0; i < 2; i++) {
        rtc_media_stream *stream;
        assert_int_equal(rtc_media_stream_new(c->p.context, NULL, &stream), RTC_OK);
        c->audio[i] = peer_pump_new(&c->pumps, &c->p, RTC_MEDIA_AUDIO);
        c->video[i] = peer_pump_new(&c->pumps, &c->p, RTC_MEDIA_VIDEO);
        c->video[i]->follows = true;
        assert_int_equal(rtc_peer_connection_add_track(c->p.peer[i].pc, c->audio[i]->track, &stream, 1, NULL), RTC_OK);
        assert_int_equal(rtc_peer_connection_add_track(c->p.peer[i].pc, c->video[i]->track, &stream, 1, NULL), RTC_OK);
        rtc_media_stream_unref(stream);
    }
    peer_exchange(&c->p, 0);
    peer_connect(&c->p, 5 * SECOND);
    for (int i = 0; i < 2; i++) {
        c->seen[i].peers = &c->p;
        c->seen[i].settled = c->p.now + 5 * SECOND;
        add_sink(c, i, 0);
        add_sink(c, i, 1);
        assert_int_equal(peer_sink_attach(&c->encoded[i], &c->p, peer_remote_track(&c->p, i, 1)), RTC_OK);
        c->video[i]->frame_bytes = 3500; /* 840 kbit/s */
    }
}

static void end(struct call *c)
{
    for (size_t i = 0; i < c->sink_count; i++) {
        rtc_media_stream_track_remove_sink(c->tracks[i], c->sinks[i]);
        rtc_media_stream_track_unref(c->tracks[i]);
    }
    for (int i = 0; i < 2 && c->encoded[i].sink; i++)
        peer_sink_fini(&c->encoded[i]);
    sim_peers_fini(&c->p);
    peer_pumps_fini(&c->pumps);
}

static double stat(struct call *c, int index, const char *type, const char *kind, const char *name)
{
    rtc_stats_report *report;
    double value = -1e9;
    assert_int_equal(rtc_peer_connection_get_stats(c->p.peer[index].pc, &report), RTC_OK);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        const char *of = rtc_stats_string(s, "kind");
        if (strcmp(rtc_stats_type(s), type) == 0 && (!kind || (of && strcmp(of, kind) == 0)))
            (void)rtc_stats_number(s, name, &value);
    }
    rtc_stats_report_unref(report);
    return value;
}

static void expect_good_call(struct call *c, double least_delivered, rtc_time_t freeze)
{
    for (int i = 0; i < 2; i++) {
        const struct seen *s = &c->seen[i];
        double sent = (double)c->video[1 - i]->serial, delivered = (double)c->encoded[i].decodable / sent;
        double pictures = (double)s->pictures / sent, skewed = s->compared ? (double)s->skewed / (double)s->compared : 1;
        print_message("peer %d: delivered %.3f, shown %.3f, longest freeze %lld ms, skewed %.4f, invented %llu of %llu sounds, latency "
                      "%lld/%lld ms\n",
                      i, delivered, pictures, (long long)s->longest_freeze / 1000, skewed, (unsigned long long)s->invented,
                      (unsigned long long)s->sounds, (long long)s->picture_latency / 1000, (long long)s->sound_latency / 1000);
        assert_true(delivered >= least_delivered);
        assert_true(pictures >= least_delivered);
        assert_int_equal(c->encoded[i].out_of_order, 0);
        assert_true(s->longest_freeze <= freeze);
        assert_true(s->compared > 100);
        assert_true(skewed <= 0.04); /* a picture that waits for a retransmission is late: the more packets it has, the more often */
        assert_true((double)s->invented <= 0.01 * (double)s->sounds);
    }
}

static void clean_call(void **state)
{
    const struct sim_link link = {.delay_us = 25 * MS};
    struct call c;
    (void)state;
    begin(&c, 1, &link, true);
    connect(&c);
    peer_run(&c.p, 25 * SECOND);
    expect_good_call(&c, 0.98, 80 * MS);
    for (int i = 0; i < 2; i++) {
        assert_in_range((int)stat(&c, i, "outbound-rtp", "video", "framesSent"), 700, 780);
        assert_true(stat(&c, i, "inbound-rtp", "video", "framesDecoded") >= 700);
        assert_true(stat(&c, i, "inbound-rtp", "video", "packetsLost") == 0);
        assert_true(stat(&c, i, "inbound-rtp", "video", "nackCount") == 0);
        assert_true(stat(&c, i, "inbound-rtp", "audio", "concealedSamples") <= 4800);
        double rtt = stat(&c, i, "remote-inbound-rtp", "video", "roundTripTime");
        assert_true(rtt > 0.045 && rtt < 0.06);
        assert_true(stat(&c, i, "remote-inbound-rtp", "video", "fractionLost") == 0);
        double pair = stat(&c, i, "candidate-pair", NULL, "currentRoundTripTime");
        assert_true(pair > 0.045 && pair < 0.06);
        assert_true(stat(&c, i, "transport", NULL, "bytesSent") > 2e6);
        assert_true(stat(&c, i, "outbound-rtp", "video", "bytesSent") < stat(&c, i, "transport", NULL, "bytesSent"));
        assert_true(stat(&c, i, "inbound-rtp", "video", "jitterBufferDelay") >= 0);
        assert_true(c.video[i]->key_frames <=
                    4); /* the first one leaves no faster than the path is thought to take, and may be asked for again */
    }
    end(&c);
}

/* The requirement: 5 % loss, a round trip of 50 ms, jitter of 30 ms. */
static void lossy_call(void **state)
{
    const struct sim_link link = {.delay_us = 25 * MS, .jitter_us = 30 * MS, .loss = 0.05};
    (void)state;
    for (uint64_t seed = 2; seed < 5; seed++) {
        struct call c;
        begin(&c, seed, &link, true);
        connect(&c);
        peer_run(&c.p, 40 * SECOND);
        expect_good_call(&c, 0.97, FREEZE_MAX_US);
        for (int i = 0; i < 2; i++) {
            assert_true(stat(&c, i, "inbound-rtp", "video", "nackCount") > 20);
            assert_true(stat(&c, i, "outbound-rtp", "video", "retransmittedPacketsSent") > 20);
            double lost = stat(&c, i, "remote-inbound-rtp", "video", "fractionLost");
            assert_true(lost >= 0 && lost < 0.2);
        }
        end(&c);
    }
}

static void reordered_call(void **state)
{
    const struct sim_link link = {.delay_us = 20 * MS, .reorder = 0.1, .reorder_us = 20 * MS, .duplicate = 0.1};
    struct call c;
    (void)state;
    begin(&c, 6, &link, true);
    connect(&c);
    peer_run(&c.p, 20 * SECOND);
    expect_good_call(&c, 0.97, FREEZE_MAX_US);
    end(&c);
}

/* The path is gone for two seconds: the call goes on afterwards, with a keyframe. */
static void interrupted_call(void **state)
{
    const struct sim_link link = {.delay_us = 25 * MS};
    struct call c;
    (void)state;
    begin(&c, 7, &link, true);
    connect(&c);
    peer_run(&c.p, 8 * SECOND);
    sim_host_link(c.p.peer[0].host)->down = true;
    peer_run(&c.p, 2 * SECOND);
    sim_host_link(c.p.peer[0].host)->down = false;
    peer_run(&c.p, 3 * SECOND);
    uint64_t before = c.seen[1].pictures;
    peer_run(&c.p, 5 * SECOND);
    assert_true(c.seen[1].pictures - before >= 140);
    assert_true(c.seen[0].pictures > 0 && c.seen[0].longest_freeze < 4 * SECOND);
    end(&c);
}

/* No datagram is over 1200 bytes, whatever the frames and messages are. */
static void datagram_sizes(void **state)
{
    const struct sim_link link = {.delay_us = 5 * MS, .loss = 0.02};
    struct call c;
    rtc_data_channel *channel;
    static uint8_t message[200000];
    (void)state;
    begin(&c, 8, &link, true);
    assert_int_equal(rtc_peer_connection_create_data_channel(c.p.peer[0].pc, "x", 1, NULL, &channel), RTC_OK);
    connect(&c);
    c.video[0]->frame_bytes = 9000;
    peer_run(&c.p, SECOND);
    assert_int_equal(rtc_data_channel_send(channel, message, sizeof message), RTC_OK);
    peer_run(&c.p, 5 * SECOND);
    assert_in_range(sim_network_counters(c.p.net)->largest, 1100, 1200);
    rtc_data_channel_unref(channel);
    end(&c);
}

/* ---- Lip sync ---- */

/* Each second for so long: on average within those bounds, and so are all pictures but one of twenty. */
static void expect_in_sync(struct call *c, int seconds)
{
    rtc_time_t earliest = 0, latest = 0;
    uint64_t out = 0, all = 0;
    for (int i = 0; i < seconds; i++) {
        uint64_t before = c->seen[1].compared;
        c->seen[1].apart = 0;
        peer_run(&c->p, SECOND);
        uint64_t count = c->seen[1].compared - before;
        assert_true(count > 10);
        rtc_time_t mean = c->seen[1].apart / (rtc_time_t)count;
        if (i < 2 && mean < -EARLY_MAX_US && mean >= -EARLY_AT_FIRST_US)
            mean = -EARLY_MAX_US; /* the network became another one */
        earliest = mean < earliest ? mean : earliest;
        latest = mean > latest ? mean : latest;
        all += count;
    }
    out = c->seen[1].outside;
    c->seen[1].outside = 0;
    print_message("  sound is %lld ms early to %lld ms late, pictures outside %.3f, latency %lld and %lld ms\n", -(long long)earliest / MS,
                  (long long)latest / MS, (double)out / (double)all, (long long)c->seen[1].picture_latency / MS,
                  (long long)c->seen[1].sound_latency / MS);
    assert_true(earliest >= -EARLY_MAX_US && latest <= LATE_MAX_US);
    assert_true(out * 20 <= all);
}

static void begin_synced(struct call *c, uint64_t seed, const struct sim_link *link)
{
    begin(c, seed, link, true);
    connect(c);
    peer_run(&c->p, 6 * SECOND);
    c->seen[1].outside = 0;
}

static void shake(struct call *c, rtc_time_t jitter_us, double loss)
{
    for (int i = 0; i < 2; i++) {
        sim_host_link(c->p.peer[i].host)->jitter_us = jitter_us;
        sim_host_link(c->p.peer[i].host)->loss = loss;
    }
}

/* Jitter and loss that come and go: playout is stretched and shrunk meanwhile. */
static void lips_on_a_bad_network(void **state)
{
    const struct sim_link link = {.delay_us = 25 * MS};
    struct call c;
    (void)state;
    begin_synced(&c, 21, &link);
    expect_in_sync(&c, 4);
    shake(&c, 60 * MS, 0);
    expect_in_sync(&c, 15);
    shake(&c, 60 * MS, 0.03);
    expect_in_sync(&c, 15);
    shake(&c, 0, 0);
    expect_in_sync(&c, 15);
    end(&c);
}

/* Pictures take their time on a link that is as wide as they need. */
static void lips_on_a_narrow_link(void **state)
{
    const struct sim_link link = {.delay_us = 25 * MS, .rate_bps = 1000000, .queue_us = 300 * MS};
    struct call c;
    (void)state;
    begin_synced(&c, 22, &link);
    expect_in_sync(&c, 20);
    end(&c);
}

static void hold_back(struct call *c, size_t section, double target_ms)
{
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(c->p.peer[1].pc, section));
    assert_int_equal(rtc_rtp_receiver_set_jitter_buffer_target_ms(receiver, &target_ms), RTC_OK);
}

/* One of them is held back by the application (section 0 is the sound's): the other one goes along. */
static void lips_when_one_is_held_back(void **state)
{
    const struct sim_link link = {.delay_us = 25 * MS, .jitter_us = 10 * MS};
    (void)state;
    for (size_t section = 0; section < 2; section++) {
        struct call c;
        begin_synced(&c, 23 + section, &link);
        hold_back(&c, section, 400);
        peer_run(&c.p, 6 * SECOND);
        c.seen[1].outside = 0;
        expect_in_sync(&c, 5);
        assert_in_range(c.seen[1].sound_latency, 400 * MS, 520 * MS);
        hold_back(&c, section, 0);
        peer_run(&c.p, 6 * SECOND);
        c.seen[1].outside = 0;
        expect_in_sync(&c, 5);
        assert_in_range(c.seen[1].sound_latency, 40 * MS, 200 * MS);
        end(&c);
    }
}

/* ---- Keyframes ---- */

enum { STREAMS = 3 };

static double asked_for(struct call *c, size_t section)
{
    rtc_stats_report *report;
    double asked = 0;
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(c->p.peer[1].pc, section));
    assert_int_equal(rtc_rtp_receiver_get_stats(receiver, &report), RTC_OK);
    assert_true(rtc_stats_number(rtc_stats_report_find_type(report, "inbound-rtp"), "pliCount", &asked));
    rtc_stats_report_unref(report);
    return asked;
}

/* The path is gone for a while, and three streams need a keyframe each when it is back, over a link that has just enough room: each asks
 * for its own, once in a round trip and a half, and gets one or two. */
static void keyframes_of_three_streams(void **state)
{
    const struct sim_link link = {.delay_us = 100 * MS, .rate_bps = 2000000, .queue_us = 300 * MS};
    struct call c;
    struct peer_pump *pumps[STREAMS];
    uint64_t made[STREAMS];
    double asked[STREAMS];
    (void)state;
    begin(&c, 31, &link, true);
    for (size_t i = 0; i < STREAMS; i++) {
        pumps[i] = peer_pump_new(&c.pumps, &c.p, RTC_MEDIA_VIDEO);
        pumps[i]->follows = true;
        pumps[i]->frame_bytes = 2000;
        assert_int_equal(rtc_peer_connection_add_track(c.p.peer[0].pc, pumps[i]->track, NULL, 0, NULL), RTC_OK);
    }
    peer_exchange(&c.p, 0);
    peer_connect(&c.p, 5 * SECOND);
    peer_run(&c.p, 10 * SECOND);
    for (size_t i = 0; i < STREAMS; i++) {
        made[i] = pumps[i]->key_frames;
        asked[i] = asked_for(&c, i);
    }
    sim_host_link(c.p.peer[0].host)->down = true;
    peer_run(&c.p, 1500 * MS);
    sim_host_link(c.p.peer[0].host)->down = false;
    peer_run(&c.p, 10 * SECOND);
    for (size_t i = 0; i < STREAMS; i++) {
        uint64_t keyframes = pumps[i]->key_frames - made[i];
        double requests = asked_for(&c, i) - asked[i];
        print_message("  stream %zu: %.0f requests, %llu keyframes\n", i, requests, (unsigned long long)keyframes);
        assert_in_range(keyframes, 1, 2);
        assert_true(requests >= 1 && requests <= 4);
    }
    end(&c);
}

/* ---- Real codecs ---- */

static void real_call(uint64_t seed, const struct sim_link *link, double least_shown)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = studio_watch_picture, .on_audio = studio_watch_sound};
    struct sim_peers p;
    struct studio_watched w = {0};
    rtc_media_sink *sinks[2];
    rtc_media_stream_track *tracks[2];
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&p, seed, link, NULL, NULL));
    p.manual = true;
    studio_open(&p);
    assert_int_equal(rtc_peer_connection_add_track(p.peer[0].pc, studio.audio_track, NULL, 0, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(p.peer[0].pc, studio.video_track, NULL, 0, NULL), RTC_OK);
    peer_exchange(&p, 0);
    for (size_t i = 0; i < 2; i++) {
        tracks[i] = rtc_media_stream_track_ref(peer_remote_track(&p, 1, i));
        assert_int_equal(rtc_media_stream_track_add_sink(tracks[i], &ops, &w, &sinks[i]), RTC_OK);
    }
    peer_connect(&p, 5 * SECOND);
    uint32_t first = studio.number;
    peer_run(&p, 8 * SECOND);
    double shown = (double)w.readable / (studio.number - first), tone = w.energy_at_tone / w.energy, loud = w.loud / w.seconds;
    print_message("shown %.3f of the pictures, %llu unreadable; %.3f of the sound's energy at its tone, %.3f of it loud\n", shown,
                  (unsigned long long)(w.pictures - w.readable), tone, loud);
    assert_true(shown >= least_shown);
    assert_true(w.pictures - w.readable <= 2);
    assert_int_equal(w.wrong, 0);
    assert_true(tone > 0.9 && loud > 0.9);
    assert_true(w.seconds > 7);
    for (size_t i = 0; i < 2; i++) {
        rtc_media_stream_track_remove_sink(tracks[i], sinks[i]);
        rtc_media_stream_track_unref(tracks[i]);
    }
    sim_peers_fini(&p);
    studio_close();
}

static double encoded_frames(struct sim_peers *p)
{
    rtc_stats_report *report;
    double frames = -1, seconds = -1;
    assert_int_equal(rtc_peer_connection_get_stats(p->peer[0].pc, &report), RTC_OK);
    const rtc_stats *outbound = rtc_stats_report_find_type(report, "outbound-rtp");
    assert_true(outbound && rtc_stats_number(outbound, "framesEncoded", &frames));
    assert_true(rtc_stats_number(outbound, "totalEncodeTime", &seconds));
    assert_true(fabs(seconds - frames * SIM_JOB_COST / SECOND) < 1e-6);
    rtc_stats_report_unref(report);
    return frames;
}

/* What a sender encoded is counted over all the tracks it had (webrtc-stats 8.5). */
static void encoder_counters(void **state)
{
    const struct sim_link link = {.delay_us = 20 * MS};
    struct sim_peers p;
    rtc_rtp_sender *sender;
    (void)state;
    assert_true(sim_peers_init(&p, 12, &link, NULL, NULL));
    p.manual = true;
    studio_open(&p);
    assert_int_equal(rtc_peer_connection_add_track(p.peer[0].pc, studio.video_track, NULL, 0, &sender), RTC_OK);
    peer_exchange(&p, 0);
    peer_connect(&p, 5 * SECOND);
    double last = 0;
    for (int round = 0; round < 3; round++) {
        peer_run(&p, SECOND);
        double now = encoded_frames(&p);
        assert_true(now >= last + 15);
        last = now;
        assert_int_equal(rtc_rtp_sender_replace_track(sender, NULL), RTC_OK);
        assert_true(encoded_frames(&p) >= last);
        peer_run(&p, 100 * MS);
        assert_true(encoded_frames(&p) >= last);
        assert_int_equal(rtc_rtp_sender_replace_track(sender, studio.video_track), RTC_OK);
        peer_exchange(&p, round % 2);
        assert_true(encoded_frames(&p) >= last);
    }
    sim_peers_fini(&p);
    studio_close();
}

static void real_codecs(void **state)
{
    const struct sim_link clean = {.delay_us = 20 * MS}, lossy = {.delay_us = 25 * MS, .jitter_us = 10 * MS, .loss = 0.03};
    (void)state;
    real_call(10, &clean, 0.97);
    real_call(11, &lossy, 0.95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_call),
        cmocka_unit_test(lossy_call),
        cmocka_unit_test(reordered_call),
        cmocka_unit_test(interrupted_call),
        cmocka_unit_test(datagram_sizes),
        cmocka_unit_test(real_codecs),
        cmocka_unit_test(encoder_counters),
        cmocka_unit_test(keyframes_of_three_streams),
        cmocka_unit_test(lips_on_a_bad_network),
        cmocka_unit_test(lips_on_a_narrow_link),
        cmocka_unit_test(lips_when_one_is_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
