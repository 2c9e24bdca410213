/* SPDX-License-Identifier: MIT */
/* Whole connections over links that are too slow: pictures become smaller and come back, what the peer's b= lines say is kept, and a
 * circuit breaker is told, explained and over again by itself. The encoder is scripted: its frames are as large as its rate lets them be.
 */
#include "peer_pump.h"

#include "../scripted_media.h"
#include "context.h"
#include "executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 1280, HEIGHT = 720, FRAMES_PER_SECOND = 25, FRAME_US = 1000000 / FRAMES_PER_SECOND };

/* ---- The encoder ---- */

struct encoder {
    rtc_context *context;
    rtc_encoder_settings settings;
    uint32_t serial;
    int64_t ahead_bits;
};

/* What the last one did; there is one at a time. */
static struct {
    rtc_time_t full_cost; /* of a picture of the full size; 0: as the simulation has it */
    uint32_t width, bitrate_bps;
    uint64_t frames, key_frames;
} encoded;

static int encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    struct encoder *e = calloc(1, sizeof *e);
    assert_non_null(e);
    e->context = context;
    e->settings = *settings;
    *out = e;
    return RTC_OK;
}

static void encoder_free(void *encoder)
{
    free(encoder);
}

static int encoder_configure(void *encoder, const rtc_encoder_settings *settings)
{
    struct encoder *e = encoder;
    e->settings = *settings;
    return RTC_OK;
}

/* 0.012 bits for each pixel at the coarsest, 0.08 in a keyframe, which takes 300 ms of the rate if it may; and nothing while it is ahead.
 */
static int encode_video(void *encoder, rtc_video_frame *frame, bool keyframe, rtc_encoded_frame **out)
{
    struct encoder *e = encoder;
    int64_t rate = e->settings.bitrate_bps, share = rate / FRAMES_PER_SECOND;
    int64_t pixels = (int64_t)rtc_video_frame_width(frame) * rtc_video_frame_height(frame), least = pixels * (keyframe ? 80 : 12) / 1000;
    int64_t bits = keyframe ? rate * 3 / 10 : share;
    e->ahead_bits = e->ahead_bits > share ? e->ahead_bits - share : 0;
    keyframe = keyframe || encoded.width != rtc_video_frame_width(frame);
    encoded.width = rtc_video_frame_width(frame);
    encoded.bitrate_bps = e->settings.bitrate_bps;
    if (encoded.full_cost > 0)
        executor_simulate_class(context_executor(e->context), JOB_BULK, encoded.full_cost * pixels / (WIDTH * HEIGHT));
    *out = NULL;
    if (e->ahead_bits > rate / 4 && !keyframe)
        return RTC_OK;
    bits = bits > least ? bits : least;
    e->ahead_bits += bits;
    encoded.frames++;
    encoded.key_frames += keyframe;
    *out = scripted_video(e->context, e->serial++, rtc_video_frame_capture_time_us(frame), keyframe, (size_t)bits / 8);
    return *out ? RTC_OK : RTC_ERR_NO_MEMORY;
}

static const rtc_codec_ops codec = {.size = sizeof codec,
                                    .kind = RTC_MEDIA_VIDEO,
                                    .name = "VP8",
                                    .encoder_new = encoder_new,
                                    .encoder_free = encoder_free,
                                    .encoder_configure = encoder_configure,
                                    .encode_video = encode_video};

/* ---- A call from peer 0 to peer 1 ---- */

static struct {
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_pump *sound, *frames;
    struct peer_sink sink;
    rtc_media_source *camera;
    rtc_media_stream_track *track;
    rtc_time_t next_picture;
    int circuits[3]; /* told: closed, reduced, stopped */
} call;

static void take_picture(struct sim_peers *p)
{
    rtc_video_frame *frame = NULL;
    if (!call.camera || p->now < call.next_picture)
        return;
    const rtc_video_frame_options options = {
        .size = sizeof options, .format = RTC_VIDEO_I420, .width = WIDTH, .height = HEIGHT, .capture_time_us = p->now};
    assert_int_equal(rtc_video_frame_new(p->context, &options, &frame), RTC_OK);
    (void)rtc_media_source_push_video(call.camera, frame);
    rtc_video_frame_unref(frame);
    call.next_picture = p->now + FRAME_US;
}

