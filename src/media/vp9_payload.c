/* SPDX-License-Identifier: MIT */
/* The RTP payload format of VP9: see vp9_payload.h. */
#include "vp9_payload.h"

#include "even_payloads.h"
#include "vp9_stream.h"

#include "reader.h"

enum { BIT_I = 0x80, BIT_P = 0x40, BIT_L = 0x20, BIT_F = 0x10, BIT_B = 0x08, BIT_E = 0x04, BIT_V = 0x02, BIT_Z = 0x01 };
enum { BIT_M = 0x80, BIT_U = 0x10, BIT_Y = 0x10, BIT_G = 0x08, BIT_N = 0x01, TID_MAX = 7 };
enum { DESCRIPTOR_LEN = 3, LAYERS_LEN = 2, STRUCTURE_LEN = 5, KEYFRAME_HEADER_LEN = 10 };

/* ---- Received ---- */

/* RFC 9628 section 4.2: P_DIFF, of which each but the last says that there is another one. */
static bool read_references(struct reader *r, struct vp9_payload *out)
{
    for (uint8_t byte = BIT_N; byte & BIT_N;) {
        if (out->reference_count == VP9_REFERENCES_MAX)
            return false;
        byte = reader_u8(r);
        out->references[out->reference_count++] = byte >> 1;
    }
    return true;
}

static void read_layers(struct reader *r, struct vp9_payload *out)
{
    uint8_t byte = reader_u8(r);
    out->has_layers = true;
    out->temporal_id = byte >> 5;
    out->switching_up = (byte & BIT_U) != 0;
    out->spatial_id = byte >> 1 & 7;
    out->inter_layer = byte & 1;
    if (!out->flexible)
        out->base_index = reader_u8(r);
}

/* Section 4.2.1: sizes of the layers, and what the pictures of a group refer to. */
static void read_structure(struct reader *r, struct vp9_payload *out)
{
    uint8_t byte = reader_u8(r);
    out->spatial_layers = (uint8_t)((byte >> 5) + 1);
    for (size_t i = 0; (byte & BIT_Y) && i < out->spatial_layers; i++) {
        out->widths[i] = reader_u16(r);
        out->heights[i] = reader_u16(r);
    }
    for (unsigned pictures = byte & BIT_G ? reader_u8(r) : 0; pictures > 0; pictures--)
        reader_skip(r, reader_u8(r) >> 2 & 3);
}

bool vp9_payload_parse(struct slice payload, struct vp9_payload *out)
{
    struct reader r = reader_of(payload);
    *out = (struct vp9_payload){.picture_id = VP9_NO_PICTURE_ID};
    uint8_t flags = reader_u8(&r);
    out->inter = (flags & BIT_P) != 0;
    out->flexible = (flags & BIT_F) != 0;
    out->first = (flags & BIT_B) != 0;
    out->last = (flags & BIT_E) != 0;
    out->not_for_above = (flags & BIT_Z) != 0;
    if (flags & BIT_I) {
        uint8_t high = reader_u8(&r);
        out->picture_id = high & BIT_M ? (high & 0x7f) << 8 | reader_u8(&r) : high;
    }
    if (flags & BIT_L)
        read_layers(&r, out);
    /* What refers to others in flexible mode has a picture id. */
    if (out->flexible && out->inter && (!(flags & BIT_I) || !read_references(&r, out)))
        return false;
    if (flags & BIT_V)
        read_structure(&r, out);
    out->data = reader_rest(&r);
    return reader_ok(&r) && out->data.len > 0;
}

/* A picture of several spatial layers has a frame for each: the lowest begins it, and the marker ends it. */
static bool parse(struct slice payload, struct payload_info *out)
{
    struct vp9_payload vp9;
    if (!vp9_payload_parse(payload, &vp9))
        return false;
    *out = (struct payload_info){.data = vp9.data, .first = vp9.first && vp9.spatial_id == 0, .temporal_id = vp9.temporal_id};
    out->layer_flags = (uint8_t)((vp9.has_layers ? RTC_LAYER_TEMPORAL : 0) | (vp9.switching_up ? RTC_LAYER_SYNC : 0));
    out->picture_id = vp9.picture_id != VP9_NO_PICTURE_ID ? vp9.picture_id + 1 : 0;
    out->keyframe = out->first && !vp9.inter && vp9_frame_info(vp9.data, &out->width, &out->height);
    return true;
}

/* ---- Sent: non-flexible mode, one spatial layer ---- */

static bool has_layers(const struct payload_picture *picture)
{
    return picture->layer_flags & RTC_LAYER_TEMPORAL;
}

static bool packetizer_start(struct packetizer *p, struct slice frame, const struct payload_picture *picture, size_t max_payload)
{
    uint16_t width, height;
    if (!even_payloads_start(p, frame, picture, max_payload, DESCRIPTOR_LEN + (has_layers(picture) ? LAYERS_LEN : 0) + STRUCTURE_LEN))
        return false;
    p->picture.keyframe = vp9_frame_info(frame, &width, &height);
    return true;
}

/* In front of a keyframe: one spatial layer of this size, and nothing of groups. */
static void write_structure(const struct packetizer *p, struct writer *w)
{
    uint16_t width, height;
    (void)vp9_frame_info(p->left, &width, &height);
    writer_u8(w, BIT_Y);
    writer_u16(w, width);
    writer_u16(w, height);
}

static void write_descriptor(const struct packetizer *p, struct writer *w)
{
    const struct payload_picture *picture = &p->picture;
    bool structure = p->first && picture->keyframe;
    uint8_t tid = picture->temporal_id < TID_MAX ? picture->temporal_id : TID_MAX;
    writer_u8(w, (uint8_t)(BIT_I | (picture->keyframe ? 0 : BIT_P) | (has_layers(picture) ? BIT_L : 0) | (p->first ? BIT_B : 0) |
                           (p->payloads_left == 1 ? BIT_E : 0) | (structure ? BIT_V : 0) | BIT_Z));
    writer_u16(w, (uint16_t)(BIT_M << 8 | (picture->id & 0x7fff)));
    if (has_layers(picture)) {
        writer_u8(w, (uint8_t)(tid << 5 | (picture->layer_flags & RTC_LAYER_SYNC ? BIT_U : 0)));
        writer_u8(w, picture->base_index);
    }
    if (structure)
        write_structure(p, w);
}

static bool packetizer_next(struct packetizer *p, struct writer *w, bool *last)
{
    return even_payloads_next(p, w, last, write_descriptor);
}

const struct payload_format vp9_payload_format = {
    .parse = parse,
    .packetizer_start = packetizer_start,
    .packetizer_next = packetizer_next,
    .keyframe_header_len = KEYFRAME_HEADER_LEN,
    .frame_info = vp9_frame_info,
    .frame_work = vp9_frame_work,
    .frame_quantizer = vp9_quantizer,
    .quantizer_coarse = VP9_QUANTIZER_COARSE,
    .quantizer_step = vp9_quantizer_step,
};
