/* SPDX-License-Identifier: MIT */
/* Transport-wide feedback: see transport_feedback.h. */
#include "transport_feedback.h"

/* Section 3.1.1: what is said of a number. With one bit for each, that is NOT_RECEIVED or SMALL. */
enum symbol { NOT_RECEIVED, SMALL, LARGE, RESERVED };

enum {
    TICK_US = 250,
    REFERENCE_TICKS = 256, /* 64 ms */
    REFERENCE_BITS = 24,
    RUN_MAX = 0x1fff,
    ONE_BIT_SYMBOLS = 14,
    TWO_BIT_SYMBOLS = 7,
    VECTOR = 0x8000,
    TWO_BITS = 0x4000,
    HEAD_BYTES = 20, /* of the whole message, before its chunks */
    FIRST_BYTE = 0x80 | 15,
    TYPE_TRANSPORT_FEEDBACK = 205
};

/* ---- Reading ---- */

static uint16_t symbols_of(uint16_t chunk)
{
    if (!(chunk & VECTOR))
        return chunk & RUN_MAX;
    return chunk & TWO_BITS ? TWO_BIT_SYMBOLS : ONE_BIT_SYMBOLS;
}

/* The symbol with which `left` of the chunk begin; in a run they are all the same. */
static enum symbol symbol_at(uint16_t chunk, uint16_t left)
{
    if (!(chunk & VECTOR))
        return chunk >> 13 & 3;
    return chunk & TWO_BITS ? chunk >> 2 * (left - 1) & 3 : chunk >> (left - 1) & 1;
}

/* How many bytes of deltas the first `count` symbols of the chunk have; SIZE_MAX when one of them is reserved. */
static size_t deltas_of(uint16_t chunk, uint16_t count)
{
    size_t bytes = 0;
    uint16_t all = symbols_of(chunk);
    if (!(chunk & VECTOR))
        return symbol_at(chunk, all) == RESERVED ? SIZE_MAX : (size_t)symbol_at(chunk, all) * count;
    for (uint16_t i = 0; i < count; i++) {
        enum symbol symbol = symbol_at(chunk, (uint16_t)(all - i));
        if (symbol == RESERVED)
            return SIZE_MAX;
        bytes += symbol; /* SMALL has one, LARGE two */
    }
    return bytes;
}

bool transport_feedback_read(struct slice body, struct transport_feedback *out)
{
    struct reader r = reader_of(body);
    size_t bytes = 0;
    out->base = reader_u16(&r);
    out->count = reader_u16(&r);
    out->reference = reader_u24(&r);
    out->message = reader_u8(&r);
    const uint8_t *chunks = r.at;
    for (uint32_t told = 0; told < out->count && reader_ok(&r);) {
        uint16_t chunk = reader_u16(&r);
        uint32_t left = out->count - told;
        uint16_t count = left < symbols_of(chunk) ? (uint16_t)left : symbols_of(chunk);
        size_t more = deltas_of(chunk, count);
        if (more == SIZE_MAX)
            return false;
        told += count; /* symbols beyond the count mean nothing, and a run of none is a chunk that says nothing */
        bytes += more;
    }
    if (!reader_ok(&r) || out->count == 0)
        return false;
    out->chunks = slice_of(chunks, (size_t)(r.at - chunks));
    out->deltas = reader_bytes(&r, bytes);
    return reader_ok(&r); /* padding may follow */
}

rtc_time_t transport_feedback_reference(struct transport_feedback_clock *clock, const struct transport_feedback *feedback)
{
    const int64_t around = (int64_t)1 << REFERENCE_BITS, half = around / 2;
    int64_t next = feedback->reference;
    if (clock->known) {
        int64_t ahead = (next - clock->last) & (around - 1);
        next = clock->last + (ahead < half ? ahead : ahead - around);
    }
    clock->known = true;
    clock->last = next;
    return next * REFERENCE_TICKS * TICK_US;
}

struct transport_feedback_iterator transport_feedback_numbers(const struct transport_feedback *feedback, rtc_time_t reference)
{
    return (struct transport_feedback_iterator){
        .chunks = reader_of(feedback->chunks),
        .deltas = reader_of(feedback->deltas),
        .number = feedback->base,
        .left = feedback->count,
        .at = reference,
    };
}

bool transport_feedback_next(struct transport_feedback_iterator *it, struct sent_history_told *out)
{
    if (it->left == 0)
        return false;
    while (it->symbols == 0) { /* those that were read have enough for all numbers */
        it->chunk = reader_u16(&it->chunks);
        it->symbols = symbols_of(it->chunk);
        if (!reader_ok(&it->chunks))
            return false;
    }
    enum symbol symbol = symbol_at(it->chunk, it->symbols);
    int32_t delta = symbol == SMALL ? reader_u8(&it->deltas) : symbol == LARGE ? (int16_t)reader_u16(&it->deltas) : 0;
    it->at += (rtc_time_t)delta * TICK_US;
    it->symbols--;
    it->left--;
    *out = (struct sent_history_told){.number = it->number++, .received = symbol != NOT_RECEIVED};
    out->arrived = out->received ? it->at : RTC_TIME_NEVER;
    return true;
}

/* ---- Writing ---- */

