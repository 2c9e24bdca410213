/* SPDX-License-Identifier: MIT */
/* RTCDataChannel (webrtc-pc 6.2) as an object; see data_channel.h. */
#include "data_channel.h"

#include "peer.h"
#include "peer_record.h"
#include "references.h"
#include "transport.h"

static void destroy(rtc_data_channel *c)
{
    rtc_context *context = c->context;
    packet_queue_clear(&c->waiting);
    memory_free(context, c->parameters.label);
    memory_free(context, c->parameters.protocol);
    memory_free(context, c);
    rtc_context_unref(context);
}

rtc_data_channel *rtc_data_channel_ref(rtc_data_channel *c)
{
    if (c)
        references_take(&c->references);
    return c;
}

void rtc_data_channel_unref(rtc_data_channel *c)
{
    if (c && references_drop(&c->references))
        destroy(c);
}

static rtc_data_channel *create(rtc_peer_connection *pc, struct slice label, struct slice protocol)
{
    rtc_data_channel *c = memory_zeroed(pc->context, sizeof *c);
    if (!c)
        return NULL;
    atomic_init(&c->references, 1);
    c->context = rtc_context_ref(pc->context);
    list_init(&c->link);
    c->parameters.label = memory_text(pc->context, label.data, label.len);
    c->parameters.protocol = memory_text(pc->context, protocol.data, protocol.len);
    c->parameters.label_len = label.len;
    c->parameters.protocol_len = protocol.len;
    c->id = -1;
    if (!c->parameters.label || !c->parameters.protocol) {
        destroy(c);
        return NULL;
    }
    return c;
}

/* The connection's reference. */
static void adopt(rtc_peer_connection *pc, rtc_data_channel *c)
{
    c->connection = pc;
    data_channels_set_user(transport_channels(c->transport), c->handle, c);
    list_append(&pc->channels.list, &rtc_data_channel_ref(c)->link);
}

rtc_data_channel *data_channel_by_handle(const struct transport *transport, uint32_t handle)
{
    return data_channels_user(transport_channels(transport), handle);
}

rtc_data_channel *data_channel_new_remote(rtc_peer_connection *pc, struct transport *transport, uint32_t handle)
{
    struct data_channel_info info;
    if (!data_channels_info(transport_channels(transport), handle, &info))
        return NULL;
    rtc_data_channel *c = create(pc, info.label, info.protocol);
    if (!c)
        return NULL;
    c->transport = transport;
    c->handle = handle;
    c->parameters.unordered = info.unordered;
    c->parameters.max_retransmits = info.max_retransmits;
    c->parameters.max_packet_life_ms = info.max_packet_life_ms;
    c->parameters.priority = info.priority;
    c->id = info.id;
    c->below = RTC_DATA_CHANNEL_OPEN;
    c->was_open = true;
    pc->channels.opened++;
    adopt(pc, c);
    peer_record(pc, "ondatachannel", "label:x ordered:b id:d", info.label, !c->parameters.unordered, c->id);
    rtc_data_channel_unref(c);
    return c;
}

static int open_below(rtc_peer_connection *pc, rtc_data_channel *c, uint16_t id)
{
    struct transport *t = c->transport;
    struct data_channel_options options = {
        .label = slice_of(c->parameters.label, c->parameters.label_len),
        .protocol = slice_of(c->parameters.protocol, c->parameters.protocol_len),
        .unordered = c->parameters.unordered,
        .max_retransmits = c->parameters.max_retransmits,
        .max_packet_life_ms = c->parameters.max_packet_life_ms,
        .negotiated = c->parameters.negotiated,
        .id = c->parameters.negotiated ? id : CHANNEL_ID_NONE,
        .priority = c->parameters.priority,
    };
    int error = data_channels_open(transport_channels(t), pc->now, &options, &c->handle, transport_channels_out(t));
    if (error == RTC_ERR_RANGE)
        return peer_fail(pc, RTC_ERR_OPERATION, "the channel can not be opened: id %u is beyond the %u channels that both sides have", id,
                         data_channels_max(transport_channels(t)));
    if (error == RTC_ERR_OPERATION)
        return c->parameters.negotiated
                   ? peer_fail(pc, error, "the channel can not be opened: id %u is taken", id)
                   : peer_fail(pc, error, "the channel can not be opened: none of the %u ids is left", pc->settings.max_channels);
    return error ? peer_fail(pc, error, "the channel can not be opened: %s", rtc_error_message(error)) : RTC_OK;
}

