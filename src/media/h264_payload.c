/* SPDX-License-Identifier: MIT */
/* The RTP payload format of H.264: see h264_payload.h. */
#include "h264_payload.h"

#include "h264_profile.h"
#include "h264_stream.h"

#include "reader.h"

enum { STAP_A = 24, FU_A = 28, BIT_F = 0x80, NRI_MASK = 0x60, TYPE_MASK = 0x1f, BIT_S = 0x80, BIT_E = 0x40, FU_HEADERS = 2, LENGTH = 2 };
enum { START_CODE = 4 };

/* ---- Received ---- */

/* What a unit says of its frame. */
static void note_unit(struct payload_info *out, struct slice unit)
{
    unsigned type = h264_nal_type(unit);
    out->keyframe = out->keyframe || type == H264_NAL_IDR;
    if (type == H264_NAL_SPS)
        (void)h264_sps_size(unit, &out->width, &out->height);
}

/* Section 7.4.1.2.3 of H.264: nothing of a picture that is needed stands in front of these. */
static bool opens(unsigned type)
{
    return type == H264_NAL_DELIMITER || type == H264_NAL_SPS;
}

static bool next_aggregated(struct reader *r, struct slice *unit)
{
    *unit = reader_bytes(r, reader_u16(r));
    return reader_ok(r) && unit->len > 0 && h264_nal_type(*unit) > 0 && h264_nal_type(*unit) <= H264_NAL_LAST;
}

/* Section 5.7.1. */
static bool parse_aggregate(struct slice payload, struct payload_info *out)
{
    struct reader r = reader_of(slice_of(payload.data + 1, payload.len - 1));
    struct slice unit;
    if (reader_left(&r) == 0)
        return false;
    for (bool first = true; reader_left(&r) > 0; first = false) {
        if (!next_aggregated(&r, &unit))
            return false;
        note_unit(out, unit);
        out->first = out->first || (first && opens(h264_nal_type(unit)));
    }
    out->may_be_first = true;
    return true;
}

/* Section 5.8. */
static bool parse_fragment(struct slice payload, struct payload_info *out)
{
    if (payload.len <= FU_HEADERS)
        return false;
    uint8_t header = payload.data[1];
    unsigned type = header & TYPE_MASK;
    if (type == 0 || type > H264_NAL_LAST || ((header & BIT_S) && (header & BIT_E)))
        return false;
    out->keyframe = type == H264_NAL_IDR;
    out->may_be_first = (header & BIT_S) != 0;
    out->first = out->may_be_first && opens(type);
    return true;
}

static bool parse(struct slice payload, struct payload_info *out)
{
    *out = (struct payload_info){.data = payload};
    if (payload.len == 0)
        return false;
    unsigned type = h264_nal_type(payload);
    if (type == STAP_A)
        return parse_aggregate(payload, out);
    if (type == FU_A)
        return parse_fragment(payload, out);
    if (type == 0 || type > H264_NAL_LAST) /* of interleaved mode, which is not offered, or reserved */
        return false;
    note_unit(out, payload);
    out->first = opens(type);
    out->may_be_first = true;
    return true;
}

static size_t unpacked_len(struct slice data)
{
    unsigned type = h264_nal_type(data);
    if (type == FU_A)
        return data.len - FU_HEADERS + (data.data[1] & BIT_S ? START_CODE + 1 : 0);
    if (type != STAP_A)
        return START_CODE + data.len;
    struct reader r = reader_of(slice_of(data.data + 1, data.len - 1));
    struct slice unit;
    size_t len = 0;
    while (reader_left(&r) > 0 && next_aggregated(&r, &unit))
        len += START_CODE + unit.len;
    return len;
}

static void write_unit(struct writer *w, struct slice unit)
{
    writer_u32(w, 1);
    writer_bytes(w, unit);
}

static void unpack(struct slice data, struct writer *w)
{
    unsigned type = h264_nal_type(data);
    if (type == STAP_A) {
        struct reader r = reader_of(slice_of(data.data + 1, data.len - 1));
        struct slice unit;
        while (reader_left(&r) > 0 && next_aggregated(&r, &unit))
            write_unit(w, unit);
    } else if (type == FU_A) {
        uint8_t header = (uint8_t)((data.data[0] & (BIT_F | NRI_MASK)) | (data.data[1] & TYPE_MASK));
        if (data.data[1] & BIT_S)
            write_unit(w, slice_of(&header, 1));
        writer_bytes(w, slice_of(data.data + FU_HEADERS, data.len - FU_HEADERS));
    } else {
        write_unit(w, data);
    }
}

/* ---- Sent ---- */

/* Parameter sets of the stream, each behind its length, as long as all have room: a source may say them once and for all, and whoever joins
 * later needs them in front of a keyframe. */
static void remember(struct payload_memory *m, struct slice unit)
{
    if (unit.len > UINT8_MAX || m->len + 1u + unit.len > sizeof m->bytes)
        return;
    m->bytes[m->len++] = (uint8_t)unit.len;
    memcpy(m->bytes + m->len, unit.data, unit.len);
    m->len = (uint16_t)(m->len + unit.len);
}

/* What goes in front: the sets that are known, when a keyframe comes without. */
static struct slice sets_before(struct slice frame, struct payload_memory *m)
{
    struct h264_units units = h264_units_of(frame);
    struct slice unit;
    bool sets = false, keyframe = false;
    while (h264_units_next(&units, &unit)) {
        unsigned type = h264_nal_type(unit);
        if (type == H264_NAL_SPS && !sets)
            m->len = 0; /* others from here on */
        sets = sets || type == H264_NAL_SPS;
        keyframe = keyframe || type == H264_NAL_IDR;
        if (type == H264_NAL_SPS || type == H264_NAL_PPS)
            remember(m, unit);
    }
    return keyframe && !sets ? slice_of(m->bytes, m->len) : slice_of(NULL, 0);
}

