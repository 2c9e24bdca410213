/* SPDX-License-Identifier: MIT */
/* See receiver_rids.h. */
#include "receiver_rids.h"

#include "peer.h"
#include "peer_transport.h"
#include "receive_pipeline.h"
#include "transport.h"

static bool has_rid(const rtc_rtp_receiver *receiver, const char *rid)
{
    for (size_t i = 0; i < receiver->rid_count; i++)
        if (strcmp(receiver->rids[i], rid) == 0)
            return true;
    return false;
}

bool receiver_follow_rids(rtc_rtp_receiver *receiver, const struct rtp_section *section)
{
    struct receiver_stream *shown = &receiver->streams[0];
    receiver->rid_count = section->receive_rid_count;
    memcpy(receiver->rids, section->receive_rids, sizeof receiver->rids);
    if (has_rid(receiver, shown->rid)) /* what the application selected stays */
        return false;
    bool other = shown->stream && strcmp(shown->rid, receiver->rid_count > 0 ? receiver->rids[0] : "") != 0;
    text_copy(shown->rid, sizeof shown->rid, receiver->rid_count > 0 ? receiver->rids[0] : "");
    return other;
}

/* Media of it come, of which the track was not told: an offer that is not answered yet removed it. */
static bool is_removed(const rtc_rtp_transceiver *t)
{
    const struct receiver_stream *shown = &t->receiver.streams[0];
    return shown->stream && !shown->heard && rtp_session_hears(transport_media(t->transport), shown->stream);
}

void receiver_show_other(rtc_rtp_transceiver *t, bool removed)
{
    struct receiver_stream *shown = &t->receiver.streams[0];
    shown->heard = !removed && shown->stream && rtp_session_hears(transport_media(t->transport), shown->stream);
    media_track_set_muted(t->receiver.track, !shown->heard); /* what was heard of the other one does not count */
    if (shown->pipeline)
        receive_pipeline_begin_anew(shown->pipeline);
}

size_t rtc_rtp_receiver_rid_count(const rtc_rtp_receiver *receiver)
{
    return receiver->rid_count;
}

const char *rtc_rtp_receiver_rid(const rtc_rtp_receiver *receiver, size_t index)
{
    return index < receiver->rid_count ? receiver->rids[index] : NULL;
}

const char *rtc_rtp_receiver_selected_rid(const rtc_rtp_receiver *receiver)
{
    return receiver->rid_count > 0 ? receiver->streams[0].rid : NULL;
}

int rtc_rtp_receiver_select_rid(rtc_rtp_receiver *receiver, const char *rid)
{
    if (!receiver || !rid)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_receiver_select_rid: %s is NULL", receiver ? "rid" : "receiver");
    rtc_rtp_transceiver *t = link_owner((uintptr_t)receiver, rtc_rtp_transceiver, receiver);
    int error = transceiver_begin(t, "rtc_rtp_receiver_select_rid");
    if (error)
        return error;
    if (!has_rid(receiver, rid))
        return peer_fail(t->connection, RTC_ERR_NOT_FOUND, "the peer sends no stream '%.40s' here", rid);
    struct receiver_stream *shown = &receiver->streams[0];
    if (strcmp(shown->rid, rid) == 0)
        return RTC_OK;
    bool removed = is_removed(t);
    text_copy(shown->rid, sizeof shown->rid, rid);
    shown->stream = t->rtp_member ? rtp_session_receive_stream(transport_media(t->transport), t->rtp_member, rid) : 0;
    receiver_show_other(t, removed);
    receive_pipeline_restart(shown->pipeline, peer_now(t->connection));
    peer_settle(t->connection);
    return RTC_OK;
}
