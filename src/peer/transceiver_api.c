/* SPDX-License-Identifier: MIT */
/* The public names of transceivers, senders and receivers (webrtc-pc 5), with addTrack, addTransceiver and removeTrack (5.1). */
#include "negotiation_needed.h"
#include "options.h"
#include "peer_transport.h"
#include "receiver_sources.h"
#include "sender_parameters.h"
#include "sending.h"
#include "transceiver_life.h"
#include "transport.h"

static rtc_rtp_transceiver *of_sender(const rtc_rtp_sender *sender)
{
    return link_owner((uintptr_t)sender, rtc_rtp_transceiver, sender);
}

static rtc_rtp_transceiver *of_receiver(const rtc_rtp_receiver *receiver)
{
    return link_owner((uintptr_t)receiver, rtc_rtp_transceiver, receiver);
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

int rtc_rtp_transceiver_stop(rtc_rtp_transceiver *t)
{
    if (!t)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_transceiver_stop: transceiver is NULL");
    rtc_peer_connection *pc = t->connection;
    if (!pc) /* webrtc-pc 5.4.1: a connection that is closed refuses; one that left it, stopped, has nothing left to do */
        return transceiver_is_closed(t) ? error_say(RTC_ERR_INVALID_STATE, "rtc_rtp_transceiver_stop: the connection is closed") : RTC_OK;
    int error = peer_begin(pc);
    if (error || t->state != TRANSCEIVER_LIVE)
        return error;
    (void)peer_now(pc);
    sending_flush(t);
    transceiver_begin_stop(t);
    transceiver_tell_ended(t);
    negotiation_update_needed(pc);
    peer_settle(pc);
    return RTC_OK;
}

rtc_rtp_direction rtc_rtp_transceiver_direction(const rtc_rtp_transceiver *t)
{
    return t->direction;
}

int rtc_rtp_transceiver_set_direction(rtc_rtp_transceiver *t, rtc_rtp_direction direction)
{
    int error = transceiver_begin(t, "rtc_rtp_transceiver_set_direction");
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
    int error = transceiver_begin(t, "rtc_rtp_sender_replace_track");
    if (error)
        return error;
    if (track == sender->track)
        return RTC_OK;
    if (sender->forward)
        return peer_fail(t->connection, RTC_ERR_INVALID_STATE, "the sender forwards: rtc_forward_stop ends that");
    (void)peer_now(t->connection);
    sending_set_track(t, track);
    peer_settle(t->connection);
    return RTC_OK;
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

static bool show_source(const rtc_rtp_receiver *receiver, bool contributing, size_t index, rtc_rtp_source *out)
{
    rtc_rtp_transceiver *t = receiver && out && out->size > 0 ? of_receiver(receiver) : NULL;
    rtc_rtp_source source = {.size = t ? out->size : 0};
    if (!t || !t->connection || !receiver_sources_at(receiver->sources, peer_now(t->connection), contributing, index, &source))
        return false;
    memcpy(out, &source, source.size < sizeof source ? source.size : sizeof source);
    return true;
}

bool rtc_rtp_receiver_synchronization_source(const rtc_rtp_receiver *receiver, size_t index, rtc_rtp_source *out)
{
    return show_source(receiver, false, index, out);
}

bool rtc_rtp_receiver_contributing_source(const rtc_rtp_receiver *receiver, size_t index, rtc_rtp_source *out)
{
    return show_source(receiver, true, index, out);
}

int rtc_rtp_receiver_request_keyframe(rtc_rtp_receiver *receiver)
{
    rtc_rtp_transceiver *t = receiver ? of_receiver(receiver) : NULL;
    if (t && t->kind != RTC_MEDIA_VIDEO)
        return peer_fail(t->connection, RTC_ERR_INVALID_ACCESS, "sound has no keyframes");
    int error = transceiver_begin(t, "rtc_rtp_receiver_request_keyframe");
    if (error)
        return error;
    rtc_peer_connection *pc = t->connection;
    if (!t->rtp_member)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "nothing is received yet");
    for (size_t i = 0; i < receiver->stream_count; i++)
        rtp_session_request_keyframe(transport_media(t->transport), peer_now(pc), receiver->streams[i].stream,
                                     transport_media_out(t->transport));
    peer_settle(pc);
    return RTC_OK;
}

bool rtc_rtp_receiver_jitter_buffer_target_ms(const rtc_rtp_receiver *receiver, double *out)
{
    bool has = receiver && receiver->has_jitter_buffer_target;
    if (has && out)
        *out = receiver->jitter_buffer_target_ms;
    return has;
}

static void follow_playout(const rtc_rtp_transceiver *t)
{
    const struct rtp_playout playout = transceiver_playout(t);
    if (!t->connection || !t->rtp_member)
        return;
    (void)peer_now(t->connection);
    rtp_session_set_member_playout(transport_media(t->transport), t->rtp_member, &playout);
    peer_settle(t->connection);
}

/* webrtc-pc 5.3, the setter of jitterBufferTarget. */
int rtc_rtp_receiver_set_jitter_buffer_target_ms(rtc_rtp_receiver *receiver, const double *target_ms)
{
    enum { MOST_MS = 4000 };
    if (!receiver)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_receiver_set_jitter_buffer_target_ms: receiver is NULL");
    rtc_rtp_transceiver *t = of_receiver(receiver);
    if (target_ms && !(*target_ms >= 0 && *target_ms <= MOST_MS))
        return error_say(RTC_ERR_RANGE, "the target is %g ms: it is 0 to %d", *target_ms, MOST_MS);
    receiver->has_jitter_buffer_target = target_ms != NULL;
    receiver->jitter_buffer_target_ms = target_ms ? *target_ms : 0;
    follow_playout(t);
    return RTC_OK;
}

bool rtc_rtp_sender_playout_delay(const rtc_rtp_sender *sender, rtc_playout_delay *out)
{
    bool has = sender && sender->has_playout_delay;
    if (!has || !out)
        return has;
    const rtc_playout_delay delay = {out->size, (uint32_t)(sender->held.min / 1000), (uint32_t)(sender->held.max / 1000)};
    memcpy(out, &delay, delay.size < sizeof delay ? delay.size : sizeof delay);
    return true;
}

int rtc_rtp_sender_set_playout_delay(rtc_rtp_sender *sender, const rtc_playout_delay *delay)
{
    enum { MOST_MS = RTP_PLAYOUT_DELAY_MAX_US / 1000 };
    rtc_playout_delay wanted = {.size = sizeof wanted};
    if (!sender)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_sender_set_playout_delay: sender is NULL");
    int error = delay ? options_take(&wanted, sizeof wanted, delay, "rtc_playout_delay") : RTC_OK;
    if (error)
        return error;
    rtc_rtp_transceiver *t = of_sender(sender);
    if (t->kind != RTC_MEDIA_VIDEO)
        return error_say(RTC_ERR_INVALID_ACCESS, "a playout delay is of pictures, not of sound");
    if (wanted.min_ms > wanted.max_ms || wanted.max_ms > MOST_MS)
        return error_say(RTC_ERR_RANGE, "the playout delay is %u to %u ms: it is 0 to %d, and no more at least than at most", wanted.min_ms,
                         wanted.max_ms, MOST_MS);
    sender->has_playout_delay = delay != NULL;
    sender->had_playout_delay = sender->had_playout_delay || delay;
    sender->held = (struct rtp_playout_delay){(rtc_time_t)wanted.min_ms * 1000, (rtc_time_t)wanted.max_ms * 1000};
    follow_playout(t);
    return RTC_OK;
}

/* A transceiver whose sender is free and was never used (webrtc-pc 5.1, addTrack step 7). */
static rtc_rtp_transceiver *reusable(rtc_peer_connection *pc, rtc_media_kind kind)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (t->kind == kind && !t->sender.track && !t->sender.forward && t->state == TRANSCEIVER_LIVE && !t->has_sent)
            return t;
    }
    return NULL;
}

