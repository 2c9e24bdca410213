/* SPDX-License-Identifier: MIT */
/* The peer's candidates: those it signals and those that its checks reveal (peer-reflexive, RFC 8445 section 7.3.1.3), each kind bounded
 * apart. */
#include "ice_internal.h"

#include "memory.h"

#include <stdio.h>

/* How long a peer-reflexive candidate that nothing comes from keeps its place when places are short. */
static const rtc_time_t reflexive_lasts = 10 * ICE_SECOND;
static const rtc_time_t long_ago = -3600 * ICE_SECOND;

static void free_remote(struct ice_agent *agent, struct ice_remote *remote)
{
    memory_free(agent->common.context, remote->name);
    memory_free(agent->common.context, remote);
}

struct ice_remote *ice_find_remote(const struct ice_agent *agent, const struct address *address, enum path_protocol protocol)
{
    bool stream = protocol == PATH_TCP;
    for (size_t i = 0; i < agent->remote_count; i++)
        if ((agent->remotes[i]->tcp_type != ICE_TCP_NONE) == stream && address_eq(&agent->remotes[i]->address, address))
            return agent->remotes[i];
    return NULL;
}

static struct ice_remote *new_remote(struct ice_agent *agent, const struct address *address, uint8_t type, uint32_t priority)
{
    void *remotes = agent->remotes;
    if (!memory_grow(agent->common.context, &remotes, &agent->remote_capacity, agent->remote_count + 1, sizeof *agent->remotes))
        return NULL;
    agent->remotes = remotes;
    struct ice_remote *remote = memory_zeroed(agent->common.context, sizeof *remote);
    if (!remote)
        return NULL;
    remote->serial = ice_next_serial(&agent->common);
    remote->address = *address;
    remote->type = type;
    remote->priority = priority;
    agent->remotes[agent->remote_count++] = remote;
    return remote;
}

/* When something authenticated came from there last; RTC_TIME_NEVER for where we send to. */
static rtc_time_t heard_of(const struct ice_agent *agent, const struct ice_remote *remote)
{
    rtc_time_t heard = long_ago;
    for (size_t i = 0; i < agent->pair_count; i++) {
        const struct ice_pair *pair = agent->pairs[i];
        if (pair->remote != remote)
            continue;
        if (pair == agent->selected)
            return RTC_TIME_NEVER;
        heard = pair->receivable && pair->heard > heard ? pair->heard : heard;
    }
    return heard;
}

void ice_forget_reflexive(struct ice_agent *agent, const struct ice_remote *remote)
{
    for (size_t i = 0; i < agent->remote_count; i++) {
        if (agent->remotes[i] != remote || remote->type != ICE_PEER_REFLEXIVE)
            continue;
        ice_drop_remote(agent, remote);
        free_remote(agent, agent->remotes[i]);
        agent->remotes[i] = agent->remotes[--agent->remote_count];
        agent->reflexive_count--;
        return;
    }
}

/* A NAT that rebinds gives the peer a new address each time: in a long call those that went quiet make room. False when none did. */
static bool forget_oldest_reflexive(struct ice_agent *agent, rtc_time_t now)
{
    size_t oldest = agent->remote_count;
    rtc_time_t best = now - reflexive_lasts;
    for (size_t i = 0; i < agent->remote_count; i++) {
        rtc_time_t heard = agent->remotes[i]->type == ICE_PEER_REFLEXIVE ? heard_of(agent, agent->remotes[i]) : RTC_TIME_NEVER;
        if (heard > best)
            continue;
        best = heard;
        oldest = i;
    }
    if (oldest == agent->remote_count)
        return false;
    ice_forget_reflexive(agent, agent->remotes[oldest]);
    return true;
}

struct ice_remote *ice_add_reflexive(struct ice_agent *agent, const struct address *address, enum path_protocol protocol, uint32_t priority,
                                     rtc_time_t now)
{
    uint32_t limit = context_limits(agent->common.context)->remote_candidates / 2 + 1;
    if (agent->reflexive_count >= limit && !forget_oldest_reflexive(agent, now)) {
        agent->common.counters.over_limit++;
        return NULL;
    }
    struct ice_remote *remote = new_remote(agent, address, ICE_PEER_REFLEXIVE, priority);
    if (!remote)
        return NULL;
    agent->reflexive_count++;
    remote->tcp_type = protocol == PATH_TCP ? ICE_TCP_ACTIVE : ICE_TCP_NONE;
    /* A foundation of its own (RFC 8445 section 7.3.1.3); '+' keeps it apart from signalled numbers. */
    (void)snprintf(remote->foundation, sizeof remote->foundation, "+%u", ++agent->foundation_serial);
    return remote;
}

bool ice_address_is_usable(const struct address *a)
{
    static const uint8_t ipv4_mapped[12] = {[10] = 0xff, [11] = 0xff};
    if ((a->family != ADDRESS_IPV4 && a->family != ADDRESS_IPV6) || address_is_any(a) || address_is_multicast(a))
        return false;
    return a->family == ADDRESS_IPV4 || (!address_is_link_local(a) && memcmp(a->ip, ipv4_mapped, sizeof ipv4_mapped) != 0);
}

static bool gathers_loopback(const struct ice_agent *agent)
{
    bool any = agent->common.include_loopback;
    for (size_t i = 0; i < agent->bases.count && !any; i++)
        any = address_is_loopback(&agent->bases.list[i]->address);
    return any;
}

