/* SPDX-License-Identifier: MIT */
/* Opening: ids and their parity, DATA_CHANNEL_OPEN and ACK both ways (RFC 8832 6). */
#include "data_channels_internal.h"

#include "dcep.h"
#include "log.h"
#include "memory.h"

static uint16_t free_id(const struct data_channels *dc)
{
    for (uint32_t id = dc->dtls_client ? 0 : 1; id < dc->streams; id += 2)
        if (!channel_set_by_id(&dc->set, (uint16_t)id))
            return (uint16_t)id;
    return CHANNEL_ID_NONE;
}

static int send_open(struct data_channels *dc, struct channel *c)
{
    struct dcep_open open = {
        .unordered = c->terms.unordered,
        .max_retransmits = c->terms.max_retransmits,
        .max_packet_life_ms = c->terms.max_packet_life_ms,
        .priority = c->terms.priority,
        .label = slice_of(c->terms.label.text, c->terms.label.len),
        .protocol = slice_of(c->terms.protocol.text, c->terms.protocol.len),
    };
    size_t len = dcep_open_len(&open);
    uint8_t *bytes = memory_alloc(dc->context, len);
    if (!bytes)
        return RTC_ERR_NO_MEMORY;
    int error = dcep_write_open(&open, bytes, len) ? RTC_OK : RTC_ERR_TYPE;
    if (!error)
        error = channel_queue_push(&dc->queues, c, PPID_DCEP, slice_of(bytes, len), 0, RTC_TIME_NEVER);
    memory_free(dc->context, bytes);
    c->opening.announced = !error;
    return error;
}

/* Before the association is up: OPEN then shares the packet of COOKIE ECHO. One that fills a packet, or finds no memory, waits. */
static void announce(struct data_channels *dc, struct channel *c)
{
    bool fits = c->terms.label.len + c->terms.protocol.len <= dc->options.mtu / 2u;
    if (c->id != CHANNEL_ID_NONE && !c->terms.negotiated && fits)
        (void)send_open(dc, c);
}

static void take_free_id(struct data_channels *dc, struct channel *c)
{
    uint16_t id = c->id == CHANNEL_ID_NONE ? free_id(dc) : CHANNEL_ID_NONE;
    if (id != CHANNEL_ID_NONE)
        (void)channel_set_take_id(&dc->set, c, id); /* without memory it has none, and says so when it starts */
}

void channel_number_all(struct data_channels *dc)
{
    for (size_t i = 0; i < dc->set.count; i++)
        if (dc->set.channels[i]->state == CHANNEL_CONNECTING)
            take_free_id(dc, dc->set.channels[i]);
}

void channel_announce_all(struct data_channels *dc, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < dc->set.count; i++) {
        struct channel *c = dc->set.channels[i];
        if (c->state != CHANNEL_CONNECTING)
            continue;
        take_free_id(dc, c);
        announce(dc, c);
    }
    channel_pump(dc, now, false, out);
}

/* Once the association is up. */
static int start(struct data_channels *dc, struct channel *c, struct out *out)
{
    if (c->id == CHANNEL_ID_NONE)
        return RTC_ERR_OPERATION;
    if (c->id >= dc->streams)
        return RTC_ERR_RANGE;
    int error = c->terms.negotiated || c->opening.announced ? RTC_OK : send_open(dc, c);
    if (!error)
        channel_set_state(c, CHANNEL_OPEN, out);
    return error;
}

static void start_or_fail(struct data_channels *dc, struct channel *c, struct out *out)
{
    int error = start(dc, c, out);
    if (!error)
        return;
    channel_fail(c, error, out);
    c->opening.announced = false; /* its stream was not granted: the peer will not hear of it */
    channel_close(dc, c, out);
}

void channel_start_all(struct data_channels *dc, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < dc->set.count; i++) {
        struct channel *c = dc->set.channels[i];
        if (c->state == CHANNEL_CLOSING && c->id >= dc->streams)
            channel_finish(dc, c, out);
        if (c->state != CHANNEL_CONNECTING)
            continue;
        take_free_id(dc, c);
        start_or_fail(dc, c, out);
    }
    channel_pump(dc, now, false, out);
}

/* One that has a handle. */
static struct channel *make(struct data_channels *dc, const struct data_channel_options *o)
{
    struct channel *c = channel_new(dc->context, o);
    if (c && !channel_set_add(&dc->set, c)) {
        channel_free(dc->context, c);
        return NULL;
    }
    return c;
}

static int check_options(const struct data_channels *dc, const struct data_channel_options *o)
{
    bool both = o->max_retransmits >= 0 && o->max_packet_life_ms >= 0;
    if (both || o->label.len > UINT16_MAX || o->protocol.len > UINT16_MAX || (o->negotiated && o->id == CHANNEL_ID_NONE))
        return RTC_ERR_TYPE;
    if (o->negotiated && o->id >= dc->streams && dc->state == SCTP_CONNECTED)
        return RTC_ERR_RANGE;
    if (o->negotiated && channel_set_by_id(&dc->set, o->id))
        return RTC_ERR_OPERATION;
    return RTC_OK;
}

/* The id of a channel that is opened in-band is known once the DTLS role is. */
static int choose_id(const struct data_channels *dc, const struct data_channel_options *o, uint16_t *id)
{
    *id = o->negotiated ? o->id : CHANNEL_ID_NONE;
    if (o->negotiated || !dc->has_role)
        return dc->set.count < dc->streams || o->negotiated ? RTC_OK : RTC_ERR_OPERATION;
    *id = free_id(dc);
    return *id == CHANNEL_ID_NONE ? RTC_ERR_OPERATION : RTC_OK;
}

