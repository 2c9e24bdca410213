/* SPDX-License-Identifier: MIT */
/* See ice_tcp_passive.h. */
#include "ice_tcp_passive.h"

#include "ice_reach.h"
#include "ice_tcp_connection.h"
#include "memory.h"

enum { STRANGERS_PER_ADDRESS = 4 };

static const rtc_time_t stranger_keeps = 2 * ICE_SECOND; /* its place, when places are short */

const struct moves ice_listener_moves = {
    .module = "ice",
    .what = "TCP listener",
    .count = ICE_LISTENER_OPEN + 1,
    .names = {"closed", "opening", "open"},
    .allowed =
        {
            [ICE_LISTENER_CLOSED] = MOVE_TO(ICE_LISTENER_OPENING),
            [ICE_LISTENER_OPENING] = MOVE_TO(ICE_LISTENER_OPEN) | MOVE_TO(ICE_LISTENER_CLOSED),
            [ICE_LISTENER_OPEN] = MOVE_TO(ICE_LISTENER_CLOSED),
        },
};

/* CLOSED is the one without a socket: its place is free. */
static void set_listener(const struct ice_tcp *tcp, struct ice_listener *l, enum ice_listener_state state)
{
    if (!moves_take(&ice_listener_moves, tcp->common->context, l->state, state))
        return;
    l->state = state;
    if (state == ICE_LISTENER_CLOSED)
        l->socket = 0;
}

/* A place in the list, one of a listener that is gone if there is any; NULL when out of memory. */
static struct ice_listener *listener_slot(struct ice_tcp *tcp)
{
    void *listeners = tcp->listeners;
    for (size_t i = 0; i < tcp->listener_count; i++)
        if (tcp->listeners[i].state == ICE_LISTENER_CLOSED)
            return &tcp->listeners[i];
    if (!memory_grow(tcp->common->context, &listeners, &tcp->listener_capacity, tcp->listener_count + 1, sizeof *tcp->listeners))
        return NULL;
    tcp->listeners = listeners;
    tcp->listeners[tcp->listener_count] = (struct ice_listener){.state = ICE_LISTENER_CLOSED};
    return &tcp->listeners[tcp->listener_count++];
}

void ice_tcp_listen(struct ice_tcp *tcp, const struct ice_base *base, struct out *out)
{
    struct ice_listener *slot = listener_slot(tcp);
    if (!slot) {
        out->failed = true;
        return;
    }
    struct request *r = out_request(out, REQUEST_LISTEN_TCP, ice_request_id(tcp->common));
    if (!r)
        return;
    r->local = base->address;
    r->local.port = 0;
    r->port_min = tcp->common->port_min;
    r->port_max = tcp->common->port_max;
    r->flags = REQUEST_MESSAGES;
    *slot = (struct ice_listener){.socket = r->id, .state = ICE_LISTENER_CLOSED};
    set_listener(tcp, slot, ICE_LISTENER_OPENING);
}

bool ice_tcp_gathers(const struct ice_tcp *tcp)
{
    for (size_t i = 0; i < tcp->listener_count; i++)
        if (tcp->listeners[i].state == ICE_LISTENER_OPENING)
            return true;
    return false;
}

/* Whether a candidate of the peer has this address, whatever its port. */
static bool is_known(const struct ice_tcp *tcp, const struct address *address)
{
    for (size_t i = 0; i < tcp->pairing->remotes->count; i++)
        if (address_ip_eq(&tcp->pairing->remotes->list[i]->address, address))
            return true;
    return false;
}

/* The stranger who has been there longest: of all, or of those that are not known to be of the peer's. */
static struct ice_connection *oldest_stranger(const struct ice_tcp *tcp, bool of_unknown)
{
    struct ice_connection *oldest = NULL;
    for (size_t i = 0; i < tcp->connection_count; i++) {
        struct ice_connection *c = tcp->connections[i];
        if (!ice_connection_is_stranger(c) || (of_unknown && is_known(tcp, &c->address)))
            continue;
        oldest = !oldest || c->opened < oldest->opened ? c : oldest;
    }
    return oldest;
}

static bool are_too_many(const struct ice_tcp *tcp, const struct address *address)
{
    unsigned same = 0;
    for (size_t i = 0; i < tcp->connection_count; i++) {
        const struct ice_connection *c = tcp->connections[i];
        same += ice_connection_is_stranger(c) && address_ip_eq(&c->address, address);
    }
    return same >= STRANGERS_PER_ADDRESS;
}

