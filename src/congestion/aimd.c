/* SPDX-License-Identifier: MIT */
/* The rate by delay: see aimd.h. */
#include "aimd.h"

#include <math.h>

enum { MS = 1000, SECOND = 1000000, PACKET_BITS = 9600, RATE_LEAST_BPS = 150000 };
/* Queues. */
enum {
    QUEUE_LEVEL_US = 5 * MS,
    QUIET_US = 5500,
    STARTS_OVER_US = 12 * MS,
    QUEUE_LONG_US = 60 * MS,
    DRAIN_US = 350 * MS,
    DRAIN_MAX_US = 700 * MS,
    QUEUE_OF_OTHERS_US = 80 * MS,
    QUEUE_GROWS_US = 40 * MS,
    QUEUE_MOST_US = 400 * MS
};
enum { IN_VAIN = 2, TEST_EVERY_US = 8 * SECOND, TEST_FIRST_US = 1500 * MS, TEST_US = 600 * MS, AFTER_DROP_US = 60 * SECOND };
/* Rates, as parts, and growth of a second. */
static const double resumes_at = 0.97, drain_least = 0.45, drain_least_in_vain = 0.25, drain_most = 0.85, much_less = 0.6;
static const double near_from = 0.88, near_to = 1.08, beyond_acked = 1.5, growth_near = 0.02, growth_below = 0.5, growth_clear = 0.1,
                    growth_most = 0.8, growth_start = 1.7, growth_held = 0.8, loss_decrease = 0.9, probe_part = 0.92, deeper = 0.12,
                    competes_at = 0.6, competes_least = 0.45, really_less = 0.75, floor_in_vain = 0.3, test_shrinks_to = 0.35,
                    limited_most = 0.9, sent_part = 0.8, unproved = 0.85;

void aimd_init(struct aimd *aimd, double start_bps, rtc_time_t now)
{
    *aimd = (struct aimd){.phase = AIMD_STARTS, .target_bps = start_bps, .phase_began = now, .last = now, .clear_since = now, .event = now};
}

static void enter(struct aimd *a, rtc_time_t now, enum aimd_phase phase)
{
    a->phase = phase;
    a->phase_began = now;
    if (phase == AIMD_CLIMBS)
        a->clear_since = now;
}

/* The slower, the longer may the queue be: of calls that share it those that send most yield first, until all send the same. */
static rtc_time_t level(const struct aimd *a, const struct aimd_input *in)
{
    rtc_time_t packet_us = (rtc_time_t)(PACKET_BITS * 1e6 / fmax(a->target_bps, RATE_LEAST_BPS));
    return QUEUE_LEVEL_US + packet_us + (in->jitter_us > QUIET_US ? (in->jitter_us - QUIET_US) * 2 : 0);
}

static bool is_over(const struct aimd *a, const struct aimd_input *in)
{
    return in->queue_us > level(a, in) || (in->trend == TREND_GROWS && in->queue_us > level(a, in) / 2);
}

/* ---- Down ---- */

/* What the path takes, now that it is full. */
static void learn_capacity(struct aimd *a, double bps)
{
    if (a->capacity_bps > 0 && bps < a->capacity_bps * 0.75 && a->before_drop_bps < a->capacity_bps)
        a->before_drop_bps = a->capacity_bps;
    a->rises = a->capacity_bps > 0 && bps > a->capacity_bps * 1.03 ? a->rises + 1 : 0;
    bool alike = a->capacity_bps > 0 && fabs(bps - a->capacity_bps) < 0.15 * a->capacity_bps;
    a->capacity_bps = alike ? 0.7 * a->capacity_bps + 0.3 * bps : bps;
}

/* Much less left than was allowed, and jitter hides when the path was busy. */
static bool is_unproved(const struct aimd *a, const struct aimd_input *in)
{
    return in->jitter_us > QUIET_US && in->queue_us <= QUEUE_LONG_US && in->left_bps < a->target_bps * sent_part;
}

/* What stands when all that is under way has come to the bottleneck: far more than what the last packets met where the path takes much less
 * than a moment ago. */
static rtc_time_t queue_to_come(const struct aimd_input *in, double takes_bps)
{
    rtc_time_t to_come = (rtc_time_t)(in->in_flight_bits * 1e6 / takes_bps) - in->path_us;
    to_come = to_come < QUEUE_MOST_US ? to_come : QUEUE_MOST_US;
    return to_come > in->queue_us + QUEUE_GROWS_US ? to_come : in->queue_us;
}

/* What arrives says what the path takes only while it is busy: an application that sends a picture now and then leaves it idle between
 * them. Below what it takes for as long as the queue needs to drain; then at once back to a little less than that. */
