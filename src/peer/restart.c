/* SPDX-License-Identifier: MIT */
/* ICE restarts in offers and answers (webrtc-pc 4.4.2 restartIce; RFC 9429 sections 3.5.1, 5.2.2, 5.3.1, 5.10; RFC 8839 section 4.4), and
 * the candidate pool (RFC 9429 section 3.5.4). The generations themselves are the transport's (transport_ice.c). What a description that is
 * set means for them is planned with everything else (negotiation_offer.c, negotiation_answer.c). */
#include "negotiation_plan.h"
#include "peer.h"
#include "transport.h"

static const struct jsep_section *transport_section(const struct session_description *d)
{
    int index = description_tagged(d);
    return index < 0 ? NULL : &d->sections[index];
}

static void want_replaced(rtc_peer_connection *pc, const struct description *d)
{
    const struct jsep_section *section = transport_section(description_says(d));
    if (section)
        negotiation_read_credentials(section, &pc->negotiation.to_replace[pc->negotiation.to_replace_count++]);
}

int rtc_peer_connection_restart_ice(rtc_peer_connection *pc)
{
    if (!pc)
        return error_say(RTC_ERR_TYPE, "rtc_peer_connection_restart_ice: connection is NULL");
    int error = peer_begin(pc);
    if (error)
        return error;
    pc->negotiation.to_replace_count = 0;
    want_replaced(pc, pc->negotiation.stable.local);
    want_replaced(pc, pc->negotiation.pending.local);
    peer_update_negotiation_needed(pc);
    peer_settle(pc);
    return RTC_OK;
}

static bool must_be_replaced(const rtc_peer_connection *pc, const struct ice_agent *agent)
{
    for (size_t i = 0; i < pc->negotiation.to_replace_count; i++)
        if (ice_credentials_equal(&pc->negotiation.to_replace[i], ice_agent_credentials(agent)))
            return true;
    return ice_agent_generation(agent) <= pc->negotiation.stale_generation; /* RFC 9429 section 3.5.1 */
}

const struct ice_credentials *restart_offer_credentials(rtc_peer_connection *pc)
{
    const struct ice_agent *latest = transport_ice_latest(pc->transport);
    if (!must_be_replaced(pc, latest))
        return ice_agent_credentials(latest);
    if (!pc->negotiation.fresh.ufrag[0])
        ice_credentials_make(pc->context, &pc->negotiation.fresh);
    return &pc->negotiation.fresh;
}

const struct ice_credentials *restart_answer_credentials(const rtc_peer_connection *pc)
{
    return ice_agent_credentials(transport_ice_latest(pc->transport));
}

void restart_settled(rtc_peer_connection *pc)
{
    const struct jsep_section *section = transport_section(description_says(pc->negotiation.stable.local));
    for (size_t i = 0; i < pc->negotiation.to_replace_count; i++)
        if (section && negotiation_section_has(section, &pc->negotiation.to_replace[i]))
            return;
    pc->negotiation.to_replace_count = 0;
}

/* ---- The candidate pool ---- */

static bool may_pool(const rtc_peer_connection *pc)
{
    return pc->candidate_pool_size > 0 && !negotiation_local(&pc->negotiation) && pc->negotiation.signaling == RTC_SIGNALING_STABLE;
}

int pool_start(rtc_peer_connection *pc)
{
    if (!may_pool(pc))
        return RTC_OK;
    int error = peer_need_transport(pc, true);
    if (error)
        return error;
    transport_pool(pc->transport, peer_now(pc));
    peer_settle(pc);
    return RTC_OK;
}

/* What was pooled does not fit the configuration any more. */
static int discard(rtc_peer_connection *pc)
{
    if (!pc->transport || !transport_is_pooling(pc->transport) || pc->negotiation.signaling != RTC_SIGNALING_STABLE)
        return RTC_OK;
    peer_run_transport(pc, pc->now);
    return transport_discard_pool(pc->transport, pc->now);
}

/* The servers changed: whatever has begun to gather did so with the old ones. */
static void mark_stale(rtc_peer_connection *pc)
{
    uint32_t gathered = transport_ice_gathered(pc->transport);
    if (gathered > pc->negotiation.stale_generation)
        pc->negotiation.stale_generation = gathered;
}

int pool_configured(rtc_peer_connection *pc, bool servers_changed, uint8_t size_before)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    int error = RTC_OK;
    if (servers_changed || pc->candidate_pool_size < size_before)
        error = discard(pc);
    if (servers_changed && pc->transport)
        mark_stale(pc);
    size_t count = pc->transport ? transport_ice_agents(pc->transport, agents) : 0;
    for (size_t i = 0; i < count && !error; i++)
        error = ice_agent_set_servers(agents[i], pc->settings.servers, pc->settings.server_count, pc->settings.relay_only);
    return error ? error : pool_start(pc);
}
