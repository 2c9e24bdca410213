/* SPDX-License-Identifier: MIT */
/* Reading and writing extended reports: see rtcp_extended.h. */
#include "rtcp_extended.h"

enum { TYPE_EXTENDED = 207, BLOCK_REFERENCE_TIME = 4, BLOCK_DELAYS = 5, REFERENCE_TIME_WORDS = 2, DELAY_WORDS = 3 };

/* False at the end, and with a sticky failure where a length does not fit. */
static bool next_block(struct reader *r, uint8_t *type, struct slice *body)
{
    if (reader_left(r) == 0)
        return false;
    *type = reader_u8(r);
    reader_skip(r, 1);
    size_t words = reader_u16(r);
    *body = reader_bytes(r, words * 4);
    if ((*type == BLOCK_REFERENCE_TIME && words != REFERENCE_TIME_WORDS) || (*type == BLOCK_DELAYS && words % DELAY_WORDS != 0))
        r->failed = true;
    return reader_ok(r);
}

bool rtcp_extended_is_sound(struct slice blocks)
{
    struct reader r = reader_of(blocks);
    struct slice body;
    uint8_t type;
    while (next_block(&r, &type, &body)) {
    }
    return reader_ok(&r);
}

bool rtcp_extended_next(struct reader *blocks, struct rtcp_extended_block *out)
{
    uint8_t type;
    *out = (struct rtcp_extended_block){0};
    while (next_block(blocks, &type, &out->body)) {
        struct reader r = reader_of(out->body);
        if (type != BLOCK_REFERENCE_TIME && type != BLOCK_DELAYS)
            continue;
        out->type = type == BLOCK_DELAYS ? RTCP_EXTENDED_DELAYS : RTCP_EXTENDED_REFERENCE_TIME;
        if (type == BLOCK_REFERENCE_TIME)
            out->ntp = reader_u64(&r);
        else
            out->count = out->body.len / (4 * DELAY_WORDS);
        return true;
    }
    return false;
}

struct rtcp_delay rtcp_delay_at(const struct rtcp_extended_block *block, size_t index)
{
    struct reader r = reader_of(block->body);
    reader_skip(&r, index * 4 * DELAY_WORDS);
    struct rtcp_delay delay = {.ssrc = reader_u32(&r), .last_rr = reader_u32(&r)};
    delay.since = reader_u32(&r);
    return delay;
}

static void write_head(struct writer *w, uint8_t type, size_t words)
{
    writer_u8(w, type);
    writer_u8(w, 0);
    writer_u16(w, (uint16_t)words);
}

void rtcp_write_extended(struct writer *w, uint32_t ssrc, uint64_t ntp, const struct rtcp_delay *delays, size_t count)
{
    size_t words = 1 + (ntp ? (size_t)1 + REFERENCE_TIME_WORDS : 0) + (count ? 1 + count * DELAY_WORDS : 0);
    if (count > RTCP_EXTENDED_DELAYS_MAX)
        w->failed = true;
    if (w->failed || words == 1)
        return;
    writer_u8(w, 0x80);
    writer_u8(w, TYPE_EXTENDED);
    writer_u16(w, (uint16_t)words);
    writer_u32(w, ssrc);
    if (ntp) {
        write_head(w, BLOCK_REFERENCE_TIME, REFERENCE_TIME_WORDS);
        writer_u64(w, ntp);
    }
    if (count > 0)
        write_head(w, BLOCK_DELAYS, count * DELAY_WORDS);
    for (size_t i = 0; i < count; i++) {
        writer_u32(w, delays[i].ssrc);
        writer_u32(w, delays[i].last_rr);
        writer_u32(w, delays[i].since);
    }
}
