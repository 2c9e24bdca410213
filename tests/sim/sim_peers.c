/* SPDX-License-Identifier: MIT */
/* Two peer connections in virtual time; see sim_peers.h. */
#include "sim_peers.h"

#include "context.h"
#include "executor.h"
#include "memory.h"
#include "usrsctp_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A signalled message on its way: a description or a candidate. */
struct signal {
    struct signal *next;
    rtc_time_t at;
    int to;
    rtc_sdp_type type; /* NONE: a candidate */
    char *text, *mid;
};

static void post(struct sim_peers *p, int to, rtc_sdp_type type, const char *text, const char *mid)
{
    struct signal *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->at = p->now + p->signalling_us;
    s->to = to;
    s->type = type;
    s->text = strdup(text);
    s->mid = mid ? strdup(mid) : NULL;
    struct signal **place = &p->signals;
    while (*place)
        place = &(*place)->next;
    *place = s;
}

static void free_signal(struct signal *s)
{
    free(s->text);
    free(s->mid);
    free(s);
}

static void send_description(struct sim_peer *peer)
{
    rtc_sdp_type type;
    const char *sdp = rtc_peer_connection_local_description(peer->pc, &type);
    if (sdp)
        post(peer->peers, 1 - peer->index, type, sdp, NULL);
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    struct sim_peer *peer = user;
    if (peer->peers->trickle && !peer->peers->manual && candidate)
        post(peer->peers, 1 - peer->index, RTC_SDP_NONE, candidate->candidate, candidate->sdp_mid);
    if (!peer->peers->trickle && !peer->peers->manual && !candidate)
        send_description(peer);
    if (peer->extra.on_ice_candidate)
        peer->extra.on_ice_candidate(pc, peer->extra_user, candidate);
}

static void on_state(rtc_peer_connection *pc, void *user, rtc_peer_connection_state state)
{
    struct sim_peer *peer = user;
    rtc_time_t now = peer->peers->now;
    if (state == RTC_PEER_CONNECTION_CONNECTED && peer->connected_at == RTC_TIME_NEVER)
        peer->connected_at = now;
    if (state == RTC_PEER_CONNECTION_FAILED)
        peer->failed_at = now;
    if (state == RTC_PEER_CONNECTION_DISCONNECTED)
        peer->disconnected_at = now;
    if (peer->extra.on_connection_state_change)
        peer->extra.on_connection_state_change(pc, peer->extra_user, state);
}

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    struct sim_peer *peer = user;
    if (!peer->remote_channel)
        peer->remote_channel = rtc_data_channel_ref(channel);
    if (peer->extra.on_data_channel)
        peer->extra.on_data_channel(pc, peer->extra_user, channel);
}

static void on_track(rtc_peer_connection *pc, void *user, const rtc_track_event *event)
{
    struct sim_peer *peer = user;
    peer->tracks++;
    if (peer->extra.on_track)
        peer->extra.on_track(pc, peer->extra_user, event);
}

static void on_negotiation_needed(rtc_peer_connection *pc, void *user)
{
    struct sim_peer *peer = user;
    peer->negotiations_needed++;
    if (peer->extra.on_negotiation_needed)
        peer->extra.on_negotiation_needed(pc, peer->extra_user);
}

static void on_candidate_error(rtc_peer_connection *pc, void *user, const rtc_ice_candidate_error *error)
{
    struct sim_peer *peer = user;
    if (peer->extra.on_ice_candidate_error)
        peer->extra.on_ice_candidate_error(pc, peer->extra_user, error);
}

static void on_signaling(rtc_peer_connection *pc, void *user, rtc_signaling_state state)
{
    struct sim_peer *peer = user;
    if (peer->extra.on_signaling_state_change)
        peer->extra.on_signaling_state_change(pc, peer->extra_user, state);
}

static void on_gathering(rtc_peer_connection *pc, void *user, rtc_ice_gathering_state state)
{
    struct sim_peer *peer = user;
    if (peer->extra.on_ice_gathering_state_change)
        peer->extra.on_ice_gathering_state_change(pc, peer->extra_user, state);
}

static void on_ice_state(rtc_peer_connection *pc, void *user, rtc_ice_connection_state state)
{
    struct sim_peer *peer = user;
    if (peer->extra.on_ice_connection_state_change)
        peer->extra.on_ice_connection_state_change(pc, peer->extra_user, state);
}

static void on_mute(rtc_peer_connection *pc, void *user, rtc_media_stream_track *track, bool muted)
{
    struct sim_peer *peer = user;
    if (peer->extra.on_track_mute)
        peer->extra.on_track_mute(pc, peer->extra_user, track, muted);
}

