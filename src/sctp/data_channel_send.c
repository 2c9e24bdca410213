/* SPDX-License-Identifier: MIT */
/* Sending: the fair queues of channels, how they are emptied into the association, and bufferedAmount.
 *
 * The association is given only so much ahead of the wire: what waits behind that waits here, where channels take turns by priority (RFC
 * 8831 6.4) and a small message is not stuck behind a megabyte of another's. Without interleaving (RFC 8260) a message that is partly given
 * must be finished before any other. A burst of small messages is bundled: the first leaves at once, the others wait until a packet is full
 * or until the next tick. */
#include "data_channels_internal.h"

#include "dcep.h"

enum {
    AHEAD_BYTES = 64 * 1024, /* given to the association and not sent yet */
    BURST_US = 100,          /* messages closer to each other than that are bundled */
    BYTES_PER_PRIORITY = 4,  /* of a turn */
    PRIORITY_MIN = 128       /* RFC 8831 6.4: the lowest with a name. A peer that asks for less must not cost thousands of turns. */
};

uint64_t channel_buffered(const struct data_channels *dc, const struct channel *c)
{
    if (c->state == CHANNEL_CLOSED)
        return c->unsent;
    bool sending = dc->assoc && (c->state == CHANNEL_OPEN || c->state == CHANNEL_CLOSING);
    return c->unsent + c->queue.user_bytes + (sending ? assoc_unsent(dc->assoc, c->id) : 0);
}

uint64_t channel_limit(rtc_context *context, uint64_t remote)
{
    uint32_t limit = context_limits(context)->send_queue_bytes;
    uint64_t ours = limit > QUEUED_COST ? limit - QUEUED_COST : 0;
    return remote && remote < ours ? remote : ours;
}

uint64_t channel_max_message(const struct data_channels *dc)
{
    return dc->state == SCTP_NEW ? 0 : channel_limit(dc->context, dc->remote_max_message_bytes);
}

static struct assoc_message describe(const struct channel *c, uint32_t ppid, struct slice bytes, rtc_time_t expires, rtc_time_t now)
{
    struct assoc_message m = {.stream = c->id, .ppid = ppid, .max_retransmits = -1, .life_ms = -1, .data = bytes};
    if (ppid == PPID_DCEP)
        return m; /* reliable and in order, whatever the channel is */
    /* RFC 8832 6: messages stay in order until the peer is known to know the channel. */
    m.unordered = c->terms.unordered && c->opening.acknowledged;
    m.max_retransmits = c->terms.max_retransmits;
    if (expires != RTC_TIME_NEVER) {
        rtc_time_t left_ms = (expires - now) / 1000;
        m.life_ms = left_ms > INT32_MAX ? INT32_MAX : left_ms < 0 ? 0 : (int32_t)left_ms;
    }
    return m;
}

static rtc_time_t expiry(const struct channel *c, rtc_time_t now)
{
    return c->terms.max_packet_life_ms < 0 ? RTC_TIME_NEVER : now + (rtc_time_t)c->terms.max_packet_life_ms * 1000;
}

/* Gives the first message, or its rest; false when it is not finished with. */
static bool give_head(struct data_channels *dc, struct channel *c, rtc_time_t now, bool more, struct out *out)
{
    struct queued *q = c->queue.head;
    while (q->done < q->len) {
        struct assoc_message m = describe(c, q->ppid, slice_of(q->bytes + q->done, q->len - q->done), q->expires, now);
        m.more = more;
        int64_t taken = assoc_send(dc->assoc, now, &m, out);
        if (taken <= 0)
            return false;
        q->done += (uint32_t)taken;
        if (q->ppid != PPID_DCEP && q->ppid != PPID_STRING_EMPTY && q->ppid != PPID_BINARY_EMPTY)
            c->queue.user_bytes -= (uint64_t)taken;
        dc->queues.straddling = q->done < q->len ? c : NULL;
    }
    return true;
}

static void drop_expired(struct data_channels *dc, struct channel *c, rtc_time_t now)
{
    while (c->queue.head && c->queue.head->done == 0 && c->queue.head->expires < now)
        channel_queue_pop(&dc->queues, c);
}

static void to_back(struct data_channels *dc, struct channel *c)
{
    list_remove(&c->queue.active);
    list_append(&dc->queues.active, &c->queue.active);
}

/* Deficit round robin: the channel whose turn it is, or NULL. */
static struct channel *next_turn(struct data_channels *dc, rtc_time_t now)
{
    if (dc->queues.straddling)
        return dc->queues.straddling;
    while (!list_empty(&dc->queues.active)) {
        struct channel *c = link_owner(dc->queues.active.next, struct channel, queue.active);
        drop_expired(dc, c, now);
        if (!c->queue.head)
            continue;
        if (c->queue.deficit > 0)
            return c;
        bool alone = c->queue.active.next == c->queue.active.prev;
        int64_t priority = c->terms.priority > PRIORITY_MIN ? c->terms.priority : PRIORITY_MIN;
        c->queue.deficit = alone ? 1 : c->queue.deficit + priority * BYTES_PER_PRIORITY;
        to_back(dc, c);
    }
    return NULL;
}

static bool is_last(const struct data_channels *dc, const struct channel *c)
{
    return dc->queues.active.next == dc->queues.active.prev && dc->queues.active.next == &c->queue.active && !c->queue.head->next;
}

