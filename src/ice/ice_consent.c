/* SPDX-License-Identifier: MIT */
/* Consent to send (RFC 7675) and liveness. The selected pair is checked every 4 to 6 seconds; when nothing authenticated was heard for a
 * while it is checked sooner and more often, so that one lost datagram neither costs consent nor looks like a vanished peer, and a vanished
 * peer is noticed in time. While the selected pair is quiet, or gone with its socket, other valid pairs are tried so that one can take
 * over. */
#include "ice_consent.h"

#include "ice_send.h"

/* Other pairs that are tried while the selected one is quiet: a peer with many addresses must not make us send for ever to all of them. */
enum { ALTERNATIVES = 8 };

/* Nothing authenticated came for so long: the next question does not wait for its turn, and goes out again this often. */
static const rtc_time_t quiet_probe = 1500 * ICE_MS;
static const rtc_time_t probe_again = 500 * ICE_MS;
/* After at least two of those the other pairs are asked, too. */
static const rtc_time_t quiet_alternative = 3 * ICE_SECOND;
static const rtc_time_t alternative_again = 1 * ICE_SECOND;
/* Often enough that one answer may be lost before the backup's consent ends, seldom enough to cost nothing. */
static const rtc_time_t backup_again = 12 * ICE_SECOND;
/* Longer than the longest time between two regular questions (6 s), so that it takes more than one lost answer. */
static const rtc_time_t disconnected_after = 6800 * ICE_MS;
/* A lite agent can not ask sooner when it is quiet: two of the peer's consent checks, which may be 6 seconds apart, may be lost. */
static const rtc_time_t disconnected_after_lite = 18500 * ICE_MS;
static const rtc_time_t failed_after = 20 * ICE_SECOND;
static const rtc_time_t consent_lasts = 30 * ICE_SECOND; /* RFC 7675 section 5.1 */
/* A tick so late says that this process stood still (a laptop that slept, a debugger), and not that the peer was silent; for a moment after
 * that nothing is concluded from silence. */
static const rtc_time_t pause_least = 500 * ICE_MS;
static const rtc_time_t back_lasts = 1 * ICE_SECOND;
static const rtc_time_t long_ago = -3600 * ICE_SECOND; /* before any time that the caller has */

void ice_consent_init(struct ice_consent *consent, const struct ice_session *session, struct ice_check_list *checks)
{
    *consent = (struct ice_consent){.session = session, .checks = checks, .due = RTC_TIME_NEVER, .back = long_ago};
}

rtc_time_t ice_quiet(const struct ice_pair *pair, rtc_time_t now)
{
    return now - pair->consent.heard;
}

bool ice_consent_valid(const struct ice_pair *pair, rtc_time_t now)
{
    return now < pair->consent.granted + consent_lasts;
}

/* A pair that takes over may not have been asked for a while: what silence there was before does not count. */
static rtc_time_t silent_since(const struct ice_pair *pair)
{
    return pair->consent.heard > pair->chosen ? pair->consent.heard : pair->chosen;
}

rtc_time_t ice_disconnected_at(const struct ice_consent *consent, const struct ice_pair *pair)
{
    return silent_since(pair) + (ice_is_lite(consent->session) ? disconnected_after_lite : disconnected_after);
}

rtc_time_t ice_failed_at(const struct ice_consent *consent, const struct ice_pair *pair)
{
    if (ice_is_lite(consent->session))
        return pair->consent.granted + consent_lasts;
    rtc_time_t since = silent_since(pair), expiry = pair->consent.granted + consent_lasts;
    rtc_time_t quiet = (since > consent->back ? since : consent->back) + failed_after;
    return quiet < expiry ? quiet : expiry;
}

/* What the peer sent meanwhile is yet to be read, and it was not asked: for a moment its silence means nothing. Nor did checks have the
 * time that they are given. */
rtc_time_t ice_notice_pause(struct ice_consent *consent, rtc_time_t now)
{
    if (consent->due == RTC_TIME_NEVER || now < consent->due + pause_least)
        return 0;
    consent->back = now;
    return now - consent->due;
}

bool ice_is_back(const struct ice_consent *consent, rtc_time_t now)
{
    return now < consent->back + back_lasts;
}

rtc_time_t ice_judged_at(const struct ice_consent *consent, rtc_time_t at)
{
    rtc_time_t back = consent->back + back_lasts;
    return at > back ? at : back;
}

