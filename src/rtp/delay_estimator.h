/* SPDX-License-Identifier: MIT */
/* How much later than the fastest one packets (or whole frames) of one stream arrive: the base of every playout delay. Arrival times are
 * compared with media times (RFC 3550 6.4.1: the difference of relative transit times); the fastest of the last seconds is the base
 * line, the rest is a histogram whose quantile says what to wait for. Old seconds drop out whole, so the estimate forgets a bad spell
 * completely after DELAY_WINDOW_S seconds. */
#ifndef CRTC_DELAY_ESTIMATOR_H
#define CRTC_DELAY_ESTIMATOR_H

#include <crtc/base.h>

enum {
    DELAY_WINDOW_S = 7,
    DELAY_BUCKETS = 128,
    DELAY_BUCKET_US = 5000 /* the histogram ends at 640 ms */
};

/* A part of its estimator. */
struct delay_second {
    int64_t second; /* since the time base's start; which second this row counts */
    bool used;
    rtc_time_t base; /* least arrival - media time */
    uint32_t counts[DELAY_BUCKETS];
};

/* Embedded in a jitter buffer; written by delay_estimator.c. */
struct delay_estimator {
    struct delay_second seconds[DELAY_WINDOW_S];
    uint32_t totals[DELAY_BUCKETS];
    uint32_t total;
    bool ready;      /* base is known */
    rtc_time_t base; /* least arrival - media time of the window; the last known one when nothing arrived for longer */
};

void delay_estimator_reset(struct delay_estimator *estimator);
/* One arrival; both in microseconds, media_time on any base that does not jump. One that is not `usual` counts for the base line only. */
void delay_estimator_add(struct delay_estimator *estimator, rtc_time_t now, int64_t media_time_us, bool usual);
/* How late per_mille of the window's arrivals were at most; 0 when there was none. */
rtc_time_t delay_estimator_quantile(const struct delay_estimator *estimator, uint32_t per_mille);
/* When something of this media time arrives at the earliest. */
rtc_time_t delay_estimator_earliest(const struct delay_estimator *estimator, int64_t media_time_us);

#endif
