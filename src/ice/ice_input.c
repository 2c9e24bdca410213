/* SPDX-License-Identifier: MIT */
/* What arrives: Binding requests (RFC 8445 section 7.3) with role conflicts and peer-reflexive candidates, and responses to our checks
 * (section 7.2.5). Requests need our own password only, so they are answered, and remembered as triggered checks, before the peer's
 * description is here. */
#include "ice_input.h"

#include "ice_internal.h"

/* A peer that asks on another pair than the selected is asked back there, but no more often than this. */
static const rtc_time_t consent_is_fresh = 1 * ICE_SECOND;

/* The two sides of a username, ours first; false when it has no colon. */
static bool split_username(const struct stun_message *m, struct slice *ours, struct slice *theirs)
{
    bool any = (m->has & STUN_HAS_USERNAME) && m->username.len > 0;
    const uint8_t *colon = any ? memchr(m->username.data, ':', m->username.len) : NULL;
    if (!colon)
        return false;
    *ours = slice_of(m->username.data, (size_t)(colon - m->username.data));
    *theirs = slice_of(colon + 1, m->username.len - ours->len - 1);
    return true;
}

static bool is_for_another(const struct ice_agent *agent, const struct stun_message *m)
{
    struct slice ours, theirs;
    return split_username(m, &ours, &theirs) && !slice_is(ours, agent->common.credentials.ufrag);
}

static bool request_is_authentic(const struct ice_agent *agent, const struct stun_message *m)
{
    struct slice ours, theirs;
    if (!split_username(m, &ours, &theirs) || !slice_is(ours, agent->common.credentials.ufrag))
        return false;
    return (!agent->session.remote_known || slice_is(theirs, agent->session.remote_ufrag)) &&
           stun_authentic(m, slice_str(agent->common.credentials.password));
}

static void switch_role(struct ice_agent *agent, bool controlling)
{
    agent->session.role = controlling ? ICE_CONTROLLING : ICE_CONTROLLED;
    ice_prioritize(&agent->checks);
    ice_restart_checks(&agent->checks);
}

/* RFC 8445 section 7.3.1.1. True when the request is to be refused with 487. A lite agent never controls (section 6.1.1). */
static bool role_conflicts(struct ice_agent *agent, const struct stun_message *m)
{
    bool both_controlling = ice_controls(&agent->session) && (m->has & STUN_HAS_CONTROLLING);
    bool both_controlled = !ice_controls(&agent->session) && (m->has & STUN_HAS_CONTROLLED);
    bool we_control = agent->session.tie_breaker >= m->tie_breaker;
    if (!both_controlling && !both_controlled)
        return false;
    if (both_controlling == we_control || ice_is_lite(&agent->session))
        return true;
    switch_role(agent, we_control);
    return false;
}

/* Something authenticated came on the pair: from now on DTLS and media from there are taken (RFC 8445 section 12.2 asks to be ready for
 * data on any candidate; before this nobody knows whose it is). What was held meanwhile is told to be good. */
static void hear(struct ice_agent *agent, struct ice_pair *pair, rtc_time_t now, struct out *out)
{
    pair->consent.heard = now;
    if (pair->base->tcp)
        ice_tcp_prove(&agent->tcp, pair->base);
    if (pair->consent.receivable)
        return;
    pair->consent.receivable = true;
    (void)ice_event(&agent->common, ICE_EVENT_VALIDATED, out);
}

static uint32_t request_priority(const struct stun_message *m)
{
    return m->has & STUN_HAS_PRIORITY ? m->priority : ice_candidate_priority(ICE_PEER_REFLEXIVE, 0, ICE_COMPONENT);
}

/* The pair of the path that a request came on, made if need be. */
static struct ice_pair *learn_pair(struct ice_agent *agent, struct ice_base *base, const struct address *from, const struct stun_message *m,
                                   rtc_time_t now)
{
    struct ice_pair *pair = ice_find_pair(&agent->checks, base, from);
    if (pair)
        return pair;
    enum path_protocol protocol = base->tcp ? PATH_TCP : PATH_UDP;
    struct ice_remote *remote = ice_remotes_find(&agent->remotes, from, protocol);
    if (!remote)
        remote = ice_add_reflexive(&agent->pairing, from, protocol, request_priority(m), now);
    return remote ? ice_add_pair(&agent->checks, base, remote, true) : NULL;
}

