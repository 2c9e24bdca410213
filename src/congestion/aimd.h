/* SPDX-License-Identifier: MIT */
/* The rate by delay: additive increase and multiplicative decrease around what the path is known to take (draft-ietf-rmcat-gcc-02 section
 * 5.5 and 5.6), with departures (docs/decisions/0076-congestion-control.md): a decrease lasts as long as the queue takes to drain, and then
 * the rate is at once what the path takes; a queue that does not drain is somebody else's.
 *
 *     starts --a queue--> drains --its time is over--> settles --the queue is gone--> climbs --a queue--> drains
 *                                                         |  \--it is not-----------> drains
 *                                                          \--the third time--------> competes --the queue is gone--> climbs
 */
#ifndef CRTC_AIMD_H
#define CRTC_AIMD_H

#include "trendline.h"

enum aimd_phase { AIMD_STARTS, AIMD_CLIMBS, AIMD_DRAINS, AIMD_SETTLES, AIMD_COMPETES };

/* What one message of feedback says. */
struct aimd_input {
    rtc_time_t now;
    rtc_time_t response_us;         /* how long a change takes to show */
    double acked_bps, newest_bps;   /* what arrives, lately and just now; 0: unknown */
    double busy_bps;                /* what arrived while the path was busy; 0: it hardly was */
    double left_bps;                /* what of it left, by the time at which it did */
    double sent_bps;                /* what left, lately */
    double in_flight_bits;          /* what of it is not known to have arrived or to be lost */
    rtc_time_t path_us;             /* the round trip without the queue */
    rtc_time_t queue_us, jitter_us; /* what stands before the bottleneck; how far packets are above that on average */
    enum trend trend;
    bool lost; /* something was */
};

/* Embedded. */
struct aimd {
    enum aimd_phase phase;
    double target_bps;
    double capacity_bps;    /* what the path took when it was full; 0: unknown, or not any more */
    double before_drop_bps; /* what it took before it took much less; 0: it never did, or that has passed */
    double resume_bps;
    unsigned rises; /* how often in a row it took more than was thought */
    rtc_time_t phase_began, until, last, clear_since, event;
    rtc_time_t queue_before;
    double drained_at_bps;   /* what left meanwhile */
    unsigned in_vain;        /* drains after which the queue was still there */
    double drained_from_bps; /* what arrived before the first of them */
    rtc_time_t tested;       /* while competing: when it was last asked whether the queue is our own */
    bool testing;
    bool worse; /* while it drained the path turned out to take much less still */
};

void aimd_init(struct aimd *aimd, double start_bps, rtc_time_t now);
void aimd_update(struct aimd *aimd, const struct aimd_input *input);
/* A probe says that the path takes so much; `all`: and no more. */
void aimd_probed(struct aimd *aimd, rtc_time_t now, double bps, bool all);
/* Losses say that the path takes so much; 0: they say nothing. */
void aimd_limited(struct aimd *aimd, rtc_time_t now, double bps);
/* Nothing is heard any more. */
void aimd_deaf(struct aimd *aimd, rtc_time_t now);
/* How fast packets may leave, as a part of the target. */
double aimd_pacing(const struct aimd *aimd);

#endif
