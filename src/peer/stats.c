/* getStats (webrtc-pc 8; the dictionaries of webrtc-stats): what the layers counted, under their standard names. */
#include "data_channel_object.h"
#include "peer.h"
#include "receive_pipeline.h"
#include "send_pipeline.h"
#include "stats_report.h"
#include "transceiver.h"
#include "transport.h"

#include <stdio.h>

struct builder {
    rtc_peer_connection *pc;
    struct transport *t;
    rtc_stats_report *report;
    double now_ms;
    char id[160];
};

static void begin(struct builder *b, const char *type, const char *id)
{
    stats_report_begin(b->report, type, id, b->now_ms);
}

static void number(struct builder *b, const char *name, double value)
{
    stats_report_number(b->report, name, value);
}

static void text(struct builder *b, const char *name, const char *value)
{
    stats_report_text(b->report, name, value);
}

static void add_connection(struct builder *b)
{
    begin(b, "peer-connection", "P");
    size_t open = 0;
    for (struct link *l = b->pc->channels.next; l != &b->pc->channels; l = l->next)
        open += link_owner(l, rtc_data_channel, link)->state == RTC_DATA_CHANNEL_OPEN;
    number(b, "dataChannelsOpened", (double)open);
}

/* RTCIceServerTransportProtocol of a relayed candidate; NULL for others. */
static const char *relay_protocol_name(const struct ice_candidate *c)
{
    switch (c->server_kind) {
    case ICE_SERVER_TURN_UDP:
        return "udp";
    case ICE_SERVER_TURN_TCP:
        return "tcp";
    case ICE_SERVER_TURN_TLS:
        return "tls";
    default:
        return NULL;
    }
}

static void add_candidate(struct builder *b, const char *type, const char *id, const struct ice_candidate *c)
{
    char ip[ADDRESS_TEXT_MAX];
    begin(b, type, id);
    text(b, "transportId", "T");
    text(b, "address", c->address.family ? address_ip_text(&c->address, ip) : c->name);
    number(b, "port", c->address.port);
    text(b, "protocol", c->protocol == PATH_TCP ? "tcp" : "udp");
    text(b, "candidateType", ice_candidate_type_name((enum ice_candidate_type)c->type));
    number(b, "priority", c->priority);
    text(b, "foundation", c->foundation);
    if (c->ufrag[0])
        text(b, "usernameFragment", c->ufrag);
    if (relay_protocol_name(c))
        text(b, "relayProtocol", relay_protocol_name(c));
}

static void add_local_candidates(struct builder *b)
{
    const struct ice_candidate *candidates;
    size_t count = ice_agent_local_candidates(b->t->ice, &candidates);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(b->id, sizeof b->id, "L%zu", i);
        add_candidate(b, "local-candidate", b->id, &candidates[i]);
    }
}

static void add_selected_pair(struct builder *b)
{
    struct ice_selected s;
    if (!ice_agent_selected_info(b->t->ice, &s))
        return;
    add_candidate(b, "local-candidate", "LS", &s.local);
    add_candidate(b, "remote-candidate", "RS", &s.remote);
    begin(b, "candidate-pair", "CP");
    text(b, "transportId", "T");
    text(b, "localCandidateId", "LS");
    text(b, "remoteCandidateId", "RS");
    text(b, "state", "succeeded");
    stats_report_boolean(b->report, "nominated", true);
    number(b, "packetsSent", (double)b->t->counters.packets_sent);
    number(b, "packetsReceived", (double)b->t->counters.packets_received);
    number(b, "bytesSent", (double)b->t->counters.bytes_sent);
    number(b, "bytesReceived", (double)b->t->counters.bytes_received);
    number(b, "totalRoundTripTime", (double)s.total_rtt_us / 1e6);
    number(b, "currentRoundTripTime", (double)s.rtt_us / 1e6);
    number(b, "requestsSent", (double)s.requests_sent);
    number(b, "requestsReceived", (double)s.requests_received);
    number(b, "responsesSent", (double)s.responses_sent);
    number(b, "responsesReceived", (double)s.responses_received);
}

static const char *dtls_state_name(enum dtls_state state)
{
    static const char *const names[] = {"new", "connecting", "connected", "closed", "failed"};
    return names[state];
}

static void add_certificate(struct builder *b, const char *id, const char *fingerprint)
{
    begin(b, "certificate", id);
    text(b, "fingerprint", fingerprint);
    text(b, "fingerprintAlgorithm", "sha-256");
}

