/* SPDX-License-Identifier: MIT */
/* The RTP payload format of VP8 (RFC 7741): descriptor, splitting a frame into payloads, and what a receiver needs to know of a payload. */
#ifndef CRTC_VP8_PAYLOAD_H
#define CRTC_VP8_PAYLOAD_H

#include "payload_format.h"

enum { VP8_CLOCK_RATE = 90000, VP8_KEYFRAME_HEADER_LEN = 10 /* RFC 6386 section 9.1 */ };
enum {
    VP8_DESCRIPTOR_LEN = 4 /* as we write it: X, I, 15-bit picture id */,
    VP8_LAYERS_LEN = 2 /* and with layers: TL0PICIDX, TID and Y */,
    VP8_NO_PICTURE_ID = -1,
    VP8_NO_TL0 = -1
};

/* A value, filled by vp8_payload_parse(); `data` is borrowed from the payload. */
struct vp8_payload {
    bool non_reference;        /* N: may be dropped */
    bool start_of_partition;   /* S */
    uint8_t partition;         /* PID */
    bool start_of_frame;       /* S and PID 0 */
    bool keyframe;             /* of a payload that starts a frame: P bit of the VP8 header is 0 */
    uint16_t width, height;    /* of a keyframe's start, else 0 */
    int32_t picture_id;        /* VP8_NO_PICTURE_ID when absent */
    bool picture_id_15_bits;   /* else 7 */
    int32_t tl0_picture_index; /* VP8_NO_TL0 when absent */
    bool has_temporal_id;
    uint8_t temporal_id;
    bool layer_sync;   /* Y */
    struct slice data; /* the VP8 bytes */
};

/* False when the descriptor is cut short or no VP8 byte follows it. */
bool vp8_payload_parse(struct slice payload, struct vp8_payload *out);
/* Whether a frame, of which VP8_KEYFRAME_HEADER_LEN bytes are enough, is a keyframe, and its size (0 when it is none or cut short). */
bool vp8_frame_info(struct slice frame, uint16_t *width, uint16_t *height);

/* Splits a frame into nearly equal payloads. `max_payload` counts the descriptor. */
bool vp8_packetizer_start(struct packetizer *p, struct slice frame, const struct payload_picture *picture, size_t max_payload);
bool vp8_packetizer_next(struct packetizer *p, struct writer *w, bool *last);

extern const struct payload_format vp8_payload_format;

#endif
