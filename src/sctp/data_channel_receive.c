/* SPDX-License-Identifier: MIT */
/* Receiving: pieces become messages, bounded by what we said we take (RFC 8831 6.6), and messages become events by their PPID (8). */
#include "channel.h"

#include "dcep.h"

static void drop(struct data_channels *dc)
{
    dc->counters.dropped++;
}

static size_t room_for(size_t have, size_t more, size_t max)
{
    size_t wanted = have * 2 > have + more ? have * 2 : have + more;
    return wanted < max ? wanted : max;
}

/* Appends to *packet, growing it; false when out of memory. */
static bool append(struct packet **packet, struct slice bytes, size_t max, struct out *out)
{
    struct packet *p = *packet;
    if (!p || packet_tailroom(p) < bytes.len) {
        size_t have = p ? p->len : 0;
        struct packet *grown = packet_new_sized(out->pool, room_for(have, bytes.len, max));
        if (!grown)
            return false;
        if (have > 0)
            memcpy(packet_data(grown), packet_data(p), have);
        grown->len = (uint32_t)have;
        packet_free(p);
        *packet = p = grown;
    }
    if (bytes.len > 0)
        memcpy(packet_data(p) + p->len, bytes.data, bytes.len);
    p->len += (uint32_t)bytes.len;
    return true;
}

static void refuse(struct data_channels *dc, uint16_t stream, int error, struct out *out)
{
    struct channel *c = channel_by_id(dc, stream);
    drop(dc);
    if (!c || c->state != CHANNEL_OPEN)
        return;
    channel_fail(c, error, out);
    channel_close(dc, c, out);
}

static void deliver(struct data_channels *dc, struct channel *c, struct packet *message, uint32_t ppid, struct out *out)
{
    c->messages_received++;
    c->bytes_received += message->len;
    if (ppid == PPID_STRING || ppid == PPID_STRING_EMPTY)
        message->flags |= PACKET_TEXT;
    channel_take_room(dc, CHANNEL_MESSAGE_COST + packet_cost(message));
    struct event *e = out_event(out, CHANNEL_EVENT_MESSAGE, c->handle);
    if (e)
        e->packet = message;
    else
        packet_free(message);
}

void channel_forget_partial(struct data_channels *dc, struct channel *c)
{
    if (c->partial)
        dc->partial_bytes -= packet_cost(c->partial);
    packet_free(c->partial);
    c->partial = NULL;
}

/* Parts wait for their rest, and nobody but the peer can end that: all channels' together get a quarter of what may wait, or one message.
 */
static bool grow_partial(struct data_channels *dc, struct channel *c, struct slice bytes, struct out *out)
{
    uint64_t most = context_limits(dc->context)->waiting_bytes / 4, max = dc->options.max_message_bytes;
    dc->partial_bytes -= c->partial ? packet_cost(c->partial) : 0;
    bool grown = append(&c->partial, bytes, max, out);
    uint64_t cost = c->partial ? packet_cost(c->partial) : 0;
    bool alone = dc->partial_bytes == 0;
    dc->partial_bytes += cost;
    return grown && (alone || dc->partial_bytes <= most);
}

/* A message that came in parts marked by the deprecated PPIDs 52 and 54. True when `message` was consumed. */
static bool join_partial(struct data_channels *dc, struct channel *c, struct packet *message, bool last, struct out *out)
{
    if (!c->partial && last)
        return false;
    size_t have = c->partial ? c->partial->len : 0;
    bool fits = have + message->len <= dc->options.max_message_bytes;
    if (!fits || !grow_partial(dc, c, packet_slice(message), out)) {
        channel_forget_partial(dc, c);
        refuse(dc, c->id, fits ? RTC_ERR_NO_MEMORY : RTC_ERR_OPERATION, out);
    }
    packet_free(message);
    return true;
}

static struct packet *take_partial(struct data_channels *dc, struct channel *c)
{
    struct packet *whole = c->partial;
    dc->partial_bytes -= whole ? packet_cost(whole) : 0;
    c->partial = NULL;
    return whole;
}

static void receive_user(struct data_channels *dc, struct channel *c, struct packet *message, uint32_t ppid, struct out *out)
{
    bool last = ppid == PPID_STRING || ppid == PPID_BINARY;
    if (!last && ppid != PPID_STRING_PARTIAL && ppid != PPID_BINARY_PARTIAL) {
        message->len = 0; /* an empty message carries one byte that means nothing */
    } else if (join_partial(dc, c, message, last, out)) {
        message = last ? take_partial(dc, c) : NULL;
    }
    if (message)
        deliver(dc, c, message, ppid, out);
}

static bool is_known(uint32_t ppid)
{
    return (ppid >= PPID_STRING && ppid <= PPID_STRING_PARTIAL) || ppid == PPID_STRING_EMPTY || ppid == PPID_BINARY_EMPTY;
}

/* A whole SCTP message; owns `message`. */
static void receive_message(struct data_channels *dc, uint16_t stream, uint32_t ppid, struct packet *message, struct out *out)
{
    struct channel *c = channel_by_id(dc, stream);
    if (ppid == PPID_DCEP) {
        channel_receive_dcep(dc, stream, packet_slice(message), out);
        packet_free(message);
    } else if (!is_known(ppid) || !c || !c->handle || c->peer_reset || (c->state != CHANNEL_OPEN && c->state != CHANNEL_CLOSING)) {
        drop(dc);
        packet_free(message);
    } else {
        c->acknowledged = true; /* RFC 8832 6: any message from the peer will do */
        receive_user(dc, c, message, ppid, out);
    }
}

void channel_receive_abandon(struct data_channels *dc)
{
    packet_free(dc->assembly.packet);
    dc->assembly.packet = NULL;
    dc->assembly.going = dc->assembly.discarding = false;
}

static void discard(struct data_channels *dc, int error, struct out *out)
{
    packet_free(dc->assembly.packet);
    dc->assembly.packet = NULL;
    dc->assembly.discarding = true;
    refuse(dc, dc->assembly.stream, error, out);
}

void channel_receive(struct data_channels *dc, const struct assoc_event *e, struct out *out)
{
    size_t max = dc->options.max_message_bytes;
    if (dc->assembly.going && dc->assembly.stream != e->stream)
        channel_receive_abandon(dc);
    dc->assembly.going = true;
    dc->assembly.stream = e->stream;
    size_t have = dc->assembly.packet ? dc->assembly.packet->len : 0;
    if (!dc->assembly.discarding && have + e->data.len > max)
        discard(dc, RTC_ERR_OPERATION, out);
    else if (!dc->assembly.discarding && !append(&dc->assembly.packet, e->data, e->end ? have + e->data.len : max, out))
        discard(dc, RTC_ERR_NO_MEMORY, out);
    if (!e->end)
        return;
    struct packet *message = dc->assembly.packet;
    dc->assembly.packet = NULL;
    dc->assembly.going = dc->assembly.discarding = false;
    if (message)
        receive_message(dc, e->stream, e->ppid, message, out);
}
