/* SPDX-License-Identifier: MIT */
/* See rtp_send_redundancy.h. */
#include "rtp_send_redundancy.h"

#include "sequence.h"

/* In per cent: where each depth begins, and below what it ends. One lost packet of a few tells nothing. */
enum { FIRST_FROM = 3, FIRST_UNTIL = 1, SECOND_FROM = 15, SECOND_UNTIL = 8, EXPECTED_LEAST = 50 };

void rtp_send_redundancy_configure(struct rtp_send_redundancy *r, uint8_t payload_type)
{
    r->payload_type = payload_type;
    r->most = REDUNDANCY_DEPTH_MAX;
}

void rtp_send_redundancy_allow(struct rtp_send_redundancy *r, uint32_t most)
{
    r->most = most;
}

void rtp_send_redundancy_report(struct rtp_send_redundancy *r, uint32_t expected, uint32_t lost)
{
    r->expected = r->expected / 2 + expected;
    r->lost = r->lost / 2 + lost;
    if (r->expected < EXPECTED_LEAST)
        return;
    uint64_t percent = r->lost * 100 / r->expected;
    uint32_t least = percent >= SECOND_FROM ? 2 : percent >= FIRST_FROM ? 1 : 0;
    uint32_t most = percent >= SECOND_UNTIL ? 2 : percent >= FIRST_UNTIL ? 1 : 0;
    r->depth = r->depth < least ? least : r->depth > most ? most : r->depth;
}

bool rtp_send_redundancy_write(const struct rtp_send_redundancy *r, uint8_t payload_type, uint32_t timestamp, struct slice frame,
                               struct writer *w)
{
    struct red_payload p = {0};
    for (uint32_t i = r->depth < r->most ? r->depth : r->most; i-- > 0;) {
        const struct redundant_frame *f = &r->sent[i];
        int32_t earlier = seq32_diff(timestamp, f->timestamp);
        if (f->len > 0 && earlier > 0 && earlier <= RED_OFFSET_MAX)
            p.blocks[p.count++] = (struct red_block){payload_type, (uint16_t)earlier, slice_of(f->bytes, f->len)};
    }
    p.blocks[p.count++] = (struct red_block){.payload_type = payload_type, .data = frame};
    for (; p.count > 1 && redundancy_size(&p) > writer_left(w); p.count--) /* the oldest is the least use */
        memmove(&p.blocks[0], &p.blocks[1], (p.count - 1) * sizeof p.blocks[0]);
    return p.count > 1 && redundancy_write(&p, w);
}

void rtp_send_redundancy_sent(struct rtp_send_redundancy *r, uint32_t timestamp, struct slice frame)
{
    memmove(&r->sent[1], &r->sent[0], (REDUNDANCY_DEPTH_MAX - 1) * sizeof r->sent[0]);
    r->sent[0].timestamp = timestamp;
    r->sent[0].len = frame.len <= RED_BLOCK_MAX ? (uint16_t)frame.len : 0;
    memcpy(r->sent[0].bytes, frame.data, r->sent[0].len);
}

void rtp_send_redundancy_forget(struct rtp_send_redundancy *r)
{
    for (uint32_t i = 0; i < REDUNDANCY_DEPTH_MAX; i++)
        r->sent[i].len = 0;
}
