/* SPDX-License-Identifier: MIT */
/* See ice_relay.h. */
#include "ice_relay.h"

#include "ice_reach.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>

enum { PER_SERVER_MAX = 4, ATTEMPTS_MAX = 3, MISMATCH = 437, TRY_ALTERNATE = 300 };

/* Between attempts to have a lost allocation again: doubled by each loss, spread at random. */
static const rtc_time_t wait_first = 500 * ICE_MS;
static const rtc_time_t wait_most = 30 * ICE_SECOND;
static const rtc_time_t attempt_most = 10 * ICE_SECOND; /* for each of those; the first is bounded by gathering */
static const rtc_time_t settled = 30 * ICE_SECOND;      /* one that was OPEN for so long does not flap */

/* Relays over UDP rank before those over TCP, and these before TLS. */
static const uint16_t preference_step = 0x4000;

const struct moves ice_relay_moves = {
    .module = "ice",
    .what = "relay",
    .count = ICE_RELAY_FAILED + 1,
    .names = {"opening", "allocating", "open", "waiting", "failed"},
    .allowed =
        {
            [ICE_RELAY_OPENING] =
                MOVE_TO(ICE_RELAY_OPENING) | MOVE_TO(ICE_RELAY_ALLOCATING) | MOVE_TO(ICE_RELAY_WAITING) | MOVE_TO(ICE_RELAY_FAILED),
            [ICE_RELAY_ALLOCATING] =
                MOVE_TO(ICE_RELAY_OPENING) | MOVE_TO(ICE_RELAY_OPEN) | MOVE_TO(ICE_RELAY_WAITING) | MOVE_TO(ICE_RELAY_FAILED),
            [ICE_RELAY_OPEN] = MOVE_TO(ICE_RELAY_WAITING) | MOVE_TO(ICE_RELAY_FAILED),
            [ICE_RELAY_WAITING] = MOVE_TO(ICE_RELAY_OPENING) | MOVE_TO(ICE_RELAY_FAILED),
            [ICE_RELAY_FAILED] = MOVE_TO(ICE_RELAY_FAILED),
        },
};

static void set_state(const struct ice_relays *relays, struct ice_relay *relay, enum ice_relay_state state)
{
    if (moves_take(&ice_relay_moves, relays->common->context, relay->state, state))
        relay->state = state;
}

static bool was_open(const struct ice_relay *relay)
{
    return relay->opened != RTC_TIME_NEVER;
}

static bool is_stream(const struct ice_relays *relays, const struct ice_relay *relay)
{
    return relays->servers->list[relay->server].config.kind != ICE_SERVER_TURN_UDP;
}

static void open_transport(struct ice_relays *relays, struct ice_relay *relay, struct out *out)
{
    const struct ice_server *server = &relays->servers->list[relay->server].config;
    bool stream = is_stream(relays, relay);
    struct request *r = out_request(out, stream ? REQUEST_OPEN_TCP : REQUEST_OPEN_UDP, ice_request_id(relays->common));
    set_state(relays, relay, r ? ICE_RELAY_OPENING : ICE_RELAY_FAILED);
    if (!r)
        return;
    relay->socket = r->id;
    r->local = relay->from;
    r->remote = relay->address;
    r->port_min = stream ? 0 : relays->common->port_min;
    r->port_max = stream ? 0 : relays->common->port_max;
    r->tls = server->kind == ICE_SERVER_TURN_TLS;
    /* Each packet is a message; those of TLS are none to who carries them. */
    r->flags = server->kind == ICE_SERVER_TURN_TCP ? REQUEST_MESSAGES : 0;
    if (stream)
        (void)snprintf(r->name, sizeof r->name, "%s", relay->domain[0] ? relay->domain : server->host);
}

static bool is_wanted(const struct ice_relays *relays, uint32_t server, const struct address *from, const struct address *to)
{
    size_t same = 0;
    for (size_t i = 0; i < relays->count; i++) {
        const struct ice_relay *r = relays->list[i];
        if (r->server != server || r->first.family != to->family)
            continue;
        if (address_ip_eq(&r->from, from))
            return false;
        same++;
    }
    return same < PER_SERVER_MAX && relays->count < ICE_RELAYS_MAX;
}

