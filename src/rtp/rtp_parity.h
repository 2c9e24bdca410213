/* SPDX-License-Identifier: MIT */
/* Parity of a stream of video that is received (fec_window.h): RED around packets is taken off, what parity protects is kept, and what is
 * missing is given back. Who has no memory for it goes on without. */
#ifndef CRTC_RTP_PARITY_H
#define CRTC_RTP_PARITY_H

#include "rtp_demux.h"
#include "rtp_receive_stream.h"

/* Makes of a packet that is wrapped in RED the one that is in it, in place, and reads it anew. False: what is in it nobody takes. */
bool rtp_parity_unwrap(const struct rtp_demux *demux, struct packet *packet, struct rtp_header *header);
/* Media of the stream came, or RTX of this SSRC; both borrowed. */
void rtp_parity_packet(struct rtp_receive_stream *stream, const struct rtp_header *header, const struct packet *packet);
void rtp_parity_retransmission(struct rtp_receive_stream *stream, uint32_t ssrc, const struct rtp_header *header);
/* A packet of parity came; consumes it. */
void rtp_parity_take(struct rtp_receive_stream *stream, rtc_time_t now, const struct rtp_route *route, const struct rtp_header *header,
                     struct packet *packet);
/* A packet that is given back; the caller's. NULL: none is. */
struct packet *rtp_parity_next(struct rtp_receive_stream *stream, struct packet_pool *pool);
/* For how long what is missing may still be given back; 0: there was no parity lately. */
rtc_time_t rtp_parity_patience(const struct rtp_receive_stream *stream, rtc_time_t now, rtc_time_t round_trip);

#endif
