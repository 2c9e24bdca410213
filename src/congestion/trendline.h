/* SPDX-License-Identifier: MIT */
/* Whether the delay grows: a line through the last group delays, whose slope is compared with a threshold that follows what is normal on
 * this path (draft-ietf-rmcat-gcc-02 sections 5.4 and 5.5, with a least-squares line in place of the Kalman filter). */
#ifndef CRTC_TRENDLINE_H
#define CRTC_TRENDLINE_H

#include "packet_groups.h"

enum { TRENDLINE_POINTS = 20 };
enum trend { TREND_LEVEL, TREND_GROWS, TREND_SHRINKS };

/* Embedded. */
struct trendline {
    struct {
        double arrived_ms, delay_ms;
    } points[TRENDLINE_POINTS];
    unsigned count, deltas;
    rtc_time_t began; /* the peer's time of the first */
    double sum_ms, smoothed_ms;
    double threshold_ms, before_ms, over_for_ms;
    unsigned over_count;
    enum trend trend;
};

void trendline_init(struct trendline *trendline);
void trendline_add(struct trendline *trendline, const struct group_delta *delta);

#endif