int data_channel_open(rtc_peer_connection *pc, struct transport *t, struct slice label, const rtc_data_channel_init *init,
                      rtc_data_channel **out)
{
    int error = transport_need_channels(t);
    if (error)
        return error;
    rtc_data_channel *c = create(pc, label, slice_of(init->protocol, init->protocol_len));
    if (!c)
        return RTC_ERR_NO_MEMORY;
    c->transport = t;
    c->parameters.unordered = init->unordered;
    c->parameters.negotiated = init->negotiated;
    c->parameters.max_retransmits = init->has_max_retransmits ? init->max_retransmits : -1;
    c->parameters.max_packet_life_ms = init->has_max_packet_life_time ? init->max_packet_life_time_ms : -1;
    c->parameters.priority = init->priority ? init->priority : CHANNEL_PRIORITY_LOW;
    c->id = init->negotiated ? init->id : -1;
    error = open_below(pc, c, init->id);
    if (error) {
        rtc_data_channel_unref(c);
        return error;
    }
    adopt(pc, c);
    peer_record(pc, "createDataChannel", "label:x ordered:b protocol:x negotiated:b id:d", label, !init->unordered,
                slice_of(c->parameters.protocol, c->parameters.protocol_len), init->negotiated, c->id);
    *out = c;
    return RTC_OK;
}

void data_channel_close(rtc_data_channel *c)
{
    rtc_peer_connection *pc = c->connection;
    if (c->state >= RTC_DATA_CHANNEL_CLOSING)
        return;
    if (!pc || c->below >= RTC_DATA_CHANNEL_CLOSING) { /* the peer was faster, which is still to be told */
        c->state = RTC_DATA_CHANNEL_CLOSING;
        return;
    }
    struct transport *t = c->transport;
    c->closed_here = true;
    c->state = c->below =
        RTC_DATA_CHANNEL_CLOSING; /* webrtc-pc 6.2: close() sets it without an event; "closing" is for the peer's closing */
    data_channels_close_one(transport_channels(t), peer_now(pc), c->handle, transport_channels_out(t));
    pc->output_waits = true;
}

/* ---- Messages that wait for callbacks ---- */

static void deliver(rtc_data_channel *c, struct packet *message)
{
    /* webrtc-pc 6.2: what comes to a channel that this side closed is discarded. */
    if (c->callbacks.on_message && !c->silent && !c->closed_here)
        c->callbacks.on_message(c, c->user, (message->flags & PACKET_TEXT) != 0, packet_data(message), message->len);
}

static struct packet *take_waiting(rtc_peer_connection *pc, rtc_data_channel *c)
{
    struct packet *p = packet_queue_pop(&c->waiting);
    uint64_t cost = p ? packet_cost(p) : 0;
    pc->events.kept_bytes -= cost;
    c->waiting_bytes -= cost;
    return p;
}

/* Nobody took the messages that wait. Once the channel is closed and this was told, or will not be told, they go: packets are the loop's,
 * and the handle's last reference may go on any thread. */
static void forget_waiting(rtc_peer_connection *pc, rtc_data_channel *c)
{
    for (struct packet *p; (p = take_waiting(pc, c)) != NULL;)
        packet_free(p);
}

static void drain_waiting(rtc_peer_connection *pc, rtc_data_channel *c)
{
    for (struct packet *p; c->has_callbacks && !c->silent && (p = take_waiting(pc, c)) != NULL; packet_free(p))
        deliver(c, p);
}

/* Of the channels that nobody listens to, the one that keeps most, when `c` takes so much more. */
static rtc_data_channel *find_hoarder(const rtc_peer_connection *pc, rtc_data_channel *c, uint64_t more)
{
    rtc_data_channel *most = c;
    uint64_t bytes = c->waiting_bytes + more;
    for (struct link *l = pc->channels.list.next; l != &pc->channels.list; l = l->next) {
        rtc_data_channel *other = link_owner(l, rtc_data_channel, link);
        if (other == c || other->has_callbacks || other->waiting_bytes <= bytes)
            continue;
        most = other;
        bytes = other->waiting_bytes;
    }
    return most;
}

static void end_hoarding(rtc_data_channel *c)
{
    log_write(c->context, RTC_LOG_WARNING, "peer", "channel '%s' is closed: too many messages wait, and it has no callbacks",
              c->parameters.label);
    data_channel_close(c);
    c->ignored = true; /* what is still on its way */
}

/* Keeps the event's message for callbacks to come. What nobody listens to must neither pile up without end nor hold up the other channels:
 * they have half of what may wait, and beyond it the channel that keeps most is closed, and loses what it keeps when that is another. */
static void keep(rtc_peer_connection *pc, rtc_data_channel *c, struct user_event *e)
{
    uint64_t cost = packet_cost(e->packet), most = context_limits(pc->context)->waiting_bytes / 2;
    rtc_data_channel *hoarder = NULL;
    while (!c->ignored && hoarder != c && pc->events.kept_bytes > 0 && pc->events.kept_bytes + cost > most) {
        hoarder = find_hoarder(pc, c, cost);
        end_hoarding(hoarder);
        if (hoarder != c)
            forget_waiting(pc, hoarder);
    }
    if (c->ignored)
        return;
    packet_queue_push(&c->waiting, e->packet);
    pc->events.kept_bytes += cost;
    c->waiting_bytes += cost;
    e->packet = NULL;
}

