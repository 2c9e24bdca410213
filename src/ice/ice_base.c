/* SPDX-License-Identifier: MIT */
/* See ice_base.h. */
#include "ice_base.h"

#include "memory.h"

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

const struct moves ice_base_moves = {
    .module = "ice",
    .what = "base",
    .count = ICE_BASE_CLOSED + 1,
    .names = {"opening", "open", "probed", "closed"},
    .allowed =
        {
            [ICE_BASE_OPENING] = MOVE_TO(ICE_BASE_OPEN) | MOVE_TO(ICE_BASE_PROBED) | MOVE_TO(ICE_BASE_CLOSED),
            [ICE_BASE_OPEN] = MOVE_TO(ICE_BASE_CLOSED),
            [ICE_BASE_PROBED] = MOVE_TO(ICE_BASE_CLOSED),
            [ICE_BASE_CLOSED] = MOVE_TO(ICE_BASE_OPEN) | MOVE_TO(ICE_BASE_CLOSED),
        },
};

void ice_base_set_state(struct ice_base *base, rtc_context *context, enum ice_base_state state)
{
    if (moves_take(&ice_base_moves, context, base->state, state))
        base->state = state;
}

/* The local preference is made of the direction's, three bits, and the interface's, thirteen (RFC 6544 section 4.2); the type preferences
 * are those of other implementations. */
uint32_t ice_tcp_priority(enum ice_candidate_type type, enum ice_tcp_type tcp_type, uint32_t preference)
{
    static const uint8_t type_preference[] = {90, 82, 80, 0};
    uint32_t direction = tcp_type == ICE_TCP_ACTIVE ? 6 : 4;
    uint32_t other = preference < 0x1fff ? 0x1fff - preference : 0;
    return (uint32_t)type_preference[type] << 24 | (direction << 13 | other) << 8 | (256 - ICE_COMPONENT);
}

/* A relayed address can be seen as nothing else, and must not look better than a direct path to a peer that has not heard of it yet. */
uint32_t ice_base_reflexive_priority(const struct ice_base *base)
{
    if (base->relay)
        return base->priority;
    if (base->tcp)
        return ice_tcp_priority(ICE_PEER_REFLEXIVE, (enum ice_tcp_type)base->tcp_type, UINT16_MAX - base->preference);
    return ice_candidate_priority(ICE_PEER_REFLEXIVE, base->preference, ICE_COMPONENT);
}
