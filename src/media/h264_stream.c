/* SPDX-License-Identifier: MIT */
/* See h264_stream.h. */
#include "h264_stream.h"

enum { LENGTH_BYTES = 4, BLOCK = 16, HEADER = 1, EXTENDED_HEADER = 4 };

static uint32_t length_at(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Lengths lead from unit to unit to the very end. */
static bool has_lengths(struct slice s)
{
    while (s.len >= LENGTH_BYTES) {
        size_t len = length_at(s.data);
        if (len == 0 || len > s.len - LENGTH_BYTES)
            return false;
        s = slice_of(s.data + LENGTH_BYTES + len, s.len - LENGTH_BYTES - len);
    }
    return s.len == 0;
}

/* Annex B.1.1: the first start code of a picture has its leading zero. With three bytes alone it may be a length as well. */
struct h264_units h264_units_of(struct slice frame)
{
    bool code = frame.len >= LENGTH_BYTES && length_at(frame.data) == 1;
    return (struct h264_units){frame, !code && frame.len > 0 && has_lengths(frame) ? LENGTH_BYTES : 0};
}

/* Behind the next start code, which is at *code; the end when there is none. */
static size_t behind_code(struct slice s, size_t from, size_t *code)
{
    for (size_t i = from; i + 3 <= s.len; i++)
        if (s.data[i] == 0 && s.data[i + 1] == 0 && s.data[i + 2] == 1) {
            *code = i;
            return i + 3;
        }
    *code = s.len;
    return s.len;
}

static bool next_by_code(struct h264_units *units, struct slice *unit)
{
    size_t code, begin = behind_code(units->left, 0, &code);
    if (begin == units->left.len)
        return false;
    (void)behind_code(units->left, begin, &code);
    *unit = slice_of(units->left.data + begin, code - begin);
    units->left = slice_of(units->left.data + code, units->left.len - code);
    while (unit->len > 0 && unit->data[unit->len - 1] == 0) /* trailing zeros, or that of the next code */
        unit->len--;
    return true;
}

static bool next_by_length(struct h264_units *units, struct slice *unit)
{
    if (units->left.len < LENGTH_BYTES)
        return false;
    size_t len = length_at(units->left.data);
    if (len > units->left.len - LENGTH_BYTES)
        return false;
    *unit = slice_of(units->left.data + LENGTH_BYTES, len);
    units->left = slice_of(unit->data + len, units->left.len - LENGTH_BYTES - len);
    return true;
}

bool h264_units_next(struct h264_units *units, struct slice *unit)
{
    do {
        bool more = units->length_bytes ? next_by_length(units, unit) : next_by_code(units, unit);
        if (!more)
            return false;
    } while (unit->len == 0);
    return true;
}

bool h264_frame_info(struct slice frame, uint16_t *width, uint16_t *height)
{
    struct h264_units units = h264_units_of(frame);
    struct slice unit;
    bool keyframe = false;
    *width = *height = 0;
    while (h264_units_next(&units, &unit)) {
        uint16_t w, h;
        keyframe = keyframe || h264_nal_type(unit) == H264_NAL_IDR;
        if (!h264_sps_size(unit, &w, &h) || (uint32_t)w * h <= (uint32_t)*width * *height)
            continue;
        *width = w;
        *height = h;
    }
    return keyframe;
}

/* ---- Sequence parameter sets (sections 7.3.2.1.1 and 7.4.2.1.1) ---- */

/* Bits of a unit's payload, without the bytes that keep start codes out of it (section 7.3.1). Sticky: 0 behind the end. */
struct bits {
    struct slice left;
    unsigned zeros; /* in a row */
    unsigned current, bits_left;
    bool failed;
};

static unsigned bit(struct bits *b)
{
    if (b->bits_left == 0) {
        if (b->zeros >= 2 && b->left.len > 0 && b->left.data[0] == 3) {
            b->left = slice_of(b->left.data + 1, b->left.len - 1);
            b->zeros = 0;
        }
        b->failed = b->failed || b->left.len == 0;
        if (b->failed)
            return 0;
        b->current = b->left.data[0];
        b->zeros = b->current == 0 ? b->zeros + 1 : 0;
        b->left = slice_of(b->left.data + 1, b->left.len - 1);
        b->bits_left = 8;
    }
    return b->current >> --b->bits_left & 1;
}

static uint32_t bits_of(struct bits *b, unsigned count)
{
    uint32_t value = 0;
    while (count-- > 0)
        value = value << 1 | bit(b);
    return value;
}

/* ue(v) (section 9.1). */
static uint32_t golomb(struct bits *b)
{
    unsigned zeros = 0;
    while (!b->failed && bit(b) == 0)
        if (++zeros > 31)
            b->failed = true;
    return b->failed ? 0 : (uint32_t)((UINT64_C(1) << zeros) - 1 + bits_of(b, zeros));
}

static int32_t signed_golomb(struct bits *b)
{
    uint32_t value = golomb(b);
    return value & 1 ? (int32_t)(value / 2 + 1) : -(int32_t)(value / 2);
}

static void skip_scaling_list(struct bits *b, unsigned size)
{
    uint32_t last = 8, next = 8;
    for (unsigned i = 0; i < size && !b->failed; i++) {
        if (next != 0)
            next = (last + (uint32_t)signed_golomb(b)) & 255;
        last = next == 0 ? last : next;
    }
}

/* What profiles above Main have in front. Returns chroma_format_idc; 4: its planes are apart. */
static uint32_t read_high(struct bits *b)
{
    uint32_t chroma = golomb(b);
    bool apart = chroma == 3 && bit(b);
    (void)golomb(b);
    (void)golomb(b);
    (void)bit(b);
    if (bit(b))
        for (unsigned i = 0; i < (chroma == 3 ? 12u : 8u); i++)
            if (bit(b))
                skip_scaling_list(b, i < 6 ? 16 : 64);
    b->failed = b->failed || chroma > 3;
    return apart ? 4 : chroma;
}

static bool is_high(uint32_t profile)
{
    static const uint8_t high[] = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
    for (size_t i = 0; i < sizeof high; i++)
        if (high[i] == profile)
            return true;
    return false;
}

static void skip_order(struct bits *b)
{
    uint32_t type = golomb(b);
    if (type == 0) {
        (void)golomb(b);
    } else if (type == 1) {
        (void)bit(b);
        (void)golomb(b);
        (void)golomb(b);
        for (uint32_t i = golomb(b); i > 0 && !b->failed; i--)
            (void)golomb(b);
    }
}

/* Less what is cut off at both ends, in `unit` pixels; 0 when nothing is left, or more than there can be. A decoder has memory for all of
 * it: no more than half is cut off, or what ends a block. */
static uint16_t side(uint64_t blocks, uint32_t unit, uint64_t first, uint64_t last)
{
    uint64_t full = blocks * BLOCK, cut = (first + last) * unit;
    return full <= UINT16_MAX && cut < full && (cut <= full / 2 || cut < 2 * BLOCK) ? (uint16_t)(full - cut) : 0;
}

bool h264_sps_size(struct slice unit, uint16_t *width, uint16_t *height)
{
    *width = *height = 0;
    if (unit.len < 4 || !h264_nal_is_sps(unit))
        return false;
    struct bits b = {.left = slice_of(unit.data + 1, unit.len - 1)};
    uint32_t profile = bits_of(&b, 8);
    (void)bits_of(&b, 16);
    (void)golomb(&b);
    uint32_t chroma = is_high(profile) ? read_high(&b) : 1;
    (void)golomb(&b);
    skip_order(&b);
    (void)golomb(&b);
    (void)bit(&b);
    uint64_t columns = (uint64_t)golomb(&b) + 1, rows = (uint64_t)golomb(&b) + 1;
    uint32_t fields = bit(&b) ? 1 : 2;
    if (fields == 2)
        (void)bit(&b);
    (void)bit(&b);
    uint32_t cut[4] = {0}; /* left, right, top, bottom */
    if (bit(&b))
        for (size_t i = 0; i < 4; i++)
            cut[i] = golomb(&b);
    if (b.failed)
        return false;
    *width = side(columns, chroma == 1 || chroma == 2 ? 2 : 1, cut[0], cut[1]);
    *height = side(rows * fields, (chroma == 1 ? 2 : 1) * fields, cut[2], cut[3]);
    if (*width == 0 || *height == 0)
        *width = *height = 0;
    return *width > 0;
}

/* ---- Slices (section 7.3.3) ---- */

static bool is_slice(struct slice unit)
{
    unsigned type = h264_nal_type(unit);
    return type == H264_NAL_SLICE || type == H264_NAL_IDR || type == H264_NAL_SLICE_EXTENSION;
}

/* first_mb_in_slice; 0 when it is broken. */
static uint32_t first_block(struct slice unit)
{
    size_t header = h264_nal_type(unit) == H264_NAL_SLICE_EXTENSION ? EXTENDED_HEADER : HEADER;
    if (unit.len <= header)
        return 0;
    struct bits b = {.left = slice_of(unit.data + header, unit.len - header)};
    return golomb(&b);
}

struct picture_work h264_frame_work(struct slice frame)
{
    struct picture_work work = {0};
    struct h264_units units = h264_units_of(frame);
    struct slice unit;
    uint32_t before = 0;
    while (h264_units_next(&units, &unit)) {
        uint16_t width, height;
        if (h264_sps_size(unit, &width, &height))
            picture_work_note(&work, width, height);
        if (!is_slice(unit))
            continue;
        uint32_t first = first_block(unit);
        work.pictures += work.pictures == 0 || first <= before;
        before = first;
    }
    return work;
}
