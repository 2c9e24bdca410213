/* SPDX-License-Identifier: MIT */
/* The peer connection as an object: construction, states, close. */
#include "peer_connection.h"

#include "candidate_pool.h"
#include "closed_mark.h"
#include "configuration.h"
#include "kept_configuration.h"
#include "data_channel.h"
#include "endpoint.h"
#include "negotiation_transport.h"
#include "own_controller.h"
#include "peer_transport.h"
#include "prepared_association.h"
#include "references.h"
#include "remote_streams.h"
#include "peer_record.h"
#include "sending.h"
#include "session_log.h"
#include "transceiver_life.h"
#include "transport.h"
#include "transport_objects.h"

static int store_callbacks(rtc_peer_connection *pc, const rtc_peer_connection_callbacks *callbacks, void *user)
{
    int error = peer_options(pc, &pc->callbacks, sizeof pc->callbacks, callbacks, "rtc_peer_connection_callbacks");
    if (!error)
        pc->user = user;
    return error;
}

static void destroy(rtc_peer_connection *pc)
{
    rtc_context *context = pc->context;
    event_queue_fini(&pc->events, pc);
    transceiver_forget_closed(pc);
    closed_mark_unref(context, pc->held.mark);
    negotiation_fini(context, &pc->negotiation);
    memory_free(context, pc->explanation);
    session_log_unref(pc->log);
    remote_streams_fini(pc);
    prepared_forget(pc);
    peer_transports_fini(context, &pc->transports);
    rtc_sctp_transport_unref(pc->channels.sctp.current);
    rtc_sctp_transport_unref(pc->channels.sctp.next);
    rtc_sctp_transport_unref(pc->channels.sctp.ending);
    endpoint_member_free(pc->settings.member);
    configuration_forget_servers(pc);
    kept_configuration_free(context, pc->configuration);
    own_controller_free(context, pc->settings.controller);
    memory_free(context, pc->settings.authorities_pem);
    memory_free(context, pc->settings.rules);
    certificate_unref(pc->settings.certificate);
    packet_pool_unref(pc->settings.pool);
    reaper_unref(pc->references.reaper);
    peer_driver_fini(&pc->driver);
    memory_free(context, pc);
    rtc_context_unref(context);
}

static int construct(rtc_peer_connection *pc, const rtc_configuration *configuration)
{
    pc->channels.sctp.current = sctp_transport_new(pc->context);
    pc->held.mark = closed_mark_new(pc->context);
    int error = pc->channels.sctp.current && pc->held.mark ? configuration_begin(pc, configuration, peer_lost_endpoint) : RTC_ERR_NO_MEMORY;
    if (!error)
        error = peer_driver_open(&pc->driver, pc->context);
    if (!error && pc->driver.loop) {
        pc->settings.pool = packet_pool_ref(pc->driver.loop->pool);
        pc->references.reaper = reaper_ref(pc->driver.loop->reaper);
    } else if (!error)
        error = packet_pool_new(pc->context, &pc->settings.pool);
    if (!error)
        error = peer_driver_attach(&pc->driver, pc, pc->settings.member ? pc->settings.member->endpoint->port : NULL);
    if (!error)
        error = candidate_pool_start(pc);
    if (!error && pc->transports.count > 0)
        peer_settle(pc);
    if (error && pc->driver.attached)
        peer_driver_detach(&pc->driver);
    return error;
}

int rtc_peer_connection_new(rtc_context *context, const rtc_configuration *configuration, const rtc_peer_connection_callbacks *callbacks,
                            void *user, rtc_peer_connection **out)
{
    context = context_resolve(context);
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_peer_connection_new: out is NULL");
    rtc_peer_connection *pc = context ? memory_zeroed(context, sizeof *pc) : NULL;
    if (!pc)
        return error_plain(RTC_ERR_NO_MEMORY);
    pc->context = rtc_context_ref(context);
    atomic_init(&pc->references.count, 1);
    peer_driver_init(&pc->driver);
    event_queue_init(&pc->events, context);
    list_init(&pc->transceivers);
    list_init(&pc->held.closed);
    list_init(&pc->channels.list);
    decode_budget_init(&pc->decoding, context_limits(context));
    pc->now = context_start_time(context);
    pc->negotiation.session_id = context_random_u64(context) >> 2; /* RFC 9429 5.2.1: 63 bits, and JavaScript-safe peers like fewer */
    pc->settings.next_request_id = &pc->next_request_id;
    pc->settings.wake = peer_driver_wake;
    pc->settings.wake_user = &pc->driver;
    pc->settings.log_number = (uint32_t)(pc->negotiation.session_id % 100000);
    context_random_text(context, pc->settings.cname, sizeof pc->settings.cname - 1);
    int error = store_callbacks(pc, callbacks, user);
    if (!error)
        error = construct(pc, configuration);
    if (error) {
        (void)peer_end(pc, error);
        peer_set_life(pc, PEER_CLOSED);
        if (pc->settings.member)
            endpoint_leave(pc->settings.member);
        destroy(pc);
        return error;
    }
    *out = pc;
    return RTC_OK;
}

rtc_peer_connection *rtc_peer_connection_ref(rtc_peer_connection *pc)
{
    if (pc)
        references_take(&pc->references.count);
    return pc;
}

/* True when it is the last one: it is kept then, so that whoever runs the connection's callbacks at this moment finds it whole. */
static bool drop_unless_last(rtc_peer_connection *pc)
{
    unsigned count = atomic_load_explicit(&pc->references.count, memory_order_acquire);
    while (count > 1)
        if (atomic_compare_exchange_weak_explicit(&pc->references.count, &count, count - 1, memory_order_acq_rel, memory_order_acquire))
            return false;
    return true;
}