/* A place for one more stranger. When there is none left, who had time enough to say who he is makes room, and anybody does for one from an
 * address of the peer. */
static bool make_room(struct ice_tcp *tcp, const struct address *address, rtc_time_t now, struct out *out)
{
    bool known = is_known(tcp, address);
    if (tcp->accepted >= ICE_TCP_ACCEPTED_MAX || (!known && are_too_many(tcp, address)))
        return false;
    if (tcp->strangers < ICE_TCP_STRANGERS_MAX)
        return true;
    struct ice_connection *victim = known ? oldest_stranger(tcp, true) : NULL;
    struct ice_connection *oldest = oldest_stranger(tcp, false);
    if (!victim && oldest && now >= oldest->opened + stranger_keeps)
        victim = oldest;
    if (victim)
        ice_connection_lose(tcp, victim, now, false, out);
    return victim != NULL;
}

static bool take_accepted(struct ice_tcp *tcp, const struct ice_listener *l, rtc_time_t now, const struct io_result *result)
{
    struct ice_connection accepted = {.state = ICE_CONNECTION_OPEN, .accepted = true, .opened = now, .at = now + ice_tcp_unproven_most};
    accepted.socket = result->socket;
    accepted.local = l->address;
    accepted.address = result->remote;
    struct ice_connection *c = ice_connection_add(tcp, &accepted);
    if (!c)
        return false;
    tcp->accepted++;
    if (!ice_connection_add_base(tcp, c)) {
        ice_connection_remove(tcp, c);
        return false;
    }
    tcp->strangers++;
    return true;
}

static void on_accepted(struct ice_tcp *tcp, const struct ice_listener *l, rtc_time_t now, const struct io_result *result, struct out *out)
{
    bool welcome = l->state == ICE_LISTENER_OPEN && tcp->session->state != ICE_FAILED && ice_address_is_usable(&result->remote) &&
                   !ice_reach_is_denied(tcp->common->rules, &result->remote);
    if (welcome && !make_room(tcp, &result->remote, now, out)) {
        tcp->common->counters.over_limit++;
        welcome = false;
    }
    if (!welcome || !take_accepted(tcp, l, now, result))
        (void)out_request(out, REQUEST_CLOSE, result->socket);
}

static void on_listening(struct ice_tcp *tcp, struct ice_listener *l, const struct io_result *result, struct out *out)
{
    bool opened = result->error == RTC_OK && result->local.family != ADDRESS_NONE;
    const struct ice_base *base = opened ? ice_tcp_interface(tcp, &result->local) : NULL;
    /* The end of candidates was announced, or the interface is gone: this one came too late. */
    bool late = opened && (tcp->gathering->state == ICE_GATHERING_COMPLETE || !base);
    if (late)
        (void)out_request(out, REQUEST_CLOSE, l->socket);
    if (late || !opened) {
        set_listener(tcp, l, ICE_LISTENER_CLOSED);
        return;
    }
    set_listener(tcp, l, ICE_LISTENER_OPEN);
    l->address = result->local;
    ice_tcp_announce(tcp, base, ICE_TCP_PASSIVE, l->address.port, out);
}

bool ice_tcp_passive_result(struct ice_tcp *tcp, rtc_time_t now, const struct io_result *result, struct out *out)
{
    for (size_t i = 0; i < tcp->listener_count; i++) {
        struct ice_listener *l = &tcp->listeners[i];
        if (l->socket != result->id)
            continue;
        if (result->socket)
            on_accepted(tcp, l, now, result, out);
        else if (l->state == ICE_LISTENER_OPENING)
            on_listening(tcp, l, result, out);
        return true;
    }
    return false;
}

void ice_tcp_stop_listening(struct ice_tcp *tcp, const struct address *interface, struct out *out)
{
    for (size_t i = 0; i < tcp->listener_count; i++) {
        struct ice_listener *l = &tcp->listeners[i];
        if (l->state != ICE_LISTENER_OPEN || !address_ip_eq(&l->address, interface))
            continue;
        (void)out_request(out, REQUEST_CLOSE, l->socket);
        set_listener(tcp, l, ICE_LISTENER_CLOSED);
    }
}
