/* SPDX-License-Identifier: MIT */
/* Packet buffers with headroom and tailroom, so that a payload written once can be framed, protected and wrapped in place. A pool
 * recycles the standard size; a packet is owned by exactly one holder and given back with packet_free(). A pool belongs to one thread at a
 * time; packets keep their pool alive.
 *
 * Datagrams that the kernel joined arrive in a block, of which each becomes a packet without being copied. Such a slice has no room around
 * it, and the whole block stays while one of its slices is held: there are only so many blocks, and when all are in use, what arrives is
 * copied (docs/decisions/0036-what-the-face-carries.md). */
#ifndef CRTC_PACKET_H
#define CRTC_PACKET_H

#include "address.h"
#include "context.h"

/* No UDP payload is over this anywhere (docs/architecture.md, "Sizes"). */
#define PACKET_MTU 1200
/* Room before the payload of a standard packet: TURN and framing headers are written into it later. */
#define PACKET_HEADROOM 64
/* Capacity of a standard packet, headroom included: a full Ethernet frame may arrive, an auth tag may be added. */
#define PACKET_CAPACITY 1664

/* Of a block: what the kernel joins to one message at most. */
#define PACKET_BLOCK_BYTES 65536
/* Blocks of a pool, in use or kept: what slices may pin, whoever holds them for how long. */
#define PACKET_BLOCKS_MAX 20

struct packet_pool;

/* A buffer that slices share; the pool's, lent to who holds references. */
struct packet_block {
    struct packet_block *next; /* in the pool */
    uint32_t references;       /* one per slice, and that of who fills it */
    uint8_t bytes[PACKET_BLOCK_BYTES];
};

struct packet { /* its one holder's, who alone writes to it; `next` is the queue's */
    struct packet *next; /* in whichever queue holds it */
    struct packet_pool *pool;
    struct path path;    /* where it came from, or goes to */
    rtc_time_t time;     /* on the way out: when it was made, or began to wait */
    rtc_time_t arrived;  /* on the way in: when the kernel had it; RTC_TIME_NEVER: nobody said. Read by packet_arrival(). */
    uint32_t flags;      /* enum packet_flag */
    uint8_t dscp;        /* on the way out: the differentiated services codepoint (RFC 2474) */
    uint8_t ecn;         /* on either way: the two bits beside it (RFC 3168 section 5) */
    uint32_t capacity;   /* of bytes */
    uint32_t start;      /* first used byte */
    uint32_t len;        /* used bytes */
    uint8_t *bytes;      /* own, or in the block */
    struct packet_block *block; /* of a slice, a reference; else NULL */
    uint8_t own[];
};

enum { ECN_ECT1 = 1, ECN_CE = 3 }; /* RFC 3168 section 5: the one that L4S uses (RFC 9331), and congestion experienced */

enum packet_flag {
    PACKET_TEXT = 1 << 0,     /* a data channel message of text */
    PACKET_NUMBERED = 1 << 1  /* of RTP, while it waits to leave: it has its sequence number already */
};

struct packet_queue { /* embedded; owns what is in it. Written by packet.c alone. */
    struct packet *head;
    struct packet **tail; /* NULL while never used */
    uint32_t count;
};

int packet_pool_new(rtc_context *context, struct packet_pool **out);
struct packet_pool *packet_pool_ref(struct packet_pool *pool);
void packet_pool_unref(struct packet_pool *pool);
/* Gives recycled packets beyond `keep` back to the allocator: an idle connection should be small. */
void packet_pool_trim(struct packet_pool *pool, uint32_t keep);

/* A standard packet with PACKET_HEADROOM and no bytes used; NULL when out of memory. */
struct packet *packet_new(struct packet_pool *pool);
/* The same with room for `size` bytes after the headroom, whatever the size. */
struct packet *packet_new_sized(struct packet_pool *pool, size_t size);
/* A packet holding a copy of `bytes`. */
struct packet *packet_copy(struct packet_pool *pool, struct slice bytes);
void packet_free(struct packet *packet);

/* A block to receive into, with one reference. NULL when out of memory, or when PACKET_BLOCKS_MAX are in use. */
struct packet_block *packet_block_new(struct packet_pool *pool);
void packet_block_unref(struct packet_pool *pool, struct packet_block *block);
/* The packet that is these bytes of the block, which it holds. NULL when out of memory. */
struct packet *packet_in_block(struct packet_pool *pool, struct packet_block *block, size_t at, size_t len);
/* For who keeps it, for nobody knows how long: of a slice a copy that holds no block, else the packet itself, as when there is no memory
 * for a copy. Consumes `packet`. */
struct packet *packet_keep(struct packet *packet);

static inline uint8_t *packet_data(struct packet *p)
{
    return p->bytes + p->start;
}
static inline struct slice packet_slice(const struct packet *p)
{
    return slice_of(p->bytes + p->start, p->len);
}
/* When it arrived, for who does not know better than that it is there now: never later than `now`. */
static inline rtc_time_t packet_arrival(const struct packet *p, rtc_time_t now)
{
    return p->arrived < now ? p->arrived : now;
}
/* The memory that it takes, whatever it holds; of a block a slice's own part: blocks are few. */
static inline size_t packet_cost(const struct packet *p)
{
    enum { ALLOCATION = 16 }; /* of the allocator's own */
    return sizeof *p + p->capacity + ALLOCATION;
}
/* Bytes that can still be written at packet_data(p) + p->len. */
static inline size_t packet_tailroom(const struct packet *p)
{
    return p->capacity - p->start - p->len;
}

void packet_queue_push(struct packet_queue *queue, struct packet *packet);
struct packet *packet_queue_pop(struct packet_queue *queue);
void packet_queue_clear(struct packet_queue *queue);

#endif
