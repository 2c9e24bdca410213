/* SPDX-License-Identifier: MIT */
/* RTCRtpTransceiver, RTCRtpSender, RTCRtpReceiver (webrtc-pc 5), addTrack, addTransceiver, removeTrack (5.1). */
#include "transceiver.h"

#include "dscp.h"
#include "negotiation_needed.h"
#include "peer_transport.h"
#include "receive_pipeline.h"
#include "send_pipeline.h"
#include "track_feedback.h"
#include "transport.h"

#include <stdio.h>

static rtc_rtp_transceiver *of_sender(const rtc_rtp_sender *sender)
{
    return link_owner((uintptr_t)sender, rtc_rtp_transceiver, sender);
}

static rtc_rtp_transceiver *of_receiver(const rtc_rtp_receiver *receiver)
{
    return link_owner((uintptr_t)receiver, rtc_rtp_transceiver, receiver);
}

static void destroy(rtc_rtp_transceiver *t)
{
    rtc_context *context = t->context;
    rtc_media_stream_track_unref(t->sender.track);
    rtc_media_stream_track_unref(t->receiver.track);
    memory_free(context, t);
    rtc_context_unref(context);
}

rtc_rtp_transceiver *rtc_rtp_transceiver_ref(rtc_rtp_transceiver *t)
{
    if (t)
        atomic_fetch_add_explicit(&t->references, 1, memory_order_relaxed);
    return t;
}

void rtc_rtp_transceiver_unref(rtc_rtp_transceiver *t)
{
    if (t && atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) == 1)
        destroy(t);
}

