/* SPDX-License-Identifier: MIT */
/* ICE restarts in offers and answers (webrtc-pc 4.4.2 restartIce; RFC 9429 sections 3.5.1, 5.2.2, 5.3.1, 5.10; RFC 8839 section 4.4), and
 * the candidate pool (RFC 9429 section 3.5.4). The generations themselves are the transport's (transport_ice.c).
 *
 * A description's credentials say which generation it speaks of. Those of a local offer become a generation when it is set; a remote offer
 * that restarts gets one at once, which keeps the candidates that come before our answer. Roles stay as they are (RFC 8445 section 6.1.1):
 * an answer with the old credentials says that there is no restart. */
#include "peer.h"
#include "transport.h"

static const struct jsep_section *transport_section(const struct session_description *d)
{
    int index = negotiation_transport_section(d);
    return index < 0 ? NULL : &d->sections[index];
}

static const struct jsep_section *agreed_section(const rtc_peer_connection *pc, const struct session_description *d)
{
    int index = negotiation_agreed_section(pc, d);
    return index < 0 ? NULL : &d->sections[index];
}

static bool section_has(const struct jsep_section *section, const struct ice_credentials *c)
{
    return section && slice_is(section->ice_ufrag, c->ufrag) && slice_is(section->ice_pwd, c->password);
}

static bool same_credentials(const struct jsep_section *a, const struct jsep_section *b)
{
    return a && b && slice_eq(a->ice_ufrag, b->ice_ufrag) && slice_eq(a->ice_pwd, b->ice_pwd);
}

/* Ours always fit: other local descriptions are refused. */
static void read_credentials(const struct jsep_section *section, struct ice_credentials *out)
{
    memset(out, 0, sizeof *out);
    if (section->ice_ufrag.len < sizeof out->ufrag && section->ice_pwd.len < sizeof out->password) {
        memcpy(out->ufrag, section->ice_ufrag.data, section->ice_ufrag.len);
        memcpy(out->password, section->ice_pwd.data, section->ice_pwd.len);
    }
}

static void want_replaced(rtc_peer_connection *pc, const struct description *d)
{
    const struct jsep_section *section = transport_section(description_says(d));
    if (section)
        read_credentials(section, &pc->negotiation.to_replace[pc->negotiation.to_replace_count++]);
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
        if (section_has(section, &pc->negotiation.to_replace[i]))
            return;
    pc->negotiation.to_replace_count = 0;
}

int restart_local_offer(rtc_peer_connection *pc, const struct session_description *offer)
{
    struct transport *t = pc->transport;
    const struct jsep_section *section = transport_section(offer);
    struct ice_credentials credentials;
    struct ice_agent *made = NULL;
    if (!section || section_has(section, ice_agent_credentials(transport_ice_latest(t))))
        return RTC_OK;
    if (!section_has(section, ice_agent_credentials(transport_ice_negotiated(t)))) {
        read_credentials(section, &credentials);
        int error = transport_ice_make(t, &credentials, ice_agent_controlling(transport_ice_negotiated(t)), &made);
        if (error)
            return error;
        memory_wipe(&pc->negotiation.fresh, sizeof pc->negotiation.fresh);
        peer_log(pc, RTC_LOG_INFO, "ICE: this offer restarts");
    }
    transport_ice_set_pending(t, pc->now, made);
    return RTC_OK;
}

/* The section's credentials are others than those that were agreed on. Changing only one of the two counts, as it does for browsers. */
static bool remote_restarts(const rtc_peer_connection *pc, const struct jsep_section *section)
{
    const struct ice_agent *agent = transport_ice_negotiated(pc->transport);
    return section && ice_agent_has_remote_credentials(agent) &&
           !ice_agent_remote_credentials_are(agent, section->ice_ufrag, section->ice_pwd);
}

