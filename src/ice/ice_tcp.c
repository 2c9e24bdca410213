/* SPDX-License-Identifier: MIT */
/* See ice_tcp.h. */
#include "ice_tcp.h"

#include "ice_internal.h"
#include "memory.h"

#include <stdio.h>

enum { DISCARD_PORT = 9, TRIES = 2, TRIES_ONCE_PROVEN = 4, STRANGERS_PER_ADDRESS = 4, STUN_LEN_MIN = 20 };

static const rtc_time_t udp_first = 250 * ICE_MS; /* what checks over UDP get ahead (in the spirit of RFC 8305) */
static const rtc_time_t connect_most = 5 * ICE_SECOND;
static const rtc_time_t unproven_most = 10 * ICE_SECOND;
static const rtc_time_t stranger_keeps = 2 * ICE_SECOND; /* its place, when places are short */
static const rtc_time_t again_soon = 100 * ICE_MS;
static const rtc_time_t again_later = 1 * ICE_SECOND;
static const rtc_time_t unused_most = 30 * ICE_SECOND;   /* nothing comes any more: as long as consent lasts (RFC 7675 section 5.1) */
static const rtc_time_t quiet_selected = 3 * ICE_SECOND; /* a selected pair this quiet is no reason not to connect */

/* ---- candidates ---- */

void ice_tcp_describe(const struct ice_agent *agent, const struct ice_base *base, struct ice_candidate *out)
{
    bool natted = !address_eq(&out->address, &base->address);
    out->type = natted ? ICE_PEER_REFLEXIVE : ICE_HOST;
    out->tcp_type = base->tcp_type;
    out->priority = natted ? ice_base_reflexive_priority(base) : base->priority;
    (void)snprintf(out->foundation, sizeof out->foundation, "%u", base->foundation);
    if (natted)
        out->related = ice_related_address(&agent->common, &base->address);
}

static uint32_t foundation(const struct ice_agent *agent, enum ice_tcp_type tcp_type, const struct address *address)
{
    return ice_foundation(&agent->locals, ICE_HOST, address, slice_str(tcp_type == ICE_TCP_ACTIVE ? "tcp active" : "tcp passive"));
}

bool ice_tcp_is_reachable(const struct ice_agent *agent, const struct ice_candidate *c)
{
    return agent->tcp.active && !agent->common.relay_only && c->protocol == PATH_TCP && c->tcp_type == ICE_TCP_PASSIVE &&
           c->type != ICE_RELAYED;
}

/* The UDP socket on the interface with this address; NULL when it is gone. */
static struct ice_base *find_interface(const struct ice_agent *agent, const struct address *address)
{
    for (size_t i = 0; i < agent->bases.count; i++)
        if (ice_base_is_interface(agent->bases.list[i]) && agent->bases.list[i]->tcp_offer > 0 &&
            address_ip_eq(&agent->bases.list[i]->address, address))
            return agent->bases.list[i];
    return NULL;
}

static void announce(struct ice_agent *agent, const struct ice_base *base, enum ice_tcp_type tcp_type, uint16_t port, struct out *out)
{
    struct ice_candidate c = {.component = ICE_COMPONENT, .protocol = PATH_TCP, .type = ICE_HOST, .tcp_type = (uint8_t)tcp_type};
    c.socket = base->socket;
    c.address = base->shown;
    c.address.port = port;
    c.priority = ice_tcp_priority(ICE_HOST, tcp_type, base->tcp_offer - 1);
    (void)snprintf(c.foundation, sizeof c.foundation, "%u", foundation(agent, tcp_type, &c.address));
    memcpy(c.ufrag, agent->common.credentials.ufrag, sizeof agent->common.credentials.ufrag);
    ice_names_announce(&agent->names, base, &c, out);
}

/* A place in the list, one of a listener that is gone if there is any; NULL when out of memory. */
static struct ice_listener *listener_slot(struct ice_agent *agent)
{
    struct ice_tcp *tcp = &agent->tcp;
    void *listeners = tcp->listeners;
    for (size_t i = 0; i < tcp->listener_count; i++)
        if (tcp->listeners[i].socket == 0)
            return &tcp->listeners[i];
    if (!memory_grow(agent->common.context, &listeners, &tcp->listener_capacity, tcp->listener_count + 1, sizeof *tcp->listeners))
        return NULL;
    tcp->listeners = listeners;
    tcp->listeners[tcp->listener_count] = (struct ice_listener){.socket = 0};
    return &tcp->listeners[tcp->listener_count++];
}

