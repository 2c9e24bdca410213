/* SPDX-License-Identifier: MIT */
/* The RTP payload format of VP8: see vp8_payload.h. */
#include "vp8_payload.h"

#include "even_payloads.h"
#include "vp8_quantizer.h"

#include "reader.h"

enum { BIT_X = 0x80, BIT_N = 0x20, BIT_S = 0x10, BIT_I = 0x80, BIT_L = 0x40, BIT_T = 0x20, BIT_K = 0x10, BIT_M = 0x80 };
enum { SIZE_MASK = 0x3fff, BIT_Y = 0x20, TID_MAX = 3 };

/* RFC 7741 section 4.2: the octets that X, I, L, T and K announce. */
static void read_extension(struct reader *r, struct vp8_payload *out)
{
    uint8_t flags = reader_u8(r);
    if (flags & BIT_I) {
        uint8_t high = reader_u8(r);
        out->picture_id_15_bits = (high & BIT_M) != 0;
        out->picture_id = out->picture_id_15_bits ? (high & 0x7f) << 8 | reader_u8(r) : high;
    }
    if (flags & BIT_L)
        out->tl0_picture_index = reader_u8(r);
    if (flags & (BIT_T | BIT_K)) {
        uint8_t byte = reader_u8(r);
        out->has_temporal_id = (flags & BIT_T) != 0;
        out->temporal_id = out->has_temporal_id ? byte >> 6 : 0;
        out->layer_sync = out->has_temporal_id && (byte & BIT_Y);
    }
}

/* The frame header of RFC 6386 section 9.1: P bit, and for keyframes a start code and the size, little-endian with two bits of scale. */
bool vp8_frame_info(struct slice frame, uint16_t *width, uint16_t *height)
{
    *width = *height = 0;
    if (frame.len < 1 || (frame.data[0] & 1))
        return false;
    const uint8_t *p = frame.data;
    if (frame.len >= VP8_KEYFRAME_HEADER_LEN && p[3] == 0x9d && p[4] == 0x01 && p[5] == 0x2a) {
        *width = (uint16_t)((p[6] | p[7] << 8) & SIZE_MASK);
        *height = (uint16_t)((p[8] | p[9] << 8) & SIZE_MASK);
    }
    return true;
}

bool vp8_payload_parse(struct slice payload, struct vp8_payload *out)
{
    struct reader r = reader_of(payload);
    *out = (struct vp8_payload){.picture_id = VP8_NO_PICTURE_ID, .tl0_picture_index = VP8_NO_TL0};
    uint8_t first = reader_u8(&r);
    out->non_reference = (first & BIT_N) != 0;
    out->start_of_partition = (first & BIT_S) != 0;
    out->partition = first & 0x07;
    out->start_of_frame = out->start_of_partition && out->partition == 0;
    if (first & BIT_X)
        read_extension(&r, out);
    out->data = reader_rest(&r);
    if (!reader_ok(&r) || out->data.len == 0)
        return false;
    if (out->start_of_frame)
        out->keyframe = vp8_frame_info(out->data, &out->width, &out->height);
    return true;
}

static bool has_layers(const struct payload_picture *picture)
{
    return picture->layer_flags & RTC_LAYER_TEMPORAL;
}

bool vp8_packetizer_start(struct packetizer *p, struct slice frame, const struct payload_picture *picture, size_t max_payload)
{
    return even_payloads_start(p, frame, picture, max_payload, VP8_DESCRIPTOR_LEN + (has_layers(picture) ? VP8_LAYERS_LEN : 0));
}

/* RFC 7741 section 4.2. TID has two bits: higher layers than that are the fourth. */
static void write_descriptor(const struct packetizer *p, struct writer *w)
{
    const struct payload_picture *picture = &p->picture;
    uint8_t tid = picture->temporal_id < TID_MAX ? picture->temporal_id : TID_MAX;
    writer_u8(w, (uint8_t)(BIT_X | (p->first ? BIT_S : 0)));
    writer_u8(w, has_layers(picture) ? BIT_I | BIT_L | BIT_T : BIT_I);
    writer_u16(w, (uint16_t)(BIT_M << 8 | (picture->id & 0x7fff)));
    if (!has_layers(picture))
        return;
    writer_u8(w, picture->base_index);
    writer_u8(w, (uint8_t)(tid << 6 | (picture->layer_flags & RTC_LAYER_SYNC ? BIT_Y : 0)));
}

bool vp8_packetizer_next(struct packetizer *p, struct writer *w, bool *last)
{
    return even_payloads_next(p, w, last, write_descriptor);
}

static bool parse(struct slice payload, struct payload_info *out)
{
    struct vp8_payload vp8;
    if (!vp8_payload_parse(payload, &vp8))
        return false;
    *out = (struct payload_info){.data = vp8.data,
                                 .first = vp8.start_of_frame,
                                 .keyframe = vp8.keyframe,
                                 .width = vp8.width,
                                 .height = vp8.height,
                                 .temporal_id = vp8.temporal_id,
                                 .picture_id = vp8.picture_id != VP8_NO_PICTURE_ID ? vp8.picture_id + 1 : 0,
                                 .layer_flags =
                                     (uint8_t)((vp8.has_temporal_id ? RTC_LAYER_TEMPORAL : 0) | (vp8.layer_sync ? RTC_LAYER_SYNC : 0))};
    return true;
}

const struct payload_format vp8_payload_format = {
    .parse = parse,
    .packetizer_start = vp8_packetizer_start,
    .packetizer_next = vp8_packetizer_next,
    .keyframe_header_len = VP8_KEYFRAME_HEADER_LEN,
    .frame_info = vp8_frame_info,
    .frame_quantizer = vp8_quantizer,
    .quantizer_coarse = VP8_QUANTIZER_COARSE,
    .quantizer_step = vp8_quantizer_step,
};