int restart_check_remote(rtc_peer_connection *pc, rtc_sdp_type type, const struct jsep_section *section)
{
    if (type == RTC_SDP_OFFER || !pc->transport || !ice_agent_has_remote_credentials(transport_ice_negotiated(pc->transport)))
        return RTC_OK;
    if (!pc->transport->pending && remote_restarts(pc, section))
        return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "the answer has new ICE credentials, although our offer does not restart ICE");
    return RTC_OK;
}

/* RFC 8839 section 4.4.1.1.1 has the answer to an offer that restarts change both. Peers that can not restart answer with what they had:
 * for them nothing changed, and the old generation goes on. They were told other credentials of ours, though, so that the next offer can
 * not go back to the old ones, which would look like a restart, too: it is one. */
void restart_answered(rtc_peer_connection *pc, const struct jsep_section *section)
{
    struct transport *t = pc->transport;
    bool declined = t->pending && ice_agent_has_remote_credentials(transport_ice_negotiated(t)) && !remote_restarts(pc, section);
    t->restart_declined = declined;
    if (!declined)
        return;
    log_write(pc->context, RTC_LOG_WARNING, "peer", "ICE: the answer has the old credentials: the peer does not restart");
    transport_ice_set_pending(t, pc->now, NULL);
    pc->negotiation.stale_generation = ice_agent_generation(transport_ice_negotiated(t));
}

int restart_prepare_remote_offer(rtc_peer_connection *pc, const struct session_description *offer, struct ice_agent **made)
{
    struct transport *t = pc->transport;
    const struct jsep_section *section = agreed_section(pc, offer);
    bool again = t->pending && same_credentials(section, agreed_section(pc, description_says(pc->negotiation.pending.remote)));
    if (!remote_restarts(pc, section) || again)
        return RTC_OK;
    return transport_ice_make(t, NULL, ice_agent_controlling(transport_ice_negotiated(t)), made);
}

void restart_remote_offer(rtc_peer_connection *pc, const struct session_description *offer, struct ice_agent *made)
{
    if (!made && remote_restarts(pc, agreed_section(pc, offer)))
        return; /* the same once more */
    if (made)
        peer_log(pc, RTC_LOG_INFO, "ICE: the peer's offer restarts");
    if (made || pc->transport->pending) {
        memory_free(pc->context, pc->negotiation.last_answer); /* it has the credentials of the offer that is replaced */
        pc->negotiation.last_answer = NULL;
    }
    transport_ice_set_pending(pc->transport, pc->now, made);
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
    pc->transport->withheld = true;
    transport_ice_gather(pc->transport, peer_now(pc), pc->transport->ice);
    peer_settle(pc);
    return RTC_OK;
}

/* What was pooled does not fit the configuration any more. */
static int discard(rtc_peer_connection *pc)
{
    struct transport *t = pc->transport;
    if (!t || !t->withheld || pc->negotiation.signaling != RTC_SIGNALING_STABLE)
        return RTC_OK;
    transport_settle(t, pc->now);
    int error = transport_ice_renew(t, pc->now);
    if (error)
        return error; /* the old one goes on */
    transport_forget_errors(t);
    t->withheld = false;
    return RTC_OK;
}

/* The servers changed: whatever has begun to gather did so with the old ones. */
static void mark_stale(rtc_peer_connection *pc)
{
    const struct transport *t = pc->transport;
    const struct ice_agent *alive[] = {t->ice, t->next, t->pending};
    for (size_t i = 0; i < sizeof alive / sizeof alive[0]; i++)
        if (alive[i] && ice_agent_gathering_state(alive[i]) != ICE_GATHERING_NEW &&
            ice_agent_generation(alive[i]) > pc->negotiation.stale_generation)
            pc->negotiation.stale_generation = ice_agent_generation(alive[i]);
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
        error = ice_agent_set_servers(agents[i], pc->servers, pc->server_count, pc->relay_only);
    return error ? error : pool_start(pc);
}