static uint16_t preference(const struct ice_relays *relays, uint32_t server)
{
    unsigned kind = relays->servers->list[server].config.kind;
    return (uint16_t)(UINT16_MAX - (kind - ICE_SERVER_TURN_UDP) * preference_step - relays->count);
}

static void add_relay(struct ice_relays *relays, uint32_t server, const struct address *from, const struct address *to, struct out *out)
{
    void *list = relays->list;
    struct ice_relay *relay = memory_zeroed(relays->common->context, sizeof *relay);
    if (!relay || !memory_grow(relays->common->context, &list, &relays->capacity, relays->count + 1, sizeof *relays->list)) {
        memory_free(relays->common->context, relay);
        out->failed = true;
        return;
    }
    relays->list = list;
    relay->server = server;
    relay->opened = RTC_TIME_NEVER;
    relay->preference = preference(relays, server);
    relay->from = *from;
    relay->from.port = 0;
    relay->address = relay->first = *to;
    relays->list[relays->count++] = relay;
    open_transport(relays, relay, out);
}

void ice_relays_start(struct ice_relays *relays, const struct ice_base *base, uint32_t server, const struct address *address,
                      struct out *out)
{
    struct address from = base->address;
    bool chosen = relays->common->rules && (relays->common->rules->allow.count > 0 || relays->common->rules->deny.count > 0);
    /* Which interface leads to the server is left to the system for a stream, of which there is one, unless not every interface may be
     * used. */
    if (relays->servers->list[server].config.kind != ICE_SERVER_TURN_UDP && !chosen)
        from = (struct address){.family = base->address.family};
    if (is_wanted(relays, server, &from, address))
        add_relay(relays, server, &from, address, out);
}

static void close_transport(struct ice_relay *relay, struct out *out)
{
    if (relay->socket)
        (void)out_request(out, REQUEST_CLOSE, relay->socket);
    relay->socket = 0;
}

static void drop_client(struct ice_relays *relays, struct ice_relay *relay)
{
    turn_client_free(relay->client);
    memory_free(relays->common->context, relay->stream);
    relay->client = NULL;
    relay->stream = NULL;
}

static void close_bases(struct ice_relays *relays, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < relay->base_count; i++) {
        if (relay->bases[i]->state == ICE_BASE_CLOSED)
            continue;
        relay->bases[i]->turn = NULL;
        ice_base_set_state(relay->bases[i], relays->common->context, ICE_BASE_CLOSED);
        ice_drop_base(relays->pairing->checks, relay->bases[i], now);
        ice_locals_forget(relays->locals, relay->bases[i]->socket, out);
    }
}

/* Many clients lose a server at one moment: they do not all come back at one moment. */
static rtc_time_t spread(const struct ice_relays *relays, rtc_time_t wait)
{
    return wait * 3 / 4 + (rtc_time_t)(context_random_u32(relays->common->context) % (uint64_t)(wait / 2));
}

/* At once when the server is there and has only forgotten us. */
static void wait_before_next(struct ice_relays *relays, struct ice_relay *relay, uint16_t code, rtc_time_t now)
{
    if (relay->state == ICE_RELAY_OPEN && now >= relay->opened + settled)
        relay->losses = 0;
    bool at_once = relay->losses == 0 && code == MISMATCH;
    rtc_time_t wait = relay->losses < 6 ? wait_first << relay->losses : wait_most;
    relay->again = now + (at_once ? 0 : spread(relays, wait));
    relay->losses = relay->losses < UINT8_MAX ? (uint8_t)(relay->losses + 1) : UINT8_MAX;
    set_state(relays, relay, ICE_RELAY_WAITING);
}