static void listen_on(struct ice_agent *agent, const struct ice_base *base, struct out *out)
{
    struct ice_listener *slot = listener_slot(agent);
    if (!slot) {
        out->failed = true;
        return;
    }
    struct request *r = out_request(out, REQUEST_LISTEN_TCP, ice_request_id(&agent->common));
    if (!r)
        return;
    r->local = base->address;
    r->local.port = 0;
    r->port_min = agent->common.port_min;
    r->port_max = agent->common.port_max;
    r->flags = REQUEST_MESSAGES;
    *slot = (struct ice_listener){.socket = r->id};
}

static bool may_offer(const struct ice_agent *agent)
{
    if ((!agent->tcp.active && !agent->tcp.passive) || agent->common.relay_only || agent->gathering.state != ICE_GATHERING_ACTIVE)
        return false;
    for (size_t i = 0; i < agent->bases.count; i++)
        if (agent->bases.list[i]->state == ICE_BASE_OPENING && !agent->bases.list[i]->absent)
            return false;
    return true;
}

void ice_tcp_offer(struct ice_agent *agent, struct out *out)
{
    if (!may_offer(agent))
        return;
    for (size_t i = 0; i < agent->bases.count; i++) {
        struct ice_base *base = agent->bases.list[i];
        if (!ice_base_is_interface(base) || base->tcp_offer > 0)
            continue;
        base->tcp_offer = ++agent->tcp.offers;
        if (agent->tcp.active)
            announce(agent, base, ICE_TCP_ACTIVE, DISCARD_PORT, out);
        if (agent->tcp.passive)
            listen_on(agent, base, out);
    }
}

bool ice_tcp_gathers(const struct ice_agent *agent)
{
    for (size_t i = 0; i < agent->tcp.listener_count; i++)
        if (agent->tcp.listeners[i].socket && !agent->tcp.listeners[i].open)
            return true;
    return false;
}

static uint32_t interface_preference(const struct ice_agent *agent, const struct address *local)
{
    const struct ice_base *base = find_interface(agent, local);
    return base ? base->tcp_offer - 1 : agent->tcp.offers;
}

/* ---- connections ---- */

static struct ice_connection *add_connection(struct ice_agent *agent, const struct ice_connection *connection)
{
    void *list = agent->tcp.connections;
    struct ice_connection *c = memory_alloc(agent->common.context, sizeof *c);
    if (!c || !memory_grow(agent->common.context, &list, &agent->tcp.connection_capacity, agent->tcp.connection_count + 1, sizeof c)) {
        memory_free(agent->common.context, c);
        return NULL;
    }
    *c = *connection;
    agent->tcp.connections = list;
    agent->tcp.connections[agent->tcp.connection_count++] = c;
    return c;
}

static void remove_connection(struct ice_agent *agent, struct ice_connection *c)
{
    struct ice_tcp *tcp = &agent->tcp;
    size_t i = 0;
    while (tcp->connections[i] != c)
        i++;
    tcp->connections[i] = tcp->connections[--tcp->connection_count];
    tcp->accepted -= c->accepted;
    tcp->attempts -= !c->accepted;
    memory_free(agent->common.context, c);
}

/* The connection as a base; false when out of memory. */
static bool add_base(struct ice_agent *agent, struct ice_connection *c)
{
    struct ice_base *base = ice_bases_add(&agent->bases);
    if (!base)
        return false;

    uint32_t preference = interface_preference(agent, &c->local);
    base->tcp = c;
    base->tcp_type = c->accepted ? ICE_TCP_PASSIVE : ICE_TCP_ACTIVE;
    base->socket = c->socket;
    ice_base_set_state(base, ICE_BASE_OPEN);
    base->address = base->shown = c->local;
    base->preference = (uint16_t)(UINT16_MAX - preference);
    base->priority = ice_tcp_priority(ICE_HOST, (enum ice_tcp_type)base->tcp_type, preference);
    base->foundation = foundation(agent, (enum ice_tcp_type)base->tcp_type, &c->local);
    c->base = base;
    return true;
}

/* Connections to two of our listeners may come from one address. */
static bool is_paired(const struct ice_agent *agent, const struct ice_remote *remote)
{
    for (size_t i = 0; i < agent->checks.count; i++)
        if (agent->checks.pairs[i]->remote == remote)
            return true;
    return false;
}

