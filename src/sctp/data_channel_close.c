/* SPDX-License-Identifier: MIT */
/* Closing (RFC 8831 6.7): each side resets its stream when what it queued has left; a channel is closed when both sides have. */
#include "data_channels_internal.h"

static void set_reset(struct data_channels *dc, struct channel *c, enum channel_reset reset)
{
    if (reset == c->reset || !moves_take(&channel_reset_moves, dc->context, c->reset, reset))
        return;
    dc->resets_wanted -= c->reset == RESET_WANTED;
    dc->resets_wanted += reset == RESET_WANTED;
    c->reset = reset;
}

void channel_discard(struct data_channels *dc, struct channel *c)
{
    channel_set_remove(&dc->set, c);
    channel_queue_clear(&dc->queues, c);
    list_remove(&c->low.above);
    channel_partial_forget(&dc->partials, c);
    if (c->handle || dc->refusal) {
        channel_free(dc->context, c);
        return;
    }
    channel_renew(c); /* that said no once can do so again */
    dc->refusal = c;
}

void channel_finish(struct data_channels *dc, struct channel *c, struct out *out)
{
    c->unsent = channel_buffered(dc, c);
    set_reset(dc, c, RESET_DONE);
    channel_queue_clear(&dc->queues, c);
    list_remove(&c->low.above);
    channel_partial_forget(&dc->partials, c);
    channel_set_leave_id(&dc->set, c);
    channel_set_state(c, CHANNEL_CLOSED, out);
    if (!c->handle)
        channel_discard(dc, c);
}

void channel_close(struct data_channels *dc, struct channel *c, struct out *out)
{
    enum data_channel_state was = c->state;
    if (was == CHANNEL_CLOSED || was == CHANNEL_CLOSING)
        return;
    channel_set_state(c, CHANNEL_CLOSING, out);
    if (was == CHANNEL_OPEN || c->opening.announced)
        set_reset(dc, c, RESET_WANTED);
    else
        channel_finish(dc, c, out);
}

static void on_stream_reset(struct data_channels *dc, uint16_t stream, bool incoming, struct out *out)
{
    struct channel *c = channel_set_by_id(&dc->set, stream);
    if (!c || c->state == CHANNEL_CONNECTING)
        return;
    if (incoming) {
        c->peer_reset = true;
        channel_close(dc, c, out);
    } else if (c->reset == RESET_ASKED) {
        set_reset(dc, c, RESET_DONE);
    }
    if (c->peer_reset && c->reset == RESET_DONE)
        channel_finish(dc, c, out);
}

void channel_on_reset(struct data_channels *dc, const struct assoc_event *e, struct out *out)
{
    bool incoming = e->type == ASSOC_RESET_INCOMING;
    for (size_t i = 0; i < e->reset.count; i++)
        on_stream_reset(dc, e->reset.streams[i], incoming, out);
    if (e->reset.count > 0)
        return;
    for (uint32_t stream = 0; stream < dc->options.max_channels; stream++)
        on_stream_reset(dc, (uint16_t)stream, incoming, out);
}

void channel_reset_anew(struct data_channels *dc, struct channel *c)
{
    if (c->reset == RESET_ASKED)
        set_reset(dc, c, RESET_WANTED);
}

static bool is_drained(const struct data_channels *dc, const struct channel *c)
{
    return c->reset == RESET_WANTED && !c->queue.head && assoc_unsent(dc->assoc, c->id) == 0;
}

static void mark_asked(struct data_channels *dc, const uint16_t *streams, size_t count)
{
    for (size_t i = 0; i < count; i++)
        set_reset(dc, dc->set.by_id[streams[i]], RESET_ASKED);
}

void channel_request_resets(struct data_channels *dc, rtc_time_t now, struct out *out)
{
    uint16_t streams[ASSOC_RESET_MAX];
    size_t count = 0;
    if (dc->resets_wanted == 0 || dc->state != SCTP_CONNECTED || channel_held(dc))
        return;
    for (size_t id = 0; id < dc->set.ids && count < ASSOC_RESET_MAX; id++)
        if (dc->set.by_id[id] && is_drained(dc, dc->set.by_id[id]))
            streams[count++] = (uint16_t)id;
    if (count > 0 && assoc_reset_streams(dc->assoc, now, streams, count, out))
        mark_asked(dc, streams, count);
}

void channel_close_all(struct data_channels *dc, int error, int cause, struct out *out)
{
    for (size_t i = 0; i < dc->set.count; i++) {
        struct channel *c = dc->set.channels[i];
        if (c->state == CHANNEL_CLOSED)
            continue;
        if (error)
            channel_fail_by(c, error, cause, out);
        channel_finish(dc, c, out);
    }
    for (size_t id = 0; id < dc->set.ids; id++)
        if (dc->set.by_id[id])
            channel_discard(dc, dc->set.by_id[id]); /* refusals that nobody knows of */
    dc->resets_wanted = 0;
}
