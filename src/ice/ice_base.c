/* SPDX-License-Identifier: MIT */
/* See ice_base.h. */
#include "ice_base.h"

#include "memory.h"

#include <assert.h>

void ice_bases_fini(struct ice_bases *bases)
{
    for (size_t i = 0; i < bases->count; i++)
        memory_free(bases->context, bases->list[i]);
    memory_free(bases->context, bases->list);
}

struct ice_base *ice_bases_add(struct ice_bases *bases)
{
    void *list = bases->list;
    struct ice_base *base = memory_zeroed(bases->context, sizeof *base);
    if (!base || !memory_grow(bases->context, &list, &bases->capacity, bases->count + 1, sizeof *bases->list)) {
        memory_free(bases->context, base);
        return NULL;
    }
    bases->list = list;
    bases->list[bases->count++] = base;
    return base;
}

void ice_bases_remove(struct ice_bases *bases, struct ice_base *base)
{
    size_t at = 0;
    while (bases->list[at] != base)
        at++;
    bases->count--;
    memmove(&bases->list[at], &bases->list[at + 1], (bases->count - at) * sizeof bases->list[0]);
    memory_free(bases->context, base);
}

struct ice_base *ice_bases_find(const struct ice_bases *bases, uint32_t socket)
{
    for (size_t i = 0; i < bases->count; i++)
        if (bases->list[i]->socket == socket)
            return bases->list[i];
    return NULL;
}

void ice_base_set_state(struct ice_base *base, enum ice_base_state state)
{
#define TO(s) (1u << (s))
    static const unsigned allowed[] = {
        [ICE_BASE_OPENING] = TO(ICE_BASE_OPEN) | TO(ICE_BASE_PROBED) | TO(ICE_BASE_CLOSED),
        [ICE_BASE_OPEN] = TO(ICE_BASE_CLOSED),
        [ICE_BASE_PROBED] = TO(ICE_BASE_CLOSED),
        [ICE_BASE_CLOSED] = TO(ICE_BASE_OPEN) | TO(ICE_BASE_CLOSED),
    };
#undef TO
    bool is_allowed = allowed[base->state] & 1u << state;
    assert(is_allowed);
    (void)is_allowed;
    base->state = state;
}
