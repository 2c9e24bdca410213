/* SPDX-License-Identifier: MIT */
/* The links of bench/link-video in virtual time: a whole connection sends pictures that are hard to encode, with the real encoder, over
 * links that are narrow, change, lose, or tremble. Nothing the machine does at the same time counts, and a run is the same each time. What
 * is measured is what the bench measures (bench/video/measures.js). Arguments: which scenario, and "-v" for what went on in each half
 * second. */
#include "peer_pump.h"

#include "context.h"
#include "executor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 1280, HEIGHT = 720, PICTURES = 60, GRAIN = 8, GRAINS = 999983, FRAME_US = 33333, ENCODE_US = 8000 };
enum {
    BINS_PER_S = 10,
    BIN_US = 1000000 / BINS_PER_S,
    RUN_S_MAX = 120,
    BINS = RUN_S_MAX * BINS_PER_S,
    SETTLED_S = 10,
    HALF_S = BINS_PER_S / 2
};
enum { WAITS_MAX = 100000, WAVES = 8 };

struct change {
    int second;
    struct sim_link link;
};

struct scenario {
    const char *name;
    int seconds;
    struct change changes[4]; /* the first one at 0; until a rate of 0 */
    /* What is asked of it: at least so much of the link, and at most the others. */
    double share, queue_ms, start_s, back_s, freezes, held_ms; /* the last one by the jitter buffer; 0: any */
};

#define LINK(bps) .delay_us = 25 * MS, .rate_bps = (bps), .queue_us = 300 * MS

static const struct scenario scenarios[] = {
    {"narrow", 30, {{0, {LINK(1000000)}}}, .share = 0.93, .queue_ms = 40, .start_s = 1.5},
    {"drop",
     62,
     {{0, {LINK(2500000)}}, {20, {LINK(600000)}}, {35, {LINK(2500000)}}},
     .share = 0.88,
     .queue_ms = 40,
     .start_s = 1.5,
     .back_s = 5,
     .freezes = 1},
    {"loss", 30, {{0, {LINK(3000000), .loss = 0.05}}}, .share = 0.8, .queue_ms = 40, .start_s = 3, .freezes = 1, .held_ms = 110},
    {"jitter", 30, {{0, {LINK(3000000), .jitter_us = 30 * MS}}}, .share = 0.82, .queue_ms = 40, .start_s = 2.5},
};

struct bin {
    uint64_t bits, rate_bps;
    unsigned queue_ms, dropped, target_kbps, width;
    double decoded, sent, encoded, keyframes, asked, nacks, resent, left_out, delay, quantizers;
};

static struct {
    struct sim_peers p;
    rtc_media_source *camera;
    rtc_media_stream_track *track, *seen;
    rtc_media_sink *sink;
    uint8_t *luma, *chroma[2];
    int8_t *grain;
    uint32_t number, random;
    rtc_time_t next_picture, first, free_at;
    struct bin bins[BINS];
    float waits[WAITS_MAX];
    size_t wait_count;
    bool verbose;
} call;

/* ---- Pictures, as bench/video/content.js has them ---- */

static uint32_t chance(void)
{
    uint32_t x = call.random;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return call.random = x;
}

static uint8_t *hills(int width, int height)
{
    uint8_t *plane = malloc((size_t)width * (size_t)height);
    struct {
        double x, y, phase, size;
    } waves[WAVES];
    assert_non_null(plane);
    for (int i = 0; i < WAVES; i++) {
        waves[i].x = 2 * M_PI * (1 + chance() % 12) / width;
        waves[i].y = 2 * M_PI * (1 + chance() % 8) / height;
        waves[i].phase = chance() % 628 / 100.0;
        waves[i].size = 6 + chance() % 14;
    }
    for (int row = 0; row < height; row++)
        for (int i = 0; i < width; i++) {
            double value = 110;
            for (int k = 0; k < WAVES; k++)
                value += waves[k].size * sin(waves[k].x * i + waves[k].phase + waves[k].y * row);
            plane[row * width + i] = (uint8_t)fmax(16, fmin(235, value));
        }
    return plane;
}

static void make_pictures(void)
{
    call.random = 1;
    call.luma = hills(WIDTH, HEIGHT);
    call.chroma[0] = hills(WIDTH / 2, HEIGHT / 2);
    call.chroma[1] = hills(WIDTH / 2, HEIGHT / 2);
    call.grain = malloc(GRAINS);
    assert_non_null(call.grain);
    for (int i = 0; i < GRAINS; i++)
        call.grain[i] = (int8_t)((int)(chance() % (2 * GRAIN + 1)) - GRAIN);
}

