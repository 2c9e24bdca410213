/* SPDX-License-Identifier: MIT */
/* See sack.h. */
#include "sack.h"

#include "sctp_chunk.h"

enum { CHUNK_HEADER_LEN = 4, FIXED_LEN = 12 /* of the body: cumulative TSN, window, counts of gaps and of duplicates */, BLOCK_LEN = 4 };

/* The body of the first SACK when it reports no gaps; else nothing. */
static struct slice plain_sack(struct slice packet)
{
    struct reader r = sctp_chunks_of(packet);
    struct sctp_chunk c;
    while (sctp_chunk_next(&r, &c)) {
        if (c.type != SCTP_CHUNK_SACK)
            continue;
        struct slice body = reader_rest(&c.body);
        bool plain = body.len >= FIXED_LEN && body.data[8] == 0 && body.data[9] == 0;
        return plain ? body : slice_of(NULL, 0);
    }
    return slice_of(NULL, 0);
}

static void put_u16(uint8_t *to, size_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

struct slice sack_show(struct sack_view *view, rtc_time_t now, struct slice packet, uint8_t *room)
{
    static const uint8_t no_block[BLOCK_LEN] = {0, 2, 0, 1};
    bool may = now - view->shown >= SACK_SHOWN_EVERY_US && packet.len + BLOCK_LEN <= SACK_PACKET_MAX;
    struct slice body = may ? plain_sack(packet) : slice_of(NULL, 0);
    if (body.len == 0)
        return packet;
    view->shown = now;
    size_t at = (size_t)(body.data - packet.data), after = at + FIXED_LEN;
    memcpy(room, packet.data, after);
    memcpy(room + after, no_block, BLOCK_LEN);
    memcpy(room + after + BLOCK_LEN, packet.data + after, packet.len - after);
    put_u16(room + at - 2, CHUNK_HEADER_LEN + body.len + BLOCK_LEN);
    put_u16(room + at + 8, 1);
    return slice_of(room, packet.len + BLOCK_LEN);
}
