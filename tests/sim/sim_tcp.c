/* SPDX-License-Identifier: MIT */
/* See sim_tcp.h. A direction of a connection is a queue of segments, each with the time of its arrival; while the way is down they wait, as
 * retransmissions would make them. */
#include "sim_tcp.h"

#include <crtc/transport.h>
#include <stdlib.h>

static const rtc_time_t answer_delay = 200;
static const rtc_time_t retransmission = 200000;

enum segment_kind { SEGMENT_ANSWER, SEGMENT_SYN, SEGMENT_BYTES, SEGMENT_END };

/* On its way to `to`; of SEGMENT_ANSWER, to that host itself. */
struct segment {
    struct segment *next;
    rtc_time_t at;
    enum segment_kind kind;
    struct sim_host *to;
    uint32_t socket; /* at `to`; of a SYN: at the host that connects */
    struct io_result result;
    struct packet *packet;
};

struct listener {
    struct listener *next;
    struct sim_host *host;
    uint32_t id;
    struct address local;
};

/* One end of a connection. */
struct end {
    struct end *next;
    struct sim_host *host;
    uint32_t id;
    bool open;
    struct address local, remote; /* as this end sees them */
    struct sim_host *peer_host;
    uint32_t peer; /* its id there; 0: none yet */
    rtc_time_t last_arrival;
};

struct sim_tcp {
    struct sim_network *net;
    struct listener *listeners;
    struct end *ends;
    struct segment *segments; /* by time */
    uint32_t accepted;
};

static void *zeroed(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory)
        abort();
    return memory;
}

struct sim_tcp *sim_tcp_new(struct sim_network *net)
{
    struct sim_tcp *tcp = zeroed(sizeof *tcp);
    tcp->net = net;
    return tcp;
}

void sim_tcp_free(struct sim_tcp *tcp)
{
    for (struct segment *s = tcp->segments, *next; s; s = next) {
        next = s->next;
        packet_free(s->packet);
        free(s);
    }
    for (struct listener *l = tcp->listeners, *next; l; l = next) {
        next = l->next;
        free(l);
    }
    for (struct end *e = tcp->ends, *next; e; e = next) {
        next = e->next;
        free(e);
    }
    free(tcp);
}

static void push(struct sim_tcp *tcp, struct segment segment)
{
    struct segment *s = zeroed(sizeof *s), **at = &tcp->segments;
    *s = segment;
    while (*at && (*at)->at <= s->at)
        at = &(*at)->next;
    s->next = *at;
    *at = s;
}

static struct end *find_end(const struct sim_tcp *tcp, const struct sim_host *host, uint32_t id)
{
    for (struct end *e = tcp->ends; e; e = e->next)
        if (e->host == host && e->id == id)
            return e;
    return NULL;
}

static struct end *add_end(struct sim_tcp *tcp, struct end end)
{
    struct end *e = zeroed(sizeof *e);
    *e = end;
    e->next = tcp->ends;
    tcp->ends = e;
    return e;
}

static void remove_end(struct sim_tcp *tcp, struct end *end)
{
    struct end **at = &tcp->ends;
    while (*at != end)
        at = &(*at)->next;
    *at = end->next;
    free(end);
}

/* When what a host sends now is there: in order, and what is lost comes later. */
static rtc_time_t arrival(struct sim_tcp *tcp, struct sim_host *from, rtc_time_t now, rtc_time_t *last)
{
    const struct sim_link *l = sim_host_link(from);
    rtc_time_t at = now + l->delay_us + (l->jitter_us ? (rtc_time_t)(sim_network_random(tcp->net) % (uint64_t)l->jitter_us) : 0);
    if (l->loss >= 1)
        return RTC_TIME_NEVER;
    while (l->loss > 0 && (double)(sim_network_random(tcp->net) >> 11) / 9007199254740992.0 < l->loss)
        at += retransmission;
    at = at > *last ? at : *last;
    *last = at;
    return at;
}

static void answer(struct sim_tcp *tcp, struct sim_host *host, rtc_time_t at, struct io_result result)
{
    push(tcp, (struct segment){.at = at, .kind = SEGMENT_ANSWER, .to = host, .socket = result.id, .result = result});
}

static void listen_on(struct sim_tcp *tcp, struct sim_host *host, rtc_time_t now, const struct request *r)
{
    struct io_result result = {.type = r->type, .id = r->id, .local = r->local};
    struct listener *l = zeroed(sizeof *l);
    if (sim_host_link(host)->no_listening) {
        free(l);
        result.error = RTC_ERR_NOT_SUPPORTED;
        answer(tcp, host, now + answer_delay, result);
        return;
    }
    result.local.port = r->local.port ? r->local.port : r->port_min ? r->port_min : sim_host_port(host);
    *l = (struct listener){.next = tcp->listeners, .host = host, .id = r->id, .local = result.local};
    tcp->listeners = l;
    answer(tcp, host, now + answer_delay, result);
}

