/* SPDX-License-Identifier: MIT */
/* See ice_nominate.h. */
#include "ice_nominate.h"

#include "ice_lite.h"

/* From the first pair that works until one is nominated (RFC 8445 section 8.1.1 leaves it to us): the best is seldom the first to answer.
 * When what works costs more than what is still being checked, a relay say, it is worth more patience; packets flow meanwhile. */
static const rtc_time_t settling = 100 * ICE_MS;
static const rtc_time_t settling_second_best = 1000 * ICE_MS;
static const rtc_time_t coming_up = 2 * ICE_SECOND;   /* selected for less than that: changing it is still part of the set-up */
static const rtc_time_t stays_left = 10 * ICE_SECOND; /* one that was left has to show that it works again before it is gone back to */
/* The selected pair may be quieter than another that would take over: else two that are equally good would alternate. */
static const rtc_time_t quiet_selected = 4 * ICE_SECOND;
static const rtc_time_t quiet_other = 2500 * ICE_MS;
static const rtc_time_t quiet_left = 2500 * ICE_MS; /* not less than quiet_other */

/* A pair gone quiet gives way to one that was heard of lately; that one must have been heard of more recently, or the two would alternate.
 */
static bool eligible(const struct ice_nominate *nominate, const struct ice_pair *pair, rtc_time_t now)
{
    if (pair->state != ICE_PAIR_SUCCEEDED || !ice_consent_valid(pair, now))
        return false;
    if (pair->consent.heard <= pair->doubted)
        return false;
    if (!nominate->checks->selected)
        return true; /* nothing is better than what had consent lately */
    if (pair == nominate->checks->selected && pair->counts.packets_received > 0 && now < pair->counts.last_received + quiet_other)
        return true; /* it carries data, whatever became of our questions */
    if (pair == nominate->checks->selected && ice_is_back(nominate->consent, now))
        return true;
    return ice_quiet(pair, now) < (pair == nominate->checks->selected ? quiet_selected : quiet_other);
}

/* The peer controls and nominates elsewhere, where it has been heard since (an eligible pair is less quiet than this one): a NAT gave it a
 * new port, or it changed networks. Two of our own questions here stayed without answer by now. */
static bool peer_left(const struct ice_nominate *nominate, rtc_time_t now)
{
    const struct ice_pair *selected = nominate->checks->selected;
    if (ice_controls(nominate->session) || !selected || ice_quiet(selected, now) < quiet_left || ice_is_back(nominate->consent, now))
        return false;
    for (size_t i = 0; i < nominate->checks->count; i++) {
        const struct ice_pair *pair = nominate->checks->pairs[i];
        if (pair != selected && pair->nominated && eligible(nominate, pair, now))
            return true;
    }
    return false;
}

/* Nothing answers on the selected pair (ice_doubt.c), and there is one that was heard of since. */
static bool is_dead(const struct ice_nominate *nominate, rtc_time_t now)
{
    for (size_t i = 0; ice_doubt_confirmed(nominate->doubt) && i < nominate->checks->count; i++)
        if (nominate->checks->pairs[i] != nominate->checks->selected &&
            nominate->checks->pairs[i]->consent.heard >= nominate->doubt->since && eligible(nominate, nominate->checks->pairs[i], now))
            return true;
    return false;
}

/* Whether something came on it since the selected pair was lost: others had consent, but may have gone with it. */
static bool is_proven(const struct ice_nominate *nominate, const struct ice_pair *pair)
{
    return pair->consent.heard >= nominate->checks->lost;
}

static bool is_better(const struct ice_nominate *nominate, const struct ice_pair *a, const struct ice_pair *b)
{
    if (!b)
        return true;
    if (is_proven(nominate, a) != is_proven(nominate, b))
        return is_proven(nominate, a);
    if (a->nominated != b->nominated)
        return a->nominated;
    return a->priority > b->priority;
}

/* What a pair costs, in the coarse: less is better. A peer that is relayed and was not signalled yet is known by its priority. */
static unsigned cost(const struct ice_pair *pair)
{
    bool relayed = pair->base->relay || pair->remote->type == ICE_RELAYED || pair->remote->priority < 1u << 24;
    return (relayed ? 16u : 0u) + (pair->base->tcp ? 8u : 0u) + pair->base->network;
}

/* A pair that is better by so much that it is worth leaving one that works, and not again and again. */
static bool surpasses(const struct ice_pair *a, const struct ice_pair *selected, rtc_time_t now)
{
    bool rested = now >= a->left_at + stays_left;
    return rested && a->priority > selected->priority && cost(a) < cost(selected);
}

static struct ice_pair *best_pair(const struct ice_nominate *nominate, rtc_time_t now)
{
    struct ice_pair *best = NULL, *left = peer_left(nominate, now) || is_dead(nominate, now) ? nominate->checks->selected : NULL;
    for (size_t i = 0; i < nominate->checks->count; i++)
        if (nominate->checks->pairs[i] != left && eligible(nominate, nominate->checks->pairs[i], now) &&
            is_better(nominate, nominate->checks->pairs[i], best))
            best = nominate->checks->pairs[i];
    if (!ice_controls(nominate->session) || !best || best != nominate->checks->selected)
        return best;
    for (size_t i = 0; i < nominate->checks->count; i++)
        if (eligible(nominate, nominate->checks->pairs[i], now) && surpasses(nominate->checks->pairs[i], nominate->checks->selected, now) &&
            nominate->checks->pairs[i]->priority > best->priority)
            best = nominate->checks->pairs[i];
    return best;
}

