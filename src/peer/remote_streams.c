/* SPDX-License-Identifier: MIT */
/* See remote_streams.h. */
#include "remote_streams.h"

#include "media_stream.h"

enum { IDLE_STREAMS = 64 }; /* so many are kept that have no track any more: their ids may come again */

static rtc_media_stream *find(const struct remote_streams *streams, const char *id)
{
    for (size_t i = 0; i < streams->count; i++)
        if (strcmp(rtc_media_stream_id(streams->items[i]), id) == 0)
            return streams->items[i];
    return NULL;
}

/* ---- Getting ready ---- */

static bool is_used(const rtc_peer_connection *pc, const rtc_media_stream *stream)
{
    for (const struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        const rtc_rtp_receiver *receiver = &link_owner(l, rtc_rtp_transceiver, link)->receiver;
        for (size_t i = 0; i < receiver->media_stream_count; i++)
            if (receiver->media_streams[i] == stream)
                return true;
    }
    return false;
}

static void sweep(rtc_peer_connection *pc)
{
    struct remote_streams *streams = &pc->remote_streams;
    size_t kept = 0;
    if (streams->count < IDLE_STREAMS)
        return;
    for (size_t i = 0; i < streams->count; i++)
        if (is_used(pc, streams->items[i]))
            streams->items[kept++] = streams->items[i];
        else
            rtc_media_stream_unref(streams->items[i]);
    streams->count = kept;
}

static int need(rtc_peer_connection *pc, const char *id, size_t tracks)
{
    struct remote_streams *streams = &pc->remote_streams;
    rtc_media_stream *stream = find(streams, id);
    void *array = streams->items;
    if (stream)
        return media_stream_reserve(stream, tracks);
    if (!memory_grow(pc->context, &array, &streams->capacity, streams->count + 1, sizeof *streams->items))
        return RTC_ERR_NO_MEMORY;
    streams->items = array;
    int error = media_stream_new_remote(pc->context, id, &stream);
    if (error)
        return error;
    streams->items[streams->count++] = stream;
    return media_stream_reserve(stream, tracks);
}

int remote_streams_prepare(rtc_peer_connection *pc, const struct negotiation_state *next, size_t transceivers)
{
    int error = RTC_OK;
    sweep(pc);
    for (size_t i = 0; i < next->media_count; i++)
        for (size_t k = 0; k < next->media[i].stream_count && !error; k++)
            error = need(pc, next->media[i].stream_ids[k], transceivers);
    return error;
}

size_t remote_streams_changes(const rtc_peer_connection *pc, const struct negotiation_state *next)
{
    size_t changes = 0;
    for (const struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next)
        changes += link_owner(l, rtc_rtp_transceiver, link)->receiver.media_stream_count;
    for (size_t i = 0; i < next->media_count; i++)
        changes += next->media[i].stream_count;
    return changes;
}

/* ---- Setting ---- */

static bool names(const struct agreed_media *media, const char *id)
{
    for (size_t i = 0; media && i < media->stream_count; i++)
        if (strcmp(media->stream_ids[i], id) == 0)
            return true;
    return false;
}

/* What the state says of its track; NULL: it is in no stream. */
static const struct agreed_media *said_of(const struct negotiation_state *state, const rtc_rtp_transceiver *t)
{
    const struct agreed_media *media = t->state < TRANSCEIVER_STOPPED ? negotiation_state_of(state, t->number) : NULL;
    return media && media->mid[0] && media->track_told ? media : NULL;
}

static void tell(rtc_rtp_transceiver *t, rtc_media_stream *stream, bool added)
{
    struct user_event *e = transceiver_tell(t, TRANSCEIVER_STREAM, added);
    if (e)
        e->also = rtc_media_stream_ref(stream);
}

static void leave(rtc_rtp_transceiver *t, const struct agreed_media *media)
{
    rtc_rtp_receiver *receiver = &t->receiver;
    size_t kept = 0;
    for (size_t i = 0; i < receiver->media_stream_count; i++) {
        rtc_media_stream *stream = receiver->media_streams[i];
        if (names(media, rtc_media_stream_id(stream))) {
            receiver->media_streams[kept++] = stream;
            continue;
        }
        if (media_stream_take(stream, receiver->track))
            tell(t, stream, false);
        rtc_media_stream_unref(stream);
    }
    receiver->media_stream_count = kept;
}

static bool is_in(const rtc_rtp_receiver *receiver, const rtc_media_stream *stream)
{
    for (size_t i = 0; i < receiver->media_stream_count; i++)
        if (receiver->media_streams[i] == stream)
            return true;
    return false;
}

static void come(rtc_peer_connection *pc, rtc_rtp_transceiver *t, const struct agreed_media *media)
{
    rtc_rtp_receiver *receiver = &t->receiver;
    for (size_t i = 0; i < media->stream_count; i++) {
        rtc_media_stream *stream = find(&pc->remote_streams, media->stream_ids[i]);
        if (!stream || is_in(receiver, stream))
            continue;
        receiver->media_streams[receiver->media_stream_count++] = rtc_media_stream_ref(stream);
        if (media_stream_put(stream, receiver->track))
            tell(t, stream, true);
    }
}

void remote_streams_set(rtc_peer_connection *pc, const struct negotiation_state *state)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        leave(t, said_of(state, t));
    }
    for (size_t i = 0; i < state->media_count; i++) {
        rtc_rtp_transceiver *t = transceiver_by_number(pc, state->media[i].transceiver);
        const struct agreed_media *media = t ? said_of(state, t) : NULL;
        if (media)
            come(pc, t, media);
    }
}

void remote_streams_fini(rtc_peer_connection *pc)
{
    for (size_t i = 0; i < pc->remote_streams.count; i++)
        rtc_media_stream_unref(pc->remote_streams.items[i]);
    memory_free(pc->context, pc->remote_streams.items);
    pc->remote_streams = (struct remote_streams){0};
}
