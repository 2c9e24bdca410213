/* SPDX-License-Identifier: MIT */
/* Candidates of the peer on their way from the application to an agent (webrtc-pc 4.4.2 addIceCandidate; RFC 8838, RFC 8840). */
#include "carriers.h"
#include "peer_record.h"
#include "peer_transport.h"
#include "transport.h"
#include "transport_objects.h"

/* The section a candidate is for, or -1. */
static int find_section(const struct session_description *remote, const rtc_ice_candidate_init *init)
{
    if (init->sdp_mid)
        return session_description_find(remote, init->sdp_mid);
    return init->has_sdp_m_line_index && init->sdp_m_line_index < remote->section_count ? init->sdp_m_line_index : -1;
}

/* Where a candidate goes: a section of a description, and the generation that was, or will be, negotiated with it. */
struct destination {
    struct description *description;
    int index;
    const struct negotiation_state *state; /* that has it */
    uint16_t number;                       /* of its transport, or TRANSPORT_NONE */
    struct transport *transport;           /* NULL without one */
    struct ice_agent *agent;
};

static struct slice ufrag_of(const struct description *d, int index)
{
    return d->parsed->sections[index].transport.ice_ufrag;
}

/* The section that stands for the transport: the one that has it, or its group's. */
static int find_tagged(const struct destination *to)
{
    const struct session_description *remote = to->description->parsed;
    int had = session_description_find(remote, negotiation_state_transport(to->state, to->number)->mid);
    return had >= 0 && to->state->carriers[had] == to->number ? had : carriers_tagged(to->state->carriers, remote, to->number);
}

/* Whether the section's candidates are those of the transport: it is its section, or shares its credentials. Other sections of a peer that
 * has not bundled yet have transports of their own, which are not needed. */
static bool is_transports(const struct destination *to)
{
    const struct session_description *remote = to->description->parsed;
    const struct jsep_section *a = &remote->sections[find_tagged(to)], *b = &remote->sections[to->index];
    return a == b || (b->bundle.grouped && a->bundle.grouped && a->bundle.group == b->bundle.group &&
                      slice_eq(a->transport.ice_ufrag, b->transport.ice_ufrag) && slice_eq(a->transport.ice_pwd, b->transport.ice_pwd));
}

/* A section that our answer rejected may have named its group's candidates before the peer knew of that. */
static uint16_t number_of_group(const struct negotiation_state *state, int index)
{
    const struct session_description *remote = state->remote->parsed;
    const struct jsep_section *a = &remote->sections[index];
    for (size_t i = 0; a->bundle.grouped && i < state->carrier_count && i < remote->section_count; i++) {
        const struct jsep_section *b = &remote->sections[i];
        if (state->carriers[i] != TRANSPORT_NONE && b->bundle.grouped && b->bundle.group == a->bundle.group &&
            slice_eq(a->transport.ice_ufrag, b->transport.ice_ufrag) && slice_eq(a->transport.ice_pwd, b->transport.ice_pwd))
            return state->carriers[i];
    }
    return TRANSPORT_NONE;
}

static bool find_in(const rtc_peer_connection *pc, const struct negotiation_state *state, const rtc_ice_candidate_init *init,
                    struct slice ufrag, struct destination *out)
{
    struct description *d = state->remote;
    if (!d)
        return false;
    *out = (struct destination){.description = d, .index = find_section(d->parsed, init), .state = state, .number = TRANSPORT_NONE};
    if (out->index >= 0 && (size_t)out->index < state->carrier_count)
        out->number = state->carriers[out->index] != TRANSPORT_NONE ? state->carriers[out->index] : number_of_group(state, out->index);
    out->transport = peer_transports_at(&pc->transports, out->number);
    if (out->transport)
        out->agent = state == &pc->negotiation.pending ? transport_ice_latest(out->transport) : transport_ice_negotiated(out->transport);
    return out->index >= 0 && (ufrag.len == 0 || slice_eq(ufrag, ufrag_of(d, out->index)));
}

