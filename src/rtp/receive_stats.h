/* SPDX-License-Identifier: MIT */
/* What a receiver knows of one source's packets: sequence validation, loss and jitter for its reception reports (RFC 3550 6.4.1, A.1,
 * A.3, A.8). */
#ifndef CRTC_RECEIVE_STATS_H
#define CRTC_RECEIVE_STATS_H

#include <crtc/base.h>

enum receive_verdict {
    RECEIVE_PROBATION, /* not a valid source yet: in sequence packets are awaited. The packet may be used. */
    RECEIVE_VALID,
    RECEIVE_RESTART, /* the source began anew: forget what was buffered */
    RECEIVE_STRAY    /* far out of sequence: drop it */
};

/* Embedded in struct rtp_receiver; written by receive_stats.c. */
struct receive_stats {
    bool started, valid;
    uint32_t clock_rate;
    int64_t highest;      /* extended highest sequence number */
    int64_t base;         /* the first of the valid sequence */
    int32_t bad_sequence; /* the next one after a stray, or -1 */
    uint32_t probation;   /* in sequence packets still wanted */
    int64_t received;     /* since base; duplicates count, as RFC 3550 says */
    int64_t expected_prior, received_prior;
    bool has_transit;
    uint32_t transit;   /* of the last packet, in clock units */
    uint32_t jitter_q4; /* jitter times 16 */
    uint32_t last_timestamp;
};

/* The fields of a report block that this stream fills. */
struct receive_report {
    uint8_t fraction_lost;
    int32_t cumulative_lost; /* clamped to 24 bits */
    uint32_t highest_sequence;
    uint32_t jitter; /* clock units */
};

void receive_stats_init(struct receive_stats *stats, uint32_t clock_rate);
/* The source goes on by another clock: what was measured is kept, by that one. */
void receive_stats_set_clock(struct receive_stats *stats, uint32_t clock_rate);
/* One packet of the stream itself (not retransmitted) that arrived then. *sequence is its extended number. */
enum receive_verdict receive_stats_packet(struct receive_stats *stats, rtc_time_t arrived, uint16_t sequence, uint32_t timestamp,
                                          int64_t *extended);
/* The extended number nearest to what was received, for a packet that came by another way (RTX). */
int64_t receive_stats_extend(const struct receive_stats *stats, uint16_t sequence);
/* Fills a report and begins the next interval. False while there is nothing to report. */
bool receive_stats_report(struct receive_stats *stats, struct receive_report *out);
int64_t receive_stats_lost(const struct receive_stats *stats);
double receive_stats_jitter_s(const struct receive_stats *stats);

#endif
