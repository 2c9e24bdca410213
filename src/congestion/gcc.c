/* SPDX-License-Identifier: MIT */
/* Google congestion control: see gcc.h. The parts, each of which knows nothing of the others: groups of packets and the trend of their
 * delay, the queue, what arrives, the rate by delay, the limit by loss, probes. */
#include "gcc.h"

#include "ack_rate.h"
#include "aimd.h"
#include "congestion_bounds.h"
#include "loss_estimate.h"
#include "memory.h"
#include "packet_groups.h"
#include "probe_controller.h"
#include "queue_delay.h"
#include "trendline.h"

enum {
    MS = 1000,
    SECOND = 1000000,
    ACKED_US = 300 * MS,
    NEWEST_US = 120 * MS,
    SENT_US = 200 * MS,
    TICK_US = 500 * MS,
    SILENCE_US = 700 * MS,
    NOISY_US = 7 * MS,
    QUEUE_LONG_US = 60 * MS,
    DEAF_LONG = 2
};
/* Whether less is lost of less: how often that is tried, how long, and with how little. */
enum { LESS_EVERY_US = 12 * SECOND, LESS_LEAST_US = 400 * MS, LESS_MOST_US = 1500 * MS, PACKET_BITS = 9600, LESS_STRETCHES = 4 };
static const double less_from = 0.04, less_losses = 6, less_margin = 0.92, limit_near = 0.9;
enum { PROBE_AFTER_DROP_US = 1500 * MS, PROBE_PATIENCE_US = SECOND, PROBE_LIMITED_US = 5 * SECOND };
/* How far the clocks of the two ends may seem to move from one message to the next. */
static const rtc_time_t torn_us = 3600LL * SECOND;

struct gcc {
    struct congestion congestion;
    rtc_context *context;
    struct congestion_bounds bounds;
    struct packet_groups groups;
    struct trendline trendline;
    struct queue_delay queue;
    struct ack_rate acked, left; /* by when it arrived, and by when it left */
    struct aimd aimd;
    struct loss_estimate loss;
    struct probe_controller probes;
    rtc_time_t heard;       /* the last feedback */
    rtc_time_t interval_us; /* between messages of it */
    rtc_time_t round_trip_us;
    rtc_time_t clock; /* what the last packet took, by both clocks; RTC_TIME_NEVER: none did */
    rtc_time_t first_sent, last_sent, deaf_at;
    rtc_time_t counts_from; /* what left before was lost on a path that is gone */
    unsigned deaf;          /* ticks without a word, though packets left */
    rtc_time_t probed;
    struct {
        rtc_time_t asked, until; /* up to then; RTC_TIME_NEVER: it is not */
        double bps;
    } less;                /* is sent on trial */
    double sent_bps;       /* about */
    double probe_step_bps; /* what the next probe at the start asks for; 0: they are over */
    double began_bps;      /* before anything was known */
};

static struct gcc *gcc_of(struct congestion *c)
{
    return (struct gcc *)c;
}

/* ---- The parts together ---- */

static double within(const struct gcc *g, double bps)
{
    return congestion_bounds_limited(&g->bounds, bps);
}

static double target(const struct gcc *g)
{
    double bps = g->aimd.target_bps;
    if (g->loss.limit_bps > 0 && g->loss.limit_bps < bps && g->aimd.phase != AIMD_COMPETES)
        bps = g->loss.limit_bps;
    if (g->less.until != RTC_TIME_NEVER && g->less.bps < bps)
        bps = g->less.bps;
    return congestion_bounds_within(&g->bounds, bps);
}

static void begin(struct gcc *g, rtc_time_t now)
{
    packet_groups_init(&g->groups);
    trendline_init(&g->trendline);
    queue_delay_init(&g->queue, now);
    ack_rate_init(&g->acked);
    ack_rate_init(&g->left);
    loss_estimate_init(&g->loss);
    probe_controller_init(&g->probes);
    g->began_bps = g->bounds.limits.start_bps;
    aimd_init(&g->aimd, within(g, g->began_bps), now);
    g->clock = RTC_TIME_NEVER;
    g->heard = g->last_sent = g->first_sent = RTC_TIME_NEVER;
    g->interval_us = 100 * MS;
    g->round_trip_us = 100 * MS;
    g->probed = g->deaf_at = now;
    g->probe_step_bps = 0;
    g->less.asked = now - LESS_EVERY_US;
    g->less.until = RTC_TIME_NEVER;
    g->sent_bps = 0;
    g->deaf = 0;
    g->counts_from = now - torn_us;
}

