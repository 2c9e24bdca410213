/* SPDX-License-Identifier: MIT */
/* The messages of a channel that the association has no room for yet. What the queue itself costs counts towards the limit, so that a flood
 * of empty messages is bounded too. A few small entries are kept for reuse. */
#include "channel.h"

#include "dcep.h"
#include "memory.h"

enum { SMALL_BYTES = 1280, SPARES_MAX = 32 };

static struct queued *take(struct data_channels *dc, size_t len)
{
    struct queued *q = len <= SMALL_BYTES ? dc->spare : NULL;
    if (q) {
        dc->spare = q->next;
        dc->spares--;
        return q;
    }
    /* Deep queues take what they need; shallow ones make entries that any small message fits. */
    size_t capacity = len <= SMALL_BYTES && dc->queued_bytes < SPARES_MAX * SMALL_BYTES ? SMALL_BYTES : len;
    q = memory_alloc(dc->context, sizeof *q + capacity);
    if (q)
        q->capacity = (uint32_t)capacity;
    return q;
}

static void give_back(struct data_channels *dc, struct queued *q)
{
    if (q->capacity != SMALL_BYTES || dc->spares >= SPARES_MAX) {
        memory_free(dc->context, q);
        return;
    }
    q->next = dc->spare;
    dc->spare = q;
    dc->spares++;
}

static uint64_t user_bytes(const struct queued *q)
{
    return q->ppid == PPID_STRING || q->ppid == PPID_BINARY ? q->len - q->done : 0;
}

int channel_queue_push(struct data_channels *dc, struct channel *c, uint32_t ppid, struct slice bytes, uint32_t done, rtc_time_t expires)
{
    struct queued *q = take(dc, bytes.len);
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
        list_append(&dc->active, &c->active);
    }
    *c->queue.tail = q;
    c->queue.tail = &q->next;
    c->queue.user_bytes += user_bytes(q);
    dc->queued_bytes += q->len + QUEUED_COST;
    return RTC_OK;
}

void channel_queue_pop(struct data_channels *dc, struct channel *c)
{
    struct queued *q = c->queue.head;
    c->queue.head = q->next;
    c->queue.user_bytes -= user_bytes(q);
    dc->queued_bytes -= q->len + QUEUED_COST;
    if (dc->straddling == c)
        dc->straddling = NULL;
    give_back(dc, q);
    if (c->queue.head)
        return;
    list_remove(&c->active);
    c->deficit = 0;
}

void channel_queue_clear(struct data_channels *dc, struct channel *c)
{
    while (c->queue.head)
        channel_queue_pop(dc, c);
}

void channel_queue_trim(struct data_channels *dc)
{
    for (struct queued *q = dc->spare, *next; q; q = next) {
        next = q->next;
        memory_free(dc->context, q);
    }
    dc->spare = NULL;
    dc->spares = 0;
}