static void tell_track(rtc_peer_connection *pc, rtc_rtp_transceiver *t, const struct track_streams *streams)
{
    const char *ids[4];
    if (!pc->callbacks.on_track || !t->connection) /* taken back before it was told */
        return;
    for (size_t i = 0; i < streams->count; i++)
        ids[i] = streams->ids[i];
    rtc_track_event event = {
        .size = sizeof event,
        .transceiver = t,
        .receiver = &t->receiver,
        .track = t->receiver.track,
        .stream_ids = ids,
        .stream_count = streams->count,
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
    case TRANSCEIVER_TRACK_MUTE:
        if (c->on_track_mute)
            c->on_track_mute(pc, pc->user, t->receiver.track, e->value != 0);
        break;
    case TRANSCEIVER_CIRCUIT:
        if (c->on_circuit_change)
            c->on_circuit_change(pc, pc->user, &t->sender, (rtc_circuit)e->value);
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

static void release(rtc_peer_connection *pc, struct user_event *e)
{
    (void)pc;
    rtc_rtp_transceiver_unref(e->object);
}

struct user_event *transceiver_tell(rtc_rtp_transceiver *t, enum transceiver_event type, int value)
{
    static const struct event_teller teller = {.tell = tell, .hold = hold, .release = release};
    return peer_tell(t->connection, &teller, (int)type, value, t);
}

static uint32_t fresh_ssrc(rtc_peer_connection *pc)
{
    uint32_t ssrc;
    do
        ssrc = context_random_u32(pc->context);
    while (ssrc == 0);
    return ssrc;
}

/* A random UUID (RFC 9562 4.4), the shape track ids have. */
static void fresh_id(rtc_context *context, char id[JSEP_ID_MAX])
{
    uint8_t b[16];
    context_random(context, b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(id, JSEP_ID_MAX, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4],
                   b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* The track says that it is muted or not: the application is told. */
static void track_muted(void *user, bool muted)
{
    rtc_rtp_transceiver *t = user;
    (void)transceiver_tell(t, TRANSCEIVER_TRACK_MUTE, muted);
}

static const struct media_track_events track_events = {.muted = track_muted};

static int make_receiver(rtc_peer_connection *pc, rtc_rtp_transceiver *t)
{
    char id[JSEP_ID_MAX];
    fresh_id(pc->context, id);
    int error = track_feedback_new(pc, t, &t->receiver.feedback);
    if (error)
        return error;
    const char *label = t->kind == RTC_MEDIA_AUDIO ? "remote audio" : "remote video";
    error = media_track_new_remote(pc->context, t->kind, id, label, &track_feedback_ops, t->receiver.feedback, &t->receiver.track);
    if (error)
        return error;
    media_track_listen(t->receiver.track, &track_events, t);
    return receive_pipeline_new(pc, t, &t->receiver.pipeline);
}

static void release_receiver(rtc_rtp_transceiver *t)
{
    receive_pipeline_detach(t->receiver.pipeline);
    t->receiver.pipeline = NULL;
    track_feedback_detach(t->receiver.feedback);
    t->receiver.feedback = NULL;
    if (t->receiver.track)
        media_track_listen(t->receiver.track, NULL, NULL);
}

void transceiver_discard(rtc_rtp_transceiver *t)
{
    release_receiver(t);
    t->connection = NULL;
    rtc_rtp_transceiver_unref(t);
}

int transceiver_make(rtc_peer_connection *pc, rtc_media_kind kind, rtc_rtp_direction direction, rtc_rtp_transceiver **out)
{
    rtc_rtp_transceiver *t = memory_zeroed(pc->context, sizeof *t);
    if (!t)
        return RTC_ERR_NO_MEMORY;
    atomic_init(&t->references, 1);
    t->context = rtc_context_ref(pc->context);
    t->connection = pc;
    t->kind = kind;
    t->direction = direction;
    t->sender.encoding_count = 1;
    t->sender.encodings[0].rtp.ssrc = fresh_ssrc(pc);
    t->sender.encodings[0].rtp.rtx_ssrc = kind == RTC_MEDIA_VIDEO ? fresh_ssrc(pc) : 0;
    t->sender.codec.payload_type = JSEP_NO_PAYLOAD_TYPE;
    fresh_id(pc->context, t->sender.track_id);
    int error = make_receiver(pc, t);
    if (error)
        transceiver_discard(t);
    else
        *out = t;
    return error;
}

void transceiver_join(rtc_rtp_transceiver *t)
{
    rtc_peer_connection *pc = t->connection;
    t->number = ++pc->negotiation.transceivers_made;
    list_append(&pc->transceivers, &t->link);
    pc->transceiver_count++;
}

int transceiver_new(rtc_peer_connection *pc, rtc_media_kind kind, rtc_rtp_direction direction, rtc_rtp_transceiver **out)
{
    int error = transceiver_make(pc, kind, direction, out);
    if (!error)
        transceiver_join(*out);
    return error;
}

static void stop_sending(rtc_rtp_transceiver *t)
{
    struct send_pipeline *ended = t->sender.pipeline;
    t->sender.pipeline = NULL;
    if (ended)
        send_pipeline_end(ended, t->connection->now, &t->sender.past);
}

/* What is no move of the table changes nothing. */
static void set_state(rtc_rtp_transceiver *t, enum transceiver_state state)
{
    static const bool moves[3][3] = {
        [TRANSCEIVER_LIVE][TRANSCEIVER_STOPPED] = true,
        [TRANSCEIVER_STOPPED][TRANSCEIVER_DETACHED] = true,
    };
    if (moves[t->state][state])
        t->state = state;
}

void transceiver_stop(rtc_rtp_transceiver *t)
{
    rtc_peer_connection *pc = t->connection;
    if (t->state != TRANSCEIVER_LIVE)
        return;
    set_state(t, TRANSCEIVER_STOPPED);
    stop_sending(t);
    transceiver_forget_prepared(t);
    if (pc && pc->transport && transport_media(pc->transport) && t->rtp_section)
        rtp_session_remove_section(transport_media(pc->transport), pc->now, t->rtp_section, transport_media_out(pc->transport));
    t->rtp_section = 0;
    for (size_t i = 0; i < t->sender.encoding_count; i++)
        t->sender.encodings[i].stream = 0;
    t->direction = t->current_direction = RTC_DIRECTION_STOPPED;
    t->has_current_direction = true;
    media_track_end(t->receiver.track);
}

void transceiver_detach(rtc_rtp_transceiver *t)
{
    rtc_peer_connection *pc = t->connection;
    transceiver_stop(t);
    release_receiver(t);
    list_remove(&t->link);
    pc->transceiver_count--;
    set_state(t, TRANSCEIVER_DETACHED);
    t->connection = NULL;
    rtc_rtp_transceiver_unref(t);
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

rtc_rtp_transceiver *transceiver_by_rtp_section(const rtc_peer_connection *pc, uint32_t section)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (t->rtp_section == section)
            return t;
    }
    return NULL;
}

void transceiver_set_track(rtc_rtp_transceiver *t, rtc_media_stream_track *track)
{
    stop_sending(t);
    rtc_media_stream_track *old = t->sender.track;
    t->sender.track = track ? rtc_media_stream_track_ref(track) : NULL;
    rtc_media_stream_track_unref(old);
    if (track && !t->mid[0])
        (void)snprintf(t->sender.track_id, sizeof t->sender.track_id, "%s", rtc_media_stream_track_id(track));
    transceiver_update_sending(t);
}

struct sender_encoding *sender_encoding_of(rtc_rtp_sender *sender, uint32_t stream)
{
    for (size_t i = 0; stream && i < sender->encoding_count; i++)
        if (sender->encodings[i].stream == stream)
            return &sender->encodings[i];
    return NULL;
}

uint32_t sender_target_bitrate(const rtc_rtp_sender *sender)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < sender->encoding_count; i++)
        sum += sender->encodings[i].target_bitrate_bps;
    return sum;
}

uint8_t sender_dscp(const rtc_rtp_transceiver *t)
{
    uint8_t most = DSCP_NOTHING;
    for (size_t i = 0; i < t->sender.encoding_count; i++)
        most = dscp_more(most, dscp_of_media(t->kind, t->sender.encodings[i].priority));
    return most;
}

int transceiver_set_streams(rtc_rtp_sender *sender, rtc_media_stream *const *streams, size_t count)
{
    if (count > JSEP_STREAMS_MAX)
        return RTC_ERR_RANGE;
    for (size_t i = 0; i < count; i++) {
        const char *id = streams && streams[i] ? rtc_media_stream_id(streams[i]) : NULL;
        if (!id || strlen(id) >= JSEP_ID_MAX)
            return RTC_ERR_TYPE;
        (void)snprintf(sender->stream_ids[i], JSEP_ID_MAX, "%s", id);
    }
    sender->stream_count = count;
    return RTC_OK;
}

/* What is sent changed, or its priority. */
static void mark_again(const rtc_rtp_transceiver *t)
{
    if (t->connection && t->connection->transport)
        t->connection->media_mark_stale = true;
}

void transceiver_update_sending(rtc_rtp_transceiver *t)
{
    mark_again(t);
    bool wanted = t->state == TRANSCEIVER_LIVE && t->sender.track && t->has_current_direction && direction_sends(t->current_direction) &&
                  t->sender.codec.payload_type != JSEP_NO_PAYLOAD_TYPE && !transport_is_over(t->connection->transport);
    if (!wanted) {
        stop_sending(t);
        return;
    }
    if (t->sender.pipeline)
        return;
    int error = t->sender.prepared ? RTC_OK : send_pipeline_prepare(t->connection, t->kind, &t->sender.prepared);
    if (error)
        log_write(t->context, RTC_LOG_ERROR, "peer", "section '%s' can not send: %s", t->mid, rtc_error_message(error));
    if (error == RTC_ERR_NO_MEMORY)
        peer_give_up(t->connection);
    if (error)
        return;
    t->sender.pipeline = t->sender.prepared;
    t->sender.prepared = NULL;
    send_pipeline_start(t->sender.pipeline, t);
}

int transceiver_prepare_sending(rtc_rtp_transceiver *t, rtc_rtp_direction direction)
{
    if (t->state != TRANSCEIVER_LIVE || !t->sender.track || !direction_sends(direction) || t->sender.pipeline || t->sender.prepared)
        return RTC_OK;
    int error = send_pipeline_prepare(t->connection, t->kind, &t->sender.prepared);
    return error == RTC_ERR_NO_MEMORY ? error : RTC_OK; /* that no worker can be had is told when it is to begin */
}

void transceiver_forget_prepared(rtc_rtp_transceiver *t)
{
    send_pipeline_discard(t->sender.prepared);
    t->sender.prepared = NULL;
}

/* What a call on a transceiver, or on what belongs to it, begins with that may fail: it is refused when stopped or closed. */
static int begin(const rtc_rtp_transceiver *t, const char *caller)
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

rtc_media_kind rtc_rtp_transceiver_kind(const rtc_rtp_transceiver *t)
{
    return t->kind;
}

const char *rtc_rtp_transceiver_mid(const rtc_rtp_transceiver *t)
{
    return t->mid[0] ? t->mid : NULL;
}

rtc_rtp_sender *rtc_rtp_transceiver_sender(const rtc_rtp_transceiver *t)
{
    return &((rtc_rtp_transceiver *)(uintptr_t)t)->sender;
}

rtc_rtp_receiver *rtc_rtp_transceiver_receiver(const rtc_rtp_transceiver *t)
{
    return &((rtc_rtp_transceiver *)(uintptr_t)t)->receiver;
}

rtc_rtp_direction rtc_rtp_transceiver_direction(const rtc_rtp_transceiver *t)
{
    return t->direction;
}

int rtc_rtp_transceiver_set_direction(rtc_rtp_transceiver *t, rtc_rtp_direction direction)
{
    int error = begin(t, "rtc_rtp_transceiver_set_direction");
    if (error)
        return error;
    if ((unsigned)direction > RTC_DIRECTION_SENDRECV)
        return peer_fail(t->connection, RTC_ERR_TYPE, "unknown direction %d", (int)direction);
    if (t->direction == direction)
        return RTC_OK;
    t->direction = direction;
    negotiation_update_needed(t->connection);
    peer_settle(t->connection);
    return RTC_OK;
}

bool rtc_rtp_transceiver_current_direction(const rtc_rtp_transceiver *t, rtc_rtp_direction *out)
{
    if (t->has_current_direction && out)
        *out = t->current_direction;
    return t->has_current_direction;
}

rtc_rtp_sender *rtc_rtp_sender_ref(rtc_rtp_sender *sender)
{
    if (sender)
        (void)rtc_rtp_transceiver_ref(of_sender(sender));
    return sender;
}

void rtc_rtp_sender_unref(rtc_rtp_sender *sender)
{
    if (sender)
        rtc_rtp_transceiver_unref(of_sender(sender));
}

rtc_media_stream_track *rtc_rtp_sender_track(const rtc_rtp_sender *sender)
{
    return sender->track;
}

int rtc_rtp_sender_replace_track(rtc_rtp_sender *sender, rtc_media_stream_track *track)
{
    rtc_rtp_transceiver *t = sender ? of_sender(sender) : NULL;
    if (t && track && rtc_media_stream_track_kind(track) != t->kind)
        return peer_fail(t->connection, RTC_ERR_TYPE, "the track is one of %s", t->kind == RTC_MEDIA_AUDIO ? "video" : "audio");
    int error = begin(t, "rtc_rtp_sender_replace_track");
    if (error)
        return error;
    if (track == sender->track)
        return RTC_OK;
    (void)peer_now(t->connection);
    transceiver_set_track(t, track);
    peer_settle(t->connection);
    return RTC_OK;
}

int rtc_rtp_sender_set_max_bitrate(rtc_rtp_sender *sender, uint32_t bitrate_bps)
{
    rtc_rtp_transceiver *t = sender ? of_sender(sender) : NULL;
    int error = begin(t, "rtc_rtp_sender_set_max_bitrate");
    if (error)
        return error;
    rtc_peer_connection *pc = t->connection;
    for (size_t i = 0; i < sender->encoding_count; i++) {
        struct sender_encoding *e = &sender->encodings[i];
        e->rtp.max_bitrate_bps = bitrate_bps;
        if (e->stream)
            rtp_session_set_stream_bitrate(transport_media(pc->transport), peer_now(pc), e->stream, bitrate_bps,
                                           transport_media_out(pc->transport));
    }
    peer_settle(pc);
    return RTC_OK;
}

static void set_priorities(rtc_rtp_sender *sender, rtc_priority priority)
{
    for (size_t i = 0; i < sender->encoding_count; i++)
        sender->encodings[i].priority = priority;
}

int rtc_rtp_sender_set_priority(rtc_rtp_sender *sender, rtc_priority priority)
{
    rtc_rtp_transceiver *t = sender ? of_sender(sender) : NULL;
    if (t && (unsigned)priority > RTC_PRIORITY_HIGH)
        return peer_fail(t->connection, RTC_ERR_TYPE, "unknown priority %d", (int)priority);
    int error = begin(t, "rtc_rtp_sender_set_priority");
    if (error)
        return error;
    set_priorities(sender, priority);
    if (t->rtp_section)
        rtp_session_set_section_dscp(transport_media(t->connection->transport), t->rtp_section, sender_dscp(t));
    mark_again(t);
    return RTC_OK;
}

rtc_priority rtc_rtp_sender_priority(const rtc_rtp_sender *sender)
{
    return sender->encodings[0].priority;
}

rtc_rtp_receiver *rtc_rtp_receiver_ref(rtc_rtp_receiver *receiver)
{
    if (receiver)
        (void)rtc_rtp_transceiver_ref(of_receiver(receiver));
    return receiver;
}

void rtc_rtp_receiver_unref(rtc_rtp_receiver *receiver)
{
    if (receiver)
        rtc_rtp_transceiver_unref(of_receiver(receiver));
}

rtc_media_stream_track *rtc_rtp_receiver_track(const rtc_rtp_receiver *receiver)
{
    return receiver->track;
}

int rtc_rtp_receiver_request_keyframe(rtc_rtp_receiver *receiver)
{
    rtc_rtp_transceiver *t = receiver ? of_receiver(receiver) : NULL;
    if (t && t->kind != RTC_MEDIA_VIDEO)
        return peer_fail(t->connection, RTC_ERR_INVALID_ACCESS, "sound has no keyframes");
    int error = begin(t, "rtc_rtp_receiver_request_keyframe");
    if (error)
        return error;
    rtc_peer_connection *pc = t->connection;
    if (!t->rtp_section)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "nothing is received yet");
    rtp_session_request_keyframe(transport_media(pc->transport), peer_now(pc), t->rtp_section, transport_media_out(pc->transport));
    peer_settle(pc);
    return RTC_OK;
}

