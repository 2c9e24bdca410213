/* SPDX-License-Identifier: MIT */
/* How long packets wait in a queue of the path: what the quickest of the last ones took, above the quickest of the last half minute. The
 * clocks of the two ends need not agree, and may drift. What jitter adds to single packets is told from what a queue adds to all. */
#ifndef CRTC_QUEUE_DELAY_H
#define CRTC_QUEUE_DELAY_H

#include <crtc/base.h>

enum { QUEUE_DELAY_LAST = 4 };

/* Embedded. */
struct queue_delay {
    rtc_time_t base, base_before; /* of this part of the time and of the one before; RTC_TIME_NEVER: none */
    rtc_time_t base_began;
    rtc_time_t trip, trip_before; /* the shortest until it was told of, in the same parts of the time; RTC_TIME_NEVER: none */
    rtc_time_t first, least, sum; /* of this message: what its first took, its quickest, and how much more than its first all took */
    unsigned count;
    struct {
        rtc_time_t least;
        unsigned count;
    } last[QUEUE_DELAY_LAST]; /* messages, the newest first */
    double jitter_us;         /* how far a packet is above the quickest of its message, on average */
    unsigned judged;          /* messages, up to as many as the average is over */
    rtc_time_t standing_us;   /* the queue */
    rtc_time_t lasting_us;    /* what stood all the time of the last messages */
};

void queue_delay_init(struct queue_delay *delay, rtc_time_t now);
/* A packet of a message of feedback, and its end. */
void queue_delay_add(struct queue_delay *delay, rtc_time_t sent, rtc_time_t arrived);
void queue_delay_judge(struct queue_delay *delay, rtc_time_t now);
/* How much longer a packet took than the quickest; by the messages before this one. */
rtc_time_t queue_delay_waited(const struct queue_delay *delay, rtc_time_t sent, rtc_time_t arrived);
/* Whether it can have waited so long, being told of now: else a clock was set, and what was before that is void. */
bool queue_delay_is_possible(struct queue_delay *delay, rtc_time_t now, rtc_time_t sent, rtc_time_t arrived);

#endif