static void on_tone(rtc_peer_connection *pc, void *user, rtc_rtp_receiver *receiver, char tone, uint32_t duration_ms, bool ended)
{
    struct sim_peer *peer = user;
    if (peer->extra.on_tone)
        peer->extra.on_tone(pc, peer->extra_user, receiver, tone, duration_ms, ended);
}

static void on_circuit(rtc_peer_connection *pc, void *user, rtc_rtp_sender *sender, rtc_circuit circuit)
{
    struct sim_peer *peer = user;
    if (peer->extra.on_circuit_change)
        peer->extra.on_circuit_change(pc, peer->extra_user, sender, circuit);
}

static const rtc_peer_connection_callbacks callbacks = {
    .size = sizeof callbacks,
    .on_circuit_change = on_circuit,
    .on_negotiation_needed = on_negotiation_needed,
    .on_ice_candidate_error = on_candidate_error,
    .on_signaling_state_change = on_signaling,
    .on_ice_gathering_state_change = on_gathering,
    .on_ice_connection_state_change = on_ice_state,
    .on_track_mute = on_mute,
    .on_tone = on_tone,
    .on_ice_candidate = on_candidate,
    .on_connection_state_change = on_state,
    .on_data_channel = on_channel,
    .on_track = on_track,
};

bool sim_peers_init(struct sim_peers *p, uint64_t seed, const struct sim_link *link, const rtc_allocator *allocator,
                    const rtc_configuration *configuration)
{
    return sim_peers_init_limited(p, seed, link, allocator, configuration, NULL);
}

bool sim_peers_init_limited(struct sim_peers *p, uint64_t seed, const struct sim_link *link, const rtc_allocator *allocator,
                            const rtc_configuration *configuration, const rtc_limits *limits)
{
    rtc_context_options options = {.size = sizeof options, .allocator = allocator, .limits = limits};
    if (getenv("CRTC_TEST_LOG"))
        options.log_level = RTC_LOG_DEBUG;
    memset(p, 0, sizeof *p);
    p->seed = seed;
    p->trickle = true;
    p->signalling_us = 10000;
    sim_time_seed(seed);
    sim_time_set(0);
    p->net = sim_network_new(seed);
    if (rtc_context_new(NULL, &p->own) || out_init(&p->scratch, p->own))
        abort();
    if (rtc_context_new(&options, &p->context))
        return false;
    context_seed(p->context, seed);
    context_simulate(p->context, SIM_JOB_COST);
    for (int i = 0; i < 2; i++) {
        struct sim_peer *peer = &p->peer[i];
        peer->peers = p;
        peer->index = i;
        peer->connected_at = peer->failed_at = peer->disconnected_at = RTC_TIME_NEVER;
        peer->host = sim_host_new(p->net, link, peer);
        sim_host_add_address(peer->host, i == 0 ? "10.0.0.1" : "10.0.0.2");
        if (rtc_peer_connection_new(p->context, configuration, &callbacks, peer, &peer->pc))
            return false;
    }
    return true;
}

void sim_peers_replace(struct sim_peers *p, int index, const rtc_configuration *configuration)
{
    struct sim_peer *peer = &p->peer[index];
    rtc_peer_connection_free(peer->pc); /* nobody carries what it still has to say */
    peer->pc = NULL;
    peer->connected_at = peer->failed_at = peer->disconnected_at = RTC_TIME_NEVER;
    if (rtc_peer_connection_new(p->context, configuration, &callbacks, peer, &peer->pc))
        abort();
}

void sim_peers_fini(struct sim_peers *p)
{
    for (int i = 0; i < 2; i++) {
        rtc_data_channel_unref(p->peer[i].remote_channel);
        rtc_peer_connection_free(p->peer[i].pc);
    }
    while (p->signals) {
        struct signal *s = p->signals;
        p->signals = s->next;
        free_signal(s);
    }
    out_fini(&p->scratch);
    sim_network_free(p->net); /* packets on their way keep their connection's pool */
    rtc_context_unref(p->context);
    rtc_context_unref(p->own);
}

int sim_peers_negotiate(struct sim_peers *p, int offerer)
{
    struct sim_peer *peer = &p->peer[offerer];
    int error = rtc_peer_connection_set_local_description(peer->pc, RTC_SDP_NONE, NULL);
    if (!error && (p->trickle || rtc_peer_connection_ice_gathering_state(peer->pc) == RTC_ICE_GATHERING_COMPLETE))
        send_description(peer);
    return error;
}

