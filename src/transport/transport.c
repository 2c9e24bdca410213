/* SPDX-License-Identifier: MIT */
/* See transport.h: how a transport begins and ends, its time, and what goes out of it. */
#include "transport.h"

#include "dscp.h"
#include "endpoint.h"
#include "ice_report.h"
#include "memory.h"
#include "sizes.h"
#include "tls_streams.h"
#include "transport_due.h"
#include "transport_events.h"
#include "transport_internal.h"

int transport_new(rtc_context *context, const struct transport_settings *settings, const struct ice_credentials *credentials,
                  bool controlling, struct transport **out)
{
    struct transport *t = memory_zeroed(context, sizeof *t);
    if (!t)
        return RTC_ERR_NO_MEMORY;
    t->settings = settings;
    t->context = context;
    t->marks.media = DSCP_NOTHING;
    list_init(&t->tls);
    out_init_shared(&t->out, context, settings->pool);
    out_init_shared(&t->sctp_out, context, settings->pool);
    out_init_shared(&t->rtp_out, context, settings->pool);
    int error = transport_ice_make(t, credentials, controlling, &t->ice.current.agent);
    if (!error)
        error = transport_make_dtls(t, &t->dtls);
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
    transport_forget_due(t);
    tls_streams_free(t);
    packet_queue_clear(&t->ready);
    packet_queue_clear(&t->held);
    out_fini(&t->rtp_out);
    out_fini(&t->sctp_out);
    out_fini(&t->out);
    memory_free(t->context, t);
}

void transport_set_user(struct transport *t, void *user)
{
    t->user = user;
}

void *transport_user(const struct transport *t)
{
    return t->user;
}

/* ---- Time ---- */

void transport_set_room(struct transport *t, uint64_t bytes, uint32_t events)
{
    if (t->channels)
        data_channels_set_room(t->channels, bytes, events);
    t->full = bytes == 0 || events == 0;
}

bool transport_result(struct transport *t, rtc_time_t now, const struct io_result *result)
{
    return tls_streams_result(t, now, result) || transport_ice_result(t, now, result);
}

void transport_tick(struct transport *t, rtc_time_t now)
{
    transport_ice_tick(t, now);
    if (t->ended)
        return;
    dtls_tick(t->dtls, now, &t->out);
    transport_tick_upper(t, now);
    if (t->rtp) {
        rtp_session_set_rtt(t->rtp, ice_agent_rtt_us(t->ice.current.agent));
        rtp_session_tick(t->rtp, now, &t->rtp_out);
    }
}

rtc_time_t transport_deadline(const struct transport *t, enum timer_reason *why)
{
    enum timer_reason reason = TIMER_NONE;
    if (t->ended)
        return transport_ice_deadline(t, why); /* relays are being given back */
    rtc_time_t at = transport_ice_deadline(t, why);
    deadline_min(&at, why, dtls_deadline(t->dtls, &reason), TIMER_DTLS_RETRANSMIT);
    deadline_min(&at, why, transport_upper_deadline(t), TIMER_SCTP);
    if (t->rtp) {
        rtc_time_t rtp = rtp_session_deadline(t->rtp, &reason);
        deadline_min(&at, why, rtp, reason);
    }
    return at;
}

/* ---- What comes out ---- */

/* Packets of the upper layers get the selected path, or are lost: their protocols repair it. */
static void stamp(struct transport *t, rtc_time_t now, struct packet *packet)
{
    struct ice_agent *agent = t->ice.current.agent;
    const struct path *path = ice_agent_selected(agent);
    bool data = packet->path.socket == 0; /* else of the agent itself */
    size_t bytes = packet->len;
    transport_mark(t, packet);
    if (data && path)
        packet->path = *path;
    if ((data && !path) || !transport_ice_wrap(t, now, packet)) {
        t->counters.no_path++;
        if (data)
            ice_agent_count_discarded(agent, bytes);
        packet_free(packet);
        return;
    }
    if (data) {
        t->counters.packets_sent++;
        t->counters.bytes_sent += bytes;
        ice_agent_count_sent(agent, now, bytes);
    }
    t->last_traffic = now;
    packet->time = now;
    if (t->settings->member)
        (void)endpoint_sends(t->settings->member, packet);
    if (!tls_streams_send(t, packet, &t->ready))
        packet_queue_push(&t->ready, packet);
}

