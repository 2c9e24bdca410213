/* SPDX-License-Identifier: MIT */
/* Relayed candidates (RFC 8445 section 5.1.1.2): an allocation per TURN server and interface over UDP, per server over a stream, each with
 * a transport of its own. A relayed address is a base like any other; its socket id stands for no socket, and what is sent from it goes
 * through the TURN client. Servers are tried in parallel, and one that does not answer costs only its own candidates. A relay that is lost
 * in the middle of a call is allocated again, on a new transport, with longer and longer waits between the attempts; its new address is a
 * new candidate. */
#include "ice_internal.h"

#include "memory.h"
#include "text.h"

#include <stdio.h>

enum { PER_SERVER_MAX = 4, ATTEMPTS_MAX = 3, MISMATCH = 437, TRY_ALTERNATE = 300 };

static const rtc_time_t wait_first = 500 * ICE_MS;
static const rtc_time_t wait_most = 30 * ICE_SECOND;
static const rtc_time_t attempt_most = 10 * ICE_SECOND;
static const rtc_time_t settled = 30 * ICE_SECOND; /* one that was OPEN for so long does not flap */

/* Relays over UDP rank before those over TCP, and these before TLS. */
static const uint16_t preference_step = 0x4000;

static bool is_stream(const struct ice_agent *agent, const struct ice_relay *relay)
{
    return agent->servers.list[relay->server].config.kind != ICE_SERVER_TURN_UDP;
}

static void open_transport(struct ice_agent *agent, struct ice_relay *relay, struct out *out)
{
    const struct ice_server *server = &agent->servers.list[relay->server].config;
    bool stream = is_stream(agent, relay);
    struct request *r = out_request(out, stream ? REQUEST_OPEN_TCP : REQUEST_OPEN_UDP, ice_request_id(&agent->common));
    relay->state = r ? ICE_RELAY_OPENING : ICE_RELAY_FAILED;
    if (!r)
        return;
    relay->socket = r->id;
    r->local = relay->from;
    r->remote = relay->address;
    r->port_min = stream ? 0 : agent->common.port_min;
    r->port_max = stream ? 0 : agent->common.port_max;
    r->tls = server->kind == ICE_SERVER_TURN_TLS;
    /* Each packet is a message; those of TLS are none to who carries them. */
    r->flags = server->kind == ICE_SERVER_TURN_TCP ? REQUEST_MESSAGES : 0;
    if (stream)
        (void)snprintf(r->name, sizeof r->name, "%s", relay->domain[0] ? relay->domain : server->host);
}

static bool is_wanted(const struct ice_agent *agent, uint32_t server, const struct address *from, const struct address *to)
{
    size_t same = 0;
    for (size_t i = 0; i < agent->relay_count; i++) {
        const struct ice_relay *r = agent->relays[i];
        if (r->server != server || r->first.family != to->family)
            continue;
        if (address_ip_eq(&r->from, from))
            return false;
        same++;
    }
    return same < PER_SERVER_MAX && agent->relay_count < ICE_RELAYS_MAX;
}

static uint16_t preference(const struct ice_agent *agent, uint32_t server)
{
    unsigned kind = agent->servers.list[server].config.kind;
    return (uint16_t)(UINT16_MAX - (kind - ICE_SERVER_TURN_UDP) * preference_step - agent->relay_count);
}

static void add_relay(struct ice_agent *agent, uint32_t server, const struct address *from, const struct address *to, struct out *out)
{
    void *relays = agent->relays;
    struct ice_relay *relay = memory_zeroed(agent->common.context, sizeof *relay);
    if (!relay || !memory_grow(agent->common.context, &relays, &agent->relay_capacity, agent->relay_count + 1, sizeof *agent->relays)) {
        memory_free(agent->common.context, relay);
        out->failed = true;
        return;
    }
    agent->relays = relays;
    relay->server = server;
    relay->preference = preference(agent, server);
    relay->from = *from;
    relay->from.port = 0;
    relay->address = relay->first = *to;
    agent->relays[agent->relay_count++] = relay;
    open_transport(agent, relay, out);
}

