/* Which pair packets are sent on, and its nomination (RFC 8445 sections 8 and 12). Until a pair is nominated the best valid one is used
 * (section 12.1.1), so no round trip is spent waiting. As the controlling agent we nominate once, soon; as the controlled one we take the
 * highest priority among the pairs that the peer nominated, for peers nominate several (aggressive nomination of RFC 5245). */
#include "ice_internal.h"

static const rtc_time_t settling = 100 * ICE_MS;
static const rtc_time_t settling_second_best = 1000 * ICE_MS;
static const rtc_time_t quiet_selected = 4 * ICE_SECOND;
static const rtc_time_t quiet_other = 2500 * ICE_MS;
static const rtc_time_t quiet_left = 2500 * ICE_MS; /* not less than quiet_other */

/* A pair gone quiet gives way to one that was heard of lately; that one must have been heard of more recently, or the two would alternate.
 */
static bool eligible(const struct ice_agent *agent, const struct ice_pair *pair, rtc_time_t now)
{
    if (pair->state != ICE_PAIR_SUCCEEDED || !ice_consent_valid(pair, now))
        return false;
    return ice_quiet(pair, now) < (pair == agent->selected ? quiet_selected : quiet_other);
}

/* The peer controls and nominates elsewhere, where it has been heard since (an eligible pair is less quiet than this one): a NAT gave it a
 * new port, or it changed networks. Two of our own questions here stayed without answer by now. */
static bool peer_left(const struct ice_agent *agent, rtc_time_t now)
{
    const struct ice_pair *selected = agent->selected;
    if (agent->controlling || !selected || ice_quiet(selected, now) < quiet_left)
        return false;
    for (size_t i = 0; i < agent->pair_count; i++) {
        const struct ice_pair *pair = agent->pairs[i];
        if (pair != selected && pair->nominated && eligible(agent, pair, now))
            return true;
    }
    return false;
}

static bool is_better(const struct ice_pair *a, const struct ice_pair *b)
{
    if (!b || a->nominated != b->nominated)
        return !b || a->nominated;
    return a->priority > b->priority;
}

static struct ice_pair *best_pair(const struct ice_agent *agent, rtc_time_t now)
{
    struct ice_pair *best = NULL, *left = peer_left(agent, now) ? agent->selected : NULL;
    for (size_t i = 0; i < agent->pair_count; i++)
        if (agent->pairs[i] != left && eligible(agent, agent->pairs[i], now) && is_better(agent->pairs[i], best))
            best = agent->pairs[i];
    return best;
}

static struct path path_of(const struct ice_pair *pair)
{
    return (struct path){.socket = pair->base->socket, .protocol = PATH_UDP, .local = pair->base->address, .remote = pair->remote->address};
}

void ice_select(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    struct ice_pair *best = agent->lite ? ice_lite_best(agent, now) : best_pair(agent, now);
    if (!best || best == agent->selected)
        return;
    /* The pair we leave was dead or only a beginning: our own nomination of it is void. */
    if (agent->controlling && agent->selected)
        agent->selected->nominated = false;
    agent->selected = best;
    agent->selected_path = path_of(best);
    best->probe_sent = now;
    (void)ice_event(agent, ICE_EVENT_SELECTED_PAIR, out);
}

static bool nominating(const struct ice_pair *pair)
{
    return pair->check.active && pair->check_nominates;
}

static bool wants_nomination(const struct ice_agent *agent)
{
    return agent->controlling && agent->selected && !agent->selected->nominated && !nominating(agent->selected);
}

/* Nothing better can come: a direct pair with no pair of higher priority still undecided. */
static bool is_top(const struct ice_agent *agent, const struct ice_pair *pair)
{
    bool translated = !address_eq(&pair->mapped, &pair->base->address) && !address_eq(&pair->mapped, &pair->base->shown);
    if (pair->remote->type != ICE_HOST || pair->base->relay || translated)
        return false;
    for (size_t i = 0; i < agent->pair_count; i++)
        if (ice_pair_unresolved(agent->pairs[i]) && agent->pairs[i]->priority > pair->priority)
            return false;
    return true;
}

/* A pair that is relayed or over TCP is worth a wait for one directly over UDP, while packets flow on it already. */
static bool hopes_for_better(const struct ice_agent *agent)
{
    const struct ice_pair *pair = agent->selected;
    bool second_best = pair->base->relay || pair->base->tcp || pair->remote->type == ICE_RELAYED;
    for (size_t i = 0; second_best && i < agent->pair_count; i++)
        if (ice_pair_unresolved(agent->pairs[i]) && agent->pairs[i]->priority > pair->priority)
            return true;
    return false;
}

static rtc_time_t settled_at(const struct ice_agent *agent)
{
    if (is_top(agent, agent->selected))
        return agent->first_valid;
    return agent->first_valid + (hopes_for_better(agent) ? settling_second_best : settling);
}

void ice_nominate_run(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    if (!wants_nomination(agent) || now < settled_at(agent))
        return;
    for (size_t i = 0; i < agent->pair_count; i++)
        if (nominating(agent->pairs[i]))
            agent->pairs[i]->check = (struct ice_transaction){0};
    ice_start_check(agent, agent->selected, true, now, out);
}

void ice_nominate_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why)
{
    if (wants_nomination(agent))
        deadline_min(best, why, settled_at(agent), TIMER_ICE_NOMINATE);
}