static void drain(struct aimd *a, const struct aimd_input *in)
{
    if (a->phase == AIMD_CLIMBS || a->phase == AIMD_STARTS) {
        a->drained_from_bps = in->acked_bps;
        a->worse = false;
    }
    double arrives =
        in->queue_us > QUEUE_LONG_US && in->newest_bps > 0 && a->in_vain == 0 ? fmin(in->acked_bps, in->newest_bps) : in->acked_bps;
    arrives = fmax(arrives, in->busy_bps);
    if (is_unproved(a, in))
        arrives = fmax(arrives, a->target_bps * unproved);
    double takes = arrives > 0 ? fmin(arrives, a->target_bps * 1.1) : a->target_bps * drain_most;
    learn_capacity(a, takes);
    double queue_us = (double)(a->in_vain == 0 && takes < a->drained_from_bps * much_less ? queue_to_come(in, takes) : in->queue_us);
    double least = a->in_vain > 0 ? drain_least_in_vain : drain_least;
    double part = fmin(fmax(1 - queue_us / DRAIN_US, least), drain_most);
    part = fmax(part - deeper * a->in_vain, least);
    rtc_time_t lasts = (rtc_time_t)(queue_us / (1 - part));
    a->queue_before = in->queue_us;
    a->target_bps = fmin(a->target_bps, fmax(a->capacity_bps * part, a->in_vain > 0 ? a->drained_from_bps * floor_in_vain : 0));
    a->resume_bps = a->capacity_bps * resumes_at;
    a->until = in->now + (lasts < DRAIN_MAX_US ? lasts : DRAIN_MAX_US);
    a->event = in->now;
    enter(a, in->now, AIMD_DRAINS);
}

/* The path takes less still than was thought. At once packets of before the decrease say so, and later those of after it. */
static bool is_worse(const struct aimd *a, const struct aimd_input *in)
{
    bool sudden = a->in_vain == 0 && !a->worse && in->newest_bps < a->capacity_bps * much_less;
    return (sudden || in->now - a->phase_began >= in->response_us) && in->queue_us > a->queue_before + 20 * MS &&
           in->newest_bps < a->capacity_bps * 0.85;
}

static void while_draining(struct aimd *a, const struct aimd_input *in)
{
    if (is_worse(a, in)) {
        drain(a, in);
        a->worse = true;
        return;
    }
    if (in->now < a->until && in->queue_us > QUEUE_LEVEL_US)
        return;
    a->target_bps = a->resume_bps;
    a->drained_at_bps = in->sent_bps;
    a->until = in->now + in->response_us;
    enter(a, in->now, AIMD_SETTLES);
}

/* ---- Beside somebody who fills the queue ---- */

static void begin_competing(struct aimd *a, const struct aimd_input *in)
{
    a->target_bps =
        fmax(fmax(a->target_bps, a->drained_from_bps * competes_least), fmin(a->drained_from_bps * competes_at, in->acked_bps * 2));
    a->tested = in->now - TEST_EVERY_US + TEST_FIRST_US;
    a->testing = false;
    enter(a, in->now, AIMD_COMPETES);
}

static void leave_competition(struct aimd *a, const struct aimd_input *in)
{
    a->in_vain = 0;
    a->capacity_bps = 0;
    a->before_drop_bps = fmax(a->before_drop_bps, a->drained_from_bps);
    a->event = in->now;
    enter(a, in->now, AIMD_CLIMBS);
}

/* Half of the rate for a moment: a queue that is ours alone shrinks by half of the time. */
static void test_queue(struct aimd *a, const struct aimd_input *in)
{
    if (!a->testing) {
        a->testing = true;
        a->tested = in->now;
        a->queue_before = in->queue_us;
        a->resume_bps = a->target_bps;
        a->target_bps = fmin(in->acked_bps, a->target_bps) / 2;
        return;
    }
    if (in->now - a->tested < TEST_US)
        return;
    if (a->target_bps < a->resume_bps)
        a->target_bps = a->resume_bps;
    if (in->now - a->tested < TEST_US + in->response_us / 2)
        return;
    a->testing = false;
    if ((double)in->queue_us < (double)a->queue_before * test_shrinks_to)
        drain(a, in);
}

static void compete(struct aimd *a, const struct aimd_input *in, double passed)
{
    if (in->queue_us < 2 * level(a, in)) {
        if (a->testing)
            a->target_bps = a->resume_bps;
        leave_competition(a, in);
        return;
    }
    if (a->testing || in->now - a->tested >= TEST_EVERY_US) {
        test_queue(a, in);
        return;
    }
    if (in->lost && in->now - a->event >= in->response_us * 5 / 2) {
        a->target_bps *= loss_decrease;
        a->event = in->now;
        return;
    }
    double most = fmax(a->target_bps, in->acked_bps * beyond_acked);
    double round_trip = fmax((double)in->response_us / SECOND, 0.1);
    a->target_bps = fmin(a->target_bps + PACKET_BITS * passed / (round_trip * round_trip), most);
}

