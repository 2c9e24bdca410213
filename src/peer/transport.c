/* SPDX-License-Identifier: MIT */
/* The transport's packet path; see transport.h. Demultiplexing by first byte: RFC 7983. */
#include "transport.h"

#include "endpoint.h"
#include "ice_report.h"
#include "dscp.h"
#include "sizes.h"
#include "tls_streams.h"

enum { IDLE_TRIM_US = 1000000, IDLE_KEEPS_PACKETS = 1 };

int transport_new(rtc_peer_connection *pc, bool controlling, struct transport **out)
{
    struct transport *t = memory_zeroed(pc->context, sizeof *t);
    if (!t)
        return RTC_ERR_NO_MEMORY;
    t->pc = pc;
    t->context = pc->context;
    list_init(&t->tls);
    out_init_shared(&t->out, pc->context, pc->pool);
    out_init_shared(&t->sctp_out, pc->context, pc->pool);
    out_init_shared(&t->rtp_out, pc->context, pc->pool);
    int error = transport_ice_make(t, NULL, controlling, &t->ice);
    struct dtls_options dtls = {
        .certificate = pc->certificate, .mtu = SIZE_DATAGRAM, .handshake_mtu = SIZE_DATAGRAM - SIZE_RELAY_INDICATION};
    if (!error)
        error = dtls_new(pc->context, &dtls, &t->dtls);
    if (error) {
        transport_free(t);
        return error;
    }
    *out = t;
    return RTC_OK;
}

void transport_free(struct transport *t)
{
    if (!t)
        return;
    rtp_session_free(t->rtp);
    data_channels_free(t->channels);
    dtls_free(t->dtls);
    transport_ice_free(t);
    transport_forget_errors(t);
    tls_streams_free(t);
    packet_queue_clear(&t->ready);
    packet_queue_clear(&t->held);
    out_fini(&t->rtp_out);
    out_fini(&t->sctp_out);
    out_fini(&t->out);
    memory_free(t->context, t);
}

static void wake_connection(void *user)
{
    rtc_peer_connection *pc = user;
    pthread_mutex_lock(&pc->wake_lock);
    if (pc->wake)
        pc->wake(pc->wake_user);
    pthread_mutex_unlock(&pc->wake_lock);
}

int transport_need_channels(struct transport *t)
{
    if (t->channels)
        return RTC_OK;
    struct data_channels_options options = {
        .max_channels = t->pc->max_channels,
        .max_message_bytes = t->pc->max_message_size,
        .mtu = size_sctp_packet(t->overhead),
    };
    int error = data_channels_new(t->context, &options, &t->channels);
    if (!error)
        data_channels_set_wake(t->channels, wake_connection, t->pc);
    return error;
}

int transport_need_rtp(struct transport *t)
{
    if (t->rtp)
        return RTC_OK;
    struct rtp_session_options options = {
        .cname = t->pc->cname,
        .max_packet_bytes = SIZE_DATAGRAM - t->overhead,
        .max_bitrate_bps = t->pc->max_bitrate_bps,
        .start_bitrate_bps = t->pc->start_bitrate_bps,
    };
    int error = rtp_session_new(t->context, &options, &t->rtp);
    if (error)
        return error;
    rtp_session_set_writable(t->rtp, t->pc->now, t->writable, &t->rtp_out);
    if (dtls_state(t->dtls) == DTLS_CONNECTED)
        transport_take_keys(t); /* media was added to a connected transport */
    return RTC_OK;
}

int transport_start_dtls(struct transport *t, rtc_time_t now, enum dtls_role role, const struct jsep_section *remote)
{
    struct dtls_fingerprint fingerprints[DTLS_FINGERPRINTS_MAX];
    size_t count = remote->fingerprint_count < DTLS_FINGERPRINTS_MAX ? remote->fingerprint_count : DTLS_FINGERPRINTS_MAX;
    for (size_t i = 0; i < count; i++) {
        memcpy(fingerprints[i].hash, remote->fingerprints[i].hash, sizeof fingerprints[i].hash);
        memcpy(fingerprints[i].value, remote->fingerprints[i].value, sizeof fingerprints[i].value);
        fingerprints[i].len = remote->fingerprints[i].len;
    }
    if (!t->dtls_started) {
        dtls_set_remote_fingerprints(t->dtls, now, fingerprints, count, &t->out);
        int error = dtls_start(t->dtls, now, role, &t->out);
        if (error)
            return error;
        t->dtls_started = true;
        if (t->writable)
            dtls_set_writable(t->dtls, now, &t->out);
    }
    return RTC_OK;
}

