/* SPDX-License-Identifier: MIT */
/* Layers of simulcast over links that carry all of them, some, or now this and now that: a whole connection with the real rate path and
 * encoders of the test's own, which keep to what they are told. What is judged is which layers are sent, how often one comes or goes, and
 * how soon. An argument has each second told. */
#include "peer_pump.h"

#include "../scripted_media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 1280, HEIGHT = 720, PICTURE_US = 33333, LAYERS = 3, ENCODERS_MAX = 64, BIN_US = 250000, BINS_MAX = 4 * 200 };

struct change {
    int second;
    struct sim_link link;
};

static const char *const rids[LAYERS] = {"q", "h", "f"};

/* One encoder: it makes pictures of an even size, and keyframes of four times that, which it saves again. */
struct encoder {
    uint32_t bitrate_bps;
    double debt; /* bytes */
};

static struct {
    struct sim_peers p;
    struct encoder encoders[ENCODERS_MAX];
    size_t made;
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_time_t next, began;
    uint32_t pictures[BINS_MAX][LAYERS], told[BINS_MAX][LAYERS];
    bool verbose;
} all;

static size_t bin_now(void)
{
    size_t bin = all.began > 0 ? (size_t)((all.p.now - all.began) / BIN_US) : 0;
    return bin < BINS_MAX ? bin : BINS_MAX - 1;
}

static int configure(void *encoder, const rtc_encoder_settings *settings)
{
    ((struct encoder *)encoder)->bitrate_bps = settings->bitrate_bps;
    return RTC_OK;
}

static int encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    (void)context;
    assert_true(all.made < ENCODERS_MAX);
    *out = &all.encoders[all.made++];
    return configure(*out, settings);
}

static void encoder_free(void *encoder)
{
    (void)encoder;
}

static int encode(void *encoder, rtc_video_frame *picture, bool key, rtc_encoded_frame **out)
{
    struct encoder *e = encoder;
    uint32_t width = rtc_video_frame_width(picture), height = rtc_video_frame_height(picture);
    size_t layer = width >= WIDTH ? 2 : width >= WIDTH / 2 ? 1 : 0;
    double even = e->bitrate_bps / 8.0 / 30, size = key ? 4 * even : even - e->debt / 15;
    size = size < even / 4 ? even / 4 : size;
    e->debt += size - even;
    e->debt = e->debt < 0 ? 0 : e->debt;
    uint8_t head[SCRIPTED_HEAD] = {key ? 0x10 : 0x11,     0, 0, 0x9d, 0x01, 0x2a, (uint8_t)width, (uint8_t)(width >> 8), (uint8_t)height,
                                   (uint8_t)(height >> 8)};
    const rtc_encoded_frame_options options = {
        .size = sizeof options,
        .kind = RTC_MEDIA_VIDEO,
        .codec = "VP8",
        .data_len = (size_t)size + sizeof head,
        .keyframe = key,
        .rtp_timestamp = (uint32_t)(rtc_video_frame_capture_time_us(picture) * 9 / 100),
        .capture_time_us = rtc_video_frame_capture_time_us(picture),
        .width = width,
        .height = height,
    };
    int error = rtc_encoded_frame_new(all.p.context, &options, out);
    if (!error)
        memcpy(rtc_encoded_frame_writable_data(*out), head, sizeof head);
    all.pictures[bin_now()][layer]++;
    all.told[bin_now()][layer] = e->bitrate_bps;
    return error;
}

static const rtc_codec_ops codec = {.size = sizeof codec,
                                    .kind = RTC_MEDIA_VIDEO,
                                    .name = "VP8",
                                    .encoder_new = encoder_new,
                                    .encoder_free = encoder_free,
                                    .encoder_configure = configure,
                                    .encode_video = encode};

static rtc_time_t next_picture(struct sim_peers *p, void *user)
{
    (void)p;
    (void)user;
    return all.next;
}

static void take_picture(struct sim_peers *p, void *user)
{
    rtc_video_frame *frame;
    (void)user;
    if (p->now < all.next)
        return;
    const rtc_video_frame_options options = {
        .size = sizeof options, .format = RTC_VIDEO_I420, .width = WIDTH, .height = HEIGHT, .capture_time_us = p->now};
    assert_int_equal(rtc_video_frame_new(p->context, &options, &frame), RTC_OK);
    assert_int_equal(rtc_media_source_push_video(all.source, frame), RTC_OK);
    rtc_video_frame_unref(frame);
    all.next = (all.next > 0 ? all.next : p->now) + PICTURE_US;
}