static void connect_to(struct sim_tcp *tcp, struct sim_host *host, rtc_time_t now, const struct request *r)
{
    struct end *e = add_end(tcp, (struct end){.host = host, .id = r->id, .local = r->local, .remote = r->remote});
    e->local.port = e->local.port ? e->local.port : sim_host_port(host);
    push(tcp, (struct segment){.at = arrival(tcp, host, now, &e->last_arrival), .kind = SEGMENT_SYN, .to = host, .socket = r->id});
}

bool sim_tcp_request(struct sim_tcp *tcp, struct sim_host *host, rtc_time_t now, const struct request *r)
{
    if (r->type == REQUEST_LISTEN_TCP)
        listen_on(tcp, host, now, r);
    else if (r->type == REQUEST_OPEN_TCP)
        connect_to(tcp, host, now, r);
    return r->type == REQUEST_LISTEN_TCP || r->type == REQUEST_OPEN_TCP;
}

static struct listener *find_listener(const struct sim_tcp *tcp, const struct address *a)
{
    for (struct listener *l = tcp->listeners; l; l = l->next)
        if (address_eq(&l->local, a))
            return l;
    return NULL;
}

/* The host that owns an address and can be reached there; NULL: nobody, or behind a NAT. */
static struct sim_host *owner(const struct sim_tcp *tcp, const struct address *a)
{
    for (struct sim_host *h = sim_network_hosts(tcp->net); h; h = sim_host_next(h))
        if (sim_host_has(h, a) && !sim_host_is_natted(h, a))
            return h;
    return NULL;
}

static bool is_down(struct sim_host *host, const struct address *a)
{
    return sim_host_is_down(host, a) || sim_host_link(host)->no_tcp;
}

static struct address seen_outside(struct sim_host *host, const struct address *local)
{
    struct address a = *local;
    if (sim_host_is_natted(host, local)) {
        a = sim_host_public(host);
        a.port = local->port;
    }
    return a;
}

static void accept_it(struct sim_tcp *tcp, struct end *e, struct listener *l, rtc_time_t now)
{
    struct io_result there = {.type = REQUEST_LISTEN_TCP, .id = l->id, .local = l->local};
    struct io_result here = {.type = REQUEST_OPEN_TCP, .id = e->id, .local = e->local};
    there.socket = RTC_ACCEPTED_SOCKET | ++tcp->accepted;
    there.remote = seen_outside(e->host, &e->local);
    add_end(tcp, (struct end){.host = l->host,
                              .id = there.socket,
                              .open = true,
                              .local = l->local,
                              .remote = there.remote,
                              .peer_host = e->host,
                              .peer = e->id});
    e->peer_host = l->host;
    e->peer = there.socket;
    answer(tcp, l->host, now, there);
    answer(tcp, e->host, arrival(tcp, l->host, now, &find_end(tcp, l->host, there.socket)->last_arrival), here);
}

/* A SYN has arrived somewhere, or nowhere: then it is never answered. */
static void on_syn(struct sim_tcp *tcp, const struct segment *s)
{
    struct end *e = find_end(tcp, s->to, s->socket);
    struct sim_host *there = e ? owner(tcp, &e->remote) : NULL;
    if (!there || is_down(e->host, &e->local) || is_down(there, &e->remote))
        return;
    struct listener *l = find_listener(tcp, &e->remote);
    if (l) {
        accept_it(tcp, e, l, s->at);
        return;
    }
    struct io_result refused = {.type = REQUEST_OPEN_TCP, .id = e->id, .error = RTC_ERR_NETWORK};
    answer(tcp, e->host, s->at + sim_host_link(there)->delay_us, refused);
}

void sim_tcp_send(struct sim_tcp *tcp, struct sim_host *host, rtc_time_t now, struct packet *packet)
{
    struct end *e = find_end(tcp, host, packet->path.socket);
    if (!e || !e->open || !e->peer) {
        packet_free(packet);
        return;
    }
    rtc_time_t at = arrival(tcp, host, now, &e->last_arrival);
    push(tcp, (struct segment){.at = at, .kind = SEGMENT_BYTES, .to = e->peer_host, .socket = e->peer, .packet = packet});
}

bool sim_tcp_close(struct sim_tcp *tcp, struct sim_host *host, rtc_time_t now, uint32_t id)
{
    struct end *e = find_end(tcp, host, id);
    for (struct listener **at = &tcp->listeners; *at; at = &(*at)->next) {
        struct listener *l = *at;
        if (l->host != host || l->id != id)
            continue;
        *at = l->next;
        free(l);
        return true;
    }
    if (!e)
        return false;
    if (e->peer)
        push(tcp,
             (struct segment){.at = arrival(tcp, host, now, &e->last_arrival), .kind = SEGMENT_END, .to = e->peer_host, .socket = e->peer});
    remove_end(tcp, e);
    return true;
}

void sim_tcp_forget(struct sim_tcp *tcp)
{
    for (struct end *e = tcp->ends; e; e = e->next)
        e->peer = e->open ? 0 : e->peer;
}