static void copy_moved(rtc_video_frame *frame, size_t plane, const uint8_t *from, size_t width, size_t height, size_t by)
{
    uint8_t *to = rtc_video_frame_writable_plane(frame, plane);
    for (size_t row = 0; row < height; row++, to += rtc_video_frame_stride(frame, plane), from += width) {
        memcpy(to, from + by, width - by);
        memcpy(to + width - by, from, by);
    }
}

static void draw_board(rtc_video_frame *frame, double share)
{
    int side = HEIGHT / 2, left = (int)((1 - share) * (WIDTH - side));
    size_t stride = rtc_video_frame_stride(frame, 0);
    for (int row = HEIGHT / 4; row < HEIGHT / 4 + side; row++)
        for (int i = 0; i < side; i++)
            rtc_video_frame_writable_plane(frame, 0)[(size_t)row * stride + (size_t)(left + i)] = ((row >> 3) ^ (i >> 3)) & 1 ? 200 : 50;
}

static void add_grain(rtc_video_frame *frame)
{
    uint32_t at = chance() % GRAINS;
    for (size_t row = 0; row < HEIGHT; row++) {
        uint8_t *line = rtc_video_frame_writable_plane(frame, 0) + row * rtc_video_frame_stride(frame, 0);
        for (int i = 0; i < WIDTH; i++, at = at + 1 == GRAINS ? 0 : at + 1)
            line[i] = (uint8_t)(line[i] + call.grain[at]);
    }
}

static rtc_time_t next_picture(struct sim_peers *p, void *user)
{
    (void)p;
    (void)user;
    return call.next_picture;
}

static void take_picture(struct sim_peers *p, void *user)
{
    rtc_video_frame *frame;
    (void)user;
    if (p->now < call.next_picture)
        return;
    const rtc_video_frame_options options = {
        .size = sizeof options, .format = RTC_VIDEO_I420, .width = WIDTH, .height = HEIGHT, .capture_time_us = p->now};
    assert_int_equal(rtc_video_frame_new(p->context, &options, &frame), RTC_OK);
    double share = (double)(call.number++ % PICTURES) / PICTURES;
    copy_moved(frame, 0, call.luma, WIDTH, HEIGHT, (size_t)(share * WIDTH));
    for (size_t i = 0; i < 2; i++)
        copy_moved(frame, i + 1, call.chroma[i], WIDTH / 2, HEIGHT / 2, (size_t)(share * WIDTH / 2));
    draw_board(frame, fabs(2 * share - 1));
    add_grain(frame);
    assert_int_equal(rtc_media_source_push_video(call.camera, frame), RTC_OK);
    rtc_video_frame_unref(frame);
    call.next_picture = (call.next_picture > 0 ? call.next_picture : p->now) + FRAME_US;
}

/* ---- What crosses the link ---- */

static struct bin *bin_at(rtc_time_t at)
{
    rtc_time_t i = (at - call.first) / BIN_US;
    return call.first > 0 && i >= 0 && i < BINS ? &call.bins[i] : NULL;
}

/* Keeps what the bottleneck has before it, as the network does. */
static void see(void *user, const struct sim_host *from, struct slice datagram)
{
    (void)user;
    if (from != call.p.peer[0].host || datagram.len == 0)
        return;
    const struct sim_link *link = sim_host_link(call.p.peer[0].host);
    bool media = datagram.data[0] >= 128 && datagram.data[0] <= 191;
    rtc_time_t now = call.p.now, begins = call.free_at > now ? call.free_at : now;
    rtc_time_t leaves = begins + (link->rate_bps ? (rtc_time_t)((uint64_t)datagram.len * 8 * 1000000 / link->rate_bps) : 0);
    call.first = call.first == 0 && media ? now : call.first;
    bool dropped = leaves - now > link->queue_us;
    struct bin *bin = bin_at(dropped ? now : leaves);
    if (!dropped)
        call.free_at = leaves;
    if (bin == NULL || !media)
        return;
    unsigned queue_ms = (unsigned)((begins - now) / MS);
    bin->dropped += dropped;
    bin->bits += dropped ? 0 : datagram.len * 8;
    bin->queue_ms = queue_ms > bin->queue_ms ? queue_ms : bin->queue_ms;
    if (!dropped && call.wait_count < WAITS_MAX)
        call.waits[call.wait_count++] = (float)(begins - now) / 1000;
}

/* ---- The call ---- */

static void on_picture(void *user, rtc_video_frame *frame)
{
    (void)user;
    (void)frame;
}

