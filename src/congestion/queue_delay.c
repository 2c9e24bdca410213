/* SPDX-License-Identifier: MIT */
/* The queue of the path: see queue_delay.h. */
#include "queue_delay.h"

enum { SECOND = 1000000, PART_US = 15 * SECOND, ENOUGH = 6, AVERAGE = 16, SLACK_US = 300000 };

void queue_delay_init(struct queue_delay *delay, rtc_time_t now)
{
    *delay = (struct queue_delay){.base = RTC_TIME_NEVER,
                                  .base_before = RTC_TIME_NEVER,
                                  .base_began = now,
                                  .trip = RTC_TIME_NEVER,
                                  .trip_before = RTC_TIME_NEVER,
                                  .least = RTC_TIME_NEVER};
}

void queue_delay_add(struct queue_delay *delay, rtc_time_t sent, rtc_time_t arrived)
{
    rtc_time_t took = arrived - sent;
    delay->least = took < delay->least ? took : delay->least;
    delay->first = delay->count == 0 ? took : delay->first;
    delay->sum += took - delay->first;
    delay->count++;
}

static rtc_time_t sooner(rtc_time_t a, rtc_time_t b)
{
    return a < b ? a : b;
}

static rtc_time_t base(struct queue_delay *d, rtc_time_t now)
{
    if (now - d->base_began >= PART_US) {
        d->base_before = d->base;
        d->trip_before = d->trip;
        d->base = d->trip = RTC_TIME_NEVER;
        d->base_began = now;
    }
    d->base = sooner(d->base, d->least);
    return sooner(d->base, d->base_before);
}

rtc_time_t queue_delay_waited(const struct queue_delay *delay, rtc_time_t sent, rtc_time_t arrived)
{
    rtc_time_t quickest = sooner(delay->base, delay->base_before), took = arrived - sent;
    return quickest != RTC_TIME_NEVER && took > quickest ? took - quickest : 0;
}

/* What it waited is part of the time until it was told of, of which the shortest had no part in it. The slack is for clocks that drift, and
 * for what others have to wait less until somebody tells of them: of a few packets a second messages come every 250 ms. */
bool queue_delay_is_possible(struct queue_delay *delay, rtc_time_t now, rtc_time_t sent, rtc_time_t arrived)
{
    rtc_time_t trip = now - sent;
    delay->trip = sooner(delay->trip, trip);
    return queue_delay_waited(delay, sent, arrived) <= trip - sooner(delay->trip, delay->trip_before) + SLACK_US;
}

void queue_delay_judge(struct queue_delay *delay, rtc_time_t now)
{
    struct queue_delay *d = delay;
    if (d->count == 0)
        return;
    rtc_time_t reference = base(d, now);
    d->judged += d->judged < AVERAGE;
    d->jitter_us += ((double)d->sum / d->count + (double)(d->first - d->least) - d->jitter_us) / d->judged;
    for (unsigned i = QUEUE_DELAY_LAST - 1; i > 0; i--)
        d->last[i] = d->last[i - 1];
    d->last[0].least = d->least;
    d->last[0].count = d->count;
    rtc_time_t least = d->least, lasting = d->least;
    unsigned count = d->count;
    for (unsigned i = 1; i < QUEUE_DELAY_LAST && d->last[i].count > 0; i++) {
        least = count < ENOUGH ? sooner(least, d->last[i].least) : least;
        lasting = sooner(lasting, d->last[i].least);
        count += d->last[i].count;
    }
    d->standing_us = least > reference ? least - reference : 0;
    d->lasting_us = lasting > reference ? lasting - reference : 0;
    d->least = RTC_TIME_NEVER;
    d->sum = 0;
    d->count = 0;
}