static struct path path_of(const struct ice_pair *pair)
{
    return (struct path){.socket = pair->base->socket, .protocol = PATH_UDP, .local = pair->base->address, .remote = pair->remote->address};
}

/* A nomination of our own is void with it, and one of the peer that moved away: it will say so if it comes back. */
static void leave(const struct ice_nominate *nominate, struct ice_pair *pair, rtc_time_t now)
{
    pair->left_at = now;
    if (ice_doubt_confirmed(nominate->doubt))
        pair->doubted = now;
    if (ice_controls(nominate->session) || ice_doubt_confirmed(nominate->doubt))
        pair->nominated = pair->peer_nominates = false;
}

/* While the connection comes up the best of the nominated pairs counts, for peers nominate several. A nomination that comes later says that
 * the peer moved, whatever the priorities are. */
void ice_nominated_by_peer(const struct ice_nominate *nominate, struct ice_pair *pair, rtc_time_t now)
{
    bool moved = nominate->checks->selected && nominate->checks->selected != pair && now >= nominate->checks->selected->chosen + coming_up;
    for (size_t i = 0; moved && i < nominate->checks->count; i++)
        nominate->checks->pairs[i]->nominated = nominate->checks->pairs[i]->peer_nominates = false;
    pair->nominated = true;
}

void ice_select(const struct ice_nominate *nominate, rtc_time_t now, struct out *out)
{
    struct ice_pair *best = ice_is_lite(nominate->session) ? ice_lite_best(nominate->checks, now) : best_pair(nominate, now);
    if (!best || best == nominate->checks->selected)
        return;
    if (nominate->checks->selected)
        leave(nominate, nominate->checks->selected, now);
    ice_doubt_end(nominate->doubt);
    nominate->checks->selected = best;
    best->chosen = now;
    nominate->checks->selected_path = path_of(best);
    if (is_proven(nominate, best))
        best->consent.asked = now; /* else it is asked at once */
    (void)ice_event(nominate->checks->common, ICE_EVENT_SELECTED_PAIR, out);
}

static bool nominating(const struct ice_pair *pair)
{
    return pair->check.transaction.active && pair->check.nominates;
}

/* Only valid pairs are nominated (RFC 8445 section 8.1.1). The selected one is, but for an agent that was a lite one when it chose it. */
static bool wants_nomination(const struct ice_nominate *nominate)
{
    const struct ice_pair *selected = nominate->checks->selected;
    return ice_controls(nominate->session) && selected && selected->state == ICE_PAIR_SUCCEEDED && !selected->nominated &&
           !nominating(selected);
}

/* Nothing better can come: a direct pair with no pair of higher priority still undecided. */
static bool is_top(const struct ice_nominate *nominate, const struct ice_pair *pair)
{
    bool translated = !address_eq(&pair->mapped, &pair->base->address) && !address_eq(&pair->mapped, &pair->base->shown);
    if (pair->remote->type != ICE_HOST || pair->base->relay || translated)
        return false;
    for (size_t i = 0; i < nominate->checks->count; i++)
        if (ice_pair_unresolved(nominate->checks->pairs[i]) && nominate->checks->pairs[i]->priority > pair->priority)
            return false;
    return true;
}

/* A pair that is relayed or over TCP is worth a wait for one directly over UDP, while packets flow on it already. */
static bool hopes_for_better(const struct ice_nominate *nominate)
{
    const struct ice_pair *pair = nominate->checks->selected;
    bool second_best = pair->base->relay || pair->base->tcp || pair->remote->type == ICE_RELAYED;
    for (size_t i = 0; second_best && i < nominate->checks->count; i++)
        if (ice_pair_unresolved(nominate->checks->pairs[i]) && nominate->checks->pairs[i]->priority > pair->priority)
            return true;
    return false;
}

static rtc_time_t settled_at(const struct ice_nominate *nominate)
{
    if (is_top(nominate, nominate->checks->selected))
        return nominate->checks->first_valid;
    return nominate->checks->first_valid + (hopes_for_better(nominate) ? settling_second_best : settling);
}

void ice_nominate_run(const struct ice_nominate *nominate, rtc_time_t now, struct out *out)
{
    if (!wants_nomination(nominate) || now < settled_at(nominate))
        return;
    for (size_t i = 0; i < nominate->checks->count; i++)
        if (nominating(nominate->checks->pairs[i]))
            nominate->checks->pairs[i]->check.transaction = (struct ice_transaction){0};
    ice_start_check(nominate->checks, nominate->checks->selected, true, now, out);
}

void ice_nominate_deadline(const struct ice_nominate *nominate, rtc_time_t *best, enum timer_reason *why)
{
    if (wants_nomination(nominate))
        deadline_min(best, why, settled_at(nominate), TIMER_ICE_NOMINATE);
}
