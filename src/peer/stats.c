/* SPDX-License-Identifier: MIT */
/* getStats (webrtc-pc 8; the dictionaries of webrtc-stats): what the layers counted, under their standard names. */
#include "codec_mismatch.h"
#include "data_channel.h"
#include "receive_pipeline.h"
#include "send_pipeline.h"
#include "stats_builder.h"
#include "transceiver.h"

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
        stats_text(b, "label", c->parameters.label);
        stats_text(b, "protocol", c->parameters.protocol);
        if (info.id != CHANNEL_ID_NONE)
            stats_number(b, "dataChannelIdentifier", info.id);
        stats_text(b, "state", rtc_data_channel_state_name(c->state));
        stats_number(b, "messagesSent", (double)info.messages_sent);
        stats_number(b, "bytesSent", (double)info.bytes_sent);
        stats_number(b, "messagesReceived", (double)info.messages_received);
        stats_number(b, "bytesReceived", (double)info.bytes_received);
    }
}

static void add_stream_head(struct stats_builder *b, const rtc_rtp_transceiver *t, const char *type, uint32_t ssrc)
{
    stats_begin(b, type, b->id);
    stats_number(b, "ssrc", ssrc);
    stats_text(b, "kind", t->kind == RTC_MEDIA_AUDIO ? "audio" : "video");
    stats_text(b, "mid", t->mid);
    stats_text(b, "transportId", b->transport_id);
}

static void add_remote_inbound(struct stats_builder *b, const rtc_rtp_transceiver *t, const char *rid, const struct rtp_outbound_stats *s)
{
    if (!s->heard.any)
        return;
    (void)snprintf(b->id, sizeof b->id, "RI%s%s%s", t->mid, rid[0] ? "-" : "", rid);
    add_stream_head(b, t, "remote-inbound-rtp", s->ssrc);
    stats_number(b, "packetsLost", (double)s->heard.packets_lost);
    stats_number(b, "jitter", s->heard.jitter_s);
    stats_number(b, "fractionLost", s->heard.fraction_lost);
    if (s->heard.round_trip_time_measurements > 0)
        stats_number(b, "roundTripTime", s->heard.round_trip_time_s);
    stats_number(b, "totalRoundTripTime", s->heard.total_round_trip_time_s);
    stats_number(b, "roundTripTimeMeasurements", (double)s->heard.round_trip_time_measurements);
}

static void add_encoder(struct stats_builder *b, const rtc_rtp_transceiver *t)
{
    struct send_pipeline_stats s = t->sender.past;
    send_pipeline_sum(t->sender.pipeline, &s);
    stats_number(b, "framesEncoded", (double)s.frames_encoded);
    stats_number(b, "keyFramesEncoded", (double)s.key_frames_encoded);
    stats_number(b, "totalEncodeTime", (double)s.total_encode_time_us / 1e6);
    stats_number(b, "framesDropped", (double)s.frames_dropped);
    if (t->kind == RTC_MEDIA_VIDEO) {
        stats_text(b, "qualityLimitationReason", s.hurried ? "cpu" : s.limited ? "bandwidth" : "none");
        stats_number(b, "qualityLimitationResolutionChanges", s.resolution_changes);
    }
    if (s.width > 0) {
        stats_number(b, "frameWidth", s.width);
        stats_number(b, "frameHeight", s.height);
    }
}

/* What the pipeline counted is that of all its encodings, and stands with the first one. */
static void add_outbound(struct stats_builder *b, const rtc_rtp_transceiver *t, const struct sender_encoding *encoding)
{
    struct rtp_outbound_stats s;
    const char *rid = encoding->rtp.rid;
    if (!rtp_session_outbound_stats(transport_media(t->transport), encoding->stream, b->pc->now, &s))
        return;
    (void)snprintf(b->id, sizeof b->id, "O%s%s%s", t->mid, rid[0] ? "-" : "", rid);
    add_stream_head(b, t, "outbound-rtp", s.ssrc);
    stats_number(b, "packetsSent", (double)s.packets_sent);
    stats_number(b, "bytesSent", (double)s.bytes_sent);
    stats_number(b, "headerBytesSent", (double)s.header_bytes_sent);
    stats_number(b, "retransmittedPacketsSent", (double)s.retransmitted_packets_sent);
    stats_number(b, "retransmittedBytesSent", (double)s.retransmitted_bytes_sent);
    stats_number(b, "framesSent", (double)s.frames_sent);
    stats_number(b, "nackCount", s.nack_count);
    stats_number(b, "pliCount", s.pli_count);
    stats_number(b, "firCount", s.fir_count);
    stats_number(b, "targetBitrate", s.target_bitrate_bps);
    stats_text(b, "circuitBreaker", rtc_circuit_name((rtc_circuit)s.circuit));
    stats_number(b, "circuitBreakerOpenings", s.circuit_openings);
    if (encoding == t->sender.encodings)
        add_encoder(b, t);
    add_remote_inbound(b, t, rid, &s);
}

