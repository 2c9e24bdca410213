/* SPDX-License-Identifier: MIT */
/* See ice_tcp_connection.h. */
#include "ice_tcp_connection.h"

#include "memory.h"

#include <stdio.h>

enum { TRIES_ONCE_PROVEN = 4 };

const rtc_time_t ice_tcp_unproven_most = 10 * ICE_SECOND;
/* Before the next attempt: soon after the end of one that had lasted, which was an accident; later after one that had not. */
static const rtc_time_t again_soon = 100 * ICE_MS;
static const rtc_time_t again_later = 1 * ICE_SECOND;

const struct moves ice_connection_moves = {
    .module = "ice",
    .what = "TCP connection",
    .count = ICE_CONNECTION_CLOSED + 1,
    .names = {"waiting", "connecting", "open", "proven", "closed"},
    .allowed =
        {
            [ICE_CONNECTION_WAITING] = MOVE_TO(ICE_CONNECTION_CONNECTING) | MOVE_TO(ICE_CONNECTION_CLOSED),
            [ICE_CONNECTION_CONNECTING] = MOVE_TO(ICE_CONNECTION_OPEN) | MOVE_TO(ICE_CONNECTION_WAITING) | MOVE_TO(ICE_CONNECTION_CLOSED),
            [ICE_CONNECTION_OPEN] = MOVE_TO(ICE_CONNECTION_PROVEN) | MOVE_TO(ICE_CONNECTION_WAITING) | MOVE_TO(ICE_CONNECTION_CLOSED),
            [ICE_CONNECTION_PROVEN] = MOVE_TO(ICE_CONNECTION_WAITING) | MOVE_TO(ICE_CONNECTION_CLOSED),
            [ICE_CONNECTION_CLOSED] = 0,
        },
};

void ice_connection_set_state(const struct ice_tcp *tcp, struct ice_connection *c, enum ice_connection_state state)
{
    if (moves_take(&ice_connection_moves, tcp->common->context, c->state, state))
        c->state = state;
}

bool ice_connection_is_open(const struct ice_connection *c)
{
    return c->state == ICE_CONNECTION_OPEN || c->state == ICE_CONNECTION_PROVEN;
}

/* Somebody who connected and did not say yet who he is. */
bool ice_connection_is_stranger(const struct ice_connection *c)
{
    return c->accepted && c->state == ICE_CONNECTION_OPEN;
}

/* ---- candidates ---- */

void ice_tcp_describe(const struct ice_tcp *tcp, const struct ice_base *base, struct ice_candidate *out)
{
    bool natted = !address_eq(&out->address, &base->address);
    out->type = natted ? ICE_PEER_REFLEXIVE : ICE_HOST;
    out->tcp_type = base->tcp_type;
    out->priority = natted ? ice_base_reflexive_priority(base) : base->priority;
    (void)snprintf(out->foundation, sizeof out->foundation, "%u", base->foundation);
    if (natted)
        out->related = ice_related_address(tcp->common, &base->address);
}

static uint32_t ice_tcp_foundation(const struct ice_tcp *tcp, enum ice_tcp_type tcp_type, const struct address *address)
{
    return ice_foundation(tcp->names->locals, ICE_HOST, address, slice_str(tcp_type == ICE_TCP_ACTIVE ? "tcp active" : "tcp passive"));
}

/* The UDP socket on the interface with this address; NULL when it is gone. */
struct ice_base *ice_tcp_interface(const struct ice_tcp *tcp, const struct address *address)
{
    for (size_t i = 0; i < tcp->bases->count; i++)
        if (ice_base_is_interface(tcp->bases->list[i]) && tcp->bases->list[i]->tcp_offer > 0 &&
            address_ip_eq(&tcp->bases->list[i]->address, address))
            return tcp->bases->list[i];
    return NULL;
}

void ice_tcp_announce(struct ice_tcp *tcp, const struct ice_base *base, enum ice_tcp_type tcp_type, uint16_t port, struct out *out)
{
    struct ice_candidate c = {.component = ICE_COMPONENT, .protocol = PATH_TCP, .type = ICE_HOST, .tcp_type = (uint8_t)tcp_type};
    c.socket = base->socket;
    c.address = base->shown;
    c.address.port = port;
    c.priority = ice_tcp_priority(ICE_HOST, tcp_type, base->tcp_offer - 1);
    (void)snprintf(c.foundation, sizeof c.foundation, "%u", ice_tcp_foundation(tcp, tcp_type, &c.address));
    memcpy(c.ufrag, tcp->common->credentials.ufrag, sizeof tcp->common->credentials.ufrag);
    ice_names_announce(tcp->names, base, &c, out);
}

