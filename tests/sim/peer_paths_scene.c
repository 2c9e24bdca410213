/* SPDX-License-Identifier: MIT */
/* See peer_paths_scene.h. */
#include "peer_paths_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 160,
    HEIGHT = 90,
    PICTURE_US = 33333,
    SETTLED = 10,
    STEP_US = 1000,
    TCP_BYTES = 1500,
    BINS_A_SECOND = 1000000 / PATHS_BIN_US
};

bool paths_verbose;

/* ---- Pictures ---- */

static rtc_time_t next_picture(struct sim_peers *p, void *user)
{
    (void)p;
    return ((const struct paths_call *)user)->next_picture;
}

static void take_picture(struct sim_peers *p, void *user)
{
    struct paths_call *c = user;
    rtc_video_frame *frame;
    if (p->now < c->next_picture)
        return;
    const rtc_video_frame_options options = {
        .size = sizeof options, .format = RTC_VIDEO_I420, .width = WIDTH, .height = HEIGHT, .capture_time_us = p->now};
    assert_int_equal(rtc_video_frame_new(p->context, &options, &frame), RTC_OK);
    assert_int_equal(rtc_media_source_push_video(c->camera, frame), RTC_OK);
    rtc_video_frame_unref(frame);
    c->next_picture += PICTURE_US;
}

static void on_picture(void *user, rtc_video_frame *frame)
{
    (void)frame;
    struct paths_call *c = user;
    rtc_time_t i = (c->peers.now - c->paths->began) / PATHS_BIN_US;
    if (c->paths->began > 0 && i >= 0 && i < PATHS_BINS)
        c->bins[i].pictures++;
}

/* ---- What crosses the link ---- */

/* Keeps what the bottleneck has before it, as the network does right after this. */
static void see(void *user, const struct sim_host *from, struct slice datagram)
{
    struct paths_call *c = user;
    const struct sim_host *host = c->peers.peer[0].host;
    rtc_time_t now = c->peers.now, at = (now - c->paths->began) / PATHS_BIN_US;
    if (from != host || datagram.len == 0 || c->paths->began == 0 || at < 0 || at >= PATHS_BINS)
        return;
    const struct sim_link *link = sim_host_link(c->peers.peer[0].host);
    rtc_time_t begins = c->paths->free_at > now ? c->paths->free_at : now, waits = link->polices ? 0 : begins - now;
    bool dropped = link->down || begins + (rtc_time_t)(datagram.len * 8000000 / link->rate_bps) - now > link->queue_us;
    rtc_time_t leaves = (now + waits - c->paths->began) / PATHS_BIN_US;
    struct paths_bin *bin = &c->bins[at];
    bin->dropped += dropped;
    if (dropped)
        return;
    bin->queue = waits > bin->queue ? waits : bin->queue;
    if (leaves < PATHS_BINS)
        c->bins[leaves].bits += datagram.len * 8;
    if (at >= SETTLED * BINS_A_SECOND)
        c->paths->waits[waits / MS < PATHS_WAITS ? waits / MS : PATHS_WAITS - 1]++;
}

/* ---- The calls ---- */

static void begin_call(struct paths *paths, struct paths_call *c, uint64_t seed)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = on_picture};
    const rtc_configuration configuration = {.size = sizeof configuration, .max_bitrate_bps = PATHS_MOST_BPS};
    c->paths = paths;
    assert_true(sim_peers_init(&c->peers, seed, &paths->changes[0].link, NULL, &configuration));
    assert_int_equal(peer_encoder_add(c->peers.context, &c->encoder, seed), RTC_OK);
    c->peers.manual = true;
    sim_network_tap(c->peers.net, see, c);
    sim_host_link(c->peers.peer[0].host)->free_at = &paths->free_at;
    assert_int_equal(rtc_media_source_new(c->peers.context, RTC_MEDIA_VIDEO, "camera", NULL, NULL, &c->camera), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(c->camera, &c->track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(c->peers.peer[0].pc, c->track, NULL, 0, NULL), RTC_OK);
    peer_exchange(&c->peers, 0);
    peer_connect(&c->peers, 5 * SECOND);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(c->peers.peer[1].pc, 0);
    c->seen = rtc_media_stream_track_ref(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t)));
    assert_int_equal(rtc_media_stream_track_add_sink(c->seen, &ops, c, &c->sink), RTC_OK);
    c->peers.on_step = take_picture;
    c->peers.next_step = next_picture;
    c->peers.step_user = c;
    c->next_picture = RTC_TIME_NEVER;
}