/* On the loop's thread, or where there is no loop any more. A callback may have taken a reference since the last one was dropped: that one
 * counts then. */
static void end(struct reaper_entry *grave)
{
    rtc_peer_connection *pc = link_owner(grave, rtc_peer_connection, references.grave);
    atomic_store(&pc->references.released, false);
    if (!drop_unless_last(pc))
        return;
    rtc_peer_connection_close(pc);
    if (references_drop(&pc->references.count)) /* not while its relays are given back */
        destroy(pc);
}

void rtc_peer_connection_unref(rtc_peer_connection *pc)
{
    if (!pc || !drop_unless_last(pc))
        return;
    pc->references.grave.end = end;
    if (!pc->references.reaper) {
        end(&pc->references.grave);
        return;
    }
    atomic_store(&pc->references.released, true);
    reaper_put(pc->references.reaper, &pc->references.grave);
}

void rtc_peer_connection_free(rtc_peer_connection *pc)
{
    if (!pc)
        return;
    (void)store_callbacks(pc, NULL, NULL);
    rtc_peer_connection_close(pc);
    rtc_peer_connection_unref(pc);
}

static void detach_children(rtc_peer_connection *pc)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next)
        sending_flush(link_owner(l, rtc_rtp_transceiver, link));
    while (!list_empty(&pc->channels.list))
        data_channel_silence(link_owner(pc->channels.list.next, rtc_data_channel, link));
    while (!list_empty(&pc->transceivers))
        transceiver_detach(link_owner(pc->transceivers.next, rtc_rtp_transceiver, link));
}

/* Gives the loop up, unless relays are being given back: then in a moment, for which the connection holds on to itself. */
static void leave_loop(rtc_peer_connection *pc)
{
    bool busy = peer_transports_deadline(&pc->transports, NULL) != RTC_TIME_NEVER;
    if (!busy) {
        peer_driver_detach(&pc->driver);
        return;
    }
    (void)rtc_peer_connection_ref(pc);
    peer_set_life(pc, PEER_LINGERING);
    pc->driver.loop->ops->changed(pc->driver.wake_user);
}

void peer_end_linger(rtc_peer_connection *pc)
{
    if (pc->life != PEER_LINGERING || peer_transports_deadline(&pc->transports, NULL) != RTC_TIME_NEVER)
        return;
    peer_set_life(pc, PEER_CLOSED);
    peer_driver_detach(&pc->driver);
    rtc_peer_connection_unref(pc);
}

void rtc_peer_connection_close(rtc_peer_connection *pc)
{
    if (!pc || peer_is_closed(pc))
        return;
    rtc_time_t now = peer_now(pc);
    peer_set_life(pc, PEER_CLOSED);
    atomic_store(&pc->held.mark->closed, true);
    pc->negotiation.signaling = RTC_SIGNALING_CLOSED;
    pc->states.ice = RTC_ICE_CONNECTION_CLOSED;
    pc->states.connection = RTC_PEER_CONNECTION_CLOSED;
    peer_log(pc, RTC_LOG_INFO, "closed");
    peer_record(pc, "close", "");
    event_queue_clear(&pc->events, pc);
    transport_objects_close(pc);
    prepared_forget(pc);
    detach_children(pc);
    peer_transports_close(&pc->transports, now);
    peer_driver_mute(&pc->driver);
    if (pc->driver.attached)
        leave_loop(pc);
    if (pc->settings.member)
        endpoint_leave(pc->settings.member);
}

void *peer_attachment(const rtc_peer_connection *pc)
{
    return pc->driver.attached ? pc->driver.wake_user : NULL;
}

int rtc_peer_connection_set_callbacks(rtc_peer_connection *pc, const rtc_peer_connection_callbacks *callbacks, void *user)
{
    if (!pc)
        return error_say(RTC_ERR_TYPE, "rtc_peer_connection_set_callbacks: connection is NULL");
    pc->last_error[0] = 0;
    return store_callbacks(pc, callbacks, user);
}

int rtc_peer_connection_set_configuration(rtc_peer_connection *pc, const rtc_configuration *configuration)
{
    bool servers_changed = false;
    if (!pc)
        return error_say(RTC_ERR_TYPE, "rtc_peer_connection_set_configuration: connection is NULL");
    uint8_t size_before = kept_pool_size(pc);
    int error = peer_begin(pc);
    if (!error)
        error = configuration_change(pc, configuration, &servers_changed);
    if (!error)
        negotiation_share_bitrate(pc);
    if (!error)
        error = candidate_pool_configured(pc, servers_changed, size_before);
    if (!error)
        peer_settle(pc);
    return peer_end(pc, error);
}

const char *rtc_peer_connection_last_error(const rtc_peer_connection *pc)
{
    return pc ? pc->last_error : rtc_last_error();
}

bool rtc_peer_connection_negotiation_needed(const rtc_peer_connection *pc)
{
    return pc->negotiation.needed && !peer_is_closed(pc);
}

rtc_signaling_state rtc_peer_connection_signaling_state(const rtc_peer_connection *pc)
{
    return pc->negotiation.signaling;
}

rtc_ice_gathering_state rtc_peer_connection_ice_gathering_state(const rtc_peer_connection *pc)
{
    return pc->states.gathering;
}

rtc_ice_connection_state rtc_peer_connection_ice_connection_state(const rtc_peer_connection *pc)
{
    return pc->states.ice;
}

rtc_peer_connection_state rtc_peer_connection_connection_state(const rtc_peer_connection *pc)
{
    return pc->states.connection;
}

void *rtc_peer_connection_user(const rtc_peer_connection *pc)
{
    return pc->user;
}