static void add_inbound_audio(struct stats_builder *b, const struct rtp_inbound_stats *s)
{
    stats_number(b, "totalSamplesReceived", (double)s->audio.total_samples);
    stats_number(b, "concealedSamples", (double)s->audio.concealed_samples);
    stats_number(b, "concealmentEvents", (double)s->audio.concealment_events);
    stats_number(b, "removedSamplesForAcceleration", (double)s->audio.removed_samples_for_acceleration);
    stats_number(b, "audioLevel", s->audio.audio_level);
}

static void add_inbound_video(struct stats_builder *b, struct receive_pipeline *pipeline, const struct rtp_inbound_stats *s)
{
    struct receive_pipeline_stats d;
    receive_pipeline_stats(pipeline, &d);
    stats_number(b, "framesReceived", (double)s->video.frames_received);
    stats_number(b, "framesDecoded", (double)d.frames_decoded);
    stats_number(b, "keyFramesDecoded", (double)d.key_frames_decoded);
    stats_number(b, "framesDropped", (double)(s->video.frames_dropped + d.frames_dropped));
    stats_number(b, "framesRefused", (double)d.frames_refused);
    stats_number(b, "totalDecodeTime", (double)d.total_decode_time_us / 1e6);
    stats_number(b, "freezeCount", (double)s->video.freeze_count);
    stats_number(b, "totalFreezesDuration", s->video.total_freezes_duration_s);
    stats_number(b, "nackCount", s->nack_count);
    stats_number(b, "pliCount", s->pli_count);
    stats_number(b, "firCount", s->fir_count);
    if (d.width > 0) {
        stats_number(b, "frameWidth", d.width);
        stats_number(b, "frameHeight", d.height);
    }
}

static void add_inbound(struct stats_builder *b, const rtc_rtp_transceiver *t, const struct receiver_stream *stream)
{
    struct rtp_inbound_stats s;
    if (!rtp_session_inbound_stats(transport_media(t->transport), stream->stream, b->pc->now, &s))
        return;
    (void)snprintf(b->id, sizeof b->id, "I%s-%u", t->mid, s.ssrc); /* of another stream its counters would be another's */
    add_stream_head(b, t, "inbound-rtp", s.ssrc);
    stats_text(b, "trackIdentifier", rtc_media_stream_track_id(t->receiver.track));
    stats_number(b, "packetsReceived", (double)s.packets_received);
    stats_number(b, "bytesReceived", (double)s.bytes_received);
    stats_number(b, "headerBytesReceived", (double)s.header_bytes_received);
    stats_number(b, "packetsLost", (double)s.packets_lost);
    stats_number(b, "packetsDiscarded", (double)s.packets_discarded);
    stats_number(b, "retransmittedPacketsReceived", (double)s.retransmitted_packets_received);
    stats_number(b, "jitter", s.jitter_s);
    stats_number(b, "jitterBufferDelay", s.buffer.delay_s);
    stats_number(b, "jitterBufferEmittedCount", (double)s.buffer.emitted_count);
    stats_number(b, "estimatedPlayoutDelay", (double)s.current_delay_us / 1e6);
    if (t->kind == RTC_MEDIA_AUDIO)
        add_inbound_audio(b, &s);
    else
        add_inbound_video(b, stream->pipeline, &s);
}

static void add_media(struct stats_builder *b)
{
    for (struct link *l = b->pc->transceivers.next; l != &b->pc->transceivers; l = l->next) {
        const rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (!t->rtp_member || t->transport != b->t)
            continue;
        for (size_t i = 0; i < t->sender.encoding_count; i++)
            add_outbound(b, t, &t->sender.encodings[i]);
        for (size_t i = 0; i < t->receiver.stream_count; i++)
            add_inbound(b, t, &t->receiver.streams[i]);
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

int rtc_peer_connection_get_stats(rtc_peer_connection *pc, rtc_stats_report **out)
{
    if (!pc || !out)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_get_stats: %s is NULL", pc ? "out" : "connection");
    pc->last_error[0] = 0;
    struct stats_builder b = {.pc = pc};
    int error = stats_report_new(pc->context, &b.report);
    if (error)
        return peer_end(pc, error);
    b.now_ms = (double)context_wall_us(pc->context, peer_now(pc)) / 1000.0;
    add_connection(&b);
    add_mismatch(&b);
    for (size_t i = 0; i < pc->transports.count && !peer_is_closed(pc); i++)
        add_transport(&b, i);
    if (!stats_report_ok(b.report)) {
        rtc_stats_report_unref(b.report);
        return peer_end(pc, RTC_ERR_NO_MEMORY);
    }
    *out = b.report;
    return RTC_OK;
}
