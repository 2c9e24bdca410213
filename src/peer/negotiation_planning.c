/* SPDX-License-Identifier: MIT */
/* Planning: room for the plan, what is checked of any remote description, and undoing. Offers and answers have files of their own. */
#include "negotiation_planning.h"

#include "memory.h"
#include "negotiation_answer.h"
#include "negotiation_offer.h"
#include "negotiation_tracks.h"

/* Room for everything that `sections` sections can ask for. Of an offer, each transceiver loses its section and its track, or goes, and
 * gets its encodings back; each section makes and associates a transceiver, which gets encodings, and its track comes, goes or stops. Of an
 * answer, a section is carried or not, and its track comes or goes; each transceiver may leave. Each section may have a transport, which
 * restarts and gathers, and whose layers begin. */
static int make(rtc_context *context, const struct negotiation_facts *facts, size_t sections, size_t media, struct negotiation_plan **out)
{
    struct negotiation_plan *plan = memory_zeroed(context, sizeof *plan);
    if (!plan)
        return RTC_ERR_NO_MEMORY;
    plan->context = context;
    size_t room = 6 * facts->transceiver_count + 13 * sections + facts->transport_count + 16;
    plan->transceivers = memory_zeroed(context, (facts->transceiver_count + sections + 1) * sizeof *plan->transceivers);
    size_t transports = facts->stable->transport_count + facts->pending->transport_count + sections + 1;
    plan->transports = memory_zeroed(context, transports * sizeof *plan->transports);
    plan->rtp = memory_zeroed(context, (sections + 1) * sizeof *plan->rtp);
    plan->effects = memory_zeroed(context, room * sizeof *plan->effects);
    int error = negotiation_state_copy(context, negotiation_facts_now(facts), media, sections, &plan->next);
    if (error || !plan->transceivers || !plan->transports || !plan->rtp || !plan->effects) {
        negotiation_plan_free(plan);
        return RTC_ERR_NO_MEMORY;
    }
    plan->transceiver_count = facts->transceiver_count;
    if (facts->transceiver_count > 0)
        memcpy(plan->transceivers, facts->transceivers, facts->transceiver_count * sizeof *plan->transceivers);
    *out = plan;
    return RTC_OK;
}

/* RFC 9429 section 5.8.3, with the policy that there is. */
static int check_rtcp_mux(const struct session_description *d, struct sdp_error *why)
{
    for (size_t i = 0; i < d->section_count; i++)
        if (negotiation_is_media(&d->sections[i]) && !d->sections[i].rejected && !d->sections[i].transport.rtcp_mux)
            return sdp_fail(why, RTC_ERR_INVALID_ACCESS, d->sdp->media[i].block.lines[0].number, "section %zu has no a=rtcp-mux", i);
    return RTC_OK;
}

static int check(const struct negotiation_facts *facts, enum signaling_side side, const struct description *d, struct sdp_error *why)
{
    int error = RTC_OK;
    if (d->type != RTC_SDP_OFFER)
        error = jsep_check_answer((side == SIGNALING_LOCAL ? facts->pending->remote : facts->pending->local)->parsed, d->parsed, why);
    else if (side == SIGNALING_REMOTE)
        error = jsep_check_offer(description_says(facts->stable->remote), description_says(facts->stable->local), d->parsed, why);
    if (!error && side == SIGNALING_REMOTE)
        error = jsep_check_tracks(d->parsed, why);
    if (!error && side == SIGNALING_REMOTE)
        error = jsep_check_extensions(description_says(facts->stable->remote), description_says(facts->stable->local), d->parsed, why);
    return error || side == SIGNALING_LOCAL ? error : check_rtcp_mux(d->parsed, why);
}

/* Sections that a transceiver may have: the state has room for so many more. */
static size_t media_sections(const struct session_description *d)
{
    size_t count = 0;
    for (size_t i = 0; i < d->section_count; i++)
        count += d->sections[i].type != MEDIA_APPLICATION;
    return count;
}

int negotiation_plan_set(rtc_context *context, const struct negotiation_facts *facts, enum signaling_side side, struct description *d,
                         struct negotiation_plan **out, struct sdp_error *why)
{
    struct negotiation_plan *plan = NULL;
    int error = check(facts, side, d, why);
    if (!error)
        error = make(context, facts, d->parsed->section_count, media_sections(d->parsed), &plan);
    if (error)
        return error;
    bool local = side == SIGNALING_LOCAL, answer = d->type != RTC_SDP_OFFER;
    plan->side = side;
    (void)signaling_move(facts->signaling, side, d->type, &plan->signaling);
    plan->next.local = description_ref(local ? d : answer ? facts->pending->local : NULL);
    plan->next.remote = description_ref(!local ? d : answer ? facts->pending->remote : NULL);
    if (answer)
        error = negotiation_plan_answer(facts, plan, !local, why);
    else if (local)
        error = negotiation_plan_local_offer(facts, plan);
    else
        error = negotiation_plan_remote_offer(facts, plan, why);
    if (error) {
        negotiation_plan_free(plan);
        return error;
    }
    negotiation_state_trim(context, &plan->next);
    *out = plan;
    return RTC_OK;
}

static int make_undo(rtc_context *context, const struct negotiation_facts *facts, struct negotiation_plan **out)
{
    struct negotiation_plan *plan;
    struct negotiation_state stable;
    size_t all = facts->pending->media_count + facts->stable->media_count;
    int error = make(context, facts, all, all, &plan);
    if (error)
        return error;
    error = negotiation_state_copy(context, facts->stable, 0, 0, &stable);
    if (error) {
        negotiation_plan_free(plan);
        return error;
    }
    negotiation_state_fini(context, &plan->next);
    plan->next = stable;
    plan->next.local = description_ref(facts->stable->local);
    plan->next.remote = description_ref(facts->stable->remote);
    plan->signaling = RTC_SIGNALING_STABLE;
    plan->undoes = true;
    *out = plan;
    return RTC_OK;
}

/* Generations, and transports that only the undone offer had; the first one may have been told candidates before our answer. */
static void undo_ice(const struct negotiation_facts *facts, struct negotiation_plan *plan)
{
    negotiation_plan_transports(facts, plan);
    for (size_t i = 0; i < plan->transport_count; i++)
        if (negotiation_facts_ice(facts, i)->pending)
            negotiation_plan_add(plan, EFFECT_NO_GENERATION, 0)->transport = i;
    if (facts->stable->transport_count == 0)
        (void)negotiation_plan_add(plan, EFFECT_ANEW, 0);
}

int negotiation_plan_undo(rtc_context *context, const struct negotiation_facts *facts, struct negotiation_plan **out)
{
    struct negotiation_plan *plan;
    int error = make_undo(context, facts, &plan);
    if (error)
        return error;
    undo_ice(facts, plan);
    for (size_t i = 0; i < facts->pending->media_count; i++)
        if (!negotiation_state_of(&plan->next, facts->pending->media[i].transceiver))
            (void)negotiation_plan_add(plan, EFFECT_LET_GO, facts->pending->media[i].transceiver);
    for (size_t i = 0; i < plan->transceiver_count; i++)
        if (plan->transceivers[i].widened)
            (void)negotiation_plan_add(plan, EFFECT_ENCODINGS, plan->transceivers[i].number);
    (void)negotiation_plan_add(plan, EFFECT_SIGNALING, 0);
    negotiation_plan_forget(plan, facts->pending);
    negotiation_plan_tell_tracks(plan, facts->pending);
    *out = plan;
    return RTC_OK;
}
