/* SPDX-License-Identifier: MIT */
/* See ice_send.h. */
#include "ice_send.h"

#include "tcp_framing.h"
#include "turn_client.h"

#include <stdio.h>

bool ice_wrap(const struct ice_base *base, rtc_time_t now, struct packet *packet)
{
    struct address peer = packet->path.remote;
    if (base->relay)
        return base->turn && turn_client_wrap(base->turn, now, &peer, packet);
    if (!base->tcp || packet->path.protocol == PATH_TCP)
        return true; /* what the agent itself sent is framed already */
    packet->path.protocol = PATH_TCP;
    return tcp_framing_wrap(packet);
}

uint32_t ice_overhead(const struct ice_base *base, const struct address *peer)
{
    if (base->tcp)
        return TCP_FRAMING_HEADER;
    if (!base->relay)
        return 0;
    return base->turn ? turn_client_overhead(base->turn, peer) : TURN_INDICATION_OVERHEAD;
}

void ice_send(const struct ice_base *base, const struct address *to, const struct stun_message *message, struct slice key, rtc_time_t now,
              struct out *out)
{
    struct packet *p = out_packet(out);
    if (!p)
        return;
    size_t len = stun_write(message, key, packet_data(p), packet_tailroom(p));
    p->len = (uint32_t)len;
    p->time = now;
    p->path = (struct path){.socket = base->socket, .protocol = PATH_UDP, .local = base->address, .remote = *to};
    if (len > 0 && base->turn)
        turn_client_permit(base->turn, now, to, out);
    if (len > 0 && ice_wrap(base, now, p))
        out_send(out, p);
    else
        packet_free(p);
}

void ice_send_check(const struct ice_session *session, struct ice_pair *pair, const uint8_t id[STUN_TRANSACTION_LEN], bool nominate,
                    rtc_time_t now, struct out *out)
{
    char username[ICE_UFRAG_MAX + ICE_LOCAL_UFRAG_LEN + 2];
    (void)snprintf(username, sizeof username, "%s:%s", session->remote_ufrag, session->common->credentials.ufrag);
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING};
    m.has = STUN_HAS_USERNAME | STUN_HAS_PRIORITY | STUN_HAS_FINGERPRINT;
    m.has |= ice_controls(session) ? STUN_HAS_CONTROLLING : STUN_HAS_CONTROLLED;
    m.has |= nominate && ice_controls(session) ? STUN_HAS_USE_CANDIDATE : 0; /* the controlling agent's alone (RFC 8445 section 7.1.2) */
    memcpy(m.transaction, id, sizeof m.transaction);
    m.username = slice_str(username);
    m.priority = ice_base_reflexive_priority(pair->base); /* RFC 8445 section 7.1.1: of the peer-reflexive candidate that this may make */
    m.tie_breaker = session->tie_breaker;
    ice_send(pair->base, &pair->remote->address, &m, slice_str(session->remote_password), now, out);
    pair->counts.requests_sent++;
}

void ice_send_response(const struct ice_session *session, const struct ice_base *base, const struct address *to,
                       const struct stun_message *request, rtc_time_t now, struct out *out)
{
    struct stun_message m = {.class = STUN_SUCCESS, .method = STUN_BINDING, .has = STUN_HAS_XOR_MAPPED | STUN_HAS_FINGERPRINT};
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    m.mapped = *to;
    ice_send(base, to, &m, slice_str(session->common->credentials.password), now, out);
}

void ice_send_error(const struct ice_session *session, const struct ice_base *base, const struct address *to,
                    const struct stun_message *request, uint16_t code, rtc_time_t now, struct out *out)
{
    struct stun_message m = {.class = STUN_ERROR, .method = request->method, .has = STUN_HAS_ERROR | STUN_HAS_FINGERPRINT};
    uint8_t types[2 * STUN_UNKNOWN_MAX];
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    m.error_code = code;
    m.error_text = slice_str(code == 420 ? "Unknown Attribute" : "Role Conflict");
    if (code == 420) {
        for (size_t i = 0; i < request->unknown_count; i++) {
            types[2 * i] = (uint8_t)(request->unknown[i] >> 8);
            types[2 * i + 1] = (uint8_t)request->unknown[i];
        }
        m.has |= STUN_HAS_UNKNOWN_ATTRIBUTES;
        m.unknown_attributes = slice_of(types, 2 * (size_t)request->unknown_count);
    }
    ice_send(base, to, &m, slice_str(session->common->credentials.password), now, out);
}