static void set_limits(struct congestion *c, rtc_time_t now, const struct congestion_limits *limits)
{
    struct gcc *g = gcc_of(c);
    (void)now;
    congestion_bounds_set(&g->bounds, limits);
    g->aimd.target_bps = within(g, g->aimd.target_bps);
}

static int make(const struct congestion_controller *self, rtc_context *context, const struct congestion_limits *limits, rtc_time_t now,
                struct congestion **out)
{
    struct gcc *g = memory_zeroed(context, sizeof *g);
    if (!g)
        return RTC_ERR_NO_MEMORY;
    g->congestion.controller = self;
    g->context = context;
    set_limits(&g->congestion, now, limits);
    begin(g, now);
    *out = &g->congestion;
    return RTC_OK;
}

static void free_gcc(struct congestion *c)
{
    memory_free(gcc_of(c)->context, c);
}

static void path_changed(struct congestion *c, rtc_time_t now)
{
    begin(gcc_of(c), now);
}

/* ---- What leaves ---- */

static void sent(struct congestion *c, const struct congestion_packet *packet)
{
    struct gcc *g = gcc_of(c);
    if (g->first_sent == RTC_TIME_NEVER) {
        g->first_sent = packet->sent;
        double start = within(g, g->began_bps);
        (void)probe_controller_ask(&g->probes, within(g, start * 3));
        if (start * 6 <= within(g, start * 6))
            (void)probe_controller_ask(&g->probes, start * 6);
        g->probe_step_bps = start * 6;
        g->deaf_at = g->probed = packet->sent;
    }
    rtc_time_t passed = g->last_sent == RTC_TIME_NEVER ? 0 : packet->sent - g->last_sent;
    double keeps = passed <= 0 ? 1 : passed > SENT_US ? 0 : 1 - (double)passed / SENT_US;
    g->sent_bps = g->sent_bps * keeps + packet->bytes * 8e6 / SENT_US;
    g->last_sent = packet->sent;
}

/* ---- What is heard ---- */

/* Packets that left at a time at which none can have are left out. */
static bool left(const struct congestion_feedback *f, const struct congestion_result *r)
{
    return r->sent <= f->now && r->sent > f->now - torn_us;
}

/* By times that no clock shows nothing is judged, and what was before a clock was set is void. */
static bool has_time(struct gcc *g, rtc_time_t now, const struct congestion_result *r)
{
    if (r->arrived < -(INT64_MAX / 4) || r->arrived > INT64_MAX / 4)
        return false;
    rtc_time_t took = r->arrived - r->sent;
    bool torn = g->clock != RTC_TIME_NEVER && (took - g->clock > torn_us || g->clock - took > torn_us);
    if (torn || !queue_delay_is_possible(&g->queue, now, r->sent, r->arrived)) {
        packet_groups_init(&g->groups);
        trendline_init(&g->trendline);
        queue_delay_init(&g->queue, r->sent);
        ack_rate_init(&g->acked);
    }
    g->clock = took;
    return true;
}

static void answer(struct gcc *g, rtc_time_t now, const struct congestion_result *r)
{
    struct probe_answer a;
    if (!probe_controller_arrived(&g->probes, r, g->queue.jitter_us, &a))
        return;
    aimd_probed(&g->aimd, now, within(g, a.bps), a.verdict == PROBE_HELD_BACK);
    g->probed = now;
    if (a.verdict == PROBE_HELD_BACK || g->aimd.phase == AIMD_DRAINS) {
        probe_controller_forget(&g->probes);
        g->probe_step_bps = 0;
    } else if (a.verdict == PROBE_THROUGH && a.asked_bps >= g->probe_step_bps * 0.99 && a.asked_bps < within(g, 2 * a.asked_bps)) {
        g->probe_step_bps = within(g, 2 * a.asked_bps);
        (void)probe_controller_ask(&g->probes, g->probe_step_bps);
    }
}

static bool arrivals(struct gcc *g, const struct congestion_feedback *f)
{
    bool lost = false;
    for (size_t i = 0; i < f->count; i++) {
        const struct congestion_result *r = &f->results[i];
        struct group_delta delta;
        if (!left(f, r) || r->sent < g->counts_from)
            continue;
        if (r->was_missing)
            loss_estimate_take_back(&g->loss);
        else
            loss_estimate_add(&g->loss, r->sent, r->bytes, r->arrived == RTC_TIME_NEVER);
        lost = lost || r->arrived == RTC_TIME_NEVER;
        if (r->arrived == RTC_TIME_NEVER || !has_time(g, f->now, r))
            continue;
        queue_delay_add(&g->queue, r->sent, r->arrived);
        ack_rate_add(&g->acked, r->arrived, queue_delay_waited(&g->queue, r->sent, r->arrived), (uint64_t)r->bytes + r->bytes_between);
        ack_rate_add(&g->left, r->sent, 0, (uint64_t)r->bytes + r->bytes_between);
        if (packet_groups_add(&g->groups, r->sent, r->arrived, &delta))
            trendline_add(&g->trendline, &delta);
        answer(g, f->now, r);
    }
    queue_delay_judge(&g->queue, f->now);
    return lost;
}

