/* SPDX-License-Identifier: MIT */
/* The RTP payload format of VP9 (RFC 9628): the descriptor in both its modes, and splitting a picture of one spatial layer into payloads.
 */
#ifndef CRTC_VP9_PAYLOAD_H
#define CRTC_VP9_PAYLOAD_H

#include "payload_format.h"

enum { VP9_CLOCK_RATE = 90000, VP9_NO_PICTURE_ID = -1, VP9_LAYERS_MAX = 8, VP9_REFERENCES_MAX = 3 };

/* A value, filled by vp9_payload_parse(); `data` is borrowed from the payload. */
struct vp9_payload {
    bool inter;         /* P: predicted from pictures before it */
    bool flexible;      /* F: says itself what it refers to */
    bool first, last;   /* B and E: of the frame of its layer */
    bool not_for_above; /* Z: no higher spatial layer refers to it */
    int32_t picture_id; /* VP9_NO_PICTURE_ID when absent */
    bool has_layers;    /* L */
    uint8_t temporal_id, spatial_id;
    bool switching_up;                                        /* U: from here on higher temporal layers can be decoded */
    bool inter_layer;                                         /* D: predicted from the layer below */
    uint8_t base_index;                                       /* TL0PICIDX, of layers in non-flexible mode */
    uint8_t references[VP9_REFERENCES_MAX], reference_count;  /* in flexible mode: how many pictures ago each is */
    uint8_t spatial_layers;                                   /* of the scalability structure; 0: there is none */
    uint16_t widths[VP9_LAYERS_MAX], heights[VP9_LAYERS_MAX]; /* of it; 0: not said */
    struct slice data;
};

/* False when the descriptor is cut short or no byte follows it. */
bool vp9_payload_parse(struct slice payload, struct vp9_payload *out);

extern const struct payload_format vp9_payload_format;

#endif
