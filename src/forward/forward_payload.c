/* SPDX-License-Identifier: MIT */
/* See forward_payload.h. */
#include "forward_payload.h"

#include "h264_payload.h"
#include "vp8_payload.h"
#include "vp9_payload.h"

enum { BIT_I = 0x80, BIT_M = 0x80, WIDE_BITS = 15, NARROW_BITS = 7 };

/* The octets in front of the picture id are one of VP9, two of VP8. */
static void place_id(struct forward_payload *out, struct slice payload, int32_t id, uint8_t at)
{
    if (id < 0)
        return;
    out->id = (uint16_t)id;
    out->id_at = at;
    out->id_bits = payload.data[at] & BIT_M ? WIDE_BITS : NARROW_BITS;
}

static uint8_t id_len(const struct forward_payload *p)
{
    return (uint8_t)(p->id_bits == WIDE_BITS ? 2 : p->id_bits == NARROW_BITS);
}

static bool read_vp8(struct slice payload, struct forward_payload *out)
{
    struct vp8_payload vp8;
    if (!vp8_payload_parse(payload, &vp8))
        return false;
    *out = (struct forward_payload){.first = vp8.start_of_frame,
                                    .certain = vp8.start_of_frame,
                                    .keyframe = vp8.keyframe,
                                    .has_layers = vp8.has_temporal_id,
                                    .sync = vp8.layer_sync,
                                    .compact = true,
                                    .temporal_id = vp8.temporal_id,
                                    .width = vp8.width,
                                    .height = vp8.height};
    place_id(out, payload, vp8.picture_id, 2);
    out->has_base_index = vp8.tl0_picture_index != VP8_NO_TL0;
    out->base_index = out->has_base_index ? (uint8_t)vp8.tl0_picture_index : 0;
    out->base_index_at = (uint8_t)(2 + id_len(out));
    return true;
}

static bool read_vp9(struct slice payload, struct forward_payload *out)
{
    struct vp9_payload vp9;
    struct payload_info info;
    if (!vp9_payload_parse(payload, &vp9) || !vp9_payload_format.parse(payload, &info))
        return false;
    *out = (struct forward_payload){.first = info.first,
                                    .certain = info.first,
                                    .keyframe = info.keyframe,
                                    .has_layers = vp9.has_layers,
                                    .sync = vp9.switching_up,
                                    .sync_of_next = true,
                                    .temporal_id = vp9.temporal_id,
                                    .width = info.width,
                                    .height = info.height};
    place_id(out, payload, vp9.picture_id, 1);
    out->has_base_index = vp9.has_layers && !vp9.flexible;
    out->base_index = vp9.base_index;
    out->base_index_at = (uint8_t)(1 + id_len(out) + 1);
    return true;
}

/* RFC 6184: what says how a keyframe is to be read goes before it, in a packet of its own or in one with others. */
static bool has_parameters(struct slice payload)
{
    enum { TYPE_MASK = 0x1f, SPS = 7, STAP_A = 24, FIRST_UNIT = 3 };
    uint8_t type = payload.data[0] & TYPE_MASK;
    return type == SPS || (type == STAP_A && payload.len > FIRST_UNIT && (payload.data[FIRST_UNIT] & TYPE_MASK) == SPS);
}

bool forward_payload_read(const struct codec_row *codec, struct slice payload, struct forward_payload *out)
{
    struct payload_info info;
    if (!codec || !codec->format || payload.len == 0)
        return false;
    if (codec->kind == RTC_MEDIA_AUDIO) {
        *out = (struct forward_payload){.first = true, .certain = true, .keyframe = true};
        return true;
    }
    if (codec->format == &vp8_payload_format)
        return read_vp8(payload, out);
    if (codec->format == &vp9_payload_format)
        return read_vp9(payload, out);
    if (!codec->format->parse(payload, &info))
        return false;
    *out = (struct forward_payload){.first = info.first || info.may_be_first,
                                    .certain = info.first,
                                    .keyframe = info.keyframe,
                                    .width = info.width,
                                    .height = info.height};
    if (codec->format == &h264_payload_format)
        out->keyframe = out->keyframe || has_parameters(payload);
    return true;
}

void forward_payload_write(const struct forward_payload *p, uint16_t id, uint8_t base_index, uint8_t *bytes)
{
    if (p->id_bits == WIDE_BITS) {
        bytes[p->id_at] = (uint8_t)(BIT_M | (id >> 8 & 0x7f));
        bytes[p->id_at + 1] = (uint8_t)id;
    } else if (p->id_bits == NARROW_BITS) {
        bytes[p->id_at] = (uint8_t)(id & 0x7f);
    }
    if (p->has_base_index)
        bytes[p->base_index_at] = base_index;
}
