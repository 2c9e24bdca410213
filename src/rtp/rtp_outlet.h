/* SPDX-License-Identifier: MIT */
/* What a session knows of the way that its packets take: their protection, how large they may be, how long they take, and whether any may
 * leave. */
#ifndef CRTC_RTP_OUTLET_H
#define CRTC_RTP_OUTLET_H

#include "rtp_members.h"
#include "srtp.h"

/* Owned by the session; written by rtp_session.c alone, as it is told. */
struct rtp_outlet {
    const struct rtp_members *members;
    struct srtp_transport *srtp; /* owned; NULL before the keys */
    bool writable;               /* a valid pair with consent */
    bool closed;                 /* we said goodbye */
    uint32_t max_packet;
    rtc_time_t round_trip; /* of the path; 0: unknown */
};

/* Whether a packet may be made at all. */
bool rtp_outlet_is_open(const struct rtp_outlet *outlet);
/* The largest plain RTP packet. */
size_t rtp_outlet_max_rtp(const struct rtp_outlet *outlet);
/* The shortest that reports about our streams tell, else what the path is known to have, else a guess. */
rtc_time_t rtp_outlet_round_trip(const struct rtp_outlet *outlet);

#endif
