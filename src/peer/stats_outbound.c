/* SPDX-License-Identifier: MIT */
/* What is sent, in statistics: media-source, outbound-rtp and, from the peer's reports, remote-inbound-rtp (webrtc-stats
 * RTCMediaSourceStats, RTCOutboundRtpStreamStats, RTCRemoteInboundRtpStreamStats). */
#include "send_pipeline.h"
#include "stats_builder.h"

#include <stdio.h>

static void source_id(const rtc_rtp_transceiver *t, char id[STATS_ID_MAX])
{
    (void)snprintf(id, STATS_ID_MAX, "S%c%u", t->kind == RTC_MEDIA_AUDIO ? 'A' : 'V', t->number);
}

void stats_add_source(struct stats_builder *b, const rtc_rtp_transceiver *t)
{
    struct media_source_stats s;
    if (!t->sender.track)
        return;
    media_source_stats(media_track_source(t->sender.track), &s);
    source_id(t, b->id);
    stats_begin(b, "media-source", b->id);
    stats_text(b, "trackIdentifier", rtc_media_stream_track_id(t->sender.track));
    stats_text(b, "kind", t->kind == RTC_MEDIA_AUDIO ? "audio" : "video");
    if (t->kind == RTC_MEDIA_VIDEO) {
        stats_count(b, "frames", s.frames > 0 ? s.frames : s.encoded_frames);
        stats_number(b, "framesPerSecond", event_rate_per_second(&s.rate, b->pc->now));
        if (s.width > 0) {
            stats_number(b, "width", s.width);
            stats_number(b, "height", s.height);
        }
    } else if (s.encoded_frames == 0 || s.frames > 0) { /* of encoded sound nobody knows how loud it is */
        stats_number(b, "audioLevel", s.meter.level);
        stats_number(b, "totalAudioEnergy", s.meter.energy);
        stats_number(b, "totalSamplesDuration", s.meter.duration);
    }
}

static void add_limitation(struct stats_builder *b, const struct quality_limitation *limitation)
{
    static const char *const names[QUALITY_REASONS] = {"none", "cpu", "bandwidth", "other"};
    double seconds[QUALITY_REASONS];
    for (int i = 0; i < QUALITY_REASONS; i++)
        seconds[i] = (double)limitation->durations[i] / 1e6;
    stats_text(b, "qualityLimitationReason", names[limitation->reason]);
    stats_report_record(b->report, "qualityLimitationDurations", names, seconds, QUALITY_REASONS);
}

static void add_pictures(struct stats_builder *b, const struct send_pipeline_stats *s)
{
    add_limitation(b, &s->limitation);
    stats_number(b, "qualityLimitationResolutionChanges", s->resolution_changes);
    if (s->frames_encoded > 0) {
        stats_count(b, "hugeFramesSent", s->huge_frames);
        stats_count(b, "totalEncodedBytesTarget", s->encoded_bytes_target);
        stats_implementation(b, true, s->implementation, s->power);
    }
    if (s->quantized > 0)
        stats_count(b, "qpSum", s->quantizers);
    if (s->width > 0) {
        stats_number(b, "frameWidth", s->width);
        stats_number(b, "frameHeight", s->height);
    }
}

/* As the encoder was told, else as many as there were of frames that somebody else encoded. */
static void add_scalability(struct stats_builder *b, const struct rtp_outbound_stats *sent, const struct send_pipeline_stats *s)
{
    char mode[16];
    uint32_t layers = s->temporal_layers ? s->temporal_layers : sent->temporal_layers;
    (void)snprintf(mode, sizeof mode, "L1T%u", layers);
    if (sent->frames_sent > 0)
        stats_text(b, "scalabilityMode", mode);
}

static void add_encoder(struct stats_builder *b, const rtc_rtp_transceiver *t, size_t index, const struct rtp_outbound_stats *sent)
{
    struct send_pipeline_stats s = t->sender.encodings[index].past;
    send_pipeline_sum(t->sender.pipeline, index, &s);
    stats_count(b, "framesEncoded", s.frames_encoded);
    stats_count(b, "keyFramesEncoded", s.key_frames_encoded);
    stats_number(b, "totalEncodeTime", (double)s.total_encode_time_us / 1e6);
    stats_count(b, "framesDropped", s.frames_dropped);
    if (t->kind != RTC_MEDIA_VIDEO)
        return;
    add_pictures(b, &s);
    add_scalability(b, sent, &s);
}

