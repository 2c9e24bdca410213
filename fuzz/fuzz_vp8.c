/* SPDX-License-Identifier: MIT */
/* VP8 and Opus payloads: the first byte of the input picks which, and how the bytes are cut when they are a frame to split. */
#include "opus_payload.h"
#include "vp8_payload.h"
#include "vp8_quantizer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct slice part, struct slice whole)
{
    return part.len == 0 || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void parse_vp8(struct slice s)
{
    struct vp8_payload p;
    if (vp8_quantizer(s) < -1 || vp8_quantizer(s) > 127)
        abort();
    if (vp8_payload_parse(s, &p) && (!inside(p.data, s) || p.data.len == 0 || p.picture_id > 0x7fff))
        abort();
}

static void parse_opus(struct slice s)
{
    struct opus_payload p;
    if (opus_payload_parse(s, &p) && (p.frames < 1 || p.frames > 48 || p.samples < 120 || p.samples > OPUS_SAMPLES_MAX))
        abort();
}

/* What a payload says of its picture's layers. */
static bool says(const struct vp8_payload *p, const struct payload_picture *picture)
{
    bool layers = picture->layer_flags & RTC_LAYER_TEMPORAL;
    if (p->picture_id != picture->id || p->has_temporal_id != layers)
        return false;
    return layers
               ? p->tl0_picture_index == picture->base_index && p->temporal_id == (picture->temporal_id < 3 ? picture->temporal_id : 3) &&
                     p->layer_sync == ((picture->layer_flags & RTC_LAYER_SYNC) != 0)
               : p->tl0_picture_index == VP8_NO_TL0;
}

/* The frame comes back from its payloads. Its first byte is what they say of its layers, too. */
static void split_vp8(struct slice frame, size_t max_payload)
{
    struct packetizer packetizer;
    uint8_t what = frame.len > 0 ? frame.data[0] : 0;
    const struct payload_picture picture = {.id = 7, .layer_flags = what & 3, .temporal_id = what >> 2 & 7, .base_index = what};
    if (!vp8_packetizer_start(&packetizer, frame, &picture, max_payload))
        return;
    size_t at = 0;
    for (bool last = false; !last;) {
        uint8_t room[300];
        struct writer w = writer_of(room, max_payload);
        struct vp8_payload p;
        if (!vp8_packetizer_next(&packetizer, &w, &last) || !vp8_payload_parse(slice_of(room, writer_len(&w)), &p))
            abort();
        if (!says(&p, &picture) || p.data.len > frame.len - at || memcmp(frame.data + at, p.data.data, p.data.len) != 0 ||
            p.start_of_frame != (at == 0))
            abort();
        at += p.data.len;
    }
    if (at != frame.len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct slice rest = slice_of(data + 1, size - 1);
    if (data[0] == 0)
        parse_vp8(rest);
    else if (data[0] == 1)
        parse_opus(rest);
    else
        split_vp8(rest, data[0]);
    return 0;
}
