/* SPDX-License-Identifier: MIT */
/* What one receiver is sent of what another one gets: one stream without interruption, made of the streams of a sender (simulcast) and of
 * their temporal layers. Packets come from any number of streams; which one, and how much of it, can be chosen anew at any time. Another
 * stream begins with a keyframe, and until then the one before goes on, up to the end of the picture that is being sent; fewer temporal
 * layers are sent from the next picture on, more with a keyframe or where the codec says that one may go up. A pure function of what
 * comes:
 *
 * - sequence numbers go on: what is left out leaves no gap, what is missing leaves one, which it fills if it comes late; where what would
 *   fill it is not wanted any more, an empty packet does;
 * - timestamps go on, by the sender's clock where its reports tie its streams together, else by when packets arrived;
 * - so do picture ids and TL0PICIDX. */
#ifndef CRTC_FORWARD_STREAM_H
#define CRTC_FORWARD_STREAM_H

#include "forward_numbers.h"
#include "forward_packet.h"
#include "forward_payload.h"

enum {
    FORWARD_HELD_MAX = 64,
    FORWARD_PICTURES_KEPT = 64,
    FORWARD_TEMPORAL_MAX = 7,
    FORWARD_STREAMS_MAX = 8,
    FORWARD_FINISH_US = 50000 /* for so long the rest of a picture is waited for before another stream takes its place */
};

enum forward_verdict {
    FORWARD_LEAVE_OUT,
    FORWARD_SEND,
    FORWARD_FILL /* an empty packet of this number */
};

/* How a packet leaves. A value. */
struct forward_leaving {
    enum forward_verdict verdict;
    uint16_t sequence;
    uint32_t timestamp;
    bool marker;
    bool begins_keyframe;
    uint16_t id; /* of its picture, */
    uint8_t base_index;
    struct forward_payload payload; /* with which forward_payload_write() writes these */
};

/* What is wanted: a plain value. */
struct forward_wish {
    uint8_t layer;       /* struct forward_packet.layer */
    uint8_t temporal_id; /* the highest */
};

/* Where the stream goes on that was sent before: what the next packet has. A plain value. */
struct forward_start {
    uint16_t sequence, id;
    uint8_t base_index;
    uint32_t timestamp;
};

/* A picture of which it was decided whether it is sent. */
struct forward_decided {
    uint32_t timestamp;
    bool known, sent;
};

/* The newest packet that was sent. */
struct forward_newest {
    int64_t sequence; /* as it came */
    bool ends_picture;
    bool has_sender_time;
    int64_t sender_time;
    rtc_time_t arrived;
};

/* What came of one stream, whether it was sent or not. */
struct forward_heard {
    bool any;
    uint32_t ssrc, timestamp; /* of the last packet */
    int64_t highest;          /* sequence number */
};

/* Another stream's keyframe has begun, and is held back until the picture that is being sent is whole. */
struct forward_pending {
    bool waits;
    int64_t sequence; /* of its first packet, */
    rtc_time_t since; /* and when that came */
};

/* Embedded in whoever sends on; written by forward_stream.c. */
struct forward_stream {
    struct forward_wish wish;
    struct forward_start next;
    bool active; /* something was sent: of this stream */
    bool ended;  /* its SSRC did */
    uint8_t layer, temporal_id;
    uint32_t ssrc;
    struct forward_numbers sequences, pictures;
    uint8_t base_behind;
    uint32_t timestamp_behind;
    struct forward_newest sent;

    struct forward_decided decided[FORWARD_PICTURES_KEPT];
    uint32_t decided_next;
    uint32_t newest; /* timestamp of the newest picture that was decided on */
    bool has_newest;

    struct forward_packet *held[FORWARD_HELD_MAX]; /* references: of the wanted stream, before its keyframe began */
    uint32_t held_next;
    struct forward_pending pending;
    struct forward_heard heard[FORWARD_STREAMS_MAX];
    int64_t floor; /* of what came up to here of the wanted stream not everything is held: it can not begin there */
    uint64_t left_out, switches;
};

void forward_stream_init(struct forward_stream *stream, const struct forward_start *start);
void forward_stream_fini(struct forward_stream *stream);
/* From the next keyframe of that layer on, which the caller asks for if forward_stream_waits_for() says so. */
void forward_stream_wish(struct forward_stream *stream, struct forward_wish wish);
/* Whether there is a stream of which a keyframe is needed for what is wanted, and which one. */
bool forward_stream_waits_for(const struct forward_stream *stream, uint8_t *layer);
/* A packet came (borrowed). What was held back may follow it: forward_stream_next_held(). */
struct forward_leaving forward_stream_packet(struct forward_stream *stream, struct forward_packet *packet);
/* What was to be sent was not, and nobody is to miss it: another codec. Numbers that nobody uses would add up until what protects packets
 * (RFC 3711 section 3.3.1) can not tell how often they have gone round. */
void forward_stream_refused(struct forward_stream *stream, const struct forward_packet *packet);
/* The next packet that came before the beginning of its keyframe, a reference; NULL: there is none. */
struct forward_packet *forward_stream_next_held(struct forward_stream *stream, struct forward_leaving *out);

#endif