static void on_circuit_change(rtc_peer_connection *pc, void *user, rtc_rtp_sender *sender, rtc_circuit circuit)
{
    (void)user;
    assert_ptr_equal(pc, call.p.peer[0].pc);
    assert_int_equal(rtc_rtp_sender_track(sender) ? rtc_media_stream_track_kind(rtc_rtp_sender_track(sender)) : 0, RTC_MEDIA_VIDEO);
    call.circuits[circuit]++;
}

static void begin(uint64_t seed, const struct sim_link *link, bool raw)
{
    memset(&call, 0, sizeof call);
    memset(&encoded, 0, sizeof encoded);
    const rtc_configuration configuration = {.size = sizeof configuration, .max_bitrate_bps = 3000000};
    assert_true(sim_peers_init(&call.p, seed, link, NULL, &configuration));
    assert_int_equal(rtc_context_add_codec(call.p.context, &codec), RTC_OK);
    call.p.manual = true;
    call.p.peer[0].extra = (rtc_peer_connection_callbacks){.size = sizeof call.p.peer[0].extra, .on_circuit_change = on_circuit_change};
    peer_pumps_attach(&call.pumps, &call.p);
    call.pumps.on_step = take_picture;
    call.sound = peer_pump_new(&call.pumps, &call.p, RTC_MEDIA_AUDIO);
    assert_int_equal(rtc_peer_connection_add_track(call.p.peer[0].pc, call.sound->track, NULL, 0, NULL), RTC_OK);
    if (raw) {
        assert_int_equal(rtc_media_source_new(call.p.context, RTC_MEDIA_VIDEO, "camera", NULL, NULL, &call.camera), RTC_OK);
        assert_int_equal(rtc_media_stream_track_new(call.camera, &call.track), RTC_OK);
    } else {
        call.frames = peer_pump_new(&call.pumps, &call.p, RTC_MEDIA_VIDEO);
        call.track = rtc_media_stream_track_ref(call.frames->track);
    }
    assert_int_equal(rtc_peer_connection_add_track(call.p.peer[0].pc, call.track, NULL, 0, NULL), RTC_OK);
}

static void connect(void)
{
    peer_connect(&call.p, 5 * SECOND);
    assert_int_equal(peer_sink_attach(&call.sink, &call.p, peer_remote_track(&call.p, 1, 1)), RTC_OK);
}

static void end(void)
{
    peer_sink_fini(&call.sink);
    sim_peers_fini(&call.p);
    peer_pumps_fini(&call.pumps);
    rtc_media_stream_track_unref(call.track);
    rtc_media_source_unref(call.camera);
}

/* Of what peer 0 sends: one statistic about its video. */
static bool statistic(const char *name, double *number, char *text, size_t size)
{
    rtc_stats_report *report;
    bool found = false;
    assert_int_equal(rtc_peer_connection_get_stats(call.p.peer[0].pc, &report), RTC_OK);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        const char *of = rtc_stats_string(s, "kind");
        if (strcmp(rtc_stats_type(s), "outbound-rtp") != 0 || !of || strcmp(of, "video") != 0)
            continue;
        if (number)
            found = rtc_stats_number(s, name, number);
        else if (rtc_stats_string(s, name))
            found = snprintf(text, size, "%s", rtc_stats_string(s, name)) > 0;
    }
    rtc_stats_report_unref(report);
    return found;
}

static double number(const char *name)
{
    double value = -1;
    assert_true(statistic(name, &value, NULL, 0));
    return value;
}

static void assert_text(const char *name, const char *expected)
{
    char text[64];
    assert_true(statistic(name, NULL, text, sizeof text));
    assert_string_equal(text, expected);
}

static void assert_explained(const char *part, bool is)
{
    const char *text = rtc_peer_connection_explain(call.p.peer[0].pc);
    if ((strstr(text, part) != NULL) != is)
        fail_msg("%s is %sin\n%s", part, is ? "not " : "", text);
}

