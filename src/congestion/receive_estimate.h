/* SPDX-License-Identifier: MIT */
/* What the path to us takes, estimated where packets arrive, for senders that learn nothing of their packets but this
 * (draft-ietf-rmcat-gcc-02 sections 5.3 to 5.5): while groups of packets arrive further and further behind those that left before them, it
 * is a part of what arrives; else it grows, by eight percent a second, or slowly near to where it fell before. */
#ifndef CRTC_RECEIVE_ESTIMATE_H
#define CRTC_RECEIVE_ESTIMATE_H

#include "ack_rate.h"
#include "packet_groups.h"
#include "trendline.h"

enum receive_estimate_state { RECEIVE_ESTIMATE_HOLDS, RECEIVE_ESTIMATE_GROWS, RECEIVE_ESTIMATE_FALLS };

/* Embedded; written by receive_estimate.c. */
struct receive_estimate {
    struct packet_groups groups;
    struct trendline trendline;
    struct ack_rate rate;
    enum receive_estimate_state state;
    double bps;                  /* 0: nobody knows yet */
    double fall_bps, fall_error; /* where it fell, on average, and how far from that as a part of it; 0: it never did */
    rtc_time_t sent;             /* when the last packet left, by the sender's clock */
    rtc_time_t arrived;          /* when it arrived; RTC_TIME_NEVER: none did */
    rtc_time_t began, updated;
};

void receive_estimate_init(struct receive_estimate *estimate);
/* A packet that left at `send_time` (abs-send-time: 24 bits of 1/2^18 s of the sender's clock) and arrived then, of this many bytes on the
 * wire. True when the estimate fell: its sender is to be told at once. */
bool receive_estimate_packet(struct receive_estimate *estimate, uint32_t send_time, rtc_time_t arrived, uint32_t bytes,
                             rtc_time_t round_trip);
/* 0: not known, or nothing has come for long. */
uint32_t receive_estimate_bps(const struct receive_estimate *estimate, rtc_time_t now);

#endif
