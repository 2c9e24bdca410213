/* SPDX-License-Identifier: MIT */
/* SCReAM version 2 as a controller: see scream.h. */
#include "scream.h"

#include "congestion_bounds.h"
#include "loss_estimate.h"
#include "memory.h"
#include "queue_delay.h"
#include "scream_window.h"

enum { MS = 1000, SECOND = 1000000, TICK_US = 500 * MS, SILENCE_US = 700 * MS, START_ROUND_TRIP_US = 100 * MS };
enum { JUDGED = 4, QUEUE_SHORT_US = 20 * MS };
static const rtc_time_t torn_us = 3600LL * SECOND;
static const double inherent_most = 0.2, below_limit = 0.9;
static const double pacing = 1.5, pacing_l4s = 1.15, pacing_relaxed = 4, relaxed_from = 0.8;

struct scream {
    struct congestion congestion;
    rtc_context *context;
    struct congestion_bounds bounds;
    struct queue_delay queue;
    struct loss_estimate loss;
    struct scream_window window;
    rtc_time_t heard, last_sent, ticked; /* RTC_TIME_NEVER: not yet */
    rtc_time_t clock;                    /* what the last packet took, by both clocks */
    bool l4s;
};

static struct scream *scream_of(struct congestion *c)
{
    return (struct scream *)c;
}

static double within(const struct scream *s, double bps)
{
    return congestion_bounds_limited(&s->bounds, bps);
}

static double target(const struct scream *s)
{
    double bps = scream_window_bps(&s->window);
    return congestion_bounds_within(&s->bounds, bps);
}

static void set_limits(struct congestion *c, rtc_time_t now, const struct congestion_limits *limits)
{
    struct scream *s = scream_of(c);
    (void)now;
    congestion_bounds_set(&s->bounds, limits);
}

static void path_changed(struct congestion *c, rtc_time_t now)
{
    struct scream *s = scream_of(c);
    queue_delay_init(&s->queue, now);
    loss_estimate_init(&s->loss);
    scream_window_init(&s->window, within(s, s->bounds.limits.start_bps) * 1.1 / 8 * START_ROUND_TRIP_US / SECOND, now);
    s->heard = s->last_sent = s->clock = RTC_TIME_NEVER;
    s->ticked = now;
    s->l4s = false;
}

static int make(const struct congestion_controller *self, rtc_context *context, const struct congestion_limits *limits, rtc_time_t now,
                struct congestion **out)
{
    struct scream *s = memory_zeroed(context, sizeof *s);
    if (!s)
        return RTC_ERR_NO_MEMORY;
    s->congestion.controller = self;
    s->context = context;
    set_limits(&s->congestion, now, limits);
    path_changed(&s->congestion, now);
    *out = &s->congestion;
    return RTC_OK;
}

static void free_scream(struct congestion *c)
{
    memory_free(scream_of(c)->context, c);
}

static void sent(struct congestion *c, const struct congestion_packet *packet)
{
    struct scream *s = scream_of(c);
    if (s->last_sent == RTC_TIME_NEVER)
        s->ticked = packet->sent;
    s->last_sent = packet->sent;
    scream_window_sent(&s->window, packet->sent, packet->in_flight);
}

static bool left(const struct congestion_feedback *f, const struct congestion_result *r)
{
    return r->sent <= f->now && r->sent > f->now - torn_us;
}

static void time_of(struct scream *s, rtc_time_t now, const struct congestion_result *r)
{
    if (r->arrived < -(INT64_MAX / 4) || r->arrived > INT64_MAX / 4)
        return;
    rtc_time_t took = r->arrived - r->sent;
    bool torn = s->clock != RTC_TIME_NEVER && (took - s->clock > torn_us || s->clock - took > torn_us);
    if (torn || !queue_delay_is_possible(&s->queue, now, r->sent, r->arrived))
        queue_delay_init(&s->queue, r->sent);
    s->clock = took;
    queue_delay_add(&s->queue, r->sent, r->arrived);
}

