/* SPDX-License-Identifier: MIT */
/* A binary heap of deadlines. */
#include "timer_heap.h"

#include "memory.h"

static void put(struct timer_heap *h, size_t i, struct timer_entry *e)
{
    h->entries[i] = e;
    e->place = i + 1;
}

static void sift_up(struct timer_heap *h, size_t i)
{
    struct timer_entry *e = h->entries[i];
    while (i > 0 && h->entries[(i - 1) / 2]->at > e->at) {
        put(h, i, h->entries[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(h, i, e);
}

static void sift_down(struct timer_heap *h, size_t i)
{
    struct timer_entry *e = h->entries[i];
    for (size_t child; (child = 2 * i + 1) < h->count; i = child) {
        if (child + 1 < h->count && h->entries[child + 1]->at < h->entries[child]->at)
            child++;
        if (h->entries[child]->at >= e->at)
            break;
        put(h, i, h->entries[child]);
    }
    put(h, i, e);
}

static void take_out(struct timer_heap *h, struct timer_entry *e)
{
    size_t i = e->place - 1;
    struct timer_entry *last = h->entries[--h->count];
    e->place = 0;
    if (last == e)
        return;
    put(h, i, last);
    sift_up(h, i);
    sift_down(h, last->place - 1);
}

bool timer_heap_set(rtc_context *context, struct timer_heap *h, struct timer_entry *e, rtc_time_t at)
{
    if (at == RTC_TIME_NEVER) {
        if (e->place)
            take_out(h, e);
        return true;
    }
    if (!e->place) {
        void *array = h->entries;
        if (!memory_grow(context, &array, &h->capacity, h->count + 1, sizeof *h->entries))
            return false;
        h->entries = array;
        put(h, h->count++, e);
    }
    e->at = at;
    sift_up(h, e->place - 1);
    sift_down(h, e->place - 1);
    return true;
}

struct timer_entry *timer_heap_first(const struct timer_heap *h)
{
    return h->count > 0 ? h->entries[0] : NULL;
}

void timer_heap_fini(rtc_context *context, struct timer_heap *h)
{
    memory_free(context, h->entries);
    *h = (struct timer_heap){0};
}
