/* SPDX-License-Identifier: MIT */
/* See handshake.h. */
#include "handshake.h"

#include "memory.h"
#include "sctp_chunk.h"

enum { REPEATS_MAX = 8 };

static const rtc_time_t first_least = 100000; /* a busy peer needs no help */
static const rtc_time_t first_most = 1000000;

void handshake_init(struct handshake *h, rtc_context *context, rtc_time_t rtt_us)
{
    rtc_time_t first = rtt_us * 3 / 2;
    *h = (struct handshake){.context = context};
    if (rtt_us > 0)
        h->first = first < first_least ? first_least : first > first_most ? first_most : first;
}

void handshake_over(struct handshake *h)
{
    memory_free(h->context, h->bytes);
    h->bytes = NULL;
    h->len = 0;
}

void handshake_fini(struct handshake *h)
{
    if (h->context)
        handshake_over(h);
}

/* The engine's own repetition of the packet that waits. */
static bool is_known(const struct handshake *h, struct slice packet)
{
    return h->bytes && h->len == packet.len && memcmp(h->bytes, packet.data, packet.len) == 0;
}

static bool asks(struct slice packet)
{
    struct reader r = sctp_chunks_of(packet);
    struct sctp_chunk c;
    while (sctp_chunk_next(&r, &c))
        if (c.type == SCTP_CHUNK_INIT || c.type == SCTP_CHUNK_COOKIE_ECHO || c.type == SCTP_CHUNK_DATA)
            return true;
    return false;
}

static void note_data(struct handshake *h, struct slice packet)
{
    struct reader r = sctp_chunks_of(packet);
    struct sctp_chunk c;
    h->has_data = false;
    while (sctp_chunk_next(&r, &c))
        if (c.type == SCTP_CHUNK_DATA) {
            h->tsn = reader_u32(&c.body);
            h->has_data = true;
        }
}

void handshake_sent(struct handshake *h, rtc_time_t now, struct slice packet)
{
    bool known = is_known(h, packet);
    if (known && h->repeats < REPEATS_MAX)
        h->due = now + h->interval;
    if (h->first == 0 || known || !asks(packet))
        return;
    handshake_over(h);
    h->bytes = memory_alloc(h->context, packet.len);
    if (!h->bytes)
        return; /* the engine repeats it later */
    memcpy(h->bytes, packet.data, packet.len);
    h->len = packet.len;
    h->repeats = 0;
    h->interval = h->first;
    h->due = now + h->interval;
    note_data(h, packet);
}

struct slice handshake_due(struct handshake *h, rtc_time_t now)
{
    if (!h->bytes || now < h->due)
        return slice_of(NULL, 0);
    h->interval += h->interval / 2;
    h->due = ++h->repeats < REPEATS_MAX ? now + h->interval : RTC_TIME_NEVER; /* the engine goes on alone, with the same packet */
    return slice_of(h->bytes, h->len);
}
