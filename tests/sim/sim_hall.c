/* SPDX-License-Identifier: MIT */
/* See sim_hall.h. */
#include "sim_hall.h"

#include "context.h"
#include "executor.h"
#include "sim_stun_server.h"
#include "usrsctp_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKET_FOUR = 1, SOCKET_SIX = 2 };

static void note(struct hall *h, int error)
{
    if (!h->error)
        h->error = error;
}

static struct address inner(const rtc_address *a)
{
    struct address out = {.family = a->family, .port = a->port, .scope = a->scope};
    memcpy(out.ip, a->ip, sizeof out.ip);
    return out;
}

static rtc_address outer(const struct address *a)
{
    rtc_address out = {.family = a->family, .port = a->port, .scope = a->scope};
    memcpy(out.ip, a->ip, sizeof out.ip);
    return out;
}

static struct address numeric(const char *ip, uint16_t port)
{
    struct address a;
    if (!address_parse(slice_str(ip), port, &a))
        abort();
    return a;
}

/* ---- Callbacks ---- */

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    struct hall_guest *g = user;
    (void)pc;
    if (!candidate || g->mute || !g->other->pc)
        return;
    rtc_ice_candidate_init init = {.size = sizeof init, .candidate = candidate->candidate, .sdp_mid = candidate->sdp_mid};
    note(g->hall, rtc_peer_connection_add_ice_candidate(g->other->pc, &init));
    g->other->dirty = true;
}

static void on_state(rtc_peer_connection *pc, void *user, rtc_peer_connection_state state)
{
    struct hall_guest *g = user;
    (void)pc;
    g->state = state;
}

static void name_of(const struct hall_guest *g, char name[32])
{
    (void)snprintf(name, 32, "client %d", g->number);
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct hall_guest *g = user;
    char name[32];
    name_of(g, name);
    g->got++;
    g->wrong += !text || len != strlen(name) || memcmp(data, name, len) != 0;
    if (!g->is_client)
        note(g->hall, rtc_data_channel_send_text(channel, data, len));
}

static void on_open(rtc_data_channel *channel, void *user)
{
    struct hall_guest *g = user;
    if (g->is_client && channel == g->channel)
        hall_say(g->hall, g->number);
}

static const rtc_data_channel_callbacks channel_callbacks = {
    .size = sizeof channel_callbacks, .on_open = on_open, .on_message = on_message};

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    struct hall_guest *g = user;
    (void)pc;
    if (!g->channel)
        g->channel = rtc_data_channel_ref(channel);
    rtc_data_channel_set_callbacks(channel, &channel_callbacks, g);
}

static const rtc_peer_connection_callbacks callbacks = {
    .size = sizeof callbacks, .on_ice_candidate = on_candidate, .on_connection_state_change = on_state, .on_data_channel = on_channel};

/* ---- The hall ---- */

bool hall_open(struct hall *h, uint64_t seed, const rtc_allocator *allocator, bool lite)
{
    rtc_context_options options = {.size = sizeof options, .allocator = allocator};
    const rtc_endpoint_options endpoint = {.size = sizeof endpoint, .port = HALL_PORT, .answer_stun = true};
    if (getenv("CRTC_TEST_LOG"))
        options.log_level = RTC_LOG_DEBUG;
    memset(h, 0, sizeof *h);
    h->lite = lite;
    h->next_step = RTC_TIME_NEVER;
    sim_time_seed(seed);
    sim_time_set(0);
    h->net = sim_network_new(seed);
    h->server = sim_host_new(h->net, &(struct sim_link){.delay_us = 1000}, NULL);
    h->stranger = sim_host_new(h->net, &(struct sim_link){.delay_us = 1000}, NULL);
    sim_host_open(h->server, SOCKET_FOUR, HALL_ADDRESS, HALL_PORT);
    sim_host_open(h->server, SOCKET_SIX, HALL_ADDRESS_SIX, HALL_PORT);
    if (rtc_context_new(NULL, &h->own) || out_init(&h->scratch, h->own))
        abort();
    if (rtc_context_new(&options, &h->context))
        return false;
    context_seed(h->context, seed);
    context_simulate(h->context, 2000);
    return rtc_endpoint_new(h->context, &endpoint, &h->endpoint) == RTC_OK;
}

