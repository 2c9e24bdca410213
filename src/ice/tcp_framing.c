/* SPDX-License-Identifier: MIT */
/* See tcp_framing.h. */
#include "tcp_framing.h"

#include "writer.h"

static struct slice take(struct slice *input, size_t most)
{
    struct slice taken = slice_of(input->data, input->len < most ? input->len : most);
    *input = slice_of(input->data + taken.len, input->len - taken.len);
    return taken;
}

static void begin(struct tcp_framing *f, struct packet_pool *pool, size_t len)
{
    f->left = len;
    f->packet = len > 0 && len <= PACKET_CAPACITY - PACKET_HEADROOM ? packet_new(pool) : NULL;
    f->skipped += len > 0 && !f->packet;
}

static void read_length(struct tcp_framing *f, struct packet_pool *pool, struct slice *input)
{
    uint8_t byte = take(input, 1).data[0];
    if (f->half_length)
        begin(f, pool, (size_t)(f->length_byte << 8 | byte));
    f->length_byte = byte;
    f->half_length = !f->half_length;
}

/* The packet when this was the rest of it. */
static struct packet *read_bytes(struct tcp_framing *f, struct slice *input)
{
    struct slice bytes = take(input, f->left);
    struct packet *p = f->packet;
    f->left -= bytes.len;
    if (!p)
        return NULL;
    memcpy(packet_data(p) + p->len, bytes.data, bytes.len);
    p->len += (uint32_t)bytes.len;
    if (f->left > 0)
        return NULL;
    f->packet = NULL;
    return p;
}

struct packet *tcp_framing_read(struct tcp_framing *f, struct packet_pool *pool, struct slice *input)
{
    struct packet *p = NULL;
    while (!p && input->len > 0) {
        if (f->left > 0)
            p = read_bytes(f, input);
        else
            read_length(f, pool, input);
    }
    return p;
}

bool tcp_framing_wrap(struct packet *p)
{
    if (p->start < TCP_FRAMING_HEADER || p->len > UINT16_MAX)
        return false;
    p->start -= TCP_FRAMING_HEADER;
    put_u16(packet_data(p), (uint16_t)p->len);
    p->len += TCP_FRAMING_HEADER;
    return true;
}

void tcp_framing_fini(struct tcp_framing *f)
{
    packet_free(f->packet);
    *f = (struct tcp_framing){0};
}
