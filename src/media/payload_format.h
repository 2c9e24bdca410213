/* SPDX-License-Identifier: MIT */
/* What RTP has to know of a codec: how its frames become payloads, and what a payload says of the frame that it belongs to. Each payload
 * format implements this once (vp8_payload.c, opus_payload.c), and the codec's row in the table names it (codec_table.h). Pure functions.
 */
#ifndef CRTC_PAYLOAD_FORMAT_H
#define CRTC_PAYLOAD_FORMAT_H

#include "slice.h"
#include "writer.h"

#include <crtc/media.h>

/* What a receiver reads off one payload. A value; `data` is borrowed from the payload. */
struct payload_info {
    struct slice data;      /* the bytes of the frame */
    bool first;             /* they begin it */
    bool keyframe;          /* of the first: decodable without any other */
    uint16_t width, height; /* of a keyframe's first, in pixels; 0: it does not say */
    uint8_t temporal_id;    /* of pictures; 0: the base layer, or no layers */
    uint8_t layer_flags;    /* of pictures: of rtc_layer_flags */
    uint32_t samples;       /* of sound: per channel, at the codec's clock */
    bool fec;               /* of sound: holds another form of the packet before it */
    bool quiet;             /* of sound: silence */
};

/* What payloads say of a picture that is sent, beside its bytes. A value of the stream's that sends it. */
struct payload_picture {
    uint16_t id;         /* 15 bits, one more for each picture */
    uint8_t layer_flags; /* of rtc_layer_flags */
    uint8_t temporal_id;
    uint8_t
        base_index; /* with RTC_LAYER_TEMPORAL: counts the pictures of the lowest layer, of which the last is meant (RFC 7741: TL0PICIDX) */
};

/* A picture on its way into payloads. On the stack of whoever sends it, written by the format's functions; `left` is borrowed from the
 * frame. */
struct packetizer {
    struct slice left;
    size_t payloads_left;
    struct payload_picture picture;
    bool first;
};

enum { PAYLOAD_KEYFRAME_HEADER_MAX = 16 };

/* A constant table, one for each format. */
struct payload_format {
    /* False for a payload that is broken. */
    bool (*parse)(struct slice payload, struct payload_info *out);

    /* Of pictures; a packet of sound is one payload as it is. */
    /* `max_payload` counts what the format adds. False when the frame is empty or there is no room for a byte of it. */
    bool (*packetizer_start)(struct packetizer *p, struct slice frame, const struct payload_picture *picture, size_t max_payload);
    /* Writes the next payload; *last: it ends the picture (the marker bit). False when there is none or `w` failed. */
    bool (*packetizer_next)(struct packetizer *p, struct writer *w, bool *last);
    /* The size that a keyframe's header tells, of which so many bytes are enough; 0 when it is cut short. False: no keyframe. */
    size_t keyframe_header_len; /* at most PAYLOAD_KEYFRAME_HEADER_MAX */
    bool (*frame_info)(struct slice frame, uint16_t *width, uint16_t *height);
    /* Of a whole picture: how coarse it is, on the codec's own scale (webrtc-stats, qpSum). Below 0: not known. NULL: of none is. */
    int (*frame_quantizer)(struct slice frame);
};

#endif