/* Units that can not stand in a payload by themselves are left out. */
static bool next_unit(struct packetizer *p, struct slice *unit)
{
    if (p->before.len > 0) { /* as remember() wrote it */
        size_t len = p->before.data[0];
        *unit = slice_of(p->before.data + 1, len);
        p->before = slice_of(unit->data + len, p->before.len - 1 - len);
        return true;
    }
    struct h264_units units = {p->left, p->length_bytes};
    bool more;
    do
        more = h264_units_next(&units, unit);
    while (more && (h264_nal_type(*unit) == 0 || h264_nal_type(*unit) > H264_NAL_LAST));
    p->left = more ? units.left : slice_of(NULL, 0);
    return more;
}

/* Section 5.7.1: the header has the highest NRI of all, and F when one of them has it. */
static uint8_t aggregate_header(struct packetizer ahead, struct slice unit, size_t count)
{
    uint8_t f = 0, nri = 0;
    for (size_t i = 0; i < count; i++) {
        f |= unit.data[0] & BIT_F;
        nri = (unit.data[0] & NRI_MASK) > nri ? unit.data[0] & NRI_MASK : nri;
        if (i + 1 < count)
            (void)next_unit(&ahead, &unit);
    }
    return (uint8_t)(f | nri | STAP_A);
}

static void write_aggregate(struct packetizer *p, struct writer *w, struct slice unit, size_t count)
{
    writer_u8(w, aggregate_header(*p, unit, count));
    for (size_t i = 0; i < count; i++) {
        writer_u16(w, (uint16_t)unit.len);
        writer_bytes(w, unit);
        if (i + 1 < count)
            (void)next_unit(p, &unit);
    }
}

/* How many units, from this one on, fit into one payload. */
static size_t count_together(const struct packetizer *p, struct slice unit)
{
    struct packetizer ahead = *p;
    size_t count = 1, used = 1 + LENGTH + unit.len;
    while (p->picture.options == H264_NON_INTERLEAVED && used < p->max_payload && next_unit(&ahead, &unit)) {
        used += LENGTH + unit.len;
        if (used > p->max_payload)
            break;
        count++;
    }
    return count;
}

static void write_piece(struct packetizer *p, struct writer *w, bool first)
{
    size_t len = p->unit.len / p->pieces_left;
    writer_u8(w, (uint8_t)((p->header & (BIT_F | NRI_MASK)) | FU_A));
    writer_u8(w, (uint8_t)((first ? BIT_S : 0) | (p->pieces_left == 1 ? BIT_E : 0) | (p->header & TYPE_MASK)));
    writer_bytes(w, slice_of(p->unit.data, len));
    p->unit = slice_of(p->unit.data + len, p->unit.len - len);
    p->pieces_left--;
}

/* False when a unit does not fit and must not be cut up (packetization mode 0). */
static bool cut_up(struct packetizer *p, struct writer *w, struct slice unit)
{
    if (p->picture.options != H264_NON_INTERLEAVED || p->max_payload <= FU_HEADERS) {
        p->left = unit; /* it stays */
        return false;
    }
    size_t room = p->max_payload - FU_HEADERS;
    p->header = unit.data[0];
    p->unit = slice_of(unit.data + 1, unit.len - 1);
    p->pieces_left = (p->unit.len + room - 1) / room;
    write_piece(p, w, true);
    return true;
}

/* The next payload. False when there is none, or it can not be made. */
static bool write_payload(struct packetizer *p, struct writer *w)
{
    struct slice unit;
    if (p->pieces_left > 0) {
        write_piece(p, w, false);
        return true;
    }
    if (!next_unit(p, &unit))
        return false;
    if (unit.len > p->max_payload)
        return cut_up(p, w, unit);
    size_t count = count_together(p, unit);
    if (count > 1)
        write_aggregate(p, w, unit, count);
    else
        writer_bytes(w, unit);
    return true;
}

/* How many payloads there will be, by going through them without writing; 0 when one can not be made. */
static size_t count_payloads(struct packetizer p)
{
    size_t count = 0;
    uint8_t none;
    struct writer nowhere = writer_of(&none, 0);
    while (write_payload(&p, &nowhere))
        count++;
    return p.left.len == 0 && p.before.len == 0 ? count : 0;
}

static bool packetizer_start(struct packetizer *p, struct slice frame, const struct payload_picture *picture, size_t max_payload)
{
    *p = (struct packetizer){.left = frame, .picture = *picture, .first = true, .max_payload = max_payload};
    p->length_bytes = h264_units_of(frame).length_bytes;
    if (picture->memory)
        p->before = sets_before(frame, picture->memory);
    p->payloads_left = count_payloads(*p);
    return p->payloads_left > 0;
}

static bool packetizer_next(struct packetizer *p, struct writer *w, bool *last)
{
    if (p->payloads_left == 0 || !write_payload(p, w) || !writer_ok(w))
        return false;
    p->first = false;
    *last = --p->payloads_left == 0;
    return true;
}

static uint32_t options(const char *fmtp)
{
    return h264_packetization_mode(fmtp);
}

const struct payload_format h264_payload_format = {
    .parse = parse,
    .unpacked_len = unpacked_len,
    .unpack = unpack,
    .options = options,
    .packetizer_start = packetizer_start,
    .packetizer_next = packetizer_next,
    .frame_info = h264_frame_info,
    .frame_work = h264_frame_work,
};
