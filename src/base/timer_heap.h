/* SPDX-License-Identifier: MIT */
/* A binary heap of deadlines: the earliest of many in constant time. An entry is embedded in what it belongs to. */
#ifndef CRTC_TIMER_HEAP_H
#define CRTC_TIMER_HEAP_H

#include <crtc/context.h>

/* Embedded in what it belongs to, whose owner takes it out before it goes. Written by timer_heap.c only. */
struct timer_entry {
    rtc_time_t at;
    size_t place; /* its index + 1; 0: in no heap */
};

/* Embedded in its owner. The array is its own (timer_heap_fini), the entries are others'. Written by timer_heap.c only. */
struct timer_heap {
    struct timer_entry **entries;
    size_t count, capacity;
};

/* Moves an entry to `at`, adding it when needed; RTC_TIME_NEVER takes it out. False when out of memory (the entry is then in no heap). */
bool timer_heap_set(rtc_context *context, struct timer_heap *heap, struct timer_entry *entry, rtc_time_t at);
/* The earliest entry; NULL when empty. */
struct timer_entry *timer_heap_first(const struct timer_heap *heap);
void timer_heap_fini(rtc_context *context, struct timer_heap *heap);

#endif