void channel_pump(struct data_channels *dc, rtc_time_t now, bool keep_last, struct out *out)
{
    if ((dc->state != SCTP_CONNECTED && dc->state != SCTP_CONNECTING) || channel_held(dc))
        return;
    const struct channel *refused = NULL;
    while (assoc_unsent_total(dc->assoc) < AHEAD_BYTES) {
        struct channel *c = next_turn(dc, now);
        if (!c || c == refused)
            break;
        bool last = is_last(dc, c);
        if (last && keep_last)
            break;
        int64_t len = c->queue.head->len;
        if (!give_head(dc, c, now, !last, out)) {
            /* There is no room; or only this stream waits for its reset, and others may go on. */
            if (dc->queues.straddling || last)
                break;
            refused = refused ? refused : c;
            to_back(dc, c);
            continue;
        }
        c->queue.deficit -= len + QUEUED_COST;
        if (dc->anew.unheard)
            channel_queue_set_aside(&dc->queues, c);
        else
            channel_queue_pop(&dc->queues, c);
    }
    dc->sending.holding = keep_last && !list_empty(&dc->queues.active);
}

static void tell_if_low(const struct data_channels *dc, struct channel *c, struct out *out)
{
    if (channel_buffered(dc, c) > c->low.threshold)
        return;
    list_remove(&c->low.above);
    if (c->handle && c->state == CHANNEL_OPEN)
        (void)channel_event(c, CHANNEL_EVENT_BUFFERED_LOW, out);
}

void channel_tell_low(struct data_channels *dc, struct out *out)
{
    for (struct link *l = dc->sending.above.next, *next; l != &dc->sending.above; l = next) {
        next = l->next;
        tell_if_low(dc, link_owner(l, struct channel, low.above), out);
    }
}

/* The amount rose by the whole message, however fast it fell again: a fall through the threshold is always told. */
static void watch_low(struct data_channels *dc, struct channel *c, uint64_t peak, struct out *out)
{
    if (peak <= c->low.threshold)
        return;
    if (list_empty(&c->low.above))
        list_append(&dc->sending.above, &c->low.above);
    tell_if_low(dc, c, out);
}

static int check_send(const struct data_channels *dc, const struct channel *c, size_t len)
{
    if (!c)
        return RTC_ERR_NOT_FOUND;
    if (c->state != CHANNEL_OPEN)
        return RTC_ERR_INVALID_STATE;
    if (len > channel_max_message(dc))
        return RTC_ERR_TYPE;
    return dc->queues.bytes + len + QUEUED_COST > context_limits(dc->context)->send_queue_bytes ? RTC_ERR_QUOTA_EXCEEDED : RTC_OK;
}

/* Straight from the caller's bytes, when nothing waits. Bytes taken, or an error. */
static int64_t give_directly(struct data_channels *dc, struct channel *c, rtc_time_t now, uint32_t ppid, struct slice bytes,
                             struct out *out)
{
    if (channel_held(dc) || dc->anew.unheard || !list_empty(&dc->queues.active) || assoc_unsent_total(dc->assoc) >= AHEAD_BYTES)
        return 0;
    if (bytes.len < dc->options.mtu / 2u) {
        if (now - dc->sending.small_sent < BURST_US && now >= dc->sending.small_sent)
            return 0;
        dc->sending.small_sent = now;
    }
    struct assoc_message m = describe(c, ppid, bytes, expiry(c, now), now);
    int64_t taken = assoc_send(dc->assoc, now, &m, out);
    return taken < 0 ? 0 : taken;
}

static int accept(struct data_channels *dc, struct channel *c, rtc_time_t now, uint32_t ppid, struct slice bytes, struct out *out)
{
    bool idle = list_empty(&dc->queues.active);
    int64_t taken = give_directly(dc, c, now, ppid, bytes, out);
    if (taken == (int64_t)bytes.len)
        return RTC_OK;
    int error = channel_queue_push(&dc->queues, c, ppid, bytes, (uint32_t)taken, expiry(c, now));
    if (error) {
        dc->sending.broken = taken > 0;
        return error;
    }
    if (taken > 0)
        dc->queues.straddling = c;
    else if (dc->anew.unheard)
        channel_pump(dc, now, false, out);
    else if (idle && bytes.len < dc->options.mtu / 2u && assoc_unsent_total(dc->assoc) < AHEAD_BYTES)
        dc->sending.holding = true;
    else if (dc->sending.holding && dc->queues.bytes > dc->options.mtu)
        channel_pump(dc, now, true, out);
    return RTC_OK;
}

int channel_send(struct data_channels *dc, rtc_time_t now, struct channel *c, bool text, struct slice message, struct out *out)
{
    static const uint8_t nothing[1];
    int error = check_send(dc, c, message.len);
    if (error)
        return error;
    uint32_t ppid = text ? PPID_STRING : PPID_BINARY;
    struct slice bytes = message;
    if (message.len == 0) {
        ppid = text ? PPID_STRING_EMPTY : PPID_BINARY_EMPTY;
        bytes = slice_of(nothing, sizeof nothing);
    }
    uint64_t peak = channel_buffered(dc, c) + message.len;
    error = accept(dc, c, now, ppid, bytes, out);
    if (error)
        return error;
    c->counts.messages_sent++;
    c->counts.bytes_sent += message.len;
    watch_low(dc, c, peak, out);
    return RTC_OK;
}
