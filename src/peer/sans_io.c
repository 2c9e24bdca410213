/* SPDX-License-Identifier: MIT */
/* The sans-I/O face (<crtc/transport.h>): packets, requests, results, time and dispatch. */
#include "dtmf_sender.h"
#include "peer_connection.h"
#include "peer_transport.h"
#include "public_address.h"
#include "receive_pipeline.h"
#include "session_dump.h"
#include "transceiver.h"
#include "transport.h"

_Static_assert((int)RTC_REQUEST_OPEN_UDP == REQUEST_OPEN_UDP && (int)RTC_REQUEST_OPEN_TCP == REQUEST_OPEN_TCP &&
                   (int)RTC_REQUEST_LISTEN_TCP == REQUEST_LISTEN_TCP && (int)RTC_REQUEST_JOIN_MULTICAST == REQUEST_JOIN_MULTICAST &&
                   (int)RTC_REQUEST_SHARED == REQUEST_SHARED && (int)RTC_REQUEST_MESSAGES == REQUEST_MESSAGES &&
                   (int)RTC_REQUEST_CLOSE == REQUEST_CLOSE && (int)RTC_REQUEST_RESOLVE == REQUEST_RESOLVE &&
                   (int)RTC_REQUEST_INTERFACES == REQUEST_INTERFACES,
               "public and internal request types are the same numbers");

_Static_assert(sizeof(rtc_address) == 24 && sizeof(rtc_path) == 56,
               "values of the public face that never grow (docs/decisions/0036-what-the-face-carries.md)");

/* Of a connection that is silent for so long, what it recycles is given back but for one packet: the next consent check's. */
enum { IDLE_TRIM_US = 1000000, IDLE_KEEPS_PACKETS = 1 };

/* An rtc_packet is a struct packet. */
static struct packet *inner(const rtc_packet *packet)
{
    return (struct packet *)(uintptr_t)packet;
}

rtc_packet *rtc_packet_new(rtc_peer_connection *pc)
{
    struct packet *p = packet_new(pc->settings.pool);
    if (!p)
        (void)error_plain(RTC_ERR_NO_MEMORY);
    return (rtc_packet *)p;
}

void rtc_packet_free(rtc_packet *packet)
{
    packet_free(inner(packet));
}

uint8_t *rtc_packet_data(rtc_packet *packet)
{
    return packet_data(inner(packet));
}

size_t rtc_packet_len(const rtc_packet *packet)
{
    return inner(packet)->len;
}

size_t rtc_packet_capacity(const rtc_packet *packet)
{
    return inner(packet)->len + packet_tailroom(inner(packet));
}

int rtc_packet_set_len(rtc_packet *packet, size_t len)
{
    if (len > rtc_packet_capacity(packet))
        return error_say(RTC_ERR_RANGE, "%zu bytes are over the packet's %zu", len, rtc_packet_capacity(packet));
    inner(packet)->len = (uint32_t)len;
    return RTC_OK;
}

void rtc_packet_path(const rtc_packet *packet, rtc_path *out)
{
    const struct path *path = &inner(packet)->path;
    *out = (rtc_path){path->socket, path->protocol, address_out(&path->local), address_out(&path->remote)};
}

unsigned rtc_packet_dscp(const rtc_packet *packet)
{
    return inner(packet)->dscp;
}

rtc_ecn rtc_packet_ecn(const rtc_packet *packet)
{
    return (rtc_ecn)inner(packet)->ecn;
}

int rtc_packet_set_ecn(rtc_packet *packet, rtc_ecn ecn)
{
    if ((unsigned)ecn > RTC_ECN_CE)
        return error_say(RTC_ERR_RANGE, "%u is none of the four codepoints of ECN", (unsigned)ecn);
    inner(packet)->ecn = (uint8_t)ecn;
    return RTC_OK;
}

void rtc_packet_set_arrival(rtc_packet *packet, rtc_time_t arrived)
{
    inner(packet)->arrived = arrived;
}

/* Pictures that are decoded and wait to be shown. */
static rtc_time_t tick_receiver(rtc_peer_connection *pc, const rtc_rtp_receiver *receiver, bool show)
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (size_t i = 0; i < receiver->stream_count; i++) {
        if (show)
            receive_pipeline_tick(receiver->streams[i].pipeline, pc->now);
        rtc_time_t next = receive_pipeline_deadline(receiver->streams[i].pipeline);
        at = next < at ? next : at;
    }
    return at;
}

static rtc_time_t tick_receivers(rtc_peer_connection *pc, bool show)
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_time_t next = tick_receiver(pc, &link_owner(l, rtc_rtp_transceiver, link)->receiver, show);
        at = next < at ? next : at;
    }
    return at;
}

