/* SPDX-License-Identifier: MIT */
/* RTCP that is sent: the regular compound reports (RFC 3550 6.2, 6.4), early feedback (RFC 4585), reduced in size where that was negotiated
 * (RFC 5506), and goodbyes. */
#ifndef CRTC_RTP_REPORTS_H
#define CRTC_RTP_REPORTS_H

#include "rtp_outlet.h"

enum { RTP_CNAME_MAX = 64 };

/* Owned by the session; written by rtp_reports.c. */
struct rtp_reports {
    rtc_context *context; /* the session's: no reference */
    const struct rtp_members *members;
    const struct rtp_outlet *outlet;
    char cname[RTP_CNAME_MAX + 1];
    rtc_time_t next; /* when the next regular one is due; RTC_TIME_NEVER */
};

/* `cname` is copied; NULL: none. */
void rtp_reports_init(struct rtp_reports *reports, rtc_context *context, const struct rtp_members *members, const struct rtp_outlet *outlet,
                      const char *cname);
/* A regular one, of all that is sent and received. */
void rtp_reports_send(struct rtp_reports *reports, rtc_time_t now, struct out *out);
/* A regular one is due no later than this. */
void rtp_reports_hasten(struct rtp_reports *reports, rtc_time_t at);
/* What who plays wants its sender to be told now. */
void rtp_reports_feedback(const struct rtp_reports *reports, rtc_time_t now, const struct rtp_receive_stream *stream, struct out *out);
/* For one section (its streams), or NULL for all. */
void rtp_reports_bye(const struct rtp_reports *reports, rtc_time_t now, const struct rtp_member *member, struct out *out);

#endif
