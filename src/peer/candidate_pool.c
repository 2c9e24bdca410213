/* SPDX-License-Identifier: MIT */
/* See candidate_pool.h. What is pooled is gathered and withheld by the first transport; a local description surfaces it (negotiation.c). */
#include "candidate_pool.h"
#include "kept_configuration.h"

#include "peer_transport.h"
#include "transport.h"

static bool may_pool(const rtc_peer_connection *pc)
{
    return kept_pool_size(pc) > 0 && !negotiation_local(&pc->negotiation) && pc->negotiation.signaling == RTC_SIGNALING_STABLE;
}

int candidate_pool_start(rtc_peer_connection *pc)
{
    if (!may_pool(pc))
        return RTC_OK;
    int error = peer_need_transport(pc, true);
    if (error)
        return error;
    transport_pool(peer_first_transport(pc));
    return RTC_OK;
}

/* What was pooled does not fit the configuration any more. */
static int discard(rtc_peer_connection *pc)
{
    if (!peer_first_transport(pc) || !transport_is_pooling(peer_first_transport(pc)) || pc->negotiation.signaling != RTC_SIGNALING_STABLE)
        return RTC_OK;
    peer_run_transport(pc, pc->now);
    return transport_discard_pool(peer_first_transport(pc));
}

/* The servers changed: whatever has begun to gather did so with the old ones. */
static void mark_stale(const rtc_peer_connection *pc)
{
    for (size_t i = 0; i < pc->transports.count; i++)
        transport_ice_outdate(pc->transports.items[i], transport_ice_gathered(pc->transports.items[i]));
}

static int set_servers(const rtc_peer_connection *pc, const struct transport *t)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    int error = RTC_OK;
    for (size_t i = 0; i < count && !error; i++)
        error = ice_agent_set_servers(agents[i], pc->settings.servers, pc->settings.server_count, pc->settings.relay_only);
    return error;
}

int candidate_pool_configured(rtc_peer_connection *pc, bool servers_changed, uint8_t size_before)
{
    int error = RTC_OK;
    if (servers_changed || kept_pool_size(pc) < size_before)
        error = discard(pc);
    if (servers_changed)
        mark_stale(pc);
    for (size_t i = 0; i < pc->transports.count && !error; i++)
        error = set_servers(pc, pc->transports.items[i]);
    return error ? error : candidate_pool_start(pc);
}
