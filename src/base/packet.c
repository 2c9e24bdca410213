/* SPDX-License-Identifier: MIT */
/* Packet buffers: a pool with a free list, and queues. */
#include "packet.h"

#include "context.h"
#include "memory.h"

enum { POOL_KEEPS = 1024 }; /* recycled packets kept for reuse; more are given back to the allocator */

/* Shared by whoever made it or holds a reference, and by each packet that is out; freed with the last reference. Written here alone, by the
 * one thread that has it at the time. */
struct packet_pool {
    rtc_context *context;
    uint32_t references; /* the owner's, and one per packet that is out */
    uint32_t kept;
    struct packet *free_list;
    uint32_t kept_slices;
    struct packet *slices; /* recycled ones, which have no bytes */
    uint32_t block_count;  /* that exist */
    struct packet_block *blocks;
};

int packet_pool_new(rtc_context *context, struct packet_pool **out)
{
    struct packet_pool *pool = memory_zeroed(context, sizeof *pool);
    if (!pool)
        return RTC_ERR_NO_MEMORY;
    pool->context = rtc_context_ref(context);
    pool->references = 1;
    *out = pool;
    return RTC_OK;
}

struct packet_pool *packet_pool_ref(struct packet_pool *pool)
{
    pool->references++;
    return pool;
}

void packet_pool_trim(struct packet_pool *pool, uint32_t keep)
{
    while (pool->kept > keep) {
        struct packet *p = pool->free_list;
        pool->free_list = p->next;
        pool->kept--;
        memory_free(pool->context, p);
    }
    for (struct packet *p; (p = pool->slices) != NULL; pool->kept_slices--) {
        pool->slices = p->next;
        memory_free(pool->context, p);
    }
    for (struct packet_block *b; (b = pool->blocks) != NULL; pool->block_count--) {
        pool->blocks = b->next;
        memory_free(pool->context, b);
    }
}

void packet_pool_unref(struct packet_pool *pool)
{
    if (!pool || --pool->references > 0)
        return;
    packet_pool_trim(pool, 0);
    context_free(pool->context, pool);
}

static struct packet *reset(struct packet *p)
{
    p->next = NULL;
    p->path = (struct path){0};
    p->time = 0;
    p->arrived = RTC_TIME_NEVER;
    p->flags = 0;
    p->dscp = 0;
    p->ecn = 0;
    p->len = 0;
    return p;
}

static struct packet *allocate(struct packet_pool *pool, size_t capacity)
{
    struct packet *p = memory_alloc(pool->context, sizeof *p + capacity);
    if (!p)
        return NULL;
    p->pool = packet_pool_ref(pool);
    p->capacity = (uint32_t)capacity;
    p->start = PACKET_HEADROOM;
    p->bytes = p->own;
    p->block = NULL;
    return reset(p);
}

struct packet *packet_new(struct packet_pool *pool)
{
    struct packet *p = pool->free_list;
    if (!p)
        return allocate(pool, PACKET_CAPACITY);
    pool->free_list = p->next;
    pool->kept--;
    packet_pool_ref(pool);
    p->start = PACKET_HEADROOM;
    return reset(p);
}

struct packet *packet_new_sized(struct packet_pool *pool, size_t size)
{
    if (size <= PACKET_CAPACITY - PACKET_HEADROOM)
        return packet_new(pool);
    if (size > UINT32_MAX / 2)
        return NULL;
    return allocate(pool, size + PACKET_HEADROOM);
}

struct packet *packet_copy(struct packet_pool *pool, struct slice bytes)
{
    struct packet *p = packet_new_sized(pool, bytes.len);
    if (p && bytes.len > 0)
        memcpy(packet_data(p), bytes.data, bytes.len);
    if (p)
        p->len = (uint32_t)bytes.len;
    return p;
}

void packet_free(struct packet *p)
{
    if (!p)
        return;
    struct packet_pool *pool = p->pool;
    struct packet_block *block = p->block;
    if (block && pool->kept_slices < POOL_KEEPS) {
        p->next = pool->slices;
        pool->slices = p;
        pool->kept_slices++;
    } else if (!block && p->capacity == PACKET_CAPACITY && pool->kept < POOL_KEEPS) {
        p->next = pool->free_list;
        pool->free_list = p;
        pool->kept++;
    } else {
        memory_free(pool->context, p);
    }
    packet_block_unref(pool, block);
    packet_pool_unref(pool);
}

/* ---- Blocks ---- */

struct packet_block *packet_block_new(struct packet_pool *pool)
{
    struct packet_block *b = pool->blocks;
    if (b)
        pool->blocks = b->next;
    else if (pool->block_count < PACKET_BLOCKS_MAX && (b = memory_alloc(pool->context, sizeof *b)) != NULL)
        pool->block_count++;
    if (b)
        b->references = 1;
    return b;
}

void packet_block_unref(struct packet_pool *pool, struct packet_block *block)
{
    if (!block || --block->references > 0)
        return;
    block->next = pool->blocks;
    pool->blocks = block;
}

struct packet *packet_in_block(struct packet_pool *pool, struct packet_block *block, size_t at, size_t len)
{
    struct packet *p = pool->slices;
    if (p) {
        pool->slices = p->next;
        pool->kept_slices--;
    } else if ((p = memory_alloc(pool->context, sizeof *p)) == NULL) {
        return NULL;
    }
    block->references++;
    (void)reset(p);
    p->pool = packet_pool_ref(pool);
    p->block = block;
    p->bytes = block->bytes + at;
    p->capacity = p->len = (uint32_t)len;
    p->start = 0;
    return p;
}

struct packet *packet_keep(struct packet *p)
{
    struct packet *copy = p->block ? packet_copy(p->pool, packet_slice(p)) : NULL;
    if (!copy)
        return p;
    copy->path = p->path;
    copy->time = p->time;
    copy->arrived = p->arrived;
    copy->flags = p->flags;
    copy->dscp = p->dscp;
    copy->ecn = p->ecn;
    packet_free(p);
    return copy;
}

void packet_queue_push(struct packet_queue *queue, struct packet *packet)
{
    if (!queue->head)
        queue->tail = &queue->head;
    packet->next = NULL;
    *queue->tail = packet;
    queue->tail = &packet->next;
    queue->count++;
}

struct packet *packet_queue_pop(struct packet_queue *queue)
{
    struct packet *p = queue->head;
    if (!p)
        return NULL;
    queue->head = p->next;
    queue->count--;
    p->next = NULL;
    return p;
}

void packet_queue_clear(struct packet_queue *queue)
{
    for (struct packet *p; (p = packet_queue_pop(queue)) != NULL;)
        packet_free(p);
}
