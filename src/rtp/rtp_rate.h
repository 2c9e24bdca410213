/* SPDX-License-Identifier: MIT */
/* The sending rate of all video of a session, retransmissions included, while there is no congestion control for each packet: the least of
 * the configured cap, the peer's REMB and a rule on what receiver reports tell (docs/decisions/0018-rate-from-reports.md): start low and
 * raise it by half with each report while nothing speaks against it; a round trip that stays above the shortest one tells of a queue that
 * fills: go below what arrives, so that it empties; over 10 % lost: lower; 2 to 10 %: hold; less: climb, with care where trouble began the
 * last time. Loss is judged over a hundred packets or some seconds, never by one report over a few. */
#ifndef CRTC_RTP_RATE_H
#define CRTC_RTP_RATE_H

#include <crtc/base.h>

enum { RTP_RATE_DEFAULT_CAP_BPS = 1500000, RTP_RATE_MIN_BPS = 50000, RTP_RATE_START_BPS = 300000 };

/* What one report block tells of one of our video streams since the one before. */
struct rtp_rate_sample {
    uint32_t expected, lost;  /* packets */
    uint32_t received_bytes;  /* of those that were not lost, about */
    rtc_time_t round_trip_us; /* measured with this report; 0: it can not be */
    rtc_time_t under_way_us;  /* how long ago the first packet left that the receiver had not seen; 0: there is none, or nobody knows */
    rtc_time_t jitter_us;     /* as the receiver sees it */
};

/* What was heard since `since`, not judged yet. A part of the rate, as the two below. */
struct rtp_rate_window {
    rtc_time_t since; /* RTC_TIME_NEVER: it begins with the next report */
    uint64_t expected, lost, bytes;
};

enum { RTP_RATE_ROUND_TRIPS = 2 };

/* The shortest of the last half minute to minute. */
struct rtp_rate_shortest {
    rtc_time_t now, before; /* of this half of the minute and of the one before; RTC_TIME_NEVER: none */
    rtc_time_t began;
};

/* How long our packets wait in a queue of the network: what the last round trips have in common above the shortest of the last minute. A
 * report tells two of them: that of our last sender report, which is old news, and a lower bound for the packet that it does not know yet.
 * What the way back adds is no business of ours; the times in the peer's sender reports tell it, up to the difference of the clocks. */
struct rtp_rate_queue {
    rtc_time_t waits[RTP_RATE_ROUND_TRIPS];
    size_t at, known;
    struct rtp_rate_shortest round_trip, way_back;
    rtc_time_t waits_back; /* on the way back, as heard at `heard_back` */
    rtc_time_t heard_back;
    rtc_time_t jitter_us;
};

/* Embedded in the sending half of a session (rtp_sending.h); written by rtp_rate.c. */
struct rtp_rate {
    uint32_t cap_bps, start_bps;
    uint32_t remb_bps; /* 0: none received, or long ago */
    rtc_time_t remb_time;
    uint32_t allowed_bps;  /* what the rule allows */
    uint32_t trouble_bps;  /* what arrived when the network was full the last time; 0: it never was, or is not any more */
    bool starting;         /* nothing has spoken against it yet */
    rtc_time_t deaf_until; /* what reports tell before that was sent before the rate was lowered */
    struct rtp_rate_window window;
    struct rtp_rate_queue queue;
};

/* 0: the defaults. */
void rtp_rate_init(struct rtp_rate *rate, uint32_t cap_bps, uint32_t start_bps, rtc_time_t now);
void rtp_rate_set_cap(struct rtp_rate *rate, uint32_t cap_bps);
void rtp_rate_remb(struct rtp_rate *rate, rtc_time_t now, uint64_t bitrate_bps);
/* Peers that limit us say so about every second. A limit that was not repeated for ten is void: from it the rate climbs by the rule. */
void rtp_rate_tick(struct rtp_rate *rate, rtc_time_t now);
/* The round trip that the path is known to have when it is idle. */
void rtp_rate_path(struct rtp_rate *rate, rtc_time_t now, rtc_time_t round_trip_us);
/* Packets take another path: what was learnt of the old one is void, and the rate begins low again. */
void rtp_rate_path_changed(struct rtp_rate *rate, rtc_time_t now);
/* A sender report came. Both times are in microseconds, each by its own clock: when it arrived, and when the peer says that it left. Before
 * the reports that are in the same datagram. */
void rtp_rate_way_back(struct rtp_rate *rate, rtc_time_t now, int64_t arrived_us, int64_t left_us);
/* A receiver report about one of our video streams. */
void rtp_rate_report(struct rtp_rate *rate, rtc_time_t now, const struct rtp_rate_sample *sample);
/* The circuit breaker says that it is far too much: a tenth of it (RFC 8083 section 4.5). False when it could not be less before. */
bool rtp_rate_cut(struct rtp_rate *rate, rtc_time_t now);
/* Begins again at the least. */
void rtp_rate_probe(struct rtp_rate *rate, rtc_time_t now);
uint32_t rtp_rate_target(const struct rtp_rate *rate);

#endif
