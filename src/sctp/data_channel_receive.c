/* SPDX-License-Identifier: MIT */
/* Receiving: messages become events by their PPID (RFC 8831 8), those that are too large or find no memory the end of their channel. */
#include "data_channels_internal.h"

#include "dcep.h"

static void drop(struct data_channels *dc)
{
    dc->counters.dropped++;
}

void channel_refuse(struct data_channels *dc, uint16_t stream, int error, struct out *out)
{
    struct channel *c = channel_set_by_id(&dc->set, stream);
    drop(dc);
    if (!c || c->state != CHANNEL_OPEN)
        return;
    channel_fail(c, error, out);
    channel_close(dc, c, out);
}

static void release_message(struct event *event)
{
    packet_free(((struct sctp_event *)event)->message);
}

static void deliver(struct data_channels *dc, struct channel *c, struct packet *message, uint32_t ppid, struct out *out)
{
    c->counts.messages_received++;
    c->counts.bytes_received += message->len;
    if (ppid == PPID_STRING || ppid == PPID_STRING_EMPTY)
        message->flags |= PACKET_TEXT;
    channel_room_take(&dc->room, CHANNEL_MESSAGE_COST + packet_cost(message));
    struct sctp_event *e = channel_event(c, CHANNEL_EVENT_MESSAGE, out);
    if (!e) {
        packet_free(message);
        return;
    }
    e->message = message;
    e->head.release = release_message;
}

/* A message that came in parts marked by the deprecated PPIDs 52 and 54. True when `message` was consumed. */
static bool join_partial(struct data_channels *dc, struct channel *c, struct packet *message, bool last, struct out *out)
{
    if (!c->partial && last)
        return false;
    size_t have = c->partial ? c->partial->len : 0;
    bool fits = have + message->len <= dc->options.max_message_bytes;
    if (!fits || !channel_partial_append(&dc->partials, c, packet_slice(message), out->pool)) {
        channel_partial_forget(&dc->partials, c);
        channel_refuse(dc, c->id, fits ? RTC_ERR_NO_MEMORY : RTC_ERR_OPERATION, out);
    }
    packet_free(message);
    return true;
}

static void receive_user(struct data_channels *dc, struct channel *c, struct packet *message, uint32_t ppid, struct out *out)
{
    bool last = ppid == PPID_STRING || ppid == PPID_BINARY;
    if (!last && ppid != PPID_STRING_PARTIAL && ppid != PPID_BINARY_PARTIAL) {
        message->len = 0; /* an empty message carries one byte that means nothing */
    } else if (join_partial(dc, c, message, last, out)) {
        message = last ? channel_partial_take(&dc->partials, c) : NULL;
    }
    if (message)
        deliver(dc, c, message, ppid, out);
}

static bool is_known(uint32_t ppid)
{
    return (ppid >= PPID_STRING && ppid <= PPID_STRING_PARTIAL) || ppid == PPID_STRING_EMPTY || ppid == PPID_BINARY_EMPTY;
}

void channel_receive(struct data_channels *dc, uint16_t stream, uint32_t ppid, struct packet *message, struct out *out)
{
    struct channel *c = channel_set_by_id(&dc->set, stream);
    if (ppid == PPID_DCEP) {
        channel_receive_dcep(dc, stream, packet_slice(message), out);
        packet_free(message);
    } else if (!is_known(ppid) || !c || !c->handle || c->peer_reset || (c->state != CHANNEL_OPEN && c->state != CHANNEL_CLOSING)) {
        drop(dc);
        packet_free(message);
    } else {
        c->opening.acknowledged = true; /* RFC 8832 6: any message from the peer will do */
        receive_user(dc, c, message, ppid, out);
    }
}