void transport_run_sctp(struct transport *t, rtc_time_t now)
{
    if (!t->sctp_wanted || t->sctp_started || dtls_state(t->dtls) != DTLS_CONNECTED)
        return;
    t->sctp_started = true;
    if (data_channels_start(t->channels, now, dtls_role(t->dtls) == DTLS_CLIENT, t->remote_max_message, ice_agent_rtt_us(t->ice),
                            &t->sctp_out))
        peer_give_up(t->pc);
}

void transport_start_sctp(struct transport *t, rtc_time_t now, uint16_t remote_port, uint64_t remote_max_message)
{
    if (t->sctp_wanted)
        return;
    t->sctp_wanted = true;
    t->remote_sctp_port = remote_port;
    data_channels_set_remote_port(t->channels, remote_port);
    t->remote_max_message = remote_max_message;
    transport_run_sctp(t, now);
}

void transport_end_sctp(struct transport *t, rtc_time_t now)
{
    if (!t->channels)
        return;
    data_channels_close(t->channels, now, &t->sctp_out);
    transport_settle(t, now); /* the channels are told, and let go */
    if (!list_empty(&t->pc->channels))
        return; /* memory ran out: the connection is given up */
    data_channels_set_wake(t->channels, NULL, NULL);
    data_channels_free(t->channels);
    t->channels = NULL;
    t->sctp_wanted = t->sctp_started = false;
}

/* What the application has not taken is not to grow without end: the association waits, media are dropped. */
static void update_room(struct transport *t)
{
    struct event_room room = event_queue_room(t->pc);
    if (t->channels)
        data_channels_set_room(t->channels, room.bytes, room.events);
    t->full = room.bytes == 0 || room.events == 0;
}

/* A datagram above ICE, from a path that may be received from. */
static void receive_upper(struct transport *t, rtc_time_t now, struct packet *packet)
{
    uint8_t first = packet_data(packet)[0];
    t->counters.packets_received++;
    t->counters.bytes_received += packet->len;
    if (first >= 128 && first <= 191 && t->full) {
        t->counters.over_limit++;
        packet_free(packet);
        return;
    }
    if (first >= 128 && first <= 191 && t->rtp) {
        rtp_session_input(t->rtp, now, packet, &t->rtp_out);
        return;
    }
    if (first >= 20 && first <= 63)
        dtls_input(t->dtls, now, packet_slice(packet), &t->out);
    else
        t->counters.unknown++;
    packet_free(packet);
}

/* The oldest makes room: what a stranger sent must not keep the peer's first flight out. */
static void hold(struct transport *t, struct packet *packet)
{
    if (t->held.count == TRANSPORT_HELD_MAX) {
        t->counters.unvalidated++;
        packet_free(packet_queue_pop(&t->held));
    }
    packet_queue_push(&t->held, packet);
}

static void release_held(struct transport *t, rtc_time_t now)
{
    struct packet_queue held = t->held;
    t->held = (struct packet_queue){0};
    for (struct packet *p; (p = packet_queue_pop(&held)) != NULL;) {
        if (transport_ice_receives(t, now, &p->path, p->len))
            receive_upper(t, now, p);
        else
            hold(t, p);
    }
}

/* A datagram of a peer, whether it came directly or through a relay. */
static void receive_datagram(struct transport *t, rtc_time_t now, struct packet *packet)
{
    packet->time = now;
    if (packet->len == 0 || packet->path.protocol != PATH_UDP) {
        t->counters.unknown++;
        packet_free(packet);
    } else if (packet_data(packet)[0] <= 3) {
        transport_ice_input(t, now, packet);
        packet_free(packet);
    } else if (transport_ice_receives(t, now, &packet->path, packet->len)) {
        receive_upper(t, now, packet);
    } else {
        hold(t, packet);
    }
}