/* The end of an attempt, or of an allocation. */
static void fail(struct ice_relays *relays, struct ice_relay *relay, uint16_t code, const char *text, rtc_time_t now, struct out *out)
{
    const struct address *local = relay->local.family != ADDRESS_NONE ? &relay->local : &relay->from;
    struct ice_server_state *server = &relays->servers->list[relay->server];
    if (relay->state == ICE_RELAY_FAILED || relay->state == ICE_RELAY_WAITING)
        return;
    if (!was_open(relay))
        ice_server_report(relays->servers, server, local, code ? code : ICE_UNREACHABLE, slice_str(text), out);
    else
        ice_server_remember(server, code ? code : ICE_UNREACHABLE, slice_str(text));
    close_bases(relays, relay, now, out);
    if (relay->client)
        turn_client_close(relay->client, now, out);
    drop_client(relays, relay);
    close_transport(relay, out);
    if (was_open(relay))
        wait_before_next(relays, relay, code, now);
    else
        set_state(relays, relay, ICE_RELAY_FAILED);
}

static bool may_try_again(const struct ice_relays *relays, const struct ice_relay *relay)
{
    return relay->state == ICE_RELAY_WAITING && relays->session->state != ICE_FAILED && relays->session->state != ICE_CLOSED;
}

static void try_again(struct ice_relays *relays, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    relay->attempts = 0;
    relay->address = relay->first;
    relay->domain[0] = 0;
    relay->again = now + attempt_most;
    open_transport(relays, relay, out);
}

/* A second and later attempt has a limit of its own: gathering's is over. */
static bool is_attempt_again(const struct ice_relay *relay)
{
    return was_open(relay) && (relay->state == ICE_RELAY_OPENING || relay->state == ICE_RELAY_ALLOCATING);
}

static void begin(struct ice_relays *relays, struct ice_relay *relay, const struct io_result *result, rtc_time_t now, struct out *out)
{
    const struct ice_server *server = &relays->servers->list[relay->server].config;
    bool stream = is_stream(relays, relay);
    struct turn_options options = {.username = server->username, .password = server->credential};
    options.server = (struct path){relay->socket, stream ? PATH_TCP : PATH_UDP, result->local, relay->address};
    int error = turn_client_new(relays->common->context, &options, &relay->client);
    if (!error && stream)
        error = (relay->stream = memory_zeroed(relays->common->context, sizeof *relay->stream)) ? RTC_OK : RTC_ERR_NO_MEMORY;
    if (error == RTC_ERR_NO_MEMORY)
        out->failed = true;
    if (error) {
        fail(relays, relay, 0, "the credentials can not be used", now, out);
        return;
    }
    relay->local = result->local;
    set_state(relays, relay, ICE_RELAY_ALLOCATING);
    turn_client_start(relay->client, now, out);
}

static const char *unreachable(int error)
{
    return error == RTC_ERR_QUOTA_EXCEEDED ? "there is no free port to reach the server from" : "the server can not be reached";
}

bool ice_relays_result(struct ice_relays *relays, rtc_time_t now, const struct io_result *result, struct out *out)
{
    for (size_t i = 0; i < relays->count; i++) {
        struct ice_relay *relay = relays->list[i];
        if (relay->socket != result->id)
            continue;
        if (result->error != RTC_OK)
            fail(relays, relay, 0, result->reason ? result->reason : unreachable(result->error), now, out);
        else if (relay->state == ICE_RELAY_OPENING)
            begin(relays, relay, result, now, out);
        return true;
    }
    return false;
}

static struct ice_base *new_base(struct ice_relays *relays, struct ice_relay *relay, struct out *out)
{
    struct ice_base *base = ice_bases_add(relays->bases);
    if (!base) {
        out->failed = true;
        return NULL;
    }
    ice_base_set_state(base, relays->common->context, ICE_BASE_CLOSED);
    base->relay = relay;
    relay->bases[relay->base_count++] = base;
    return base;
}

