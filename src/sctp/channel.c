/* SPDX-License-Identifier: MIT */
/* The set of an association's channels: by handle (never reused) and by stream id. */
#include "channel.h"

#include "memory.h"

static bool copy_text(rtc_context *context, struct slice from, struct dcep_text *to)
{
    to->text = memory_text(context, from.data, from.len);
    to->len = from.len;
    return to->text != NULL;
}

static void release(struct data_channels *dc, struct channel *c)
{
    memory_free(dc->context, c->label.text);
    memory_free(dc->context, c->protocol.text);
    channel_forget_partial(dc, c);
    memory_free(dc->context, c);
}

static void take_options(struct channel *c, const struct data_channel_options *o)
{
    c->id = CHANNEL_ID_NONE;
    c->unordered = o->unordered;
    c->negotiated = o->negotiated;
    c->acknowledged = o->negotiated;
    c->max_retransmits = o->max_retransmits;
    c->max_packet_life_ms = o->max_packet_life_ms;
    c->priority = o->priority ? o->priority : 256;
    list_init(&c->active);
    list_init(&c->above);
}

static bool append(struct data_channels *dc, struct channel *c)
{
    void *array = dc->channels;
    bool ok = memory_grow(dc->context, &array, &dc->capacity, dc->count + 1, sizeof *dc->channels);
    dc->channels = array;
    if (!ok)
        return false;
    c->handle = dc->next_handle++;
    dc->channels[dc->count++] = c;
    return true;
}

struct channel *channel_new(struct data_channels *dc, const struct data_channel_options *o, bool visible)
{
    struct channel *c = memory_zeroed(dc->context, sizeof *c);
    if (!c)
        return NULL;
    take_options(c, o);
    if (!copy_text(dc->context, o->label, &c->label) || !copy_text(dc->context, o->protocol, &c->protocol) || (visible && !append(dc, c))) {
        release(dc, c);
        return NULL;
    }
    return c;
}

/* The place of a handle, or of the next greater one. */
static size_t place_of(const struct data_channels *dc, uint32_t handle)
{
    size_t low = 0, high = dc->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dc->channels[middle]->handle < handle)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct channel *channel_find(const struct data_channels *dc, uint32_t handle)
{
    size_t at = place_of(dc, handle);
    return at < dc->count && dc->channels[at]->handle == handle ? dc->channels[at] : NULL;
}

struct channel *channel_by_id(const struct data_channels *dc, uint16_t id)
{
    return id < dc->options.max_channels ? dc->by_id[id] : NULL;
}

void channel_take_id(struct data_channels *dc, struct channel *c, uint16_t id)
{
    c->id = id;
    dc->by_id[id] = c;
}

void channel_free(struct data_channels *dc, struct channel *c)
{
    if (channel_by_id(dc, c->id) == c)
        dc->by_id[c->id] = NULL;
    size_t at = c->handle ? place_of(dc, c->handle) : dc->count;
    if (at < dc->count && dc->channels[at] == c) {
        dc->count--;
        memmove(dc->channels + at, dc->channels + at + 1, (dc->count - at) * sizeof *dc->channels);
    }
    channel_queue_clear(dc, c);
    list_remove(&c->above);
    release(dc, c);
}

static bool is_allowed(enum data_channel_state from, enum data_channel_state to)
{
    static const uint8_t allowed[] = {
        [CHANNEL_CONNECTING] = 1 << CHANNEL_OPEN | 1 << CHANNEL_CLOSING | 1 << CHANNEL_CLOSED,
        [CHANNEL_OPEN] = 1 << CHANNEL_CLOSING | 1 << CHANNEL_CLOSED,
        [CHANNEL_CLOSING] = 1 << CHANNEL_CLOSED,
        [CHANNEL_CLOSED] = 0,
    };
    return (allowed[from] >> to & 1) != 0;
}

struct sctp_event *channel_event(const struct channel *c, enum sctp_event_type type, struct out *out)
{
    struct sctp_event *e = out_event(out, (int)type);
    if (e)
        e->channel = c->handle;
    return e;
}

void channel_set_state(struct channel *c, enum data_channel_state state, struct out *out)
{
    if (!is_allowed(c->state, state))
        return;
    c->state = state;
    struct sctp_event *e = c->handle ? channel_event(c, CHANNEL_EVENT_STATE, out) : NULL;
    if (e)
        e->channel_state = state;
}

void channel_fail(struct channel *c, int error, struct out *out)
{
    struct sctp_event *e = c->handle ? channel_event(c, CHANNEL_EVENT_ERROR, out) : NULL;
    if (e)
        e->error = error;
}

uint64_t channel_buffered(const struct data_channels *dc, const struct channel *c)
{
    if (c->state == CHANNEL_CLOSED)
        return c->unsent;
    bool sending = dc->assoc && (c->state == CHANNEL_OPEN || c->state == CHANNEL_CLOSING);
    return c->queue.user_bytes + (sending ? assoc_unsent(dc->assoc, c->id) : 0);
}
