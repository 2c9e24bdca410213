/* SPDX-License-Identifier: MIT */
/* The sending rate: see rtp_rate.h. */
#include "rtp_rate.h"

enum { MS = 1000, US_PER_S = 1000000, REMB_VALID_US = 10 * US_PER_S };

/* Loss. Out of a hundred packets at 5 % of random loss more than ten are lost once in a hundred times, out of twenty once in thirteen. */
enum { LOSS_HIGH_PERCENT = 10, LOSS_LOW_PERCENT = 2, PACKETS_ENOUGH = 100, PACKETS_LEAST = 20, LONG_ENOUGH_US = 3 * US_PER_S };
enum { OBVIOUS_LOST = 10, OBVIOUS_PERCENT = 25 }; /* needs no hundred packets */

/* Time. Raising shows in a report about a round trip and an interval of reports later. */
enum { RAISE_EVERY_US = US_PER_S, RAMP_EVERY_US = 400 * MS, SETTLE_US = 500 * MS, ARRIVED_PERCENT = 70 };

/* A queue: what jitter explains is none. Keyframes of our own make one of up to 100 ms that is gone with the next report. */
enum { QUEUE_US = 50 * MS, QUEUE_JITTERS = 4, HALF_MINUTE_US = 30 * US_PER_S };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t limited(uint64_t bps, uint32_t cap)
{
    uint64_t rate = bps < RTP_RATE_MIN_BPS ? RTP_RATE_MIN_BPS : bps;
    return rate > cap ? cap : (uint32_t)rate;
}

static void begin_window(struct rtp_rate *r, rtc_time_t now)
{
    r->window = (struct rtp_rate_window){.since = now};
}

static void begin_queue(struct rtp_rate_queue *q, rtc_time_t now)
{
    const struct rtp_rate_shortest none = {RTC_TIME_NEVER, RTC_TIME_NEVER, now};
    *q = (struct rtp_rate_queue){.round_trip = none, .way_back = none, .heard_back = RTC_TIME_NEVER};
}

static void begin(struct rtp_rate *r, rtc_time_t now)
{
    r->trouble_bps = 0;
    r->starting = true;
    r->deaf_until = now;
    begin_queue(&r->queue, now);
    begin_window(r, RTC_TIME_NEVER);
}

void rtp_rate_init(struct rtp_rate *rate, uint32_t cap_bps, uint32_t start_bps, rtc_time_t now)
{
    *rate =
        (struct rtp_rate){.cap_bps = cap_bps ? cap_bps : RTP_RATE_DEFAULT_CAP_BPS, .start_bps = start_bps ? start_bps : RTP_RATE_START_BPS};
    rate->allowed_bps = least(rate->cap_bps, rate->start_bps);
    begin(rate, now);
}

void rtp_rate_set_cap(struct rtp_rate *rate, uint32_t cap_bps)
{
    rate->cap_bps = cap_bps ? cap_bps : RTP_RATE_DEFAULT_CAP_BPS;
    rate->allowed_bps = least(rate->allowed_bps, rate->cap_bps);
}

void rtp_rate_remb(struct rtp_rate *rate, rtc_time_t now, uint64_t bitrate_bps)
{
    rate->remb_bps = bitrate_bps > UINT32_MAX ? UINT32_MAX : bitrate_bps == 0 ? 1 : (uint32_t)bitrate_bps;
    rate->remb_time = now;
}

void rtp_rate_tick(struct rtp_rate *rate, rtc_time_t now)
{
    if (rate->remb_bps == 0 || now - rate->remb_time < REMB_VALID_US)
        return;
    rate->allowed_bps = least(rate->allowed_bps, rtp_rate_target(rate));
    rate->starting = false;
    rate->remb_bps = 0;
}

uint32_t rtp_rate_target(const struct rtp_rate *rate)
{
    uint32_t target = least(rate->cap_bps, rate->allowed_bps);
    if (rate->remb_bps)
        target = least(target, rate->remb_bps);
    if (target < RTP_RATE_MIN_BPS)
        target = RTP_RATE_MIN_BPS;
    return least(target, rate->cap_bps);
}

/* ---- The queue ---- */

static rtc_time_t shorter(rtc_time_t a, rtc_time_t b)
{
    return a < b ? a : b;
}

static void note_shortest(struct rtp_rate_shortest *s, rtc_time_t now, rtc_time_t value)
{
    if (now - s->began >= HALF_MINUTE_US) {
        s->before = s->now;
        s->now = RTC_TIME_NEVER;
        s->began = now;
    }
    s->now = shorter(s->now, value);
}

