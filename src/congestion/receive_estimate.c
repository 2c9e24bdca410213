/* SPDX-License-Identifier: MIT */
/* What the path to us takes: see receive_estimate.h. */
#include "receive_estimate.h"

#include <math.h>

#define GROWTH_PER_S 1.08
#define FALL_TO 0.85
#define MOST_BEYOND 1.5 /* of what arrives: more is only guessed */
#define FALL_WEIGHT 0.05
#define NEAR_FALL 3.0 /* deviations */

enum {
    SEND_TIME_BITS = 24,
    SEND_TIME_FRACTION_BITS = 18,
    RATE_WINDOW_US = 500000,
    SILENCE_US = 2000000, /* after it, or set back by it, what was learnt is void: the sender's clock goes around in 64 s */
    US_PER_S = 1000000,
    RESPONSE_US = 100000, /* beyond the round trip */
    PACKET_BITS = 1200 * 8,
    LEAST_STEP_BPS = 4000,
    SPARE_BPS = 10000
};

void receive_estimate_init(struct receive_estimate *e)
{
    *e = (struct receive_estimate){.arrived = RTC_TIME_NEVER};
    packet_groups_init(&e->groups);
    trendline_init(&e->trendline);
    ack_rate_init(&e->rate);
}

/* When it left, on from when the one before it did. */
static rtc_time_t sent_at(const struct receive_estimate *e, uint32_t send_time)
{
    const int64_t around = (int64_t)1 << SEND_TIME_BITS, turn_us = (around >> SEND_TIME_FRACTION_BITS) * US_PER_S;
    int64_t turns = e->sent / turn_us * turn_us; /* kept apart: a peer may say that years pass */
    int64_t last = ((e->sent - turns) << SEND_TIME_FRACTION_BITS) / US_PER_S, next = last;
    /* Rounded, the time before may be one unit short: all of it is within half a turn. */
    int64_t ahead = ((int64_t)send_time - last) & (around - 1);
    next += ahead < around / 2 ? ahead : ahead - around;
    return turns + (rtc_time_t)((next * US_PER_S + (1 << (SEND_TIME_FRACTION_BITS - 1))) >> SEND_TIME_FRACTION_BITS);
}

static void begin(struct receive_estimate *e, uint32_t send_time, rtc_time_t arrived)
{
    receive_estimate_init(e);
    e->sent = (rtc_time_t)(((int64_t)send_time * US_PER_S + (1 << (SEND_TIME_FRACTION_BITS - 1))) >> SEND_TIME_FRACTION_BITS);
    e->began = e->updated = arrived;
}

/* Section 5.5: which way it goes by what the delay does. */
static enum receive_estimate_state next_state(enum receive_estimate_state now, enum trend trend)
{
    if (trend == TREND_GROWS)
        return RECEIVE_ESTIMATE_FALLS;
    if (trend == TREND_SHRINKS)
        return RECEIVE_ESTIMATE_HOLDS;
    return now == RECEIVE_ESTIMATE_FALLS ? RECEIVE_ESTIMATE_HOLDS : RECEIVE_ESTIMATE_GROWS;
}

static bool is_near_fall(const struct receive_estimate *e, double rate)
{
    return e->fall_bps > 0 && fabs(rate - e->fall_bps) <= NEAR_FALL * fmax(e->fall_error, 0.03) * e->fall_bps;
}

static void grow(struct receive_estimate *e, double rate, rtc_time_t passed, rtc_time_t round_trip)
{
    double seconds = fmin((double)passed / US_PER_S, 1);
    double step = is_near_fall(e, rate) ? PACKET_BITS * (double)passed / (double)(round_trip + RESPONSE_US)
                                        : e->bps * (pow(GROWTH_PER_S, seconds) - 1);
    if (e->fall_bps > 0 && rate > e->fall_bps * (1 + NEAR_FALL * fmax(e->fall_error, 0.03)))
        e->fall_bps = e->fall_error = 0; /* more than that arrives: the path is another */
    e->bps = fmin(fmax(e->bps, fmin(e->bps + fmax(step, LEAST_STEP_BPS * seconds), MOST_BEYOND * rate + SPARE_BPS)), UINT32_MAX);
}

static void note_fall(struct receive_estimate *e, double rate)
{
    double off = e->fall_bps > 0 ? fabs(rate - e->fall_bps) / e->fall_bps : 0;
    if (e->fall_bps == 0 || off > NEAR_FALL * fmax(e->fall_error, 0.03)) {
        e->fall_bps = rate;
        e->fall_error = 0;
        return;
    }
    e->fall_bps += FALL_WEIGHT * (rate - e->fall_bps);
    e->fall_error += FALL_WEIGHT * (off - e->fall_error);
}

static bool fall(struct receive_estimate *e, double rate)
{
    double to = FALL_TO * rate;
    note_fall(e, rate);
    if (to >= e->bps)
        return false;
    e->bps = to;
    return true;
}

static bool update(struct receive_estimate *e, rtc_time_t arrived, rtc_time_t round_trip)
{
    double rate = ack_rate_bps(&e->rate, RATE_WINDOW_US);
    rtc_time_t passed = arrived - e->updated;
    if (arrived - e->began < RATE_WINDOW_US || rate <= 0)
        return false;
    if (e->bps == 0)
        e->bps = MOST_BEYOND * rate;
    enum receive_estimate_state before = e->state;
    e->state = next_state(before, e->trendline.trend);
    if (e->state == RECEIVE_ESTIMATE_FALLS && before == RECEIVE_ESTIMATE_FALLS && passed < round_trip + RESPONSE_US)
        return false; /* what was told is still on its way */
    e->updated = arrived;
    if (e->state == RECEIVE_ESTIMATE_FALLS)
        return fall(e, rate);
    if (e->state == RECEIVE_ESTIMATE_GROWS)
        grow(e, rate, passed, round_trip);
    return false;
}

static rtc_time_t apart(rtc_time_t a, rtc_time_t b)
{
    return a > b ? a - b : b - a;
}

bool receive_estimate_packet(struct receive_estimate *e, uint32_t send_time, rtc_time_t arrived, uint32_t bytes, rtc_time_t round_trip)
{
    struct group_delta delta;
    if (e->arrived == RTC_TIME_NEVER || apart(arrived, e->arrived) > SILENCE_US || e->sent - sent_at(e, send_time) > SILENCE_US)
        begin(e, send_time, arrived);
    rtc_time_t sent = sent_at(e, send_time);
    e->arrived = arrived;
    ack_rate_add(&e->rate, arrived, 0, bytes);
    e->sent = sent > e->sent ? sent : e->sent;
    if (!packet_groups_add(&e->groups, sent, arrived, &delta))
        return false;
    trendline_add(&e->trendline, &delta);
    return update(e, arrived, round_trip);
}

uint32_t receive_estimate_bps(const struct receive_estimate *e, rtc_time_t now)
{
    bool silent = e->arrived == RTC_TIME_NEVER || apart(now, e->arrived) > SILENCE_US;
    return silent ? 0 : (uint32_t)e->bps;
}
