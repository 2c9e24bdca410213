/* SPDX-License-Identifier: MIT */
/* A leaky pacer between the packetizers and the wire, so that a keyframe is not a line-rate burst. Strict priorities: audio is never
 * delayed, then retransmissions, then video. Bytes of video leave at `rate`; when packets would wait longer than the queue's time limit
 * the rate is raised so that they do not. Video and its repair share one budget (RFC 4588 section 7): retransmissions get no more than a
 * part of the target, and what they take is taken off what the encoder may make. Owns its packets.
 *
 * The way of a packet: rtp_send_stream_frame() and rtp_send_stream_nack() push plain RTP without sequence numbers here, extensions by
 * ids of our own; the session pops what is due, lets rtp_send_stream_leaving() number it, write its extensions and cache it, protects it in
 * place and sends it:
 *
 *     while ((packet = rtp_pacer_pop(&pacer, now)) != NULL) {
 *         sender = the one with rtp_send_stream_owns(sender, rtp_ssrc(packet_slice(packet)));
 *         if (rtp_send_stream_leaving(sender, now, packet))
 *             srtp_protect_packet(...); out_send(...);
 *     }
 */
#ifndef CRTC_RTP_PACER_H
#define CRTC_RTP_PACER_H

#include "packet.h"

enum rtp_priority { RTP_PRIORITY_AUDIO, RTP_PRIORITY_REPAIR, RTP_PRIORITY_VIDEO, RTP_PRIORITIES };

enum { RTP_PACER_PACKETS_MAX = 2048, RTP_PACER_REPAIRS_MAX = 256, RTP_PACER_QUEUE_TIME_US = 250000 };

/* Embedded in the sending half of a session (rtp_sending.h); written by rtp_pacer.c. */
struct rtp_pacer {
    struct packet_queue queues[RTP_PRIORITIES];
    uint64_t queued_bytes; /* of what is paced: all but audio */
    uint32_t rate_bps;
    int64_t budget;         /* millionths of a bit that may leave now; negative: in debt */
    rtc_time_t budget_time; /* when the budget was last filled */
    uint64_t dropped;       /* packets that found the queue full, or no budget for repairs */
    uint32_t target_bps;
    int64_t repair_left;    /* bytes; what may be repaired at once */
    uint64_t repaired;      /* bytes, those of long ago counting less: about what the last second took */
    rtc_time_t repair_time; /* when both were last brought up to date */
};

/* Embedded. `target_bps` is the encoder's target: the pacer's rate is 2.5 times it. */
void rtp_pacer_init(struct rtp_pacer *pacer, uint32_t target_bps, rtc_time_t now);
void rtp_pacer_fini(struct rtp_pacer *pacer);
void rtp_pacer_set_target(struct rtp_pacer *pacer, uint32_t target_bps);
/* Takes the packet in every case; false when its queue is full, or repairs have used up their part, and it was dropped. */
bool rtp_pacer_push(struct rtp_pacer *pacer, rtc_time_t now, enum rtp_priority priority, struct packet *packet);
/* The next packet that is due, the caller's; NULL when none is. */
struct packet *rtp_pacer_pop(struct rtp_pacer *pacer, rtc_time_t now);
/* Whether so many packets of video still fit. */
bool rtp_pacer_has_room(const struct rtp_pacer *pacer, size_t packets);
/* How long what waits takes to leave. */
rtc_time_t rtp_pacer_backlog(const struct rtp_pacer *pacer);
/* When rtp_pacer_pop() will give a packet (TIMER_RTP_PACE); RTC_TIME_NEVER when empty. */
rtc_time_t rtp_pacer_deadline(const struct rtp_pacer *pacer);
/* What repairs take now, in bits per second. */
uint32_t rtp_pacer_repair_rate(struct rtp_pacer *pacer, rtc_time_t now);
/* Drops what waits: of one SSRC, of which it says how many packets, or all. */
size_t rtp_pacer_drop(struct rtp_pacer *pacer, uint32_t ssrc);
void rtp_pacer_clear(struct rtp_pacer *pacer);

#endif
