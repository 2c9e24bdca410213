/* SPDX-License-Identifier: MIT */
/* What is received, in statistics: inbound-rtp and, from the peer's reports, remote-outbound-rtp (webrtc-stats RTCInboundRtpStreamStats,
 * RTCRemoteOutboundRtpStreamStats). */
#include "receive_pipeline.h"
#include "stats_builder.h"

#include <stdio.h>

static void add_packets(struct stats_builder *b, const struct rtp_inbound_stats *s)
{
    stats_count(b, "packetsReceived", s->packets_received);
    stats_count(b, "packetsReceivedWithEct1", s->ecn.ect1);
    stats_count(b, "packetsReceivedWithCe", s->ecn.ce);
    if (s->ecn.reported) {
        stats_count(b, "packetsReportedAsLost", s->ecn.reported_lost);
        stats_count(b, "packetsReportedAsLostButRecovered", s->ecn.reported_lost_but_recovered);
    }
    stats_count(b, "bytesReceived", s->bytes_received);
    stats_count(b, "headerBytesReceived", s->header_bytes_received);
    stats_number(b, "lastPacketReceivedTimestamp", stats_time(b, s->last_packet_time));
    stats_number(b, "packetsLost", (double)s->packets_lost);
    stats_count(b, "packetsDiscarded", s->packets_discarded);
    stats_count(b, "retransmittedPacketsReceived", s->retransmitted_packets_received);
    stats_count(b, "retransmittedBytesReceived", s->retransmitted_bytes_received);
    if (s->rtx_ssrc)
        stats_number(b, "rtxSsrc", s->rtx_ssrc);
    stats_number(b, "jitter", s->jitter_s);
    stats_number(b, "nackCount", s->nack_count);
}

/* Time of a sender's clock: milliseconds since 1900, as its reports count. */
static double ntp_ms(int64_t wall_us)
{
    return (double)wall_us / 1000.0 + 2208988800000.0;
}

static void add_buffer(struct stats_builder *b, const struct rtp_inbound_stats *s, const struct receive_pipeline_stats *d)
{
    stats_number(b, "jitterBufferDelay", s->buffer.delay_s);
    stats_number(b, "jitterBufferTargetDelay", s->buffer.target_delay_s);
    stats_number(b, "jitterBufferMinimumDelay", s->buffer.minimum_delay_s);
    stats_count(b, "jitterBufferEmittedCount", s->buffer.emitted_count);
    stats_number(b, "estimatedPlayoutDelay", (double)s->current_delay_us / 1e6);
    if (s->playout_wall_us)
        stats_number(b, "estimatedPlayoutTimestamp", ntp_ms(s->playout_wall_us));
    if (d->frames_decoded > 0)
        stats_number(b, "totalProcessingDelay", d->total_processing_delay_s);
}

static void add_sound(struct stats_builder *b, const struct rtp_inbound_audio *s, const struct receive_pipeline_stats *d, uint32_t rate)
{
    stats_count(b, "totalSamplesReceived", s->total_samples);
    stats_number(b, "totalSamplesDuration", rate ? (double)s->total_samples / rate : 0);
    stats_count(b, "concealedSamples", s->concealed_samples);
    stats_count(b, "silentConcealedSamples", d->silent_concealed < s->concealed_samples ? d->silent_concealed : s->concealed_samples);
    stats_count(b, "concealmentEvents", s->concealment_events);
    stats_count(b, "insertedSamplesForDeceleration", s->inserted_samples_for_deceleration);
    stats_count(b, "removedSamplesForAcceleration", s->removed_samples_for_acceleration);
    stats_count(b, "fecPacketsReceived", s->fec_packets_received);
    stats_count(b, "fecPacketsDiscarded", s->fec_packets_discarded);
    stats_number(b, "audioLevel", d->meter.duration > 0 ? d->meter.level : s->audio_level);
    stats_number(b, "totalAudioEnergy", d->meter.energy);
}

