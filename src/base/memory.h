/* SPDX-License-Identifier: MIT */
/* Memory through the context's allocator. A block is freed with the same context. */
#ifndef CRTC_MEMORY_H
#define CRTC_MEMORY_H

#include <crtc/context.h>
#include <string.h>

void *memory_alloc(rtc_context *context, size_t size);
void *memory_zeroed(rtc_context *context, size_t size);
void *memory_realloc(rtc_context *context, void *memory, size_t size);
void memory_free(rtc_context *context, void *memory);
/* A copy, for what may have to free itself when its context is gone already. */
rtc_allocator memory_allocator(const rtc_context *context);
/* A zero-terminated copy of len bytes; NULL when out of memory. */
char *memory_text(rtc_context *context, const void *text, size_t len);
/* Grows an array to hold `need` elements of `size` bytes, at least doubling it; false (array untouched) when out of memory. */
bool memory_grow(rtc_context *context, void **array, size_t *capacity, size_t need, size_t size);
/* Overwrites secrets; never optimised away. */
void memory_wipe(void *memory, size_t len);

#endif
