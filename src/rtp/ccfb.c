/* SPDX-License-Identifier: MIT */
/* Congestion control feedback: see ccfb.h. */
#include "ccfb.h"

enum {
    FIRST_BYTE = 0x80 | 11,
    TYPE_TRANSPORT_FEEDBACK = 205,
    RECEIVED = 0x8000,
    ECN_SHIFT = 13,
    OFFSET_MASK = 0x1fff,
    OFFSET_LARGEST = 0x1ffd,
    OFFSET_LONGER = 0x1ffe,
    OFFSET_UNKNOWN = 0x1fff,
    TIMESTAMP_BYTES = 4,
    BLOCK_HEAD_BYTES = 8,
    METRIC_BYTES = 2
};

/* ---- Reading ---- */

/* Cuts the next block out: its metrics, without what fills up its last word. */
static struct reader block(struct reader *r, uint32_t *ssrc, uint16_t *begin, uint16_t *count)
{
    *ssrc = reader_u32(r);
    *begin = reader_u16(r);
    *count = reader_u16(r);
    struct reader metrics = reader_child(r, (size_t)*count * METRIC_BYTES);
    if (*count % 2)
        reader_skip(r, METRIC_BYTES);
    return metrics;
}

bool ccfb_read(struct slice body, struct ccfb *out)
{
    struct reader r = reader_of(body);
    uint32_t ssrc;
    uint16_t begin, count;
    if (body.len < TIMESTAMP_BYTES)
        return false;
    struct reader blocks = reader_child(&r, body.len - TIMESTAMP_BYTES);
    out->blocks = slice_of(body.data, body.len - TIMESTAMP_BYTES);
    out->timestamp = reader_u32(&r);
    while (reader_left(&blocks) > 0) {
        (void)block(&blocks, &ssrc, &begin, &count);
        if (count > CCFB_NUMBERS_MAX)
            return false;
    }
    return reader_ok(&blocks);
}

rtc_time_t ccfb_time(struct ccfb_clock *clock, const struct ccfb *ccfb)
{
    int64_t next = ccfb->timestamp;
    if (clock->known)
        next = clock->last + (int32_t)(ccfb->timestamp - (uint32_t)clock->last);
    clock->known = true;
    clock->last = next;
    return next * 15625 / 1024; /* 1000000 / 65536 */
}

struct ccfb_iterator ccfb_packets(const struct ccfb *ccfb, rtc_time_t time)
{
    return (struct ccfb_iterator){.blocks = reader_of(ccfb->blocks), .time = time};
}

bool ccfb_next(struct ccfb_iterator *it, uint32_t *ssrc, struct sent_history_told *out)
{
    while (it->left == 0) {
        if (reader_left(&it->blocks) == 0)
            return false;
        it->metrics = block(&it->blocks, &it->ssrc, &it->number, &it->left);
    }
    uint16_t metric = reader_u16(&it->metrics);
    int64_t offset = metric & OFFSET_MASK;
    it->left--;
    *ssrc = it->ssrc;
    *out = (struct sent_history_told){.number = it->number++, .received = metric & RECEIVED, .arrived = RTC_TIME_NEVER};
    if (!out->received)
        return true;
    out->ecn = (enum congestion_ecn)(metric >> ECN_SHIFT & 3);
    out->arrived = it->time - (offset == OFFSET_UNKNOWN ? 0 : offset * 15625 / 16); /* 1000000 / 1024 */
    return true;
}

/* ---- Writing ---- */

void ccfb_write_begin(struct ccfb_writer *writer, struct writer *w, uint32_t ssrc, rtc_time_t now)
{
    *writer = (struct ccfb_writer){w, w->at, now};
    writer_u8(w, FIRST_BYTE);
    writer_u8(w, TYPE_TRANSPORT_FEEDBACK);
    writer_u16(w, 0); /* the length: ccfb_write_end() */
    writer_u32(w, ssrc);
}

static uint16_t metric_of(const struct sent_history_told *told, rtc_time_t now)
{
    if (!told->received)
        return 0;
    unsigned head = RECEIVED | ((unsigned)told->ecn & 3) << ECN_SHIFT;
    if (told->arrived > now)
        return (uint16_t)(head | OFFSET_UNKNOWN);
    rtc_time_t ago = now - told->arrived;
    if (ago > (rtc_time_t)OFFSET_LARGEST * 15625 / 16)
        return (uint16_t)(head | OFFSET_LONGER);
    return (uint16_t)(head | (unsigned)((ago * 16 + 7812) / 15625));
}

size_t ccfb_write_block(struct ccfb_writer *writer, uint32_t ssrc, const struct sent_history_told *told, size_t count)
{
    struct writer *w = writer->w;
    size_t left = writer_left(w), taken = BLOCK_HEAD_BYTES + TIMESTAMP_BYTES;
    size_t room = left > taken ? (left - taken) / 4 * 2 : 0, n = count < room ? count : room;
    if (n > CCFB_NUMBERS_MAX)
        n = CCFB_NUMBERS_MAX;
    if (n == 0 || !writer_ok(w))
        return 0;
    writer_u32(w, ssrc);
    writer_u16(w, told[0].number);
    writer_u16(w, (uint16_t)n);
    for (size_t i = 0; i < n; i++)
        writer_u16(w, metric_of(&told[i], writer->now));
    writer_zeros(w, n % 2 * METRIC_BYTES);
    return n;
}

void ccfb_write_end(struct ccfb_writer *writer, uint32_t timestamp)
{
    writer_u32(writer->w, timestamp);
    if (writer_ok(writer->w))
        put_u16(writer->start + 2, (uint16_t)((size_t)(writer->w->at - writer->start) / 4 - 1));
}
