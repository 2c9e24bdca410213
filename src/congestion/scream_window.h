/* SPDX-License-Identifier: MIT */
/* The reference window of SCReAM version 2 (draft-johansson-ccwg-rfc8298bis-screamv2-06 section 4.2): how many bytes may be in flight,
 * lowered by losses, marks and a queue, raised by what is acknowledged. Pure arithmetic, once for each message of feedback. */
#ifndef CRTC_SCREAM_WINDOW_H
#define CRTC_SCREAM_WINDOW_H

#include <crtc/base.h>

/* What one message of feedback says. */
struct scream_input {
    rtc_time_t now, round_trip_us, queue_us;
    double acked_bytes, marked_bytes;
    unsigned arrived, marked, lost; /* packets */
    bool l4s;                       /* marks are those of L4S */
    bool at_most;                   /* the target is at its limit already */
};

/* Embedded. */
struct scream_window {
    double bytes;
    double inflection_bytes; /* the window when there was congestion last */
    double smooth_round_trip_us;
    double queue_us;                 /* quickly down, slowly up */
    double queue_target_us;          /* longer beside those that fill the queue */
    double norm_mean, norm_variance; /* of the queue, in least targets */
    double lossy_rounds;             /* the part of the round trips that have losses */
    double alpha;                    /* the part of the packets that is marked */
    double arrived, marked;          /* packets since alpha was last made anew */
    double deviation;                /* of the queue, which slows growth */
    bool lost_since, marked_since;   /* the last reaction */
    rtc_time_t alpha_at, queue_at, reacted, inflected, congested;
    double in_flight_now, in_flight_before; /* the most of this round trip, and of the one before */
    rtc_time_t round_at;
};

void scream_window_init(struct scream_window *window, double bytes, rtc_time_t now);
void scream_window_sent(struct scream_window *window, rtc_time_t now, double in_flight);
void scream_window_update(struct scream_window *window, const struct scream_input *input);
/* What encoders may make, and how much of the window a burst may exceed it by. */
double scream_window_bps(const struct scream_window *window);
double scream_window_overhead(const struct scream_window *window);

#endif