rtc_time_t sim_tcp_next(const struct sim_tcp *tcp)
{
    return tcp->segments ? tcp->segments->at : RTC_TIME_NEVER;
}

static bool is_known(const struct sim_tcp *tcp, const struct segment *s)
{
    for (const struct listener *l = tcp->listeners; l; l = l->next)
        if (l->host == s->to && l->id == s->socket)
            return true;
    return find_end(tcp, s->to, s->socket) || s->result.error != RTC_OK;
}

/* True when it is for the host, that is, when what it was asked for is still there. */
static bool take_answer(struct sim_tcp *tcp, const struct segment *s, struct sim_delivery *out)
{
    struct end *e = find_end(tcp, s->to, s->socket);
    bool known = is_known(tcp, s);
    if (e && s->result.error == RTC_OK)
        e->open = true;
    else if (e)
        remove_end(tcp, e);
    else if (s->result.type == REQUEST_OPEN_TCP)
        known = false;
    *out = (struct sim_delivery){.host = s->to, .result = s->result};
    return known;
}

static bool take_end(struct sim_tcp *tcp, const struct segment *s, struct sim_delivery *out)
{
    struct end *e = find_end(tcp, s->to, s->socket);
    if (!e)
        return false;
    enum request_type type = s->socket & RTC_ACCEPTED_SOCKET ? REQUEST_LISTEN_TCP : REQUEST_OPEN_TCP;
    *out = (struct sim_delivery){.host = s->to, .result = {.type = type, .id = s->socket, .error = RTC_ERR_NETWORK}};
    remove_end(tcp, e);
    return true;
}

/* The first bytes of a segment where the network cuts it. */
static struct packet *cut(struct sim_tcp *tcp, struct segment *s)
{
    struct packet *whole = s->packet;
    size_t most = sim_host_link(s->to)->pieces;
    size_t n = most ? 1 + (size_t)(sim_network_random(tcp->net) % most) : whole->len;
    if (n >= whole->len) {
        s->packet = NULL;
        return whole;
    }
    struct packet *piece = packet_copy(whole->pool, slice_of(packet_data(whole), n));
    if (!piece) {
        s->packet = NULL;
        return whole;
    }
    whole->start += (uint32_t)n;
    whole->len -= (uint32_t)n;
    return piece;
}

static bool take_bytes(struct sim_tcp *tcp, struct segment *s, struct sim_delivery *out)
{
    struct end *e = find_end(tcp, s->to, s->socket);
    if (!e) {
        packet_free(s->packet);
        s->packet = NULL;
        return false;
    }
    struct packet *p = cut(tcp, s);
    p->path = (struct path){.socket = e->id, .protocol = PATH_TCP, .local = e->local, .remote = e->remote};
    p->time = s->at;
    *out = (struct sim_delivery){.host = s->to, .packet = p};
    return true;
}

/* Both ways down: what was sent waits until it gets through. */
static bool is_stuck(const struct sim_tcp *tcp, const struct segment *s)
{
    const struct end *e = s->kind == SEGMENT_BYTES || s->kind == SEGMENT_END ? find_end(tcp, s->to, s->socket) : NULL;
    return e && (is_down(e->host, &e->local) || (e->peer_host && is_down(e->peer_host, &e->remote)));
}

/* All of one direction are moved together, so that they stay in order. */
static void delay(struct sim_tcp *tcp, struct segment *first, rtc_time_t now)
{
    struct segment *moved = NULL, **last = &moved;
    for (struct segment **at = &tcp->segments; *at;) {
        struct segment *s = *at;
        if (s->to != first->to || s->socket != first->socket) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        s->at = s->at > now + retransmission ? s->at : now + retransmission;
        s->next = NULL;
        *last = s;
        last = &s->next;
    }
    while (moved) {
        struct segment *s = moved;
        moved = s->next;
        push(tcp, *s);
        free(s);
    }
}

/* True when there is something for a host. */
static bool take(struct sim_tcp *tcp, struct segment *s, struct sim_delivery *out)
{
    switch (s->kind) {
    case SEGMENT_SYN:
        on_syn(tcp, s);
        return false;
    case SEGMENT_ANSWER:
        return take_answer(tcp, s, out);
    case SEGMENT_BYTES:
        return take_bytes(tcp, s, out);
    default:
        return take_end(tcp, s, out);
    }
}

bool sim_tcp_pop(struct sim_tcp *tcp, rtc_time_t now, struct sim_delivery *out)
{
    while (tcp->segments && tcp->segments->at <= now) {
        struct segment *s = tcp->segments;
        if (is_stuck(tcp, s)) {
            delay(tcp, s, now);
            continue;
        }
        tcp->segments = s->next;
        bool given = take(tcp, s, out);
        if (s->packet) { /* the rest of it follows at once */
            s->next = tcp->segments;
            tcp->segments = s;
        } else {
            free(s);
        }
        if (given)
            return true;
    }
    return false;
}