int hall_add_client(struct hall *h, const struct sim_link *link, const char *ip, const char *public_ip, uint16_t first_public_port)
{
    int n = h->count++;
    struct hall_guest *client = &h->client[n], *seat = &h->seat[n];
    *client = (struct hall_guest){.hall = h, .other = seat, .number = n, .is_client = true};
    *seat = (struct hall_guest){.hall = h, .other = client, .number = n};
    client->host = sim_host_new(h->net, link, client);
    seat->host = h->server;
    sim_host_add_address(client->host, ip);
    if (public_ip[0]) {
        sim_host_set_nat(client->host, SIM_NAT_PORT, public_ip);
        sim_host_rebind_nat(client->host, first_public_port);
        client->mute = true; /* its inside address is of no use to anybody */
    }
    return n;
}

/* Without its groups. */
static int set_apart(const struct hall_guest *to, rtc_sdp_type type, const char *sdp)
{
    char *copy = strdup(sdp), *line;
    while ((line = strstr(copy, "a=group:")) != NULL)
        memmove(line, strchr(line, '\n') + 1, strlen(strchr(line, '\n')));
    int error = rtc_peer_connection_set_remote_description(to->pc, type, copy);
    free(copy);
    return error;
}

static int describe(struct hall_guest *from, struct hall_guest *to)
{
    rtc_sdp_type type;
    int error = rtc_peer_connection_set_local_description(from->pc, RTC_SDP_NONE, NULL);
    const char *sdp = error ? NULL : rtc_peer_connection_local_description(from->pc, &type);
    if (!sdp)
        return error ? error : RTC_ERR_NO_MEMORY;
    return from->hall->apart ? set_apart(to, type, sdp) : rtc_peer_connection_set_remote_description(to->pc, type, sdp);
}

int hall_call(struct hall *h, int n, bool server_offers, bool servers)
{
    struct hall_guest *client = &h->client[n], *seat = &h->seat[n];
    static const char *const urls[] = {"stun:203.0.113.200:3478"};
    const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1}, *const list[] = {&server};
    rtc_configuration c = {.size = sizeof c, .max_channels = 16, .bundle_policy = h->apart ? RTC_BUNDLE_MAX_COMPAT : RTC_BUNDLE_BALANCED};
    int error = rtc_peer_connection_new(h->context, &c, &callbacks, client, &client->pc);
    c.endpoint = h->endpoint;
    c.ice_lite = h->lite;
    c.ice_servers = servers ? list : NULL;
    c.ice_server_count = servers ? 1 : 0;
    if (!error)
        error = rtc_peer_connection_new(h->context, &c, &callbacks, seat, &seat->pc);
    for (int i = 0; i < h->apart && !error; i++)
        error = rtc_peer_connection_add_transceiver(client->pc, RTC_MEDIA_AUDIO, NULL, NULL, NULL);
    if (!error)
        error = rtc_peer_connection_create_data_channel(client->pc, "talk", 4, NULL, &client->channel);
    rtc_data_channel *mine = NULL; /* an offer wants a section */
    if (!error)
        rtc_data_channel_set_callbacks(client->channel, &channel_callbacks, client);
    if (!error && server_offers)
        error = rtc_peer_connection_create_data_channel(seat->pc, "unused", 6, NULL, &mine);
    rtc_data_channel_unref(mine);
    if (!error)
        error = describe(server_offers ? seat : client, server_offers ? client : seat);
    if (!error)
        error = describe(server_offers ? client : seat, server_offers ? seat : client);
    client->dirty = seat->dirty = true;
    return error;
}

void hall_say(struct hall *h, int n)
{
    char name[32];
    name_of(&h->client[n], name);
    note(h, rtc_data_channel_send_text(h->client[n].channel, name, strlen(name)));
    h->client[n].dirty = true;
}

int hall_restart(struct hall *h, int n, bool server_offers)
{
    struct hall_guest *from = server_offers ? &h->seat[n] : &h->client[n];
    int error = rtc_peer_connection_restart_ice(from->pc);
    if (!error)
        error = describe(from, from->other);
    if (!error)
        error = describe(from->other, from);
    from->dirty = from->other->dirty = true;
    return error;
}

/* ---- The world ---- */