static void remove_base(struct ice_agent *agent, struct ice_connection *c, rtc_time_t now)
{
    if (!c->base)
        return;
    ice_drop_base(&agent->checks, c->base, now);
    ice_bases_remove(&agent->bases, c->base);
    c->base = NULL;
    struct ice_remote *remote = c->accepted ? ice_remotes_find(&agent->remotes, &c->address, PATH_TCP) : NULL;
    if (remote && remote->type == ICE_PEER_REFLEXIVE && !is_paired(agent, remote))
        ice_forget_reflexive(&agent->pairing, remote);
}

/* The connection is over, or never came to be: with it goes its pair. `gone`: its socket is closed already. One that was accepted is freed.
 */
static void lose(struct ice_agent *agent, struct ice_connection *c, rtc_time_t now, bool gone, struct out *out)
{
    bool again = c->tries_left > 0, lasted = c->proven && now >= c->opened + unproven_most;
    agent->tcp.connecting -= c->state == ICE_CONNECTION_CONNECTING;
    agent->tcp.strangers -= c->accepted && !c->proven;
    remove_base(agent, c, now);
    if (!gone)
        (void)out_request(out, REQUEST_CLOSE, c->socket);
    tcp_framing_fini(&c->framing);
    if (c->accepted) {
        remove_connection(agent, c);
        return;
    }
    c->socket = 0;
    c->local.port = 0;
    c->state = again ? ICE_CONNECTION_WAITING : ICE_CONNECTION_CLOSED;
    c->at = now + (lasted ? again_soon : again_later);
    c->proven = false;
}

void ice_tcp_prove(struct ice_agent *agent, const struct ice_base *base)
{
    struct ice_connection *c = base->tcp;
    if (c->proven)
        return;
    c->proven = true;
    c->tries_left = TRIES_ONCE_PROVEN;
    agent->tcp.strangers -= c->accepted;
}

/* ---- active ---- */

