/* SPDX-License-Identifier: MIT */
/* See ice_local.h. */
#include "ice_local.h"

#include "hash.h"
#include "memory.h"

#include <stdio.h>

void ice_locals_init(struct ice_locals *locals, struct ice_common *common)
{
    locals->common = common;
    if (common->hide_addresses)
        locals->foundation_salt = context_random_u64(common->context);
}

void ice_locals_fini(struct ice_locals *locals)
{
    for (size_t i = 0; i < locals->count; i++)
        memory_free(locals->common->context, locals->list[i].name);
    memory_free(locals->common->context, locals->list);
}

uint32_t ice_foundation(const struct ice_locals *locals, uint8_t type, const struct address *base, struct slice server)
{
    uint8_t bytes[1 + sizeof base->ip + 256 + sizeof locals->foundation_salt] = {type};
    size_t len = server.len < 256 ? server.len : 256;
    memcpy(bytes + 1, base->ip, sizeof base->ip);
    if (len > 0)
        memcpy(bytes + 1 + sizeof base->ip, server.data, len);
    len += 1 + sizeof base->ip;
    if (locals->common->hide_addresses) {
        memcpy(bytes + len, &locals->foundation_salt, sizeof locals->foundation_salt);
        len += sizeof locals->foundation_salt;
    }
    return hash_crc32(slice_of(bytes, len));
}

void ice_local_init(const struct ice_locals *locals, struct ice_candidate *c, enum ice_candidate_type type, const struct ice_base *base,
                    struct slice server)
{
    const struct ice_credentials *credentials = &locals->common->credentials;
    *c = (struct ice_candidate){.component = ICE_COMPONENT, .protocol = PATH_UDP, .type = (uint8_t)type, .socket = base->socket};
    c->priority = ice_candidate_priority(type, base->preference, ICE_COMPONENT);
    (void)snprintf(c->foundation, sizeof c->foundation, "%u", ice_foundation(locals, (uint8_t)type, &base->address, server));
    memcpy(c->ufrag, credentials->ufrag, sizeof credentials->ufrag);
}

/* An event's object is released without a context, so it carries its own. The event's, written once, when it is made. */
struct candidate_object {
    struct ice_candidate candidate;
    rtc_context *context;
};

static void release_candidate(struct event *event)
{
    struct candidate_object *o = (struct candidate_object *)((struct ice_event *)event)->candidate;
    if (o)
        memory_free(o->context, o);
}

static void announce(const struct ice_locals *locals, size_t index, struct out *out)
{
    const struct ice_common *common = locals->common;
    struct candidate_object *o = memory_alloc(common->context, sizeof *o);
    struct ice_event *e = o ? ice_event(common, ICE_EVENT_CANDIDATE, out) : NULL;
    if (!e) {
        memory_free(common->context, o);
        out->failed = true;
        return;
    }
    *o = (struct candidate_object){ice_locals_get(locals, index), common->context};
    e->candidate = &o->candidate;
    e->head.release = release_candidate;
}

static struct ice_local keep(const struct ice_candidate *c, uint32_t serial, char *name)
{
    struct ice_local l = {
        .address = c->address, .related = c->related, .serial = serial, .priority = c->priority, .socket = c->socket, .name = name};
    l.protocol = c->protocol;
    l.type = c->type;
    l.tcp_type = c->tcp_type;
    l.server = c->server;
    text_copy(l.foundation, sizeof l.foundation, c->foundation);
    return l;
}

struct ice_candidate ice_locals_get(const struct ice_locals *locals, size_t index)
{
    const struct ice_local *l = &locals->list[index];
    const struct ice_credentials *credentials = &locals->common->credentials;
    struct ice_candidate c = {.component = ICE_COMPONENT, .protocol = l->protocol, .type = l->type, .tcp_type = l->tcp_type};
    c.server = l->server;
    c.serial = l->serial;
    c.priority = l->priority;
    c.socket = l->socket;
    c.address = l->address;
    c.related = l->related;
    memcpy(c.foundation, l->foundation, sizeof l->foundation);
    memcpy(c.ufrag, credentials->ufrag, sizeof credentials->ufrag);
    if (l->name)
        text_copy(c.name, sizeof c.name, l->name);
    return c;
}

void ice_locals_add(struct ice_locals *locals, const struct ice_candidate *candidate, struct out *out)
{
    if (locals->count >= ICE_LOCALS_MAX) {
        locals->common->counters.over_limit++;
        return;
    }
    /* Not more than is needed: they are few, and stay as long as the connection. */
    rtc_context *context = locals->common->context;
    struct ice_local *list = memory_realloc(context, locals->list, (locals->count + 1) * sizeof *list);
    locals->list = list ? list : locals->list;
    char *name = candidate->name[0] ? memory_text(context, candidate->name, strlen(candidate->name)) : NULL;
    if (!list || (candidate->name[0] && !name)) {
        memory_free(context, name);
        out->failed = true;
        return;
    }
    list[locals->count] = keep(candidate, ice_next_serial(locals->common), name);
    announce(locals, locals->count++, out);
}

void ice_locals_forget(struct ice_locals *locals, uint32_t socket, struct out *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < locals->count; i++)
        if (locals->list[i].socket != socket)
            locals->list[kept++] = locals->list[i];
        else
            memory_free(locals->common->context, locals->list[i].name);
    if (kept < locals->count)
        (void)ice_event(locals->common, ICE_EVENT_CANDIDATES_LOST, out);
    locals->count = kept;
}

bool ice_locals_show(const struct ice_locals *locals, const struct address *address)
{
    for (size_t i = 0; i < locals->count; i++) {
        const struct ice_local *c = &locals->list[i];
        if (c->protocol == PATH_UDP && !c->name && address_eq(&c->address, address))
            return true;
    }
    return false;
}

struct address ice_related_address(const struct ice_common *common, const struct address *address)
{
    if (!common->hide_addresses)
        return *address;
    return (struct address){.family = address->family, .port = address->family != ADDRESS_NONE ? 9 : 0};
}