/* A transceiver whose sender is free and was never used (webrtc-pc 5.1, addTrack step 7). */
static rtc_rtp_transceiver *reusable(rtc_peer_connection *pc, rtc_media_kind kind)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (t->kind == kind && !t->sender.track && t->state == TRANSCEIVER_LIVE && !t->has_sent)
            return t;
    }
    return NULL;
}

static bool already_sent(rtc_peer_connection *pc, const rtc_media_stream_track *track)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next)
        if (link_owner(l, rtc_rtp_transceiver, link)->sender.track == track)
            return true;
    return false;
}

static int fail_streams(rtc_peer_connection *pc, int error, size_t count)
{
    if (error == RTC_ERR_RANGE)
        return peer_fail(pc, error, "%zu streams are more than the %d of one track", count, JSEP_STREAMS_MAX);
    return peer_fail(pc, error, "streams: an entry is missing");
}

int rtc_peer_connection_add_track(rtc_peer_connection *pc, rtc_media_stream_track *track, rtc_media_stream *const *streams,
                                  size_t stream_count, rtc_rtp_sender **sender)
{
    if (!pc || !track)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_add_track: %s is NULL", pc ? "track" : "connection");
    int error = peer_begin(pc);
    if (error)
        return error;
    if (already_sent(pc, track))
        return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "the track is sent already");
    rtc_media_kind kind = rtc_media_stream_track_kind(track);
    rtc_rtp_transceiver *t = reusable(pc, kind);
    struct rtc_rtp_sender probe = {0};
    error = transceiver_set_streams(&probe, streams, stream_count);
    if (error)
        return fail_streams(pc, error, stream_count);
    if (!t) {
        error = transceiver_new(pc, kind, RTC_DIRECTION_SENDRECV, &t);
        if (error)
            return peer_end(pc, error);
        t->created_by_add_track = true;
    }
    t->made_by_offer = false;
    (void)transceiver_set_streams(&t->sender, streams, stream_count);
    t->direction = direction_or(t->direction, RTC_DIRECTION_SENDONLY);
    transceiver_set_track(t, track);
    negotiation_update_needed(pc);
    if (sender)
        *sender = &t->sender;
    peer_settle(pc);
    return RTC_OK;
}

