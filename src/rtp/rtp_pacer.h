/* SPDX-License-Identifier: MIT */
/* A leaky pacer between the packetizers and the wire, so that a keyframe is not a line-rate burst: the budget of all that leaves on a
 * transport. Strict priorities: audio is never delayed, and takes no more than the next tenth of a second from
 * the others, then retransmissions, then video, then padding, which whoever pops makes. What is
 * not audio leaves at `rate`; when packets would wait longer than the queue's time limit the rate is raised so that they do not. Video and
 * its repair share one budget (RFC 4588 section 7): retransmissions get no more than a part of the target, and what they take is taken off
 * what the encoder may make. What is counted is what is on the wire. With a window, no more than that is in flight. Owns its packets.
 *
 * A probe is a short burst at a rate of its own: of what waits, else of padding. While one is under way the rate is the probe's.
 *
 * The way of a packet: rtp_send_stream_frame() and rtp_send_stream_nack() push plain RTP without sequence numbers here, extensions by
 * ids of our own; the session pops what is due, lets rtp_send_stream_leaving() number it, write its extensions and cache it, protects it in
 * place and sends it:
 *
 *     while ((packet = rtp_pacer_pop(&pacer, now)) != NULL) {
 *         sender = the one with rtp_send_stream_owns(sender, rtp_ssrc(packet_slice(packet)));
 *         if (rtp_send_stream_leaving(sender, now, packet))
 *             srtp_protect_packet(...); rtp_pacer_left(&pacer, what protection and headers add); out_send(...);
 *     }
 */
#ifndef CRTC_RTP_PACER_H
#define CRTC_RTP_PACER_H

#include "congestion.h"
#include "packet.h"

enum rtp_priority { RTP_PRIORITY_AUDIO, RTP_PRIORITY_REPAIR, RTP_PRIORITY_VIDEO, RTP_PRIORITIES };

enum { RTP_PACER_PACKETS_MAX = 2048, RTP_PACER_REPAIRS_MAX = 256, RTP_PACER_QUEUE_TIME_US = 250000, RTP_PACER_QUEUE_TIME_MAX_US = 1000000 };

/* A burst that is under way. A part of the pacer. */
struct rtp_pacer_probe {
    uint8_t id; /* 0: none is */
    uint32_t rate_bps;
    int64_t bytes_left, packets_left;
    rtc_time_t until; /* then it is over, whatever is left of it */
    bool pads;        /* whoever pops has padding, where nothing waits */
};

/* How much may be in flight. A part of the pacer. */
struct rtp_pacer_window {
    uint32_t bytes; /* 0: no limit */
    uint32_t in_flight;
    rtc_time_t next; /* when it is full: one packet may leave then, so that the peer has something to speak of */
};

/* Embedded in the sending half of a session (rtp_sending.h); written by rtp_pacer.c. */
struct rtp_pacer {
    struct packet_queue queues[RTP_PRIORITIES];
    uint64_t queued_bytes; /* of what is paced: all but audio */
    uint32_t rate_bps;
    rtc_time_t queue_time;  /* no packet of video is to wait longer than this */
    bool sound_left;        /* what was popped last was sound */
    int64_t budget;         /* millionths of a bit that may leave now; negative: in debt */
    rtc_time_t budget_time; /* when the budget was last filled */
    uint64_t dropped;       /* packets that found the queue full, or no budget for repairs */
    uint32_t target_bps;
    int64_t repair_left;    /* bytes; what may be repaired at once */
    uint64_t repaired;      /* bytes, those of long ago counting less: about what the last second took */
    rtc_time_t repair_time; /* when both were last brought up to date */
    struct rtp_pacer_probe probe;
    struct rtp_pacer_window window;
};

/* Embedded. `target_bps` is the encoder's target: the pacer's rate is 2.5 times it. */
void rtp_pacer_init(struct rtp_pacer *pacer, uint32_t target_bps, rtc_time_t now);
void rtp_pacer_fini(struct rtp_pacer *pacer);
void rtp_pacer_set_target(struct rtp_pacer *pacer, uint32_t target_bps);
/* The target and the rate as a controller says them; packets wait for `queue_time` at most. */
void rtp_pacer_set_rates(struct rtp_pacer *pacer, uint32_t target_bps, uint32_t pacing_bps, rtc_time_t queue_time);
/* At most so many bytes in flight, 0: any, and how many there are. */
void rtp_pacer_set_window(struct rtp_pacer *pacer, uint32_t bytes, uint32_t in_flight);
/* Takes the packet in every case; false when its queue is full, or repairs have used up their part, and it was dropped. */
bool rtp_pacer_push(struct rtp_pacer *pacer, rtc_time_t now, enum rtp_priority priority, struct packet *packet);
/* The next packet that is due, the caller's; NULL when none is. */
struct packet *rtp_pacer_pop(struct rtp_pacer *pacer, rtc_time_t now);
/* The packet that was popped left, and is larger by so much than it was; or one of padding, which is as large as that. The number of the
 * probe that it is part of, else 0. */
uint8_t rtp_pacer_left(struct rtp_pacer *pacer, int64_t bytes);
/* Begins a burst at this rate, of at least so many bytes and packets. */
void rtp_pacer_begin_probe(struct rtp_pacer *pacer, rtc_time_t now, const struct congestion_probe *probe);
/* Whether a burst is under way. */
bool rtp_pacer_probes(const struct rtp_pacer *pacer);
void rtp_pacer_end_probe(struct rtp_pacer *pacer);
/* Whether padding is to leave now: nothing waits, and a burst wants more. `pads`: whoever asks can make some. */
bool rtp_pacer_wants_padding(struct rtp_pacer *pacer, rtc_time_t now, bool pads);
/* Whether something waits that can be part of a burst: anything but sound. */
bool rtp_pacer_has_paced(const struct rtp_pacer *pacer);
/* Whether nothing waits to leave. */
bool rtp_pacer_is_idle(const struct rtp_pacer *pacer);
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