static void take_use_candidate(struct ice_agent *agent, struct ice_pair *pair, const struct stun_message *m, rtc_time_t now)
{
    if (ice_controls(&agent->session) || !(m->has & STUN_HAS_USE_CANDIDATE))
        return;
    pair->peer_nominates = true;
    if (pair->state == ICE_PAIR_SUCCEEDED && !pair->nominated)
        ice_nominated_by_peer(&agent->nominate, pair, now);
}

/* Why does the peer ask here? It may have moved, or keeps this pair for that day: then it has to have our consent, too. */
static void asked_elsewhere(struct ice_agent *agent, struct ice_pair *pair, rtc_time_t now, struct out *out)
{
    ice_doubt_start(&agent->doubt, now);
    if (agent->checks.selected && pair->state == ICE_PAIR_SUCCEEDED && now >= pair->consent.granted + consent_is_fresh &&
        now >= pair->consent.asked + consent_is_fresh)
        ice_consent_ask(&agent->consent, pair, now, out);
}

static void accept_request(struct ice_agent *agent, rtc_time_t now, struct ice_base *base, const struct address *from,
                           const struct stun_message *m, struct out *out)
{
    if (ice_is_lite(&agent->session) && agent->contested && agent->session.state != ICE_FAILED) {
        agent->session.peer_seen = true;
        ice_lite_ask(&agent->consent, learn_pair(agent, base, from, m, now), now, out);
        return;
    }
    ice_send_response(&agent->session, base, from, m, now, out);
    if (agent->session.state == ICE_FAILED)
        return;
    agent->session.peer_seen = true;
    ice_peer_began(&agent->checks, now);
    struct ice_pair *pair = learn_pair(agent, base, from, m, now);
    if (!pair)
        return;
    pair->counts.requests_received++;
    pair->counts.responses_sent++;
    hear(agent, pair, now, out);
    if (ice_is_lite(&agent->session)) {
        ice_lite_request(&agent->checks, pair, m->has & STUN_HAS_USE_CANDIDATE, now);
        return;
    }
    if (pair != agent->checks.selected)
        asked_elsewhere(agent, pair, now, out);
    take_use_candidate(agent, pair, m, now);
    ice_trigger(&agent->checks, pair, now);
}

/* An address that no peer has was written by somebody else, who wants us to send there. Who is connected over TCP is there; and what comes
 * from loopback comes from this host. */
static bool is_refused(struct ice_agent *agent, const struct ice_base *base, const struct address *from)
{
    bool inside = address_is_loopback(from) && !base->relay;
    const char *reason = base->tcp ? NULL
                         : inside  ? ice_unreachable(agent->common.rules, from, PATH_UDP)
                                   : ice_refuses_remote(&agent->pairing, from, PATH_UDP);
    if (reason)
        ice_remotes_leave_out(&agent->remotes, &(struct ice_left_out){*from, ICE_PEER_REFLEXIVE, PATH_UDP, false, reason});
    return reason != NULL;
}

static void on_request(struct ice_agent *agent, rtc_time_t now, struct ice_base *base, const struct address *from,
                       const struct stun_message *m, struct out *out)
{
    if (!request_is_authentic(agent, m))
        agent->common.counters.unauthenticated++;
    else if (is_refused(agent, base, from))
        return;
    else if (m->unknown_count > 0)
        ice_send_error(&agent->session, base, from, m, 420, now, out);
    else if (role_conflicts(agent, m))
        ice_send_error(&agent->session, base, from, m, 487, now, out);
    else
        accept_request(agent, now, base, from, m, out);
}

/* Our request that a response belongs to: a check or one of the consent probes of a pair. */
struct asked {
    struct ice_pair *pair;
    struct ice_probe *probe; /* NULL: the pair's check */
    bool controlling;
};

