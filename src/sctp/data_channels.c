/* SPDX-License-Identifier: MIT */
/* The whole: one association and its channels, driven by packets and the time. */
#include "data_channels.h"

#include "data_channels_internal.h"
#include "dcep.h"
#include "memory.h"

/* 1150: what is left of 1200 after DTLS, for who does not say; 576: any IPv4 host takes that (RFC 791). */
enum { DEFAULT_CHANNELS = 256, DEFAULT_MTU = 1150, SMALLEST_MTU = 576 };

static void take_options(struct data_channels *dc, const struct data_channels_options *o)
{
    dc->options = *o;
    if (!dc->options.local_port)
        dc->options.local_port = SCTP_DEFAULT_PORT;
    if (!dc->options.remote_port)
        dc->options.remote_port = SCTP_DEFAULT_PORT;
    if (!dc->options.max_channels)
        dc->options.max_channels = DEFAULT_CHANNELS;
    if (!dc->options.max_message_bytes)
        dc->options.max_message_bytes = SCTP_MAX_MESSAGE_BYTES;
    if (!dc->options.mtu)
        dc->options.mtu = DEFAULT_MTU;
    if (dc->options.mtu < SMALLEST_MTU)
        dc->options.mtu = SMALLEST_MTU;
    dc->streams = dc->options.max_channels;
}

int data_channels_new(rtc_context *context, const struct data_channels_options *options, struct data_channels **out)
{
    struct data_channels *dc = memory_zeroed(context, sizeof *dc);
    if (!dc)
        return RTC_ERR_NO_MEMORY;
    dc->context = context;
    take_options(dc, options);
    dc->sending.small_sent = INT64_MIN / 2;
    list_init(&dc->sending.above);
    dc->unread_at = RTC_TIME_NEVER;
    data_channels_set_room(dc, UINT64_MAX, UINT32_MAX);
    channel_queues_init(&dc->queues, context);
    dc->partials = (struct channel_partials){.context = context, .max_message = dc->options.max_message_bytes};
    channel_set_init(&dc->set, context);
    *out = dc;
    return RTC_OK;
}

void data_channels_free(struct data_channels *dc)
{
    if (!dc)
        return;
    assoc_free(dc->assoc);
    dc->assoc = NULL;
    snap_free(dc->snap);
    while (dc->set.count > 0)
        channel_discard(dc, dc->set.channels[dc->set.count - 1]);
    for (size_t id = 0; id < dc->set.ids; id++)
        if (dc->set.by_id[id])
            channel_discard(dc, dc->set.by_id[id]);
    if (dc->refusal)
        channel_free(dc->context, dc->refusal);
    channel_queues_trim(&dc->queues);
    channel_set_fini(&dc->set);
    memory_free(dc->context, dc);
}

void data_channels_set_wake(struct data_channels *dc, void (*wake)(void *user), void *user)
{
    dc->wake = wake;
    dc->wake_user = user;
    if (dc->assoc)
        assoc_set_wake(dc->assoc, wake, user);
}

const struct moves sctp_moves = {
    .module = "sctp",
    .what = "association",
    .count = SCTP_CLOSED + 1,
    .names = {"new", "connecting", "connected", "closed"},
    .allowed =
        {
            [SCTP_NEW] = MOVE_TO(SCTP_CONNECTING) | MOVE_TO(SCTP_CLOSED),
            [SCTP_CONNECTING] = MOVE_TO(SCTP_CONNECTED) | MOVE_TO(SCTP_CLOSED),
            [SCTP_CONNECTED] = MOVE_TO(SCTP_CLOSED),
            [SCTP_CLOSED] = 0,
        },
};

static void set_state(struct data_channels *dc, enum sctp_state state, struct out *out)
{
    if (!moves_allow(&sctp_moves, dc->state, state))
        return;
    dc->state = state;
    struct sctp_event *e = out_event(out, SCTP_EVENT_STATE);
    if (e)
        e->state = state;
}

void data_channels_set_remote_port(struct data_channels *dc, uint16_t port)
{
    dc->options.remote_port = port;
}

