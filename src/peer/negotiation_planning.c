/* SPDX-License-Identifier: MIT */
/* Planning: room for the plan, what is checked of any remote description, and undoing. Offers and answers have files of their own. */
#include "negotiation_planning.h"

#include "memory.h"
#include "negotiation_answer.h"
#include "negotiation_offer.h"
#include "negotiation_tracks.h"

#include <stdarg.h>
#include <stdio.h>

static int refuse(struct sdp_error *why, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int refuse(struct sdp_error *why, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    why->code = error;
    why->line = 0;
    return error;
}

/* Room for everything that `sections` sections can ask for. Of an offer, each transceiver loses its section and its track, or goes; each
 * section makes and associates a transceiver, and its track comes, goes or stops. Of an answer, a section is carried or not, and its track
 * comes or goes; each transceiver may leave. */
static int make(rtc_context *context, const struct negotiation_facts *facts, size_t sections, size_t media, struct negotiation_plan **out)
{
    struct negotiation_plan *plan = memory_zeroed(context, sizeof *plan);
    if (!plan)
        return RTC_ERR_NO_MEMORY;
    plan->context = context;
    size_t room = 5 * facts->transceiver_count + 6 * sections + 16;
    plan->transceivers = memory_zeroed(context, (facts->transceiver_count + sections + 1) * sizeof *plan->transceivers);
    plan->rtp = memory_zeroed(context, (sections + 1) * sizeof *plan->rtp);
    plan->effects = memory_zeroed(context, room * sizeof *plan->effects);
    int error = negotiation_state_copy(context, negotiation_facts_now(facts), media, &plan->next);
    if (error || !plan->transceivers || !plan->rtp || !plan->effects) {
        negotiation_plan_free(plan);
        return RTC_ERR_NO_MEMORY;
    }
    plan->transceiver_count = facts->transceiver_count;
    if (facts->transceiver_count > 0)
        memcpy(plan->transceivers, facts->transceivers, facts->transceiver_count * sizeof *plan->transceivers);
    *out = plan;
    return RTC_OK;
}

static bool same_identity(const struct jsep_section *a, const struct jsep_section *b)
{
    for (size_t i = 0; i < a->transport.fingerprint_count; i++)
        for (size_t k = 0; k < b->transport.fingerprint_count; k++)
            if (memcmp(&a->transport.fingerprints[i], &b->transport.fingerprints[k], sizeof a->transport.fingerprints[i]) == 0)
                return true;
    return false;
}

/* RFC 9429 5.8: the transport that there is must be able to go on with the description. */
static int check_transport(const struct negotiation_facts *facts, rtc_sdp_type type, const struct session_description *d,
                           struct sdp_error *why)
{
    const struct negotiation_state *now = negotiation_facts_now(facts);
    bool provisional = facts->signaling == RTC_SIGNALING_HAVE_REMOTE_PRANSWER;
    const struct session_description *before = description_says(provisional ? now->remote : facts->stable->remote);
    int i = before ? description_agreed(before, negotiation_state_transport(now, 0)->mid) : -1;
    int k = type == RTC_SDP_OFFER ? description_agreed(d, negotiation_state_transport(now, 0)->mid) : description_tagged(d);
    if (k >= 0 && !ice_credentials_are_valid(d->sections[k].transport.ice_ufrag, d->sections[k].transport.ice_pwd))
        return refuse(why, RTC_ERR_INVALID_ACCESS,
                      "section %d: the ICE credentials are too short, too long or have characters that are not allowed", k);
    if (i < 0 || k < 0)
        return RTC_OK;
    if (!same_identity(&before->sections[i], &d->sections[k]))
        return refuse(why, RTC_ERR_NOT_SUPPORTED, "the description changes the certificate, which this version can not do");
    if (type != RTC_SDP_OFFER && !facts->ice.pending && negotiation_restarts(now, &d->sections[k]))
        return refuse(why, RTC_ERR_INVALID_ACCESS, "the answer has new ICE credentials, although our offer does not restart ICE");
    return RTC_OK;
}

static int check(const struct negotiation_facts *facts, enum signaling_side side, const struct description *d, struct sdp_error *why)
{
    int error = RTC_OK;
    if (d->type != RTC_SDP_OFFER)
        error = jsep_check_answer((side == SIGNALING_LOCAL ? facts->pending->remote : facts->pending->local)->parsed, d->parsed, why);
    else if (side == SIGNALING_REMOTE)
        error = jsep_check_offer(description_says(facts->stable->remote), description_says(facts->stable->local), d->parsed, why);
    return error || side == SIGNALING_LOCAL ? error : check_transport(facts, d->type, d->parsed, why);
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
        negotiation_plan_local_offer(facts, plan);
    else
        negotiation_plan_remote_offer(facts, plan);
    if (error)
        negotiation_plan_free(plan);
    else
        *out = plan;
    return error;
}

static int make_undo(rtc_context *context, const struct negotiation_facts *facts, struct negotiation_plan **out)
{
    struct negotiation_plan *plan;
    struct negotiation_state stable;
    size_t all = facts->pending->media_count + facts->stable->media_count;
    int error = make(context, facts, all, all, &plan);
    if (error)
        return error;
    error = negotiation_state_copy(context, facts->stable, 0, &stable);
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
    size_t agreed = facts->stable->transport_count, there = facts->pending->transport_count;
    if (facts->ice.pending)
        (void)negotiation_plan_add(plan, EFFECT_NO_GENERATION, 0);
    if (there == 0)
        there = 1;
    for (size_t i = agreed; i < there; i++)
        negotiation_plan_add(plan, EFFECT_ANEW, 0)->transport = i;
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
    (void)negotiation_plan_add(plan, EFFECT_SIGNALING, 0);
    negotiation_plan_forget(plan, facts->pending);
    negotiation_plan_tell_tracks(plan, facts->pending);
    *out = plan;
    return RTC_OK;
}