static rtc_time_t above_shortest(const struct rtp_rate_shortest *s, rtc_time_t value)
{
    rtc_time_t shortest = shorter(s->now, s->before);
    return shortest < value ? value - shortest : 0;
}

void rtp_rate_path(struct rtp_rate *rate, rtc_time_t now, rtc_time_t round_trip_us)
{
    if (round_trip_us > 0)
        note_shortest(&rate->queue.round_trip, now, round_trip_us);
}

void rtp_rate_way_back(struct rtp_rate *rate, rtc_time_t now, int64_t arrived_us, int64_t left_us)
{
    struct rtp_rate_queue *q = &rate->queue;
    rtc_time_t took = arrived_us - left_us;
    note_shortest(&q->way_back, now, took);
    q->waits_back = above_shortest(&q->way_back, took);
    q->heard_back = now;
}

static void note_round_trip(struct rtp_rate_queue *q, rtc_time_t now, const struct rtp_rate_sample *sample)
{
    q->jitter_us = sample->jitter_us;
    if (sample->round_trip_us <= 0 && sample->under_way_us <= 0)
        return;
    if (sample->round_trip_us > 0)
        note_shortest(&q->round_trip, now, sample->round_trip_us);
    rtc_time_t longest = sample->round_trip_us > sample->under_way_us ? sample->round_trip_us : sample->under_way_us;
    rtc_time_t waits = above_shortest(&q->round_trip, longest), back = q->heard_back == now ? q->waits_back : 0;
    q->waits[q->at] = waits > back ? waits - back : 0;
    q->at = (q->at + 1) % RTP_RATE_ROUND_TRIPS;
    q->known += q->known < RTP_RATE_ROUND_TRIPS;
}

/* What a queue adds to every packet, as far as the last reports tell. */
static rtc_time_t standing(const struct rtp_rate_queue *q)
{
    rtc_time_t waits = q->waits[0];
    for (size_t i = 1; i < RTP_RATE_ROUND_TRIPS; i++)
        waits = shorter(waits, q->waits[i]);
    return q->known == RTP_RATE_ROUND_TRIPS ? waits : 0;
}

static rtc_time_t allowed_queue(const struct rtp_rate_queue *q)
{
    return QUEUE_US + QUEUE_JITTERS * q->jitter_us;
}

/* Whether the last report alone is above suspicion: half of what would be too much is too much to ask for more. */
static bool is_clear(const struct rtp_rate_queue *q)
{
    return q->known == 0 || q->waits[(q->at + RTP_RATE_ROUND_TRIPS - 1) % RTP_RATE_ROUND_TRIPS] <= allowed_queue(q) / 2;
}

void rtp_rate_path_changed(struct rtp_rate *rate, rtc_time_t now)
{
    rate->allowed_bps = least(rate->allowed_bps, rate->start_bps);
    begin(rate, now);
}

/* ---- Lower ---- */

static void lower(struct rtp_rate *r, rtc_time_t now, uint64_t to_bps, rtc_time_t round_trip)
{
    r->allowed_bps = limited(to_bps, rtp_rate_target(r));
    r->starting = false;
    r->deaf_until = now + round_trip + SETTLE_US;
    r->queue.known = 0;
    begin_window(r, RTC_TIME_NEVER);
}

/* What arrived of ours, in bits per second; what is allowed when nothing is known. */
static uint64_t arriving(const struct rtp_rate *r, rtc_time_t now)
{
    rtc_time_t passed = r->window.since == RTC_TIME_NEVER ? 0 : now - r->window.since;
    return passed > 0 && r->window.bytes > 0 ? r->window.bytes * 8 * US_PER_S / (uint64_t)passed : rtp_rate_target(r);
}

/* Below what arrives by a tenth, and by so much more that the queue is empty two seconds later. */
static void empty_queue(struct rtp_rate *r, rtc_time_t now, rtc_time_t waiting, rtc_time_t round_trip)
{
    uint64_t arrives = arriving(r, now), target = rtp_rate_target(r), base = arrives < target ? arrives : target;
    rtc_time_t extra = waiting < 800 * MS ? waiting : 800 * MS;
    r->trouble_bps = (uint32_t)base;
    lower(r, now, base * (uint64_t)(1800 * MS - extra) / (2000 * MS), round_trip);
}