static bool find_asked(const struct ice_agent *agent, const struct stun_message *m, struct asked *out)
{
    for (size_t i = 0; i < agent->checks.count; i++) {
        struct ice_pair *pair = agent->checks.pairs[i];
        struct ice_probe *probe = ice_pair_find_probe(pair, m);
        if (!probe && !ice_transaction_is(&pair->check.transaction, m))
            continue;
        *out = (struct asked){pair, probe, probe ? probe->controlling : pair->check.transaction.controlling};
        return true;
    }
    return false;
}

static void on_success(struct ice_agent *agent, rtc_time_t now, const struct asked *asked, const struct stun_message *m, struct out *out)
{
    struct ice_pair *pair = asked->pair;
    if (m->unknown_count > 0 || !(m->has & (STUN_HAS_XOR_MAPPED | STUN_HAS_MAPPED))) {
        agent->common.counters.ignored++;
        return;
    }
    pair->counts.responses_received++;
    if (!asked->probe) {
        ice_rtt_sample(&pair->rtt, now - pair->check.transaction.first_sent, pair->check.transaction.sends == 1);
        if (ice_controls(&agent->session))
            pair->nominated |= pair->check.nominates;
        else if (pair->peer_nominates && !pair->nominated)
            ice_nominated_by_peer(&agent->nominate, pair, now);
        ice_check_succeeded(&agent->checks, pair, &m->mapped, now);
        hear(agent, pair, now, out);
        return;
    }
    ice_rtt_sample(&pair->rtt, now - asked->probe->sent, true);
    asked->probe->active = false;
    pair->consent.granted = pair->consent.answered = now;
    hear(agent, pair, now, out);
}

/* 487: RFC 8445 section 7.2.5.1. Any other refusal may be a peer that is not ready yet: the check goes on as a new request. */
static void on_error(struct ice_agent *agent, const struct asked *asked, const struct stun_message *m)
{
    if (m->error_code != 487) {
        asked->pair->check.error_code = m->error_code;
        if (!asked->probe)
            ice_transaction_renew(&asked->pair->check.transaction, agent->common.context);
        return;
    }
    if (asked->controlling == ice_controls(&agent->session) && !ice_is_lite(&agent->session)) {
        switch_role(agent, !ice_controls(&agent->session));
        agent->session.tie_breaker = context_random_u64(agent->common.context);
    }
    if (!asked->probe)
        ice_recheck(&agent->checks, asked->pair);
}

static void on_authentic_response(struct ice_agent *agent, rtc_time_t now, const struct asked *asked, const struct stun_message *m,
                                  struct out *out)
{
    asked->pair->check.responds = true;
    if (m->class == STUN_SUCCESS)
        on_success(agent, now, asked, m, out);
    else
        on_error(agent, asked, m);
}

/* False: it answers nothing that we asked. */
static bool on_response(struct ice_agent *agent, rtc_time_t now, const struct ice_base *base, const struct path *from,
                        const struct stun_message *m, struct out *out)
{
    struct asked asked;
    if (ice_queries_response(&agent->queries, now, from, m, out))
        return true;
    if (!find_asked(agent, m, &asked))
        return false;
    /* A response must come back the way the request went (RFC 8445 section 7.2.5.2.1). */
    if (asked.pair->base != base || !address_eq(&asked.pair->remote->address, &from->remote))
        agent->common.counters.ignored++;
    else if (!stun_authentic(m, slice_str(agent->session.remote_password)))
        agent->common.counters.unauthenticated++;
    else
        on_authentic_response(agent, now, &asked, m, out);
    return true;
}

bool ice_input(struct ice_agent *agent, rtc_time_t now, const struct path *from, struct slice packet, struct out *out)
{
    struct stun_message m;
    struct ice_base *base = ice_bases_find(&agent->bases, from->socket);
    if (!base)
        return false;
    if (stun_parse(packet, &m) != RTC_OK) {
        agent->common.counters.malformed++;
        return true;
    }
    if (base->state != ICE_BASE_OPEN || m.method != STUN_BINDING) {
        agent->common.counters.ignored++;
        return true;
    }
    if (m.class == STUN_REQUEST && is_for_another(agent, &m))
        return false;
    if (m.class == STUN_REQUEST)
        on_request(agent, now, base, &from->remote, &m, out);
    else if (m.class != STUN_INDICATION)
        return on_response(agent, now, base, from, &m, out);
    return true;
}