/* webrtc-pc 4.4.2: what comes for a section that the remote description rejects goes nowhere, whatever it is. */
static bool is_for_rejected(const rtc_peer_connection *pc, const rtc_ice_candidate_init *init)
{
    const struct session_description *remote = description_says(negotiation_remote(&pc->negotiation));
    int index = find_section(remote, init);
    return index >= 0 && remote->sections[index].rejected;
}

/* The pending description first; one whose section has the candidate's username fragment, when it says one (webrtc-pc 4.4.2). */
static int find_destination(rtc_peer_connection *pc, const rtc_ice_candidate_init *init, struct slice ufrag, struct destination *out)
{
    struct destination other;
    *out = other = (struct destination){.index = -1};
    if (find_in(pc, &pc->negotiation.pending, init, ufrag, out))
        return RTC_OK;
    if (find_in(pc, &pc->negotiation.stable, init, ufrag, &other)) {
        *out = other;
        return RTC_OK;
    }
    if (out->index < 0 && other.index < 0)
        return peer_fail(pc, RTC_ERR_OPERATION, "the remote description has no such section");
    return peer_fail(pc, RTC_ERR_OPERATION, "the candidate's username fragment '%.*s' is not the section's", (int)ufrag.len,
                     (const char *)ufrag.data);
}

/* ---- Into the descriptions ---- */

/* The same section of the other description that is set, if it speaks of the same generation; NULL otherwise. */
static struct description *find_other(const rtc_peer_connection *pc, const struct destination *to)
{
    const struct negotiation *n = &pc->negotiation;
    struct description *other = to->description == n->pending.remote ? n->stable.remote : n->pending.remote;
    if (!other || (size_t)to->index >= other->parsed->section_count ||
        !slice_eq(ufrag_of(other, to->index), ufrag_of(to->description, to->index)))
        return NULL;
    return other;
}

/* What stands in the descriptions is bounded as what the agent keeps is; an end for each section has room. */
static bool is_full(const rtc_peer_connection *pc, const struct description *d)
{
    return d->added_count >= context_limits(pc->context)->remote_candidates + d->parsed->section_count;
}

/* A candidate, ready to be added to one description or two. */
struct addition {
    struct description *to[2];
    struct added_candidate *candidate[2];
};

static void forget_addition(rtc_peer_connection *pc, struct addition *a)
{
    for (int i = 0; i < 2; i++)
        memory_free(pc->context, a->candidate[i]);
}

static int make_addition(rtc_peer_connection *pc, const struct destination *to, struct slice text, struct addition *out)
{
    *out = (struct addition){.to = {to->description, find_other(pc, to)}};
    for (int i = 0; i < 2 && out->to[i]; i++) {
        if (is_full(pc, out->to[i])) {
            forget_addition(pc, out);
            return peer_fail(pc, RTC_ERR_QUOTA_EXCEEDED, "more than %u candidates were added",
                             context_limits(pc->context)->remote_candidates);
        }
        out->candidate[i] = added_candidate_new(pc->context, (size_t)to->index, text);
        if (!out->candidate[i]) {
            forget_addition(pc, out);
            return RTC_ERR_NO_MEMORY;
        }
    }
    return RTC_OK;
}

static void add_to_descriptions(rtc_peer_connection *pc, struct addition *a)
{
    for (int i = 0; i < 2 && a->to[i]; i++)
        description_add(pc->context, a->to[i], a->candidate[i]);
}

/* ---- Candidates ---- */

static int hand_over(rtc_peer_connection *pc, const struct destination *to, const rtc_ice_candidate_init *init,
                     const struct ice_candidate *candidate)
{
    const rtc_ice_candidate *shown = NULL;
    if (!to->agent || !is_transports(to))
        return RTC_OK;
    int error = transport_objects_make_remote(pc->context, to->transport, init, &shown);
    if (!error)
        error = transport_ice_add_candidate(to->transport, peer_now(pc), to->agent, candidate);
    if (!error)
        transport_objects_add_remote(to->transport, shown);
    rtc_ice_candidate_unref(shown);
    return error ? peer_fail(pc, error, "the candidate was not taken: %s", rtc_error_message(error)) : RTC_OK;
}

