/* SPDX-License-Identifier: MIT */
/* The channels of an association: see channel_set.h. */
#include "channel_set.h"

#include "memory.h"

void channel_set_init(struct channel_set *set, rtc_context *context)
{
    *set = (struct channel_set){.context = context, .next_handle = 1};
}

void channel_set_fini(struct channel_set *set)
{
    memory_free(set->context, set->channels);
    memory_free(set->context, set->by_id);
}

bool channel_set_add(struct channel_set *set, struct channel *c)
{
    void *array = set->channels;
    bool ok = memory_grow(set->context, &array, &set->capacity, set->count + 1, sizeof *set->channels);
    set->channels = array;
    if (!ok)
        return false;
    c->handle = set->next_handle++;
    set->channels[set->count++] = c;
    return true;
}

/* The place of a handle, or of the next greater one. */
static size_t place_of(const struct channel_set *set, uint32_t handle)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->channels[middle]->handle < handle)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct channel *channel_set_find(const struct channel_set *set, uint32_t handle)
{
    size_t at = place_of(set, handle);
    return at < set->count && set->channels[at]->handle == handle ? set->channels[at] : NULL;
}

struct channel *channel_set_by_id(const struct channel_set *set, uint16_t id)
{
    return id < set->ids ? set->by_id[id] : NULL;
}

bool channel_set_reserve_ids(struct channel_set *set, size_t count)
{
    void *array = set->by_id;
    size_t before = set->ids;
    if (!memory_grow(set->context, &array, &set->ids, count, sizeof *set->by_id))
        return false;
    set->by_id = array;
    memset(set->by_id + before, 0, (set->ids - before) * sizeof *set->by_id);
    return true;
}

bool channel_set_take_id(struct channel_set *set, struct channel *c, uint16_t id)
{
    if (!channel_set_reserve_ids(set, (size_t)id + 1))
        return false;
    c->id = id;
    set->by_id[id] = c;
    return true;
}

void channel_set_leave_id(struct channel_set *set, const struct channel *c)
{
    if (channel_set_by_id(set, c->id) == c)
        set->by_id[c->id] = NULL;
}

void channel_set_remove(struct channel_set *set, const struct channel *c)
{
    channel_set_leave_id(set, c);
    size_t at = c->handle ? place_of(set, c->handle) : set->count;
    if (at == set->count || set->channels[at] != c)
        return;
    set->count--;
    memmove(set->channels + at, set->channels + at + 1, (set->count - at) * sizeof *set->channels);
}