/* A receiver's track is a path of its own to whoever plays it. What is missing is concealed before (concealedSamples): on this path no
 * sample is ever made up. */
static void add_audio_playout(struct stats_builder *b, const char *id, const struct receive_pipeline_stats *d)
{
    stats_begin(b, "media-playout", id);
    stats_text(b, "kind", "audio");
    stats_number(b, "synthesizedSamplesDuration", 0);
    stats_number(b, "synthesizedSamplesEvents", 0);
    stats_number(b, "totalSamplesDuration", d->played_s);
    stats_count(b, "totalSamplesCount", d->played_samples);
}

static void add_playout(struct stats_builder *b, const struct rtp_inbound_video *s)
{
    stats_count(b, "framesReceived", s->frames_received);
    stats_count(b, "freezeCount", s->freeze_count);
    stats_number(b, "totalFreezesDuration", s->total_freezes_duration_s);
    stats_count(b, "pauseCount", s->pause_count);
    stats_number(b, "totalPausesDuration", s->total_pauses_duration_s);
    stats_number(b, "totalInterFrameDelay", s->total_inter_frame_delay_s);
    stats_number(b, "totalSquaredInterFrameDelay", s->total_squared_inter_frame_delay_s2);
    stats_count(b, "framesAssembledFromMultiplePackets", s->frames_of_many_packets);
    stats_number(b, "totalAssemblyTime", s->total_assembly_time_s);
}

static void add_parity(struct stats_builder *b, const struct rtp_inbound_video *s)
{
    if (s->fec_ssrc)
        stats_number(b, "fecSsrc", s->fec_ssrc);
    if (s->fec_packets_received == 0)
        return;
    stats_count(b, "fecPacketsReceived", s->fec_packets_received);
    stats_count(b, "fecBytesReceived", s->fec_bytes_received);
    stats_count(b, "fecPacketsDiscarded", s->fec_packets_discarded);
}

static void add_pictures(struct stats_builder *b, const struct rtp_inbound_stats *s, const struct receive_pipeline_stats *d)
{
    add_playout(b, &s->video);
    add_parity(b, &s->video);
    stats_count(b, "framesDecoded", d->frames_decoded);
    stats_count(b, "keyFramesDecoded", d->key_frames_decoded);
    stats_count(b, "framesDropped", s->video.frames_dropped + d->frames_dropped);
    stats_count(b, "framesRefused", d->frames_refused);
    stats_count(b, "framesRendered", d->frames_rendered);
    stats_number(b, "framesPerSecond", event_rate_per_second(&d->rate, b->pc->now));
    stats_number(b, "totalDecodeTime", (double)d->total_decode_time_us / 1e6);
    stats_number(b, "pliCount", s->pli_count);
    stats_number(b, "firCount", s->fir_count);
    if (d->quantized > 0)
        stats_count(b, "qpSum", d->quantizers);
    if (d->width > 0) {
        stats_number(b, "frameWidth", d->width);
        stats_number(b, "frameHeight", d->height);
    }
    if (d->frames_decoded > 0)
        stats_implementation(b, false, d->implementation, d->power);
}

/* Its time is that of the report. */
static void add_remote_outbound(struct stats_builder *b, const rtc_rtp_transceiver *t, const char *id, const char *local_id,
                                const char *codec_id, const struct rtp_inbound_stats *s)
{
    const struct rtp_told_stats *told = &s->told;
    memcpy(b->id, id, sizeof b->id);
    stats_begin_stream(b, t, "remote-outbound-rtp", s->ssrc, codec_id);
    stats_report_stamp(b->report, stats_time(b, told->time));
    stats_text(b, "localId", local_id);
    stats_count(b, "packetsSent", told->packets);
    stats_count(b, "bytesSent", told->bytes);
    stats_count(b, "reportsSent", told->reports);
    if (told->remote_wall_us)
        stats_number(b, "remoteTimestamp", (double)told->remote_wall_us / 1000.0);
    if (told->round_trip_time_measurements > 0) /* where the peer answers to reference times (RFC 3611 section 4.5) */
        stats_number(b, "roundTripTime", told->round_trip_time_s);
    stats_number(b, "totalRoundTripTime", told->total_round_trip_time_s);
    stats_count(b, "roundTripTimeMeasurements", told->round_trip_time_measurements);
}