static void end_call(struct paths_call *c)
{
    rtc_media_stream_track_remove_sink(c->seen, c->sink);
    rtc_media_stream_track_unref(c->seen);
    sim_peers_fini(&c->peers);
    rtc_media_stream_track_unref(c->track);
    rtc_media_source_unref(c->camera);
}

static void count(struct paths_call *c, size_t bin)
{
    rtc_stats_report *report;
    c->bins[bin].target_bps = c->encoder.bitrate_bps;
    c->bins[bin].left_out = c->encoder.left_out;
    assert_int_equal(rtc_peer_connection_get_stats(c->peers.peer[1].pc, &report), RTC_OK);
    const rtc_stats *s = rtc_stats_report_find_type(report, "inbound-rtp");
    if (s) {
        (void)rtc_stats_number(s, "freezeCount", &c->bins[bin].freezes);
        (void)rtc_stats_number(s, "totalFreezesDuration", &c->bins[bin].frozen_s);
    }
    rtc_stats_report_unref(report);
}

static void set_link(struct paths *paths, const struct sim_link *link)
{
    for (int i = 0; i < paths->calls; i++)
        for (int k = 0; k < 2; k++) {
            *sim_host_link(paths->call[i].peers.peer[k].host) = *link;
            if (k == 0)
                sim_host_link(paths->call[i].peers.peer[k].host)->free_at = &paths->free_at;
        }
    /* There the queue is what a packet finds before it, here it counts itself. */
    rtc_time_t own = link->rate_bps ? (rtc_time_t)(TCP_BYTES * 8000000ULL / link->rate_bps) : 0;
    paths->wire = (struct congestion_link){.rate_bps = link->rate_bps, .queue_us = link->queue_us - own, .delay_us = link->delay_us};
}

static void follow(struct paths *paths, size_t bin)
{
    const struct sim_link *now = &paths->changes[0].link;
    for (size_t i = 1; i < PATHS_CHANGES && (paths->changes[i].link.rate_bps > 0 || paths->changes[i].link.down); i++)
        if (paths->changes[i].second * BINS_A_SECOND <= (int)bin) {
            now = &paths->changes[i].link;
            if (paths->changes[i].second * BINS_A_SECOND == (int)bin)
                set_link(paths, now);
        }
    paths->rates[bin] = now->down ? 0 : now->rate_bps;
}

static void run_tcp(struct paths *paths, rtc_time_t until)
{
    paths->wire.idle = paths->free_at;
    while (cubic_deadline(&paths->cubic) <= until)
        cubic_run(&paths->cubic, cubic_deadline(&paths->cubic));
    paths->free_at = paths->wire.idle;
}

/* Those that share a bottleneck take turns of a millisecond. */
static void run_until(struct paths *paths, rtc_time_t until)
{
    bool shared = paths->calls > 1 || paths->tcp_until > paths->tcp_from;
    rtc_time_t now = paths->call[0].peers.now;
    while (now < until) {
        now = shared && now + STEP_US < until ? now + STEP_US : until;
        if (paths->tcp_until > paths->tcp_from)
            run_tcp(paths, now);
        for (int i = 0; i < paths->calls; i++)
            (void)sim_peers_run(&paths->call[i].peers, now, NULL, NULL);
    }
}