int rtc_peer_connection_add_transceiver(rtc_peer_connection *pc, rtc_media_kind kind, rtc_media_stream_track *track,
                                        const rtc_rtp_transceiver_init *given, rtc_rtp_transceiver **out)
{
    rtc_rtp_transceiver_init init;
    rtc_rtp_transceiver *t;
    if (!pc)
        return error_say(RTC_ERR_TYPE, "rtc_peer_connection_add_transceiver: connection is NULL");
    int error = peer_begin(pc);
    if (!error)
        error = peer_options(pc, &init, sizeof init, given, "rtc_rtp_transceiver_init");
    if (error)
        return error;
    init.has_direction = init.has_direction || init.direction != 0; /* the flag is for the zero, inactive */
    if (track)
        kind = rtc_media_stream_track_kind(track);
    if (kind != RTC_MEDIA_AUDIO && kind != RTC_MEDIA_VIDEO)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown kind of media %d", (int)kind);
    if (init.has_direction && (unsigned)init.direction > RTC_DIRECTION_SENDRECV)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown direction %d", (int)init.direction);
    if ((unsigned)init.priority > RTC_PRIORITY_HIGH)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown priority %d", (int)init.priority);
    struct rtc_rtp_sender probe = {0};
    error = transceiver_set_streams(&probe, init.streams, init.stream_count);
    if (error)
        return fail_streams(pc, error, init.stream_count);
    error = transceiver_new(pc, kind, init.has_direction ? init.direction : RTC_DIRECTION_SENDRECV, &t);
    if (error)
        return peer_end(pc, error);
    (void)transceiver_set_streams(&t->sender, init.streams, init.stream_count);
    for (size_t i = 0; i < t->sender.encoding_count; i++)
        t->sender.encodings[i].rtp.max_bitrate_bps = init.max_bitrate_bps;
    set_priorities(&t->sender, init.priority);
    if (track)
        transceiver_set_track(t, track);
    negotiation_update_needed(pc);
    if (out)
        *out = t;
    peer_settle(pc);
    return RTC_OK;
}

int rtc_peer_connection_remove_track(rtc_peer_connection *pc, rtc_rtp_sender *sender)
{
    if (!pc || !sender)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_remove_track: %s is NULL", pc ? "sender" : "connection");
    int error = peer_begin(pc);
    if (error)
        return error;
    rtc_rtp_transceiver *t = of_sender(sender);
    if (t->connection != pc)
        return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "the sender belongs to another connection");
    if (!sender->track || t->state != TRANSCEIVER_LIVE)
        return RTC_OK;
    transceiver_set_track(t, NULL);
    t->direction = direction_and(t->direction, RTC_DIRECTION_RECVONLY);
    negotiation_update_needed(pc);
    peer_settle(pc);
    return RTC_OK;
}

size_t rtc_peer_connection_transceiver_count(const rtc_peer_connection *pc)
{
    return pc->transceiver_count;
}

rtc_rtp_transceiver *rtc_peer_connection_transceiver(const rtc_peer_connection *pc, size_t index)
{
    struct link *l = pc->transceivers.next;
    while (l != &pc->transceivers && index > 0) {
        l = l->next;
        index--;
    }
    return l == &pc->transceivers ? NULL : link_owner(l, rtc_rtp_transceiver, link);
}