static void begin(const struct scenario *s, uint64_t seed)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = on_picture};
    const rtc_configuration configuration = {.size = sizeof configuration, .max_bitrate_bps = 3000000};
    assert_true(sim_peers_init(&call.p, seed, &s->changes[0].link, NULL, &configuration));
    call.p.manual = true;
    sim_network_tap(call.p.net, see, NULL);
    executor_simulate_class(context_executor(call.p.context), JOB_BULK, ENCODE_US);
    call.p.on_step = take_picture;
    call.p.next_step = next_picture;
    assert_int_equal(rtc_media_source_new(call.p.context, RTC_MEDIA_VIDEO, "camera", NULL, NULL, &call.camera), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(call.camera, &call.track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(call.p.peer[0].pc, call.track, NULL, 0, NULL), RTC_OK);
    peer_exchange(&call.p, 0);
    peer_connect(&call.p, 5 * SECOND);
    call.seen = rtc_media_stream_track_ref(peer_remote_track(&call.p, 1, 0));
    assert_int_equal(rtc_media_stream_track_add_sink(call.seen, &ops, NULL, &call.sink), RTC_OK);
}

static void end(void)
{
    rtc_media_stream_track_remove_sink(call.seen, call.sink);
    rtc_media_stream_track_unref(call.seen);
    sim_peers_fini(&call.p);
    rtc_media_stream_track_unref(call.track);
    rtc_media_source_unref(call.camera);
}

static double number(int peer, const char *type, const char *name)
{
    rtc_stats_report *report;
    double value = 0;
    assert_int_equal(rtc_peer_connection_get_stats(call.p.peer[peer].pc, &report), RTC_OK);
    const rtc_stats *s = rtc_stats_report_find_type(report, type);
    if (s)
        (void)rtc_stats_number(s, name, &value);
    rtc_stats_report_unref(report);
    return value;
}

struct counted {
    double decoded, freezes, frozen_s, delay_s, emitted, keyframes, asked, resent;
};

static struct counted count(void)
{
    return (struct counted){
        .decoded = number(1, "inbound-rtp", "framesDecoded"),
        .freezes = number(1, "inbound-rtp", "freezeCount"),
        .frozen_s = number(1, "inbound-rtp", "totalFreezesDuration"),
        .delay_s = number(1, "inbound-rtp", "jitterBufferDelay"),
        .emitted = number(1, "inbound-rtp", "jitterBufferEmittedCount"),
        .keyframes = number(1, "inbound-rtp", "keyFramesDecoded"),
        .asked = number(1, "inbound-rtp", "pliCount"),
        .resent = number(0, "outbound-rtp", "retransmittedPacketsSent"),
    };
}

static void follow(const struct scenario *s, int bin)
{
    for (size_t i = 1; i < sizeof s->changes / sizeof s->changes[0] && s->changes[i].link.rate_bps > 0; i++)
        if (s->changes[i].second * BINS_PER_S == bin)
            for (int k = 0; k < 2; k++)
                *sim_host_link(call.p.peer[k].host) = s->changes[i].link;
    call.bins[bin].rate_bps = sim_host_link(call.p.peer[0].host)->rate_bps;
}

/* ---- What came of it ---- */

static double shared(int from, int until)
{
    double bits = 0, all = 0;
    for (int i = from; i < until; i++) {
        bits += (double)call.bins[i].bits;
        all += (double)call.bins[i].rate_bps / BINS_PER_S;
    }
    return bits / all;
}