uint64_t data_channels_limit(rtc_context *context, uint64_t remote_max_message_bytes)
{
    return channel_limit(context, remote_max_message_bytes);
}

int data_channels_reserve_ids(struct data_channels *dc)
{
    return channel_ready_refusal(dc) && channel_set_reserve_ids(&dc->set, dc->streams) ? RTC_OK : RTC_ERR_NO_MEMORY;
}

void data_channels_set_role(struct data_channels *dc, bool dtls_client)
{
    dc->has_role = true; /* it may change when DTLS begins anew: the parity of ids to come */
    dc->dtls_client = dtls_client;
    channel_number_all(dc);
}

void data_channels_set_remote_max(struct data_channels *dc, uint64_t bytes)
{
    dc->remote_max_message_bytes = bytes;
}

static void on_up(struct data_channels *dc, rtc_time_t now, const struct assoc_event *e, struct out *out)
{
    uint16_t least = e->up.streams_out < e->up.streams_in ? e->up.streams_out : e->up.streams_in;
    if (least < dc->streams)
        dc->streams = least;
    set_state(dc, SCTP_CONNECTED, out);
    channel_resume(dc, out);
    channel_start_all(dc, now, out);
}

static void on_lost(struct data_channels *dc, int error, int cause, struct out *out)
{
    set_state(dc, SCTP_CLOSED, out);
    channel_close_all(dc, error, cause, out);
}

static void handle(struct data_channels *dc, rtc_time_t now, const struct assoc_event *e, struct out *out)
{
    switch (e->type) {
    case ASSOC_UP:
        on_up(dc, now, e, out);
        break;
    case ASSOC_RESTARTED:
        channel_restarted(dc, out);
        break;
    case ASSOC_LOST:
        if (!channel_outlive(dc, e, out))
            on_lost(dc, e->lost.clean ? RTC_OK : RTC_ERR_NETWORK, e->lost.cause, out);
        break;
    case ASSOC_MESSAGE:
        channel_receive(dc, e->message.stream, e->message.ppid, e->message.packet, out);
        break;
    case ASSOC_REFUSED:
        if (e->refused.ppid == PPID_DCEP)
            channel_refuse_open(dc, e->refused.stream, out);
        channel_refuse(dc, e->refused.stream, e->refused.error, out);
        break;
    case ASSOC_RESET_INCOMING:
    case ASSOC_RESET_OUTGOING:
        channel_on_reset(dc, e, out);
        break;
    }
}

void data_channels_set_room(struct data_channels *dc, uint64_t bytes, uint32_t events)
{
    dc->room.bytes = bytes;
    dc->room.events = events;
}

/* What every entry ends with: take what came, send what can be sent, tell what changed. */
static void settle(struct data_channels *dc, rtc_time_t now, struct out *out)
{
    struct assoc_event e;
    while (dc->state != SCTP_CLOSED && channel_room_is_left(&dc->room) && assoc_next(dc->assoc, now, &e, out))
        handle(dc, now, &e, out);
    dc->unread_at = channel_room_is_left(&dc->room) ? RTC_TIME_NEVER : now;
    channel_pump(dc, now, false, out);
    channel_request_resets(dc, now, out);
    channel_tell_low(dc, out);
    dc->counters.retransmits = assoc_retransmits(dc->assoc);
}

int data_channels_prepare(const struct data_channels *dc, rtc_time_t now, struct snap **out)
{
    struct assoc_options options = channel_assoc_options(dc);
    options.remote_port = SCTP_DEFAULT_PORT; /* whatever the association before had */
    return snap_new(dc->context, &options, now, out);
}

void data_channels_set_snap(struct data_channels *dc, struct snap *snap)
{
    snap_free(dc->snap);
    dc->snap = snap;
}

