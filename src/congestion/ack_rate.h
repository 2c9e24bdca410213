/* SPDX-License-Identifier: MIT */
/* How many bits per second arrive, by the peer's clock. While a queue stands before the bottleneck, that is what it lets through: a time at
 * which some packet waited is one at which it was busy, and what arrives in such times alone says what the path takes when an application
 * sends in bursts. */
#ifndef CRTC_ACK_RATE_H
#define CRTC_ACK_RATE_H

#include <crtc/base.h>

enum { ACK_RATE_BIN_US = 10000, ACK_RATE_BINS = 128 };

/* Embedded. */
struct ack_rate {
    uint64_t bytes[ACK_RATE_BINS];
    bool busy[ACK_RATE_BINS];
    int64_t first, newest; /* bins */
    bool known;
};

void ack_rate_init(struct ack_rate *rate);
/* `waited`: in the queue; less than 0 is 0. */
void ack_rate_add(struct ack_rate *rate, rtc_time_t arrived, rtc_time_t waited, uint64_t bytes);
/* Of the last so long, a second at most; 0: nobody knows yet. */
double ack_rate_bps(const struct ack_rate *rate, rtc_time_t window);
/* The same of the busy part of it; 0: it was too short. */
double ack_rate_busy_bps(const struct ack_rate *rate, rtc_time_t window);

#endif
