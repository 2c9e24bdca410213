/* SPDX-License-Identifier: MIT */
/* One direction of a path in virtual time, for congestion control alone: packets are sizes. In order of effect: the link is down; the
 * queue before the bottleneck is full, or a policer says no; the bottleneck's rate, with marks for those that wait; loss, alone and in
 * bursts (a Gilbert-Elliott chain); delay, jitter that keeps the order, packets that fall behind. Everything random comes from one seed. */
#ifndef CRTC_CONGESTION_LINK_H
#define CRTC_CONGESTION_LINK_H

#include <crtc/base.h>

struct congestion_link {
    uint64_t rate_bps;
    rtc_time_t queue_us; /* what would wait longer is dropped */
    bool polices;        /* nothing waits: what would wait longer is dropped, the rest passes at once */
    rtc_time_t mark_us;  /* what is marked as capable of ECN and waits longer is marked; 0: nothing is */
    rtc_time_t delay_us, jitter_us;
    double loss;
    double bad_begins, bad_ends, bad_loss; /* chances with each packet */
    double late;
    rtc_time_t late_us;
    bool down;
    uint64_t seed;
    /* The link's own. */
    rtc_time_t idle, last_due; /* when the bottleneck will have sent what it has */
    bool bad;
};

struct congestion_passage {
    bool arrives, overflowed, marked;
    rtc_time_t waits; /* before the bottleneck */
    rtc_time_t due;
};

struct congestion_passage congestion_link_take(struct congestion_link *link, rtc_time_t now, uint32_t bytes, bool ect);
/* What would wait that came now. */
rtc_time_t congestion_link_queue(const struct congestion_link *link, rtc_time_t now);
/* Uniform in [0, 1). */
double congestion_chance(uint64_t *seed);

#endif