/* A datagram, or bytes of a stream to a server. */
static void receive_packet(struct transport *t, rtc_time_t now, struct packet *packet)
{
    struct packet_queue inner = {0};
    bool unwrapped = transport_ice_unwrap(t, now, packet, &inner);
    if (t->ended) {
        packet_free(unwrapped ? NULL : packet);
        packet_queue_clear(&inner);
        return;
    }
    if (!unwrapped) {
        receive_datagram(t, now, packet);
        return;
    }
    for (struct packet *p; (p = packet_queue_pop(&inner)) != NULL;)
        receive_datagram(t, now, p);
}

void transport_receive(struct transport *t, rtc_time_t now, struct packet *packet)
{
    struct packet_queue plain = {0};
    update_room(t);
    t->counters.arrived++;
    t->last_traffic = now;
    if (!tls_streams_receive(t, now, packet, &plain))
        packet_queue_push(&plain, packet);
    for (struct packet *p; (p = packet_queue_pop(&plain)) != NULL;)
        receive_packet(t, now, p);
}

void transport_tick(struct transport *t, rtc_time_t now)
{
    transport_ice_tick(t, now);
    if (t->ended)
        return;
    update_room(t);
    dtls_tick(t->dtls, now, &t->out);
    if (t->channels)
        data_channels_tick(t->channels, now, &t->sctp_out);
    if (t->rtp) {
        rtp_session_set_rtt(t->rtp, ice_agent_rtt_us(t->ice));
        rtp_session_tick(t->rtp, now, &t->rtp_out);
    }
    if (!t->pc->loop && now - t->last_traffic > IDLE_TRIM_US)
        packet_pool_trim(t->pc->pool, IDLE_KEEPS_PACKETS);
}

rtc_time_t transport_deadline(struct transport *t, enum timer_reason *why)
{
    enum timer_reason reason = TIMER_NONE;
    if (t->ended)
        return transport_ice_deadline(t, why); /* relays are being given back */
    if (t->pc->given_up) {
        *why = TIMER_EVENT;
        return t->pc->now;
    }
    rtc_time_t at = transport_ice_deadline(t, why);
    deadline_min(&at, why, dtls_deadline(t->dtls, &reason), TIMER_DTLS_RETRANSMIT);
    update_room(t);
    if (t->channels)
        deadline_min(&at, why, data_channels_deadline(t->channels, &reason), TIMER_SCTP);
    if (t->rtp) {
        rtc_time_t rtp = rtp_session_deadline(t->rtp, &reason);
        deadline_min(&at, why, rtp, reason);
    }
    return at;
}

/* Packets of the upper layers get the selected path, or are lost: their protocols repair it. */
static void stamp(struct transport *t, rtc_time_t now, struct packet *packet)
{
    const struct path *path = ice_agent_selected(t->ice);
    bool data = packet->path.socket == 0; /* else of the agent itself */
    size_t bytes = packet->len;
    dscp_mark(t, packet);
    if (data && path)
        packet->path = *path;
    if ((data && !path) || !transport_ice_wrap(t, now, packet)) {
        t->counters.no_path++;
        if (data)
            ice_agent_count_discarded(t->ice, bytes);
        packet_free(packet);
        return;
    }
    if (data) {
        t->counters.packets_sent++;
        t->counters.bytes_sent += bytes;
        ice_agent_count_sent(t->ice, now, bytes);
    }
    t->last_traffic = now;
    packet->time = now;
    if (t->pc->member)
        (void)endpoint_sends(t->pc->member, packet);
    if (!tls_streams_send(t, packet, &t->ready))
        packet_queue_push(&t->ready, packet);
}

