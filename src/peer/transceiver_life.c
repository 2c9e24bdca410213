/* SPDX-License-Identifier: MIT */
/* See transceiver_life.h. */
#include "transceiver_life.h"

#include "closed_mark.h"
#include "peer.h"
#include "peer_record.h"
#include "receive_pipeline.h"
#include "forward.h"
#include "forwarder.h"
#include "receiver_sources.h"
#include "sending.h"
#include "track_feedback.h"
#include "transport.h"
#include "transport_objects.h"

#include <stdio.h>

uint32_t transceiver_fresh_ssrc(rtc_context *context)
{
    uint32_t ssrc;
    do
        ssrc = context_random_u32(context);
    while (ssrc == 0);
    return ssrc;
}

/* A random UUID (RFC 9562 4.4), the shape track ids have. */
void transceiver_fresh_id(rtc_context *context, char id[JSEP_ID_MAX])
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
    transceiver_fresh_id(pc->context, id);
    int error = track_feedback_new(pc, t, &t->receiver.feedback);
    if (error)
        return error;
    const char *label = t->kind == RTC_MEDIA_AUDIO ? "remote audio" : "remote video";
    error = media_track_new_remote(pc->context, t->kind, id, label, &track_feedback_ops, t->receiver.feedback, &t->receiver.track);
    if (error)
        return error;
    media_track_listen(t->receiver.track, &track_events, t);
    t->receiver.stream_count = 1;
    error = receiver_sources_new(pc->context, &t->receiver.sources);
    if (error)
        return error;
    return receive_pipeline_new(pc, t, &t->receiver.streams[0], &t->receiver.streams[0].pipeline);
}

static void release_receiver(rtc_rtp_transceiver *t)
{
    for (size_t i = 0; i < t->receiver.stream_count; i++) {
        receive_pipeline_detach(t->receiver.streams[i].pipeline);
        t->receiver.streams[i].pipeline = NULL;
    }
    track_feedback_detach(t->receiver.feedback);
    t->receiver.feedback = NULL;
    forwarder_detach(t->receiver.forwarder);
    t->receiver.forwarder = NULL;
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
    t->mark = closed_mark_ref(pc->held.mark);
    t->kind = kind;
    t->direction = direction;
    t->sender.encoding_count = 1;
    t->sender.encodings[0].rtp.ssrc = transceiver_fresh_ssrc(pc->context);
    t->sender.encodings[0].rtp.rtx_ssrc = kind == RTC_MEDIA_VIDEO ? transceiver_fresh_ssrc(pc->context) : 0;
    t->sender.encodings[0].settings.scale_resolution_down_by = kind == RTC_MEDIA_VIDEO ? 1 : 0;
    t->sender.codec.payload_type = t->sender.encodings[0].codec.payload_type = JSEP_NO_PAYLOAD_TYPE;
    transceiver_fresh_id(pc->context, t->sender.track_id);
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
    t->session = pc->negotiation.session_id;
    list_append(&pc->transceivers, &t->link);
    pc->held.count++;
}

void transceiver_record_added(rtc_peer_connection *pc, uint32_t last)
{
    int index = 0;
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next, index++) {
        const rtc_rtp_transceiver *t = link_owner(l, const rtc_rtp_transceiver, link);
        if (t->number > last)
            peer_record(pc, "transceiverAdded", "kind:s transceiverIndex:d", t->kind == RTC_MEDIA_AUDIO ? "audio" : "video", index);
    }
}

int transceiver_new(rtc_peer_connection *pc, rtc_media_kind kind, rtc_rtp_direction direction, rtc_rtp_transceiver **out)
{
    int error = transceiver_make(pc, kind, direction, out);
    if (error)
        return error;
    transceiver_join(*out);
    transceiver_record_added(pc, (*out)->number - 1);
    return RTC_OK;
}

