/* SPDX-License-Identifier: MIT */
/* See fec_header.h. */
#include "fec_header.h"

#include "reader.h"

enum { LONG_MASK = 0x40, EXTENDED = 0x80, LAST = 0x80, STREAMS = 1 };
/* FlexFEC's parts of a mask: a bit that says whether it is the last one, and so many bits. */
enum { PART_1 = 15, PART_2 = 31, PART_3 = 63 };

static bool is_empty(const struct fec_header *h)
{
    return h->mask[0] == 0 && h->mask[1] == 0;
}

/* Whether one is set from there on. */
static bool any_from(const struct fec_header *h, unsigned offset)
{
    return offset < 64 ? (h->mask[0] << offset) != 0 || h->mask[1] != 0 : (h->mask[1] << (offset - 64)) != 0;
}

/* `count` bits from there on, to the right of the result. */
static uint64_t bits_at(const struct fec_header *h, unsigned offset, unsigned count)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < count; i++)
        bits = bits << 1 | fec_header_protects(h, offset + i);
    return bits;
}

static void set_bits(struct fec_header *h, unsigned offset, unsigned count, uint64_t bits)
{
    for (unsigned i = 0; i < count; i++)
        if (bits >> (count - 1 - i) & 1)
            h->mask[(offset + i) / 64] |= 1ull << (63 - (offset + i) % 64);
}

/* ---- ULPFEC ---- */

bool ulpfec_read(struct slice payload, struct fec_header *out)
{
    struct reader r = reader_of(payload);
    *out = (struct fec_header){.flags[0] = reader_u8(&r)};
    bool is_long = (out->flags[0] & LONG_MASK) != 0, extended = (out->flags[0] & EXTENDED) != 0;
    out->flags[0] &= 0x3f;
    out->flags[1] = reader_u8(&r);
    out->base = reader_u16(&r);
    out->timestamp = reader_u32(&r);
    out->length = reader_u16(&r);
    uint16_t protected = reader_u16(&r);
    set_bits(out, 0, 16, reader_u16(&r));
    if (is_long)
        set_bits(out, 16, 32, reader_u32(&r));
    out->body = reader_bytes(&r, protected);
    return reader_ok(&r) && !extended && !is_empty(out) && protected <= FEC_BODY_MAX;
}

void ulpfec_write(struct writer *w, const struct fec_header *h)
{
    bool is_long = any_from(h, 16);
    writer_u8(w, (uint8_t)((h->flags[0] & 0x3f) | (is_long ? LONG_MASK : 0)));
    writer_u8(w, h->flags[1]);
    writer_u16(w, h->base);
    writer_u32(w, h->timestamp);
    writer_u16(w, h->length);
    writer_u16(w, (uint16_t)h->body.len);
    writer_u16(w, (uint16_t)bits_at(h, 0, 16));
    if (is_long)
        writer_u32(w, (uint32_t)bits_at(h, 16, 32));
    writer_bytes(w, h->body);
}

/* ---- FlexFEC ---- */

static bool read_masks(struct reader *r, struct fec_header *out)
{
    uint16_t first = reader_u16(r);
    set_bits(out, 0, PART_1, first & 0x7fff);
    if (first & 0x8000)
        return true;
    uint32_t second = reader_u32(r);
    set_bits(out, PART_1, PART_2, second & 0x7fffffff);
    if (second & 0x80000000)
        return true;
    uint64_t third = (uint64_t)reader_u32(r) << 32;
    third |= reader_u32(r);
    set_bits(out, PART_1 + PART_2, PART_3, third & ~(1ull << 63));
    return third >> 63 != 0;
}

/* The first two bits say that it is a retransmission, or has a fixed matrix: browsers have neither. */
bool flexfec_read(struct slice payload, struct fec_header *out)
{
    struct reader r = reader_of(payload);
    *out = (struct fec_header){.flags[0] = reader_u8(&r)};
    bool flexible = (out->flags[0] & 0xc0) == 0;
    out->flags[1] = reader_u8(&r);
    out->length = reader_u16(&r);
    out->timestamp = reader_u32(&r);
    bool one = reader_u8(&r) == STREAMS;
    (void)reader_bytes(&r, 3);
    out->ssrc = reader_u32(&r);
    out->base = reader_u16(&r);
    bool whole = read_masks(&r, out);
    out->body = reader_rest(&r);
    return reader_ok(&r) && flexible && one && whole && !is_empty(out) && out->body.len <= FEC_BODY_MAX;
}

void flexfec_write(struct writer *w, const struct fec_header *h)
{
    bool second = any_from(h, PART_1), third = any_from(h, PART_1 + PART_2);
    writer_u8(w, h->flags[0] & 0x3f);
    writer_u8(w, h->flags[1]);
    writer_u16(w, h->length);
    writer_u32(w, h->timestamp);
    writer_u32(w, (uint32_t)STREAMS << 24);
    writer_u32(w, h->ssrc);
    writer_u16(w, h->base);
    writer_u16(w, (uint16_t)(bits_at(h, 0, PART_1) | (second ? 0 : 0x8000)));
    if (second)
        writer_u32(w, (uint32_t)bits_at(h, PART_1, PART_2) | (third ? 0 : 0x80000000));
    if (third) {
        uint64_t bits = bits_at(h, PART_1 + PART_2, PART_3) | 1ull << 63;
        writer_u32(w, (uint32_t)(bits >> 32));
        writer_u32(w, (uint32_t)bits);
    }
    writer_bytes(w, h->body);
}

/* ---- RED ---- */

int red_read(struct slice payload)
{
    bool one = payload.len > 0 && (payload.data[0] & LAST) == 0;
    return one ? payload.data[0] : -1;
}