static void lower_by_loss(struct rtp_rate *r, rtc_time_t now, rtc_time_t round_trip)
{
    uint64_t target = rtp_rate_target(r), to = target * (2 * r->window.expected - r->window.lost) / (2 * r->window.expected);
    bool obvious = r->window.lost * 100 > r->window.expected * OBVIOUS_PERCENT || standing(&r->queue) > QUEUE_US;
    uint64_t arrives = arriving(r, now) * 17 / 20;
    r->trouble_bps = obvious ? (uint32_t)(arrives < target ? arrives : target) : (uint32_t)to;
    lower(r, now, obvious && arrives < to ? arrives : to, round_trip);
}

bool rtp_rate_cut(struct rtp_rate *rate, rtc_time_t now)
{
    uint32_t before = rtp_rate_target(rate);
    rate->trouble_bps = before / 10 * 2;
    lower(rate, now, before / 10, 0);
    return before > RTP_RATE_MIN_BPS;
}

void rtp_rate_probe(struct rtp_rate *rate, rtc_time_t now)
{
    lower(rate, now, 0, 0);
}

/* ---- Raise ---- */

/* An encoder that makes less than it may has proven nothing about the network. */
static void raise_to(struct rtp_rate *r, rtc_time_t now, uint64_t to_bps)
{
    uint64_t proven = 2 * arriving(r, now);
    uint64_t to = to_bps < proven ? to_bps : proven;
    if (to > r->allowed_bps)
        r->allowed_bps = limited(to, r->cap_bps);
    begin_window(r, now);
}

/* What was raised the last time has to arrive first. */
static void ramp(struct rtp_rate *r, rtc_time_t now)
{
    if (arriving(r, now) * 100 >= (uint64_t)r->allowed_bps * ARRIVED_PERCENT)
        raise_to(r, now, (uint64_t)r->allowed_bps * 3 / 2);
    else if (now - r->window.since >= LONG_ENOUGH_US)
        begin_window(r, now);
}

/* Quickly to where there was trouble the last time, slowly there; once well past it, it is forgotten. */
static void climb(struct rtp_rate *r, rtc_time_t now)
{
    uint64_t rate = r->allowed_bps;
    if (r->trouble_bps && rate > (uint64_t)r->trouble_bps * 5 / 4)
        r->trouble_bps = 0;
    uint64_t percent = rate < (uint64_t)r->trouble_bps * 3 / 4 ? 125 : rate < (uint64_t)r->trouble_bps * 9 / 10 ? 108 : 102;
    raise_to(r, now, rate * (r->trouble_bps ? percent : 108) / 100 + 1000);
}

/* ---- Reports ---- */

static bool is_lossy(const struct rtp_rate *r, rtc_time_t now)
{
    const struct rtp_rate_window *w = &r->window;
    if (w->lost >= OBVIOUS_LOST && w->lost * 100 > w->expected * OBVIOUS_PERCENT)
        return true;
    rtc_time_t passed = now - w->since;
    bool enough = passed >= (w->expected >= PACKETS_ENOUGH ? US_PER_S : LONG_ENOUGH_US) && w->expected >= PACKETS_LEAST;
    return enough && w->lost * 100 > w->expected * LOSS_HIGH_PERCENT;
}

static void judge_raise(struct rtp_rate *r, rtc_time_t now)
{
    const struct rtp_rate_window *w = &r->window;
    rtc_time_t every = r->starting ? RAMP_EVERY_US : RAISE_EVERY_US;
    bool few_lost = w->lost * 100 <= w->expected * LOSS_LOW_PERCENT, many_lost = w->lost * 100 > w->expected * LOSS_HIGH_PERCENT;
    if (now - w->since < every || w->expected < PACKETS_LEAST || !is_clear(&r->queue) || many_lost)
        return;
    if (r->starting)
        ramp(r, now);
    else if (few_lost)
        climb(r, now);
    else if (w->expected >= PACKETS_ENOUGH)
        begin_window(r, now);
}

void rtp_rate_report(struct rtp_rate *r, rtc_time_t now, const struct rtp_rate_sample *sample)
{
    note_round_trip(&r->queue, now, sample);
    if (now < r->deaf_until || r->window.since == RTC_TIME_NEVER || sample->expected == 0) {
        begin_window(r, now);
        return;
    }
    r->window.expected += sample->expected;
    r->window.lost += sample->lost;
    r->window.bytes += sample->received_bytes;
    rtc_time_t waiting = standing(&r->queue);
    if (waiting > allowed_queue(&r->queue))
        empty_queue(r, now, waiting, sample->round_trip_us);
    else if (is_lossy(r, now))
        lower_by_loss(r, now, sample->round_trip_us);
    else
        judge_raise(r, now);
}
