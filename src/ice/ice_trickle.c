/* SPDX-License-Identifier: MIT */
/* The peer's candidates as they are signalled (RFC 8838 section 11): each is judged, kept, and paired with what there is. Where signalling
 * meets remote candidates, pairs, and what is connected to over TCP. */
#include "ice_trickle.h"

#include "ice_internal.h"

/* What a candidate must be for this agent to check it, once its address is known. */
static bool is_wanted(const struct ice_agent *agent, const struct ice_candidate *c)
{
    bool stale = c->ufrag[0] && agent->session.remote_known && strcmp(c->ufrag, agent->session.remote_ufrag) != 0;
    bool carried = c->protocol == PATH_UDP || ice_tcp_is_reachable(&agent->tcp, c);
    return carried && c->component == ICE_COMPONENT && !stale && c->address.port != 0;
}

/* All that a new address, or another priority, of a candidate means for the pairs. */
static int add_remote(struct ice_agent *agent, const struct ice_candidate *c)
{
    struct ice_remote *remote = ice_remotes_find(&agent->remotes, &c->address, (enum path_protocol)c->protocol);
    if (remote && remote->signalled)
        return RTC_OK;
    /* One that was peer-reflexive leaves its place among those to others, so it needs one of these. */
    if (ice_remotes_left(&agent->remotes) == 0) {
        agent->common.counters.over_limit++;
        return RTC_ERR_QUOTA_EXCEEDED;
    }
    if (!remote) {
        remote = ice_remotes_add(&agent->remotes, c);
    } else if (ice_remotes_upgrade(&agent->remotes, remote, c)) {
        ice_refound(&agent->checks, remote);
        ice_prioritize(&agent->checks);
    } else {
        remote = NULL;
    }
    if (!remote)
        return RTC_ERR_NO_MEMORY;
    agent->session.peer_seen = true;
    ice_pair_remote(&agent->pairing, remote);
    ice_tcp_pair_remote(&agent->tcp, remote);
    return RTC_OK;
}

static int take_remote(struct ice_agent *agent, const struct ice_candidate *c)
{
    if (!is_wanted(agent, c)) {
        agent->common.counters.ignored++;
        return RTC_OK;
    }
    const char *reason = ice_unreachable(agent->common.rules, &c->address, (enum path_protocol)c->protocol);
    if (!reason)
        return add_remote(agent, c);
    ice_remotes_leave_out(&agent->remotes, &(struct ice_left_out){c->address, c->type, c->protocol, c->name[0] != 0, reason});
    return RTC_OK;
}

int ice_trickle(struct ice_agent *agent, const struct ice_candidate *candidate)
{
    bool named = candidate->address.family == ADDRESS_NONE && is_wanted(agent, candidate);
    agent->session.peer_seen |= named;
    return named ? ice_lookups_add(&agent->lookups, candidate) : take_remote(agent, candidate);
}

void ice_trickle_found(struct ice_agent *agent, struct out *out)
{
    struct ice_candidate candidate;
    while (ice_lookups_take(&agent->lookups, &candidate))
        out->failed |= take_remote(agent, &candidate) == RTC_ERR_NO_MEMORY;
}
