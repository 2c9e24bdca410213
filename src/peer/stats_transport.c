/* SPDX-License-Identifier: MIT */
/* The transport in statistics (webrtc-stats 8.20 to 8.27): itself, both certificates, and every candidate, pair and server of its ICE
 * generations. Beside the standard's members, a pair or server that is of no use says why, in "failureReason". */
#include "certificate_text.h"
#include "ice_report.h"
#include "stats_builder.h"

#include <stdio.h>

static const char *dtls_state_name(enum dtls_state state)
{
    static const char *const names[] = {"new", "connecting", "connected", "closed", "failed"};
    return names[state];
}

static const char *pair_state_name(enum ice_report_state state)
{
    static const char *const names[] = {"frozen", "waiting", "in-progress", "succeeded", "failed"};
    return names[state];
}

static const char *server_state_name(enum ice_server_progress progress)
{
    static const char *const names[] = {"unused", "resolving", "asked", "answered", "failed"};
    return names[progress];
}

/* `issuer`: the id of the next one in the chain; NULL: there is none. */
static void add_certificate(struct stats_builder *b, const char *id, struct slice der, const char *issuer)
{
    char fingerprint[CERTIFICATE_FINGERPRINT_TEXT];
    char *base64 = certificate_base64(b->pc->context, der);
    certificate_fingerprint_text(der, fingerprint);
    stats_begin(b, "certificate", id);
    stats_text(b, "fingerprint", fingerprint);
    stats_text(b, "fingerprintAlgorithm", "sha-256");
    stats_text(b, "base64Certificate", base64);
    if (issuer)
        stats_text(b, "issuerCertificateId", issuer);
    memory_free(b->pc->context, base64);
}

static void add_chain(struct stats_builder *b)
{
    struct slice chain[DTLS_CHAIN_MAX];
    size_t count = dtls_remote_certificates(transport_dtls(b->t), chain);
    char issuer[sizeof b->id];
    (void)snprintf(b->id, sizeof b->id, "%sCR", b->of);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(issuer, sizeof issuer, "%sCR%zu", b->of, i + 1);
        add_certificate(b, b->id, chain[i], i + 1 < count ? issuer : NULL);
        memcpy(b->id, issuer, sizeof issuer);
    }
}

static void candidate_id(const struct stats_builder *b, char *id, size_t size, bool local, uint32_t serial, uint32_t pair)
{
    if (serial)
        (void)snprintf(id, size, "%s%c%u", b->of, local ? 'L' : 'R', serial);
    else
        (void)snprintf(id, size, "%sLP%u", b->of, pair); /* peer-reflexive on our side: a pair's own */
}

static void add_server_of(struct stats_builder *b, const struct ice_agent *agent, const struct ice_candidate *c)
{
    struct ice_server_report server;
    if (c->server == 0 || !ice_agent_server_report(agent, c->server - 1u, &server))
        return;
    stats_text(b, "url", server.url);
    if (c->type == ICE_RELAYED)
        stats_text(b, "relayProtocol", ice_relay_protocol_name(server.url));
}

static void add_candidate(struct stats_builder *b, const struct ice_agent *agent, bool local, const char *id, const struct ice_candidate *c)
{
    char ip[ADDRESS_TEXT_MAX];
    stats_begin(b, local ? "local-candidate" : "remote-candidate", id);
    stats_text(b, "transportId", b->transport_id);
    if (c->name[0] || c->address.family != ADDRESS_NONE)
        stats_text(b, "address", c->name[0] ? c->name : address_ip_text(&c->address, ip));
    stats_number(b, "port", c->address.port);
    stats_text(b, "protocol", c->protocol == PATH_TCP ? "tcp" : "udp");
    stats_text(b, "candidateType", ice_candidate_type_name((enum ice_candidate_type)c->type));
    stats_number(b, "priority", c->priority);
    stats_text(b, "foundation", c->foundation);
    if (c->related.family != ADDRESS_NONE) {
        stats_text(b, "relatedAddress", address_ip_text(&c->related, ip));
        stats_number(b, "relatedPort", c->related.port);
    }
    const char *ufrag = local || c->ufrag[0] ? c->ufrag : ice_agent_remote_ufrag(agent);
    if (ufrag[0])
        stats_text(b, "usernameFragment", ufrag);
    if (c->tcp_type != ICE_TCP_NONE)
        stats_text(b, "tcpType", ice_tcp_type_name((enum ice_tcp_type)c->tcp_type));
    if (local)
        add_server_of(b, agent, c);
}

