/* SPDX-License-Identifier: MIT */
/* What follows when the circuit breaker of a stream opens (RFC 8083 section 4.5): it is reduced before it is stopped, tried again after a
 * while, and everybody who has to know is told. Video goes before sound does: congestion that video takes part in is not the sound's. The
 * drawing is at enum rtp_circuit. */
#ifndef CRTC_RTP_CIRCUITS_H
#define CRTC_RTP_CIRCUITS_H

#include "rtp_sending.h"

/* Owned by the session; written by rtp_circuits.c, as is the circuit of each stream. */
struct rtp_circuits {
    rtc_context *context; /* the session's: no reference */
    const struct rtp_members *members;
    struct rtp_sending *sending;
    rtc_time_t last_heard; /* when RTCP last came */
};

/* RTCP came, whatever it says: streams that stopped because nothing at all was heard go on. */
void rtp_circuits_heard(struct rtp_circuits *circuits, rtc_time_t now, struct out *out);
/* The stream's breaker opened. */
void rtp_circuits_open(struct rtp_circuits *circuits, rtc_time_t now, struct rtp_send_stream *stream, enum rtp_breaker_reason reason,
                       struct out *out);
/* What was wrong has passed, as far as is known: media flows again where it was stopped. */
void rtp_circuits_close(struct rtp_circuits *circuits, rtc_time_t now, struct rtp_send_stream *stream, struct out *out);
/* Tries again, and sees that all is well, when it is time. */
void rtp_circuits_tick(struct rtp_circuits *circuits, rtc_time_t now, struct rtp_send_stream *stream, struct out *out);
/* Video gives way before sound: while it flows, congestion is not the sound's fault. */
void rtp_circuits_excuse_sound(const struct rtp_circuits *circuits, rtc_time_t now);

#endif
