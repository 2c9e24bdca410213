/* SPDX-License-Identifier: MIT */
/* See ice_lite.h. */
#include "ice_lite.h"

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

static struct ice_pair *best_valid(const struct ice_check_list *checks, rtc_time_t now)
{
    struct ice_pair *best = NULL;
    for (size_t i = 0; i < checks->count; i++) {
        struct ice_pair *pair = checks->pairs[i];
        if (pair->state == ICE_PAIR_SUCCEEDED && ice_consent_valid(pair, now) && (!best || is_better(pair, best)))
            best = pair;
    }
    return best;
}

/* Before the peer's credentials are known, half of a request's user name was not compared. */
struct ice_pair *ice_lite_best(const struct ice_check_list *checks, rtc_time_t now)
{
    return checks->session->remote_known ? best_valid(checks, now) : NULL;
}

static bool nomination_counts(const struct ice_check_list *checks, const struct ice_pair *pair, rtc_time_t now)
{
    const struct ice_pair *chosen = best_valid(checks, now);
    if (chosen == pair || !chosen->nominated || pair->priority > chosen->priority)
        return true;
    return now >= checks->first_valid + aggressive_lasts;
}

void ice_lite_request(struct ice_check_list *checks, struct ice_pair *pair, bool nominates, rtc_time_t now)
{
    ice_pair_set_state(pair, checks->common->context, ICE_PAIR_SUCCEEDED);
    pair->mapped = pair->base->address;
    pair->consent.granted = now;
    if (checks->first_valid == RTC_TIME_NEVER)
        checks->first_valid = now;
    if (!nominates || !nomination_counts(checks, pair, now))
        return;
    pair->nominated = true;
    pair->nominated_at = now;
}

/* The only question that a lite agent ever has: somebody else uses this address, and whoever can read what is sent there answers. The
 * request is not answered before, so that a peer that is there sends nothing until it is known where that belongs; it asks again soon.
 * Nothing is sent that was not asked for: at most one question for one request. */
void ice_lite_ask(const struct ice_consent *consent, struct ice_pair *pair, rtc_time_t now, struct out *out)
{
    if (!pair || !consent->session->remote_known || now < consent->checks->sent + pace)
        return;
    consent->checks->sent = now;
    ice_consent_ask(consent, pair, now, out);
}

/* RFC 8445 section 6.1.1 has two lite agents check nothing and section 8.2.2 send as the candidates say: without consent, which RFC 8827
 * section 6.2 demands of every WebRTC endpoint. A lite agent answers checks, so that one of ours sends them then. */
void ice_lite_leave(struct ice_check_list *checks)
{
    checks->first_valid = RTC_TIME_NEVER;
    for (size_t i = 0; i < checks->count; i++) {
        ice_pair_set_state(checks->pairs[i], checks->common->context, ICE_PAIR_WAITING);
        checks->pairs[i]->nominated = false;
    }
}