void ice_relay_start(struct ice_agent *agent, const struct ice_base *base, uint32_t server, const struct address *address, struct out *out)
{
    struct address from = base->address;
    bool chosen = agent->common.rules && (agent->common.rules->allow.count > 0 || agent->common.rules->deny.count > 0);
    /* Which interface leads to the server is left to the system for a stream, of which there is one, unless not every interface may be
     * used. */
    if (agent->servers.list[server].config.kind != ICE_SERVER_TURN_UDP && !chosen)
        from = (struct address){.family = base->address.family};
    if (is_wanted(agent, server, &from, address))
        add_relay(agent, server, &from, address, out);
}

static void close_transport(struct ice_relay *relay, struct out *out)
{
    if (relay->socket)
        (void)out_request(out, REQUEST_CLOSE, relay->socket);
    relay->socket = 0;
}

static void drop_client(struct ice_agent *agent, struct ice_relay *relay)
{
    turn_client_free(relay->client);
    memory_free(agent->common.context, relay->stream);
    relay->client = NULL;
    relay->stream = NULL;
}

static void close_bases(struct ice_agent *agent, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < relay->base_count; i++) {
        if (relay->bases[i]->state == ICE_BASE_CLOSED)
            continue;
        relay->bases[i]->turn = NULL;
        ice_base_set_state(relay->bases[i], ICE_BASE_CLOSED);
        ice_drop_base(&agent->checks, relay->bases[i], now);
        ice_locals_forget(&agent->locals, relay->bases[i]->socket, out);
    }
}

/* Many clients lose a server at one moment: they do not all come back at one moment. */
static rtc_time_t spread(const struct ice_agent *agent, rtc_time_t wait)
{
    return wait * 3 / 4 + (rtc_time_t)(context_random_u32(agent->common.context) % (uint64_t)(wait / 2));
}

/* At once when the server is there and has only forgotten us. */
static void wait_before_next(struct ice_agent *agent, struct ice_relay *relay, uint16_t code, rtc_time_t now)
{
    if (relay->state == ICE_RELAY_OPEN && now >= relay->opened + settled)
        relay->losses = 0;
    bool at_once = relay->losses == 0 && code == MISMATCH;
    rtc_time_t wait = relay->losses < 6 ? wait_first << relay->losses : wait_most;
    relay->again = now + (at_once ? 0 : spread(agent, wait));
    relay->losses = relay->losses < UINT8_MAX ? (uint8_t)(relay->losses + 1) : UINT8_MAX;
    relay->state = ICE_RELAY_WAITING;
}

/* The end of an attempt, or of an allocation. */
static void fail(struct ice_agent *agent, struct ice_relay *relay, uint16_t code, const char *text, rtc_time_t now, struct out *out)
{
    const struct address *local = relay->local.family != ADDRESS_NONE ? &relay->local : &relay->from;
    struct ice_server_state *server = &agent->servers.list[relay->server];
    if (relay->state == ICE_RELAY_FAILED || relay->state == ICE_RELAY_WAITING)
        return;
    if (!relay->was_open)
        ice_server_report(&agent->servers, server, local, code ? code : ICE_UNREACHABLE, slice_str(text), out);
    else
        ice_server_remember(server, code ? code : ICE_UNREACHABLE, slice_str(text));
    close_bases(agent, relay, now, out);
    if (relay->client)
        turn_client_close(relay->client, now, out);
    drop_client(agent, relay);
    close_transport(relay, out);
    if (relay->was_open)
        wait_before_next(agent, relay, code, now);
    else
        relay->state = ICE_RELAY_FAILED;
}

static bool may_try_again(const struct ice_agent *agent, const struct ice_relay *relay)
{
    return relay->state == ICE_RELAY_WAITING && agent->session.state != ICE_FAILED && agent->session.state != ICE_CLOSED;
}

static void try_again(struct ice_agent *agent, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    relay->attempts = 0;
    relay->address = relay->first;
    relay->domain[0] = 0;
    relay->again = now + attempt_most;
    open_transport(agent, relay, out);
}

