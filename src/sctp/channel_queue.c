/* SPDX-License-Identifier: MIT */
/* The messages that wait: see channel_queue.h. */
#include "channel_queue.h"

#include "dcep.h"
#include "memory.h"

enum { SMALL_BYTES = 1280, SPARES_MAX = 32 }; /* messages of about a packet are recycled, so many of them */

void channel_queues_init(struct channel_queues *qs, rtc_context *context)
{
    *qs = (struct channel_queues){.context = context};
    list_init(&qs->active);
}

static struct queued *take(struct channel_queues *qs, size_t len)
{
    struct queued *q = len <= SMALL_BYTES ? qs->spare : NULL;
    if (q) {
        qs->spare = q->next;
        qs->spares--;
        return q;
    }
    /* Deep queues take what they need; shallow ones make entries that any small message fits. */
    size_t capacity = len <= SMALL_BYTES && qs->bytes < SPARES_MAX * SMALL_BYTES ? SMALL_BYTES : len;
    q = memory_alloc(qs->context, sizeof *q + capacity);
    if (q)
        q->capacity = (uint32_t)capacity;
    return q;
}

static void give_back(struct channel_queues *qs, struct queued *q)
{
    if (q->capacity != SMALL_BYTES || qs->spares >= SPARES_MAX) {
        memory_free(qs->context, q);
        return;
    }
    q->next = qs->spare;
    qs->spare = q;
    qs->spares++;
}

static uint64_t user_bytes(const struct queued *q)
{
    return q->ppid == PPID_STRING || q->ppid == PPID_BINARY ? q->len - q->done : 0;
}

int channel_queue_push(struct channel_queues *qs, struct channel *c, uint32_t ppid, struct slice bytes, uint32_t done, rtc_time_t expires)
{
    struct queued *q = take(qs, bytes.len);
    if (!q)
        return RTC_ERR_NO_MEMORY;
    memcpy(q->bytes, bytes.data, bytes.len);
    q->next = NULL;
    q->len = (uint32_t)bytes.len;
    q->done = done;
    q->ppid = ppid;
    q->expires = expires;
    if (!c->queue.head) {
        c->queue.tail = &c->queue.head;
        list_append(&qs->active, &c->queue.active);
    }
    *c->queue.tail = q;
    c->queue.tail = &q->next;
    c->queue.user_bytes += user_bytes(q);
    qs->bytes += q->len + QUEUED_COST;
    return RTC_OK;
}

void channel_queue_pop(struct channel_queues *qs, struct channel *c)
{
    struct queued *q = c->queue.head;
    c->queue.head = q->next;
    c->queue.user_bytes -= user_bytes(q);
    qs->bytes -= q->len + QUEUED_COST;
    if (qs->straddling == c)
        qs->straddling = NULL;
    give_back(qs, q);
    if (c->queue.head)
        return;
    list_remove(&c->queue.active);
    c->queue.deficit = 0;
}

void channel_queue_clear(struct channel_queues *qs, struct channel *c)
{
    while (c->queue.head)
        channel_queue_pop(qs, c);
}

void channel_queues_trim(struct channel_queues *qs)
{
    for (struct queued *q = qs->spare, *next; q; q = next) {
        next = q->next;
        memory_free(qs->context, q);
    }
    qs->spare = NULL;
    qs->spares = 0;
}