static bool is_attempted(const struct ice_agent *agent, const struct address *interface, const struct ice_remote *remote)
{
    for (size_t i = 0; i < agent->tcp.connection_count; i++) {
        const struct ice_connection *c = agent->tcp.connections[i];
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

static void add_attempt(struct ice_agent *agent, const struct ice_base *base, struct ice_remote *remote)
{
    struct ice_connection c = {.tries_left = TRIES, .remote = remote, .local = base->address, .address = remote->address};
    c.local.port = 0;
    if (!may_connect(base, remote) || is_attempted(agent, &c.local, remote))
        return;
    if (agent->tcp.attempts >= ICE_TCP_ATTEMPTS_MAX) {
        agent->common.counters.over_limit++;
        return;
    }
    if (add_connection(agent, &c))
        agent->tcp.attempts++;
    else
        agent->common.starved = true;
}

void ice_tcp_pair_base(struct ice_agent *agent, const struct ice_base *base)
{
    for (size_t i = 0; i < agent->remotes.count; i++)
        add_attempt(agent, base, agent->remotes.list[i]);
}

void ice_tcp_pair_remote(struct ice_agent *agent, struct ice_remote *remote)
{
    for (size_t i = 0; i < agent->bases.count; i++)
        add_attempt(agent, agent->bases.list[i], remote);
}

static void connect_to(struct ice_agent *agent, struct ice_connection *c, rtc_time_t now, struct out *out)
{
    struct request *r = out_request(out, REQUEST_OPEN_TCP, ice_request_id(&agent->common));
    c->tries_left--;
    if (!r) {
        c->state = ICE_CONNECTION_CLOSED;
        return;
    }
    c->socket = r->id;
    c->state = ICE_CONNECTION_CONNECTING;
    c->at = now + connect_most;
    agent->tcp.connecting++;
    r->local = c->local;
    r->remote = c->address;
    r->flags = REQUEST_MESSAGES;
}

static void on_connected(struct ice_agent *agent, struct ice_connection *c, rtc_time_t now, const struct io_result *result, struct out *out)
{
    if (c->state != ICE_CONNECTION_CONNECTING)
        return;
    agent->tcp.connecting--;
    c->state = ICE_CONNECTION_OPEN;
    c->opened = now;
    c->at = now + unproven_most;
    c->local = result->local;
    struct ice_pair *pair = add_base(agent, c) ? ice_add_pair(&agent->checks, c->base, c->remote, true) : NULL;
    if (pair)
        ice_recheck(&agent->checks, pair);
    else
        lose(agent, c, now, false, out);
}

static bool is_relayed(const struct ice_pair *pair)
{
    return pair->base->relay || pair->remote->type == ICE_RELAYED;
}

/* A direct pair is in use: more connections are of no use while it works. */
static bool is_content(const struct ice_agent *agent)
{
    return agent->checks.selected && !is_relayed(agent->checks.selected);
}

static bool udp_may_work(const struct ice_agent *agent)
{
    for (size_t i = 0; i < agent->checks.count; i++)
        if (ice_pair_unresolved(agent->checks.pairs[i]) && !agent->checks.pairs[i]->base->tcp)
            return true;
    return false;
}

/* When attempts may begin. */
static rtc_time_t attempts_at(const struct ice_agent *agent)
{
    if (agent->session.state == ICE_NEW || agent->session.state == ICE_FAILED || agent->session.state == ICE_CLOSED ||
        !agent->session.remote_known)
        return RTC_TIME_NEVER;
    if (is_content(agent))
        return agent->checks.selected->consent.heard + quiet_selected;
    return udp_may_work(agent) ? agent->session.started + udp_first : agent->session.started;
}

static bool is_better(const struct ice_connection *a, const struct ice_connection *b)
{
    return !b || a->remote->priority > b->remote->priority;
}

static struct ice_connection *next_attempt(const struct ice_agent *agent, rtc_time_t now)
{
    struct ice_connection *best = NULL;
    for (size_t i = 0; i < agent->tcp.connection_count; i++) {
        struct ice_connection *c = agent->tcp.connections[i];
        if (c->state == ICE_CONNECTION_WAITING && now >= c->at && is_better(c, best))
            best = c;
    }
    return best;
}

void ice_tcp_connect(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    struct ice_connection *c;
    if (agent->tcp.attempts == 0 || now < attempts_at(agent))
        return;
    while (agent->tcp.connecting < ICE_TCP_CONNECTING_MAX && (c = next_attempt(agent, now)) != NULL)
        connect_to(agent, c, now, out);
}

bool ice_tcp_undecided(const struct ice_agent *agent)
{
    if (agent->tcp.connecting > 0)
        return true;
    for (size_t i = 0; i < agent->tcp.connection_count && !is_content(agent); i++)
        if (agent->tcp.connections[i]->state == ICE_CONNECTION_WAITING)
            return true;
    return false;
}

/* ---- passive ---- */

/* Whether a candidate of the peer has this address, whatever its port. */
static bool is_known(const struct ice_agent *agent, const struct address *address)
{
    for (size_t i = 0; i < agent->remotes.count; i++)
        if (address_ip_eq(&agent->remotes.list[i]->address, address))
            return true;
    return false;
}

/* The stranger who has been there longest: of all, or of those that are not known to be of the peer's. */
static struct ice_connection *oldest_stranger(const struct ice_agent *agent, bool of_unknown)
{
    struct ice_connection *oldest = NULL;
    for (size_t i = 0; i < agent->tcp.connection_count; i++) {
        struct ice_connection *c = agent->tcp.connections[i];
        if (!c->accepted || c->proven || (of_unknown && is_known(agent, &c->address)))
            continue;
        oldest = !oldest || c->opened < oldest->opened ? c : oldest;
    }
    return oldest;
}

static bool are_too_many(const struct ice_agent *agent, const struct address *address)
{
    unsigned same = 0;
    for (size_t i = 0; i < agent->tcp.connection_count; i++) {
        const struct ice_connection *c = agent->tcp.connections[i];
        same += c->accepted && !c->proven && address_ip_eq(&c->address, address);
    }
    return same >= STRANGERS_PER_ADDRESS;
}

/* A place for one more stranger. When there is none left, who had time enough to say who he is makes room, and anybody does for one from an
 * address of the peer. */
static bool make_room(struct ice_agent *agent, const struct address *address, rtc_time_t now, struct out *out)
{
    bool known = is_known(agent, address);
    if (agent->tcp.accepted >= ICE_TCP_ACCEPTED_MAX || (!known && are_too_many(agent, address)))
        return false;
    if (agent->tcp.strangers < ICE_TCP_STRANGERS_MAX)
        return true;
    struct ice_connection *victim = known ? oldest_stranger(agent, true) : NULL;
    struct ice_connection *oldest = oldest_stranger(agent, false);
    if (!victim && oldest && now >= oldest->opened + stranger_keeps)
        victim = oldest;
    if (victim)
        lose(agent, victim, now, false, out);
    return victim != NULL;
}

static bool take_accepted(struct ice_agent *agent, const struct ice_listener *l, rtc_time_t now, const struct io_result *result)
{
    struct ice_connection accepted = {.state = ICE_CONNECTION_OPEN, .accepted = true, .opened = now, .at = now + unproven_most};
    accepted.socket = result->socket;
    accepted.local = l->address;
    accepted.address = result->remote;
    struct ice_connection *c = add_connection(agent, &accepted);
    if (!c)
        return false;
    agent->tcp.accepted++;
    if (!add_base(agent, c)) {
        remove_connection(agent, c);
        return false;
    }
    agent->tcp.strangers++;
    return true;
}

static void on_accepted(struct ice_agent *agent, const struct ice_listener *l, rtc_time_t now, const struct io_result *result,
                        struct out *out)
{
    bool welcome = l->open && agent->session.state != ICE_FAILED && ice_address_is_usable(&result->remote) &&
                   !ice_reach_is_denied(agent->common.rules, &result->remote);
    if (welcome && !make_room(agent, &result->remote, now, out)) {
        agent->common.counters.over_limit++;
        welcome = false;
    }
    if (!welcome || !take_accepted(agent, l, now, result))
        (void)out_request(out, REQUEST_CLOSE, result->socket);
}

static void on_listening(struct ice_agent *agent, struct ice_listener *l, const struct io_result *result, struct out *out)
{
    bool opened = result->error == RTC_OK && result->local.family != ADDRESS_NONE;
    const struct ice_base *base = opened ? find_interface(agent, &result->local) : NULL;
    /* The end of candidates was announced, or the interface is gone: this one came too late. */
    bool late = opened && (agent->gathering.state == ICE_GATHERING_COMPLETE || !base);
    if (late)
        (void)out_request(out, REQUEST_CLOSE, l->socket);
    if (late || !opened) {
        l->socket = 0;
        return;
    }
    l->open = true;
    l->address = result->local;
    announce(agent, base, ICE_TCP_PASSIVE, l->address.port, out);
}

/* Attempts too: there will be others if the address comes back. */
static void drop_connection(struct ice_agent *agent, struct ice_connection *c, rtc_time_t now, struct out *out)
{
    bool accepted = c->accepted;
    c->tries_left = 0;
    if (c->socket)
        lose(agent, c, now, false, out);
    if (!accepted)
        remove_connection(agent, c);
}

void ice_tcp_drop_interface(struct ice_agent *agent, const struct address *interface, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < agent->tcp.listener_count; i++) {
        struct ice_listener *l = &agent->tcp.listeners[i];
        if (!l->open || !l->socket || !address_ip_eq(&l->address, interface))
            continue;
        (void)out_request(out, REQUEST_CLOSE, l->socket);
        l->socket = 0;
    }
    for (size_t i = agent->tcp.connection_count; i > 0; i--)
        if (address_ip_eq(&agent->tcp.connections[i - 1]->local, interface))
            drop_connection(agent, agent->tcp.connections[i - 1], now, out);
}

/* ---- results and packets ---- */

static struct ice_connection *find_connection(const struct ice_agent *agent, uint32_t socket)
{
    for (size_t i = 0; i < agent->tcp.connection_count; i++)
        if (agent->tcp.connections[i]->socket == socket)
            return agent->tcp.connections[i];
    return NULL;
}

bool ice_tcp_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out)
{
    struct ice_connection *c = find_connection(agent, result->id);
    if (c && (result->error != RTC_OK || result->local.family == ADDRESS_NONE))
        lose(agent, c, now, true, out);
    else if (c)
        on_connected(agent, c, now, result, out);
    for (size_t i = 0; !c && i < agent->tcp.listener_count; i++) {
        struct ice_listener *l = &agent->tcp.listeners[i];
        if (l->socket != result->id)
            continue;
        if (result->socket)
            on_accepted(agent, l, now, result, out);
        else if (!l->open)
            on_listening(agent, l, result, out);
        return true;
    }
    return c != NULL;
}

