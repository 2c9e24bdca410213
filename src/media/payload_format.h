/* SPDX-License-Identifier: MIT */
/* What RTP has to know of a codec: how its frames become payloads, and what a payload says of the frame that it belongs to. Each payload
 * format implements this once (vp8_payload.c, opus_payload.c), and the codec's row in the table names it (codec_table.h). Pure functions.
 */
#ifndef CRTC_PAYLOAD_FORMAT_H
#define CRTC_PAYLOAD_FORMAT_H

#include "picture_work.h"
#include "slice.h"
#include "writer.h"

#include <crtc/media.h>

/* What a receiver reads off one payload. A value; `data` is borrowed from the payload. */
struct payload_info {
    struct slice data;      /* the bytes of the frame, packed where the format packs them */
    bool first;             /* they begin it */
    bool may_be_first;      /* they begin it if what is before them ends one: the format does not say more */
    bool keyframe;          /* the frame is decodable without any other: said by its first, or by any of its payloads */
    uint16_t width, height; /* of a keyframe, in pixels; 0: this one does not say */
    uint8_t temporal_id;    /* of pictures; 0: the base layer, or no layers */
    uint8_t layer_flags;    /* of pictures: of rtc_layer_flags */
    int32_t picture_id;     /* of pictures: what they count, of 15 or 7 bits, plus one; 0: nothing */
    uint32_t samples;       /* of sound: per channel, at the codec's clock */
    bool fec;               /* of sound: holds another form of the packet before it */
    bool quiet;             /* of sound: silence */
};

/* What payloads say of a picture that is sent, beside its bytes. A value of the stream's that sends it. */
struct payload_picture {
    uint16_t id;         /* 15 bits, one more for each picture */
    uint8_t layer_flags; /* of rtc_layer_flags */
    uint8_t temporal_id;
    bool keyframe;
    uint32_t options;              /* read off the parameters that were agreed on */
    struct payload_memory *memory; /* the stream's */
    uint8_t
        base_index; /* with RTC_LAYER_TEMPORAL: counts the pictures of the lowest layer, of which the last is meant (RFC 7741: TL0PICIDX) */
};

/* What a format keeps of a stream that is sent from picture to picture: the format's own, zero at first. */
struct payload_memory {
    uint16_t len;
    uint8_t bytes[254];
};

/* A picture on its way into payloads. On the stack of whoever sends it, written by the format's functions; what is left is borrowed from
 * the frame and from the stream's memory. */
struct packetizer {
    struct slice left;
    size_t payloads_left;
    struct payload_picture picture;
    bool first;
    /* Of formats that send parts of a frame by themselves. */
    size_t max_payload, length_bytes;
    struct slice before; /* what goes in front of the frame */
    struct slice unit;   /* the part that is cut up at the moment, */
    uint8_t header;      /* its header, */
    size_t pieces_left;  /* and in how many pieces it goes on */
};

enum { PAYLOAD_KEYFRAME_HEADER_MAX = 16 };

/* A constant table, one for each format. */
struct payload_format {
    /* False for a payload that is broken. */
    bool (*parse)(struct slice payload, struct payload_info *out);

    /* Of pictures; a packet of sound is one payload as it is. */
    /* Of formats that pack frames: how long these bytes become, and they themselves. NULL: they are the frame's as they are. */
    size_t (*unpacked_len)(struct slice data);
    void (*unpack)(struct slice data, struct writer *w);
    /* What of the agreed parameters matters to who sends. NULL: nothing does. */
    uint32_t (*options)(const char *fmtp);
    /* `max_payload` counts what the format adds. False when the frame is empty or there is no room for a byte of it. */
    bool (*packetizer_start)(struct packetizer *p, struct slice frame, const struct payload_picture *picture, size_t max_payload);
    /* Writes the next payload; *last: it ends the picture (the marker bit). False when there is none or `w` failed. */
    bool (*packetizer_next)(struct packetizer *p, struct writer *w, bool *last);
    /* The size that a keyframe's header tells, of which so many bytes are enough; 0 when it is cut short. False: no keyframe. */
    size_t keyframe_header_len; /* at most PAYLOAD_KEYFRAME_HEADER_MAX; 0: the whole frame is looked at, and payloads say what it says */
    bool (*frame_info)(struct slice frame, uint16_t *width, uint16_t *height);
    /* What decoding a whole frame takes. NULL: one picture, whose size a keyframe says. */
    struct picture_work (*frame_work)(struct slice frame);
    /* Of a whole picture: how coarse it is, on the codec's own scale (webrtc-stats, qpSum). Below 0: not known. NULL: of none is. */
    int (*frame_quantizer)(struct slice frame);
    int quantizer_coarse; /* from here on a picture is as coarse as encoders make it, or nearly */
    /* How far apart the values are that it leaves, in units of its own. */
    uint32_t (*quantizer_step)(int quantizer);
};

#endif