static void tell(const struct paths *paths, size_t bin)
{
    printf("%4.1f s, link %5.0f:", (double)bin / BINS_A_SECOND, (double)paths->rates[bin] / 1000);
    for (int i = 0; i < paths->calls; i++) {
        const struct paths_bin *b = &paths->call[i].bins[bin - 1], *c = b + 1, *before = bin > 1 ? b - 1 : b;
        rtc_time_t queue = b->queue > c->queue ? b->queue : c->queue;
        printf("  %5.0f kbit/s of %5.0f, queue %3d ms, dropped %2u, pictures %2u, left out %2u, freezes %.0f (%.2f s);",
               (double)(b->bits + c->bits) * BINS_A_SECOND / 2000, (double)c->target_bps / 1000, (int)(queue / MS), b->dropped + c->dropped,
               b->pictures + c->pictures, c->left_out - before->left_out, c->freezes - before->freezes, c->frozen_s - before->frozen_s);
    }
    printf("\n");
}

void paths_run(struct paths *paths, uint64_t seed, int seconds)
{
    rtc_time_t now = 0;
    for (int i = 0; i < paths->calls; i++)
        begin_call(paths, &paths->call[i], seed * PATHS_CALLS + (uint64_t)i);
    for (int i = 0; i < paths->calls; i++)
        now = paths->call[i].peers.now > now ? paths->call[i].peers.now : now;
    for (int i = 0; i < paths->calls; i++) {
        (void)sim_peers_run(&paths->call[i].peers, now, NULL, NULL);
        paths->call[i].next_picture = now + 1 + paths->call[i].begins;
    }
    set_link(paths, &paths->changes[0].link);
    paths->began = now;
    cubic_init(&paths->cubic, &paths->wire, now + paths->tcp_from * SECOND, now + paths->tcp_until * SECOND, paths->wire.delay_us);
    for (size_t bin = 0; bin < (size_t)(seconds * BINS_A_SECOND); bin++) {
        follow(paths, bin);
        run_until(paths, now + (rtc_time_t)(bin + 1) * PATHS_BIN_US);
        for (int i = 0; i < paths->calls; i++)
            count(&paths->call[i], bin);
        if (paths_verbose && bin % 2 == 1)
            tell(paths, bin);
    }
    for (int i = 0; i < paths->calls; i++)
        end_call(&paths->call[i]);
}

/* ---- What came of it ---- */

static size_t bin_of(double second)
{
    return (size_t)(second * BINS_A_SECOND + 0.5);
}

double paths_bps(const struct paths *paths, int call, double from, double until)
{
    double bits = 0;
    for (size_t i = bin_of(from); i < bin_of(until); i++)
        bits += (double)paths->call[call].bins[i].bits;
    return bits / (until - from);
}

double paths_share(const struct paths *paths, int call, double from, double until)
{
    double all = 0;
    for (size_t i = bin_of(from); i < bin_of(until); i++)
        all += (double)paths->rates[i] / BINS_A_SECOND;
    return all > 0 ? paths_bps(paths, call, from, until) * (until - from) / all : 0;
}

double paths_reached(const struct paths *paths, int call, double from, double until)
{
    for (double at = from; at + 0.5 <= until + 0.01; at += 0.1)
        if (paths_share(paths, call, at, at + 0.5) >= 0.8)
            return at + 0.5 - from;
    return until - from;
}

double paths_queue_over(const struct paths *paths, double from, double until, rtc_time_t queue)
{
    double over = 0;
    for (size_t i = bin_of(from); i < bin_of(until); i++)
        over += paths->call[0].bins[i].queue > queue ? 1.0 / BINS_A_SECOND : 0;
    return over;
}

double paths_queue_ms(const struct paths *paths, double percentile)
{
    double all = 0, below = 0;
    for (size_t i = 0; i < PATHS_WAITS; i++)
        all += paths->waits[i];
    for (size_t i = 0; i < PATHS_WAITS; i++)
        if ((below += paths->waits[i]) >= all * percentile)
            return (double)i;
    return 0;
}

double paths_freezes(const struct paths *paths, int call, double from, double until)
{
    const struct paths_bin *bins = paths->call[call].bins;
    return bins[bin_of(until) - 1].freezes - (from > 0 ? bins[bin_of(from) - 1].freezes : 0);
}

double paths_frozen(const struct paths *paths, int call, double from, double until)
{
    const struct paths_bin *bins = paths->call[call].bins;
    return bins[bin_of(until) - 1].frozen_s - (from > 0 ? bins[bin_of(from) - 1].frozen_s : 0);
}