/* Follows the selected pair: who may send learns of it. */
static void update_writable(struct transport *t, rtc_time_t now)
{
    const struct ice_agent *agent = t->ice.current.agent;
    bool writable = ice_agent_selected(agent) != NULL;
    if (writable == t->writable)
        return;
    t->writable = writable;
    if (writable) {
        dtls_set_rtt(t->dtls, ice_agent_rtt_us(agent));
        dtls_set_writable(t->dtls, now, &t->out);
    }
    if (t->rtp)
        rtp_session_set_writable(t->rtp, now, writable, &t->rtp_out);
}

/* A relay's overhead comes off what the upper layers may fill; that of IP and UDP takes its part of what the path carries. */
static void update_sizes(struct transport *t)
{
    const struct path *path = ice_agent_selected(t->ice.current.agent);
    uint32_t overhead = ice_agent_overhead(t->ice.current.agent);
    bool ipv6 = path && path->local.family == ADDRESS_IPV6;
    if (t->rtp)
        rtp_session_set_packet_overhead(t->rtp, overhead + (ipv6 ? SIZE_IPV6_UDP : SIZE_IPV4_UDP));
    if (overhead == t->overhead)
        return;
    t->overhead = overhead;
    if (t->channels)
        data_channels_set_mtu(t->channels, size_sctp_packet(overhead));
    if (t->rtp)
        rtp_session_set_max_packet(t->rtp, SIZE_DATAGRAM - overhead);
}

/* What waits longer than is good is lost, the oldest first: then the association sends less. */
static void drop_old_data(struct transport *t, rtc_time_t now)
{
    const uint32_t least = size_sctp_packet(t->overhead), room = rtp_session_data_room(t->rtp, now);
    while (t->sctp_out.tx.count > room / least) {
        t->counters.data_dropped++;
        packet_free(packet_queue_pop(&t->sctp_out.tx));
    }
}

/* Beside media an association's packets wait for their part of the budget. They are protected when they leave, in order. */
static void send_sctp(struct transport *t, rtc_time_t now, bool *progress)
{
    for (struct packet *p; (p = t->sctp_out.tx.head) != NULL; *progress = true) {
        if (t->rtp && !t->ended && !rtp_session_takes_data(t->rtp, now, p->len + SIZE_DTLS_OVERHEAD)) {
            drop_old_data(t, now);
            return;
        }
        p = packet_queue_pop(&t->sctp_out.tx);
        (void)dtls_send(t->dtls, packet_slice(p), &t->out);
        packet_free(p);
    }
    if (t->rtp)
        rtp_session_no_data_waits(t->rtp);
}

static void make_ready(struct transport *t, rtc_time_t now)
{
    if (t->marks.stale)
        transport_update_marks(t);
    for (struct packet *p; (p = packet_queue_pop(&t->out.tx)) != NULL;)
        stamp(t, now, p);
    for (struct packet *p; (p = packet_queue_pop(&t->rtp_out.tx)) != NULL;)
        stamp(t, now, p);
    t->starved = t->starved || t->out.failed || t->sctp_out.failed || t->rtp_out.failed;
}

/* Until nothing is left; true: something is to be told first. */
static bool walk(struct transport *t, rtc_time_t now, struct transport_event *event)
{
    bool progress;
    if (transport_surface_next(t, event) || transport_ice_regain(t, event))
        return true;
    do {
        progress = false;
        if (transport_events_below(t, now, event, &progress) || transport_ice_follow(t, now, event))
            return true;
        update_sizes(t);
        update_writable(t, now);
        if (transport_events_channels(t, event, &progress))
            return true;
        send_sctp(t, now, &progress);
        if (transport_events_media(t, event))
            return true;
    } while (progress);
    return false;
}

