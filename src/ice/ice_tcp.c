/* SPDX-License-Identifier: MIT */
/* See ice_tcp.h. */
#include "ice_tcp.h"

#include "ice_reach.h"
#include "memory.h"

#include <assert.h>
#include <stdio.h>

enum { DISCARD_PORT = 9, TRIES = 2, TRIES_ONCE_PROVEN = 4, STRANGERS_PER_ADDRESS = 4, STUN_LEN_MIN = 20 };

static const rtc_time_t udp_first = 250 * ICE_MS;        /* what checks over UDP get ahead (in the spirit of RFC 8305) */
static const rtc_time_t connect_most = 5 * ICE_SECOND;   /* the system would try for minutes */
static const rtc_time_t unproven_most = 10 * ICE_SECOND; /* nothing authenticated came in that time: it is a stranger's, or of no use */
static const rtc_time_t stranger_keeps = 2 * ICE_SECOND; /* its place, when places are short */
/* Before the next attempt: soon after the end of one that had lasted, which was an accident; later after one that had not. */
static const rtc_time_t again_soon = 100 * ICE_MS;
static const rtc_time_t again_later = 1 * ICE_SECOND;
static const rtc_time_t unused_most = 30 * ICE_SECOND;   /* nothing comes any more: as long as consent lasts (RFC 7675 section 5.1) */
static const rtc_time_t quiet_selected = 3 * ICE_SECOND; /* a selected pair this quiet is no reason not to connect */

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

static void set_state(const struct ice_tcp *tcp, struct ice_connection *c, enum ice_connection_state state)
{
    if (moves_take(&ice_connection_moves, tcp->common->context, c->state, state))
        c->state = state;
}

static bool is_open(const struct ice_connection *c)
{
    return c->state == ICE_CONNECTION_OPEN || c->state == ICE_CONNECTION_PROVEN;
}

/* Somebody who connected and did not say yet who he is. */
static bool is_stranger(const struct ice_connection *c)
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

static uint32_t foundation(const struct ice_tcp *tcp, enum ice_tcp_type tcp_type, const struct address *address)
{
    return ice_foundation(tcp->names->locals, ICE_HOST, address, slice_str(tcp_type == ICE_TCP_ACTIVE ? "tcp active" : "tcp passive"));
}

bool ice_tcp_is_reachable(const struct ice_tcp *tcp, const struct ice_candidate *c)
{
    return tcp->active && !tcp->common->relay_only && c->protocol == PATH_TCP && c->tcp_type == ICE_TCP_PASSIVE && c->type != ICE_RELAYED;
}

/* The UDP socket on the interface with this address; NULL when it is gone. */
static struct ice_base *find_interface(const struct ice_tcp *tcp, const struct address *address)
{
    for (size_t i = 0; i < tcp->bases->count; i++)
        if (ice_base_is_interface(tcp->bases->list[i]) && tcp->bases->list[i]->tcp_offer > 0 &&
            address_ip_eq(&tcp->bases->list[i]->address, address))
            return tcp->bases->list[i];
    return NULL;
}

