/* SPDX-License-Identifier: MIT */
/* Between which rates a controller stays, whatever it finds out: its limits, and what the peer takes (REMB). Who does not repeat a REMB
 * does not mean it any more. */
#ifndef CRTC_CONGESTION_BOUNDS_H
#define CRTC_CONGESTION_BOUNDS_H

#include "congestion.h"

enum { CONGESTION_REMB_VALID_US = 10000000 };

/* A part of a controller, which writes `limits`; the rest is written here. */
struct congestion_bounds {
    struct congestion_limits limits; /* min_bps and start_bps are not 0 */
    uint64_t remb_bps;               /* 0: the peer says nothing */
    rtc_time_t remb_time;
};

static inline void congestion_bounds_set(struct congestion_bounds *b, const struct congestion_limits *limits)
{
    b->limits = *limits;
    b->limits.min_bps = limits->min_bps ? limits->min_bps : CONGESTION_MIN_BPS;
    b->limits.start_bps = limits->start_bps ? limits->start_bps : CONGESTION_START_BPS;
    if (b->limits.max_bps && b->limits.max_bps < b->limits.min_bps)
        b->limits.min_bps = b->limits.max_bps;
}

static inline void congestion_bounds_remb(struct congestion_bounds *b, rtc_time_t now, uint64_t bps)
{
    b->remb_bps = bps > 0 ? bps : 1;
    b->remb_time = now;
}

static inline bool congestion_bounds_remb_is_over(const struct congestion_bounds *b, rtc_time_t now)
{
    return b->remb_bps > 0 && now - b->remb_time >= CONGESTION_REMB_VALID_US;
}

/* The limits alone. */
static inline double congestion_bounds_limited(const struct congestion_bounds *b, double bps)
{
    double most = b->limits.max_bps ? b->limits.max_bps : UINT32_MAX;
    double to = bps > most ? most : bps;
    return to < b->limits.min_bps ? b->limits.min_bps : to;
}

static inline double congestion_bounds_within(const struct congestion_bounds *b, double bps)
{
    return congestion_bounds_limited(b, b->remb_bps > 0 && (double)b->remb_bps < bps ? (double)b->remb_bps : bps);
}

#endif
