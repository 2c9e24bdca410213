/* SPDX-License-Identifier: MIT */
/* getStats (webrtc-pc 8; the dictionaries of webrtc-stats): what the layers counted, under their standard names. */
#include "codec_mismatch.h"
#include "data_channel.h"
#include "stats.h"
#include "stats_builder.h"

#include <stdio.h>

/* An entry of our own: a section of the peer's that can not be used. */
static void add_mismatch(struct stats_builder *b)
{
    const struct session_description *remote = description_says(negotiation_remote(&b->pc->negotiation));
    for (size_t i = 0; remote && i < remote->section_count; i++) {
        struct text text = text_new(b->pc->context);
        char *why = codec_mismatch(b->pc, i, &text) ? text_take(&text) : NULL;
        if (why) {
            (void)snprintf(b->id, sizeof b->id, "M%zu", i);
            stats_begin(b, "rejected-section", b->id);
            stats_text(b, "mid", remote->sections[i].mid);
            stats_text(b, "kind", remote->sections[i].type == MEDIA_AUDIO ? "audio" : "video");
            stats_text(b, "reason", why);
        }
        memory_free(b->pc->context, why);
        text_fini(&text);
    }
}

static void add_connection(struct stats_builder *b)
{
    stats_begin(b, "peer-connection", "P");
    stats_number(b, "dataChannelsOpened", (double)b->pc->channels.opened);
    stats_number(b, "dataChannelsClosed", (double)b->pc->channels.closed);
}

static void add_channels(struct stats_builder *b)
{
    for (struct link *l = b->pc->channels.list.next; l != &b->pc->channels.list; l = l->next) {
        rtc_data_channel *c = link_owner(l, rtc_data_channel, link);
        struct data_channel_info info;
        if (c->transport != b->t || !data_channels_info(transport_channels(c->transport), c->handle, &info))
            continue;
        (void)snprintf(b->id, sizeof b->id, "%sD%u", b->of, c->handle);
        stats_begin(b, "data-channel", b->id);
        stats_report_bytes(b->report, "label", c->parameters.label, c->parameters.label_len);
        stats_report_bytes(b->report, "protocol", c->parameters.protocol, c->parameters.protocol_len);
        if (info.id != CHANNEL_ID_NONE)
            stats_number(b, "dataChannelIdentifier", info.id);
        stats_text(b, "state", rtc_data_channel_state_name(c->state));
        stats_number(b, "messagesSent", (double)info.messages_sent);
        stats_number(b, "bytesSent", (double)info.bytes_sent);
        stats_number(b, "messagesReceived", (double)info.messages_received);
        stats_number(b, "bytesReceived", (double)info.bytes_received);
    }
}

static void add_media(struct stats_builder *b)
{
    for (struct link *l = b->pc->transceivers.next; l != &b->pc->transceivers; l = l->next) {
        const rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (t->state != TRANSCEIVER_LIVE || !t->rtp_member || t->transport != b->t)
            continue;
        stats_add_outbound(b, t);
        stats_add_inbound(b, t);
    }
}

static void add_transport(struct stats_builder *b, size_t number)
{
    b->t = b->pc->transports.items[number];
    if (number > 0)
        (void)snprintf(b->of, sizeof b->of, "%u-", (unsigned)number + 1);
    (void)snprintf(b->transport_id, sizeof b->transport_id, "%sT", b->of);
    stats_add_transport(b);
    if (transport_channels(b->t))
        add_channels(b);
    if (transport_media(b->t))
        add_media(b);
}

static void add_sources(struct stats_builder *b)
{
    for (struct link *l = b->pc->transceivers.next; l != &b->pc->transceivers; l = l->next)
        stats_add_source(b, link_owner(l, rtc_rtp_transceiver, link));
}

/* The stats selection algorithm (webrtc-pc 8.5). Everything is gathered; with a selector, what it does not lead to goes again. */
int stats_gather(rtc_peer_connection *pc, const rtc_rtp_sender *sender, const rtc_rtp_receiver *receiver, rtc_stats_report **out)
{
    struct stats_builder b = {.pc = pc, .sender = sender, .receiver = receiver};
    int error = stats_report_new(pc->context, &b.report);
    if (error)
        return error;
    b.now_ms = (double)context_wall_us(pc->context, peer_now(pc)) / 1000.0;
    add_connection(&b);
    add_mismatch(&b);
    if (!peer_is_closed(pc))
        add_sources(&b);
    for (size_t i = 0; i < pc->transports.count && !peer_is_closed(pc); i++)
        add_transport(&b, i);
    if (sender || receiver)
        stats_report_select(b.report);
    if (!stats_report_ok(b.report)) {
        rtc_stats_report_unref(b.report);
        return RTC_ERR_NO_MEMORY;
    }
    *out = b.report;
    return RTC_OK;
}

static int gather(rtc_peer_connection *pc, const rtc_rtp_sender *sender, const rtc_rtp_receiver *receiver, rtc_stats_report **out)
{
    pc->last_error[0] = 0;
    return peer_end(pc, stats_gather(pc, sender, receiver, out));
}

int rtc_peer_connection_get_stats(rtc_peer_connection *pc, rtc_stats_report **out)
{
    if (!pc || !out)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_get_stats: %s is NULL", pc ? "out" : "connection");
    return gather(pc, NULL, NULL, out);
}

/* What is sent or received no more leads to nothing: an empty report. */
static int gather_of(rtc_rtp_transceiver *t, const rtc_rtp_sender *sender, const rtc_rtp_receiver *receiver, rtc_stats_report **out)
{
    if (t->connection)
        return gather(t->connection, sender, receiver, out);
    int error = stats_report_new(t->context, out);
    return error ? error_plain(error) : RTC_OK;
}

int rtc_rtp_sender_get_stats(rtc_rtp_sender *sender, rtc_stats_report **out)
{
    if (!sender || !out)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_sender_get_stats: %s is NULL", sender ? "out" : "sender");
    return gather_of(link_owner((uintptr_t)sender, rtc_rtp_transceiver, sender), sender, NULL, out);
}

int rtc_rtp_receiver_get_stats(rtc_rtp_receiver *receiver, rtc_stats_report **out)
{
    if (!receiver || !out)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_receiver_get_stats: %s is NULL", receiver ? "out" : "receiver");
    return gather_of(link_owner((uintptr_t)receiver, rtc_rtp_transceiver, receiver), NULL, receiver, out);
}

int rtc_peer_connection_get_track_stats(rtc_peer_connection *pc, const rtc_media_stream_track *track, rtc_stats_report **out)
{
    const rtc_rtp_sender *sender = NULL;
    const rtc_rtp_receiver *receiver = NULL;
    size_t found = 0;
    if (!pc || !track || !out)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_get_track_stats: %s is NULL", !pc ? "connection" : track ? "out" : "track");
    const struct link *list = peer_is_closed(pc) ? &pc->held.closed : &pc->transceivers;
    for (struct link *l = list->next; l != list; l = l->next) {
        const rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        found += (size_t)(t->sender.track == track) + (t->receiver.track == track);
        sender = t->sender.track == track ? &t->sender : sender;
        receiver = t->receiver.track == track ? &t->receiver : receiver;
    }
    if (found != 1)
        return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "the track '%s' is that of %s", rtc_media_stream_track_id(track),
                         found ? "more than one sender or receiver" : "no sender or receiver of this connection");
    return gather(pc, sender, receiver, out);
}