static bool already_sent(rtc_peer_connection *pc, const rtc_media_stream_track *track)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        const rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (t->sender.track == track && t->state < TRANSCEIVER_STOPPED)
            return true;
    }
    return false;
}

static int fail_streams(rtc_peer_connection *pc, int error, size_t count)
{
    if (error == RTC_ERR_RANGE)
        return peer_fail(pc, error, "%zu streams are more than the %d of one track", count, JSEP_STREAMS_MAX);
    return peer_fail(pc, error, "streams: an entry is missing");
}

int rtc_rtp_sender_set_streams(rtc_rtp_sender *sender, rtc_media_stream *const *streams, size_t count)
{
    rtc_rtp_transceiver *t = sender ? of_sender(sender) : NULL;
    struct rtc_rtp_sender probe = {0};
    if (!t)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_sender_set_streams: the sender is NULL");
    if (transceiver_is_closed(t))
        return error_say(RTC_ERR_INVALID_STATE, "rtc_rtp_sender_set_streams: the connection is closed");
    int error = t->connection ? peer_begin(t->connection) : RTC_OK;
    if (error)
        return error;
    error = sending_set_streams(&probe, streams, count);
    if (error)
        return fail_streams(t->connection, error, count);
    (void)sending_set_streams(sender, streams, count);
    if (!t->connection) /* it has left, stopped */
        return RTC_OK;
    negotiation_update_needed(t->connection);
    peer_settle(t->connection);
    return RTC_OK;
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
    error = sending_set_streams(&probe, streams, stream_count);
    if (error)
        return fail_streams(pc, error, stream_count);
    if (!t) {
        error = transceiver_new(pc, kind, RTC_DIRECTION_SENDRECV, &t);
        if (error)
            return peer_end(pc, error);
        t->owner = TRANSCEIVER_OF_TRACK;
    }
    if (t->owner == TRANSCEIVER_OF_OFFER)
        t->owner = TRANSCEIVER_OF_TRACK;
    (void)sending_set_streams(&t->sender, streams, stream_count);
    t->direction = direction_or(t->direction, RTC_DIRECTION_SENDONLY);
    sending_set_track(t, track);
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
    struct rtc_rtp_sender probe = {0};
    struct wished_encodings wished;
    error = sending_set_streams(&probe, init.streams, init.stream_count);
    if (error)
        return fail_streams(pc, error, init.stream_count);
    error = sender_check_encodings(pc, kind, init.send_encodings, init.send_encoding_count, &wished);
    if (error)
        return error;
    error = transceiver_new(pc, kind, init.has_direction ? init.direction : RTC_DIRECTION_SENDRECV, &t);
    if (error)
        return peer_end(pc, error);
    (void)sending_set_streams(&t->sender, init.streams, init.stream_count);
    if (wished.count > 0)
        sender_adopt_encodings(t, &wished);
    if (track)
        sending_set_track(t, track);
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
    if (t->session != pc->negotiation.session_id)
        return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "the sender belongs to another connection");
    if (!sender->track || t->state != TRANSCEIVER_LIVE) /* also when it has left: taken back, or stopped */
        return RTC_OK;
    sending_set_track(t, NULL);
    t->direction = direction_and(t->direction, RTC_DIRECTION_RECVONLY);
    negotiation_update_needed(pc);
    peer_settle(pc);
    return RTC_OK;
}

size_t rtc_peer_connection_transceiver_count(const rtc_peer_connection *pc)
{
    return pc->held.count;
}

rtc_rtp_transceiver *rtc_peer_connection_transceiver(const rtc_peer_connection *pc, size_t index)
{
    const struct link *list = peer_is_closed(pc) ? &pc->held.closed : &pc->transceivers;
    struct link *l = list->next;
    while (l != list && index > 0) {
        l = l->next;
        index--;
    }
    return l == list ? NULL : link_owner(l, rtc_rtp_transceiver, link);
}
