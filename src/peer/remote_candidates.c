/* SPDX-License-Identifier: MIT */
/* Candidates of the peer on their way from the application to an agent (webrtc-pc 4.4.2 addIceCandidate; RFC 8838, RFC 8840). */
#include "peer_transport.h"
#include "transport.h"

/* The section a candidate is for, or -1. */
static int find_section(const struct session_description *remote, const rtc_ice_candidate_init *init)
{
    if (init->sdp_mid)
        return session_description_find(remote, init->sdp_mid);
    return init->has_sdp_m_line_index && init->sdp_m_line_index < remote->section_count ? init->sdp_m_line_index : -1;
}

/* Whether the section's candidates are those of the transport: it is its section, or shares its credentials. Other sections of a peer that
 * has not bundled yet have transports of their own, which are not needed. */
static bool is_transports(const rtc_peer_connection *pc, const struct session_description *remote, int index)
{
    int at = description_agreed(remote, negotiation_state_transport(negotiation_now(&pc->negotiation), 0)->mid);
    if (at < 0 || index == at)
        return at >= 0;
    const struct jsep_section *a = &remote->sections[at], *b = &remote->sections[index];
    return b->bundle.grouped && a->bundle.grouped && a->bundle.group == b->bundle.group &&
           slice_eq(a->transport.ice_ufrag, b->transport.ice_ufrag) && slice_eq(a->transport.ice_pwd, b->transport.ice_pwd);
}

/* Where a candidate goes: a section of a description, and the generation that was, or will be, negotiated with it. */
struct destination {
    const struct session_description *remote;
    int index;
    struct ice_agent *agent; /* NULL without a transport */
};

static bool find_in(const rtc_peer_connection *pc, const struct description *d, const rtc_ice_candidate_init *init, struct slice ufrag,
                    struct destination *out)
{
    bool named = init->sdp_mid || init->has_sdp_m_line_index;
    const struct transport *t = peer_first_transport(pc);
    if (!d)
        return false;
    out->remote = d->parsed;
    out->index = named ? find_section(d->parsed, init)
                       : description_agreed(d->parsed, negotiation_state_transport(negotiation_now(&pc->negotiation), 0)->mid);
    out->agent = !t ? NULL : d == pc->negotiation.pending.remote ? transport_ice_latest(t) : transport_ice_negotiated(t);
    return out->index >= 0 && (ufrag.len == 0 || slice_eq(ufrag, d->parsed->sections[out->index].transport.ice_ufrag));
}

/* The pending description first; one whose section has the candidate's username fragment, when it says one (webrtc-pc 4.4.2). */
static int find_destination(rtc_peer_connection *pc, const rtc_ice_candidate_init *init, struct slice ufrag, struct destination *out)
{
    struct destination other;
    *out = other = (struct destination){.index = -1};
    if (find_in(pc, pc->negotiation.pending.remote, init, ufrag, out))
        return RTC_OK;
    if (find_in(pc, pc->negotiation.stable.remote, init, ufrag, &other)) {
        *out = other;
        return RTC_OK;
    }
    if (out->index < 0 && other.index < 0)
        return peer_fail(pc, RTC_ERR_OPERATION, "the remote description has no such section");
    return peer_fail(pc, RTC_ERR_OPERATION, "the candidate's username fragment '%.*s' is not the section's", (int)ufrag.len,
                     (const char *)ufrag.data);
}

static int add_candidate(rtc_peer_connection *pc, const rtc_ice_candidate_init *init)
{
    struct ice_candidate candidate;
    struct destination to;
    if (ice_candidate_parse(slice_str(init->candidate), &candidate))
        return peer_fail(pc, RTC_ERR_OPERATION, "not a candidate: '%.120s'", init->candidate);
    const char *said = init->username_fragment ? init->username_fragment : "";
    if (said[0] && candidate.ufrag[0] && strcmp(said, candidate.ufrag) != 0)
        return peer_fail(pc, RTC_ERR_OPERATION, "the candidate names two username fragments, '%s' and '%s'", said, candidate.ufrag);
    int error = find_destination(pc, init, slice_str(said[0] ? said : candidate.ufrag), &to);
    if (error || !to.agent || !is_transports(pc, to.remote, to.index))
        return error;
    peer_log(pc, RTC_LOG_INFO, "remote %s", init->candidate);
    error = transport_ice_add_candidate(peer_first_transport(pc), peer_now(pc), to.agent, &candidate);
    return error ? peer_fail(pc, error, "the candidate was not taken: %s", rtc_error_message(error)) : RTC_OK;
}

static int end_candidates(rtc_peer_connection *pc, const rtc_ice_candidate_init *init)
{
    struct destination to;
    bool named = init->sdp_mid || init->has_sdp_m_line_index;
    if (!named && description_tagged(description_says(negotiation_remote(&pc->negotiation))) < 0)
        return RTC_OK;
    int error = find_destination(pc, init, slice_str(init->username_fragment ? init->username_fragment : ""), &to);
    if (!error && to.agent &&
        to.index == description_agreed(to.remote, negotiation_state_transport(negotiation_now(&pc->negotiation), 0)->mid))
        transport_ice_end_candidates(peer_first_transport(pc), peer_now(pc), to.agent);
    return error;
}

static int add(rtc_peer_connection *pc, const rtc_ice_candidate_init *init)
{
    bool empty = !init->candidate || !init->candidate[0];
    if (!empty && !init->sdp_mid && !init->has_sdp_m_line_index)
        return peer_fail(pc, RTC_ERR_TYPE, "a candidate needs sdp_mid or sdp_m_line_index");
    if (!negotiation_remote(&pc->negotiation))
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "there is no remote description yet");
    return empty ? end_candidates(pc, init) : add_candidate(pc, init);
}

int rtc_peer_connection_add_ice_candidate(rtc_peer_connection *pc, const rtc_ice_candidate_init *given)
{
    rtc_ice_candidate_init init;
    if (!pc)
        return error_say(RTC_ERR_TYPE, "rtc_peer_connection_add_ice_candidate: connection is NULL");
    int error = peer_begin(pc);
    if (!error)
        error = peer_options(pc, &init, sizeof init, given, "rtc_ice_candidate_init");
    if (error)
        return error;
    init.has_sdp_m_line_index = init.has_sdp_m_line_index || init.sdp_m_line_index > 0;
    error = add(pc, &init);
    peer_settle(pc);
    return peer_end(pc, error);
}
