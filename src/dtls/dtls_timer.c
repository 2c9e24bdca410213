/* SPDX-License-Identifier: MIT */
/* See dtls_timer.h. RFC 6347 section 4.2.4.1 would begin with a second; RFC 6298 section 2.4 has that floor for networks whose round trip
 * nobody knows. ICE has measured this one, and set-up time is what a caller waits for (docs/decisions/0010-losses-during-set-up.md). */
#include "dtls_timer.h"

enum {
    FLOOR_MS = 50,
    UNKNOWN_MS = 100, /* without a measured round trip */
    FIRST_MAX_MS = 10000,
    REORDERED_US = 10000, /* what two datagrams that changed places are apart */
    HASTENED_MAX = 2
};

void dtls_timer_stop(struct dtls_timer *t)
{
    t->final = RTC_TIME_NEVER;
}

uint32_t dtls_timer_measure(struct dtls_timer *t, rtc_time_t rtt_us)
{
    rtc_time_t first_ms = rtt_us > 0 ? rtt_us * 3 / 2000 : UNKNOWN_MS; /* one and a half round trips */
    if (first_ms < FLOOR_MS)
        first_ms = FLOOR_MS;
    if (first_ms > FIRST_MAX_MS)
        first_ms = FIRST_MAX_MS;
    t->first = first_ms * 1000;
    return (uint32_t)first_ms;
}

/* mbedTLS doubles from the first timeout on. We double from the second on: it comes from a measured round trip, so a loss is far more
 * likely than a round trip that grew, and a second loss should not cost twice what the first did. */
static rtc_time_t doubled_later(const struct dtls_timer *t, rtc_time_t timeout)
{
    rtc_time_t half = timeout / 2;
    return timeout <= t->first ? timeout : half < t->first ? t->first : half;
}

void dtls_timer_set(struct dtls_timer *t, rtc_time_t now, uint32_t intermediate_ms, uint32_t final_ms)
{
    t->intermediate = now + (rtc_time_t)intermediate_ms * 1000;
    t->final = final_ms == 0 ? RTC_TIME_NEVER : now + doubled_later(t, (rtc_time_t)final_ms * 1000);
}

enum dtls_timer_state dtls_timer_state(const struct dtls_timer *t, rtc_time_t now)
{
    if (t->final == RTC_TIME_NEVER)
        return DTLS_TIMER_STOPPED;
    if (now >= t->final)
        return DTLS_TIMER_EXPIRED;
    return now >= t->intermediate ? DTLS_TIMER_INTERMEDIATE : DTLS_TIMER_RUNS;
}

/* Unless the missing flight comes in a moment, what we sent last is sent again, which makes the peer repeat its own (RFC 6347
 * section 4.2.4): the timer would take a round trip more to find out. A forger gains no more than so many repetitions. */
void dtls_timer_hasten(struct dtls_timer *t, rtc_time_t now)
{
    rtc_time_t at = now + REORDERED_US;
    if (t->hastened == HASTENED_MAX || t->final == RTC_TIME_NEVER || t->final <= at)
        return;
    if (t->hastened > 0 && now < t->hastened_at + t->first)
        return;
    t->hastened++;
    t->hastened_at = now;
    t->final = at;
}
