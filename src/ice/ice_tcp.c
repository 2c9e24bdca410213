/* SPDX-License-Identifier: MIT */
/* See ice_tcp.h. */
#include "ice_tcp.h"

#include "ice_reach.h"
#include "memory.h"

#include <assert.h>
#include <stdio.h>

enum { DISCARD_PORT = 9, TRIES = 2, STUN_LEN_MIN = 20 };

static const rtc_time_t udp_first = 250 * ICE_MS;        /* what checks over UDP get ahead (in the spirit of RFC 8305) */
static const rtc_time_t connect_most = 5 * ICE_SECOND;   /* the system would try for minutes */
static const rtc_time_t unused_most = 30 * ICE_SECOND;   /* nothing comes any more: as long as consent lasts (RFC 7675 section 5.1) */
static const rtc_time_t quiet_selected = 3 * ICE_SECOND; /* a selected pair this quiet is no reason not to connect */

/* ---- candidates ---- */

bool ice_tcp_is_reachable(const struct ice_tcp *tcp, const struct ice_candidate *c)
{
    return tcp->active && !tcp->common->relay_only && c->protocol == PATH_TCP && c->tcp_type == ICE_TCP_PASSIVE && c->type != ICE_RELAYED;
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
            ice_tcp_announce(tcp, base, ICE_TCP_ACTIVE, DISCARD_PORT, out);
        if (tcp->passive)
            ice_tcp_listen(tcp, base, out);
    }
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
    if (ice_connection_add(tcp, &c))
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
        ice_connection_set_state(tcp, c, ICE_CONNECTION_CLOSED);
        return;
    }
    c->socket = r->id;
    ice_connection_set_state(tcp, c, ICE_CONNECTION_CONNECTING);
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
    ice_connection_set_state(tcp, c, ICE_CONNECTION_OPEN);
    c->opened = now;
    c->at = now + ice_tcp_unproven_most;
    c->local = result->local;
    struct ice_pair *pair = ice_connection_add_base(tcp, c) ? ice_add_pair(tcp->pairing->checks, c->base, c->remote, true) : NULL;
    if (pair)
        ice_recheck(tcp->pairing->checks, pair);
    else
        ice_connection_lose(tcp, c, now, false, out);
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

/* Attempts too: there will be others if the address comes back. */
static void drop_connection(struct ice_tcp *tcp, struct ice_connection *c, rtc_time_t now, struct out *out)
{
    bool accepted = c->accepted;
    c->tries_left = 0;
    if (c->socket)
        ice_connection_lose(tcp, c, now, false, out);
    if (!accepted)
        ice_connection_remove(tcp, c);
}

void ice_tcp_drop_interface(struct ice_tcp *tcp, const struct address *interface, rtc_time_t now, struct out *out)
{
    ice_tcp_stop_listening(tcp, interface, out);
    for (size_t i = tcp->connection_count; i > 0; i--)
        if (address_ip_eq(&tcp->connections[i - 1]->local, interface))
            drop_connection(tcp, tcp->connections[i - 1], now, out);
}

/* ---- results and packets ---- */

bool ice_tcp_has_socket(const struct ice_tcp *tcp, uint32_t socket)
{
    return ice_connection_find(tcp, socket) != NULL;
}

bool ice_tcp_result(struct ice_tcp *tcp, rtc_time_t now, const struct io_result *result, struct out *out)
{
    struct ice_connection *c = ice_connection_find(tcp, result->id);
    if (c && (result->error != RTC_OK || result->local.family == ADDRESS_NONE))
        ice_connection_lose(tcp, c, now, true, out);
    else if (c)
        on_connected(tcp, c, now, result, out);
    return c || ice_tcp_passive_result(tcp, now, result, out);
}

static bool may_be_stun(struct packet *p)
{
    return p->len >= STUN_LEN_MIN && packet_data(p)[0] <= 3;
}

bool ice_tcp_unwrap(struct ice_tcp *tcp, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out)
{
    struct ice_connection *c = ice_connection_find(tcp, packet->path.socket);
    struct slice bytes = packet_slice(packet);
    bool strange = false;
    if (!c || !ice_connection_is_open(c))
        return false;
    for (struct packet *p; !strange && (p = tcp_framing_read(&c->framing, out->pool, &bytes)) != NULL;) {
        /* Whoever connects begins with a check, and waits for its answer. */
        strange = ice_connection_is_stranger(c) && !may_be_stun(p);
        p->path = (struct path){.socket = c->socket, .protocol = PATH_UDP, .local = c->local, .remote = c->address};
        if (strange)
            packet_free(p);
        else
            packet_queue_push(inner, p);
    }
    if (strange || (ice_connection_is_stranger(c) && c->framing.skipped > 0)) {
        tcp->common->counters.malformed++;
        ice_connection_lose(tcp, c, now, false, out);
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
    const struct ice_pair *pair = ice_connection_is_open(c) ? ice_find_pair(tcp->pairing->checks, c->base, &c->address) : NULL;
    if (!ice_connection_is_open(c) || (pair && pair == tcp->pairing->checks->selected))
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
        ice_connection_lose(tcp, dead, now, false, out);
    for (size_t i = tcp->connection_count; i > 0; i--) {
        struct ice_connection *c = tcp->connections[i - 1];
        if (now >= ends_at(tcp, c))
            ice_connection_lose(tcp, c, now, false, out);
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