static bool may_be_stun(struct packet *p)
{
    return p->len >= STUN_LEN_MIN && packet_data(p)[0] <= 3;
}

bool ice_tcp_unwrap(struct ice_agent *agent, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out)
{
    struct ice_connection *c = find_connection(agent, packet->path.socket);
    struct slice bytes = packet_slice(packet);
    bool strange = false;
    if (!c || c->state != ICE_CONNECTION_OPEN)
        return false;
    for (struct packet *p; !strange && (p = tcp_framing_read(&c->framing, out->pool, &bytes)) != NULL;) {
        /* Whoever connects begins with a check, and waits for its answer. */
        strange = c->accepted && !c->proven && !may_be_stun(p);
        p->path = (struct path){.socket = c->socket, .protocol = PATH_UDP, .local = c->local, .remote = c->address};
        if (strange)
            packet_free(p);
        else
            packet_queue_push(inner, p);
    }
    if (strange || (c->accepted && !c->proven && c->framing.skipped > 0)) {
        agent->common.counters.malformed++;
        lose(agent, c, now, false, out);
    }
    packet_free(packet);
    return true;
}

/* ---- time ---- */

static bool is_timed(const struct ice_connection *c)
{
    return c->state == ICE_CONNECTION_CONNECTING || (c->state == ICE_CONNECTION_OPEN && !c->proven);
}

