/* SPDX-License-Identifier: MIT */
/* One RTP stream that is received: see rtp_receive_stream.h. */
#include "rtp_receive_stream.h"

#include "fec_window.h"
#include "memory.h"
#include "text.h"

int rtp_receive_stream_new(rtc_context *context, struct rtp_member *member, const char *rid, struct rtp_receive_stream **out)
{
    struct rtp_receive_stream *rs = memory_zeroed(context, sizeof *rs);
    if (!rs)
        return RTC_ERR_NO_MEMORY;
    rs->context = context;
    rs->member = member;
    rs->muted = true;
    text_copy(rs->rid, sizeof rs->rid, rid);
    *out = rs;
    return RTC_OK;
}

void rtp_receive_stream_free(struct rtp_receive_stream *rs)
{
    if (!rs)
        return;
    rtp_receive_stream_forget_all(rs);
    for (struct forward_packet *p; (p = forward_tap_pop(&rs->tap)) != NULL;)
        forward_packet_unref(p);
    fec_window_free(rs->parity);
    stream_history_fini(&rs->history, rs->context);
    memory_free(rs->context, rs);
}

struct rtp_receiver *rtp_receive_stream_source(const struct rtp_receive_stream *rs, uint32_t ssrc)
{
    for (struct rtp_receiver *r = rs->sources; r; r = r->next)
        if (r->ssrc == ssrc)
            return r;
    return NULL;
}

static void play(struct rtp_receive_stream *rs, struct rtp_receiver *r)
{
    if (rs->playing == r)
        return;
    if (rs->playing)
        rtp_receiver_set_playing(rs->playing, false);
    rtp_receiver_set_playing(r, true);
    rs->playing = r;
}

void rtp_receive_stream_add(struct rtp_receive_stream *rs, struct rtp_receiver *r)
{
    r->before = stream_history_take(&rs->history, rs->context, r->ssrc);
    stream_history_reserve(&rs->history, rs->context);
    r->next = rs->sources;
    rs->sources = r;
    play(rs, r);
}

void rtp_receive_stream_choose(struct rtp_receive_stream *rs, struct rtp_receiver *heard, rtc_time_t now)
{
    if (rs->playing != heard && (!rs->playing || now - rs->playing->last_packet > RTP_SILENCE_US))
        play(rs, heard);
}

struct rtp_receiver *rtp_receive_stream_surplus(const struct rtp_receive_stream *rs)
{
    struct rtp_receiver *oldest = NULL;
    size_t count = 0;
    for (struct rtp_receiver *r = rs->sources; r; r = r->next, count++)
        if (r != rs->playing && (!oldest || r->last_packet < oldest->last_packet))
            oldest = r;
    return count < RTP_SOURCES_MAX ? NULL : oldest;
}

void rtp_receive_stream_forget(struct rtp_receive_stream *rs, struct rtp_receiver *gone)
{
    struct rtp_inbound_stats stats;
    struct rtp_receiver **at = &rs->sources;
    while (*at && *at != gone)
        at = &(*at)->next;
    if (*at)
        *at = gone->next;
    if (rs->playing == gone)
        rs->playing = NULL;
    rtp_receiver_stats(gone, 0, &stats);
    stream_history_keep(&rs->history, rs->context, &stats);
    rtp_receiver_free(gone);
}

void rtp_receive_stream_forget_all(struct rtp_receive_stream *rs)
{
    while (rs->sources)
        rtp_receive_stream_forget(rs, rs->sources);
}
