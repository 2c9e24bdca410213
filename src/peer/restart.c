/* SPDX-License-Identifier: MIT */
/* ICE restarts in offers and answers (webrtc-pc 4.4.2 restartIce; RFC 9429 sections 3.5.1, 5.2.2, 5.3.1, 5.10; RFC 8839 section 4.4).
 * The generations themselves are the transport's (transport_ice.c). What a description that is set means for them is planned with
 * everything else (negotiation_offer.c, negotiation_answer.c). */
#include "restart.h"

#include "negotiation_plan.h"
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

void restart_wish(rtc_peer_connection *pc)
{
    pc->negotiation.to_replace_count = 0;
    want_replaced(pc, pc->negotiation.stable.local);
    want_replaced(pc, pc->negotiation.pending.local);
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
    const struct ice_agent *latest = transport_ice_latest(peer_first_transport(pc));
    if (!must_be_replaced(pc, latest))
        return ice_agent_credentials(latest);
    if (!pc->negotiation.fresh.ufrag[0])
        ice_credentials_make(pc->context, &pc->negotiation.fresh);
    return &pc->negotiation.fresh;
}

const struct ice_credentials *restart_answer_credentials(const rtc_peer_connection *pc)
{
    return ice_agent_credentials(transport_ice_latest(peer_first_transport(pc)));
}

void restart_settled(rtc_peer_connection *pc)
{
    const struct jsep_section *section = transport_section(description_says(pc->negotiation.stable.local));
    for (size_t i = 0; i < pc->negotiation.to_replace_count; i++)
        if (section && negotiation_section_has(section, &pc->negotiation.to_replace[i]))
            return;
    pc->negotiation.to_replace_count = 0;
}
