/* SPDX-License-Identifier: MIT */
/* RTCRtpTransceiver with its sender and receiver: references, events, finding one; see transceiver.h. */
#include "transceiver.h"

#include "closed_mark.h"
#include "dscp.h"
#include "media_stream.h"
#include "peer_record.h"
#include "references.h"

static void destroy(rtc_rtp_transceiver *t)
{
    rtc_context *context = t->context;
    memory_free(context, t->sender.dtmf.tones);
    memory_free(context, t->receiver.sources);
    rtc_media_stream_track_unref(t->sender.track);
    for (size_t i = 0; i < t->receiver.media_stream_count; i++)
        rtc_media_stream_unref(t->receiver.media_streams[i]);
    rtc_media_stream_track_unref(t->receiver.track);
    rtc_dtls_transport_unref(t->last_transport);
    closed_mark_unref(context, t->mark);
    memory_free(context, t);
    rtc_context_unref(context);
}

rtc_rtp_transceiver *rtc_rtp_transceiver_ref(rtc_rtp_transceiver *t)
{
    if (t)
        references_take(&t->references);
    return t;
}

void rtc_rtp_transceiver_unref(rtc_rtp_transceiver *t)
{
    if (t && references_drop(&t->references))
        destroy(t);
}

static void tell_track(rtc_peer_connection *pc, rtc_rtp_transceiver *t, const struct track_streams *streams)
{
    const char *ids[JSEP_STREAMS_MAX];
    if (!t->connection) /* taken back before it was told */
        return;
    for (size_t i = 0; i < streams->count; i++)
        ids[i] = rtc_media_stream_id(streams->streams[i]);
    peer_record(pc, "ontrack", "kind:s id:s label:s streams:l", t->kind == RTC_MEDIA_AUDIO ? "audio" : "video",
                rtc_media_stream_track_id(t->receiver.track), rtc_media_stream_track_label(t->receiver.track), (const char *const *)ids,
                streams->count);
    if (!pc->callbacks.on_track)
        return;
    rtc_track_event event = {
        .size = sizeof event,
        .transceiver = t,
        .receiver = &t->receiver,
        .track = t->receiver.track,
        .stream_ids = ids,
        .stream_count = streams->count,
        .streams = streams->streams,
    };
    pc->callbacks.on_track(pc, pc->user, &event);
}

static void tell(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_rtp_transceiver *t = e->object;
    const rtc_peer_connection_callbacks *c = &pc->callbacks;
    switch ((enum transceiver_event)e->type) {
    case TRANSCEIVER_TRACK:
        tell_track(pc, t, e->more);
        break;
    case TRANSCEIVER_STREAM:
        media_stream_tell(e->also, t->receiver.track, e->value != 0);
        break;
    case TRANSCEIVER_TONE:
        if (c->on_tone)
            c->on_tone(pc, pc->user, &t->receiver, "0123456789*#ABCD"[e->value & 0x0f], (uint32_t)e -> value >> 8, (e->value & 0x80) != 0);
        break;
    case TRANSCEIVER_TONE_CHANGE:
        if (t->sender.dtmf.callbacks.on_tone_change)
            t->sender.dtmf.callbacks.on_tone_change(t->sender.dtmf.user, &t->sender.dtmf, (const char[]){(char)e->value, '\0'});
        break;
    case TRANSCEIVER_TRACK_MUTE:
        if (c->on_track_mute)
            c->on_track_mute(pc, pc->user, t->receiver.track, e->value != 0);
        if (!peer_is_closed(pc)) /* by that callback: then a worker tells that the track ended, behind which nothing comes */
            media_track_tell_all(t->receiver.track, e->value ? TRACK_EVENT_MUTE : TRACK_EVENT_UNMUTE);
        break;
    case TRANSCEIVER_TRACK_ENDED:
        t->receiver.ended_untold = false;
        if (media_track_end_all(t->receiver.track))
            media_track_tell_all(t->receiver.track, TRACK_EVENT_ENDED);
        break;
    case TRANSCEIVER_CIRCUIT:
        if (c->on_circuit_change)
            c->on_circuit_change(pc, pc->user, &t->sender, (rtc_circuit)e->value);
        break;
    case TRANSCEIVER_TRANSACTION:
        t->sender.transaction_open = false;
        break;
    case TRANSCEIVER_ENCODED_FRAME:
        (void)rtc_media_source_push_encoded(media_track_source(t->receiver.track), e->frame);
        break;
    }
}

static void hold(void *t)
{
    (void)rtc_rtp_transceiver_ref(t);
}

/* The connection closed before an event had its turn: that a track ended is told all the same. */
static void release(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_rtp_transceiver *t = e->object;
    const struct track_streams *streams = e->type == TRANSCEIVER_TRACK ? e->more : NULL;
    (void)pc;
    for (size_t i = 0; streams && i < streams->count; i++)
        rtc_media_stream_unref(streams->streams[i]);
    rtc_media_stream_unref(e->also);
    if (e->type == TRANSCEIVER_TRACK_ENDED && t->receiver.ended_untold) {
        t->receiver.ended_untold = false;
        if (media_track_end_all(t->receiver.track))
            media_track_tell_end_elsewhere(t->receiver.track);
    }
    rtc_rtp_transceiver_unref(t);
}