/* A connection that we made and that went silent may be dead without either end being told: another one may get through. The peer, who
 * accepted it, can only wait for that. */
static struct ice_connection *silent(const struct ice_agent *agent, rtc_time_t now)
{
    const struct ice_pair *pair = agent->checks.selected;
    bool is_silent = pair && pair->base->tcp && !pair->base->tcp->accepted && now >= ice_disconnected_at(&agent->consent, pair);
    return is_silent ? pair->base->tcp : NULL;
}

/* When a connection that proved itself and is not used has been quiet for too long. Its other end may be gone without a word, and many of
 * them would leave no place for who connects anew. One may have no pair any more. */
static rtc_time_t unused_until(const struct ice_agent *agent, const struct ice_connection *c)
{
    const struct ice_pair *pair = c->state == ICE_CONNECTION_OPEN ? ice_find_pair(&agent->checks, c->base, &c->address) : NULL;
    if (c->state != ICE_CONNECTION_OPEN || (pair && pair == agent->checks.selected))
        return RTC_TIME_NEVER;
    return (pair ? pair->consent.heard : c->opened) + unused_most;
}

static rtc_time_t ends_at(const struct ice_agent *agent, const struct ice_connection *c)
{
    return is_timed(c) ? c->at : unused_until(agent, c);
}

void ice_tcp_run(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    struct ice_connection *dead = silent(agent, now);
    if (dead)
        lose(agent, dead, now, false, out);
    for (size_t i = agent->tcp.connection_count; i > 0; i--) {
        struct ice_connection *c = agent->tcp.connections[i - 1];
        if (now >= ends_at(agent, c))
            lose(agent, c, now, false, out);
    }
}

void ice_tcp_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why)
{
    rtc_time_t begin = agent->tcp.attempts > 0 && agent->tcp.connecting < ICE_TCP_CONNECTING_MAX ? attempts_at(agent) : RTC_TIME_NEVER;
    for (size_t i = 0; i < agent->tcp.connection_count; i++) {
        const struct ice_connection *c = agent->tcp.connections[i];
        deadline_min(best, why, ends_at(agent, c), TIMER_ICE_TCP);
        if (c->state == ICE_CONNECTION_WAITING)
            deadline_min(best, why, begin > c->at ? begin : c->at, TIMER_ICE_TCP);
    }
}

void ice_tcp_close(struct ice_agent *agent, struct out *out)
{
    for (size_t i = 0; i < agent->tcp.listener_count; i++)
        if (agent->tcp.listeners[i].socket)
            (void)out_request(out, REQUEST_CLOSE, agent->tcp.listeners[i].socket);
    for (size_t i = 0; i < agent->tcp.connection_count; i++)
        if (agent->tcp.connections[i]->socket)
            (void)out_request(out, REQUEST_CLOSE, agent->tcp.connections[i]->socket);
}

void ice_tcp_free(struct ice_agent *agent)
{
    for (size_t i = 0; i < agent->tcp.connection_count; i++) {
        tcp_framing_fini(&agent->tcp.connections[i]->framing);
        memory_free(agent->common.context, agent->tcp.connections[i]);
    }
    memory_free(agent->common.context, agent->tcp.connections);
    memory_free(agent->common.context, agent->tcp.listeners);
}
