/* SPDX-License-Identifier: MIT */
/* What the peer says of a stream that is sent, and asks of it: keyframes (RFC 4585, RFC 5104) and reports (RFC 3550 section 6.4). What it
 * asks again for is repaired by the stream itself (rtp_send_stream_nack). */
#ifndef CRTC_RTP_SEND_FEEDBACK_H
#define CRTC_RTP_SEND_FEEDBACK_H

#include "rtp_send_stream.h"

/* True when a keyframe should be made now (RTP_EVENT_KEYFRAME_REQUEST). Requests within 100 ms of the last, a round trip, or twice the time
 * that the last keyframe takes at the target rate, whichever is longest, are held back until then, unless a keyframe is made meanwhile: see
 * rtp_send_stream_tick(). One that left the peer before our last keyframe could arrive is void, and so is a FIR repeated with its sequence
 * number (RFC 5104 section 4.3.1.2). */
bool rtp_send_stream_pli(struct rtp_send_stream *stream, rtc_time_t now);
bool rtp_send_stream_fir(struct rtp_send_stream *stream, rtc_time_t now, uint32_t from_ssrc, uint8_t sequence);
/* A report block about our media or RTX SSRC. Only those of the media SSRC say something about loss and feed the breaker; true for such
 * a one (pass it on to rtp_rate_report()). The round trip ended when the datagram `arrived`. */
bool rtp_send_stream_report(struct rtp_send_stream *stream, rtc_time_t now, rtc_time_t arrived, const struct rtcp_report *report);

/* What the timers found; each is told once. */
struct rtp_send_stream_due {
    bool keyframe;                   /* a request that was held back */
    enum rtp_breaker_reason breaker; /* not RTP_BREAKER_CLOSED: it just opened; the stream sends nothing any more */
};
struct rtp_send_stream_due rtp_send_stream_tick(struct rtp_send_stream *stream, rtc_time_t now);

#endif
