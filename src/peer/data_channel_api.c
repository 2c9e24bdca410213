/* SPDX-License-Identifier: MIT */
/* The public names of data channels (webrtc-pc 6.1, 6.2). */
#include "data_channel.h"
#include "negotiation_needed.h"
#include "peer_transport.h"
#include "transport.h"

static int check_init(rtc_peer_connection *pc, size_t label_len, const rtc_data_channel_init *init)
{
    if (label_len > 65535 || init->protocol_len > 65535)
        return peer_fail(pc, RTC_ERR_TYPE, "label or protocol is longer than 65535 bytes");
    if (init->protocol_len > 0 && !init->protocol)
        return peer_fail(pc, RTC_ERR_TYPE, "protocol_len is %zu, but protocol is NULL", init->protocol_len);
    if (init->has_max_retransmits && init->has_max_packet_life_time)
        return peer_fail(pc, RTC_ERR_TYPE, "max_retransmits and max_packet_life_time_ms exclude each other");
    if (init->negotiated && init->id == CHANNEL_ID_NONE)
        return peer_fail(pc, RTC_ERR_TYPE, "id 65535 is reserved");
    return RTC_OK;
}

static int read_init(rtc_peer_connection *pc, const rtc_data_channel_init *given, rtc_data_channel_init *init)
{
    int error = peer_options(pc, init, sizeof *init, given, "rtc_data_channel_init");
    if (error)
        return error;
    if (init->protocol && init->protocol_len == 0)
        init->protocol_len = strlen(init->protocol);
    /* The flags are for the zeros: a number that was given counts. */
    init->has_max_retransmits = init->has_max_retransmits || init->max_retransmits > 0;
    init->has_max_packet_life_time = init->has_max_packet_life_time || init->max_packet_life_time_ms > 0;
    return RTC_OK;
}

/* Of the section of data; before there is one, of the first. */
static struct transport *data_transport(const rtc_peer_connection *pc)
{
    return pc->transports.items[negotiation_now(&pc->negotiation)->data_transport]; /* that an answer named last */
}

int rtc_peer_connection_create_data_channel(rtc_peer_connection *pc, const char *label, size_t label_len,
                                            const rtc_data_channel_init *given, rtc_data_channel **out)
{
    if (!pc || !out || (!label && label_len > 0))
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_create_data_channel: %s is NULL",
                         !pc    ? "connection"
                         : !out ? "out"
                                : "label");
    rtc_data_channel_init init;
    int error = peer_begin(pc);
    if (!error)
        error = read_init(pc, given, &init);
    if (!error)
        error = check_init(pc, label_len, &init);
    if (!error)
        error = peer_need_transport(pc, true);
    if (!error)
        error = data_channel_open(pc, data_transport(pc), slice_of(label, label_len), &init, out);
    if (error)
        return peer_end(pc, error);
    pc->negotiation.wants_data = true;
    negotiation_update_needed(pc);
    peer_settle(pc);
    return RTC_OK;
}

/* What a call on the channel begins with that may fail. */
static void forget_error(rtc_data_channel *c)
{
    if (c->connection)
        c->connection->last_error[0] = 0;
}

int rtc_data_channel_set_callbacks(rtc_data_channel *c, const rtc_data_channel_callbacks *callbacks, void *user)
{
    if (!c)
        return error_say(RTC_ERR_TYPE, "rtc_data_channel_set_callbacks: channel is NULL");
    forget_error(c);
    int error = peer_options(c->connection, &c->callbacks, sizeof c->callbacks, callbacks, "rtc_data_channel_callbacks");
    if (error)
        return error;
    c->user = user;
    c->has_callbacks = callbacks != NULL;
    /* What waited is delivered from the loop, not inside this call. */
    if (c->has_callbacks && c->waiting.head && c->connection) {
        (void)data_channel_tell(c, DATA_CHANNEL_MESSAGE, 0);
        peer_settle(c->connection);
    }
    return RTC_OK;
}