int channel_open(struct data_channels *dc, rtc_time_t now, const struct data_channel_options *options, uint32_t *handle, struct out *out)
{
    uint16_t id = CHANNEL_ID_NONE;
    int error = check_options(dc, options);
    if (!error)
        error = choose_id(dc, options, &id);
    if (error)
        return error;
    struct channel *c = make(dc, options);
    if (!c)
        return RTC_ERR_NO_MEMORY;
    if (id != CHANNEL_ID_NONE && !channel_set_take_id(&dc->set, c, id)) {
        channel_discard(dc, c);
        return RTC_ERR_NO_MEMORY;
    }
    if (dc->state == SCTP_CONNECTING)
        announce(dc, c);
    error = dc->state == SCTP_CONNECTED ? start(dc, c, out) : RTC_OK;
    if (error) {
        channel_discard(dc, c);
        return error;
    }
    *handle = c->handle;
    if (dc->state == SCTP_CLOSED) { /* webrtc-pc 6.1: only a closed connection refuses; what the channel stands on is gone */
        channel_fail(c, RTC_ERR_NETWORK, out);
        channel_finish(dc, c, out);
        return RTC_OK;
    }
    channel_pump(dc, now, false, out);
    return RTC_OK;
}

static struct channel *untold(const struct data_channels *dc)
{
    const struct data_channel_options none = {.max_retransmits = -1, .max_packet_life_ms = -1};
    return channel_new(dc->context, &none);
}

bool channel_ready_refusal(struct data_channels *dc)
{
    if (!dc->refusal)
        dc->refusal = untold(dc);
    return dc->refusal != NULL;
}

/* A stream that must not become a channel is reset, which takes a channel that nobody is told of: the one that is kept for when there is
 * no memory for another. */
static void refuse_stream(struct data_channels *dc, uint16_t stream, struct out *out)
{
    struct channel *c = untold(dc);
    if (!c) {
        c = dc->refusal;
        dc->refusal = NULL;
    }
    if (!c)
        return;
    if (!channel_set_take_id(&dc->set, c, stream)) {
        channel_discard(dc, c);
        return;
    }
    channel_set_state(c, CHANNEL_OPEN, out);
    channel_close(dc, c, out);
}

static bool is_peers_parity(const struct data_channels *dc, uint16_t stream)
{
    return (stream & 1) == (dc->dtls_client ? 1 : 0);
}

static struct channel *make_peers(struct data_channels *dc, uint16_t stream, const struct dcep_open *open)
{
    static const uint8_t ack[DCEP_ACK_LEN] = {DCEP_ACK};
    struct data_channel_options o = {
        .label = open->label,
        .protocol = open->protocol,
        .unordered = open->unordered,
        .max_retransmits = open->max_retransmits,
        .max_packet_life_ms = open->max_packet_life_ms,
        .priority = open->priority,
        .id = CHANNEL_ID_NONE,
    };
    struct channel *c = make(dc, &o);
    if (!c)
        return NULL;
    c->opening.by_peer = c->opening.acknowledged = true;
    if (!channel_set_take_id(&dc->set, c, stream) ||
        channel_queue_push(&dc->queues, c, PPID_DCEP, slice_of(ack, sizeof ack), 0, RTC_TIME_NEVER) != RTC_OK) {
        channel_discard(dc, c);
        return NULL;
    }
    c->state = CHANNEL_OPEN; /* CHANNEL_EVENT_NEW says so */
    return c;
}

/* The peer reuses an id as soon as it saw our reset, which may be before we saw its answer. */
static void free_reused(struct data_channels *dc, uint16_t stream, struct out *out)
{
    struct channel *c = channel_set_by_id(&dc->set, stream);
    if (c && c->peer_reset && c->reset == RESET_ASKED)
        channel_finish(dc, c, out);
}

static void receive_open(struct data_channels *dc, uint16_t stream, struct slice message, struct out *out)
{
    struct dcep_open open;
    bool valid = dcep_parse_open(message, &open) && is_peers_parity(dc, stream);
    free_reused(dc, stream, out);
    struct channel *c = channel_set_by_id(&dc->set, stream);
    dc->counters.malformed += !valid || c;
    if (c) { /* opened twice, or an id that both sides took */
        if (c->handle && c->state == CHANNEL_OPEN)
            channel_fail(c, RTC_ERR_OPERATION, out);
        channel_close(dc, c, out);
        return;
    }
    c = valid ? make_peers(dc, stream, &open) : NULL;
    if (c) {
        (void)channel_event(c, CHANNEL_EVENT_NEW, out);
        channel_room_take(&dc->room, CHANNEL_NEW_COST + 2 * (c->terms.label.len + c->terms.protocol.len));
        return;
    }
    log_write(dc->context, RTC_LOG_WARNING, "sctp", "stream %u is refused", stream);
    refuse_stream(dc, stream, out);
}

void channel_refuse_open(struct data_channels *dc, uint16_t stream, struct out *out)
{
    if (stream < dc->streams && is_peers_parity(dc, stream) && !channel_set_by_id(&dc->set, stream))
        refuse_stream(dc, stream, out);
}

void channel_receive_dcep(struct data_channels *dc, uint16_t stream, struct slice message, struct out *out)
{
    struct channel *c = channel_set_by_id(&dc->set, stream);
    if (stream >= dc->streams)
        dc->counters.dropped++; /* we could neither answer nor reset it */
    else if (dcep_type(message) == DCEP_OPEN)
        receive_open(dc, stream, message, out);
    else if (dcep_type(message) == DCEP_ACK && c && !c->opening.by_peer && !c->terms.negotiated)
        c->opening.acknowledged = true;
    else
        dc->counters.malformed++;
}
