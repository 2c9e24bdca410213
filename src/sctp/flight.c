/* SPDX-License-Identifier: MIT */
/* Walks the chunks of packets for DATA going out and SACK coming in. */
#include "flight.h"

#include "dcep.h"
#include "memory.h"
#include "sctp_chunk.h"

void flight_init(struct flight *f, rtc_context *context)
{
    *f = (struct flight){.context = context};
}

int flight_reserve(struct flight *f, uint16_t stream)
{
    void *array = f->streams;
    size_t before = f->known;
    if (!memory_grow(f->context, &array, &f->known, (size_t)stream + 1, sizeof *f->streams))
        return RTC_ERR_NO_MEMORY;
    f->streams = array;
    memset(f->streams + before, 0, (f->known - before) * sizeof *f->streams);
    return RTC_OK;
}

void flight_fini(struct flight *f)
{
    if (f->context)
        memory_free(f->context, f->streams);
    f->streams = NULL;
    f->known = 0;
}

static uint32_t *count_of(struct flight_stream *s, uint32_t ppid)
{
    return ppid == PPID_STRING || ppid == PPID_BINARY ? &s->unsent : &s->others;
}

void flight_given(struct flight *f, uint16_t stream, uint32_t ppid, size_t bytes)
{
    f->total += bytes;
    if (stream < f->known)
        *count_of(&f->streams[stream], ppid) += (uint32_t)bytes;
}

void flight_abandoned(struct flight *f, uint16_t stream, uint32_t ppid, size_t bytes)
{
    f->total -= bytes < f->total ? bytes : f->total;
    if (stream >= f->known)
        return;
    uint32_t *unsent = count_of(&f->streams[stream], ppid);
    *unsent -= bytes < *unsent ? (uint32_t)bytes : *unsent;
}

void flight_limit(struct flight *f, uint16_t stream, bool limited)
{
    if (stream < f->known)
        f->streams[stream].limited = limited;
}

void flight_failed(struct flight *f, uint16_t stream, uint32_t ppid, size_t bytes)
{
    bool given_up = ppid != PPID_DCEP && (stream >= f->known || f->streams[stream].limited);
    if (given_up)
        flight_abandoned(f, stream, ppid, bytes);
}

void flight_dry(struct flight *f)
{
    f->total = 0;
    for (size_t i = 0; i < f->known; i++)
        f->streams[i].unsent = f->streams[i].others = 0;
}

void flight_end(struct flight *f)
{
    for (size_t i = 0; i < f->known; i++) {
        struct flight_stream *s = &f->streams[i];
        s->lost = s->unsent > 0 || s->others > 0 || (s->sent && !flight_acknowledged(f, s->last));
        s->gone = s->unsent;
    }
}

void flight_begin_anew(struct flight *f)
{
    flight_end(f);
    for (size_t i = 0; i < f->known; i++)
        f->streams[i] = (struct flight_stream){.lost = f->streams[i].lost, .gone = f->streams[i].gone};
    f->total = 0;
    f->started = false;
}

static void data_sent(struct flight *f, struct reader *body)
{
    uint32_t tsn = reader_u32(body);
    uint16_t stream = reader_u16(body);
    reader_skip(body, 2);
    uint32_t ppid = reader_u32(body);
    if (!reader_ok(body))
        return;
    if (f->started && (int32_t)(tsn - f->highest) <= 0) {
        f->retransmits++;
        return;
    }
    if (!f->started)
        f->acked = tsn - 1;
    f->started = true;
    f->highest = tsn;
    flight_abandoned(f, stream, ppid, reader_left(body));
    if (stream >= f->known)
        return;
    f->streams[stream].last = tsn;
    f->streams[stream].sent = true;
}

void flight_sent(struct flight *f, struct slice packet)
{
    struct reader r = sctp_chunks_of(packet);
    struct sctp_chunk c;
    while (sctp_chunk_next(&r, &c))
        if (c.type == SCTP_CHUNK_DATA)
            data_sent(f, &c.body);
}

void flight_received(struct flight *f, struct slice packet)
{
    struct reader r = sctp_chunks_of(packet);
    struct sctp_chunk c;
    while (f->started && sctp_chunk_next(&r, &c)) {
        if (c.type != SCTP_CHUNK_SACK && c.type != SCTP_CHUNK_SHUTDOWN)
            continue;
        uint32_t acked = reader_u32(&c.body);
        bool plausible = (int32_t)(acked - f->acked) > 0 && (int32_t)(f->highest - acked) >= 0;
        if (reader_ok(&c.body) && plausible)
            f->acked = acked;
    }
}

bool flight_acknowledged(const struct flight *f, uint32_t tsn)
{
    return f->started && (int32_t)(f->acked - tsn) >= 0;
}

bool flight_unacknowledged(const struct flight *f)
{
    return f->started && f->highest != f->acked;
}

uint32_t flight_on_its_way(const struct flight *f)
{
    return f->started ? f->highest - f->acked : 0;
}