void ice_consent_ask(const struct ice_consent *consent, struct ice_pair *pair, rtc_time_t now, struct out *out)
{
    struct ice_probe *p = &pair->consent.probes[pair->consent.probe_index++ % ICE_PROBES];
    *p = (struct ice_probe){.sent = now, .active = true, .controlling = ice_controls(consent->session)};
    context_random(consent->checks->common->context, p->id, sizeof p->id);
    pair->consent.asked = now;
    /* 5 seconds, made 0.8 to 1.2 times that long at random (RFC 7675 section 5.1). */
    pair->consent.interval = 4 * ICE_SECOND + context_random_u32(consent->checks->common->context) % (2 * ICE_SECOND);
    /* A nominated pair stays so in the peer's eyes if it lost its state or switches to us late. */
    ice_send_check(consent->session, pair, p->id, pair->nominated, now, out);
    pair->counts.consent_requests_sent++;
}

static rtc_time_t selected_due(const struct ice_pair *pair)
{
    rtc_time_t regular = pair->consent.asked + (pair->consent.interval ? pair->consent.interval : 4 * ICE_SECOND);
    rtc_time_t quiet = pair->consent.heard + quiet_probe, again = pair->consent.asked + probe_again;
    rtc_time_t sooner = quiet > again ? quiet : again;
    return sooner < regular ? sooner : regular;
}

static bool is_alternative(const struct ice_consent *consent, const struct ice_pair *pair)
{
    return pair != consent->checks->selected && pair->state == ICE_PAIR_SUCCEEDED;
}

/* The pair to go on with if the selected one's address vanishes. Its consent is kept, so that this takes no round trip. */
static const struct ice_pair *find_backup(const struct ice_consent *consent, rtc_time_t now)
{
    const struct ice_pair *best = NULL;
    for (size_t i = 0; consent->checks->selected && i < consent->checks->count; i++) {
        const struct ice_pair *p = consent->checks->pairs[i];
        if (is_alternative(consent, p) && p->base != consent->checks->selected->base && ice_consent_valid(p, now) &&
            (!best || p->priority > best->priority))
            best = p;
    }
    return best;
}

static rtc_time_t backup_due(const struct ice_pair *pair)
{
    rtc_time_t last = pair->consent.asked > pair->consent.granted ? pair->consent.asked : pair->consent.granted;
    return last + backup_again;
}

static rtc_time_t alternative_due(const struct ice_consent *consent, const struct ice_pair *pair)
{
    rtc_time_t quiet = consent->checks->selected ? consent->checks->selected->consent.heard + quiet_alternative : consent->checks->lost;
    rtc_time_t again = pair->consent.asked + (consent->checks->selected ? alternative_again : probe_again);
    return quiet > again ? quiet : again;
}

void ice_consent_run(struct ice_consent *consent, rtc_time_t now, struct out *out)
{
    if (ice_is_lite(consent->session))
        return; /* the peer's checks are all there is (RFC 8445 section 2.5) */
    if (consent->checks->selected && now >= selected_due(consent->checks->selected))
        ice_consent_ask(consent, consent->checks->selected, now, out);
    int tried = 0;
    consent->checks->backup = find_backup(consent, now);
    for (size_t i = 0; i < consent->checks->count; i++) {
        struct ice_pair *pair = consent->checks->pairs[i];
        if (pair == consent->checks->backup && now >= backup_due(pair))
            ice_consent_ask(consent, pair, now, out);
        if (!is_alternative(consent, pair) || ++tried > ALTERNATIVES)
            continue;
        if (now >= alternative_due(consent, pair))
            ice_consent_ask(consent, pair, now, out);
    }
}

void ice_consent_deadline(const struct ice_consent *consent, rtc_time_t *best, enum timer_reason *why)
{
    if (ice_is_lite(consent->session))
        return;
    if (consent->checks->selected)
        deadline_min(best, why, selected_due(consent->checks->selected), TIMER_ICE_CONSENT);
    if (consent->checks->backup)
        deadline_min(best, why, backup_due(consent->checks->backup), TIMER_ICE_CONSENT);
    int tried = 0;
    for (size_t i = 0; i < consent->checks->count && tried < ALTERNATIVES; i++) {
        if (!is_alternative(consent, consent->checks->pairs[i]))
            continue;
        tried++;
        deadline_min(best, why, alternative_due(consent, consent->checks->pairs[i]), TIMER_ICE_CONSENT);
    }
}