/* For a relayed address: those of an allocation that was lost are used again, with nothing of what they were. */
static struct ice_base *open_base(struct ice_relays *relays, struct ice_relay *relay, const struct address *relayed, struct out *out)
{
    struct ice_base *base = NULL;
    for (size_t i = 0; i < relay->base_count && !base; i++)
        base = relay->bases[i]->state == ICE_BASE_CLOSED ? relay->bases[i] : NULL;
    if (!base && (relay->base_count == STUN_RELAYED_MAX || !(base = new_base(relays, relay, out))))
        return NULL;
    *base = (struct ice_base){.relay = relay, .socket = ice_request_id(relays->common), .state = ICE_BASE_CLOSED};
    base->turn = relay->client;
    base->address = base->shown = *relayed;
    ice_base_set_state(base, relays->common->context, ICE_BASE_OPEN);

    base->preference = relay->preference;
    base->priority = ice_candidate_priority(ICE_RELAYED, base->preference, ICE_COMPONENT);
    base->foundation = ice_foundation(relays->locals, ICE_RELAYED, relayed, slice_str(relays->servers->list[relay->server].config.host));
    return base;
}

/* The related address is our own as the server sees it (RFC 8839 section 5.1), which somebody who relays all wants hidden. */
static void announce(struct ice_relays *relays, const struct ice_relay *relay, const struct ice_base *base, struct out *out)
{
    struct ice_candidate c;
    const struct address *mapped = turn_client_mapped(relay->client);
    ice_local_init(relays->locals, &c, ICE_RELAYED, base, slice_str(relays->servers->list[relay->server].config.host));
    c.server = (uint8_t)(relay->server + 1);
    c.address = base->address;
    c.related = mapped->family != ADDRESS_NONE ? *mapped : relay->local;
    c.related = relays->common->relay_only ? (struct address){.family = c.related.family} : ice_related_address(relays->common, &c.related);
    ice_locals_add(relays->locals, &c, out);
}

static void on_allocated(struct ice_relays *relays, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    const struct address *relayed;
    size_t count = turn_client_relayed(relay->client, &relayed);
    set_state(relays, relay, ICE_RELAY_OPEN);
    relay->opened = now;
    ice_gathering_resume(relays->gathering, now, out);
    for (size_t i = 0; i < count; i++) {
        struct ice_base *base = open_base(relays, relay, &relayed[i], out);
        if (!base)
            return;
        announce(relays, relay, base, out);
        ice_pair_base(relays->pairing, base);
    }
}

/* Servers are found on ports that peers do not have; on no other addresses, though: so the address is judged with a port that is allowed,
 * that of TURN (RFC 8656) where the first server has one of well-known services. */
static bool is_other_server(const struct ice_relays *relays, const struct ice_relay *relay, const struct address *to)
{
    bool inside = address_is_loopback(to) && !address_is_loopback(&relay->address);
    struct address host = *to;
    host.port = relay->first.port >= 1024 ? relay->first.port : 3478;
    return to->family == relay->address.family && to->port != 0 && !address_eq(to, &relay->address) && !inside &&
           !ice_unreachable(relays->common->rules, &host, PATH_UDP);
}

/* A new socket for a 5-tuple on which the server knows another allocation (RFC 8656 section 7.4), or for the server it names instead. */
static bool start_over(struct ice_relays *relays, struct ice_relay *relay, const struct turn_failure *failure, struct out *out)
{
    const struct address *to = &failure->alternate;
    bool redirected = failure->code == TRY_ALTERNATE && is_other_server(relays, relay, to);
    if (++relay->attempts >= ATTEMPTS_MAX || (failure->code != MISMATCH && !redirected))
        return false;
    if (redirected) {
        relay->address = *to;
        memcpy(relay->domain, failure->domain, sizeof relay->domain);
    }
    drop_client(relays, relay);
    close_transport(relay, out);
    open_transport(relays, relay, out);
    return true;
}

static void on_failed(struct ice_relays *relays, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    struct turn_failure failure = *turn_client_failure(relay->client);
    if (relay->state == ICE_RELAY_ALLOCATING && start_over(relays, relay, &failure, out))
        return;
    fail(relays, relay, failure.code, failure.text, now, out);
}