/* Tones that wait for their time. */
static rtc_time_t tick_tones(rtc_peer_connection *pc, bool play)
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (play)
            dtmf_sender_tick(t, pc->now);
        rtc_time_t next = dtmf_sender_deadline(t);
        at = next < at ? next : at;
    }
    return at;
}

static void advance(rtc_peer_connection *pc, rtc_time_t now)
{
    if (now > pc->now)
        pc->now = now;
    event_queue_turn(&pc->events);
}

void rtc_peer_connection_receive(rtc_peer_connection *pc, rtc_time_t now, const rtc_path *path, rtc_packet *packet)
{
    struct packet *p = inner(packet);
    struct transport *t = peer_transports_by_socket(&pc->transports, path->socket);
    advance(pc, now);
    bool ended = t && transport_is_closed(t); /* its relays may be waiting for an answer */
    if (!t || (!ended && (pc->life != PEER_OPEN || event_queue_overflows(&pc->events)))) {
        if (t)
            transport_count_over_limit(t);
        packet_free(p);
        return;
    }
    p->path = (struct path){path->socket, (uint8_t)path->protocol, address_in(&path->local), address_in(&path->remote)};
    peer_give_room(pc);
    transport_receive(t, pc->now, p);
    peer_run_transport(pc, pc->now);
}

void rtc_peer_connection_receive_copy(rtc_peer_connection *pc, rtc_time_t now, const rtc_path *path, const void *data, size_t len)
{
    struct packet *p = packet_new(pc->settings.pool);
    if (!p || len > packet_tailroom(p)) {
        packet_free(p);
        return;
    }
    if (len > 0)
        memcpy(packet_data(p), data, len);
    p->len = (uint32_t)len;
    rtc_peer_connection_receive(pc, now, path, (rtc_packet *)p);
}

static const size_t first_interface = offsetof(rtc_interface, prefix_length);

/* What an older program's lacks is zero; what a newer one's has more is not for us. */
static rtc_interface interface_at(const rtc_result *result, size_t i)
{
    rtc_interface given = {.index = 0};
    size_t stride = result->interface_size ? result->interface_size : first_interface;
    memcpy(&given, (const char *)result->interfaces + i * stride, stride < sizeof given ? stride : sizeof given);
    return given;
}

/* Copies of the public arrays in the internal types; `in` then points at them. */
static int copy_lists(rtc_context *context, const rtc_result *result, struct io_result *in, void **memory)
{
    size_t addresses = result->address_count, interfaces = result->interface_count;
    if (addresses > 1024 || interfaces > 1024)
        return error_say(RTC_ERR_TYPE, "rtc_result: more than 1024 addresses or interfaces");
    if (result->interface_size && (result->interface_size < first_interface || result->interface_size > 4096))
        return error_say(RTC_ERR_TYPE, "rtc_result.interface_size is %zu, which is no size of it", result->interface_size);
    struct address *a = memory_zeroed(context, addresses * sizeof *a + interfaces * sizeof(struct io_interface) + 1);
    if (!a)
        return error_plain(RTC_ERR_NO_MEMORY);
    struct io_interface *f = (struct io_interface *)(a + addresses);
    for (size_t i = 0; i < addresses; i++)
        a[i] = address_in(&result->addresses[i]);
    for (size_t i = 0; i < interfaces; i++) {
        rtc_interface given = interface_at(result, i);
        f[i].address = address_in(&given.address);
        memcpy(f[i].name, given.name, sizeof f[i].name - 1);
        f[i].index = given.index;
        f[i].type = given.type;
        f[i].prefix_length = given.prefix_length;
    }
    in->addresses = a;
    in->address_count = addresses;
    in->interfaces = f;
    in->interface_count = interfaces;
    *memory = a;
    return RTC_OK;
}

int rtc_peer_connection_result(rtc_peer_connection *pc, rtc_time_t now, const rtc_result *given)
{
    rtc_result result;
    if (!pc || !given)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_result: %s is NULL", pc ? "result" : "connection");
    pc->last_error[0] = 0;
    int error = peer_options(pc, &result, sizeof result, given, "rtc_result");
    if (!error && ((result.address_count > 0 && !result.addresses) || (result.interface_count > 0 && !result.interfaces)))
        error = peer_fail(pc, RTC_ERR_TYPE, "rtc_result: a list of %zu entries is NULL", result.address_count + result.interface_count);
    if (error)
        return error;
    advance(pc, now);
    if (pc->transports.count == 0 || peer_is_closed(pc))
        return RTC_OK;
    struct io_result in = {
        .type = (enum request_type)result.type,
        .id = result.id,
        .error = result.error,
        .local = address_in(&result.local),
        .socket = result.socket,
        .remote = address_in(&result.remote),
    };
    void *memory = NULL;
    error = copy_lists(pc->context, &result, &in, &memory);
    if (error)
        return peer_fail(pc, error, "%s", rtc_last_error());
    peer_take_result(pc, &in);
    memory_free(pc->context, memory);
    return RTC_OK;
}

