/* SPDX-License-Identifier: MIT */
/* See ice_pairing.h. */
#include "ice_pairing.h"

#include "ice_reach.h"

/* How long a peer-reflexive candidate that nothing comes from keeps its place when places are short. */
static const rtc_time_t reflexive_lasts = 10 * ICE_SECOND;
static const rtc_time_t long_ago = -3600 * ICE_SECOND;

static bool gathers_loopback(const struct ice_pairing *pairing)
{
    bool any = pairing->remotes->common->include_loopback;
    for (size_t i = 0; i < pairing->bases->count && !any; i++)
        any = address_is_loopback(&pairing->bases->list[i]->address);
    return any;
}

const char *ice_refuses_remote(const struct ice_pairing *pairing, const struct address *address, enum path_protocol protocol)
{
    const char *reason = ice_unreachable(pairing->remotes->common->rules, address, protocol);
    if (reason || ice_reach_is_allowed(pairing->remotes->common->rules, address))
        return reason;
    if (address_is_loopback(address) && !gathers_loopback(pairing))
        return "a loopback address, and this side does not gather from there";
    for (size_t i = 0; i < pairing->bases->count; i++)
        if (ice_is_broadcast_of(&pairing->bases->list[i]->address, pairing->bases->list[i]->prefix_length, address))
            return "the broadcast address of a network of this host";
    return NULL;
}

/* A relay is not asked for what is the server's own: its loopback and its links; nor told of an address that the peer hides behind a name.
 */
static bool may_relay(const struct ice_base *base, const struct ice_remote *remote)
{
    bool inside = address_is_loopback(&remote->address) && !address_is_loopback(&base->address);
    return !remote->name && !inside && !address_is_link_local(&remote->address);
}

/* Loopback reaches nothing else; the other way, a peer on this host may well be reached by its loopback address. */
static bool may_pair(const struct ice_base *base, const struct ice_remote *remote)
{
    return base->state == ICE_BASE_OPEN && !base->absent && base->address.family == remote->address.family && !base->tcp &&
           remote->tcp_type == ICE_TCP_NONE && (!address_is_loopback(&base->address) || address_is_loopback(&remote->address)) &&
           (!base->relay || may_relay(base, remote));
}

static void pair_up(const struct ice_pairing *pairing, struct ice_base *base, struct ice_remote *remote)
{
    const char *reason = ice_refuses_remote(pairing, &remote->address, PATH_UDP);
    if (!may_pair(base, remote))
        return;
    if (reason)
        ice_remotes_leave_out(pairing->remotes,
                              &(struct ice_left_out){remote->address, remote->type, PATH_UDP, remote->name != NULL, reason});
    else
        (void)ice_add_pair(pairing->checks, base, remote, false);
}

void ice_pair_base(const struct ice_pairing *pairing, struct ice_base *base)
{
    for (size_t i = 0; !ice_is_lite(pairing->checks->session) && i < pairing->remotes->count; i++)
        pair_up(pairing, base, pairing->remotes->list[i]);
}

void ice_pair_remote(const struct ice_pairing *pairing, struct ice_remote *remote)
{
    for (size_t i = 0; !ice_is_lite(pairing->checks->session) && i < pairing->bases->count; i++)
        pair_up(pairing, pairing->bases->list[i], remote);
}

/* When something authenticated came from there last; RTC_TIME_NEVER for where we send to. */
static rtc_time_t heard_of(const struct ice_pairing *pairing, const struct ice_remote *remote)
{
    rtc_time_t heard = long_ago;
    for (size_t i = 0; i < pairing->checks->count; i++) {
        const struct ice_pair *pair = pairing->checks->pairs[i];
        if (pair->remote != remote)
            continue;
        if (pair == pairing->checks->selected)
            return RTC_TIME_NEVER;
        heard = pair->consent.receivable && pair->consent.heard > heard ? pair->consent.heard : heard;
    }
    return heard;
}

void ice_forget_reflexive(const struct ice_pairing *pairing, struct ice_remote *remote)
{
    ice_drop_remote(pairing->checks, remote);
    ice_remotes_remove(pairing->remotes, remote);
}

/* A NAT that rebinds gives the peer a new address each time: in a long call those that went quiet make room. False when none did. */
static bool forget_oldest_reflexive(const struct ice_pairing *pairing, rtc_time_t now)
{
    size_t oldest = pairing->remotes->count;
    rtc_time_t best = now - reflexive_lasts;
    for (size_t i = 0; i < pairing->remotes->count; i++) {
        const struct ice_remote *remote = pairing->remotes->list[i];
        rtc_time_t heard = remote->signalled ? RTC_TIME_NEVER : heard_of(pairing, remote);
        if (heard > best)
            continue;
        best = heard;
        oldest = i;
    }
    if (oldest == pairing->remotes->count)
        return false;
    ice_forget_reflexive(pairing, pairing->remotes->list[oldest]);
    return true;
}

struct ice_remote *ice_add_reflexive(const struct ice_pairing *pairing, const struct address *address, enum path_protocol protocol,
                                     uint32_t priority, rtc_time_t now)
{
    if (ice_remotes_reflexive_full(pairing->remotes) && !forget_oldest_reflexive(pairing, now)) {
        pairing->remotes->common->counters.over_limit++;
        return NULL;
    }
    return ice_remotes_add_reflexive(pairing->remotes, address, protocol, priority);
}
