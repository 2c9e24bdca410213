/* SPDX-License-Identifier: MIT */
/* The receiving half of a session: packets to their receivers, playout, lip sync, and who fell silent. */
#ifndef CRTC_RTP_RECEIVING_H
#define CRTC_RTP_RECEIVING_H

#include "rtp_arrival_feedback.h"

/* Owned by the session; written by rtp_receiving.c. */
struct rtp_receiving {
    rtc_context *context; /* the session's: no reference */
    const struct rtp_members *members;
    const struct rtp_outlet *outlet;
    const struct rtp_reports *reports;
    struct rtp_arrival_feedback *arrivals; /* the session's: told of every packet */
    struct rtp_counters *counters;         /* the session's */
    struct jitter_room jitter;             /* of all receivers */
    bool disable_nack;                     /* tests: no loss repair */
    rtc_time_t next_sync;
    /* Of what is told as it came: the least time from when anything was captured, by its sender's clock, to when it came. */
    bool knows_way;
    int64_t least_way;
};

/* A plain RTP packet, consumed; with what it lets parity give back. */
void rtp_receiving_packet(struct rtp_receiving *receiving, rtc_time_t now, struct packet *packet, struct out *out);
/* One stream ended (BYE). */
void rtp_receiving_end(struct rtp_receiving *receiving, uint32_t ssrc, struct out *out);
void rtp_receiving_tick(struct rtp_receiving *receiving, rtc_time_t now, struct out *out);
rtc_time_t rtp_receiving_deadline(const struct rtp_receiving *receiving, enum timer_reason *why);

#endif