/* A loop does the same for its own, which others use too. */
static void trim_pool(rtc_peer_connection *pc)
{
    const struct peer_transports *all = &pc->transports;
    if (!pc->driver.loop && !peer_transports_closed(all) && pc->now - peer_transports_last_traffic(all) > IDLE_TRIM_US)
        packet_pool_trim(pc->settings.pool, IDLE_KEEPS_PACKETS);
}

void rtc_peer_connection_tick(rtc_peer_connection *pc, rtc_time_t now)
{
    advance(pc, now);
    if (!peer_is_closed(pc)) {
        mailbox_run(pc->driver.mailbox, pc->now);
        if (pc->output_waits) /* before what is due now, which came later */
            peer_run_transport(pc, pc->now);
        (void)tick_receivers(pc, true);
        session_dump_tick(pc);
        (void)tick_tones(pc, true);
    }
    if (pc->transports.count == 0)
        return;
    if (peer_gave_up(pc))
        peer_end_transport(pc);
    peer_forget_left(pc);
    peer_give_room(pc);
    peer_transports_tick(&pc->transports, pc->now);
    trim_pool(pc);
    peer_run_transport(pc, pc->now);
    if (peer_is_closed(pc))
        peer_end_linger(pc);
}

rtc_time_t rtc_peer_connection_deadline(rtc_peer_connection *pc, const char **why)
{
    enum timer_reason reason = TIMER_NONE;
    rtc_time_t at = RTC_TIME_NEVER;
    if (peer_gave_up(pc) && !peer_transports_closed(&pc->transports)) {
        reason = TIMER_EVENT; /* to end it */
        at = pc->now;
    } else if (pc->transports.count > 0) {
        peer_give_room(pc);
        at = peer_transports_deadline(&pc->transports, &reason);
    }
    if (!peer_is_closed(pc)) {
        if (pc->life == PEER_OPEN && peer_transports_any_left(&pc->transports)) /* peer_forget_left() */
            deadline_min(&at, &reason, pc->now, TIMER_EVENT);
        deadline_min(&at, &reason, mailbox_deadline(pc->driver.mailbox), TIMER_CODEC);
        deadline_min(&at, &reason, tick_receivers(pc, false), TIMER_RTP_PLAYOUT);
        deadline_min(&at, &reason, session_dump_deadline(pc), TIMER_EVENT);
        deadline_min(&at, &reason, tick_tones(pc, false), TIMER_EVENT);
    }
    if (why)
        *why = timer_reason_name(reason);
    return at;
}

rtc_packet *rtc_peer_connection_next_packet(rtc_peer_connection *pc)
{
    return (rtc_packet *)peer_transports_next_packet(&pc->transports);
}

bool rtc_peer_connection_next_request(rtc_peer_connection *pc, rtc_request *out)
{
    struct transport *asker;
    struct request *r = peer_transports_next_request(&pc->transports, pc->now, &asker);
    if (pc->transports.count > 0 && (pc->settings.member || peer_transports_starved(&pc->transports)))
        peer_run_transport(pc, pc->now); /* what the endpoint saw to has consequences */
    if (!r)
        return false;
    rtc_request request = {
        .size = sizeof request,
        .type = (uint32_t)r->type,
        .id = r->id,
        .local = address_out(&r->local),
        .remote = address_out(&r->remote),
        .socket = r->socket,
        .flags = r->flags,
        .port_min = r->port_min,
        .port_max = r->port_max,
    };
    if (r->type != REQUEST_OPEN_UDP)
        memcpy(request.name, r->name, sizeof request.name);
    transport_free_request(asker, r);
    size_t size = out->size < sizeof request ? out->size : sizeof request;
    request.size = size;
    memcpy(out, &request, size);
    return true;
}

size_t rtc_peer_connection_dispatch(rtc_peer_connection *pc)
{
    size_t ran = 0;
    (void)rtc_peer_connection_ref(pc);
    while (!atomic_load(&pc->references.released) && event_queue_run(&pc->events, pc)) {
        ran++;
        if (pc->output_waits)
            peer_settle(pc);
    }
    rtc_peer_connection_unref(pc);
    return ran;
}

void rtc_peer_connection_set_wake(rtc_peer_connection *pc, void (*wake)(void *user), void *user)
{
    peer_driver_set_wake(&pc->driver, wake, user);
}