static void note(struct sim_peers *p, int error)
{
    if (!p->error)
        p->error = error;
}

static void deliver_signal(struct sim_peers *p, struct signal *s)
{
    struct sim_peer *peer = &p->peer[s->to];
    rtc_ice_candidate_init init = {.size = sizeof init, .candidate = s->text, .sdp_mid = s->mid};
    if (!peer->pc)
        return;
    if (s->type == RTC_SDP_NONE) {
        note(p, rtc_peer_connection_add_ice_candidate(peer->pc, &init));
        return;
    }
    int error = rtc_peer_connection_set_remote_description(peer->pc, s->type, s->text);
    if (!error && s->type == RTC_SDP_OFFER)
        error = sim_peers_negotiate(p, s->to);
    note(p, error);
}

static void deliver_signals(struct sim_peers *p)
{
    while (p->signals && p->signals->at <= p->now) {
        struct signal *s = p->signals;
        p->signals = s->next;
        deliver_signal(p, s);
        free_signal(s);
    }
}

static struct address address_of(const rtc_address *a)
{
    struct address out = {.family = a->family, .port = a->port, .scope = a->scope};
    memcpy(out.ip, a->ip, sizeof out.ip);
    return out;
}

static rtc_address public_address(const struct address *a)
{
    rtc_address out = {.family = a->family, .port = a->port, .scope = a->scope};
    memcpy(out.ip, a->ip, sizeof out.ip);
    return out;
}

/* RFC 7983, RFC 5761 section 4 */
static enum sim_packet_kind kind_of(const uint8_t *bytes, size_t len)
{
    if (len < 2 || bytes[0] < 20)
        return SIM_STUN;
    if (bytes[0] < 64)
        return bytes[0] == 23 ? SIM_DATA : SIM_DTLS;
    return bytes[1] >= 192 && bytes[1] <= 223 ? SIM_RTCP : SIM_RTP;
}

/* What a connection asked for and sent goes into the network. */
static void drain(struct sim_peers *p, struct sim_peer *peer)
{
    rtc_request request = {.size = sizeof request};
    if (!peer->pc)
        return;
    while (rtc_peer_connection_next_request(peer->pc, &request)) {
        struct request *r = out_request(&p->scratch, (enum request_type)request.type, request.id);
        if (r) {
            r->local = address_of(&request.local);
            r->remote = address_of(&request.remote);
            r->flags = request.flags;
            r->port_min = request.port_min;
            r->port_max = request.port_max;
            memcpy(r->name, request.name, sizeof r->name);
            r->socket = request.socket;
            r->flags = request.flags;
            r->port_min = request.port_min;
            r->port_max = request.port_max;
        }
        request.size = sizeof request;
    }
    for (rtc_packet *packet; (packet = rtc_peer_connection_next_packet(peer->pc)) != NULL;) {
        peer->marked[kind_of(rtc_packet_data(packet), rtc_packet_len(packet))][rtc_packet_dscp(packet) & 63]++;
        if (p->loses && p->loses(p, peer->index, (struct packet *)packet))
            rtc_packet_free(packet);
        else
            out_send(&p->scratch, (struct packet *)packet);
    }
    sim_host_drain(peer->host, p->now, &p->scratch);
}

rtc_dtls_transport *sim_dtls(const rtc_peer_connection *pc)
{
    rtc_dtls_transport *t = NULL;
    for (size_t i = 0; !t && i < rtc_peer_connection_transceiver_count(pc); i++)
        t = rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(pc, i)));
    return t || !rtc_peer_connection_sctp(pc) ? t : rtc_sctp_transport_transport(rtc_peer_connection_sctp(pc));
}

static void on_dtls(rtc_dtls_transport *transport, void *user, rtc_dtls_transport_state state)
{
    struct sim_peer *peer = user;
    (void)transport;
    if (peer->on_dtls)
        peer->on_dtls(peer->dtls_user, state);
}

static void watch(struct sim_peer *peer)
{
    static const rtc_dtls_transport_callbacks dtls = {.size = sizeof dtls, .on_state_change = on_dtls};
    rtc_dtls_transport *t = peer->pc && peer->on_dtls ? sim_dtls(peer->pc) : NULL;
    if (t && !rtc_dtls_transport_user(t)) /* else the test has callbacks of its own */
        (void)rtc_dtls_transport_set_callbacks(t, &dtls, peer);
}