static void add_transport(struct builder *b)
{
    struct ice_selected s;
    begin(b, "transport", "T");
    number(b, "packetsSent", (double)b->t->counters.packets_sent);
    number(b, "packetsReceived", (double)b->t->counters.packets_received);
    number(b, "bytesSent", (double)b->t->counters.bytes_sent);
    number(b, "bytesReceived", (double)b->t->counters.bytes_received);
    text(b, "iceRole", ice_agent_controlling(b->t->ice) ? "controlling" : "controlled");
    text(b, "iceLocalUsernameFragment", ice_agent_local_ufrag(b->t->ice));
    text(b, "iceState", rtc_ice_connection_state_name((rtc_ice_connection_state)ice_agent_state(b->t->ice)));
    text(b, "dtlsState", dtls_state_name(dtls_state(b->t->dtls)));
    text(b, "localCertificateId", "CL");
    if (ice_agent_selected_info(b->t->ice, &s))
        text(b, "selectedCandidatePairId", "CP");
    if (dtls_state(b->t->dtls) == DTLS_CONNECTED) {
        text(b, "tlsVersion", "FEFD");
        text(b, "dtlsCipher", dtls_cipher(b->t->dtls));
        text(b, "dtlsRole", dtls_role(b->t->dtls) == DTLS_CLIENT ? "client" : "server");
    }
    add_certificate(b, "CL", certificate_fingerprint(b->pc->certificate));
}

static void add_channels(struct builder *b)
{
    for (struct link *l = b->pc->channels.next; l != &b->pc->channels; l = l->next) {
        rtc_data_channel *c = link_owner(l, rtc_data_channel, link);
        struct data_channel_info info;
        if (!data_channels_info(b->t->channels, c->handle, &info))
            continue;
        (void)snprintf(b->id, sizeof b->id, "D%u", c->handle);
        begin(b, "data-channel", b->id);
        text(b, "label", c->label);
        text(b, "protocol", c->protocol);
        if (info.id != CHANNEL_ID_NONE)
            number(b, "dataChannelIdentifier", info.id);
        text(b, "state", rtc_data_channel_state_name(c->state));
        number(b, "messagesSent", (double)info.messages_sent);
        number(b, "bytesSent", (double)info.bytes_sent);
        number(b, "messagesReceived", (double)info.messages_received);
        number(b, "bytesReceived", (double)info.bytes_received);
    }
}

static void add_stream_head(struct builder *b, const rtc_rtp_transceiver *t, const char *type, uint32_t ssrc)
{
    begin(b, type, b->id);
    number(b, "ssrc", ssrc);
    text(b, "kind", t->kind == RTC_MEDIA_AUDIO ? "audio" : "video");
    text(b, "mid", t->mid);
    text(b, "transportId", "T");
}

static void add_remote_inbound(struct builder *b, const rtc_rtp_transceiver *t, const struct rtp_outbound_stats *s)
{
    if (!s->has_report)
        return;
    (void)snprintf(b->id, sizeof b->id, "RI%s", t->mid);
    add_stream_head(b, t, "remote-inbound-rtp", s->ssrc);
    number(b, "packetsLost", (double)s->packets_lost);
    number(b, "jitter", s->remote_jitter_s);
    number(b, "fractionLost", s->fraction_lost);
    if (s->round_trip_time_measurements > 0)
        number(b, "roundTripTime", s->round_trip_time_s);
    number(b, "totalRoundTripTime", s->total_round_trip_time_s);
    number(b, "roundTripTimeMeasurements", (double)s->round_trip_time_measurements);
}

static void add_encoder(struct builder *b, const rtc_rtp_transceiver *t)
{
    struct send_pipeline_stats s;
    if (!t->sender.pipeline)
        return;
    send_pipeline_stats(t->sender.pipeline, &s);
    number(b, "framesEncoded", (double)s.frames_encoded);
    number(b, "keyFramesEncoded", (double)s.key_frames_encoded);
    number(b, "totalEncodeTime", (double)s.total_encode_time_us / 1e6);
    number(b, "framesDropped", (double)s.frames_dropped);
    if (s.width > 0) {
        number(b, "frameWidth", s.width);
        number(b, "frameHeight", s.height);
    }
}