const char *ice_refuses_remote(const struct ice_agent *agent, const struct address *address, enum path_protocol protocol)
{
    const char *reason = ice_unreachable(agent->common.rules, address, protocol);
    if (reason || ice_reach_is_allowed(agent->common.rules, address))
        return reason;
    if (address_is_loopback(address) && !gathers_loopback(agent))
        return "a loopback address, and this side does not gather from there";
    for (size_t i = 0; i < agent->bases.count; i++)
        if (ice_is_broadcast_of(&agent->bases.list[i]->address, agent->bases.list[i]->prefix_length, address))
            return "the broadcast address of a network of this host";
    return NULL;
}

void ice_leave_out(struct ice_agent *agent, const struct ice_left_out *what)
{
    for (size_t i = 0; i < agent->left_out_count; i++)
        if (agent->left_out[i].protocol == what->protocol && address_eq(&agent->left_out[i].address, &what->address))
            return;
    agent->common.counters.left_out++;
    if (!agent->left_out)
        agent->left_out = memory_alloc(agent->common.context, ICE_LEFT_OUT_MAX * sizeof *agent->left_out);
    if (agent->left_out && agent->left_out_count < ICE_LEFT_OUT_MAX)
        agent->left_out[agent->left_out_count++] = *what;
}

/* What a candidate must be for this agent to check it, once its address is known. */
static bool is_wanted(const struct ice_agent *agent, const struct ice_candidate *c)
{
    bool stale = c->ufrag[0] && agent->have_remote_credentials && strcmp(c->ufrag, agent->remote_ufrag) != 0;
    bool carried = c->protocol == PATH_UDP || ice_tcp_is_reachable(agent, c);
    return carried && c->component == ICE_COMPONENT && !stale && c->address.port != 0;
}

/* A peer-reflexive candidate turns out to be one that the peer signals (RFC 8838 section 11.4). */
static int upgrade(struct ice_agent *agent, struct ice_remote *remote, const struct ice_candidate *c)
{
    if (c->name[0] && !(remote->name = memory_text(agent->common.context, c->name, strlen(c->name))))
        return RTC_ERR_NO_MEMORY;
    agent->reflexive_count--;
    remote->type = c->type;
    remote->priority = c->priority;
    remote->tcp_type = c->protocol == PATH_TCP ? c->tcp_type : ICE_TCP_NONE;
    memcpy(remote->foundation, c->foundation, sizeof remote->foundation);
    ice_refound(agent, remote);
    ice_prioritize(agent);
    ice_pair_remote(agent, remote);
    return RTC_OK;
}

uint32_t ice_remotes_left(const struct ice_agent *agent)
{
    uint32_t limit = context_limits(agent->common.context)->remote_candidates,
             used = (uint32_t)agent->remote_count - agent->reflexive_count;
    return limit > used ? limit - used : 0;
}

static int add_remote(struct ice_agent *agent, const struct ice_candidate *c)
{
    struct ice_remote *known = ice_find_remote(agent, &c->address, (enum path_protocol)c->protocol);
    if (known && known->type != ICE_PEER_REFLEXIVE)
        return RTC_OK;
    /* One that was peer-reflexive leaves its place among those to others, so it needs one of these. */
    if (ice_remotes_left(agent) == 0) {
        agent->common.counters.over_limit++;
        return RTC_ERR_QUOTA_EXCEEDED;
    }
    if (known)
        return upgrade(agent, known, c);
    char *name = c->name[0] ? memory_text(agent->common.context, c->name, strlen(c->name)) : NULL;
    struct ice_remote *remote = c->name[0] && !name ? NULL : new_remote(agent, &c->address, c->type, c->priority);
    if (!remote) {
        memory_free(agent->common.context, name);
        return RTC_ERR_NO_MEMORY;
    }
    remote->name = name;
    memcpy(remote->foundation, c->foundation, sizeof remote->foundation);
    remote->tcp_type = c->protocol == PATH_TCP ? c->tcp_type : ICE_TCP_NONE;
    ice_pair_remote(agent, remote);
    return RTC_OK;
}

int ice_take_remote(struct ice_agent *agent, const struct ice_candidate *c)
{
    if (!is_wanted(agent, c)) {
        agent->common.counters.ignored++;
        return RTC_OK;
    }
    const char *reason = ice_unreachable(agent->common.rules, &c->address, (enum path_protocol)c->protocol);
    if (!reason)
        return add_remote(agent, c);
    ice_leave_out(agent, &(struct ice_left_out){c->address, c->type, c->protocol, c->name[0] != 0, reason});
    return RTC_OK;
}

int ice_agent_add_remote_candidate(struct ice_agent *agent, rtc_time_t now, const struct ice_candidate *candidate, struct out *out)
{
    if (agent->state == ICE_CLOSED)
        return RTC_ERR_INVALID_STATE;
    agent->peer_seen = true;
    bool named = candidate->address.family == ADDRESS_NONE && is_wanted(agent, candidate);
    int error = named ? ice_names_add(agent, candidate) : ice_take_remote(agent, candidate);
    ice_run(agent, now, out);
    return error;
}

void ice_remotes_free(struct ice_agent *agent)
{
    for (size_t i = 0; i < agent->remote_count; i++)
        free_remote(agent, agent->remotes[i]);
    memory_free(agent->common.context, agent->remotes);
}