/* One of the streams of a receiver. */
struct inbound {
    uint32_t stream; /* handle in the session */
    const char *rid;
    struct rtp_inbound_stats rtp;
    struct receive_pipeline_stats decoded;
    bool shown; /* or was: else nothing of it was put together or decoded */
};

static void add_played(struct stats_builder *b, const rtc_rtp_transceiver *t, const struct inbound *in, const struct rtp_codec *codec)
{
    char playout[STATS_ID_MAX];
    add_buffer(b, &in->rtp, &in->decoded);
    if (t->kind == RTC_MEDIA_VIDEO) {
        add_pictures(b, &in->rtp, &in->decoded);
        return;
    }
    (void)snprintf(playout, sizeof playout, "AP%s", t->mid);
    add_sound(b, &in->rtp.audio, &in->decoded, codec ? codec->clock_rate : 0);
    stats_text(b, "playoutId", playout);
    add_audio_playout(b, playout, &in->decoded);
}

static void add_stream(struct stats_builder *b, const rtc_rtp_transceiver *t, const struct inbound *in)
{
    char id[STATS_ID_MAX], remote[STATS_ID_MAX], codec_id[STATS_ID_MAX];
    const struct rtp_inbound_stats *s = &in->rtp;
    (void)snprintf(id, sizeof id, "I%s-%u", t->mid, s->ssrc); /* of another stream its counters would be another's */
    (void)snprintf(remote, sizeof remote, "RO%s-%u", t->mid, s->ssrc);
    const struct rtp_codec *codec = rtp_session_received_codec(transport_media(t->transport), in->stream, s->payload_type);
    stats_add_codec(b, false, t->kind, codec, codec_id);
    memcpy(b->id, id, sizeof b->id);
    stats_begin_stream(b, t, "inbound-rtp", s->ssrc, codec_id);
    if (b->receiver == &t->receiver)
        stats_report_choose(b->report);
    stats_text(b, "mid", t->mid);
    if (in->rid[0])
        stats_text(b, "rid", in->rid);
    stats_text(b, "trackIdentifier", rtc_media_stream_track_id(t->receiver.track));
    if (s->told.reports > 0)
        stats_text(b, "remoteId", remote);
    add_packets(b, s);
    if (in->shown)
        add_played(b, t, in, codec);
    if (s->told.reports > 0)
        add_remote_outbound(b, t, remote, id, codec_id, s);
}

static void add_named(struct stats_builder *b, const rtc_rtp_transceiver *t, uint32_t stream, const char *rid, bool shown)
{
    struct inbound in = {.stream = stream, .rid = rid};
    if (!rtp_session_inbound_stats(transport_media(t->transport), stream, b->pc->now, &in.rtp))
        return;
    receive_pipeline_stats(t->receiver.streams[0].pipeline, rid, &in.decoded);
    in.shown = shown || in.decoded.frames_decoded > 0;
    add_stream(b, t, &in);
}

/* The one that is shown goes first; those that it was chosen from come as well. */
void stats_add_inbound(struct stats_builder *b, const rtc_rtp_transceiver *t)
{
    const struct receiver_stream *shown = &t->receiver.streams[0];
    if (t->receiver.stream_count == 0)
        return;
    add_named(b, t, shown->stream, shown->rid, true);
    for (size_t i = 0; t->rtp_member && i < t->receiver.rid_count; i++) {
        const char *rid = t->receiver.rids[i];
        if (strcmp(rid, shown->rid) != 0)
            add_named(b, t, rtp_session_receive_stream(transport_media(t->transport), t->rtp_member, rid), rid, false);
    }
}