/* A message in the making. */
struct draft {
    uint8_t symbols[TRANSPORT_FEEDBACK_WRITTEN_MAX];
    int16_t deltas[TRANSPORT_FEEDBACK_WRITTEN_MAX]; /* of those that were received, */
    size_t received;                                /* which are so many */
    size_t count, delta_bytes;
    int64_t reference; /* in units of 64 ms, all bits of it */
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t ticks_of(rtc_time_t at)
{
    return floor_div(at + TICK_US / 2, TICK_US);
}

/* Those that are missing at first are one run. Of the others every chunk but the last one tells of as many symbols as the least vector
 * holds, or more. */
static size_t bytes_of(size_t missing, size_t count, size_t delta_bytes)
{
    bool run = missing >= ONE_BIT_SYMBOLS;
    size_t chunks = run + (count - (run ? missing : 0) + TWO_BIT_SYMBOLS - 1) / TWO_BIT_SYMBOLS;
    return HEAD_BYTES + (2 * chunks + delta_bytes + 3) / 4 * 4;
}

/* What is missing at the end is told of in the next message, where something after it has arrived: by itself it says neither when nor
 * whether it is lost. */
static void end_with_received(struct draft *d)
{
    while (d->received > 0 && d->symbols[d->count - 1] == NOT_RECEIVED)
        d->count--;
}

/* What can be told of in `room` bytes. */
static void draft_of(struct draft *d, const struct sent_history_told *told, size_t count, size_t room)
{
    int64_t last = 0;
    size_t missing = 0; /* at first */
    d->received = d->count = d->delta_bytes = 0;
    d->reference = 0;
    for (size_t i = 0; i < count && i < TRANSPORT_FEEDBACK_WRITTEN_MAX; i++) {
        int64_t at = told[i].received ? ticks_of(told[i].arrived) : last;
        bool first = told[i].received && d->received == 0;
        int64_t reference = first ? floor_div(at, REFERENCE_TICKS) : d->reference;
        int64_t delta = at - (first ? reference * REFERENCE_TICKS : last);
        size_t size = !told[i].received ? NOT_RECEIVED : delta >= 0 && delta <= UINT8_MAX ? SMALL : LARGE;
        missing += !told[i].received && missing == i;
        if (delta < INT16_MIN || delta > INT16_MAX || bytes_of(missing, i + 1, d->delta_bytes + size) > room)
            break;
        if (told[i].received)
            d->deltas[d->received++] = (int16_t)delta;
        d->symbols[i] = (uint8_t)size;
        d->count = i + 1;
        d->delta_bytes += size;
        d->reference = reference;
        last = at;
    }
    end_with_received(d);
}

/* How many of the symbols from `i` on, up to `most`, are alike (`alike`) or fit one bit. */
static size_t length_of(const struct draft *d, size_t i, size_t most, bool alike)
{
    size_t n = 0;
    while (n < most && i + n < d->count && (alike ? d->symbols[i + n] == d->symbols[i] : d->symbols[i + n] != LARGE))
        n++;
    return n;
}

/* The chunk for the symbols from `i` on, and how many it tells of. */
static uint16_t chunk_at(const struct draft *d, size_t i, size_t *used)
{
    size_t run = length_of(d, i, RUN_MAX, true), one_bit = length_of(d, i, ONE_BIT_SYMBOLS, false);
    bool ends = i + one_bit == d->count;
    if (i + run == d->count || run >= (one_bit == ONE_BIT_SYMBOLS || ends ? ONE_BIT_SYMBOLS : TWO_BIT_SYMBOLS)) {
        *used = run;
        return (uint16_t)((unsigned)d->symbols[i] << 13 | run);
    }
    bool two = one_bit < ONE_BIT_SYMBOLS && !ends;
    size_t all = two ? TWO_BIT_SYMBOLS : ONE_BIT_SYMBOLS;
    unsigned chunk = VECTOR | (two ? TWO_BITS : 0);
    *used = all < d->count - i ? all : d->count - i;
    for (size_t n = 0; n < *used; n++)
        chunk |= (unsigned)d->symbols[i + n] << (all - 1 - n) * (two ? 2 : 1);
    return (uint16_t)chunk;
}

static void write_statuses(struct writer *w, const struct draft *d)
{
    size_t received = 0;
    for (size_t i = 0, used; i < d->count; i += used)
        writer_u16(w, chunk_at(d, i, &used));
    for (size_t i = 0; i < d->count; i++) {
        if (d->symbols[i] == SMALL)
            writer_u8(w, (uint8_t)d->deltas[received++]);
        else if (d->symbols[i] == LARGE)
            writer_u16(w, (uint16_t)d->deltas[received++]);
    }
}

size_t transport_feedback_write(struct writer *w, uint32_t ssrc, uint32_t media_ssrc, uint8_t message, const struct sent_history_told *told,
                                size_t count)
{
    struct draft d;
    draft_of(&d, told, count, writer_left(w));
    if (d.count == 0)
        return 0;
    uint8_t *start = w->at;
    writer_u8(w, FIRST_BYTE);
    writer_u8(w, TYPE_TRANSPORT_FEEDBACK);
    writer_u16(w, 0); /* the length: below */
    writer_u32(w, ssrc);
    writer_u32(w, media_ssrc);
    writer_u16(w, told[0].number);
    writer_u16(w, (uint16_t)d.count);
    writer_u24(w, (uint32_t)d.reference & 0xffffff);
    writer_u8(w, message);
    write_statuses(w, &d);
    writer_zeros(w, (4 - (size_t)(w->at - start) % 4) % 4);
    if (!writer_ok(w))
        return 0;
    put_u16(start + 2, (uint16_t)((size_t)(w->at - start) / 4 - 1));
    return d.count;
}