static void take(struct scream *s, const struct congestion_result *r, struct scream_input *in)
{
    if (r->was_missing)
        loss_estimate_take_back(&s->loss);
    else
        loss_estimate_add(&s->loss, r->sent, r->bytes, r->arrived == RTC_TIME_NEVER);
    if (r->arrived == RTC_TIME_NEVER) {
        in->lost++;
        return;
    }
    time_of(s, in->now, r);
    in->arrived++;
    in->acked_bytes += (double)r->bytes + r->bytes_between;
    s->l4s = r->ecn == CONGESTION_ECN_ECT1 || (s->l4s && r->ecn != CONGESTION_ECN_ECT0);
    if (r->ecn == CONGESTION_ECN_CE) {
        in->marked++;
        in->marked_bytes += r->bytes;
    }
}

/* What a path loses at any rate is not answered: where no queue stands, no mark was seen, and the last seconds do not show that less would
 * be lost of less. */
static bool is_the_paths_own(const struct scream *s, const struct scream_input *in)
{
    return s->loss.count >= JUDGED && s->loss.inherent < inherent_most && in->queue_us < QUEUE_SHORT_US && in->marked <= 0 &&
           (s->loss.limit_bps <= 0 || scream_window_bps(&s->window) < s->loss.limit_bps * below_limit);
}

static void feedback(struct congestion *c, const struct congestion_feedback *f)
{
    struct scream *s = scream_of(c);
    struct scream_input in = {.now = f->now, .round_trip_us = f->round_trip < 2 * SECOND ? f->round_trip : 2 * SECOND};
    for (size_t i = 0; i < f->count; i++)
        if (left(f, &f->results[i]))
            take(s, &f->results[i], &in);
    if (in.arrived + in.lost == 0)
        return;
    queue_delay_judge(&s->queue, f->now);
    s->heard = f->now;
    in.queue_us = s->queue.standing_us;
    in.l4s = s->l4s;
    loss_estimate_judge(&s->loss);
    if (is_the_paths_own(s, &in))
        in.lost = 0;
    in.at_most = s->bounds.limits.max_bps > 0 && scream_window_bps(&s->window) >= s->bounds.limits.max_bps;
    scream_window_update(&s->window, &in);
}

static void report(struct congestion *c, const struct congestion_report *r)
{
    (void)c;
    (void)r; /* feedback says it better */
}

static void remb(struct congestion *c, rtc_time_t now, uint64_t bps)
{
    struct scream *s = scream_of(c);
    congestion_bounds_remb(&s->bounds, now, bps);
}

/* Packets leave, and nobody says that any arrives. */
static void tick(struct congestion *c, rtc_time_t now)
{
    struct scream *s = scream_of(c);
    if (congestion_bounds_remb_is_over(&s->bounds, now))
        s->bounds.remb_bps = 0;
    if (now - s->ticked < TICK_US)
        return;
    s->ticked = now;
    if (s->last_sent == RTC_TIME_NEVER || s->heard == RTC_TIME_NEVER || s->last_sent <= s->heard || now - s->heard < SILENCE_US)
        return;
    s->window.lost_since = true;
    const struct scream_input in = {.now = now, .queue_us = s->queue.standing_us, .at_most = true};
    scream_window_update(&s->window, &in);
}

static rtc_time_t deadline(const struct congestion *c)
{
    const struct scream *s = (const struct scream *)c;
    return s->last_sent == RTC_TIME_NEVER ? RTC_TIME_NEVER : s->ticked + TICK_US;
}

static uint32_t whole(double value)
{
    return value >= UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/* When the encoders are near their limit, pictures may leave faster. Where a burst is marked none is made. */
static struct congestion_target target_of(const struct congestion *c)
{
    const struct scream *s = (const struct scream *)c;
    double bps = target(s), pace = bps * (s->l4s ? pacing_l4s : pacing);
    if (s->bounds.limits.max_bps > 0) {
        double near = (bps / s->bounds.limits.max_bps - relaxed_from) / (1 - relaxed_from), slows = 1 - near;
        slows = slows > 1 ? 1 : slows < 1 / pacing_relaxed ? 1 / pacing_relaxed : slows;
        pace /= slows;
    }
    double window = s->window.bytes * scream_window_overhead(&s->window);
    return (struct congestion_target){.target_bps = whole(bps), .pacing_bps = whole(pace), .window = whole(window)};
}

static bool next_probe(struct congestion *c, rtc_time_t now, struct congestion_probe *out)
{
    (void)c;
    (void)now;
    (void)out;
    return false; /* the window grows instead */
}

const struct congestion_controller scream_controller = {
    .name = "scream",
    .make = make,
    .free = free_scream,
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
    .l4s = true,
};
