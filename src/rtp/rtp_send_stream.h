/* SPDX-License-Identifier: MIT */
/* One outgoing stream and its RTX stream: packetizes encoded frames, numbers and stamps packets, keeps copies for retransmission,
 * answers feedback, and knows what reports say about it. Everything it sends goes into the pacer as plain RTP (see rtp_pacer.h for how
 * it leaves). */
#ifndef CRTC_RTP_SEND_STREAM_H
#define CRTC_RTP_SEND_STREAM_H

#include "rtcp.h"
#include "rtp_breaker.h"
#include "rtp_pacer.h"
#include "rtp_packet.h"
#include "rtp_rate.h"

struct rtp_send_stream;

/* For a section that sends: its ssrc, rtx_ssrc, send_codec, mid, extension ids. `max_rtp_bytes`: the largest plain RTP packet (the
 * datagram less srtp_transport_overhead()). The sequence number and timestamp start at random. RTC_ERR_NO_MEMORY. */
int rtp_send_stream_new(rtc_context *context, const struct rtp_section *section, size_t max_rtp_bytes, struct rtp_send_stream **out);
void rtp_send_stream_free(struct rtp_send_stream *sender);
/* The section changed (codec, payload types, ids, mid); SSRCs stay as they were. */
void rtp_send_stream_configure(struct rtp_send_stream *sender, const struct rtp_section *section);
void rtp_send_stream_set_max_rtp(struct rtp_send_stream *sender, size_t max_rtp_bytes);
/* Whether the SSRC is the stream's or its RTX stream's. */
bool rtp_send_stream_owns(const struct rtp_send_stream *sender, uint32_t ssrc);

/* Packetizes a frame into the pacer, as a whole or not at all. The peer does not see that a frame is missing: after an error the next one
 * of video that may be sent is a keyframe, which the caller sees to. Errors: RTC_ERR_NOT_SUPPORTED (no payload format for its codec, or not
 * the section's codec), RTC_ERR_INVALID_STATE (the breaker is open), RTC_ERR_ENCODING (not an Opus packet), RTC_ERR_RANGE (an audio frame
 * over one packet), RTC_ERR_QUOTA_EXCEEDED (the pacer is full), RTC_ERR_NO_MEMORY. */
int rtp_send_stream_frame(struct rtp_send_stream *sender, rtc_time_t now, rtc_encoded_frame *frame, uint8_t audio_level,
                          struct packet_pool *pool, struct rtp_pacer *pacer);
/* A packet of ours left the pacer and is about to be protected: gives it its sequence number, writes its abs-send-time, counts and caches
 * it. What waited and was dropped leaves no hole that the peer would take for loss. */
void rtp_send_stream_leaving(struct rtp_send_stream *sender, rtc_time_t now, struct packet *packet);
/* Media of ours that waited in the pacer was dropped. Where that cut a picture in two a number is left out: the peer must not take the part
 * that it has for the whole. Of video the caller sees to a keyframe. */
void rtp_send_stream_dropped(struct rtp_send_stream *sender);

/* Feedback about our media SSRC. Without RTX nothing is sent again: the same packet must not be protected twice. Neither is what could not
 * arrive in time any more, what was sent again less than a round trip or too many times before, and what the pacer has no budget for. */
void rtp_send_stream_nack(struct rtp_send_stream *sender, rtc_time_t now, const struct rtcp_packet *nack, struct packet_pool *pool,
                          struct rtp_pacer *pacer);
/* True when a keyframe should be made now (RTP_EVENT_KEYFRAME_REQUEST). Requests within 100 ms of the last, a round trip, or twice the time
 * that the last keyframe takes at the target rate, whichever is longest, are held back until then: see rtp_send_stream_tick(). One that
 * left the peer before our last keyframe could arrive is void, and so is a FIR repeated with its sequence number (RFC 5104
 * section 4.3.1.2). */
bool rtp_send_stream_pli(struct rtp_send_stream *sender, rtc_time_t now);
bool rtp_send_stream_fir(struct rtp_send_stream *sender, rtc_time_t now, uint32_t from_ssrc, uint8_t sequence);
/* A report block about our media or RTX SSRC. Only those of the media SSRC say something about loss and feed the breaker; true for such
 * a one (pass it on to rtp_rate_report()). */
bool rtp_send_stream_report(struct rtp_send_stream *sender, rtc_time_t now, const struct rtcp_report *report);
/* What the last such report said beyond the one before it. */
const struct rtp_rate_sample *rtp_send_stream_sample(const struct rtp_send_stream *sender);
/* What the encoder may make now; keyframes that are asked for come no more often than they can be sent. */
void rtp_send_stream_set_target(struct rtp_send_stream *sender, uint32_t target_bps);
/* Whether congestion is somebody else's fault: while video flows, the breaker of sound does not open for it. */
void rtp_send_stream_excuse(struct rtp_send_stream *sender, bool excused);
/* 0 while unknown. */
rtc_time_t rtp_send_stream_round_trip_us(const struct rtp_send_stream *sender);

/* What the timers found; each is told once. */
struct rtp_send_stream_due {
    bool keyframe;                   /* a request that was held back */
    enum rtp_breaker_reason breaker; /* not RTP_BREAKER_CLOSED: it just opened; the stream sends nothing any more */
};
struct rtp_send_stream_due rtp_send_stream_tick(struct rtp_send_stream *sender, rtc_time_t now);
rtc_time_t rtp_send_stream_deadline(const struct rtp_send_stream *sender, enum timer_reason *why);
/* Packets can not leave (or can again): the breaker's timeouts start over. */
void rtp_send_stream_pause(struct rtp_send_stream *sender);
/* Media may flow again after the breaker opened: what was wrong has passed (RFC 8083 section 4.5). */
void rtp_send_stream_resume(struct rtp_send_stream *sender);

/* For SR. False before the first media packet left: then only RR may be sent. */
bool rtp_send_stream_info(const struct rtp_send_stream *sender, rtc_time_t now, struct rtcp_sender_info *out);
/* True when media left since the given time: it is a sender in the sense of RFC 3550 section 6.4. */
bool rtp_send_stream_active_since(const struct rtp_send_stream *sender, rtc_time_t since);
uint32_t rtp_send_stream_ssrc(const struct rtp_send_stream *sender);
/* Fills all but target_bitrate_bps. */
void rtp_send_stream_stats(const struct rtp_send_stream *sender, struct rtp_outbound_stats *out);

#endif
