/* SPDX-License-Identifier: MIT */
/* The histogram of relative delays. */
#include "delay_estimator.h"

#include <string.h>

void delay_estimator_reset(struct delay_estimator *e)
{
    memset(e, 0, sizeof *e);
}

static void forget(struct delay_estimator *e, struct delay_second *row)
{
    for (uint32_t i = 0; i < DELAY_BUCKETS; i++) {
        e->totals[i] -= row->counts[i];
        e->total -= row->counts[i];
    }
    memset(row, 0, sizeof *row);
}

static void forget_old(struct delay_estimator *e, int64_t second)
{
    for (uint32_t i = 0; i < DELAY_WINDOW_S; i++) {
        struct delay_second *row = &e->seconds[i];
        if (row->used && (row->second <= second - DELAY_WINDOW_S || row->second > second))
            forget(e, row);
    }
}

static void find_base(struct delay_estimator *e)
{
    rtc_time_t base = RTC_TIME_NEVER;
    for (uint32_t i = 0; i < DELAY_WINDOW_S; i++)
        if (e->seconds[i].used && e->seconds[i].base < base)
            base = e->seconds[i].base;
    e->base = base;
    e->ready = true;
}

static struct delay_second *row_of(struct delay_estimator *e, int64_t second)
{
    struct delay_second *row = &e->seconds[second % DELAY_WINDOW_S];
    if (!row->used || row->second != second) {
        forget_old(e, second);
        *row = (struct delay_second){.second = second, .used = true, .base = RTC_TIME_NEVER};
    }
    return row;
}

void delay_estimator_add(struct delay_estimator *e, rtc_time_t now, int64_t media_time_us, bool usual)
{
    int64_t second = now > 0 ? now / 1000000 : 0;
    struct delay_second *row = row_of(e, second);
    rtc_time_t offset = now - media_time_us;
    if (offset < row->base)
        row->base = offset;
    find_base(e);
    if (!usual)
        return;
    int64_t bucket = (offset - e->base) / DELAY_BUCKET_US;
    if (bucket >= DELAY_BUCKETS)
        bucket = DELAY_BUCKETS - 1;
    row->counts[bucket]++;
    e->totals[bucket]++;
    e->total++;
}

rtc_time_t delay_estimator_quantile(const struct delay_estimator *e, uint32_t per_mille)
{
    uint64_t want = ((uint64_t)e->total * per_mille + 999) / 1000, seen = 0;
    if (want == 0)
        return 0;
    for (uint32_t i = 0; i < DELAY_BUCKETS; i++) {
        seen += e->totals[i];
        if (seen >= want)
            return (rtc_time_t)(i + 1) * DELAY_BUCKET_US;
    }
    return (rtc_time_t)DELAY_BUCKETS * DELAY_BUCKET_US;
}

rtc_time_t delay_estimator_earliest(const struct delay_estimator *e, int64_t media_time_us)
{
    return e->base + media_time_us;
}
