/* SPDX-License-Identifier: MIT */
/* Applying a plan can not fail (src/peer/negotiation_apply.h): in every test of connections that this is linked into, with the linker's
 * --wrap, whoever allocates meanwhile gets nothing and ends the test. That packets lie in the pool by chance helps nobody: it is empty at
 * first, and has no more than one for each goodbye when the plan is applied. */
#include "memory.h"
#include "negotiation.h"
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

int __real_negotiation_set(rtc_peer_connection *pc, enum signaling_side side, struct description *d);
int __wrap_negotiation_set(rtc_peer_connection *pc, enum signaling_side side, struct description *d);
int __wrap_negotiation_set(rtc_peer_connection *pc, enum signaling_side side, struct description *d)
{
    packet_pool_trim(pc->settings.pool, 0);
    return __real_negotiation_set(pc, side, d);
}

void __real_negotiation_apply(rtc_peer_connection *pc, struct negotiation_plan *plan);
void __wrap_negotiation_apply(rtc_peer_connection *pc, struct negotiation_plan *plan);
void __wrap_negotiation_apply(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    uint32_t goodbyes = 0;
    for (size_t i = 0; i < plan->effect_count; i++)
        goodbyes += plan->effects[i].type == EFFECT_STOP || plan->effects[i].type == EFFECT_REMOVE;
    packet_pool_trim(pc->settings.pool, goodbyes);
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
