/* SPDX-License-Identifier: MIT */
/* Applying a plan can not fail (src/peer/negotiation_apply.h): in every test of connections that this is linked into, with the linker's
 * --wrap, whoever allocates meanwhile gets nothing and ends the test. */
#include "memory.h"
#include "negotiation_apply.h"

#include <stdio.h>
#include <stdlib.h>

static _Thread_local bool applying;

static void allow(void)
{
    if (!applying)
        return;
    (void)fprintf(stderr, "memory is allocated while a plan is applied\n");
    abort();
}

void __real_negotiation_apply(rtc_peer_connection *pc, struct negotiation_plan *plan);
void __wrap_negotiation_apply(rtc_peer_connection *pc, struct negotiation_plan *plan);
void __wrap_negotiation_apply(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    applying = true;
    __real_negotiation_apply(pc, plan);
    applying = false;
}

void *__real_memory_alloc(rtc_context *context, size_t size);
void *__wrap_memory_alloc(rtc_context *context, size_t size);
void *__wrap_memory_alloc(rtc_context *context, size_t size)
{
    allow();
    return __real_memory_alloc(context, size);
}

void *__real_memory_zeroed(rtc_context *context, size_t size);
void *__wrap_memory_zeroed(rtc_context *context, size_t size);
void *__wrap_memory_zeroed(rtc_context *context, size_t size)
{
    allow();
    return __real_memory_zeroed(context, size);
}

void *__real_memory_realloc(rtc_context *context, void *memory, size_t size);
void *__wrap_memory_realloc(rtc_context *context, void *memory, size_t size);
void *__wrap_memory_realloc(rtc_context *context, void *memory, size_t size)
{
    allow();
    return __real_memory_realloc(context, memory, size);
}

char *__real_memory_text(rtc_context *context, const void *text, size_t len);
char *__wrap_memory_text(rtc_context *context, const void *text, size_t len);
char *__wrap_memory_text(rtc_context *context, const void *text, size_t len)
{
    allow();
    return __real_memory_text(context, text, len);
}

bool __real_memory_grow(rtc_context *context, void **array, size_t *capacity, size_t need, size_t size);
bool __wrap_memory_grow(rtc_context *context, void **array, size_t *capacity, size_t need, size_t size);
bool __wrap_memory_grow(rtc_context *context, void **array, size_t *capacity, size_t need, size_t size)
{
    if (need > *capacity)
        allow();
    return __real_memory_grow(context, array, capacity, need, size);
}