/* The server's interfaces, told at once. */
static void answer_interfaces(struct hall_guest *seat, uint32_t id)
{
    const struct address four = numeric(HALL_ADDRESS, 0), six = numeric(HALL_ADDRESS_SIX, 0);
    const rtc_interface list[] = {{.address = outer(&four), .name = "eth0", .index = 1},
                                  {.address = outer(&six), .name = "eth0", .index = 1}};
    const rtc_result result = {.size = sizeof result,
                               .type = RTC_REQUEST_INTERFACES,
                               .id = id,
                               .interfaces = list,
                               .interface_count = 2,
                               .interface_size = sizeof list[0]};
    note(seat->hall, rtc_peer_connection_result(seat->pc, seat->hall->now, &result));
}

/* The place of an open request for the list of interfaces, or (0) a free one: there is one per generation of ICE. */
static uint32_t *interfaces_slot(struct hall_guest *g, uint32_t id)
{
    for (size_t i = 0; i < sizeof g->interfaces / sizeof g->interfaces[0]; i++)
        if (g->interfaces[i] == id)
            return &g->interfaces[i];
    abort();
}

static void drain_requests(struct hall_guest *g)
{
    rtc_request request = {.size = sizeof request};
    while (rtc_peer_connection_next_request(g->pc, &request)) {
        if (!g->is_client && request.type == RTC_REQUEST_INTERFACES) {
            *interfaces_slot(g, 0) = request.id;
            answer_interfaces(g, request.id);
        } else if (!g->is_client && request.type == RTC_REQUEST_CLOSE) {
            *interfaces_slot(g, request.id) = 0; /* they never change */
        } else if (!g->is_client) {
            abort(); /* the endpoint has everything else */
        } else {
            struct request *r = out_request(&g->hall->scratch, (enum request_type)request.type, request.id);
            if (!r)
                abort();
            r->local = inner(&request.local);
            r->remote = inner(&request.remote);
        }
        request.size = sizeof request;
    }
}

static void send_from_port(struct hall *h, rtc_packet *packet)
{
    struct packet *p = (struct packet *)packet;
    if (p->path.socket != 0 || p->path.local.port != HALL_PORT)
        abort();
    sim_host_send(h->server, h->now, p);
}

static void drain(struct hall_guest *g)
{
    drain_requests(g);
    for (rtc_packet *p; (p = rtc_peer_connection_next_packet(g->pc)) != NULL;) {
        if (g->is_client)
            out_send(&g->hall->scratch, (struct packet *)p);
        else
            send_from_port(g->hall, p);
    }
    if (g->is_client)
        sim_host_drain(g->host, g->hall->now, &g->hall->scratch);
}

static void leave(struct hall_guest *g)
{
    rtc_peer_connection *pc = g->pc;
    if (pc) {
        rtc_peer_connection_close(pc);
        drain(g); /* the goodbye, and the sockets */
    }
    g->pc = NULL;
    rtc_data_channel_unref(g->channel);
    g->channel = NULL;
    rtc_peer_connection_free(pc);
    g->state = RTC_PEER_CONNECTION_CLOSED;
    g->got = g->wrong = 0;
}

void hall_hang_up(struct hall *h, int n)
{
    leave(&h->client[n]);
    leave(&h->seat[n]);
}

void hall_close(struct hall *h)
{
    for (int i = 0; i < h->count; i++)
        hall_hang_up(h, i);
    rtc_endpoint_unref(h->endpoint);
    out_fini(&h->scratch);
    sim_network_free(h->net); /* packets on their way keep their connection's pool */
    rtc_context_unref(h->context);
    rtc_context_unref(h->own);
}

static bool settle_one(struct hall_guest *g)
{
    bool was = g->dirty && g->pc;
    g->dirty = false;
    if (was && rtc_peer_connection_dispatch(g->pc) > 0)
        g->dirty = true;
    if (was && g->pc) {
        drain(g);
        g->deadline = rtc_peer_connection_deadline(g->pc, NULL);
    }
    return was;
}

static void settle(struct hall *h)
{
    bool busy = true;
    while (busy) {
        busy = false;
        for (int i = 0; i < h->count; i++)
            busy = (int)settle_one(&h->client[i]) | (int)settle_one(&h->seat[i]) | (int)busy;
    }
    for (rtc_packet *p; (p = rtc_endpoint_next_packet(h->endpoint)) != NULL;)
        send_from_port(h, p);
}

