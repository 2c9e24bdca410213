/* SPDX-License-Identifier: MIT */
/* An ICE-lite agent (RFC 8445 sections 2.5, 6.1.1, 7.3.2 and 8.2.1), as servers with a public address are: host candidates only, never a
 * check of its own, always controlled. The peer's authenticated requests do everything: they make a pair valid, select it, and are the
 * consent to send on it (RFC 7675 section 4). Remote candidates are kept, but nothing is sent to them. Only where two connections of one
 * port claim one path it asks which of them is there. */
#include "ice_internal.h"

/* Peers of RFC 5245 nominate every pair that works, within moments: the best of these counts. Later the newest nomination does. */
static const rtc_time_t aggressive_lasts = 2 * ICE_SECOND;
/* Whoever floods a path that is another's asks for as many questions, and an endpoint remembers only so many that are on their way. */
static const rtc_time_t pace = 20 * ICE_MS;

static bool is_better(const struct ice_pair *a, const struct ice_pair *b)
{
    if (a->nominated != b->nominated)
        return a->nominated;
    if (a->nominated && a->nominated_at != b->nominated_at)
        return a->nominated_at > b->nominated_at;
    return a->priority > b->priority;
}

static struct ice_pair *best_valid(const struct ice_agent *agent, rtc_time_t now)
{
    struct ice_pair *best = NULL;
    for (size_t i = 0; i < agent->checks.count; i++) {
        struct ice_pair *pair = agent->checks.pairs[i];
        if (pair->state == ICE_PAIR_SUCCEEDED && ice_consent_valid(pair, now) && (!best || is_better(pair, best)))
            best = pair;
    }
    return best;
}

/* Before the peer's credentials are known, half of a request's user name was not compared. */
struct ice_pair *ice_lite_best(const struct ice_agent *agent, rtc_time_t now)
{
    return agent->session.remote_known ? best_valid(agent, now) : NULL;
}

static bool nomination_counts(const struct ice_agent *agent, const struct ice_pair *pair, rtc_time_t now)
{
    const struct ice_pair *chosen = best_valid(agent, now);
    if (chosen == pair || !chosen->nominated || pair->priority > chosen->priority)
        return true;
    return now >= agent->checks.first_valid + aggressive_lasts;
}

void ice_lite_request(struct ice_agent *agent, struct ice_pair *pair, bool nominates, rtc_time_t now)
{
    ice_pair_set_state(pair, ICE_PAIR_SUCCEEDED);
    pair->mapped = pair->base->address;
    pair->consent.granted = now;
    if (agent->checks.first_valid == RTC_TIME_NEVER)
        agent->checks.first_valid = now;
    if (!nominates || !nomination_counts(agent, pair, now))
        return;
    pair->nominated = true;
    pair->nominated_at = now;
}

/* The only question that a lite agent ever has: somebody else uses this address, and whoever can read what is sent there answers. The
 * request is not answered before, so that a peer that is there sends nothing until it is known where that belongs; it asks again soon.
 * Nothing is sent that was not asked for: at most one question for one request. */
void ice_lite_ask(struct ice_agent *agent, struct ice_pair *pair, rtc_time_t now, struct out *out)
{
    agent->session.peer_seen = true;
    if (!pair || !agent->session.remote_known || now < agent->checks.sent + pace)
        return;
    agent->checks.sent = now;
    ice_probe(agent, pair, now, out);
}

/* RFC 8445 section 6.1.1 has two lite agents check nothing and section 8.2.2 send as the candidates say: without consent, which RFC 8827
 * section 6.2 demands of every WebRTC endpoint. A lite agent answers checks, so that one of ours sends them then. */
void ice_lite_leave(struct ice_agent *agent)
{
    agent->checks.first_valid = RTC_TIME_NEVER;
    for (size_t i = 0; i < agent->checks.count; i++) {
        ice_pair_set_state(agent->checks.pairs[i], ICE_PAIR_WAITING);
        agent->checks.pairs[i]->nominated = false;
    }
}
