/* SPDX-License-Identifier: MIT */
/* A packet that is sent on as it came: what it said, without what belongs to the connection on which it came (payload type, extension ids,
 * protection). Made once, by the session that received it, and read by every connection that sends it on, on whatever thread. */
#ifndef CRTC_FORWARD_PACKET_H
#define CRTC_FORWARD_PACKET_H

#include "codec_table.h"
#include "slice.h"

#include <stdatomic.h>

enum { FORWARD_RID_MAX = 16, FORWARD_CAPTURE_LEN = 16, FORWARD_NOT_SAID = 0xff };

/* What of its header extensions is passed on. */
struct forward_said {
    uint8_t level;       /* of sound: as its extension has it (RFC 6464); FORWARD_NOT_SAID */
    uint8_t orientation; /* of pictures; FORWARD_NOT_SAID */
    uint8_t capture_len; /* of its abs-capture-time; 0: none */
    uint8_t capture[FORWARD_CAPTURE_LEN];
};

/* Counted. Written by who makes it, before it is shared; `layer` by the forwarder that shares it. */
struct forward_packet {
    struct forward_packet *next; /* in the queue of its one holder, before it is shared */
    atomic_uint references;
    rtc_context *context;
    const struct codec_row *codec;
    char rid[FORWARD_RID_MAX + 1]; /* "": its stream has no name */
    uint8_t layer;                 /* which of its receiver's streams, by their order */
    bool marker;
    bool has_sender_time;
    uint32_t ssrc, timestamp;
    int64_t sequence;    /* extended */
    int64_t sender_time; /* when it was captured, by a clock that all streams of its sender share; microseconds */
    rtc_time_t arrived;
    rtc_time_t captured; /* the same by our clock, as far as that is known; all streams of the sender are off by as much */
    struct forward_said said;
    uint32_t len;
    uint8_t bytes[]; /* the payload */
};

/* With a copy of the payload, and one reference; all else is zero. NULL without memory. */
struct forward_packet *forward_packet_new(rtc_context *context, struct slice payload);
struct forward_packet *forward_packet_ref(struct forward_packet *packet);
/* NULL is legal. */
void forward_packet_unref(struct forward_packet *packet);

static inline struct slice forward_packet_payload(const struct forward_packet *packet)
{
    return slice_of(packet->bytes, packet->len);
}

/* Packets of one stream on their way out of its session. Part of who receives; owns them. */
struct forward_tap {
    struct forward_packet *head, *last;
};
void forward_tap_push(struct forward_tap *tap, struct forward_packet *packet);
/* NULL when it is empty. */
struct forward_packet *forward_tap_pop(struct forward_tap *tap);

#endif
