/* SPDX-License-Identifier: MIT */
/* See reset_gate.h. */
#include "reset_gate.h"

#include "memory.h"
#include "sctp_chunk.h"

enum { PARAMETER_HEADER_LEN = 4, OUTGOING_RESET_REQUEST = 13 /* RFC 6525 4.1 */ };

void reset_gate_init(struct reset_gate *g, rtc_context *context)
{
    *g = (struct reset_gate){.context = context};
}

static void drop_held(struct reset_gate *g)
{
    memory_free(g->context, g->held);
    g->held = NULL;
    g->held_len = 0;
}

void reset_gate_fini(struct reset_gate *g)
{
    drop_held(g);
    g->started = false;
}

static bool is_beyond(const struct reset_gate *g, uint32_t tsn)
{
    return (int32_t)(tsn - g->received) > 0;
}

void reset_gate_sent(struct reset_gate *g, struct slice packet)
{
    struct reader r = sctp_chunks_of(packet);
    struct sctp_chunk c;
    while (sctp_chunk_next(&r, &c)) {
        if (c.type != SCTP_CHUNK_SACK)
            continue;
        uint32_t tsn = reader_u32(&c.body);
        if (reader_ok(&c.body) && (!g->started || is_beyond(g, tsn)))
            g->received = tsn;
        g->started = g->started || reader_ok(&c.body);
    }
}

/* True when the body of RE-CONFIG asks for a reset after TSNs that have not come. */
static bool is_early(const struct reset_gate *g, struct reader body, uint32_t *tsn)
{
    while (reader_left(&body) >= PARAMETER_HEADER_LEN) {
        uint16_t type = reader_u16(&body), len = reader_u16(&body);
        if (len < PARAMETER_HEADER_LEN)
            return false;
        struct reader parameter = reader_child(&body, len - PARAMETER_HEADER_LEN);
        reader_skip(&parameter, 8); /* the numbers of the request, and of the one that it answers */
        *tsn = reader_u32(&parameter);
        if (type == OUTGOING_RESET_REQUEST && reader_ok(&parameter) && is_beyond(g, *tsn))
            return true;
        size_t padding = (4u - (len & 3u)) & 3u;
        reader_skip(&body, padding < reader_left(&body) ? padding : reader_left(&body));
    }
    return false;
}

static void hold(struct reset_gate *g, struct slice packet, struct slice chunk, uint32_t tsn)
{
    drop_held(g);
    g->held = memory_alloc(g->context, SCTP_COMMON_HEADER_LEN + chunk.len);
    if (!g->held)
        return;
    memcpy(g->held, packet.data, SCTP_COMMON_HEADER_LEN);
    memcpy(g->held + SCTP_COMMON_HEADER_LEN, chunk.data, chunk.len);
    g->held_len = SCTP_COMMON_HEADER_LEN + chunk.len;
    g->held_tsn = tsn;
}

static struct slice without(struct slice packet, struct slice chunk, uint8_t *room)
{
    size_t before = (size_t)(chunk.data - packet.data), after = packet.len - before - chunk.len;
    if (before == SCTP_COMMON_HEADER_LEN && after == 0)
        return slice_of(NULL, 0);
    memcpy(room, packet.data, before);
    memcpy(room + before, chunk.data + chunk.len, after);
    return slice_of(room, before + after);
}

/* DATA in its order is had before its SACK, which may be delayed. */
static void note_data(struct reset_gate *g, struct reader *body)
{
    uint32_t tsn = reader_u32(body);
    if (reader_ok(body) && tsn == g->received + 1)
        g->received = tsn;
}

struct slice reset_gate_admit(struct reset_gate *g, struct slice packet, uint8_t *room)
{
    struct slice early = slice_of(NULL, 0);
    uint32_t tsn = 0;
    if (!g->started || packet.len > RESET_GATE_PACKET_MAX)
        return packet;
    struct reader r = sctp_chunks_of(packet);
    const uint8_t *at = r.at;
    for (struct sctp_chunk c; sctp_chunk_next(&r, &c); at = r.at)
        if (c.type == SCTP_CHUNK_DATA)
            note_data(g, &c.body);
        else if (c.type == SCTP_CHUNK_RE_CONFIG && early.len == 0 && is_early(g, c.body, &tsn))
            early = slice_of(at, (size_t)(r.at - at));
    if (early.len == 0)
        return packet;
    hold(g, packet, early, tsn);
    return without(packet, early, room);
}

struct slice reset_gate_take(struct reset_gate *g, uint8_t *room)
{
    if (!g->held || is_beyond(g, g->held_tsn))
        return slice_of(NULL, 0);
    size_t len = g->held_len;
    memcpy(room, g->held, len);
    drop_held(g);
    return slice_of(room, len);
}