static void settle(struct sim_peers *p)
{
    for (int i = 0; i < 2; i++) {
        watch(&p->peer[i]);
        if (p->peer[i].pc && !p->peer[i].busy)
            (void)rtc_peer_connection_dispatch(p->peer[i].pc);
        drain(p, &p->peer[i]);
    }
}

static void give_result(struct sim_peers *p, struct sim_peer *peer, const struct io_result *in)
{
    rtc_address addresses[32];
    rtc_interface interfaces[32];
    rtc_result result = {
        .size = sizeof result, .type = (uint32_t)in->type, .id = in->id, .error = in->error, .local = public_address(&in->local)};
    result.socket = in->socket;
    result.remote = public_address(&in->remote);
    memset(interfaces, 0, sizeof interfaces);
    for (size_t i = 0; i < in->address_count && i < 32; i++)
        addresses[result.address_count++] = public_address(&in->addresses[i]);
    for (size_t i = 0; i < in->interface_count && i < 32; i++) {
        rtc_interface *at = &interfaces[result.interface_count++];
        at->address = public_address(&in->interfaces[i].address);
        at->type = in->interfaces[i].type;
        memcpy(at->name, in->interfaces[i].name, sizeof at->name);
    }
    result.addresses = addresses;
    result.interfaces = interfaces;
    result.interface_size = sizeof interfaces[0];
    note(p, rtc_peer_connection_result(peer->pc, p->now, &result));
}

/* With the marks that it has when it arrives. */
static void receive(struct sim_peers *p, struct sim_peer *peer, const rtc_path *path, struct packet *packet)
{
    rtc_packet *marked = packet->ecn ? rtc_packet_new(peer->pc) : NULL;
    if (!marked || rtc_packet_set_len(marked, packet->len) != RTC_OK || rtc_packet_set_ecn(marked, (rtc_ecn)packet->ecn) != RTC_OK) {
        rtc_packet_free(marked);
        rtc_peer_connection_receive_copy(peer->pc, p->now, path, packet_data(packet), packet->len);
        return;
    }
    memcpy(rtc_packet_data(marked), packet_data(packet), packet->len);
    rtc_peer_connection_receive(peer->pc, p->now, path, marked);
}

static void arrive(struct sim_peers *p)
{
    struct sim_delivery d;
    while (sim_network_pop(p->net, p->now, &d)) {
        struct sim_peer *peer = sim_host_user(d.host);
        if (!peer && d.packet && p->serve)
            p->serve(p, d.packet);
        if (!peer || !peer->pc) {
            sim_delivery_free(&d);
            continue;
        }
        if (d.packet) {
            rtc_path path = {d.packet->path.socket, d.packet->path.protocol, public_address(&d.packet->path.local),
                             public_address(&d.packet->path.remote)};
            receive(p, peer, &path, d.packet);
        } else {
            give_result(p, peer, &d.result);
        }
        sim_delivery_free(&d);
    }
}

static rtc_time_t earlier(rtc_time_t a, rtc_time_t b)
{
    return a < b ? a : b;
}

static rtc_time_t next_time(struct sim_peers *p)
{
    rtc_time_t at = sim_network_next(p->net);
    for (int i = 0; i < 2; i++)
        at = earlier(at, p->peer[i].pc ? rtc_peer_connection_deadline(p->peer[i].pc, NULL) : RTC_TIME_NEVER);
    if (p->signals)
        at = earlier(at, p->signals->at);
    if (p->next_step)
        at = earlier(at, p->next_step(p, p->step_user));
    return at;
}

static void tick(struct sim_peers *p)
{
    for (int i = 0; i < 2; i++)
        if (p->peer[i].pc)
            rtc_peer_connection_tick(p->peer[i].pc, p->now);
}

bool sim_peers_run(struct sim_peers *p, rtc_time_t until, bool (*done)(struct sim_peers *peers, void *user), void *user)
{
    settle(p);
    while (!done || !done(p, user)) {
        rtc_time_t at = next_time(p);
        if (at > until) {
            p->now = until;
            sim_time_set(until);
            tick(p);
            return false;
        }
        p->now = at > p->now ? at : p->now;
        sim_time_set(p->now);
        arrive(p);
        tick(p);
        deliver_signals(p);
        if (p->on_step)
            p->on_step(p, p->step_user);
        settle(p);
    }
    return true;
}

bool sim_peers_connected(struct sim_peers *p, void *user)
{
    (void)user;
    return p->peer[0].connected_at != RTC_TIME_NEVER && p->peer[1].connected_at != RTC_TIME_NEVER;
}