static void pictures_follow_the_link(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 25 * MS, .rate_bps = 300000, .queue_us = 300 * MS};
    begin(1, &link, true);
    peer_exchange(&call.p, 0);
    connect();
    peer_run(&call.p, 10 * SECOND);
    for (int i = 0; i < 6; i++) {
        uint64_t before = call.sink.decodable;
        peer_run(&call.p, 10 * SECOND);
        assert_in_range(call.sink.decodable - before, 150, 260);
    }
    assert_in_range(encoded.width, 320, 640);
    assert_text("qualityLimitationReason", "bandwidth");
    assert_in_range((int)number("frameWidth"), 320, 640); /* of the last one that left; the next one may be another */
    for (int i = 0; i < 2; i++)
        sim_host_link(call.p.peer[i].host)->rate_bps = 0;
    peer_run(&call.p, 60 * SECOND);
    assert_int_equal(encoded.width, WIDTH);
    assert_text("qualityLimitationReason", "none");
    assert_in_range((int)number("qualityLimitationResolutionChanges"), 1, 8);
    uint64_t before = call.sink.decodable;
    peer_run(&call.p, 10 * SECOND);
    assert_in_range(call.sink.decodable - before, 240, 260);
    assert_int_equal(call.circuits[RTC_CIRCUIT_REDUCED] + call.circuits[RTC_CIRCUIT_STOPPED], 0);
    assert_text("circuitBreaker", "closed");
    end();
}

static uint64_t arrive(int seconds)
{
    uint64_t before = call.sink.decodable;
    peer_run(&call.p, seconds * SECOND);
    return call.sink.decodable - before;
}

/* Those that arrived. */
static uint64_t sound_packets(void)
{
    rtc_stats_report *report;
    double packets = 0;
    assert_int_equal(rtc_peer_connection_get_stats(call.p.peer[1].pc, &report), RTC_OK);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        const char *of = rtc_stats_string(s, "kind");
        if (strcmp(rtc_stats_type(s), "inbound-rtp") == 0 && of && strcmp(of, "audio") == 0)
            (void)rtc_stats_number(s, "packetsReceived", &packets);
    }
    rtc_stats_report_unref(report);
    return (uint64_t)packets;
}

/* For how long the video was limited for that reason, in seconds. */
static double limited_for(const char *reason)
{
    rtc_stats_report *report;
    double seconds = -1;
    assert_int_equal(rtc_peer_connection_get_stats(call.p.peer[0].pc, &report), RTC_OK);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        if (strcmp(rtc_stats_type(s), "outbound-rtp") == 0)
            (void)rtc_stats_record_number(s, "qualityLimitationDurations", reason, &seconds);
    }
    rtc_stats_report_unref(report);
    assert_true(seconds >= 0);
    return seconds;
}

/* An encoder that can not keep up although it takes no care any more: a third of the pictures and more would be left out. */
static void pictures_follow_the_machine(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 25 * MS};
    begin(4, &link, true);
    peer_exchange(&call.p, 0);
    encoded.full_cost = 150 * MS;
    connect();
    peer_run(&call.p, 10 * SECOND);
    for (int i = 0; i < 3; i++)
        assert_true(arrive(10) >= 180);
    assert_in_range(encoded.width, 480, 640);
    assert_text("qualityLimitationReason", "cpu");
    assert_explained("is limited by time to encode: ", true);
    assert_true(limited_for("cpu") > 30 && limited_for("cpu") < 41 && number("qualityLimitationResolutionChanges") >= 2);
    encoded.full_cost = 6 * MS;
    peer_run(&call.p, 90 * SECOND); /* with patience */
    assert_int_equal(encoded.width, WIDTH);
    assert_text("qualityLimitationReason", "none");
    assert_explained("is limited by", false);
    double lasted = limited_for("cpu");
    assert_in_range(arrive(10), 240, 260);
    assert_true(limited_for("cpu") == lasted && limited_for("none") >= 10);
    end();
}

/* Where pictures keep their size there are fewer of them, and that is said as well; sound goes on as ever. */
static void fewer_pictures_for_want_of_time(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 25 * MS};
    begin(6, &link, true);
    assert_int_equal(rtc_media_stream_track_set_content_hint(call.track, RTC_CONTENT_HINT_TEXT), RTC_OK);
    peer_exchange(&call.p, 0);
    encoded.full_cost = 400 * MS;
    connect();
    peer_run(&call.p, 10 * SECOND);
    uint64_t sound = sound_packets();
    assert_in_range(arrive(10), 10, 18); /* 70 % of the time is 17 */
    assert_in_range(sound_packets() - sound, 495, 505);
    assert_int_equal(encoded.width, WIDTH);
    assert_text("qualityLimitationReason", "cpu");
    assert_true(number("qualityLimitationResolutionChanges") == 0);
    assert_true(limited_for("cpu") >= 10); /* the ten seconds of above */
    assert_explained("is limited by time to encode: ", true);
    encoded.full_cost = 6 * MS;
    peer_run(&call.p, 10 * SECOND);
    assert_explained("is limited by time to encode: ", false);
    double lasted = limited_for("cpu");
    assert_true(arrive(10) >= 60);
    assert_true(limited_for("cpu") == lasted);
    end();
}