/* What both sides prepared; else one that shakes hands, which a peer that is up already takes for a restart (RFC 9260 5.2.2). */
static int begin(struct data_channels *dc, rtc_time_t now, bool *at_once, struct out *out)
{
    bool fits = dc->snap && dc->options.remote_port == SCTP_DEFAULT_PORT; /* for which it was prepared */
    struct assoc *assoc = fits ? snap_begin(dc->snap, now, dc->anew.rtt_us, out) : NULL;
    int error = RTC_OK;
    *at_once = assoc != NULL;
    data_channels_set_snap(dc, NULL);
    if (assoc) {
        assoc_set_wake(assoc, dc->wake, dc->wake_user);
        assoc_set_mtu(assoc, dc->options.mtu);
    } else {
        error = channel_assoc_new(dc, &assoc);
    }
    if (!error && !*at_once)
        error = assoc_connect(assoc, now, out);
    if (error && assoc)
        assoc_free(assoc);
    dc->assoc = error ? NULL : assoc;
    return error;
}

int data_channels_start(struct data_channels *dc, rtc_time_t now, bool dtls_client, uint64_t remote_max, rtc_time_t rtt_us, struct out *out)
{
    bool at_once;
    if (dc->state != SCTP_NEW)
        return RTC_ERR_INVALID_STATE;
    dc->anew.rtt_us = rtt_us;
    int error = begin(dc, now, &at_once, out);
    if (error)
        return error;
    dc->has_role = true;
    dc->dtls_client = dtls_client;
    dc->remote_max_message_bytes = remote_max;
    set_state(dc, SCTP_CONNECTING, out);
    if (at_once)
        channel_began_at_once(dc, now);
    channel_announce_all(dc, now, out);
    if (at_once)
        settle(dc, now, out);
    return RTC_OK;
}

void data_channels_input(struct data_channels *dc, rtc_time_t now, struct slice packet, struct out *out)
{
    if (!dc->assoc)
        return;
    if (!assoc_input(dc->assoc, now, packet, out))
        dc->counters.malformed++;
    else
        channel_hear(dc, packet);
    settle(dc, now, out);
}

void data_channels_tick(struct data_channels *dc, rtc_time_t now, struct out *out)
{
    if (!dc->assoc)
        return;
    assoc_tick(dc->assoc, now, out);
    channel_wait_no_more(dc, now);
    settle(dc, now, out);
    if (list_empty(&dc->queues.active) && assoc_deadline(dc->assoc) - now > 100000)
        channel_queues_trim(&dc->queues); /* idle */
}

rtc_time_t data_channels_deadline(const struct data_channels *dc, enum timer_reason *why)
{
    rtc_time_t at = RTC_TIME_NEVER;
    if (!dc->assoc)
        return at;
    deadline_min(&at, why, assoc_deadline(dc->assoc), TIMER_SCTP);
    if (dc->unread_at != RTC_TIME_NEVER && channel_room_is_left(&dc->room))
        deadline_min(&at, why, dc->unread_at, TIMER_SCTP);
    if (channel_held(dc))
        deadline_min(&at, why, dc->anew.held_until, TIMER_SCTP);
    else if (dc->sending.holding && dc->state == SCTP_CONNECTED)
        deadline_min(&at, why, dc->sending.small_sent, TIMER_SCTP);
    return at;
}

void data_channels_close(struct data_channels *dc, rtc_time_t now, struct out *out)
{
    if (dc->assoc && dc->state != SCTP_CLOSED)
        assoc_abort(dc->assoc, now, out);
    on_lost(dc, RTC_OK, -1, out);
}

void data_channels_lose(struct data_channels *dc, rtc_time_t now, struct out *out)
{
    if (dc->assoc && dc->state != SCTP_CLOSED)
        assoc_abort(dc->assoc, now, out);
    on_lost(dc, RTC_ERR_NETWORK, dc->anew.adrift ? dc->anew.cause : -1, out);
}

void data_channels_expect_restart(struct data_channels *dc)
{
    channel_expect_restart(dc);
}

void data_channels_set_survives(struct data_channels *dc, bool survives)
{
    dc->anew.survives = survives;
}

bool data_channels_are_adrift(const struct data_channels *dc)
{
    return dc->anew.adrift;
}