static void run_message(rtc_peer_connection *pc, rtc_data_channel *c, struct user_event *e)
{
    drain_waiting(pc, c);
    if (e->packet && c->has_callbacks)
        deliver(c, e->packet);
    else if (e->packet)
        keep(pc, c, e);
}

/* ---- What the application is told ---- */

static const char *words_for(int error)
{
    switch (error) {
    case RTC_ERR_NETWORK:
        return "the SCTP association ended";
    case RTC_ERR_RANGE:
        return "the id is beyond the channels that both sides have";
    default:
        return rtc_error_message(error);
    }
}

/* RTCError (webrtc-pc 6.2, 11): a channel is closed by then without its association, and when it could not be made. */
static void tell_error(rtc_data_channel *c, const struct user_event *e)
{
    bool lost = e->value == RTC_ERR_NETWORK;
    const int *cause = e->more;
    const rtc_error_info info = {
        .size = sizeof info,
        .error = RTC_ERR_OPERATION,
        .message = words_for(e->value),
        .detail = lost ? RTC_ERROR_SCTP_FAILURE : RTC_ERROR_DATA_CHANNEL_FAILURE,
        .sdp_line_number = -1,
        .sctp_cause_code = lost && cause ? *cause : -1,
        .received_alert = -1,
        .sent_alert = -1,
        .http_request_status_code = -1,
    };
    if (lost || c->state == RTC_DATA_CHANNEL_CONNECTING)
        c->state = RTC_DATA_CHANNEL_CLOSED;
    if (c->callbacks.on_error)
        c->callbacks.on_error(c, c->user, &info);
}

static void tell_low(rtc_data_channel *c)
{
    c->low_queued = false;
    if (c->callbacks.on_buffered_amount_low && data_channel_buffered(c) <= c->low_threshold)
        c->callbacks.on_buffered_amount_low(c, c->user);
}

/* "Announce the data channel as open"; one that closes by now is not announced. */
static void tell_open(rtc_data_channel *c)
{
    if (c->state == RTC_DATA_CHANNEL_CONNECTING)
        c->state = RTC_DATA_CHANNEL_OPEN;
    if (c->callbacks.on_open && c->state == RTC_DATA_CHANNEL_OPEN)
        c->callbacks.on_open(c, c->user);
}

static void tell(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_data_channel *c = e->object;
    const rtc_data_channel_callbacks *cb = &c->callbacks;
    switch ((enum data_channel_event)e->type) {
    case DATA_CHANNEL_NEW:
        c->state = RTC_DATA_CHANNEL_OPEN;
        if (pc->callbacks.on_data_channel)
            pc->callbacks.on_data_channel(pc, pc->user, c);
        else
            c->ignored = true;
        break;
    case DATA_CHANNEL_OPEN:
        tell_open(c);
        break;
    case DATA_CHANNEL_MESSAGE:
        run_message(pc, c, e);
        break;
    case DATA_CHANNEL_LOW:
        tell_low(c);
        break;
    case DATA_CHANNEL_CLOSING: /* not when both sides close it */
        if (c->state >= RTC_DATA_CHANNEL_CLOSING)
            break;
        c->state = RTC_DATA_CHANNEL_CLOSING;
        if (cb->on_closing)
            cb->on_closing(c, c->user);
        break;
    case DATA_CHANNEL_ERROR:
        drain_waiting(pc, c);
        tell_error(c, e);
        break;
    case DATA_CHANNEL_CLOSE:
        drain_waiting(pc, c);
        c->state = RTC_DATA_CHANNEL_CLOSED;
        if (cb->on_close)
            cb->on_close(c, c->user);
        break;
    }
}

static void hold(void *c)
{
    (void)rtc_data_channel_ref(c);
}

static void release(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_data_channel *c = e->object;
    if (e->type == DATA_CHANNEL_CLOSE) { /* told, or never to be */
        forget_waiting(pc, c);
        c->state = RTC_DATA_CHANNEL_CLOSED;
    }
    rtc_data_channel_unref(e->object);
}

struct user_event *data_channel_tell(rtc_data_channel *c, enum data_channel_event type, int value)
{
    static const struct event_teller teller = {.tell = tell, .hold = hold, .release = release};
    return peer_tell(c->connection, &teller, (int)type, value, c);
}

void data_channel_tell_low(rtc_data_channel *c)
{
    if (!c->low_queued)
        c->low_queued = data_channel_tell(c, DATA_CHANNEL_LOW, 0) != NULL;
}