static void timing(struct gcc *g, const struct congestion_feedback *f)
{
    rtc_time_t passed = g->heard == RTC_TIME_NEVER ? g->interval_us : f->now - g->heard;
    passed = passed < 10 * MS ? 10 * MS : passed > 500 * MS ? 500 * MS : passed;
    g->interval_us += (passed - g->interval_us) / 8;
    g->heard = f->now;
    if (f->round_trip > 0)
        g->round_trip_us = f->round_trip < 2 * SECOND ? f->round_trip : 2 * SECOND;
}

/* Whether the path takes more again that took less; and whether it takes more than an application makes that may want it. */
static void ask(struct gcc *g, rtc_time_t now)
{
    if ((g->aimd.phase != AIMD_CLIMBS && g->aimd.phase != AIMD_STARTS) || g->probes.count > 0)
        return;
    double bps = target(g);
    rtc_time_t since = now - g->probed;
    bool dropped = g->aimd.before_drop_bps > 0 && since >= PROBE_AFTER_DROP_US;
    bool limited = g->sent_bps < 0.65 * bps && since >= PROBE_LIMITED_US;
    if (!dropped && !limited)
        return;
    g->probe_step_bps = within(g, 2 * bps);
    g->probed = now;
    if (g->probe_step_bps > bps * 1.1)
        (void)probe_controller_ask(&g->probes, g->probe_step_bps);
}

/* Losses at a rate that stays the same do not tell whether the path loses at any rate (radio) or only what is beyond one (a policer). So
 * now and then a little less than arrives is sent for as long as it takes to see. */
static void try_less(struct gcc *g, rtc_time_t now)
{
    if (g->less.until != RTC_TIME_NEVER) {
        if (now >= g->less.until)
            g->less.until = RTC_TIME_NEVER;
        return;
    }
    const struct loss_estimate *l = &g->loss;
    bool climbs = g->aimd.phase == AIMD_CLIMBS || g->aimd.phase == AIMD_STARTS;
    if (!climbs || l->inherent < less_from || l->count < LESS_STRETCHES || now - g->less.asked < LESS_EVERY_US)
        return;
    double bps = target(g), packets = less_losses / l->inherent;
    rtc_time_t lasts = (rtc_time_t)(packets * PACKET_BITS * 1e6 / bps);
    g->less.bps = bps * (1 - l->inherent) * less_margin;
    g->less.asked = now;
    g->less.until = now + (lasts < LESS_LEAST_US ? LESS_LEAST_US : lasts > LESS_MOST_US ? LESS_MOST_US : lasts);
}

/* Where it seems to jump, what the last messages agree on; a long one is believed at once. */
static rtc_time_t queue(const struct gcc *g)
{
    const struct queue_delay *q = &g->queue;
    return q->jitter_us > NOISY_US && q->standing_us < QUEUE_LONG_US ? q->lasting_us : q->standing_us;
}

/* What was silent for so long may be another path: how long that is and what it takes is not known. */
static void begin_again(struct gcc *g, rtc_time_t now)
{
    packet_groups_init(&g->groups);
    trendline_init(&g->trendline);
    queue_delay_init(&g->queue, now);
    ack_rate_init(&g->acked);
    ack_rate_init(&g->left);
    loss_estimate_init(&g->loss);
    probe_controller_forget(&g->probes);
    aimd_init(&g->aimd, g->aimd.target_bps, now);
    g->probe_step_bps = within(g, 2 * g->aimd.target_bps);
    (void)probe_controller_ask(&g->probes, g->probe_step_bps);
    g->probed = now;
}

/* When the first of them that arrived left; RTC_TIME_NEVER: none did. */
static rtc_time_t first_arrived(const struct congestion_feedback *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->results[i].arrived != RTC_TIME_NEVER)
            return f->results[i].sent;
    return RTC_TIME_NEVER;
}

