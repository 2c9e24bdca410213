/* SPDX-License-Identifier: MIT */
/* See fec_sum.h. */
#include "fec_sum.h"

#include "reader.h"

void fec_sum_clear(struct fec_sum *sum)
{
    memset(sum->body, 0, sum->body_len);
    sum->flags[0] = sum->flags[1] = 0;
    sum->length = sum->body_len = 0;
    sum->timestamp = 0;
}

static void add_bytes(uint8_t *to, const uint8_t *bytes, size_t len)
{
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t a, b;
        memcpy(&a, to + i, 8);
        memcpy(&b, bytes + i, 8);
        a ^= b;
        memcpy(to + i, &a, 8);
    }
    for (; i < len; i++)
        to[i] ^= bytes[i];
}

/* What is behind the longest so far is zero: fec_sum_clear() sees to it. */
static void add_body(struct fec_sum *sum, const uint8_t *bytes, size_t len)
{
    add_bytes(sum->body, bytes, len);
    if (len > sum->body_len)
        sum->body_len = (uint16_t)len;
}

bool fec_sum_add(struct fec_sum *sum, struct slice packet)
{
    size_t len = packet.len - RTP_HEADER_LEN;
    struct reader r = reader_of(packet);
    if (packet.len < RTP_HEADER_LEN || len > FEC_BODY_MAX)
        return false;
    sum->flags[0] ^= reader_u8(&r);
    sum->flags[1] ^= reader_u8(&r);
    (void)reader_u16(&r);
    sum->timestamp ^= reader_u32(&r);
    sum->length ^= (uint16_t)len;
    add_body(sum, packet.data + RTP_HEADER_LEN, len);
    return true;
}

void fec_sum_join(struct fec_sum *sum, const struct fec_sum *other)
{
    sum->flags[0] ^= other->flags[0];
    sum->flags[1] ^= other->flags[1];
    sum->timestamp ^= other->timestamp;
    sum->length ^= other->length;
    add_body(sum, other->body, other->body_len);
}

size_t fec_sum_packet(const struct fec_sum *sum, uint32_t ssrc, uint16_t sequence, uint8_t *out, size_t room)
{
    struct writer w = writer_of(out, room);
    if (sum->length > sum->body_len)
        return 0; /* its end was not protected */
    writer_u8(&w, (uint8_t)(0x80 | (sum->flags[0] & 0x3f)));
    writer_u8(&w, sum->flags[1]);
    writer_u16(&w, sequence);
    writer_u32(&w, sum->timestamp);
    writer_u32(&w, ssrc);
    writer_bytes(&w, slice_of(sum->body, sum->length));
    return writer_ok(&w) ? writer_len(&w) : 0;
}

void fec_blank(uint8_t *copy, struct slice original, const struct rtp_header *header)
{
    static const enum rtp_extension late[] = {RTP_EXTENSION_ABS_SEND_TIME, RTP_EXTENSION_TRANSPORT_SEQUENCE};
    for (size_t i = 0; i < sizeof late / sizeof late[0]; i++) {
        struct slice value = header->extensions[late[i]];
        if (value.len > 0)
            memset(copy + (value.data - original.data), 0, value.len);
    }
}