bool transport_next_event(struct transport *t, rtc_time_t now, struct transport_event *event)
{
    *event = (struct transport_event){.out = NULL};
    do {
        if (walk(t, now, event))
            return true;
    } while (transport_carry_out(t, now));
    make_ready(t, now);
    return false;
}

void transport_free_event(struct transport *t, struct transport_event *event)
{
    (void)t;
    if (event->out)
        out_free_event(event->out, event->core);
}

bool transport_is_starved(const struct transport *t)
{
    return t->starved;
}

bool transport_is_closed(const struct transport *t)
{
    return t->ended;
}

bool transport_is_gone(const struct transport *t)
{
    return t->ended && !t->ready.head && !t->out.requests.head && transport_ice_deadline(t, NULL) == RTC_TIME_NEVER;
}

rtc_time_t transport_last_traffic(const struct transport *t)
{
    return t->last_traffic;
}

const struct transport_counters *transport_counters(const struct transport *t)
{
    return &t->counters;
}

struct packet *transport_next_packet(struct transport *t)
{
    struct packet *p = packet_queue_pop(&t->ready);
    if (p && p->path.protocol == PATH_TCP)
        p->dscp = t->marks.most; /* a stream has one mark for all that it carries */
    return p;
}

/* What is asked of a UDP socket for host candidates, where an endpoint's port takes its place. False: it is for others to carry out. */
static bool endpoint_serves(struct transport *t, rtc_time_t now, const struct request *r)
{
    if (r->type == REQUEST_CLOSE)
        return endpoint_release(t->settings->member, r->id);
    if (r->type != REQUEST_OPEN_UDP || !r->name[0])
        return false;
    struct io_result result = {.type = r->type, .id = r->id};
    result.error = endpoint_open(t->settings->member, r->name, r->id, &r->local, &result.local);
    if (!t->ended)
        (void)transport_ice_result(t, now, &result);
    return true;
}

struct request *transport_next_request(struct transport *t, rtc_time_t now)
{
    struct request *r;
    while ((r = out_pop_request(&t->out)) != NULL && t->settings->member && endpoint_serves(t, now, r))
        out_free_request(&t->out, r);
    if (r && !tls_streams_request(t, r))
        t->starved = true;
    return r;
}

void transport_free_request(struct transport *t, struct request *request)
{
    out_free_request(&t->out, request);
}

void transport_refuse_socket(struct transport *t, uint32_t socket)
{
    (void)out_request(&t->out, REQUEST_CLOSE, socket);
}

/* ---- The end ---- */

static void settle_silently(struct transport *t, rtc_time_t now)
{
    for (struct transport_event e; transport_next_event(t, now, &e);)
        transport_free_event(t, &e);
}

static void end(struct transport *t, rtc_time_t now)
{
    struct out *outs[] = {&t->out, &t->sctp_out, &t->rtp_out};
    for (size_t i = 0; i < sizeof outs / sizeof outs[0]; i++)
        for (struct event *e; (e = out_pop_event(outs[i])) != NULL;)
            out_free_event(outs[i], e);
    settle_silently(t, now);
    transport_ice_close(t, now);
    settle_silently(t, now); /* the goodbyes to the relays */
    tls_streams_close(t);
}

void transport_close(struct transport *t, rtc_time_t now)
{
    bool progress;
    if (t->ended)
        return;
    t->ended = true;
    if (t->rtp)
        rtp_session_close(t->rtp, now, &t->rtp_out);
    if (t->channels) {
        data_channels_set_wake(t->channels, NULL, NULL);
        data_channels_close(t->channels, now, &t->sctp_out);
    }
    send_sctp(t, now, &progress);
    dtls_close(t->dtls, &t->out);
    end(t, now);
}

void transport_leave(struct transport *t, rtc_time_t now)
{
    if (t->ended)
        return;
    t->ended = true;
    packet_queue_clear(&t->out.tx);
    packet_queue_clear(&t->rtp_out.tx);
    end(t, now);
}