/* webrtc-pc 6.2, send(). */
static int refuse_message(rtc_data_channel *c, int error, size_t len)
{
    rtc_peer_connection *pc = c->connection;
    if (error == RTC_ERR_QUOTA_EXCEEDED) /* how a sender that fills the buffer learns that it is full: nothing for the log */
        return peer_say(pc, RTC_ERR_OPERATION, "the send buffer is full: wait for on_buffered_amount_low");
    if (error == RTC_ERR_TYPE)
        return peer_fail(pc, error, "a message of %zu bytes is over the %llu that the peer takes", len,
                         (unsigned long long)data_channels_max_message(transport_channels(c->transport)));
    if (error == RTC_ERR_INVALID_STATE)
        return peer_fail(pc, error, "nothing can be sent: the peer closes the channel");
    return peer_fail(pc, error, "the message was not taken: %s", rtc_error_message(error));
}

static int send_message(rtc_data_channel *c, bool text, const void *data, size_t len)
{
    rtc_peer_connection *pc = c->connection;
    forget_error(c);
    if (!data && len > 0)
        return peer_fail(pc, RTC_ERR_TYPE, "a message of %zu bytes, but its address is NULL", len);
    if (c->state != RTC_DATA_CHANNEL_OPEN)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "nothing can be sent: the channel is %s", rtc_data_channel_state_name(c->state));
    if (!pc)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "nothing can be sent: the channel is closed below");
    struct transport *t = c->transport;
    uint64_t before = data_channel_buffered(c);
    int error = data_channels_send(transport_channels(t), peer_now(pc), c->handle, text, slice_of(data, len), transport_channels_out(t));
    if (error)
        return refuse_message(c, error, len);
    data_channel_sent(c, before, len);
    peer_settle(pc);
    return RTC_OK;
}

int rtc_data_channel_send_text(rtc_data_channel *c, const char *text, size_t len)
{
    return c ? send_message(c, true, text, len) : error_say(RTC_ERR_TYPE, "rtc_data_channel_send_text: channel is NULL");
}

int rtc_data_channel_send(rtc_data_channel *c, const void *data, size_t len)
{
    return c ? send_message(c, false, data, len) : error_say(RTC_ERR_TYPE, "rtc_data_channel_send: channel is NULL");
}

void rtc_data_channel_close(rtc_data_channel *c)
{
    if (!c)
        return;
    data_channel_close(c);
    if (c->connection)
        peer_settle(c->connection);
}

const char *rtc_data_channel_label(const rtc_data_channel *c, size_t *len)
{
    if (len)
        *len = c->parameters.label_len;
    return c->parameters.label;
}

const char *rtc_data_channel_protocol(const rtc_data_channel *c, size_t *len)
{
    if (len)
        *len = c->parameters.protocol_len;
    return c->parameters.protocol;
}

rtc_data_channel_state rtc_data_channel_ready_state(const rtc_data_channel *c)
{
    return c->state;
}

bool rtc_data_channel_ordered(const rtc_data_channel *c)
{
    return !c->parameters.unordered;
}

bool rtc_data_channel_negotiated(const rtc_data_channel *c)
{
    return c->parameters.negotiated;
}

int rtc_data_channel_max_retransmits(const rtc_data_channel *c)
{
    return c->parameters.max_retransmits;
}

int rtc_data_channel_max_packet_life_time_ms(const rtc_data_channel *c)
{
    return c->parameters.max_packet_life_ms;
}

uint16_t rtc_data_channel_priority(const rtc_data_channel *c)
{
    return c->parameters.priority;
}

int rtc_data_channel_id(const rtc_data_channel *c)
{
    struct data_channel_info info;
    if (c->id >= 0 || !c->connection || !data_channels_info(transport_channels(c->transport), c->handle, &info))
        return c->id;
    return info.id == CHANNEL_ID_NONE ? -1 : info.id;
}

uint64_t rtc_data_channel_buffered_amount(const rtc_data_channel *c)
{
    return data_channel_buffered(c);
}

uint64_t rtc_data_channel_buffered_amount_low_threshold(const rtc_data_channel *c)
{
    return c->low_threshold;
}

void rtc_data_channel_set_buffered_amount_low_threshold(rtc_data_channel *c, uint64_t bytes)
{
    c->low_threshold = bytes;
    if (c->connection)
        data_channels_set_buffered_low(transport_channels(c->transport), c->handle, bytes);
}

void *rtc_data_channel_user(const rtc_data_channel *c)
{
    return c->user;
}