static void announce(struct ice_tcp *tcp, const struct ice_base *base, enum ice_tcp_type tcp_type, uint16_t port, struct out *out)
{
    struct ice_candidate c = {.component = ICE_COMPONENT, .protocol = PATH_TCP, .type = ICE_HOST, .tcp_type = (uint8_t)tcp_type};
    c.socket = base->socket;
    c.address = base->shown;
    c.address.port = port;
    c.priority = ice_tcp_priority(ICE_HOST, tcp_type, base->tcp_offer - 1);
    (void)snprintf(c.foundation, sizeof c.foundation, "%u", foundation(tcp, tcp_type, &c.address));
    memcpy(c.ufrag, tcp->common->credentials.ufrag, sizeof tcp->common->credentials.ufrag);
    ice_names_announce(tcp->names, base, &c, out);
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

static void listen_on(struct ice_tcp *tcp, const struct ice_base *base, struct out *out)
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

static bool may_offer(const struct ice_tcp *tcp)
{
    if ((!tcp->active && !tcp->passive) || tcp->common->relay_only || tcp->gathering->state != ICE_GATHERING_ACTIVE)
        return false;
    for (size_t i = 0; i < tcp->bases->count; i++)
        if (tcp->bases->list[i]->state == ICE_BASE_OPENING && !tcp->bases->list[i]->absent)
            return false;
    return true;
}

void ice_tcp_offer(struct ice_tcp *tcp, struct out *out)
{
    if (!may_offer(tcp))
        return;
    for (size_t i = 0; i < tcp->bases->count; i++) {
        struct ice_base *base = tcp->bases->list[i];
        if (!ice_base_is_interface(base) || base->tcp_offer > 0)
            continue;
        base->tcp_offer = ++tcp->offers;
        if (tcp->active)
            announce(tcp, base, ICE_TCP_ACTIVE, DISCARD_PORT, out);
        if (tcp->passive)
            listen_on(tcp, base, out);
    }
}

bool ice_tcp_gathers(const struct ice_tcp *tcp)
{
    for (size_t i = 0; i < tcp->listener_count; i++)
        if (tcp->listeners[i].state == ICE_LISTENER_OPENING)
            return true;
    return false;
}

static uint32_t interface_preference(const struct ice_tcp *tcp, const struct address *local)
{
    const struct ice_base *base = find_interface(tcp, local);
    return base ? base->tcp_offer - 1 : tcp->offers;
}

/* ---- connections ---- */

static struct ice_connection *add_connection(struct ice_tcp *tcp, const struct ice_connection *connection)
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

static void remove_connection(struct ice_tcp *tcp, struct ice_connection *c)
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
static bool add_base(struct ice_tcp *tcp, struct ice_connection *c)
{
    struct ice_base *base = ice_bases_add(tcp->bases);
    if (!base)
        return false;

    uint32_t preference = interface_preference(tcp, &c->local);
    base->tcp = c;
    base->tcp_type = c->accepted ? ICE_TCP_PASSIVE : ICE_TCP_ACTIVE;
    base->socket = c->socket;
    ice_base_set_state(base, tcp->common->context, ICE_BASE_OPEN);
    base->address = base->shown = c->local;
    base->preference = (uint16_t)(UINT16_MAX - preference);
    base->priority = ice_tcp_priority(ICE_HOST, (enum ice_tcp_type)base->tcp_type, preference);
    base->foundation = foundation(tcp, (enum ice_tcp_type)base->tcp_type, &c->local);
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
static void lose(struct ice_tcp *tcp, struct ice_connection *c, rtc_time_t now, bool gone, struct out *out)
{
    bool again = c->tries_left > 0, lasted = c->state == ICE_CONNECTION_PROVEN && now >= c->opened + unproven_most;
    tcp->connecting -= c->state == ICE_CONNECTION_CONNECTING;
    tcp->strangers -= is_stranger(c);
    remove_base(tcp, c, now);
    if (!gone)
        (void)out_request(out, REQUEST_CLOSE, c->socket);
    tcp_framing_fini(&c->framing);
    if (c->accepted) {
        remove_connection(tcp, c);
        return;
    }
    c->socket = 0;
    c->local.port = 0;
    set_state(tcp, c, again ? ICE_CONNECTION_WAITING : ICE_CONNECTION_CLOSED);
    c->at = now + (lasted ? again_soon : again_later);
}

void ice_tcp_prove(struct ice_tcp *tcp, const struct ice_base *base)
{
    struct ice_connection *c = base->tcp;
    if (c->state == ICE_CONNECTION_PROVEN)
        return;
    set_state(tcp, c, ICE_CONNECTION_PROVEN);
    c->tries_left = TRIES_ONCE_PROVEN;
    tcp->strangers -= c->accepted;
}

/* ---- active ---- */

static bool is_attempted(const struct ice_tcp *tcp, const struct address *interface, const struct ice_remote *remote)
{
    for (size_t i = 0; i < tcp->connection_count; i++) {
        const struct ice_connection *c = tcp->connections[i];
        if (!c->accepted && c->remote == remote && address_ip_eq(&c->local, interface))
            return true;
    }
    return false;
}

/* What listens on our own loopback is no peer, unless we are there, too. */
static bool may_connect(const struct ice_base *base, const struct ice_remote *remote)
{
    return ice_base_is_interface(base) && remote->tcp_type == ICE_TCP_PASSIVE && base->address.family == remote->address.family &&
           address_is_loopback(&base->address) == address_is_loopback(&remote->address);
}

static void add_attempt(struct ice_tcp *tcp, const struct ice_base *base, struct ice_remote *remote)
{
    struct ice_connection c = {.tries_left = TRIES, .remote = remote, .local = base->address, .address = remote->address};
    c.local.port = 0;
    if (!may_connect(base, remote) || is_attempted(tcp, &c.local, remote))
        return;
    if (tcp->attempts >= ICE_TCP_ATTEMPTS_MAX) {
        tcp->common->counters.over_limit++;
        return;
    }
    if (add_connection(tcp, &c))
        tcp->attempts++;
    else
        tcp->common->starved = true;
}

void ice_tcp_pair_base(struct ice_tcp *tcp, const struct ice_base *base)
{
    for (size_t i = 0; i < tcp->pairing->remotes->count; i++)
        add_attempt(tcp, base, tcp->pairing->remotes->list[i]);
}

void ice_tcp_pair_remote(struct ice_tcp *tcp, struct ice_remote *remote)
{
    for (size_t i = 0; i < tcp->bases->count; i++)
        add_attempt(tcp, tcp->bases->list[i], remote);
}

static void connect_to(struct ice_tcp *tcp, struct ice_connection *c, rtc_time_t now, struct out *out)
{
    struct request *r = out_request(out, REQUEST_OPEN_TCP, ice_request_id(tcp->common));
    c->tries_left--;
    if (!r) {
        set_state(tcp, c, ICE_CONNECTION_CLOSED);
        return;
    }
    c->socket = r->id;
    set_state(tcp, c, ICE_CONNECTION_CONNECTING);
    c->at = now + connect_most;
    tcp->connecting++;
    r->local = c->local;
    r->remote = c->address;
    r->flags = REQUEST_MESSAGES;
}

static void on_connected(struct ice_tcp *tcp, struct ice_connection *c, rtc_time_t now, const struct io_result *result, struct out *out)
{
    if (c->state != ICE_CONNECTION_CONNECTING)
        return;
    tcp->connecting--;
    set_state(tcp, c, ICE_CONNECTION_OPEN);
    c->opened = now;
    c->at = now + unproven_most;
    c->local = result->local;
    struct ice_pair *pair = add_base(tcp, c) ? ice_add_pair(tcp->pairing->checks, c->base, c->remote, true) : NULL;
    if (pair)
        ice_recheck(tcp->pairing->checks, pair);
    else
        lose(tcp, c, now, false, out);
}

static bool is_relayed(const struct ice_pair *pair)
{
    return pair->base->relay || pair->remote->type == ICE_RELAYED;
}

/* A direct pair is in use: more connections are of no use while it works. */
static bool is_content(const struct ice_tcp *tcp)
{
    return tcp->pairing->checks->selected && !is_relayed(tcp->pairing->checks->selected);
}

static bool udp_may_work(const struct ice_tcp *tcp)
{
    for (size_t i = 0; i < tcp->pairing->checks->count; i++)
        if (ice_pair_unresolved(tcp->pairing->checks->pairs[i]) && !tcp->pairing->checks->pairs[i]->base->tcp)
            return true;
    return false;
}

/* When attempts may begin. */
static rtc_time_t attempts_at(const struct ice_tcp *tcp)
{
    if (tcp->session->state == ICE_NEW || tcp->session->state == ICE_FAILED || tcp->session->state == ICE_CLOSED ||
        !tcp->session->remote_known)
        return RTC_TIME_NEVER;
    if (is_content(tcp))
        return tcp->pairing->checks->selected->consent.heard + quiet_selected;
    return udp_may_work(tcp) ? tcp->session->started + udp_first : tcp->session->started;
}

static bool is_better(const struct ice_connection *a, const struct ice_connection *b)
{
    return !b || a->remote->priority > b->remote->priority;
}

static struct ice_connection *next_attempt(const struct ice_tcp *tcp, rtc_time_t now)
{
    struct ice_connection *best = NULL;
    for (size_t i = 0; i < tcp->connection_count; i++) {
        struct ice_connection *c = tcp->connections[i];
        if (c->state == ICE_CONNECTION_WAITING && now >= c->at && is_better(c, best))
            best = c;
    }
    return best;
}

void ice_tcp_connect(struct ice_tcp *tcp, rtc_time_t now, struct out *out)
{
    struct ice_connection *c;
    if (tcp->attempts == 0 || now < attempts_at(tcp))
        return;
    while (tcp->connecting < ICE_TCP_CONNECTING_MAX && (c = next_attempt(tcp, now)) != NULL)
        connect_to(tcp, c, now, out);
}

bool ice_tcp_undecided(const struct ice_tcp *tcp)
{
    if (tcp->connecting > 0)
        return true;
    for (size_t i = 0; i < tcp->connection_count && !is_content(tcp); i++)
        if (tcp->connections[i]->state == ICE_CONNECTION_WAITING)
            return true;
    return false;
}

bool ice_tcp_untried(const struct ice_tcp *tcp)
{
    if (tcp->connecting > 0)
        return true;
    for (size_t i = 0; i < tcp->connection_count; i++)
        if (tcp->connections[i]->state == ICE_CONNECTION_WAITING && tcp->connections[i]->tries_left == TRIES)
            return true;
    return false;
}

/* ---- passive ---- */

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
        if (!is_stranger(c) || (of_unknown && is_known(tcp, &c->address)))
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
        same += is_stranger(c) && address_ip_eq(&c->address, address);
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
        lose(tcp, victim, now, false, out);
    return victim != NULL;
}

static bool take_accepted(struct ice_tcp *tcp, const struct ice_listener *l, rtc_time_t now, const struct io_result *result)
{
    struct ice_connection accepted = {.state = ICE_CONNECTION_OPEN, .accepted = true, .opened = now, .at = now + unproven_most};
    accepted.socket = result->socket;
    accepted.local = l->address;
    accepted.address = result->remote;
    struct ice_connection *c = add_connection(tcp, &accepted);
    if (!c)
        return false;
    tcp->accepted++;
    if (!add_base(tcp, c)) {
        remove_connection(tcp, c);
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
    const struct ice_base *base = opened ? find_interface(tcp, &result->local) : NULL;
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
    announce(tcp, base, ICE_TCP_PASSIVE, l->address.port, out);
}

/* Attempts too: there will be others if the address comes back. */
static void drop_connection(struct ice_tcp *tcp, struct ice_connection *c, rtc_time_t now, struct out *out)
{
    bool accepted = c->accepted;
    c->tries_left = 0;
    if (c->socket)
        lose(tcp, c, now, false, out);
    if (!accepted)
        remove_connection(tcp, c);
}

void ice_tcp_drop_interface(struct ice_tcp *tcp, const struct address *interface, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < tcp->listener_count; i++) {
        struct ice_listener *l = &tcp->listeners[i];
        if (l->state != ICE_LISTENER_OPEN || !address_ip_eq(&l->address, interface))
            continue;
        (void)out_request(out, REQUEST_CLOSE, l->socket);
        set_listener(tcp, l, ICE_LISTENER_CLOSED);
    }
    for (size_t i = tcp->connection_count; i > 0; i--)
        if (address_ip_eq(&tcp->connections[i - 1]->local, interface))
            drop_connection(tcp, tcp->connections[i - 1], now, out);
}

/* ---- results and packets ---- */

static struct ice_connection *find_connection(const struct ice_tcp *tcp, uint32_t socket)
{
    for (size_t i = 0; i < tcp->connection_count; i++)
        if (tcp->connections[i]->socket == socket)
            return tcp->connections[i];
    return NULL;
}

bool ice_tcp_has_socket(const struct ice_tcp *tcp, uint32_t socket)
{
    return find_connection(tcp, socket) != NULL;
}

bool ice_tcp_result(struct ice_tcp *tcp, rtc_time_t now, const struct io_result *result, struct out *out)
{
    struct ice_connection *c = find_connection(tcp, result->id);
    if (c && (result->error != RTC_OK || result->local.family == ADDRESS_NONE))
        lose(tcp, c, now, true, out);
    else if (c)
        on_connected(tcp, c, now, result, out);
    for (size_t i = 0; !c && i < tcp->listener_count; i++) {
        struct ice_listener *l = &tcp->listeners[i];
        if (l->socket != result->id)
            continue;
        if (result->socket)
            on_accepted(tcp, l, now, result, out);
        else if (l->state == ICE_LISTENER_OPENING)
            on_listening(tcp, l, result, out);
        return true;
    }
    return c != NULL;
}

static bool may_be_stun(struct packet *p)
{
    return p->len >= STUN_LEN_MIN && packet_data(p)[0] <= 3;
}

bool ice_tcp_unwrap(struct ice_tcp *tcp, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out)
{
    struct ice_connection *c = find_connection(tcp, packet->path.socket);
    struct slice bytes = packet_slice(packet);
    bool strange = false;
    if (!c || !is_open(c))
        return false;
    for (struct packet *p; !strange && (p = tcp_framing_read(&c->framing, out->pool, &bytes)) != NULL;) {
        /* Whoever connects begins with a check, and waits for its answer. */
        strange = is_stranger(c) && !may_be_stun(p);
        p->path = (struct path){.socket = c->socket, .protocol = PATH_UDP, .local = c->local, .remote = c->address};
        if (strange)
            packet_free(p);
        else
            packet_queue_push(inner, p);
    }
    if (strange || (is_stranger(c) && c->framing.skipped > 0)) {
        tcp->common->counters.malformed++;
        lose(tcp, c, now, false, out);
    }
    packet_free(packet);
    return true;
}

/* ---- time ---- */

static bool is_timed(const struct ice_connection *c)
{
    return c->state == ICE_CONNECTION_CONNECTING || c->state == ICE_CONNECTION_OPEN;
}

/* A connection that we made and that went silent may be dead without either end being told: another one may get through. The peer, who
 * accepted it, can only wait for that. */
static struct ice_connection *silent(const struct ice_tcp *tcp, rtc_time_t now)
{
    const struct ice_pair *pair = tcp->pairing->checks->selected;
    bool is_silent = pair && pair->base->tcp && !pair->base->tcp->accepted && now >= ice_disconnected_at(tcp->consent, pair);
    return is_silent ? pair->base->tcp : NULL;
}

/* When a connection that proved itself and is not used has been quiet for too long. Its other end may be gone without a word, and many of
 * them would leave no place for who connects anew. One may have no pair any more. */
static rtc_time_t unused_until(const struct ice_tcp *tcp, const struct ice_connection *c)
{
    const struct ice_pair *pair = is_open(c) ? ice_find_pair(tcp->pairing->checks, c->base, &c->address) : NULL;
    if (!is_open(c) || (pair && pair == tcp->pairing->checks->selected))
        return RTC_TIME_NEVER;
    return (pair ? pair->consent.heard : c->opened) + unused_most;
}

static rtc_time_t ends_at(const struct ice_tcp *tcp, const struct ice_connection *c)
{
    return is_timed(c) ? c->at : unused_until(tcp, c);
}

void ice_tcp_run(struct ice_tcp *tcp, rtc_time_t now, struct out *out)
{
    struct ice_connection *dead = silent(tcp, now);
    if (dead)
        lose(tcp, dead, now, false, out);
    for (size_t i = tcp->connection_count; i > 0; i--) {
        struct ice_connection *c = tcp->connections[i - 1];
        if (now >= ends_at(tcp, c))
            lose(tcp, c, now, false, out);
    }
}

void ice_tcp_deadline(const struct ice_tcp *tcp, rtc_time_t *best, enum timer_reason *why)
{
    rtc_time_t begin = tcp->attempts > 0 && tcp->connecting < ICE_TCP_CONNECTING_MAX ? attempts_at(tcp) : RTC_TIME_NEVER;
    for (size_t i = 0; i < tcp->connection_count; i++) {
        const struct ice_connection *c = tcp->connections[i];
        deadline_min(best, why, ends_at(tcp, c), TIMER_ICE_TCP);
        if (c->state == ICE_CONNECTION_WAITING)
            deadline_min(best, why, begin > c->at ? begin : c->at, TIMER_ICE_TCP);
    }
}

void ice_tcp_close(struct ice_tcp *tcp, struct out *out)
{
    for (size_t i = 0; i < tcp->listener_count; i++)
        if (tcp->listeners[i].socket)
            (void)out_request(out, REQUEST_CLOSE, tcp->listeners[i].socket);
    for (size_t i = 0; i < tcp->connection_count; i++)
        if (tcp->connections[i]->socket)
            (void)out_request(out, REQUEST_CLOSE, tcp->connections[i]->socket);
}

void ice_tcp_fini(struct ice_tcp *tcp)
{
    for (size_t i = 0; i < tcp->connection_count; i++) {
        tcp_framing_fini(&tcp->connections[i]->framing);
        memory_free(tcp->common->context, tcp->connections[i]);
    }
    memory_free(tcp->common->context, tcp->connections);
    memory_free(tcp->common->context, tcp->listeners);
}
