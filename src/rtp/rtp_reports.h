/* SPDX-License-Identifier: MIT */
/* RTCP that is sent: the regular compound reports (RFC 3550 6.2, 6.4), early feedback (RFC 4585), reduced in size where that was negotiated
 * (RFC 5506), and goodbyes. Regular ones also tell our time where we receive and the peer wants to know (RFC 3611), and answer to its. */
#ifndef CRTC_RTP_REPORTS_H
#define CRTC_RTP_REPORTS_H

#include "rtp_outlet.h"
#include "rtp_reference_times.h"

enum { RTP_CNAME_MAX = 64 };

/* Owned by the session; written by rtp_reports.c. */
struct rtp_reports {
    rtc_context *context; /* the session's: no reference */
    const struct rtp_members *members;
    const struct rtp_outlet *outlet;
    char cname[RTP_CNAME_MAX + 1];
    uint32_t path_bps; /* from the peer, that it is told; 0: none */
    rtc_time_t next;   /* when the next regular one is due; RTC_TIME_NEVER */
    struct rtp_reference_times references;
};

/* One RTCP datagram in the making: on the stack of who writes it. */
struct rtp_control {
    struct packet *packet;
    struct writer writer;
};

/* `cname` is copied; NULL: none. */
void rtp_reports_init(struct rtp_reports *reports, rtc_context *context, const struct rtp_members *members, const struct rtp_outlet *outlet,
                      const char *cname);
/* A regular one, of all that is sent and received. */
void rtp_reports_send(struct rtp_reports *reports, rtc_time_t now, struct out *out);
/* What the path from the peer takes, which is told it in each of them (REMB); 0: nobody knows. */
void rtp_reports_set_path(struct rtp_reports *reports, uint32_t path_bps);
/* A regular one is due no later than this. */
void rtp_reports_hasten(struct rtp_reports *reports, rtc_time_t at);
/* The peer, as this SSRC, told its time, which arrived then. */
void rtp_reports_reference(struct rtp_reports *reports, rtc_time_t arrived, uint32_t ssrc, uint64_t ntp);
/* What who plays wants its sender to be told now. */
void rtp_reports_feedback(const struct rtp_reports *reports, rtc_time_t now, const struct rtp_receive_stream *stream, struct out *out);
/* Early feedback of a section's: a datagram that begins as RTCP has to there. False: it can not be sent. Else it is finished, which sends
 * it, or drops it when nothing was written or not all had room. */
bool rtp_reports_begin_feedback(const struct rtp_reports *reports, struct rtp_control *control, rtc_time_t now,
                                const struct rtp_member *member, struct out *out);
void rtp_reports_finish(const struct rtp_reports *reports, struct rtp_control *control, struct out *out);
/* For one section (its streams), or NULL for all. */
void rtp_reports_bye(const struct rtp_reports *reports, rtc_time_t now, const struct rtp_member *member, struct out *out);

#endif