static uint32_t ice_tcp_preference(const struct ice_tcp *tcp, const struct address *local)
{
    const struct ice_base *base = ice_tcp_interface(tcp, local);
    return base ? base->tcp_offer - 1 : tcp->offers;
}

/* ---- connections ---- */

struct ice_connection *ice_connection_add(struct ice_tcp *tcp, const struct ice_connection *connection)
{
    void *list = tcp->connections;
    struct ice_connection *c = memory_alloc(tcp->common->context, sizeof *c);
    if (!c || !memory_grow(tcp->common->context, &list, &tcp->connection_capacity, tcp->connection_count + 1, sizeof c)) {
        memory_free(tcp->common->context, c);
        return NULL;
    }
    *c = *connection;
    tcp->connections = list;
    tcp->connections[tcp->connection_count++] = c;
    return c;
}

void ice_connection_remove(struct ice_tcp *tcp, struct ice_connection *c)
{
    size_t i = 0;
    while (tcp->connections[i] != c)
        i++;
    tcp->connections[i] = tcp->connections[--tcp->connection_count];
    tcp->accepted -= c->accepted;
    tcp->attempts -= !c->accepted;
    memory_free(tcp->common->context, c);
}

/* The connection as a base; false when out of memory. */
bool ice_connection_add_base(struct ice_tcp *tcp, struct ice_connection *c)
{
    struct ice_base *base = ice_bases_add(tcp->bases);
    if (!base)
        return false;

    uint32_t preference = ice_tcp_preference(tcp, &c->local);
    base->tcp = c;
    base->tcp_type = c->accepted ? ICE_TCP_PASSIVE : ICE_TCP_ACTIVE;
    base->socket = c->socket;
    ice_base_set_state(base, tcp->common->context, ICE_BASE_OPEN);
    base->address = base->shown = c->local;
    base->preference = (uint16_t)(UINT16_MAX - preference);
    base->priority = ice_tcp_priority(ICE_HOST, (enum ice_tcp_type)base->tcp_type, preference);
    base->foundation = ice_tcp_foundation(tcp, (enum ice_tcp_type)base->tcp_type, &c->local);
    c->base = base;
    return true;
}

/* Connections to two of our listeners may come from one address. */
static bool is_paired(const struct ice_tcp *tcp, const struct ice_remote *remote)
{
    for (size_t i = 0; i < tcp->pairing->checks->count; i++)
        if (tcp->pairing->checks->pairs[i]->remote == remote)
            return true;
    return false;
}

static void remove_base(struct ice_tcp *tcp, struct ice_connection *c, rtc_time_t now)
{
    if (!c->base)
        return;
    ice_drop_base(tcp->pairing->checks, c->base, now);
    ice_bases_remove(tcp->bases, c->base);
    c->base = NULL;
    struct ice_remote *remote = c->accepted ? ice_remotes_find(tcp->pairing->remotes, &c->address, PATH_TCP) : NULL;
    if (remote && !remote->signalled && !is_paired(tcp, remote))
        ice_forget_reflexive(tcp->pairing, remote);
}

/* The connection is over, or never came to be: with it goes its pair. `gone`: its socket is closed already. One that was accepted is freed.
 */
void ice_connection_lose(struct ice_tcp *tcp, struct ice_connection *c, rtc_time_t now, bool gone, struct out *out)
{
    bool again = c->tries_left > 0, lasted = c->state == ICE_CONNECTION_PROVEN && now >= c->opened + ice_tcp_unproven_most;
    tcp->connecting -= c->state == ICE_CONNECTION_CONNECTING;
    tcp->strangers -= ice_connection_is_stranger(c);
    remove_base(tcp, c, now);
    if (!gone)
        (void)out_request(out, REQUEST_CLOSE, c->socket);
    tcp_framing_fini(&c->framing);
    if (c->accepted) {
        ice_connection_remove(tcp, c);
        return;
    }
    c->socket = 0;
    c->local.port = 0;
    ice_connection_set_state(tcp, c, again ? ICE_CONNECTION_WAITING : ICE_CONNECTION_CLOSED);
    c->at = now + (lasted ? again_soon : again_later);
}

void ice_tcp_prove(struct ice_tcp *tcp, const struct ice_base *base)
{
    struct ice_connection *c = base->tcp;
    if (c->state == ICE_CONNECTION_PROVEN)
        return;
    ice_connection_set_state(tcp, c, ICE_CONNECTION_PROVEN);
    c->tries_left = TRIES_ONCE_PROVEN;
    tcp->strangers -= c->accepted;
}

struct ice_connection *ice_connection_find(const struct ice_tcp *tcp, uint32_t socket)
{
    for (size_t i = 0; i < tcp->connection_count; i++)
        if (tcp->connections[i]->socket == socket)
            return tcp->connections[i];
    return NULL;
}
