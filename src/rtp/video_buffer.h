/* SPDX-License-Identifier: MIT */
/* The jitter buffer of one video stream. Packets wait in a ring until their frame is complete and everything before it was released, so
 * that frames leave in decoding order and decodable; then the frame waits for its playout time. The playout delay is a high quantile of
 * how late whole frames were complete during the last seconds (retransmission included), approached smoothly. When a missing packet is
 * not repaired in time a keyframe is wanted: a complete one is jumped to.
 *
 *            first packet            complete keyframe            head missing for max_wait
 *   EMPTY ---------------> WAITING ---------------------> FLOWING --------------------------> STUCK
 *                             ^                            |  ^                                | |
 *                             +------- flush, no memory ---+  +--- repaired, or keyframe ------+ |
 *                             +------------------------------- flush ----------------------------+
 *   any of them --the sequence begins anew--> EMPTY
 */
#ifndef CRTC_VIDEO_BUFFER_H
#define CRTC_VIDEO_BUFFER_H

#include "codec_table.h"
#include "moves.h"
#include "packet.h"
#include "video_playout.h"

#include <crtc/media.h>

enum video_buffer_state { VIDEO_BUFFER_EMPTY, VIDEO_BUFFER_WAITING, VIDEO_BUFFER_FLOWING, VIDEO_BUFFER_STUCK };
extern const struct moves video_buffer_moves;

/* One packet of the stream, already understood. */
struct video_packet {
    int64_t sequence; /* extended */
    uint32_t timestamp;
    bool first, last;  /* of its frame */
    bool may_be_first; /* it is, if it follows the end of another one */
    bool keyframe;     /* its frame is one; not every packet of it says so */
    uint16_t width, height;
    uint8_t temporal_id, layer_flags;
    int32_t picture_id;            /* as struct payload_info has it */
    uint8_t payload_type;          /* of the media, where it comes as a repair as well */
    uint8_t orientation;           /* quarter turns; RTP_NO_ORIENTATION: as before */
    rtc_time_t arrival;            /* not after it is inserted */
    struct slice payload;          /* inside `packet`; empty: padding, which only fills its sequence number */
    struct packet *packet;         /* owned; may be NULL for padding */
    const struct codec_row *codec; /* NULL: the buffer's */
};

/* A part of its buffer; owns its packet. */
struct video_slot {
    int64_t sequence;
    struct packet *packet;
    rtc_time_t arrival;
    uint32_t timestamp;
    uint16_t offset, len; /* of the payload in packet->bytes */
    uint16_t width, height;
    int32_t picture_id;
    uint8_t temporal_id, layer_flags, orientation, payload_type;
    bool used, first, may_be_first, last, keyframe;
    const struct codec_row *codec;
};

/* A part of its buffer, written where that is. */
struct video_buffer_stats {
    uint64_t frames_received, key_frames_received, frames_dropped;
    uint64_t late_packets, duplicate_packets;
    uint64_t frames_of_many_packets;
    rtc_time_t assembly_time; /* of these, from the first packet to the last */
};

/* Embedded in struct rtp_receiver; written by video_buffer.c, `playout` by video_playout.c. */
struct video_buffer {
    rtc_context *context;          /* the receiver's: no reference */
    const struct codec_row *codec; /* of packets that do not say theirs */
    struct video_slot *slots;      /* owned */
    size_t capacity;               /* of slots; a power of two */
    size_t capacity_max;
    struct jitter_room *room; /* shared with other streams; NULL: none */
    enum video_buffer_state state;
    int64_t next_sequence; /* the first one not yet released or given up */
    int64_t highest;
    rtc_time_t max_wait;
    rtc_time_t stalled_since; /* the head is missing although something after it came; RTC_TIME_NEVER when not */
    rtc_time_t waiting_since;
    rtc_time_t keyframe_time; /* when the start of a keyframe last came */
    uint32_t rotation;        /* degrees: of the frame that was assembled last, */
    int32_t picture_id;       /* and what it counted (struct payload_info) */
    bool gaps;                /* numbers may be of no picture, and nobody sends them again */
    struct video_playout playout;
    struct video_buffer_stats stats;
};

/* Nothing is allocated before the first packet. */
void video_buffer_init(struct video_buffer *buffer, rtc_context *context, const struct codec_row *codec, size_t capacity);
void video_buffer_fini(struct video_buffer *buffer);
/* Before the first packet: what is buffered counts there, too. NULL: none. */
void video_buffer_set_room(struct video_buffer *buffer, struct jitter_room *room);
/* The sequence began anew: gives up what is buffered; a keyframe is needed. Statistics stay. */
void video_buffer_restart(struct video_buffer *buffer);
/* Takes packet->packet over. False when it was of no use: late, a duplicate, or out of memory. */
bool video_buffer_insert(struct video_buffer *buffer, rtc_time_t now, const struct video_packet *packet);
/* The next frame that is due; call until false. */
bool video_buffer_next(struct video_buffer *buffer, rtc_time_t now, struct video_release *out);
rtc_time_t video_buffer_deadline(const struct video_buffer *buffer);
/* How long a missing packet is waited for before a keyframe is wanted. */
void video_buffer_set_max_wait(struct video_buffer *buffer, rtc_time_t max_wait);
/* Parity has numbers of the stream's own: from now on a gap between two pictures that follow each other is nothing that is missing. */
void video_buffer_expect_gaps(struct video_buffer *buffer);
/* It can not go on without a keyframe, and none is on its way as far as can be seen. */
bool video_buffer_wants_keyframe(const struct video_buffer *buffer, rtc_time_t now);
/* When that may become true; RTC_TIME_NEVER when it does not by itself. */
rtc_time_t video_buffer_keyframe_deadline(const struct video_buffer *buffer);

#endif