static void add_packets(struct stats_builder *b, const struct rtp_outbound_stats *s)
{
    stats_count(b, "packetsSent", s->packets_sent);
    stats_count(b, "packetsSentWithEct1", s->packets_sent_with_ect1);
    stats_count(b, "bytesSent", s->bytes_sent);
    stats_count(b, "headerBytesSent", s->header_bytes_sent);
    stats_count(b, "retransmittedPacketsSent", s->retransmitted_packets_sent);
    stats_count(b, "retransmittedBytesSent", s->retransmitted_bytes_sent);
    stats_number(b, "totalPacketSendDelay", (double)s->total_send_delay_us / 1e6);
    if (s->rtx_ssrc)
        stats_number(b, "rtxSsrc", s->rtx_ssrc);
    stats_number(b, "nackCount", s->nack_count);
    stats_number(b, "pliCount", s->pli_count);
    stats_number(b, "firCount", s->fir_count);
    stats_number(b, "targetBitrate", s->target_bitrate_bps);
    stats_boolean(b, "active", s->active);
    stats_text(b, "circuitBreaker", rtc_circuit_name((rtc_circuit)s->circuit));
    stats_number(b, "circuitBreakerOpenings", s->circuit_openings);
}

static void add_frames(struct stats_builder *b, const rtc_rtp_transceiver *t, const struct rtp_outbound_stats *s)
{
    stats_count(b, "framesSent", s->frames_sent);
    if (t->kind != RTC_MEDIA_VIDEO)
        return;
    stats_number(b, "framesPerSecond", s->frames_per_second);
}

/* The ids of a stream that is sent, and of what refers to it. */
struct sent_ids {
    char stream[STATS_ID_MAX], remote[STATS_ID_MAX], codec[STATS_ID_MAX], source[STATS_ID_MAX];
};

/* Its time is that of the report. */
static void add_remote_inbound(struct stats_builder *b, const rtc_rtp_transceiver *t, const struct sent_ids *ids,
                               const struct rtp_outbound_stats *s)
{
    const struct rtp_heard_stats *heard = &s->heard;
    memcpy(b->id, ids->remote, sizeof b->id);
    stats_begin_stream(b, t, "remote-inbound-rtp", s->ssrc, ids->codec);
    stats_report_stamp(b->report, stats_time(b, heard->time));
    stats_text(b, "localId", ids->stream);
    stats_count(b, "packetsReceived", heard->packets_received);
    stats_number(b, "packetsLost", (double)heard->packets_lost);
    stats_number(b, "jitter", heard->jitter_s);
    stats_number(b, "fractionLost", heard->fraction_lost);
    if (heard->round_trip_time_measurements > 0)
        stats_number(b, "roundTripTime", heard->round_trip_time_s);
    stats_number(b, "totalRoundTripTime", heard->total_round_trip_time_s);
    stats_count(b, "roundTripTimeMeasurements", heard->round_trip_time_measurements);
    if (heard->ecn.reported) { /* nobody else tells of marks, or of packets */
        stats_count(b, "packetsReceivedWithEct1", heard->ecn.ect1);
        stats_count(b, "packetsReceivedWithCe", heard->ecn.ce);
        stats_count(b, "packetsReportedAsLost", heard->ecn.reported_lost);
        stats_count(b, "packetsReportedAsLostButRecovered", heard->ecn.reported_lost_but_recovered);
        stats_count(b, "packetsWithBleachedEct1Marking", heard->ecn.bleached);
    }
}

static void add_encoding(struct stats_builder *b, const rtc_rtp_transceiver *t, size_t index)
{
    const struct sender_encoding *encoding = &t->sender.encodings[index];
    const char *rid = encoding->rtp.rid;
    struct rtp_outbound_stats s;
    struct sent_ids ids;
    if (!rtp_session_outbound_stats(transport_media(t->transport), encoding->stream, b->pc->now, &s))
        return;
    s.active = s.active && !encoding->settings.inactive; /* as the parameters of its sender have it */
    (void)snprintf(ids.stream, sizeof ids.stream, "O%s%s%s", t->mid, rid[0] ? "-" : "", rid);
    (void)snprintf(ids.remote, sizeof ids.remote, "RI%s%s%s", t->mid, rid[0] ? "-" : "", rid);
    source_id(t, ids.source);
    stats_add_codec(b, true, t->kind, rtp_session_sent_codec(transport_media(t->transport), encoding->stream), ids.codec);
    memcpy(b->id, ids.stream, sizeof b->id);
    stats_begin_stream(b, t, "outbound-rtp", s.ssrc, ids.codec);
    if (b->sender == &t->sender)
        stats_report_choose(b->report);
    stats_text(b, "mid", t->mid);
    if (t->sender.track)
        stats_text(b, "mediaSourceId", ids.source);
    if (s.heard.any)
        stats_text(b, "remoteId", ids.remote);
    if (rid[0])
        stats_text(b, "rid", rid);
    if (t->kind == RTC_MEDIA_VIDEO) /* sound has one encoding */
        stats_count(b, "encodingIndex", index);
    add_packets(b, &s);
    add_frames(b, t, &s);
    add_encoder(b, t, index, &s);
    if (s.heard.any)
        add_remote_inbound(b, t, &ids, &s);
}

void stats_add_outbound(struct stats_builder *b, const rtc_rtp_transceiver *t)
{
    for (size_t i = 0; i < t->sender.encoding_count; i++)
        add_encoding(b, t, i);
}
