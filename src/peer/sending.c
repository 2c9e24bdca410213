/* SPDX-License-Identifier: MIT */
/* See sending.h. */
#include "sending.h"

#include "peer.h"
#include "send_pipeline.h"
#include "transport.h"

#include <stdio.h>

void sending_stop(rtc_rtp_transceiver *t)
{
    struct send_pipeline *ended = t->sender.pipeline;
    t->sender.pipeline = NULL;
    if (ended)
        send_pipeline_end(ended);
}

/* Whether another sender is known to the peer by this id already. */
static bool is_taken(const rtc_rtp_transceiver *t, const char *track_id)
{
    for (struct link *l = t->connection->transceivers.next; l != &t->connection->transceivers; l = l->next) {
        const rtc_rtp_transceiver *other = link_owner(l, rtc_rtp_transceiver, link);
        if (other != t && other->state == TRANSCEIVER_LIVE && strcmp(other->sender.track_id, track_id) == 0)
            return true;
    }
    return false;
}

void sending_set_track(rtc_rtp_transceiver *t, rtc_media_stream_track *track)
{
    sending_flush(t);
    sending_stop(t);
    rtc_media_stream_track *old = t->sender.track;
    t->sender.track = track ? rtc_media_stream_track_ref(track) : NULL;
    rtc_media_stream_track_unref(old);
    if (track && !t->mid[0] && !is_taken(t, rtc_media_stream_track_id(track)))
        (void)snprintf(t->sender.track_id, sizeof t->sender.track_id, "%s", rtc_media_stream_track_id(track));
    sending_update(t);
}

int sending_set_streams(rtc_rtp_sender *sender, rtc_media_stream *const *streams, size_t count)
{
    if (count > JSEP_STREAMS_MAX)
        return RTC_ERR_RANGE;
    sender->stream_count = 0;
    for (size_t i = 0; i < count; i++) {
        const char *id = streams && streams[i] ? rtc_media_stream_id(streams[i]) : NULL;
        if (!id || strlen(id) >= JSEP_ID_MAX)
            return RTC_ERR_TYPE;
        size_t k = 0; /* each once: [[AssociatedMediaStreamIds]] is a set */
        while (k < sender->stream_count && strcmp(sender->stream_ids[k], id) != 0)
            k++;
        if (k == sender->stream_count)
            (void)snprintf(sender->stream_ids[sender->stream_count++], JSEP_ID_MAX, "%s", id);
    }
    return RTC_OK;
}

void sending_mark_again(const rtc_rtp_transceiver *t)
{
    if (t->connection && peer_first_transport(t->connection))
        t->connection->media_mark_stale = true;
}

static bool is_to_send(const rtc_rtp_transceiver *t)
{
    return t->state == TRANSCEIVER_LIVE && t->sender.track && t->has_current_direction && direction_sends(t->current_direction) &&
           t->sender.codec.payload_type != JSEP_NO_PAYLOAD_TYPE && !transport_is_over(t->transport);
}

void sending_flush(rtc_rtp_transceiver *t)
{
    send_pipeline_flush(t->sender.pipeline, t->connection->now);
}

void sending_finish(rtc_rtp_transceiver *t)
{
    if (!is_to_send(t))
        sending_stop(t);
}

void sending_update(rtc_rtp_transceiver *t)
{
    sending_mark_again(t);
    if (!is_to_send(t)) {
        sending_stop(t);
        return;
    }
    if (t->sender.pipeline) {
        send_pipeline_follow_encodings(t->sender.pipeline);
        return;
    }
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

int sending_prepare(rtc_rtp_transceiver *t, rtc_rtp_direction direction)
{
    if (t->state != TRANSCEIVER_LIVE || !t->sender.track || !direction_sends(direction) || t->sender.pipeline || t->sender.prepared)
        return RTC_OK;
    int error = send_pipeline_prepare(t->connection, t->kind, &t->sender.prepared);
    return error == RTC_ERR_NO_MEMORY ? error : RTC_OK; /* that no worker can be had is told when it is to begin */
}

void sending_forget_prepared(rtc_rtp_transceiver *t)
{
    send_pipeline_discard(t->sender.prepared);
    t->sender.prepared = NULL;
}
