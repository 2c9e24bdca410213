/* SPDX-License-Identifier: MIT */
/* A TCP flow: see congestion_cubic.h. */
#include "congestion_cubic.h"

#include <math.h>

enum { BYTES = 1500, BURST_US = 200, TIMEOUT_US = 1000000 };

void cubic_init(struct cubic *cubic, struct congestion_link *forward, rtc_time_t begins, rtc_time_t ends, rtc_time_t back_us)
{
    *cubic = (struct cubic){
        .forward = forward, .begins = begins, .ends = ends, .back_us = back_us, .window = 10, .slow_start_to = 1e6, .round_trip = 100000};
}

/* A loss shows when something later is acknowledged; when nothing is, by a timeout. */
static rtc_time_t next_shows(const struct cubic *c)
{
    for (size_t i = 0; i < c->count; i++) {
        rtc_time_t at = c->flying[(c->from + i) % CUBIC_MAX].acknowledged;
        if (at != RTC_TIME_NEVER)
            return at;
    }
    return c->count > 0 ? c->flying[c->from].sent + TIMEOUT_US : RTC_TIME_NEVER;
}

static bool may_send(const struct cubic *c, rtc_time_t now)
{
    return now < c->ends && c->count < CUBIC_MAX && (double)c->count < c->window;
}

rtc_time_t cubic_deadline(const struct cubic *cubic)
{
    if (cubic->begins == RTC_TIME_NEVER)
        return RTC_TIME_NEVER;
    rtc_time_t sends = may_send(cubic, cubic->begins) ? cubic->begins : RTC_TIME_NEVER, shows = next_shows(cubic);
    return sends < shows ? sends : shows;
}

static void congested(struct cubic *c, rtc_time_t now, rtc_time_t sent)
{
    if (sent < c->recovers_to)
        return;
    c->recovers_to = now;
    c->window_max = c->window < c->window_max ? c->window * 0.85 : c->window;
    c->window = c->window * 0.7 < 2 ? 2 : c->window * 0.7;
    c->slow_start_to = c->window;
    c->epoch = now;
}

static void acknowledged(struct cubic *c, rtc_time_t now, rtc_time_t sent)
{
    c->round_trip += ((now - sent) - c->round_trip) / 8;
    c->arrived += BYTES;
    if (c->window < c->slow_start_to) {
        c->window += 1;
        return;
    }
    double t = (double)(now - c->epoch) / 1e6, k = cbrt(c->window_max * 0.3 / 0.4), r = (double)c->round_trip / 1e6;
    double cube = 0.4 * (t + r - k) * (t + r - k) * (t + r - k) + c->window_max, reno = c->window_max * 0.7 + 0.53 * t / r;
    double to = cube > reno ? cube : reno;
    to = to > c->window * 1.5 ? c->window * 1.5 : to;
    c->window += to > c->window ? (to - c->window) / c->window : 0.01 / c->window;
}

static void take_out(struct cubic *c, rtc_time_t now)
{
    while (c->count > 0 && next_shows(c) <= now) {
        bool all_lost = true;
        for (size_t i = 0; i < c->count; i++)
            all_lost = all_lost && c->flying[(c->from + i) % CUBIC_MAX].acknowledged == RTC_TIME_NEVER;
        rtc_time_t sent = c->flying[c->from].sent, at = c->flying[c->from].acknowledged;
        c->from = (c->from + 1) % CUBIC_MAX;
        c->count--;
        if (at != RTC_TIME_NEVER) {
            acknowledged(c, now, sent);
            continue;
        }
        congested(c, now, sent);
        if (all_lost)
            c->window = 2;
    }
}

void cubic_run(struct cubic *cubic, rtc_time_t now)
{
    struct cubic *c = cubic;
    take_out(c, now);
    if (now >= c->ends)
        c->begins = RTC_TIME_NEVER;
    if (c->begins > now || !may_send(c, now))
        return;
    struct congestion_passage p = congestion_link_take(c->forward, now, BYTES, false);
    size_t at = (c->from + c->count++) % CUBIC_MAX;
    c->flying[at].sent = now;
    c->flying[at].acknowledged = p.arrives ? p.due + c->back_us : RTC_TIME_NEVER;
    c->begins = now + BURST_US; /* a little apart */
}