static void feedback(struct congestion *c, const struct congestion_feedback *f)
{
    struct gcc *g = gcc_of(c);
    if (f->count == 0)
        return;
    rtc_time_t from = first_arrived(f);
    if (g->deaf >= DEAF_LONG && from != RTC_TIME_NEVER) {
        begin_again(g, f->now);
        g->counts_from = from;
    }
    g->deaf = from != RTC_TIME_NEVER ? 0 : g->deaf;
    timing(g, f);
    bool lost = arrivals(g, f);
    loss_estimate_judge(&g->loss);
    const struct aimd_input in = {.now = f->now,
                                  .response_us = g->round_trip_us + g->interval_us,
                                  .acked_bps = ack_rate_bps(&g->acked, ACKED_US),
                                  .newest_bps = ack_rate_bps(&g->acked, NEWEST_US),
                                  .busy_bps = ack_rate_busy_bps(&g->acked, queue(g) > QUEUE_LONG_US ? NEWEST_US : ACKED_US),
                                  .left_bps = ack_rate_bps(&g->left, ACKED_US),
                                  .sent_bps = g->sent_bps,
                                  .in_flight_bits = f->in_flight * 8.0,
                                  .path_us = g->round_trip_us - g->queue.standing_us,
                                  .queue_us = queue(g),
                                  .jitter_us = (rtc_time_t)g->queue.jitter_us,
                                  .trend = g->trendline.trend,
                                  .lost = lost};
    bool competed = g->aimd.phase == AIMD_COMPETES;
    aimd_update(&g->aimd, &in);
    if (competed && g->aimd.phase != AIMD_COMPETES)
        loss_estimate_init(&g->loss); /* what was lost beside somebody who has gone says nothing */
    g->aimd.target_bps = within(g, g->aimd.target_bps);
    aimd_limited(&g->aimd, f->now, g->loss.limit_bps);
    try_less(g, f->now);
    ask(g, f->now);
}

static void report(struct congestion *c, const struct congestion_report *r)
{
    (void)c;
    (void)r; /* feedback says it better */
}

static void remb(struct congestion *c, rtc_time_t now, uint64_t bps)
{
    struct gcc *g = gcc_of(c);
    congestion_bounds_remb(&g->bounds, now, bps);
}

/* Who does not repeat it does not mean it any more; the rate goes on from where it was. */
static void forget_remb(struct gcc *g, rtc_time_t now)
{
    if (!congestion_bounds_remb_is_over(&g->bounds, now))
        return;
    g->aimd.target_bps = target(g);
    g->bounds.remb_bps = 0;
}

/* Packets leave, and nobody says that any arrives. */
static void tick(struct congestion *c, rtc_time_t now)
{
    struct gcc *g = gcc_of(c);
    forget_remb(g, now);
    if (now - g->deaf_at < TICK_US)
        return;
    g->deaf_at = now;
    rtc_time_t since = g->heard == RTC_TIME_NEVER ? g->first_sent : g->heard;
    if (since == RTC_TIME_NEVER || now - since < SILENCE_US + g->round_trip_us || g->last_sent <= since)
        return;
    g->deaf++;
    aimd_deaf(&g->aimd, now);
    g->aimd.target_bps = within(g, g->aimd.target_bps);
}

static rtc_time_t deadline(const struct congestion *c)
{
    const struct gcc *g = (const struct gcc *)c;
    return g->first_sent == RTC_TIME_NEVER ? RTC_TIME_NEVER : g->deaf_at + TICK_US;
}

static struct congestion_target target_of(const struct congestion *c)
{
    const struct gcc *g = (const struct gcc *)c;
    double bps = target(g), limit = g->loss.limit_bps;
    /* Who loses what is beyond a rate loses bursts as well. */
    double pacing = bps * (limit > 0 && bps > limit * limit_near ? 1 : aimd_pacing(&g->aimd));
    return (struct congestion_target){.target_bps = (uint32_t)bps, .pacing_bps = pacing > UINT32_MAX ? UINT32_MAX : (uint32_t)pacing};
}

static bool next_probe(struct congestion *c, rtc_time_t now, struct congestion_probe *out)
{
    struct gcc *g = gcc_of(c);
    (void)now;
    return probe_controller_next(&g->probes, out);
}

const struct congestion_controller gcc_controller = {
    .name = "google",
    .make = make,
    .free = free_gcc,
    .set_limits = set_limits,
    .path_changed = path_changed,
    .sent = sent,
    .feedback = feedback,
    .report = report,
    .remb = remb,
    .tick = tick,
    .deadline = deadline,
    .target = target_of,
    .next_probe = next_probe,
};
