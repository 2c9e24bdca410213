/* SPDX-License-Identifier: MIT */
/* What of a payload matters to who sends it on: where its picture stands among others, and how that is written anew, in place. VP8 (RFC
 * 7741 section 4.2) and VP9 (RFC 9628 section 4.2) have descriptors of pictures and layers; of other formats it is known what begins a
 * keyframe. */
#ifndef CRTC_FORWARD_PAYLOAD_H
#define CRTC_FORWARD_PAYLOAD_H

#include "codec_table.h"
#include "slice.h"

/* A value. */
struct forward_payload {
    bool first;        /* begins a picture, or may */
    bool certain;      /* it does, whatever came before */
    bool keyframe;     /* and that is decodable without any other */
    bool has_layers;   /* the payload says which temporal layer it is of */
    bool sync;         /* from here on one may go up: as `sync_of_next` says */
    bool sync_of_next; /* the pictures after this one (VP9), rather than this one itself (VP8) */
    bool compact;      /* what is left out leaves no gap in the picture ids: nothing refers to others by them (VP8) */
    uint8_t temporal_id;
    uint8_t id_bits; /* of the picture id: 15, 7, or 0: there is none */
    uint16_t id;
    uint8_t id_at; /* where it stands */
    bool has_base_index;
    uint8_t base_index; /* TL0PICIDX, */
    uint8_t base_index_at;
    uint16_t width, height; /* of a keyframe; 0: not said */
};

/* False: it is broken, or of a codec of which nothing is known. Sound needs no descriptor, and each of its packets can be begun with. */
bool forward_payload_read(const struct codec_row *codec, struct slice payload, struct forward_payload *out);
/* Writes the picture id, and TL0PICIDX, where the payload has them; `bytes` is what `payload` was read from, or a copy. */
void forward_payload_write(const struct forward_payload *payload, uint16_t id, uint8_t base_index, uint8_t *bytes);

#endif