/* Whether less was sent than the path took, so that the queue had to shrink if it were ours alone. */
static bool was_in_vain(const struct aimd *a, const struct aimd_input *in)
{
    return in->queue_us * 10 > a->queue_before * 6 && a->drained_at_bps < a->drained_from_bps * really_less;
}

static void while_settling(struct aimd *a, const struct aimd_input *in)
{
    if (in->queue_us > a->queue_before + QUEUE_LONG_US)
        drain(a, in);
    if (in->now < a->until || a->phase != AIMD_SETTLES)
        return;
    if (!is_over(a, in)) {
        a->in_vain = 0;
        enter(a, in->now, AIMD_CLIMBS);
        return;
    }
    a->in_vain += was_in_vain(a, in);
    if (a->in_vain >= IN_VAIN && in->queue_us > QUEUE_OF_OTHERS_US)
        begin_competing(a, in);
    else
        drain(a, in);
}

/* ---- Up ---- */

/* Slowly around what the path is known to take; beyond that it is known no more, and the longer nothing speaks against it the faster. */
static double growth(struct aimd *a, const struct aimd_input *in)
{
    double clear = (double)(in->now - a->clear_since) / SECOND;
    if (a->phase == AIMD_STARTS)
        return a->capacity_bps > 0 ? growth_held : growth_start;
    if (a->capacity_bps > 0 && a->target_bps < a->capacity_bps * near_from)
        return growth_below;
    if (a->capacity_bps > 0 && a->target_bps < a->capacity_bps * near_to)
        return fmin(growth_near * exp2(fmax(clear - 2, 0) + a->rises), growth_most);
    if (a->capacity_bps > 0) {
        a->capacity_bps = 0;
        a->clear_since = in->now;
    }
    return fmin(growth_clear * exp2((double)(in->now - a->clear_since) / SECOND), growth_most);
}

static void climb(struct aimd *a, const struct aimd_input *in, double passed)
{
    double most = in->acked_bps > 0 ? in->acked_bps * beyond_acked + PACKET_BITS : a->target_bps;
    double to = fmin(a->target_bps * (1 + growth(a, in) * passed), most);
    a->target_bps = fmax(a->target_bps, to);
    if (in->now - a->event > AFTER_DROP_US || a->target_bps > a->before_drop_bps * near_from)
        a->before_drop_bps = 0;
}

void aimd_update(struct aimd *aimd, const struct aimd_input *input)
{
    struct aimd *a = aimd;
    double passed = (double)(input->now - a->last) / SECOND;
    passed = fmin(fmax(passed, 0), 0.2);
    a->last = input->now;
    if (a->phase == AIMD_DRAINS)
        while_draining(a, input);
    else if (a->phase == AIMD_SETTLES)
        while_settling(a, input);
    else if (a->phase == AIMD_COMPETES)
        compete(a, input, passed);
    else if (is_over(a, input) && (a->phase == AIMD_CLIMBS || input->queue_us > level(a, input) + STARTS_OVER_US))
        drain(a, input);
    else
        climb(a, input, passed);
}

void aimd_probed(struct aimd *aimd, rtc_time_t now, double bps, bool all)
{
    struct aimd *a = aimd;
    if (a->phase != AIMD_STARTS && a->phase != AIMD_CLIMBS)
        return;
    if (all) {
        learn_capacity(a, bps);
        bps *= probe_part;
    } else if (a->capacity_bps > 0 && bps > a->capacity_bps * near_to) {
        a->capacity_bps = 0;
        a->clear_since = now;
    }
    a->target_bps = fmax(a->target_bps, bps);
}

void aimd_limited(struct aimd *aimd, rtc_time_t now, double bps)
{
    struct aimd *a = aimd;
    if (bps <= 0 || a->target_bps <= bps || (a->phase != AIMD_STARTS && a->phase != AIMD_CLIMBS))
        return;
    learn_capacity(a, bps);
    a->target_bps = fmax(bps, a->target_bps * limited_most);
    if (a->phase == AIMD_STARTS)
        enter(a, now, AIMD_CLIMBS);
    a->clear_since = now;
}

void aimd_deaf(struct aimd *aimd, rtc_time_t now)
{
    aimd->target_bps *= 0.7;
    aimd->event = now;
}

double aimd_pacing(const struct aimd *aimd)
{
    bool full = aimd->phase == AIMD_DRAINS || aimd->phase == AIMD_SETTLES;
    return full ? 1.0 : aimd->phase == AIMD_STARTS ? 1.5 : 1.25;
}
