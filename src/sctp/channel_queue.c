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

static struct queued *take_first(struct channel_queues *qs, struct channel *c)
{
    struct queued *q = c->queue.head;
    c->queue.head = q->next;
    c->queue.user_bytes -= user_bytes(q);
    if (qs->straddling == c)
        qs->straddling = NULL;
    if (!c->queue.head) {
        list_remove(&c->queue.active);
        c->queue.deficit = 0;
    }
    return q;
}

static void forget(struct channel_queues *qs, struct queued *q)
{
    qs->bytes -= q->len + QUEUED_COST;
    give_back(qs, q);
}

void channel_queue_pop(struct channel_queues *qs, struct channel *c)
{
    forget(qs, take_first(qs, c));
}

void channel_queue_set_aside(struct channel_queues *qs, struct channel *c)
{
    struct queued *q = take_first(qs, c);
    q->next = NULL;
    if (!c->queue.early)
        c->queue.early_tail = &c->queue.early;
    *c->queue.early_tail = q;
    c->queue.early_tail = &q->next;
}

void channel_queue_restore(struct channel_queues *qs, struct channel *c)
{
    struct send_queue *queue = &c->queue;
    if (queue->head && queue->head->done > 0) {
        queue->user_bytes -= user_bytes(queue->head);
        queue->head->done = 0;
        queue->user_bytes += user_bytes(queue->head);
    }
    if (!queue->early)
        return;
    for (struct queued *q = queue->early; q; q = q->next) {
        q->done = 0;
        queue->user_bytes += user_bytes(q);
    }
    if (!queue->head) {
        queue->tail = queue->early_tail;
        list_append(&qs->active, &queue->active);
    }
    *queue->early_tail = queue->head;
    queue->head = queue->early;
    queue->early = NULL;
}

void channel_queue_forget_early(struct channel_queues *qs, struct channel *c)
{
    for (struct queued *q; (q = c->queue.early) != NULL; forget(qs, q))
        c->queue.early = q->next;
}

void channel_queue_clear(struct channel_queues *qs, struct channel *c)
{
    channel_queue_forget_early(qs, c);
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