static void add_candidates(struct stats_builder *b, const struct ice_agent *agent)
{
    struct ice_candidate local, remote;
    for (size_t i = 0; ice_agent_local_candidate(agent, i, &local); i++) {
        candidate_id(b, b->id, sizeof b->id, true, local.serial, 0);
        add_candidate(b, agent, true, b->id, &local);
    }
    for (size_t i = 0; ice_agent_remote_report(agent, i, &remote); i++) {
        candidate_id(b, b->id, sizeof b->id, false, remote.serial, 0);
        add_candidate(b, agent, false, b->id, &remote);
    }
}

static void add_time(struct stats_builder *b, const char *name, rtc_time_t at)
{
    if (at != RTC_TIME_NEVER)
        stats_number(b, name, stats_time(b, at));
}

static void add_pair_counts(struct stats_builder *b, const struct ice_pair_counts *c)
{
    stats_number(b, "packetsSent", (double)c->packets_sent);
    stats_number(b, "packetsReceived", (double)c->packets_received);
    stats_number(b, "bytesSent", (double)c->bytes_sent);
    stats_number(b, "bytesReceived", (double)c->bytes_received);
    add_time(b, "lastPacketSentTimestamp", c->last_sent);
    add_time(b, "lastPacketReceivedTimestamp", c->last_received);
    stats_number(b, "requestsSent", (double)c->requests_sent);
    stats_number(b, "requestsReceived", (double)c->requests_received);
    stats_number(b, "responsesSent", (double)c->responses_sent);
    stats_number(b, "responsesReceived", (double)c->responses_received);
    stats_number(b, "consentRequestsSent", (double)c->consent_requests_sent);
    stats_number(b, "packetsDiscardedOnSend", (double)c->packets_discarded);
    stats_number(b, "bytesDiscardedOnSend", (double)c->bytes_discarded);
}

static void add_pair(struct stats_builder *b, const struct ice_agent *agent, const struct ice_pair_report *p)
{
    char id[32], local[32], remote[32];
    candidate_id(b, local, sizeof local, true, p->local.serial, p->serial);
    candidate_id(b, remote, sizeof remote, false, p->remote.serial, 0);
    if (p->local.serial == 0)
        add_candidate(b, agent, true, local, &p->local);
    (void)snprintf(id, sizeof id, "%sCP%u", b->of, p->serial);
    stats_begin(b, "candidate-pair", id);
    stats_text(b, "transportId", b->transport_id);
    stats_text(b, "localCandidateId", local);
    stats_text(b, "remoteCandidateId", remote);
    stats_text(b, "state", pair_state_name(p->state));
    stats_boolean(b, "nominated", p->nominated);
    stats_number(b, "totalRoundTripTime", (double)p->total_rtt_us / 1e6);
    if (p->rtt_us > 0)
        stats_number(b, "currentRoundTripTime", (double)p->rtt_us / 1e6);
    uint32_t rate = p->selected && transport_media(b->t) ? rtp_session_sending_rate(transport_media(b->t)) : 0;
    if (rate > 0)
        stats_number(b, "availableOutgoingBitrate", rate);
    rate = p->selected && transport_media(b->t) ? rtp_session_receiving_rate(transport_media(b->t)) : 0;
    if (rate > 0)
        stats_number(b, "availableIncomingBitrate", rate);
    add_pair_counts(b, &p->counts);
    if (p->reason[0])
        stats_text(b, "failureReason", p->reason);
}

/* The pair in use goes first. */
static void add_pairs(struct stats_builder *b, const struct ice_agent *agent)
{
    struct ice_pair_report pair;
    for (int selected = 1; selected >= 0; selected--)
        for (size_t i = 0; ice_agent_pair_report(agent, b->pc->now, i, &pair); i++)
            if (pair.selected == (selected == 1))
                add_pair(b, agent, &pair);
}

