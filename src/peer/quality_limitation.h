/* SPDX-License-Identifier: MIT */
/* Why pictures are sent smaller than they come, and for how long in all (webrtc-stats, qualityLimitationReason and
 * qualityLimitationDurations). */
#ifndef CRTC_QUALITY_LIMITATION_H
#define CRTC_QUALITY_LIMITATION_H

#include <crtc/base.h>

enum quality_reason { QUALITY_NONE, QUALITY_CPU, QUALITY_BANDWIDTH, QUALITY_OTHER, QUALITY_REASONS };

/* Part of what a sender counts; written by the functions below, but for sums (send_pipeline.c). Zeroed: nothing was sent yet. */
struct quality_limitation {
    enum quality_reason reason;
    bool begun;
    rtc_time_t since; /* until when the durations are known */
    rtc_time_t durations[QUALITY_REASONS];
};

/* Until now it was for the reason that stands there. Times do not go back. */
static inline void quality_limitation_until(struct quality_limitation *q, rtc_time_t at)
{
    if (!q->begun || at <= q->since)
        return;
    q->durations[q->reason] += at - q->since;
    q->since = at;
}

static inline void quality_limitation_set(struct quality_limitation *q, enum quality_reason reason, rtc_time_t at)
{
    quality_limitation_until(q, at);
    if (!q->begun)
        q->since = at;
    q->begun = true;
    q->reason = reason;
}

#endif