static void add_outbound(struct builder *b, const rtc_rtp_transceiver *t)
{
    struct rtp_outbound_stats s;
    if (!rtp_session_outbound_stats(b->t->rtp, t->section, &s))
        return;
    (void)snprintf(b->id, sizeof b->id, "O%s", t->mid);
    add_stream_head(b, t, "outbound-rtp", s.ssrc);
    number(b, "packetsSent", (double)s.packets_sent);
    number(b, "bytesSent", (double)s.bytes_sent);
    number(b, "headerBytesSent", (double)s.header_bytes_sent);
    number(b, "retransmittedPacketsSent", (double)s.retransmitted_packets_sent);
    number(b, "retransmittedBytesSent", (double)s.retransmitted_bytes_sent);
    number(b, "framesSent", (double)s.frames_sent);
    number(b, "nackCount", s.nack_count);
    number(b, "pliCount", s.pli_count);
    number(b, "firCount", s.fir_count);
    number(b, "targetBitrate", s.target_bitrate_bps);
    add_encoder(b, t);
    add_remote_inbound(b, t, &s);
}

static void add_inbound_audio(struct builder *b, const struct rtp_inbound_stats *s)
{
    number(b, "totalSamplesReceived", (double)s->total_samples);
    number(b, "concealedSamples", (double)s->concealed_samples);
    number(b, "concealmentEvents", (double)s->concealment_events);
    number(b, "removedSamplesForAcceleration", (double)s->removed_samples_for_acceleration);
    number(b, "audioLevel", s->audio_level);
}

static void add_inbound_video(struct builder *b, const rtc_rtp_transceiver *t, const struct rtp_inbound_stats *s)
{
    struct receive_pipeline_stats d;
    receive_pipeline_stats(t->receiver.pipeline, &d);
    number(b, "framesReceived", (double)s->frames_received);
    number(b, "framesDecoded", (double)d.frames_decoded);
    number(b, "keyFramesDecoded", (double)d.key_frames_decoded);
    number(b, "framesDropped", (double)(s->frames_dropped + d.frames_dropped));
    number(b, "totalDecodeTime", (double)d.total_decode_time_us / 1e6);
    number(b, "freezeCount", (double)s->freeze_count);
    number(b, "totalFreezesDuration", s->total_freezes_duration_s);
    number(b, "nackCount", s->nack_count);
    number(b, "pliCount", s->pli_count);
    number(b, "firCount", s->fir_count);
    if (d.width > 0) {
        number(b, "frameWidth", d.width);
        number(b, "frameHeight", d.height);
    }
}

static void add_inbound(struct builder *b, const rtc_rtp_transceiver *t)
{
    struct rtp_inbound_stats s;
    if (!rtp_session_inbound_stats(b->t->rtp, t->section, b->pc->now, &s))
        return;
    (void)snprintf(b->id, sizeof b->id, "I%s", t->mid);
    add_stream_head(b, t, "inbound-rtp", s.ssrc);
    text(b, "trackIdentifier", rtc_media_stream_track_id(t->receiver.track));
    number(b, "packetsReceived", (double)s.packets_received);
    number(b, "bytesReceived", (double)s.bytes_received);
    number(b, "headerBytesReceived", (double)s.header_bytes_received);
    number(b, "packetsLost", (double)s.packets_lost);
    number(b, "packetsDiscarded", (double)s.packets_discarded);
    number(b, "retransmittedPacketsReceived", (double)s.retransmitted_packets_received);
    number(b, "jitter", s.jitter_s);
    number(b, "jitterBufferDelay", s.jitter_buffer_delay_s);
    number(b, "jitterBufferEmittedCount", (double)s.jitter_buffer_emitted_count);
    number(b, "estimatedPlayoutDelay", (double)s.current_delay_us / 1e6);
    if (t->kind == RTC_MEDIA_AUDIO)
        add_inbound_audio(b, &s);
    else
        add_inbound_video(b, t, &s);
}

static void add_media(struct builder *b)
{
    for (struct link *l = b->pc->transceivers.next; l != &b->pc->transceivers; l = l->next) {
        const rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (!t->section)
            continue;
        add_outbound(b, t);
        add_inbound(b, t);
    }
}

int rtc_peer_connection_get_stats(rtc_peer_connection *pc, rtc_stats_report **out)
{
    if (!pc || !out)
        return RTC_ERR_TYPE;
    struct builder b = {.pc = pc, .t = pc->closed ? NULL : pc->transport};
    int error = stats_report_new(pc->context, &b.report);
    if (error)
        return error;
    b.now_ms = (double)context_wall_us(pc->context, peer_now(pc)) / 1000.0;
    add_connection(&b);
    if (b.t) {
        add_transport(&b);
        add_local_candidates(&b);
        add_selected_pair(&b);
        if (b.t->channels)
            add_channels(&b);
        if (b.t->rtp)
            add_media(&b);
    }
    if (!stats_report_ok(b.report)) {
        rtc_stats_report_unref(b.report);
        return RTC_ERR_NO_MEMORY;
    }
    *out = b.report;
    return RTC_OK;
}
