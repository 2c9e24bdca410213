/* SPDX-License-Identifier: MIT */
/* Calls with a camera and the real encoder over links that are too slow, in virtual time: a picture that moves and a sound that is whole
 * for as long as the call lasts, whatever else the machine does. One scenario is short enough for the suites; `test_sim_peer_camera 600` is
 * all of them for ten minutes each. */
#include "peer_pump.h"

#include "context.h"
#include "executor.h"
#include "test_picture.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 1280, HEIGHT = 720, GRAIN = 4, FRAMES_PER_SECOND = 30, FRAME_US = 1000000 / FRAMES_PER_SECOND, ENCODE_US = 8000 };
enum { SETTLE_S = 15, STRETCH_S = 5 };

static int call_s = 60;

static struct {
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_pump *sound[2];
    rtc_media_source *camera;
    rtc_media_stream_track *track, *seen;
    rtc_media_sink *sink;
    uint32_t number, random;
    rtc_time_t next_picture, last_seen, longest_freeze;
    uint64_t pictures;
} call;

/* What a camera adds to every picture: nothing that could be predicted. */
static void add_grain(rtc_video_frame *frame)
{
    uint8_t *row = rtc_video_frame_writable_plane(frame, 0);
    for (uint32_t y = 0; y < HEIGHT; y++, row += rtc_video_frame_stride(frame, 0))
        for (uint32_t x = 0; x < WIDTH; x++) {
            call.random = call.random * 1664525u + 1013904223u;
            row[x] = (uint8_t)(row[x] + (int)((call.random >> 16) % (2 * GRAIN + 1)) -
                               (row[x] < GRAIN         ? 0
                                : row[x] > 255 - GRAIN ? 2 * GRAIN
                                                       : GRAIN));
        }
}

static void take_picture(struct sim_peers *p)
{
    rtc_video_frame *frame;
    if (p->now < call.next_picture)
        return;
    const rtc_video_frame_options options = {
        .size = sizeof options, .format = RTC_VIDEO_I420, .width = WIDTH, .height = HEIGHT, .capture_time_us = p->now};
    const struct test_picture picture = {.number = call.number++, .time_us = p->now};
    assert_int_equal(rtc_video_frame_new(p->context, &options, &frame), RTC_OK);
    test_picture_draw(frame, &picture);
    add_grain(frame);
    assert_int_equal(rtc_media_source_push_video(call.camera, frame), RTC_OK);
    rtc_video_frame_unref(frame);
    call.next_picture = p->now + FRAME_US;
}

static void on_picture(void *user, rtc_video_frame *frame)
{
    (void)user;
    (void)frame;
    if (call.last_seen > 0 && call.p.now - call.last_seen > call.longest_freeze)
        call.longest_freeze = call.p.now - call.last_seen;
    call.last_seen = call.p.now;
    call.pictures++;
}

static void begin(uint64_t seed, const struct sim_link *link, uint32_t max_bitrate_bps)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = on_picture};
    const rtc_configuration configuration = {.size = sizeof configuration, .max_bitrate_bps = max_bitrate_bps};
    memset(&call, 0, sizeof call);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&call.p, seed, link, NULL, &configuration));
    call.p.manual = true;
    call.random = (uint32_t)seed;
    executor_simulate_class(context_executor(call.p.context), JOB_BULK, ENCODE_US);
    peer_pumps_attach(&call.pumps, &call.p);
    call.pumps.on_step = take_picture;
    for (int i = 0; i < 2; i++) {
        call.sound[i] = peer_pump_new(&call.pumps, &call.p, RTC_MEDIA_AUDIO);
        assert_int_equal(rtc_peer_connection_add_track(call.p.peer[i].pc, call.sound[i]->track, NULL, 0, NULL), RTC_OK);
    }
    assert_int_equal(rtc_media_source_new(call.p.context, RTC_MEDIA_VIDEO, "camera", NULL, NULL, &call.camera), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(call.camera, &call.track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(call.p.peer[0].pc, call.track, NULL, 0, NULL), RTC_OK);
    peer_exchange(&call.p, 0);
    peer_connect(&call.p, 5 * SECOND);
    call.seen = rtc_media_stream_track_ref(peer_remote_track(&call.p, 1, 1));
    assert_int_equal(rtc_media_stream_track_add_sink(call.seen, &ops, NULL, &call.sink), RTC_OK);
    peer_run(&call.p, SETTLE_S * SECOND);
}

static void end(void)
{
    rtc_media_stream_track_remove_sink(call.seen, call.sink);
    rtc_media_stream_track_unref(call.seen);
    sim_peers_fini(&call.p);
    peer_pumps_fini(&call.pumps);
    rtc_media_stream_track_unref(call.track);
    rtc_media_source_unref(call.camera);
}

