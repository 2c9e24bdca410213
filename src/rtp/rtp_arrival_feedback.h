/* SPDX-License-Identifier: MIT */
/* Feedback about every packet that arrives, by which its sender finds out what the path takes: transport-wide, or by RFC 8888, as was
 * negotiated. It goes out as often as its share of five percent of what arrives allows (RFC 3550 section 6.2), in intervals of 50 to
 * 250 ms, at once when much has arrived, and not at all when nothing has.
 *
 * Where neither was negotiated what the path takes is estimated here, from when packets left (abs-send-time), and told with the reports
 * (REMB). */
#ifndef CRTC_RTP_ARRIVAL_FEEDBACK_H
#define CRTC_RTP_ARRIVAL_FEEDBACK_H

#include "arrivals.h"
#include "receive_estimate.h"
#include "rtp_reports.h"

enum { RTP_ARRIVAL_SOURCES_MAX = 32 };

/* What came of one SSRC; of the transport the SSRC is 0. A part of the struct below. */
struct rtp_arrival_source {
    uint32_t ssrc;
    rtc_time_t last;           /* when something came */
    struct arrivals *arrivals; /* owned */
};

/* Owned by the session; written by rtp_arrival_feedback.c. */
struct rtp_arrival_feedback {
    rtc_context *context; /* the session's: no reference */
    const struct rtp_members *members;
    const struct rtp_outlet *outlet;
    struct rtp_reports *reports;
    bool transport_wide, by_source;                             /* what was negotiated: one of the two, or none */
    struct rtp_arrival_source sources[RTP_ARRIVAL_SOURCES_MAX]; /* transport-wide: one */
    size_t source_count;
    bool estimates; /* neither was, but REMB */
    struct receive_estimate estimate;
    uint32_t media_ssrc; /* of the last packet that had a number */
    uint8_t message;     /* of the next message */
    uint64_t reports_sent; /* by RFC 8888, that were sent */
    uint64_t bytes;      /* that came since it was last told */
    rtc_time_t interval;
    rtc_time_t told; /* when that was; RTC_TIME_NEVER */
    rtc_time_t due;  /* RTC_TIME_NEVER: nothing is to be told */
};

void rtp_arrival_feedback_init(struct rtp_arrival_feedback *feedback, rtc_context *context, struct rtp_reports *reports);
void rtp_arrival_feedback_fini(struct rtp_arrival_feedback *feedback);
/* Sections changed: looks anew at what they negotiated. */
void rtp_arrival_feedback_configure(struct rtp_arrival_feedback *feedback);
/* Another peer may number its packets from now on. */
void rtp_arrival_feedback_forget(struct rtp_arrival_feedback *feedback);
/* A packet arrived, whoever's it is. Its extensions are found by the ids that all sections share. */
void rtp_arrival_feedback_packet(struct rtp_arrival_feedback *feedback, rtc_time_t now, const struct rtp_header *header,
                                 const struct packet *packet);
/* Adds what was told of one SSRC by RFC 8888. */
void rtp_arrival_feedback_stats(const struct rtp_arrival_feedback *feedback, uint32_t ssrc, struct rtp_ecn_stats *out);
void rtp_arrival_feedback_tick(struct rtp_arrival_feedback *feedback, rtc_time_t now, struct out *out);
rtc_time_t rtp_arrival_feedback_deadline(const struct rtp_arrival_feedback *feedback);

#endif