/* A second and later attempt has a limit of its own: gathering's is over. */
static bool is_attempt_again(const struct ice_relay *relay)
{
    return relay->was_open && (relay->state == ICE_RELAY_OPENING || relay->state == ICE_RELAY_ALLOCATING);
}

static void begin(struct ice_agent *agent, struct ice_relay *relay, const struct io_result *result, rtc_time_t now, struct out *out)
{
    const struct ice_server *server = &agent->servers.list[relay->server].config;
    bool stream = is_stream(agent, relay);
    struct turn_options options = {.username = server->username, .password = server->credential};
    options.server = (struct path){relay->socket, stream ? PATH_TCP : PATH_UDP, result->local, relay->address};
    int error = turn_client_new(agent->common.context, &options, &relay->client);
    if (!error && stream)
        error = (relay->stream = memory_zeroed(agent->common.context, sizeof *relay->stream)) ? RTC_OK : RTC_ERR_NO_MEMORY;
    if (error == RTC_ERR_NO_MEMORY)
        out->failed = true;
    if (error) {
        fail(agent, relay, 0, "the credentials can not be used", now, out);
        return;
    }
    relay->local = result->local;
    relay->state = ICE_RELAY_ALLOCATING;
    turn_client_start(relay->client, now, out);
}

static const char *unreachable(int error)
{
    return error == RTC_ERR_QUOTA_EXCEEDED ? "there is no free port to reach the server from" : "the server can not be reached";
}

bool ice_relay_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out)
{
    for (size_t i = 0; i < agent->relay_count; i++) {
        struct ice_relay *relay = agent->relays[i];
        if (relay->socket != result->id)
            continue;
        if (result->error != RTC_OK)
            fail(agent, relay, 0, result->reason ? result->reason : unreachable(result->error), now, out);
        else if (relay->state == ICE_RELAY_OPENING)
            begin(agent, relay, result, now, out);
        return true;
    }
    return false;
}

static struct ice_base *new_base(struct ice_agent *agent, struct ice_relay *relay, struct out *out)
{
    struct ice_base *base = ice_bases_add(&agent->bases);
    if (!base) {
        out->failed = true;
        return NULL;
    }
    ice_base_set_state(base, ICE_BASE_CLOSED);
    base->relay = relay;
    relay->bases[relay->base_count++] = base;
    return base;
}

/* For a relayed address: those of an allocation that was lost are used again, with nothing of what they were. */
static struct ice_base *open_base(struct ice_agent *agent, struct ice_relay *relay, const struct address *relayed, struct out *out)
{
    struct ice_base *base = NULL;
    for (size_t i = 0; i < relay->base_count && !base; i++)
        base = relay->bases[i]->state == ICE_BASE_CLOSED ? relay->bases[i] : NULL;
    if (!base && (relay->base_count == STUN_RELAYED_MAX || !(base = new_base(agent, relay, out))))
        return NULL;
    *base = (struct ice_base){.relay = relay, .socket = ice_request_id(&agent->common), .state = ICE_BASE_CLOSED};
    base->turn = relay->client;
    base->address = base->shown = *relayed;
    ice_base_set_state(base, ICE_BASE_OPEN);

    base->preference = relay->preference;
    base->priority = ice_candidate_priority(ICE_RELAYED, base->preference, ICE_COMPONENT);
    base->foundation = ice_foundation(&agent->locals, ICE_RELAYED, relayed, slice_str(agent->servers.list[relay->server].config.host));
    return base;
}

/* The related address is our own as the server sees it (RFC 8839 section 5.1), which somebody who relays all wants hidden. */
static void announce(struct ice_agent *agent, const struct ice_relay *relay, const struct ice_base *base, struct out *out)
{
    struct ice_candidate c;
    const struct address *mapped = turn_client_mapped(relay->client);
    ice_local_init(&agent->locals, &c, ICE_RELAYED, base, slice_str(agent->servers.list[relay->server].config.host));
    c.server = (uint8_t)(relay->server + 1);
    c.address = base->address;
    c.related = mapped->family != ADDRESS_NONE ? *mapped : relay->local;
    c.related = agent->common.relay_only ? (struct address){.family = c.related.family} : ice_related_address(&agent->common, &c.related);
    ice_locals_add(&agent->locals, &c, out);
}