static void arrive_at_server(struct hall *h, const struct packet *p)
{
    rtc_path path = {.local = outer(&p->path.local), .remote = outer(&p->path.remote)};
    rtc_peer_connection *pc = rtc_endpoint_route(h->endpoint, h->now, &path, p->bytes + p->start, p->len);
    for (int i = 0; pc && i < h->count; i++)
        h->seat[i].dirty |= h->seat[i].pc == pc;
    if (pc)
        rtc_peer_connection_receive_copy(pc, h->now, &path, p->bytes + p->start, p->len);
}

static void arrive_at_client(struct hall_guest *g, const struct sim_delivery *d)
{
    rtc_interface interfaces[8] = {0};
    if (!g->pc)
        return;
    g->dirty = true;
    if (d->packet) {
        const rtc_path path = {d->packet->path.socket, 0, outer(&d->packet->path.local), outer(&d->packet->path.remote)};
        rtc_peer_connection_receive_copy(g->pc, g->hall->now, &path, packet_data(d->packet), d->packet->len);
        return;
    }
    rtc_result result = {.size = sizeof result,
                         .type = (uint32_t)d->result.type,
                         .id = d->result.id,
                         .error = d->result.error,
                         .local = outer(&d->result.local)};
    for (size_t i = 0; i < d->result.interface_count && i < 8; i++)
        interfaces[result.interface_count++].address = outer(&d->result.interfaces[i].address);
    result.interfaces = interfaces;
    result.interface_size = sizeof interfaces[0];
    note(g->hall, rtc_peer_connection_result(g->pc, g->hall->now, &result));
}

static void arrive(struct hall *h)
{
    for (struct sim_delivery d; sim_network_pop(h->net, h->now, &d); sim_delivery_free(&d)) {
        struct hall_guest *client = sim_host_user(d.host);
        if (client)
            arrive_at_client(client, &d);
        else if (d.host == h->server && d.packet)
            arrive_at_server(h, d.packet);
        else if (d.packet && d.packet->path.local.port == 3478)
            sim_stun_serve(d.host, h->now, d.packet, 0);
    }
}

static rtc_time_t tick_one(struct hall_guest *g, rtc_time_t now)
{
    if (!g->pc || g->deadline > now)
        return g->pc ? g->deadline : RTC_TIME_NEVER;
    rtc_peer_connection_tick(g->pc, now);
    g->dirty = true;
    return now;
}

static rtc_time_t tick(struct hall *h)
{
    rtc_time_t next = RTC_TIME_NEVER;
    for (int i = 0; i < h->count; i++) {
        rtc_time_t a = tick_one(&h->client[i], h->now), b = tick_one(&h->seat[i], h->now);
        next = a < next ? a : next;
        next = b < next ? b : next;
    }
    return next;
}

bool hall_run(struct hall *h, rtc_time_t duration, bool (*done)(struct hall *hall))
{
    rtc_time_t until = h->now + duration;
    settle(h);
    while (!done || !done(h)) {
        rtc_time_t at = tick(h), net = sim_network_next(h->net);
        settle(h);
        at = net < at ? net : at;
        at = h->next_step < at ? h->next_step : at;
        at = sim_network_next(h->net) < at ? sim_network_next(h->net) : at;
        if (at > until) {
            h->now = until;
            sim_time_set(until);
            return false;
        }
        h->now = at > h->now ? at : h->now;
        sim_time_set(h->now);
        arrive(h);
        if (h->on_step && h->now >= h->next_step) {
            h->next_step = h->now + h->step_every;
            h->on_step(h);
        }
        settle(h);
    }
    return true;
}

void hall_stray(struct hall *h, const char *ip, uint16_t port, const void *bytes, size_t len)
{
    struct packet *p = packet_copy(h->scratch.pool, slice_of(bytes, len));
    if (!p)
        abort();
    p->path.local = numeric(ip, port);
    p->path.remote = numeric(strchr(ip, ':') ? HALL_ADDRESS_SIX : HALL_ADDRESS, HALL_PORT);
    sim_host_send(h->stranger, h->now, p);
}
