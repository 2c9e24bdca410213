/* SPDX-License-Identifier: MIT */
/* Descriptions as the application reads them (webrtc-pc 4.4.2: current, pending, and the one of both that counts), with the candidates of
 * either side as far as they were told. */
#include "local_candidates.h"
#include "transport.h"

/* ---- Ours ---- */

/* The candidates of one generation that the application was told of, as lines that are freed with free_lines. */
struct told {
    struct slice *lines;
    size_t count;
    bool complete;
};

static void free_lines(rtc_peer_connection *pc, struct told *told)
{
    for (size_t i = 0; told->lines && i < told->count; i++)
        memory_free(pc->context, (void *)(uintptr_t)told->lines[i].data);
    memory_free(pc->context, told->lines);
}

static int read_told(rtc_peer_connection *pc, const struct ice_agent *agent, struct told *told)
{
    struct ice_candidate candidate;
    size_t count = 0;
    while (ice_agent_local_candidate(agent, count, &candidate))
        count++;
    *told = (struct told){.lines = memory_zeroed(pc->context, (count + 1) * sizeof *told->lines)};
    if (!told->lines)
        return RTC_ERR_NO_MEMORY;
    for (size_t i = 0; ice_agent_local_candidate(agent, i, &candidate); i++) {
        struct text line = text_new(pc->context);
        ice_candidate_print(&candidate, &line);
        char *text = text_take(&line);
        if (!text)
            return RTC_ERR_NO_MEMORY;
        if (candidates_wait(pc, text))
            memory_free(pc->context, text);
        else
            told->lines[told->count++] = slice_str(text);
    }
    told->complete = ice_agent_gathering_state(agent) == ICE_GATHERING_COMPLETE && !candidates_wait(pc, "");
    return RTC_OK;
}

/* With those of one transport in the section that has it. */
static char *fold(rtc_peer_connection *pc, const struct description *d, const char *text, size_t number,
                  const struct agreed_transport *agreed)
{
    const struct transport *t = pc->transports.items[number];
    struct told told = {0};
    int section = agreed->mid[0] ? session_description_find(d->parsed, agreed->mid) : -1;
    if (section < 0)
        return memory_text(pc->context, text, strlen(text));
    struct text out = text_new(pc->context);
    int error = read_told(pc, d == pc->negotiation.pending.local ? transport_ice_latest(t) : transport_ice_negotiated(t), &told);
    if (!error)
        error = jsep_with_candidates(pc->context, slice_str(text), (size_t)section, told.lines, told.count, told.complete, &out);
    free_lines(pc, &told);
    if (error)
        text_fini(&out);
    return error ? NULL : text_take(&out);
}

static char *show(rtc_peer_connection *pc, const struct negotiation_state *state)
{
    char *text = memory_text(pc->context, state->local->text, strlen(state->local->text));
    for (size_t i = 0; text && i < state->transport_count && i < pc->transports.count; i++) {
        char *next = fold(pc, state->local, text, i, &state->transports[i]);
        memory_free(pc->context, text);
        text = next;
    }
    return text;
}

static const char *read_local(rtc_peer_connection *pc, const struct negotiation_state *state, rtc_sdp_type *type)
{
    struct description *d = state->local;
    if (type)
        *type = d ? d->type : RTC_SDP_NONE;
    if (!d)
        return NULL;
    if (!d->shown)
        d->shown = show(pc, state);
    return d->shown ? d->shown : d->text;
}

const char *rtc_peer_connection_local_description(rtc_peer_connection *pc, rtc_sdp_type *type)
{
    return read_local(pc, pc->negotiation.pending.local ? &pc->negotiation.pending : &pc->negotiation.stable, type);
}

const char *rtc_peer_connection_current_local_description(rtc_peer_connection *pc, rtc_sdp_type *type)
{
    return read_local(pc, &pc->negotiation.stable, type);
}

const char *rtc_peer_connection_pending_local_description(rtc_peer_connection *pc, rtc_sdp_type *type)
{
    return read_local(pc, &pc->negotiation.pending, type);
}

/* ---- The peer's ---- */

static const char *read_remote(rtc_peer_connection *pc, struct description *d, rtc_sdp_type *type)
{
    if (type)
        *type = d ? d->type : RTC_SDP_NONE;
    return d ? description_show(pc->context, d) : NULL;
}

const char *rtc_peer_connection_remote_description(rtc_peer_connection *pc, rtc_sdp_type *type)
{
    return read_remote(pc, pc->negotiation.pending.remote ? pc->negotiation.pending.remote : pc->negotiation.stable.remote, type);
}

const char *rtc_peer_connection_current_remote_description(rtc_peer_connection *pc, rtc_sdp_type *type)
{
    return read_remote(pc, pc->negotiation.stable.remote, type);
}

const char *rtc_peer_connection_pending_remote_description(rtc_peer_connection *pc, rtc_sdp_type *type)
{
    return read_remote(pc, pc->negotiation.pending.remote, type);
}