static void add_servers(struct stats_builder *b)
{
    struct ice_server_report server;
    for (size_t i = 0; ice_agent_server_report(transport_ice_negotiated(b->t), i, &server); i++) {
        (void)snprintf(b->id, sizeof b->id, "%sS%zu", b->of, i);
        stats_begin(b, "ice-server", b->id);
        stats_text(b, "transportId", b->transport_id);
        stats_text(b, "url", server.url);
        stats_text(b, "state", server_state_name(server.progress));
        stats_number(b, "candidates", server.candidates);
        if (server.error_code)
            stats_number(b, "errorCode", server.error_code);
        if (server.reason[0])
            stats_text(b, "failureReason", server.reason);
    }
}

static void add_selected(struct stats_builder *b)
{
    struct ice_pair_report pair;
    for (size_t i = 0; ice_agent_pair_report(transport_ice_current(b->t), b->pc->now, i, &pair); i++) {
        if (!pair.selected)
            continue;
        (void)snprintf(b->id, sizeof b->id, "%sCP%u", b->of, pair.serial);
        stats_text(b, "selectedCandidatePairId", b->id);
    }
}

static void add_dtls(struct stats_builder *b)
{
    const struct dtls *dtls = transport_dtls(b->t);
    const char *profile = dtls_srtp_profile_name(dtls);
    stats_text(b, "dtlsState", dtls_state_name(dtls_state(dtls)));
    stats_text(b, "dtlsRole", !transport_has_role(b->t) ? "unknown" : dtls_role(dtls) == DTLS_CLIENT ? "client" : "server");
    stats_text(b, "localCertificateId", "CL");
    if (dtls_state(dtls) != DTLS_CONNECTED)
        return;
    (void)snprintf(b->id, sizeof b->id, "%sCR", b->of);
    stats_text(b, "remoteCertificateId", b->id);
    stats_text(b, "tlsVersion", "FEFD");
    stats_text(b, "dtlsCipher", dtls_cipher(dtls));
    if (profile[0])
        stats_text(b, "srtpCipher", profile);
}

/* Of its packets of media: reports by RFC 8888, and what was dropped because it could not be read, feedback too. */
static void add_media(struct stats_builder *b)
{
    const struct rtp_session *media = transport_media(b->t);
    uint64_t sent, received;
    if (!media)
        return;
    rtp_session_ccfb_messages(media, &sent, &received);
    stats_count(b, "ccfbMessagesSent", sent);
    stats_count(b, "ccfbMessagesReceived", received);
    stats_count(b, "packetsMalformed", rtp_session_counters(media)->malformed);
}

static void add_transport(struct stats_builder *b)
{
    const struct transport_counters *c = transport_counters(b->t);
    stats_begin(b, "transport", b->transport_id);
    stats_number(b, "packetsSent", (double)c->packets_sent);
    stats_number(b, "packetsReceived", (double)c->packets_received);
    stats_number(b, "bytesSent", (double)c->bytes_sent);
    stats_number(b, "bytesReceived", (double)c->bytes_received);
    stats_text(b, "iceRole", ice_agent_controlling(transport_ice_current(b->t)) ? "controlling" : "controlled");
    stats_text(b, "iceLocalUsernameFragment", ice_agent_local_ufrag(transport_ice_current(b->t)));
    stats_text(b, "iceState", rtc_ice_connection_state_name((rtc_ice_connection_state)transport_ice_state(b->t)));
    stats_number(b, "selectedCandidatePairChanges", (double)c->selected_pair_changes);
    stats_number(b, "candidatesLeftOut", (double)ice_agent_counters(transport_ice_current(b->t))->left_out);
    add_media(b);
    add_selected(b);
    add_dtls(b);
}

void stats_add_transport(struct stats_builder *b)
{
    add_transport(b);
    if (b->t == peer_first_transport(b->pc)) /* all have the same */
        add_certificate(b, "CL", certificate_der(b->pc->settings.certificate), NULL);
    if (dtls_state(transport_dtls(b->t)) == DTLS_CONNECTED)
        add_chain(b);
    const struct ice_agent *generations[] = {transport_ice_current(b->t), transport_ice_next(b->t)};
    for (size_t i = 0; i < 2 && generations[i]; i++) {
        add_candidates(b, generations[i]);
        add_pairs(b, generations[i]);
    }
    add_servers(b);
}