static void begin(const struct sim_link *link, uint64_t seed, bool verbose)
{
    const rtc_configuration configuration = {.size = sizeof configuration, .max_bitrate_bps = 5000000};
    rtc_rtp_encoding_parameters e[LAYERS], *given[LAYERS];
    rtc_rtp_transceiver *t;
    memset(&all, 0, sizeof all);
    all.verbose = verbose;
    assert_true(sim_peers_init(&all.p, seed, link, NULL, &configuration));
    all.p.manual = true;
    assert_int_equal(rtc_context_add_codec(all.p.context, &codec), RTC_OK);
    for (size_t i = 0; i < LAYERS; i++) {
        e[i] = (rtc_rtp_encoding_parameters){.size = sizeof e[i], .rid = rids[i]};
        given[i] = &e[i];
    }
    all.p.on_step = take_picture;
    all.p.next_step = next_picture;
    assert_int_equal(rtc_media_source_new(all.p.context, RTC_MEDIA_VIDEO, "camera", NULL, NULL, &all.source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(all.source, &all.track), RTC_OK);
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = given, .send_encoding_count = LAYERS};
    assert_int_equal(rtc_peer_connection_add_transceiver(all.p.peer[0].pc, RTC_MEDIA_VIDEO, all.track, &init, &t), RTC_OK);
    peer_exchange(&all.p, 0);
    peer_connect(&all.p, 5 * SECOND);
    all.began = all.p.now;
}

static void end(void)
{
    sim_peers_fini(&all.p);
    rtc_media_stream_track_unref(all.track);
    rtc_media_source_unref(all.source);
}

/* Quarters of a second in a row. */
static bool is_on(size_t bin, size_t layer)
{
    return all.pictures[bin][layer] > 0;
}

static int came_on(size_t layer, int from_s, int until_s)
{
    int count = 0;
    for (size_t i = (size_t)from_s * 4 + 1; i < (size_t)until_s * 4; i++)
        count += is_on(i, layer) && !is_on(i - 1, layer);
    return count;
}

static double share_on(size_t layer, int from_s, int until_s)
{
    int count = 0;
    for (size_t i = (size_t)from_s * 4; i < (size_t)until_s * 4; i++)
        count += is_on(i, layer);
    return count / 4.0 / (until_s - from_s);
}

static double number(const char *type, const char *name)
{
    rtc_stats_report *report;
    double value = 0;
    assert_int_equal(rtc_peer_connection_get_stats(all.p.peer[0].pc, &report), RTC_OK);
    const rtc_stats *s = rtc_stats_report_find_type(report, type);
    if (s)
        (void)rtc_stats_number(s, name, &value);
    rtc_stats_report_unref(report);
    return value;
}

static void run(const struct change *changes, size_t count, int seconds)
{
    for (int s = 0; s < seconds; s++) {
        for (size_t i = 0; i < count; i++)
            if (changes[i].second == s)
                for (int k = 0; k < 2; k++)
                    *sim_host_link(all.p.peer[k].host) = changes[i].link;
        peer_run(&all.p, all.began + (s + 1) * SECOND - all.p.now);
        if (!all.verbose)
            continue;
        print_message("  %3d s: link %5u, estimate %5.0f kbit/s", s, (unsigned)(sim_host_link(all.p.peer[0].host)->rate_bps / 1000),
                      number("candidate-pair", "availableOutgoingBitrate") / 1000);
        for (size_t l = 0; l < LAYERS; l++) {
            print_message("  %s ", rids[l]);
            for (size_t b = (size_t)s * 4; b < (size_t)s * 4 + 4; b++)
                print_message("%u%s", all.pictures[b][l], b % 4 < 3 ? "," : "");
            print_message(" %u", all.told[(size_t)s * 4 + 3][l] / 1000);
        }
        print_message("\n");
    }
}

#define LINK(bps) .delay_us = 25 * MS, .rate_bps = (bps), .queue_us = 300 * MS

static bool verbose;

static void tell(uint32_t kbps, int from_s, int until_s)
{
    print_message("%4u kbit/s, %d to %d s: on %.2f %.2f %.2f of the time, came on %d %d %d times\n", kbps, from_s, until_s,
                  share_on(0, from_s, until_s), share_on(1, from_s, until_s), share_on(2, from_s, until_s), came_on(0, from_s, until_s),
                  came_on(1, from_s, until_s), came_on(2, from_s, until_s));
}

/* Whatever the rate is: as many layers as it carries are on, and after the first seconds hardly one comes and goes, also where one is
 * nearly carried. The smallest is always there. */