const struct moves transceiver_moves = {
    .module = "peer",
    .what = "transceiver",
    .count = TRANSCEIVER_DETACHED + 1,
    .names = {"live", "stopping", "stopped", "detached"},
    .allowed =
        {
            [TRANSCEIVER_LIVE] = MOVE_TO(TRANSCEIVER_STOPPING) | MOVE_TO(TRANSCEIVER_STOPPED),
            [TRANSCEIVER_STOPPING] = MOVE_TO(TRANSCEIVER_STOPPED),
            [TRANSCEIVER_STOPPED] = MOVE_TO(TRANSCEIVER_DETACHED),
            [TRANSCEIVER_DETACHED] = 0,
        },
};

static void set_state(rtc_rtp_transceiver *t, enum transceiver_state state)
{
    if (moves_take(&transceiver_moves, t->context, t->state, state))
        t->state = state;
}

/* webrtc-pc 5.4.1, "stop sending and receiving". */
static void fall_silent(rtc_rtp_transceiver *t)
{
    sending_stop(t);
    sending_forget_prepared(t);
    forward_end(t->sender.forward);
    t->direction = RTC_DIRECTION_STOPPED;
    t->receiver.ended_untold = true;
}

/* The session keeps its member until the section is rejected: what the peer still sends must not be taken for another section's. */
void transceiver_begin_stop(rtc_rtp_transceiver *t)
{
    if (t->state != TRANSCEIVER_LIVE)
        return;
    set_state(t, TRANSCEIVER_STOPPING);
    fall_silent(t);
    if (t->rtp_member)
        rtp_session_quiet_member(transport_media(t->transport), t->connection->now, t->rtp_member, transport_media_out(t->transport));
}

void transceiver_stop(rtc_rtp_transceiver *t)
{
    rtc_peer_connection *pc = t->connection;
    bool live = t->state == TRANSCEIVER_LIVE;
    if (!live && t->state != TRANSCEIVER_STOPPING)
        return;
    set_state(t, TRANSCEIVER_STOPPED);
    if (live)
        fall_silent(t);
    if (pc && t->rtp_member)
        rtp_session_remove_member(transport_media(t->transport), pc->now, t->rtp_member, transport_media_out(t->transport));
    t->transport = NULL;
    t->rtp_member = 0;
    for (size_t i = 0; i < t->sender.encoding_count; i++)
        t->sender.encodings[i].stream = 0;
    for (size_t i = 0; i < t->receiver.stream_count; i++)
        t->receiver.streams[i].stream = 0;
    t->current_direction = RTC_DIRECTION_STOPPED;
    t->has_current_direction = true;
}

void transceiver_tell_ended(rtc_rtp_transceiver *t)
{
    if (!t->receiver.ended_untold || t->receiver.ended_queued)
        return;
    t->receiver.ended_queued = transceiver_tell(t, TRANSCEIVER_TRACK_ENDED, 0) != NULL;
    if (t->receiver.ended_queued)
        return;
    t->receiver.ended_untold = false; /* closed, or without memory */
    if (media_track_end_all(t->receiver.track))
        media_track_tell_end_elsewhere(t->receiver.track);
}

void transceiver_forget_closed(rtc_peer_connection *pc)
{
    while (!list_empty(&pc->held.closed)) {
        rtc_rtp_transceiver *t = link_owner(pc->held.closed.next, rtc_rtp_transceiver, link);
        list_remove(&t->link);
        rtc_rtp_transceiver_unref(t);
    }
}

void transceiver_detach(rtc_rtp_transceiver *t)
{
    rtc_peer_connection *pc = t->connection;
    transceiver_stop(t);
    if (peer_is_closed(pc) && t->receiver.ended_untold) { /* of a closed connection nothing is told (decision 70) */
        t->receiver.ended_untold = false;
        (void)media_track_end_all(t->receiver.track);
        media_track_end_quietly(t->receiver.track);
    }
    transceiver_tell_ended(t);
    release_receiver(t);
    t->last_transport = rtc_dtls_transport_ref(transport_objects_of(pc, t->number));
    list_remove(&t->link);
    set_state(t, TRANSCEIVER_DETACHED);
    t->connection = NULL;
    if (peer_is_closed(pc)) { /* webrtc-pc 4.4.2, close(): it stays in the list, stopped */
        list_append(&pc->held.closed, &t->link);
        return;
    }
    pc->held.count--;
    rtc_rtp_transceiver_unref(t);
}