/* Of a peer: one number about its sound or its pictures. */
static double number(int peer, const char *type, const char *kind, const char *name)
{
    rtc_stats_report *report;
    double value = 0;
    assert_int_equal(rtc_peer_connection_get_stats(call.p.peer[peer].pc, &report), RTC_OK);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        const char *of = rtc_stats_string(s, "kind");
        if (strcmp(rtc_stats_type(s), type) == 0 && of && strcmp(of, kind) == 0)
            (void)rtc_stats_number(s, name, &value);
    }
    rtc_stats_report_unref(report);
    return value;
}

struct numbers {
    double bytes, samples, concealed;
    uint64_t pictures;
};

static struct numbers numbers(void)
{
    return (struct numbers){
        .bytes = number(0, "outbound-rtp", "video", "bytesSent") + number(0, "outbound-rtp", "video", "headerBytesSent"),
        .samples = number(1, "inbound-rtp", "audio", "totalSamplesReceived"),
        .concealed = number(1, "inbound-rtp", "audio", "concealedSamples"),
        .pictures = call.pictures,
    };
}

/* Nobody would complain. */
static void stretch(int second, uint32_t link_bps)
{
    struct numbers before = numbers(), after;
    call.longest_freeze = 0;
    peer_run(&call.p, STRETCH_S * SECOND);
    after = numbers();
    double fps = (double)(after.pictures - before.pictures) / STRETCH_S, bps = (after.bytes - before.bytes) * 8 / STRETCH_S;
    double made_up = (after.concealed - before.concealed) / (after.samples - before.samples);
    bool moves = fps >= 15 && call.longest_freeze <= SECOND, sounds = made_up < 0.06, fits = bps < link_bps * 1.15;
    print_message("%3d s: %4.1f pictures a second of %4.0f wide, freeze %4lld ms, sound made up %4.1f %%, sent %5.0f kbit/s of %5.0f%s\n",
                  second, fps, number(0, "outbound-rtp", "video", "frameWidth"), (long long)(call.longest_freeze / MS), 100 * made_up,
                  bps / 1000, number(0, "outbound-rtp", "video", "targetBitrate") / 1000, moves && sounds && fits ? "" : " !");
    assert_true(moves && sounds && fits);
}

static void stretches(int from, int until, uint32_t link_bps)
{
    struct numbers before = numbers(), after;
    for (int at = from; at < until; at += STRETCH_S)
        stretch(at, link_bps);
    after = numbers();
    double made_up = (after.concealed - before.concealed) / (after.samples - before.samples);
    print_message("in all %.2f %% of the sound was made up\n", 100 * made_up);
    assert_true(made_up < 0.02);
}

static void one_megabit(void **state)
{
    const struct sim_link link = {.delay_us = 25 * MS, .rate_bps = 1000000, .queue_us = 300 * MS};
    (void)state;
    begin(1, &link, 3000000);
    stretches(0, call_s, 1000000);
    end();
}

static void default_settings_on_300_kbit(void **state)
{
    const struct sim_link link = {.delay_us = 25 * MS, .rate_bps = 300000, .queue_us = 300 * MS};
    (void)state;
    begin(2, &link, 0);
    stretches(0, call_s, 300000);
    end();
}

static void random_loss(void **state)
{
    const struct sim_link link = {.delay_us = 25 * MS, .loss = 0.05};
    (void)state;
    begin(3, &link, 3000000);
    stretches(0, call_s, 3600000);
    end();
}

static void set_rate(uint64_t bps)
{
    for (int i = 0; i < 2; i++)
        sim_host_link(call.p.peer[i].host)->rate_bps = bps;
}

static void a_link_that_shrinks_for_a_while(void **state)
{
    const struct sim_link link = {.delay_us = 25 * MS, .rate_bps = 2500000, .queue_us = 300 * MS};
    (void)state;
    begin(4, &link, 3000000);
    stretches(0, call_s / 3, 2500000);
    set_rate(600000);
    peer_run(&call.p, STRETCH_S * SECOND); /* it may stumble while it finds out */
    stretches(call_s / 3, call_s * 2 / 3, 600000);
    set_rate(2500000);
    stretches(call_s * 2 / 3, call_s, 2500000);
    end();
}

/* Arguments: how many seconds each call is to last, and which test. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_settings_on_300_kbit),
        cmocka_unit_test(one_megabit),
        cmocka_unit_test(random_loss),
        cmocka_unit_test(a_link_that_shrinks_for_a_while),
    };
    if (argc > 1)
        call_s = atoi(argv[1]);
    if (argc > 2)
        cmocka_set_test_filter(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