/* Who makes few and small pictures at first finds out all the same what a link takes. */
static void few_pictures_do_not_hold_the_rate(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 25 * MS};
    begin(6, &link, true);
    assert_int_equal(rtc_media_stream_track_set_content_hint(call.track, RTC_CONTENT_HINT_TEXT), RTC_OK);
    peer_exchange(&call.p, 0);
    encoded.full_cost = 6 * MS;
    connect();
    peer_run(&call.p, 30 * SECOND);
    assert_true(number("targetBitrate") > 1000000);
    end();
}

/* Pictures that are left out because the encoder is slow leave no more bits for those that are sent: they do not become larger. */
static void pictures_left_out_are_no_reason_for_larger_ones(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 25 * MS};
    begin(5, &link, true);
    assert_int_equal(peer_set_max_bitrate(rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(call.p.peer[0].pc, 1)), 300000),
                     RTC_OK);
    peer_exchange(&call.p, 0);
    encoded.full_cost = 300 * MS; /* and 75 at the size that the rate is enough for */
    connect();
    for (int i = 0; i < 20; i++) {
        peer_run(&call.p, SECOND);
        assert_in_range(encoded.width, 320, 640);
    }
    end();
}

/* The descriptions by hand, that of peer 1 changed on its way. */
static void exchange(const char *after, const char *line)
{
    char changed[256];
    (void)snprintf(changed, sizeof changed, "%s%s", after, line);
    assert_int_equal(rtc_peer_connection_set_local_description(call.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&call.p, 50 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(call.p.peer[1].pc, RTC_SDP_OFFER, peer_description(&call.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(call.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&call.p, 50 * MS);
    char *answer = text_replace(peer_description(&call.p, 1), after, changed);
    assert_int_equal(rtc_peer_connection_set_remote_description(call.p.peer[0].pc, RTC_SDP_ANSWER, answer), RTC_OK);
    free(answer);
}

/* A limit is kept to the bit; where there is none but the most that is ever sent, the path was found to take nearly that. */
static void assert_target(double bps)
{
    double target = number("targetBitrate");
    assert_true(target <= bps && target >= (bps < 3000000 ? bps : 0.95 * bps));
}

static void the_peers_bandwidth_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *after, *line;
        double bps;
    } cases[] = {
        {"a=mid:1\r\n", "b=AS:200\r\n", 174000},
        {"a=mid:1\r\n", "b=TIAS:120000\r\nb=AS:500\r\n", 120000},
        {"a=mid:0\r\n", "b=AS:30\r\n", 3000000},    /* the sound's */
        {"t=0 0\r\n", "b=TIAS:248000\r\n", 200000}, /* for all of it: 48000 are the sound's */
        {"a=mid:1\r\n", "b=TIAS:0\r\n", 1},         /* no pictures are wanted (RFC 3264 section 5): as few bits as there can be */
        {"a=mid:1\r\n", "b=AS:0\r\n", 1},
        {"t=0 0\r\n", "b=TIAS:0\r\n", 1}, /* the sound goes on */
        {"t=0 0\r\n", "b=AS:0\r\n", 1},
        {"t=0 0\r\n", "b=AS:x\r\nb=CT:100\r\nb=X-YZ:128\r\n", 3000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct sim_link link = {.delay_us = 10 * MS};
        begin(10 + i, &link, true);
        exchange(cases[i].after, cases[i].line);
        connect();
        peer_run(&call.p, 20 * SECOND);
        uint64_t sounds = sound_packets();
        peer_run(&call.p, SECOND);
        assert_in_range(sound_packets() - sounds, 48, 52);
        assert_target(cases[i].bps);
        assert_true(encoded.bitrate_bps == (uint32_t)number("targetBitrate"));
        exchange("a=mid:1\r\n", ""); /* and no longer */
        peer_run(&call.p, 20 * SECOND);
        assert_target(3000000);
        end();
    }
}

/* What the link carries is still known, and nothing is stopped. */
static void still_limited(const char *after)
{
    for (int i = 0; i < 5; i++) {
        peer_run(&call.p, SECOND);
        if (number("targetBitrate") < 20000 || number("targetBitrate") > 400000)
            fail_msg("after %s: a target of %.0f", after, number("targetBitrate"));
    }
    uint64_t sounds = sound_packets();
    peer_run(&call.p, 2 * SECOND);
    assert_in_range(sound_packets() - sounds, 90, 110);
    assert_int_equal(call.circuits[RTC_CIRCUIT_REDUCED] + call.circuits[RTC_CIRCUIT_STOPPED], 0);
}

/* Another track, another description and another path while the link is slow; and a direction that is off for so long that a breaker would
 * open. */
static void changes_while_it_is_limited(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 25 * MS, .rate_bps = 300000, .queue_us = 300 * MS};
    begin(20, &link, true);
    peer_exchange(&call.p, 0);
    connect();
    peer_run(&call.p, 15 * SECOND);
    still_limited("the beginning");
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(call.p.peer[0].pc, 1);
    rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(t);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(rtc_rtp_sender_replace_track(sender, NULL), RTC_OK);
        peer_run(&call.p, i * SECOND);
        assert_int_equal(rtc_rtp_sender_replace_track(sender, call.track), RTC_OK);
        still_limited("another track");
    }
    for (int i = 0; i < 3; i++) {
        peer_exchange(&call.p, i % 2);
        still_limited("another description");
    }
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    peer_exchange(&call.p, 0);
    peer_run(&call.p, 60 * SECOND);
    assert_int_equal(call.circuits[RTC_CIRCUIT_REDUCED] + call.circuits[RTC_CIRCUIT_STOPPED], 0);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
    peer_exchange(&call.p, 0);
    still_limited("a pause");
    assert_int_equal(rtc_peer_connection_restart_ice(call.p.peer[0].pc), RTC_OK);
    peer_exchange(&call.p, 0);
    still_limited("a restart of ICE");
    for (int i = 0; i < 2; i++)
        sim_host_link(call.p.peer[i].host)->rate_bps = 0;
    peer_run(&call.p, 60 * SECOND);
    assert_true(number("targetBitrate") > 2500000);
    end();
}

static void a_breaker_is_told(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 25 * MS, .rate_bps = 1000000, .queue_us = 300 * MS};
    begin(3, &link, false);
    peer_exchange(&call.p, 0);
    connect();
    call.frames->frame_bytes = 12500; /* 3 Mbit/s, whatever the connection says */
    for (int i = 0; i < 60 && call.circuits[RTC_CIRCUIT_STOPPED] == 0; i++)
        peer_run(&call.p, SECOND);
    assert_int_equal(call.circuits[RTC_CIRCUIT_REDUCED], 1);
    assert_int_equal(call.circuits[RTC_CIRCUIT_STOPPED], 1);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(call.p.peer[0].pc, 1);
    assert_int_equal(rtc_rtp_sender_circuit(rtc_rtp_transceiver_sender(t)), RTC_CIRCUIT_STOPPED);
    assert_text("circuitBreaker", "stopped");
    assert_true(number("circuitBreakerOpenings") == 2);
    assert_int_equal(call.frames->bitrate_bps, 50000); /* what the source is told is the least there is */
    assert_explained("the video of section '1' is stopped by the circuit breaker: the network loses far too much of it", true);
    call.frames->frame_bytes = 500;
    for (int i = 0; i < 100 && call.circuits[RTC_CIRCUIT_CLOSED] == 0; i++)
        peer_run(&call.p, SECOND);
    assert_int_equal(call.circuits[RTC_CIRCUIT_REDUCED], 2); /* on its way back */
    assert_int_equal(call.circuits[RTC_CIRCUIT_CLOSED], 1);
    assert_int_equal(rtc_rtp_sender_circuit(rtc_rtp_transceiver_sender(t)), RTC_CIRCUIT_CLOSED);
    assert_explained("circuit breaker", false);
    uint64_t before = call.sink.decodable;
    peer_run(&call.p, 5 * SECOND);
    assert_true(call.sink.decodable - before > 100);
    assert_string_equal(rtc_circuit_name(RTC_CIRCUIT_REDUCED), "reduced");
    assert_string_equal(rtc_circuit_name((rtc_circuit)3), "?");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_follow_the_link),
        cmocka_unit_test(pictures_follow_the_machine),
        cmocka_unit_test(fewer_pictures_for_want_of_time),
        cmocka_unit_test(few_pictures_do_not_hold_the_rate),
        cmocka_unit_test(pictures_left_out_are_no_reason_for_larger_ones),
        cmocka_unit_test(the_peers_bandwidth_is_kept),
        cmocka_unit_test(changes_while_it_is_limited),
        cmocka_unit_test(a_breaker_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
