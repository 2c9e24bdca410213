/* SPDX-License-Identifier: MIT */
/* Payloads that carry others; see redundancy.h. */
#include "redundancy.h"

#include "reader.h"

/* RFC 2198 section 3: the headers stand together in front of the data, and the last has no offset and no length. */
enum { MORE_FOLLOW = 0x80, LENGTH_BITS = 10 };

static bool read_headers(struct reader *r, struct red_payload *out, size_t *lengths)
{
    for (;;) {
        uint8_t first = reader_u8(r);
        struct red_block *block = &out->blocks[out->count];
        if (!reader_ok(r) || out->count == RED_BLOCKS_MAX)
            return false;
        block->payload_type = first & 0x7f;
        out->count++;
        if (!(first & MORE_FOLLOW))
            return true;
        uint32_t rest = reader_u24(r);
        block->earlier = (uint16_t)(rest >> LENGTH_BITS);
        lengths[out->count - 1] = rest & RED_BLOCK_MAX;
    }
}

bool redundancy_read(struct slice payload, struct red_payload *out)
{
    struct reader r = reader_of(payload);
    size_t lengths[RED_BLOCKS_MAX] = {0};
    *out = (struct red_payload){0};
    if (!read_headers(&r, out, lengths))
        return false;
    for (size_t i = 0; i + 1 < out->count; i++)
        out->blocks[i].data = reader_bytes(&r, lengths[i]);
    out->blocks[out->count - 1].data = reader_rest(&r);
    return reader_ok(&r);
}

size_t redundancy_size(const struct red_payload *payload)
{
    size_t size = 0;
    for (size_t i = 0; i < payload->count; i++)
        size += payload->blocks[i].data.len + (i + 1 < payload->count ? RED_HEADER_LEN : RED_LAST_HEADER_LEN);
    return size;
}

bool redundancy_write(const struct red_payload *payload, struct writer *w)
{
    if (payload->count == 0 || payload->count > RED_BLOCKS_MAX)
        return false;
    for (size_t i = 0; i + 1 < payload->count; i++) {
        const struct red_block *block = &payload->blocks[i];
        if (block->earlier > RED_OFFSET_MAX || block->data.len > RED_BLOCK_MAX)
            return false;
        writer_u8(w, (uint8_t)(MORE_FOLLOW | block->payload_type));
        writer_u24(w, (uint32_t)block->earlier << LENGTH_BITS | (uint32_t)block->data.len);
    }
    writer_u8(w, payload->blocks[payload->count - 1].payload_type & 0x7f);
    for (size_t i = 0; i < payload->count; i++)
        writer_bytes(w, payload->blocks[i].data);
    return writer_ok(w);
}