static void on_allocated(struct ice_agent *agent, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    const struct address *relayed;
    size_t count = turn_client_relayed(relay->client, &relayed);
    relay->state = ICE_RELAY_OPEN;
    relay->was_open = true;
    relay->opened = now;
    ice_gathering_resume(&agent->gathering, now, out);
    for (size_t i = 0; i < count; i++) {
        struct ice_base *base = open_base(agent, relay, &relayed[i], out);
        if (!base)
            return;
        announce(agent, relay, base, out);
        ice_pair_base(&agent->pairing, base);
    }
}

/* Servers are found on ports that peers do not have; on no other addresses, though. */
static bool is_other_server(const struct ice_agent *agent, const struct ice_relay *relay, const struct address *to)
{
    bool inside = address_is_loopback(to) && !address_is_loopback(&relay->address);
    struct address host = *to;
    host.port = relay->first.port >= 1024 ? relay->first.port : 3478;
    return to->family == relay->address.family && to->port != 0 && !address_eq(to, &relay->address) && !inside &&
           !ice_unreachable(agent->common.rules, &host, PATH_UDP);
}

/* A new socket for a 5-tuple on which the server knows another allocation (RFC 8656 section 7.4), or for the server it names instead. */
static bool start_over(struct ice_agent *agent, struct ice_relay *relay, const struct turn_failure *failure, struct out *out)
{
    const struct address *to = &failure->alternate;
    bool redirected = failure->code == TRY_ALTERNATE && is_other_server(agent, relay, to);
    if (++relay->attempts >= ATTEMPTS_MAX || (failure->code != MISMATCH && !redirected))
        return false;
    if (redirected) {
        relay->address = *to;
        memcpy(relay->domain, failure->domain, sizeof relay->domain);
    }
    drop_client(agent, relay);
    close_transport(relay, out);
    open_transport(agent, relay, out);
    return true;
}

static void on_failed(struct ice_agent *agent, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    struct turn_failure failure = *turn_client_failure(relay->client);
    if (relay->state == ICE_RELAY_ALLOCATING && start_over(agent, relay, &failure, out))
        return;
    fail(agent, relay, failure.code, failure.text, now, out);
}

/* After anything that may have changed the client's state. */
static void follow(struct ice_agent *agent, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    enum turn_state state = relay->client ? turn_client_state(relay->client) : TURN_NEW;
    if (relay->state == ICE_RELAY_ALLOCATING && state == TURN_ALLOCATED)
        on_allocated(agent, relay, now, out);
    else if (state == TURN_FAILED)
        on_failed(agent, relay, now, out);
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

static void unwrap_stream(struct ice_agent *agent, struct ice_relay *relay, rtc_time_t now, struct slice bytes, struct packet_queue *inner,
                          struct out *out)
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
        fail(agent, relay, 0, "the server does not speak TURN", now, out);
}

bool ice_relay_unwrap(struct ice_agent *agent, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out)
{
    for (size_t i = 0; i < agent->relay_count; i++) {
        struct ice_relay *relay = agent->relays[i];
        if (relay->socket == 0 || relay->socket != packet->path.socket)
            continue;
        if (is_stream(agent, relay)) {
            unwrap_stream(agent, relay, now, packet_slice(packet), inner, out);
            packet_free(packet);
        } else {
            unwrap_datagram(relay, now, packet, inner, out);
        }
        follow(agent, relay, now, out);
        return true;
    }
    return false;
}

bool ice_relay_pending(const struct ice_agent *agent)
{
    for (size_t i = 0; i < agent->relay_count; i++) {
        const struct ice_relay *r = agent->relays[i];
        if (!r->was_open && (r->state == ICE_RELAY_OPENING || r->state == ICE_RELAY_ALLOCATING))
            return true;
    }
    return false;
}