/* After anything that may have changed the client's state. */
static void follow(struct ice_relays *relays, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    enum turn_state state = relay->client ? turn_client_state(relay->client) : TURN_NEW;
    if (relay->state == ICE_RELAY_ALLOCATING && state == TURN_ALLOCATED)
        on_allocated(relays, relay, now, out);
    else if (state == TURN_FAILED)
        on_failed(relays, relay, now, out);
}

static const struct ice_base *base_for(const struct ice_relay *relay, const struct address *peer)
{
    for (size_t i = 0; i < relay->base_count; i++)
        if (relay->bases[i]->address.family == peer->family)
            return relay->bases[i];
    return NULL;
}

/* What a peer sent to the relayed address, as if it had come to a socket there. */
static struct packet *arrived(const struct ice_relay *relay, const struct address *peer, struct packet *p)
{
    const struct ice_base *base = base_for(relay, peer);
    if (!base || p->len == 0) {
        packet_free(p);
        return NULL;
    }
    p->path = (struct path){.socket = base->socket, .protocol = PATH_UDP, .local = base->address, .remote = *peer};
    return p;
}

static void unwrap_datagram(struct ice_relay *relay, rtc_time_t now, struct packet *p, struct packet_queue *inner, struct out *out)
{
    struct address peer;
    struct slice data;
    bool ours = relay->client && address_eq(&p->path.remote, &relay->address);
    if (!ours || !turn_client_input(relay->client, now, packet_slice(p), &peer, &data, out)) {
        packet_free(p);
        return;
    }
    p->start = (uint32_t)(data.data ? data.data - p->bytes : p->start);
    p->len = (uint32_t)data.len;
    if ((p = arrived(relay, &peer, p)) != NULL)
        packet_queue_push(inner, p);
}

static void unwrap_stream(struct ice_relays *relays, struct ice_relay *relay, rtc_time_t now, struct slice bytes,
                          struct packet_queue *inner, struct out *out)
{
    struct slice message, data;
    struct address peer;
    enum turn_stream_result result = TURN_STREAM_MORE;
    while (relay->client && relay->stream && (result = turn_stream_read(relay->stream, &bytes, &message)) == TURN_STREAM_MESSAGE) {
        if (!turn_client_input(relay->client, now, message, &peer, &data, out))
            continue;
        struct packet *p = packet_copy(out->pool, data);
        if (p && (p = arrived(relay, &peer, p)) != NULL)
            packet_queue_push(inner, p);
    }
    if (result == TURN_STREAM_BROKEN)
        fail(relays, relay, 0, "the server does not speak TURN", now, out);
}

bool ice_relays_have_socket(const struct ice_relays *relays, uint32_t socket)
{
    for (size_t i = 0; i < relays->count; i++)
        if (relays->list[i]->socket == socket)
            return true;
    return false;
}

bool ice_relays_unwrap(struct ice_relays *relays, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out)
{
    for (size_t i = 0; i < relays->count; i++) {
        struct ice_relay *relay = relays->list[i];
        if (relay->socket == 0 || relay->socket != packet->path.socket)
            continue;
        if (is_stream(relays, relay)) {
            unwrap_stream(relays, relay, now, packet_slice(packet), inner, out);
            packet_free(packet);
        } else {
            unwrap_datagram(relay, now, packet, inner, out);
        }
        follow(relays, relay, now, out);
        return true;
    }
    return false;
}

bool ice_relays_pending(const struct ice_relays *relays)
{
    for (size_t i = 0; i < relays->count; i++) {
        const struct ice_relay *r = relays->list[i];
        if (!was_open(r) && (r->state == ICE_RELAY_OPENING || r->state == ICE_RELAY_ALLOCATING))
            return true;
    }
    return false;
}

void ice_relays_give_up(struct ice_relays *relays, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < relays->count; i++)
        if (!was_open(relays->list[i]))
            fail(relays, relays->list[i], 0, "the server did not answer", now, out);
}