static int add_candidate(rtc_peer_connection *pc, const rtc_ice_candidate_init *init)
{
    struct ice_candidate candidate;
    struct destination to;
    struct addition addition;
    if (is_for_rejected(pc, init))
        return RTC_OK;
    if (ice_candidate_parse(slice_str(init->candidate), &candidate))
        return peer_fail(pc, RTC_ERR_OPERATION, "not a candidate: '%.120s'", init->candidate);
    const char *said = init->username_fragment ? init->username_fragment : "";
    if (said[0] && candidate.ufrag[0] && strcmp(said, candidate.ufrag) != 0)
        return peer_fail(pc, RTC_ERR_OPERATION, "the candidate names two username fragments, '%s' and '%s'", said, candidate.ufrag);
    int error = find_destination(pc, init, slice_str(said[0] ? said : candidate.ufrag), &to);
    if (!error && to.description->parsed->sections[to.index].rejected)
        return RTC_OK;
    if (!error)
        error =
            make_addition(pc, &to, slice_str(strncmp(init->candidate, "a=", 2) == 0 ? init->candidate + 2 : init->candidate), &addition);
    if (error)
        return error;
    peer_log(pc, RTC_LOG_INFO, "remote %s", init->candidate);
    error = hand_over(pc, &to, init, &candidate);
    if (error)
        forget_addition(pc, &addition);
    else
        add_to_descriptions(pc, &addition);
    return error;
}

/* ---- Their end ---- */

static int end_section(rtc_peer_connection *pc, const struct destination *to)
{
    struct addition addition;
    int error = make_addition(pc, to, slice_str(""), &addition);
    if (error)
        return error;
    add_to_descriptions(pc, &addition);
    if (to->agent && to->index == find_tagged(to))
        transport_ice_end_candidates(to->transport, peer_now(pc), to->agent);
    return RTC_OK;
}

/* Of all sections that have this username fragment, or all there are. */
static int end_everywhere(rtc_peer_connection *pc, const struct slice ufrag)
{
    struct description *d = pc->negotiation.pending.remote ? pc->negotiation.pending.remote : pc->negotiation.stable.remote;
    bool any = ufrag.len == 0;
    int error = RTC_OK;
    for (size_t i = 0; i < d->parsed->section_count && !error; i++) {
        struct destination to;
        const rtc_ice_candidate_init init = {.has_sdp_m_line_index = true, .sdp_m_line_index = (uint16_t)i};
        if (d->parsed->sections[i].rejected ||
            (!find_in(pc, &pc->negotiation.pending, &init, ufrag, &to) && !find_in(pc, &pc->negotiation.stable, &init, ufrag, &to)))
            continue;
        any = true;
        error = end_section(pc, &to);
    }
    return error || any
               ? error
               : peer_fail(pc, RTC_ERR_OPERATION, "no section has the username fragment '%.*s'", (int)ufrag.len, (const char *)ufrag.data);
}

static int end_candidates(rtc_peer_connection *pc, const rtc_ice_candidate_init *init)
{
    struct destination to;
    struct slice ufrag = slice_str(init->username_fragment ? init->username_fragment : "");
    if (!init->sdp_mid && !init->has_sdp_m_line_index)
        return end_everywhere(pc, ufrag);
    if (is_for_rejected(pc, init))
        return RTC_OK;
    int error = find_destination(pc, init, ufrag, &to);
    return error || to.description->parsed->sections[to.index].rejected ? error : end_section(pc, &to);
}

/* The order of the checks is that of webrtc-pc 4.4.2. */
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
    error = peer_end(pc, error);
    peer_record(pc, "addIceCandidate", "sdpMid:s sdpMLineIndex:d candidate:s", init.sdp_mid, (int)init.sdp_m_line_index, init.candidate);
    if (error)
        peer_record_end(pc, NULL, "addIceCandidateOnFailure", error);
    return error;
}