void data_channels_go_on(struct data_channels *dc, rtc_time_t now, struct out *out)
{
    if (channel_go_on(dc, now, out))
        data_channels_lose(dc, now, out);
}

int data_channels_open(struct data_channels *dc, rtc_time_t now, const struct data_channel_options *options, uint32_t *handle,
                       struct out *out)
{
    return channel_open(dc, now, options, handle, out);
}

int data_channels_send(struct data_channels *dc, rtc_time_t now, uint32_t handle, bool text, struct slice message, struct out *out)
{
    int error = channel_send(dc, now, channel_set_find(&dc->set, handle), text, message, out);
    if (dc->sending.broken && dc->state != SCTP_CLOSED)
        data_channels_lose(dc, now, out);
    return error;
}

void data_channels_close_one(struct data_channels *dc, rtc_time_t now, uint32_t handle, struct out *out)
{
    struct channel *c = channel_set_find(&dc->set, handle);
    if (!c)
        return;
    channel_close(dc, c, out);
    channel_pump(dc, now, false, out);
    channel_request_resets(dc, now, out);
}

void data_channels_set_buffered_low(struct data_channels *dc, uint32_t handle, uint64_t bytes)
{
    struct channel *c = channel_set_find(&dc->set, handle);
    if (!c)
        return;
    c->low.threshold = bytes;
    list_remove(&c->low.above);
    if (channel_buffered(dc, c) > bytes)
        list_append(&dc->sending.above, &c->low.above);
}

void data_channels_set_mtu(struct data_channels *dc, uint16_t mtu)
{
    dc->options.mtu = mtu < SMALLEST_MTU ? SMALLEST_MTU : mtu;
    if (dc->assoc)
        assoc_set_mtu(dc->assoc, dc->options.mtu);
}

bool data_channels_info(const struct data_channels *dc, uint32_t handle, struct data_channel_info *out)
{
    const struct channel *c = channel_set_find(&dc->set, handle);
    if (!c)
        return false;
    *out = (struct data_channel_info){
        .state = c->state,
        .label = slice_of(c->terms.label.text, c->terms.label.len),
        .protocol = slice_of(c->terms.protocol.text, c->terms.protocol.len),
        .unordered = c->terms.unordered,
        .negotiated = c->terms.negotiated,
        .max_retransmits = c->terms.max_retransmits,
        .max_packet_life_ms = c->terms.max_packet_life_ms,
        .id = c->id,
        .priority = c->terms.priority,
        .buffered = channel_buffered(dc, c),
        .messages_sent = c->counts.messages_sent,
        .bytes_sent = c->counts.bytes_sent,
        .messages_received = c->counts.messages_received,
        .bytes_received = c->counts.bytes_received,
    };
    return true;
}

void data_channels_set_user(struct data_channels *dc, uint32_t handle, void *user)
{
    struct channel *c = channel_set_find(&dc->set, handle);
    if (c)
        c->user = user;
}

void *data_channels_user(const struct data_channels *dc, uint32_t handle)
{
    const struct channel *c = channel_set_find(&dc->set, handle);
    return c ? c->user : NULL;
}

void data_channels_forget(struct data_channels *dc, uint32_t handle)
{
    struct channel *c = channel_set_find(&dc->set, handle);
    if (c && c->state == CHANNEL_CLOSED)
        channel_discard(dc, c);
}

uint16_t data_channels_priority(const struct data_channels *dc)
{
    uint16_t most = 0;
    for (size_t i = 0; i < dc->set.count; i++)
        if (dc->set.channels[i]->state == CHANNEL_OPEN && dc->set.channels[i]->terms.priority > most)
            most = dc->set.channels[i]->terms.priority;
    return most;
}

enum sctp_state data_channels_state(const struct data_channels *dc)
{
    return dc->state;
}

uint16_t data_channels_max(const struct data_channels *dc)
{
    return dc->streams;
}

uint64_t data_channels_max_message(const struct data_channels *dc)
{
    return channel_max_message(dc);
}

const struct sctp_counters *data_channels_counters(const struct data_channels *dc)
{
    return &dc->counters;
}
