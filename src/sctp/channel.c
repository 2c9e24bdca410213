/* SPDX-License-Identifier: MIT */
/* One data channel: see channel.h. */
#include "channel.h"

#include "memory.h"

static bool copy_text(rtc_context *context, struct slice from, struct dcep_text *to)
{
    to->text = memory_text(context, from.data, from.len);
    to->len = from.len;
    return to->text != NULL;
}

void channel_free(rtc_context *context, struct channel *c)
{
    memory_free(context, c->terms.label.text);
    memory_free(context, c->terms.protocol.text);
    memory_free(context, c);
}

struct channel *channel_new(rtc_context *context, const struct data_channel_options *o)
{
    struct channel *c = memory_zeroed(context, sizeof *c);
    if (!c)
        return NULL;
    *c = (struct channel){
        .id = CHANNEL_ID_NONE,
        .terms.unordered = o->unordered,
        .terms.negotiated = o->negotiated,
        .terms.max_retransmits = o->max_retransmits,
        .terms.max_packet_life_ms = o->max_packet_life_ms,
        .terms.priority = o->priority ? o->priority : CHANNEL_PRIORITY_LOW,
        .opening.acknowledged = o->negotiated,
    };
    list_init(&c->queue.active);
    list_init(&c->low.above);
    if (!copy_text(context, o->label, &c->terms.label) || !copy_text(context, o->protocol, &c->terms.protocol)) {
        channel_free(context, c);
        return NULL;
    }
    return c;
}

void channel_renew(struct channel *c)
{
    *c = (struct channel){.id = CHANNEL_ID_NONE, .terms = c->terms};
    list_init(&c->queue.active);
    list_init(&c->low.above);
}

const struct moves data_channel_moves = {
    .module = "sctp",
    .what = "channel",
    .count = CHANNEL_CLOSED + 1,
    .names = {"connecting", "open", "closing", "closed"},
    .allowed =
        {
            [CHANNEL_CONNECTING] = MOVE_TO(CHANNEL_OPEN) | MOVE_TO(CHANNEL_CLOSING) | MOVE_TO(CHANNEL_CLOSED),
            [CHANNEL_OPEN] = MOVE_TO(CHANNEL_CLOSING) | MOVE_TO(CHANNEL_CLOSED),
            [CHANNEL_CLOSING] = MOVE_TO(CHANNEL_CLOSED),
            [CHANNEL_CLOSED] = 0,
        },
};

const struct moves channel_reset_moves = {
    .module = "sctp",
    .what = "stream of a channel",
    .count = RESET_DONE + 1,
    .names = {"in use", "to be reset", "being reset", "reset"},
    .allowed =
        {
            [RESET_NONE] = MOVE_TO(RESET_WANTED) | MOVE_TO(RESET_DONE),
            [RESET_WANTED] = MOVE_TO(RESET_ASKED) | MOVE_TO(RESET_DONE),
            [RESET_ASKED] = MOVE_TO(RESET_WANTED) | MOVE_TO(RESET_DONE),
            [RESET_DONE] = 0,
        },
};

struct sctp_event *channel_event(const struct channel *c, enum sctp_event_type type, struct out *out)
{
    struct sctp_event *e = out_event(out, (int)type);
    if (e)
        e->channel = c->handle;
    return e;
}

void channel_set_state(struct channel *c, enum data_channel_state state, struct out *out)
{
    if (!moves_allow(&data_channel_moves, c->state, state))
        return;
    c->state = state;
    struct sctp_event *e = c->handle ? channel_event(c, CHANNEL_EVENT_STATE, out) : NULL;
    if (e)
        e->channel_state = state;
}

void channel_fail_by(const struct channel *c, int error, int cause, struct out *out)
{
    struct sctp_event *e = c->handle ? channel_event(c, CHANNEL_EVENT_ERROR, out) : NULL;
    if (!e)
        return;
    e->error = error;
    e->cause = cause;
}

void channel_fail(const struct channel *c, int error, struct out *out)
{
    channel_fail_by(c, error, -1, out);
}