struct user_event *transceiver_tell(rtc_rtp_transceiver *t, enum transceiver_event type, int value)
{
    static const struct event_teller teller = {.tell = tell, .hold = hold, .release = release};
    return peer_tell(t->connection, &teller, (int)type, value, t);
}

rtc_rtp_transceiver *transceiver_by_number(const rtc_peer_connection *pc, uint32_t number)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (t->number == number)
            return t;
    }
    return NULL;
}

rtc_rtp_transceiver *transceiver_by_mid(const rtc_peer_connection *pc, const char *mid)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (t->mid[0] && strcmp(t->mid, mid) == 0)
            return t;
    }
    return NULL;
}

rtc_rtp_transceiver *transceiver_by_rtp_member(const rtc_peer_connection *pc, const struct transport *transport, uint32_t member)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (t->transport == transport && t->rtp_member == member)
            return t;
    }
    return NULL;
}

bool transceiver_is_closed(const rtc_rtp_transceiver *t)
{
    return atomic_load(&t->mark->closed);
}

int transceiver_begin(const rtc_rtp_transceiver *t, const char *caller)
{
    if (!t)
        return error_say(RTC_ERR_TYPE, "%s: the object is NULL", caller);
    if (!t->connection)
        return error_say(RTC_ERR_INVALID_STATE, "%s: the connection is closed, or took the transceiver back", caller);
    t->connection->last_error[0] = 0;
    if (t->state != TRANSCEIVER_LIVE)
        return peer_fail(t->connection, RTC_ERR_INVALID_STATE, "the transceiver is stopped");
    return RTC_OK;
}

struct sender_encoding *sender_encoding_of(rtc_rtp_sender *sender, uint32_t stream)
{
    for (size_t i = 0; stream && i < sender->encoding_count; i++)
        if (sender->encodings[i].stream == stream)
            return &sender->encodings[i];
    return NULL;
}

void sender_encoding_take_over(struct sender_encoding *e, const struct sender_encoding *from)
{
    e->target_bitrate_bps = from->target_bitrate_bps;
    e->target_told = from->target_told;
    e->circuit = from->circuit;
    e->circuit_reason = from->circuit_reason;
    e->past = from->past;
}

bool sender_awaits_answer(const rtc_rtp_sender *sender)
{
    for (size_t i = 1; sender->widened && i < sender->encoding_count; i++)
        if (sender->encodings[i].stream)
            return false;
    return sender->widened && sender->encodings[0].stream == sender->alone.stream;
}

struct sent_encodings sender_sent(const rtc_rtp_sender *sender)
{
    if (sender_awaits_answer(sender))
        return (struct sent_encodings){&sender->alone, 1};
    return (struct sent_encodings){sender->encodings, sender->encoding_count};
}

void sender_heard_of_stream(rtc_rtp_sender *sender)
{
    if (sender_awaits_answer(sender))
        sender_encoding_take_over(&sender->alone, &sender->encodings[0]);
}

struct receiver_stream *receiver_stream_of(rtc_rtp_receiver *receiver, uint32_t stream)
{
    for (size_t i = 0; stream && i < receiver->stream_count; i++)
        if (receiver->streams[i].stream == stream)
            return &receiver->streams[i];
    return NULL;
}

uint32_t sender_target_bitrate(const rtc_rtp_sender *sender)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < sender->encoding_count; i++)
        sum += sender->encodings[i].target_bitrate_bps;
    return sum;
}

bool sender_is_stopped(const rtc_rtp_sender *sender)
{
    const struct sent_encodings sent = sender_sent(sender);
    for (size_t i = 0; i < sent.count; i++)
        if (sent.all[i].circuit != RTC_CIRCUIT_STOPPED)
            return false;
    return true;
}

uint8_t sender_dscp(const rtc_rtp_transceiver *t)
{
    uint8_t most = DSCP_NOTHING;
    for (size_t i = 0; i < t->sender.encoding_count; i++)
        most = dscp_more(most, dscp_of_media(t->kind, t->sender.encodings[i].settings.network_priority));
    return most;
}

/* Who was told a bound keeps it until another one is told (playout-delay): the widest is none. */
struct rtp_playout transceiver_playout(const rtc_rtp_transceiver *t)
{
    static const struct rtp_playout_delay any = {0, RTP_PLAYOUT_DELAY_MAX_US};
    return (struct rtp_playout){.target = (rtc_time_t)(t->receiver.jitter_buffer_target_ms * 1000),
                                .asks = t->sender.had_playout_delay,
                                .asked = t->sender.has_playout_delay ? t->sender.held : any};
}
