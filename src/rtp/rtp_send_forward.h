/* SPDX-License-Identifier: MIT */
/* A stream that sends on what another connection received (forward_stream.h says what, and with which numbers): packets are written with
 * our SSRC, payload type and extensions, wait in the pacer and are kept for retransmission as any others. */
#ifndef CRTC_RTP_SEND_FORWARD_H
#define CRTC_RTP_SEND_FORWARD_H

#include "forward_stream.h"
#include "rtp_send_stream.h"

/* Where the stream goes on, for forward_stream_init(). Nothing of its own may wait in the pacer. */
struct forward_start rtp_send_stream_forward_start(const struct rtp_send_stream *stream, rtc_time_t now);
/* Whether the stream's codec is that of what is to be sent on. */
bool rtp_send_stream_forwards(const struct rtp_send_stream *stream, const struct forward_packet *packet);
/* Of one that is not left out. Errors: RTC_ERR_INVALID_STATE (the breaker is open), RTC_ERR_NOT_SUPPORTED (another codec, or none),
 * RTC_ERR_RANGE (with our header it is larger than any packet), RTC_ERR_QUOTA_EXCEEDED (the pacer is full), RTC_ERR_NO_MEMORY. Then its
 * number is missing, as if it had been lost, if nobody takes it back (forward_stream_refused()). */
int rtp_send_stream_forward(struct rtp_send_stream *stream, rtc_time_t now, const struct forward_packet *packet,
                            const struct forward_leaving *leaving, struct packet_pool *pool, struct rtp_pacer *pacer);

#endif
