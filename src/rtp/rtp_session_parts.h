/* SPDX-License-Identifier: MIT */
/* The whole of a session: its parts, each of which keeps pointers to those above it in this struct and calls none of those below. Two files
 * see all of them: rtp_session.c (its face, what protection lets through, the order of a tick) and rtp_session_rtcp.c (RTCP that arrives).
 */
#ifndef CRTC_RTP_SESSION_PARTS_H
#define CRTC_RTP_SESSION_PARTS_H

#include "rtp_circuits.h"
#include "rtp_receiving.h"

/* Owned by the transport, of its connection's thread. */
struct rtp_session {
    rtc_context *context;
    struct rtp_counters counters; /* written by rtp_session.c, rtp_session_rtcp.c and rtp_receiving.c: each what it threw away */
    struct rtp_members members;
    struct rtp_outlet outlet;
    struct rtp_reports reports;
    struct rtp_arrival_feedback arrivals;
    struct rtp_receiving receiving;
    struct rtp_sending sending;
    struct rtp_circuits circuits;
};

/* rtp_session_rtcp.c: a plain RTCP datagram, borrowed. */
void rtp_session_control(struct rtp_session *session, rtc_time_t now, const struct packet *datagram, struct out *out);

#endif