/* Seconds from `from` to the end of the first half second in which 80 % are used; the whole run when there is none. */
static double reached(int from, int bins)
{
    for (int i = from; i + HALF_S <= bins; i++)
        if (shared(i, i + HALF_S) >= 0.8)
            return (double)(i + HALF_S - from) / BINS_PER_S;
    return (double)bins / BINS_PER_S;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static double queue_p95(void)
{
    qsort(call.waits, call.wait_count, sizeof call.waits[0], ascending);
    return call.wait_count > 0 ? (double)call.waits[call.wait_count * 95 / 100] : 0;
}

static void tell_course(int bins)
{
    for (int i = 0; i + HALF_S <= bins; i += HALF_S) {
        const struct bin zero = {0}, *was = i > 0 ? &call.bins[i - 1] : &zero;
        unsigned queue_ms = 0, dropped = 0;
        for (int k = i; k < i + HALF_S; k++) {
            queue_ms = call.bins[k].queue_ms > queue_ms ? call.bins[k].queue_ms : queue_ms;
            dropped += call.bins[k].dropped;
        }
        const struct bin *last = &call.bins[i + HALF_S - 1];
        print_message("  %4.1f s: %4.0f kbit/s of %4.0f, target %4u, queue %3u ms, dropped %2u, %2.0f pictures of %u; sent %.0f, keys "
                      "%.0f, quantizer %.0f, out %.0f, asked %.0f, nacks %.0f, resent %.0f, delay %.1f s\n",
                      (double)i / BINS_PER_S, shared(i, i + HALF_S) * (double)last->rate_bps / 1000, (double)last->rate_bps / 1000,
                      last->target_kbps, queue_ms, dropped, last->decoded - was->decoded, last->width, last->sent - was->sent,
                      last->keyframes - was->keyframes, (last->quantizers - was->quantizers) / fmax(last->encoded - was->encoded, 1),
                      last->left_out - was->left_out, last->asked - was->asked, last->nacks - was->nacks, last->resent - was->resent,
                      last->delay - was->delay);
    }
}

static void run(const struct scenario *s, uint64_t seed)
{
    int bins = s->seconds * BINS_PER_S;
    begin(s, seed);
    rtc_time_t until = call.p.now + 10 * SECOND;
    while (call.first == 0 && call.p.now < until)
        peer_run(&call.p, 10 * MS);
    assert_true(call.first > 0);
    struct counted settled = {0};
    for (int i = 0; i < bins; i++) {
        follow(s, i);
        peer_run(&call.p, call.first + (i + 1) * (rtc_time_t)BIN_US - call.p.now);
        call.bins[i].decoded = number(1, "inbound-rtp", "framesDecoded");
        call.bins[i].sent = number(0, "outbound-rtp", "framesSent");
        call.bins[i].encoded = number(0, "outbound-rtp", "framesEncoded");
        call.bins[i].quantizers = number(0, "outbound-rtp", "qpSum");
        call.bins[i].keyframes = number(0, "outbound-rtp", "keyFramesEncoded");
        call.bins[i].left_out = number(0, "outbound-rtp", "framesDropped");
        call.bins[i].delay = number(0, "outbound-rtp", "totalPacketSendDelay");
        call.bins[i].asked = number(1, "inbound-rtp", "pliCount");
        call.bins[i].nacks = number(1, "inbound-rtp", "nackCount");
        call.bins[i].resent = number(0, "outbound-rtp", "retransmittedPacketsSent");
        call.bins[i].target_kbps = (unsigned)(number(0, "outbound-rtp", "targetBitrate") / 1000);
        call.bins[i].width = (unsigned)number(0, "outbound-rtp", "frameWidth");
        if (i == SETTLED_S * BINS_PER_S)
            settled = count();
    }
    struct counted c = count();
    assert_true(number(0, "outbound-rtp", "totalPacketSendDelay") < number(0, "outbound-rtp", "packetsSent") * 0.25);
    if (call.verbose)
        tell_course(bins);
    double held_ms = 1000 * (c.delay_s - settled.delay_s) / fmax(c.emitted - settled.emitted, 1);
    double share = shared(SETTLED_S * BINS_PER_S, bins), p95 = queue_p95(), start = reached(0, bins);
    print_message(
        "%s: %.0f %% of the link, queue p95 %.0f ms, start %.1f s, %.0f freezes (%.1f s), %.0f pictures/s of %u, jitter buffer %.0f ms, "
        "keyframes %.0f, asked %.0f, resent %.0f\n",
        s->name, share * 100, p95, start, c.freezes, c.frozen_s, (c.decoded - settled.decoded) / (s->seconds - SETTLED_S),
        call.bins[bins - 1].width, held_ms, c.keyframes, c.asked, c.resent);
    double back = s->back_s > 0 ? reached(s->changes[2].second * BINS_PER_S, bins) : 0;
    if (s->back_s > 0)
        print_message("%s: back after %.1f s\n", s->name, back);
    assert_true(s->held_ms <= 0 || held_ms <= s->held_ms);
    assert_true(share >= s->share && p95 <= s->queue_ms && start <= s->start_s && back <= s->back_s && c.freezes <= s->freezes);
    end();
}

static const char *only;

static void links(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        bool verbose = call.verbose;
        if (only && strcmp(only, scenarios[i].name) != 0)
            continue;
        memset(&call, 0, sizeof call);
        call.verbose = verbose;
        make_pictures();
        run(&scenarios[i], 1);
        free(call.luma);
        free(call.chroma[0]);
        free(call.chroma[1]);
        free(call.grain);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(links)};
    only = argc > 1 ? argv[1] : NULL;
    call.verbose = argc > 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
