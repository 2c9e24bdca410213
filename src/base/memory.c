/* SPDX-License-Identifier: MIT */
/* The lowest file: of a context it knows only the allocator that it begins with, so that everything may stand on it. */
#include "memory.h"

static const rtc_allocator *allocator_of(const rtc_context *context)
{
    return (const rtc_allocator *)(const void *)context;
}

rtc_allocator memory_allocator(const rtc_context *context)
{
    return *allocator_of(context);
}

void *memory_alloc(rtc_context *context, size_t size)
{
    const rtc_allocator *a = allocator_of(context);
    return a->alloc(a->user, size);
}

void *memory_zeroed(rtc_context *context, size_t size)
{
    void *p = memory_alloc(context, size);
    return p ? memset(p, 0, size) : NULL;
}

void *memory_realloc(rtc_context *context, void *memory, size_t size)
{
    const rtc_allocator *a = allocator_of(context);
    return a->realloc(a->user, memory, size);
}

void memory_free(rtc_context *context, void *memory)
{
    const rtc_allocator *a = allocator_of(context);
    if (memory)
        a->free(a->user, memory);
}

char *memory_text(rtc_context *context, const void *text, size_t len)
{
    char *copy = memory_alloc(context, len + 1);
    if (!copy)
        return NULL;
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = 0;
    return copy;
}

bool memory_grow(rtc_context *context, void **array, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return true;
    size_t wanted = *capacity < 4 ? 4 : *capacity * 2;
    if (wanted < need)
        wanted = need;
    if (wanted > SIZE_MAX / 2 / size)
        return false;
    void *grown = memory_realloc(context, *array, wanted * size);
    if (!grown)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

void memory_wipe(void *memory, size_t len)
{
    explicit_bzero(memory, len);
}