void ice_relay_give_up(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < agent->relay_count; i++)
        if (!agent->relays[i]->was_open)
            fail(agent, agent->relays[i], 0, "the server did not answer", now, out);
}

void ice_relay_run(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < agent->relay_count; i++) {
        struct ice_relay *relay = agent->relays[i];
        if (relay->client)
            turn_client_tick(relay->client, now, out);
        follow(agent, relay, now, out);
        if (is_attempt_again(relay) && now >= relay->again)
            fail(agent, relay, 0, "the server did not answer", now, out);
        if (may_try_again(agent, relay) && now >= relay->again)
            try_again(agent, relay, now, out);
    }
}

void ice_relay_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why)
{
    for (size_t i = 0; i < agent->relay_count; i++) {
        const struct ice_relay *relay = agent->relays[i];
        if (relay->client)
            deadline_min(best, why, turn_client_deadline(relay->client), TIMER_ICE_RELAY);
        if (may_try_again(agent, relay) || is_attempt_again(relay))
            deadline_min(best, why, relay->again, TIMER_ICE_RELAY);
    }
}

/* The server of a stream notices its end by itself. */
void ice_relay_close(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < agent->relay_count; i++) {
        struct ice_relay *relay = agent->relays[i];
        relay->state = ICE_RELAY_FAILED;
        for (size_t k = 0; k < relay->base_count; k++)
            relay->bases[k]->turn = NULL;
        if (relay->client)
            turn_client_close(relay->client, now, out);
        if (!relay->client || relay->stream || turn_client_state(relay->client) != TURN_CLOSING) {
            drop_client(agent, relay);
            close_transport(relay, out);
        }
    }
}

void ice_relay_linger(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < agent->relay_count; i++) {
        struct ice_relay *relay = agent->relays[i];
        if (!relay->client)
            continue;
        turn_client_tick(relay->client, now, out);
        if (turn_client_state(relay->client) == TURN_CLOSING)
            continue;
        drop_client(agent, relay);
        close_transport(relay, out);
    }
}

void ice_relay_abandon(struct ice_agent *agent, struct out *out)
{
    for (size_t i = 0; i < agent->relay_count; i++) {
        drop_client(agent, agent->relays[i]);
        close_transport(agent->relays[i], out);
    }
}

void ice_relay_free(struct ice_agent *agent)
{
    for (size_t i = 0; i < agent->relay_count; i++) {
        drop_client(agent, agent->relays[i]);
        memory_free(agent->common.context, agent->relays[i]);
    }
    memory_free(agent->common.context, agent->relays);
}

bool ice_relay_unground(struct ice_agent *agent, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    if (!address_is_any(&relay->from))
        return false;
    fail(agent, relay, 0, "its interface is gone", now, out);
    relay->local = (struct address){.family = ADDRESS_NONE};
    return true;
}

void ice_relay_hurry(struct ice_agent *agent, rtc_time_t now)
{
    for (size_t i = 0; i < agent->relay_count; i++) {
        struct ice_relay *relay = agent->relays[i];
        if (relay->state != ICE_RELAY_WAITING || !address_is_any(&relay->from))
            continue;
        relay->losses = 0;
        relay->again = now;
    }
}

void ice_relay_remove(struct ice_agent *agent, struct ice_relay *relay, rtc_time_t now, struct out *out)
{
    size_t at = 0;
    fail(agent, relay, 0, "its interface is gone", now, out);
    while (relay->base_count > 0)
        ice_remove_base(agent, relay->bases[--relay->base_count], now, out);
    drop_client(agent, relay);
    while (agent->relays[at] != relay)
        at++;
    agent->relay_count--;
    memmove(&agent->relays[at], &agent->relays[at + 1], (agent->relay_count - at) * sizeof agent->relays[0]);
    memory_free(agent->common.context, relay);
}

void ice_relay_forget(struct ice_agent *agent, const struct address *interface, rtc_time_t now, struct out *out)
{
    for (size_t i = agent->relay_count; i > 0; i--)
        if (address_ip_eq(&agent->relays[i - 1]->from, interface))
            ice_relay_remove(agent, agent->relays[i - 1], now, out);
}