/* Follows the selected pair: who may send learns of it. */
static void update_writable(struct transport *t, rtc_time_t now)
{
    bool writable = ice_agent_selected(t->ice) != NULL;
    if (writable == t->writable)
        return;
    t->writable = writable;
    if (writable) {
        dtls_set_rtt(t->dtls, ice_agent_rtt_us(t->ice));
        dtls_set_writable(t->dtls, now, &t->out);
    }
    if (t->rtp)
        rtp_session_set_writable(t->rtp, now, writable, &t->rtp_out);
}

/* A relay's overhead comes off what the upper layers may fill. */
static void update_sizes(struct transport *t)
{
    uint32_t overhead = ice_agent_overhead(t->ice);
    if (overhead == t->overhead)
        return;
    t->overhead = overhead;
    if (t->channels)
        data_channels_set_mtu(t->channels, size_sctp_packet(overhead));
    if (t->rtp)
        rtp_session_set_max_packet(t->rtp, SIZE_DATAGRAM - overhead);
}

static bool step(struct transport *t, rtc_time_t now)
{
    bool progress = false;
    for (struct event *e; (e = out_pop_event(&t->out)) != NULL; progress = true) {
        if (e->type >= EVENT_DTLS)
            transport_dtls_event(t, now, (struct dtls_event *)e);
        else if (e->type == ICE_EVENT_VALIDATED)
            release_held(t, now);
        else
            transport_ice_event(t, now, (struct ice_event *)e);
        out_free_event(&t->out, e);
    }
    transport_ice_follow(t, now);
    update_sizes(t);
    update_writable(t, now);
    for (struct sctp_event *e; (e = out_pop_event(&t->sctp_out)) != NULL; progress = true) {
        transport_sctp_event(t, now, e);
        out_free_event(&t->sctp_out, e);
    }
    for (struct packet *p; (p = packet_queue_pop(&t->sctp_out.tx)) != NULL; progress = true) {
        (void)dtls_send(t->dtls, packet_slice(p), &t->out);
        packet_free(p);
    }
    for (struct rtp_event *e; (e = out_pop_event(&t->rtp_out)) != NULL; progress = true) {
        transport_rtp_event(t, now, e);
        out_free_event(&t->rtp_out, e);
    }
    return progress;
}

void transport_settle(struct transport *t, rtc_time_t now)
{
    while (step(t, now))
        ;
    if (t->dscp_stale)
        dscp_update(t);
    for (struct packet *p; (p = packet_queue_pop(&t->out.tx)) != NULL;)
        stamp(t, now, p);
    for (struct packet *p; (p = packet_queue_pop(&t->rtp_out.tx)) != NULL;)
        stamp(t, now, p);
    if (t->out.failed || t->sctp_out.failed || t->rtp_out.failed)
        peer_give_up(t->pc);
}

void transport_fail(struct transport *t, rtc_time_t now)
{
    if (t->ended)
        return;
    if (t->channels)
        data_channels_close(t->channels, now, &t->sctp_out);
    transport_settle(t, now);
    transport_close(t, now);
}

void transport_close(struct transport *t, rtc_time_t now)
{
    if (t->ended)
        return;
    t->ended = true;
    if (t->rtp)
        rtp_session_close(t->rtp, now, &t->rtp_out);
    if (t->channels) {
        data_channels_set_wake(t->channels, NULL, NULL);
        data_channels_close(t->channels, now, &t->sctp_out);
    }
    for (struct packet *p; (p = packet_queue_pop(&t->sctp_out.tx)) != NULL;) {
        (void)dtls_send(t->dtls, packet_slice(p), &t->out);
        packet_free(p);
    }
    dtls_close(t->dtls, &t->out);
    struct out *outs[] = {&t->out, &t->sctp_out, &t->rtp_out};
    for (size_t i = 0; i < sizeof outs / sizeof outs[0]; i++)
        for (struct event *e; (e = out_pop_event(outs[i])) != NULL;)
            out_free_event(outs[i], e);
    transport_settle(t, now);
    transport_ice_close(t, now);
    transport_settle(t, now); /* the goodbyes to the relays */
    tls_streams_close(t);
}