void data_channel_fail(rtc_data_channel *c, int error, int cause)
{
    rtc_peer_connection *pc = c->connection;
    int *more = cause >= 0 ? memory_alloc(pc->context, sizeof *more) : NULL;
    struct user_event *e = data_channel_tell(c, DATA_CHANNEL_ERROR, error);
    if (e && more) {
        *more = cause;
        event_queue_carry_more(&pc->events, e, more);
    } else {
        memory_free(pc->context, more); /* without memory: nothing more is said */
    }
}

/* ---- bufferedAmount (webrtc-pc 6.2): what was sent in a turn of the loop counts until the next one, whether it has left or not ---- */

static uint64_t buffered_below(const rtc_data_channel *c)
{
    struct data_channel_info info;
    if (!c->connection || !data_channels_info(transport_channels(c->transport), c->handle, &info))
        return c->last_buffered;
    return info.buffered;
}

uint64_t data_channel_buffered(const rtc_data_channel *c)
{
    uint64_t below = buffered_below(c);
    return c->connection && c->sent_turn == c->connection->events.turn && c->sent_amount > below ? c->sent_amount : below;
}

void data_channel_sent(rtc_data_channel *c, uint64_t before, size_t bytes)
{
    c->sent_turn = c->connection->events.turn;
    c->sent_amount = before + bytes;
}

/* ---- States ---- */

/* Copies what the layer below knows and the handle must keep. */
static void refresh(rtc_data_channel *c)
{
    struct data_channel_info info;
    if (!c->connection || !data_channels_info(transport_channels(c->transport), c->handle, &info))
        return;
    c->id = info.id == CHANNEL_ID_NONE ? -1 : info.id;
    c->last_buffered = data_channel_buffered(c);
}

static void detach(rtc_data_channel *c)
{
    c->below = RTC_DATA_CHANNEL_CLOSED;
    c->connection = NULL;
    list_remove(&c->link);
    rtc_data_channel_unref(c);
}

void data_channel_set_state(rtc_data_channel *c, rtc_data_channel_state state)
{
    rtc_peer_connection *pc = c->connection;
    if (!pc || state <= c->below)
        return;
    refresh(c);
    pc->channels.opened += state == RTC_DATA_CHANNEL_OPEN;
    pc->channels.closed += state == RTC_DATA_CHANNEL_CLOSED && c->was_open;
    c->was_open = c->was_open || state == RTC_DATA_CHANNEL_OPEN;
    c->below = state;
    if (state == RTC_DATA_CHANNEL_OPEN)
        (void)data_channel_tell(c, DATA_CHANNEL_OPEN, 0);
    else if (state == RTC_DATA_CHANNEL_CLOSING)
        (void)data_channel_tell(c, DATA_CHANNEL_CLOSING, 0);
    else if (!data_channel_tell(c, DATA_CHANNEL_CLOSE, 0)) {
        forget_waiting(pc, c);
        c->state = RTC_DATA_CHANNEL_CLOSED;
    }
    if (state != RTC_DATA_CHANNEL_CLOSED)
        return;
    data_channels_forget(transport_channels(c->transport), c->handle);
    detach(c);
}

void data_channel_silence(rtc_data_channel *c)
{
    refresh(c);
    c->silent = true;
    c->state = RTC_DATA_CHANNEL_CLOSED;
    forget_waiting(c->connection, c);
    detach(c);
}

/* ---- Without an id ---- */

static bool is_unnumbered(const rtc_data_channel *c)
{
    struct data_channel_info info;
    return c->below == RTC_DATA_CHANNEL_CONNECTING && data_channels_info(transport_channels(c->transport), c->handle, &info) &&
           info.id == CHANNEL_ID_NONE;
}

size_t data_channel_count_unnumbered(const rtc_peer_connection *pc)
{
    size_t count = 0;
    for (struct link *l = pc->channels.list.next; l != &pc->channels.list; l = l->next)
        count += is_unnumbered(link_owner(l, rtc_data_channel, link));
    return count;
}

/* They are closed before anything is told; their closing below is found there when the transport runs. */
void data_channel_fail_unnumbered(rtc_peer_connection *pc, struct transport *t)
{
    for (struct link *l = pc->channels.list.next; l != &pc->channels.list; l = l->next) {
        rtc_data_channel *c = link_owner(l, rtc_data_channel, link);
        if (c->transport != t || !is_unnumbered(c))
            continue;
        c->state = RTC_DATA_CHANNEL_CLOSED;
        data_channel_fail(c, RTC_ERR_OPERATION, -1);
        data_channels_close_one(transport_channels(t), pc->now, c->handle, transport_channels_out(t));
        pc->output_waits = true;
    }
}
