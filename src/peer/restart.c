/* SPDX-License-Identifier: MIT */
/* ICE restarts in offers and answers (webrtc-pc 4.4.2 restartIce; RFC 9429 sections 3.5.1, 5.2.2, 5.3.1, 5.10; RFC 8839 section 4.4).
 * The generations themselves are the transport's (transport_ice.c). What a description that is set means for them is planned with
 * everything else (negotiation_offer.c, negotiation_answer.c). */
#include "restart.h"

#include "negotiation_plan.h"
#include "transport.h"

/* The description's sections have these credentials of ours. */
static bool says(const struct description *d, const struct ice_credentials *credentials)
{
    const struct session_description *said = description_says(d);
    for (size_t i = 0; said && i < said->section_count; i++)
        if (!said->sections[i].rejected && negotiation_section_has(&said->sections[i], credentials))
            return true;
    return false;
}

static void forget_wish(rtc_peer_connection *pc)
{
    for (size_t i = 0; i < 2; i++) {
        description_unref(pc->context, pc->negotiation.to_replace[i]);
        pc->negotiation.to_replace[i] = NULL;
    }
}

void restart_wish(rtc_peer_connection *pc)
{
    struct negotiation *n = &pc->negotiation;
    forget_wish(pc);
    n->to_replace[0] = description_rejects_all(description_says(n->stable.local)) ? NULL : description_ref(n->stable.local);
    n->to_replace[1] = description_rejects_all(description_says(n->pending.local)) ? NULL : description_ref(n->pending.local);
}

bool restart_is_wished(const rtc_peer_connection *pc)
{
    return pc->negotiation.to_replace[0] || pc->negotiation.to_replace[1];
}

static bool must_be_replaced(const rtc_peer_connection *pc, const struct transport *t)
{
    const struct ice_credentials *latest = ice_agent_credentials(transport_ice_latest(t));
    return says(pc->negotiation.to_replace[0], latest) || says(pc->negotiation.to_replace[1], latest) ||
           transport_ice_is_outdated(t); /* RFC 9429 section 3.5.1 */
}

/* One for all, or on a shared port for each. */
static const struct ice_credentials *fresh(rtc_peer_connection *pc, size_t number)
{
    struct negotiation *n = &pc->negotiation;
    number = pc->settings.member ? number : 0;
    if (number >= n->fresh_count) {
        struct ice_credentials *more = memory_zeroed(pc->context, (number + 1) * sizeof *more);
        if (!more)
            return NULL;
        size_t count = n->fresh_count;
        if (count > 0)
            memcpy(more, n->fresh, count * sizeof *more);
        negotiation_forget_fresh(pc->context, n);
        n->fresh = more;
        n->fresh_count = number + 1;
    }
    if (!n->fresh[number].ufrag[0])
        ice_credentials_make(pc->context, &n->fresh[number]);
    return &n->fresh[number];
}

int restart_offer_credentials(rtc_peer_connection *pc, size_t number, bool restart, struct ice_credentials *out)
{
    const struct transport *t = peer_transports_at(&pc->transports, number);
    if (!t && !pc->settings.member)
        t = peer_first_transport(pc);
    bool anew = !t || must_be_replaced(pc, t) || (restart && negotiation_local(&pc->negotiation));
    const struct ice_credentials *credentials = !anew ? ice_agent_credentials(transport_ice_latest(t)) : fresh(pc, number);
    if (credentials)
        *out = *credentials;
    return credentials ? RTC_OK : RTC_ERR_NO_MEMORY;
}

void restart_answer_credentials(const rtc_peer_connection *pc, size_t number, struct ice_credentials *out)
{
    *out = *ice_agent_credentials(transport_ice_latest(pc->transports.items[number]));
}

void restart_settled(rtc_peer_connection *pc)
{
    const struct session_description *local = description_says(pc->negotiation.stable.local);
    struct ice_credentials used;
    for (size_t i = 0; local && i < local->section_count; i++) {
        if (local->sections[i].rejected)
            continue;
        negotiation_read_credentials(&local->sections[i], &used);
        if (says(pc->negotiation.to_replace[0], &used) || says(pc->negotiation.to_replace[1], &used))
            return;
    }
    forget_wish(pc);
}
