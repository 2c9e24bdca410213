/* SPDX-License-Identifier: MIT */
/* Helpers on top of the context's allocator. */
#include "memory.h"

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
