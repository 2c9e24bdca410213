/* SPDX-License-Identifier: MIT */
/* Requests and responses: how they are made, sent and retransmitted (RFC 8489 section 6.2.1, RFC 8445 sections 7.1 and 14.3). */
#include "ice_internal.h"

#include <stdio.h>

void ice_transaction_start(struct ice_agent *agent, struct ice_transaction *t, rtc_time_t interval, rtc_time_t now)
{
    *t = (struct ice_transaction){.active = true, .interval = interval, .first_sent = now, .next_send = now};
    t->controlling = agent->controlling;
    context_random(agent->common.context, t->id, sizeof t->id);
}

void ice_transaction_sent(struct ice_transaction *t, rtc_time_t most, rtc_time_t now)
{
    if (t->sends == 0)
        t->first_sent = now;
    t->sends++;
    t->last_sent = now;
    t->next_send = now + t->interval;
    t->interval = t->interval * 2 < most ? t->interval * 2 : most;
}

bool ice_transaction_is(const struct ice_transaction *t, const struct stun_message *response)
{
    return t->active && memcmp(t->id, response->transaction, sizeof t->id) == 0;
}

void ice_transaction_renew(struct ice_agent *agent, struct ice_transaction *t)
{
    t->controlling = agent->controlling;
    context_random(agent->common.context, t->id, sizeof t->id);
}

void ice_send(struct ice_agent *agent, const struct ice_base *base, const struct address *to, const struct stun_message *message,
              struct slice key, rtc_time_t now, struct out *out)
{
    (void)agent;
    struct packet *p = out_packet(out);
    if (!p)
        return; /* as good as lost on the way: retransmission repairs it */
    size_t len = stun_write(message, key, packet_data(p), packet_tailroom(p));
    if (len == 0) {
        packet_free(p);
        return;
    }
    p->len = (uint32_t)len;
    p->time = now;
    p->path = (struct path){.socket = base->socket, .protocol = PATH_UDP, .local = base->address, .remote = *to};
    if (base->relay) {
        ice_relay_send(base, now, p, out);
        return;
    }
    if (base->tcp)
        (void)ice_tcp_wrap(p); /* a new packet has the room */
    out_send(out, p);
}

/* The priority that the base would have as a peer-reflexive candidate (RFC 8445 section 7.1.1). A relayed address can be seen as nothing
 * else, and must not look better than a direct path to a peer that has not heard of it yet. */
static uint32_t reflexive_priority(const struct ice_base *base)
{
    if (base->relay)
        return base->priority;
    if (base->tcp)
        return ice_tcp_reflexive_priority(base);
    return ice_candidate_priority(ICE_PEER_REFLEXIVE, base->preference, ICE_COMPONENT);
}

void ice_send_check(struct ice_agent *agent, struct ice_pair *pair, const uint8_t id[STUN_TRANSACTION_LEN], bool nominate, rtc_time_t now,
                    struct out *out)
{
    char username[ICE_UFRAG_MAX + ICE_LOCAL_UFRAG_LEN + 2];
    (void)snprintf(username, sizeof username, "%s:%s", agent->remote_ufrag, agent->common.credentials.ufrag);
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING};
    m.has = STUN_HAS_USERNAME | STUN_HAS_PRIORITY | STUN_HAS_FINGERPRINT;
    m.has |= agent->controlling ? STUN_HAS_CONTROLLING : STUN_HAS_CONTROLLED;
    m.has |= nominate && agent->controlling ? STUN_HAS_USE_CANDIDATE : 0;
    memcpy(m.transaction, id, sizeof m.transaction);
    m.username = slice_str(username);
    m.priority = reflexive_priority(pair->base);
    m.tie_breaker = agent->tie_breaker;
    ice_send(agent, pair->base, &pair->remote->address, &m, slice_str(agent->remote_password), now, out);
    pair->counts.requests_sent++;
}

void ice_send_response(struct ice_agent *agent, const struct ice_base *base, const struct address *to, const struct stun_message *request,
                       rtc_time_t now, struct out *out)
{
    struct stun_message m = {.class = STUN_SUCCESS, .method = STUN_BINDING, .has = STUN_HAS_XOR_MAPPED | STUN_HAS_FINGERPRINT};
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    m.mapped = *to;
    ice_send(agent, base, to, &m, slice_str(agent->common.credentials.password), now, out);
}

static const char *error_text(uint16_t code)
{
    return code == 420 ? "Unknown Attribute" : code == 487 ? "Role Conflict" : "Bad Request";
}

void ice_send_error(struct ice_agent *agent, const struct ice_base *base, const struct address *to, const struct stun_message *request,
                    uint16_t code, rtc_time_t now, struct out *out)
{
    struct stun_message m = {.class = STUN_ERROR, .method = request->method, .has = STUN_HAS_ERROR | STUN_HAS_FINGERPRINT};
    uint8_t types[2 * STUN_UNKNOWN_MAX];
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    m.error_code = code;
    m.error_text = slice_str(error_text(code));
    if (code == 420) {
        for (size_t i = 0; i < request->unknown_count; i++) {
            types[2 * i] = (uint8_t)(request->unknown[i] >> 8);
            types[2 * i + 1] = (uint8_t)request->unknown[i];
        }
        m.has |= STUN_HAS_UNKNOWN_ATTRIBUTES;
        m.unknown_attributes = slice_of(types, 2 * (size_t)request->unknown_count);
    }
    ice_send(agent, base, to, &m, slice_str(agent->common.credentials.password), now, out);
}

/* A retransmitted exchange gives only an upper bound, which stands until an exact sample replaces it. */
void ice_rtt_sample(struct ice_pair *pair, rtc_time_t sample, bool exact)
{
    if (sample < 1)
        sample = 1;
    pair->total_rtt += sample;
    if (!exact && pair->rtt_exact)
        return;
    if (pair->rtt == 0 || (exact && !pair->rtt_exact))
        pair->rtt = sample;
    else
        pair->rtt += (sample - pair->rtt) / 8;
    pair->rtt_exact |= exact;
}