static void steady_links(void **state)
{
    static const struct {
        uint32_t kbps;
        int layers[2]; /* at least and at most */
    } rates[] = {{120, {1, 1}},  {200, {1, 1}},  {280, {1, 2}},  {320, {1, 2}},  {340, {1, 2}},  {360, {1, 2}},  {380, {1, 2}},
                 {500, {2, 2}},  {800, {2, 2}},  {1200, {2, 2}}, {1400, {2, 3}}, {1450, {2, 3}}, {1500, {2, 3}}, {1550, {2, 3}},
                 {1600, {2, 3}}, {1700, {2, 3}}, {2000, {3, 3}}, {3000, {3, 3}}, {4500, {3, 3}}};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        const struct sim_link link = {LINK(rates[i].kbps * 1000)};
        int came = 0;
        begin(&link, 1 + i, verbose);
        run(NULL, 0, 90);
        tell(rates[i].kbps, 15, 90);
        for (int l = 0; l < LAYERS; l++) {
            double on = share_on((size_t)l, 15, 90);
            came += came_on((size_t)l, 15, 90);
            assert_true(l >= rates[i].layers[0] || on > 0.95);
            assert_true(l < rates[i].layers[1] || on < 0.05);
        }
        assert_true(came_on(0, 1, 90) == 0 && share_on(0, 1, 90) == 1);
        assert_true(came <= 2);
        end();
    }
}

/* A link that carries the smallest alone from the beginning: not even one picture of the others is made, which would stand in its way. And
 * one that carries all has them soon. */
static void how_it_begins(void **state)
{
    const struct sim_link narrow = {LINK(200000)}, wide = {LINK(4500000)};
    (void)state;
    begin(&narrow, 1, verbose);
    run(NULL, 0, 10);
    uint32_t pictures[LAYERS] = {0};
    for (size_t i = 0; i < 40; i++)
        for (size_t l = 0; l < LAYERS; l++)
            pictures[l] += all.pictures[i][l];
    tell(200, 0, 10);
    assert_true(pictures[0] > 250);
    assert_true(pictures[2] == 0);
    end();
    begin(&wide, 1, verbose);
    run(NULL, 0, 10);
    int soon = 0;
    while (soon < 40 && !is_on((size_t)soon, 2))
        soon++;
    tell(4500, 0, 10);
    print_message("the largest comes after %.2f s\n", soon / 4.0);
    assert_true(soon <= 8 && share_on(0, 0, 10) == 1 && share_on(2, 3, 10) == 1);
    end();
}

/* Quarters of a second after `from_s` until nothing of the layer was made for one; or until something was. */
static int waited(size_t layer, int from_s, int until_s, bool on)
{
    size_t i = (size_t)from_s * 4;
    while (i < (size_t)until_s * 4 && is_on(i, layer) != on)
        i++;
    return (int)(i - (size_t)from_s * 4);
}

/* The link has room for the smallest alone, and then for all again. */
static void a_link_that_changes(void **state)
{
    static const struct change changes[] = {{0, {LINK(4000000)}}, {20, {LINK(250000)}}, {50, {LINK(4000000)}}};
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        begin(&changes[0].link, seed, verbose);
        run(changes, 3, 80);
        int off = waited(2, 20, 50, false), again = waited(2, 50, 80, true);
        tell(4000, 5, 20);
        tell(250, 22, 50);
        tell(4000, 55, 80);
        print_message("the largest is off after %.2f s, on again after %.2f s\n", off / 4.0, again / 4.0);
        assert_true(share_on(2, 5, 20) == 1 && share_on(2, 22, 50) == 0 && share_on(1, 25, 50) < 0.05 && share_on(0, 1, 80) > 0.98);
        assert_true(share_on(2, 60, 80) == 1 && share_on(1, 60, 80) == 1);
        assert_true(off <= 6 && again <= 16);
        end();
    }
}

/* Between what carries the largest and what does not, every ten seconds: it is not tried each time. The middle one may be off for a moment
 * where the rate falls to a half, eight times; pictures that wait while that is found out are left out. */
static void a_link_that_sways(void **state)
{
    struct change changes[18];
    (void)state;
    for (int i = 0; i < 18; i++)
        changes[i] = (struct change){10 * i, {LINK(i % 2 ? 900000 : 1900000)}};
    begin(&changes[0].link, 1, verbose);
    run(changes, 18, 180);
    tell(1900, 20, 180);
    assert_true(came_on(2, 20, 180) <= 5 && came_on(1, 20, 180) <= 8 && share_on(1, 20, 180) > 0.9 && share_on(0, 1, 180) > 0.98);
    end();
}

/* A tremble that lasts less than a second turns nothing off. */
static void a_short_dip(void **state)
{
    static const struct change changes[] = {{0, {LINK(2500000)}}, {30, {LINK(2500000), .loss = 0.03}}, {31, {LINK(2500000)}}};
    (void)state;
    begin(&changes[0].link, 1, verbose);
    run(changes, 3, 60);
    tell(2500, 10, 60);
    assert_true(share_on(2, 10, 60) == 1);
    end();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_links),      cmocka_unit_test(how_it_begins), cmocka_unit_test(a_link_that_changes),
        cmocka_unit_test(a_link_that_sways), cmocka_unit_test(a_short_dip),
    };
    verbose = argc > 1;
    if (argc > 2)
        cmocka_set_test_filter(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