void ice_relays_run(struct ice_relays *relays, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < relays->count; i++) {
        struct ice_relay *relay = relays->list[i];
        if (relay->client)
            turn_client_tick(relay->client, now, out);
        follow(relays, relay, now, out);
        if (is_attempt_again(relay) && now >= relay->again)
            fail(relays, relay, 0, "the server did not answer", now, out);
        if (may_try_again(relays, relay) && now >= relay->again)
            try_again(relays, relay, now, out);
    }
}

void ice_relays_deadline(const struct ice_relays *relays, rtc_time_t *best, enum timer_reason *why)
{
    for (size_t i = 0; i < relays->count; i++) {
        const struct ice_relay *relay = relays->list[i];
        if (relay->client)
            deadline_min(best, why, turn_client_deadline(relay->client), TIMER_ICE_RELAY);
        if (may_try_again(relays, relay) || is_attempt_again(relay))
            deadline_min(best, why, relay->again, TIMER_ICE_RELAY);
    }
}

/* The server of a stream notices its end by itself. */
void ice_relays_close(struct ice_relays *relays, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < relays->count; i++) {
        struct ice_relay *relay = relays->list[i];
        set_state(relays, relay, ICE_RELAY_FAILED);
        for (size_t k = 0; k < relay->base_count; k++)
            relay->bases[k]->turn = NULL;
        if (relay->client)
            turn_client_close(relay->client, now, out);
        if (!relay->client || relay->stream || turn_client_state(relay->client) != TURN_CLOSING) {
            drop_client(relays, relay);
            close_transport(relay, out);
        }
    }
}

void ice_relays_linger(struct ice_relays *relays, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < relays->count; i++) {
        struct ice_relay *relay = relays->list[i];
        if (!relay->client)
            continue;
        turn_client_tick(relay->client, now, out);
        if (turn_client_state(relay->client) == TURN_CLOSING)
            continue;
        drop_client(relays, relay);
        close_transport(relay, out);
    }
}

void ice_relays_abandon(struct ice_relays *relays, struct out *out)
{
    for (size_t i = 0; i < relays->count; i++) {
        drop_client(relays, relays->list[i]);
        close_transport(relays->list[i], out);
    }
}

void ice_relays_fini(struct ice_relays *relays)
{
    for (size_t i = 0; i < relays->count; i++) {
        drop_client(relays, relays->list[i]);
        memory_free(relays->common->context, relays->list[i]);
    }
    memory_free(relays->common->context, relays->list);
}

bool ice_relay_unground(struct ice_relays *relays, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    if (!address_is_any(&relay->from))
        return false;
    fail(relays, relay, 0, "its interface is gone", now, out);
    relay->local = (struct address){.family = ADDRESS_NONE};
    return true;
}

void ice_relays_hurry(struct ice_relays *relays, rtc_time_t now)
{
    for (size_t i = 0; i < relays->count; i++) {
        struct ice_relay *relay = relays->list[i];
        if (relay->state != ICE_RELAY_WAITING || !address_is_any(&relay->from))
            continue;
        relay->losses = 0;
        relay->again = now;
    }
}

void ice_relay_remove(struct ice_relays *relays, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    size_t at = 0;
    fail(relays, relay, 0, "its interface is gone", now, out);
    while (relay->base_count > 0)
        ice_bases_remove(relays->bases, relay->bases[--relay->base_count]); /* closed already, with its pairs and candidates */
    drop_client(relays, relay);
    while (relays->list[at] != relay)
        at++;
    relays->count--;
    memmove(&relays->list[at], &relays->list[at + 1], (relays->count - at) * sizeof relays->list[0]);
    memory_free(relays->common->context, relay);
}

void ice_relays_forget(struct ice_relays *relays, const struct address *interface, rtc_time_t now, struct out *out)
{
    for (size_t i = relays->count; i > 0; i--)
        if (address_ip_eq(&relays->list[i - 1]->from, interface))
            ice_relay_remove(relays, relays->list[i - 1], now, out);
}
