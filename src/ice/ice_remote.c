/* SPDX-License-Identifier: MIT */
/* See ice_remote.h. */
#include "ice_remote.h"

#include "memory.h"

#include <stdio.h>

static void free_remote(struct ice_remotes *remotes, struct ice_remote *remote)
{
    memory_free(remotes->common->context, remote->name);
    memory_free(remotes->common->context, remote);
}

void ice_remotes_fini(struct ice_remotes *remotes)
{
    for (size_t i = 0; i < remotes->count; i++)
        free_remote(remotes, remotes->list[i]);
    memory_free(remotes->common->context, remotes->list);
    memory_free(remotes->common->context, remotes->left_out);
}

struct ice_remote *ice_remotes_find(const struct ice_remotes *remotes, const struct address *address, enum path_protocol protocol)
{
    bool stream = protocol == PATH_TCP;
    for (size_t i = 0; i < remotes->count; i++)
        if ((remotes->list[i]->tcp_type != ICE_TCP_NONE) == stream && address_eq(&remotes->list[i]->address, address))
            return remotes->list[i];
    return NULL;
}

uint32_t ice_remotes_left(const struct ice_remotes *remotes)
{
    uint32_t limit = context_limits(remotes->common->context)->remote_candidates;
    uint32_t used = (uint32_t)remotes->count - remotes->reflexive_count;
    return limit > used ? limit - used : 0;
}

static struct ice_remote *new_remote(struct ice_remotes *remotes, const struct address *address, uint8_t type, uint32_t priority)
{
    void *list = remotes->list;
    if (!memory_grow(remotes->common->context, &list, &remotes->capacity, remotes->count + 1, sizeof *remotes->list))
        return NULL;
    remotes->list = list;
    struct ice_remote *remote = memory_zeroed(remotes->common->context, sizeof *remote);
    if (!remote)
        return NULL;
    remote->serial = ice_next_serial(remotes->common);
    remote->address = *address;
    remote->type = type;
    remote->priority = priority;
    remotes->list[remotes->count++] = remote;
    return remote;
}

static uint8_t tcp_type_of(const struct ice_candidate *c)
{
    return c->protocol == PATH_TCP ? c->tcp_type : ICE_TCP_NONE;
}

/* False when out of memory. */
static bool copy_name(struct ice_remotes *remotes, const struct ice_candidate *c, char **name)
{
    *name = c->name[0] ? memory_text(remotes->common->context, c->name, strlen(c->name)) : NULL;
    return *name || !c->name[0];
}

struct ice_remote *ice_remotes_add(struct ice_remotes *remotes, const struct ice_candidate *c)
{
    char *name;
    struct ice_remote *remote = copy_name(remotes, c, &name) ? new_remote(remotes, &c->address, c->type, c->priority) : NULL;
    if (!remote) {
        memory_free(remotes->common->context, name);
        return NULL;
    }
    remote->name = name;
    memcpy(remote->foundation, c->foundation, sizeof remote->foundation);
    remote->tcp_type = tcp_type_of(c);
    remote->signalled = true;
    return remote;
}

bool ice_remotes_upgrade(struct ice_remotes *remotes, struct ice_remote *remote, const struct ice_candidate *c)
{
    if (!copy_name(remotes, c, &remote->name))
        return false;
    remotes->reflexive_count--;
    remote->signalled = true;
    remote->type = c->type;
    remote->priority = c->priority;
    remote->tcp_type = tcp_type_of(c);
    memcpy(remote->foundation, c->foundation, sizeof remote->foundation);
    return true;
}

bool ice_remotes_reflexive_full(const struct ice_remotes *remotes)
{
    return remotes->reflexive_count >= context_limits(remotes->common->context)->remote_candidates / 2 + 1;
}

struct ice_remote *ice_remotes_add_reflexive(struct ice_remotes *remotes, const struct address *address, enum path_protocol protocol,
                                             uint32_t priority)
{
    struct ice_remote *remote = new_remote(remotes, address, ICE_PEER_REFLEXIVE, priority);
    if (!remote)
        return NULL;
    remotes->reflexive_count++;
    remote->tcp_type = protocol == PATH_TCP ? ICE_TCP_ACTIVE : ICE_TCP_NONE;
    /* A foundation of its own (RFC 8445 section 7.3.1.3); '+' keeps it apart from signalled numbers. */
    (void)snprintf(remote->foundation, sizeof remote->foundation, "+%u", ++remotes->foundation_serial);
    return remote;
}

void ice_remotes_remove(struct ice_remotes *remotes, struct ice_remote *remote)
{
    size_t at = 0;
    while (remotes->list[at] != remote)
        at++;
    remotes->list[at] = remotes->list[--remotes->count];
    remotes->reflexive_count -= !remote->signalled;
    free_remote(remotes, remote);
}

void ice_remotes_leave_out(struct ice_remotes *remotes, const struct ice_left_out *what)
{
    for (size_t i = 0; i < remotes->left_out_count; i++)
        if (remotes->left_out[i].protocol == what->protocol && address_eq(&remotes->left_out[i].address, &what->address))
            return;
    remotes->common->counters.left_out++;
    if (!remotes->left_out)
        remotes->left_out = memory_alloc(remotes->common->context, ICE_LEFT_OUT_MAX * sizeof *remotes->left_out);
    if (remotes->left_out && remotes->left_out_count < ICE_LEFT_OUT_MAX)
        remotes->left_out[remotes->left_out_count++] = *what;
}
