/* SPDX-License-Identifier: MIT */
/* Planning of offers (RFC 9429 sections 5.9 and 5.10): which transceiver has which section, and remote tracks that appear and
 * vanish. An offer in place of another takes back what only that one said. */
#include "negotiation_offer.h"

#include "negotiation_carriers.h"
#include "negotiation_tracks.h"

static rtc_media_kind kind_of(const struct jsep_section *section)
{
    return section->type == MEDIA_AUDIO ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO;
}

static bool has_section(const struct negotiation_plan *plan, const struct transceiver_facts *t)
{
    const struct agreed_media *media = negotiation_state_of(&plan->next, t->number);
    return media && media->mid[0];
}

/* The oldest transceiver of this kind that has no section yet. */
static struct transceiver_facts *unassociated(struct negotiation_plan *plan, rtc_media_kind kind, bool only_add_track)
{
    for (size_t i = 0; i < plan->transceiver_count; i++) {
        struct transceiver_facts *t = &plan->transceivers[i];
        if (!t->stopping && t->kind == kind && (t->owner == TRANSCEIVER_OF_TRACK || !only_add_track) && !has_section(plan, t))
            return t;
    }
    return NULL;
}

/* The one that the offer was created with for this section (RFC 9429 section 5.9), even if it was told to stop since. */
static struct transceiver_facts *offered(struct negotiation_plan *plan, rtc_media_kind kind, const char *mid)
{
    for (size_t i = 0; i < plan->transceiver_count; i++) {
        struct transceiver_facts *t = &plan->transceivers[i];
        if (!t->stopped && t->kind == kind && t->offered_mid && strcmp(t->offered_mid, mid) == 0 && !has_section(plan, t))
            return t;
    }
    return unassociated(plan, kind, false);
}

/* The entry of a transceiver that lost its section in this plan is used again. */
static void associate(struct negotiation_plan *plan, uint32_t transceiver, const char *mid)
{
    struct agreed_media *media = negotiation_state_of(&plan->next, transceiver);
    if (!media) {
        media = &plan->next.media[plan->next.media_count++];
        *media = (struct agreed_media){.transceiver = transceiver};
    }
    text_copy(media->mid, sizeof media->mid, mid);
    (void)negotiation_plan_add(plan, EFFECT_ASSOCIATE, transceiver);
}

/* ---- A local offer ---- */

int negotiation_plan_local_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan)
{
    const struct session_description *offer = plan->next.local->parsed;
    int error = negotiation_carry_local_offer(facts, plan);
    if (error)
        return error;
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct jsep_section *section = &offer->sections[i];
        if (!negotiation_is_media(section) || section->rejected || negotiation_state_by_mid(&plan->next, section->mid))
            continue;
        const struct transceiver_facts *t = offered(plan, kind_of(section), section->mid);
        if (t)
            associate(plan, t->number, section->mid);
    }
    negotiation_carry_roles(facts, plan, true);
    (void)negotiation_plan_add(plan, EFFECT_SIGNALING, 0);
    negotiation_carry_gather(plan);
    return RTC_OK;
}

/* ---- A remote offer ---- */

static bool speaks_of(const struct session_description *d, const struct agreed_media *media, rtc_media_kind kind)
{
    int i = session_description_find(d, media->mid);
    return i >= 0 && !d->sections[i].rejected && negotiation_is_media(&d->sections[i]) && kind_of(&d->sections[i]) == kind;
}

/* What only the replaced offer said has no section any more. */
static void let_go(const struct negotiation_facts *facts, struct negotiation_plan *plan, const struct session_description *offer)
{
    const struct session_description *agreed = description_says(facts->stable->local);
    for (size_t i = 0; i < plan->transceiver_count; i++) {
        const struct transceiver_facts *t = &plan->transceivers[i];
        struct agreed_media *media = negotiation_state_of(&plan->next, t->number);
        if (!media || t->stopped || speaks_of(offer, media, t->kind) || (agreed && session_description_find(agreed, media->mid) >= 0))
            continue;
        media->mid[0] = 0;
        (void)negotiation_plan_add(plan, EFFECT_LET_GO, t->number);
    }
}

static uint32_t create(const struct negotiation_facts *facts, struct negotiation_plan *plan, rtc_media_kind kind)
{
    struct transceiver_facts *t = &plan->transceivers[plan->transceiver_count];
    uint32_t number = facts->next_number + (uint32_t)(plan->transceiver_count++ - facts->transceiver_count);
    *t = (struct transceiver_facts){.number = number, .kind = kind, .owner = TRANSCEIVER_OF_OFFER, .encoding_count = 1};
    negotiation_plan_add(plan, EFFECT_CREATE, number)->kind = kind;
    return number;
}

/* Transceivers are found or made for the offer's sections. */
static void take_sections(const struct negotiation_facts *facts, struct negotiation_plan *plan, const struct session_description *offer)
{
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct jsep_section *section = &offer->sections[i];
        if (!negotiation_is_media(section) || section->rejected || negotiation_state_by_mid(&plan->next, section->mid))
            continue;
        const struct transceiver_facts *t = direction_receives(section->direction) ? unassociated(plan, kind_of(section), true) : NULL;
        associate(plan, t ? t->number : create(facts, plan, kind_of(section)), section->mid);
    }
}

void negotiation_plan_sweep(struct negotiation_state *state)
{
    size_t kept = 0;
    for (size_t i = 0; i < state->media_count; i++)
        if (state->media[i].mid[0]) {
            if (kept != i)
                state->media[kept] = state->media[i];
            kept++;
        }
    state->media_count = kept;
}

/* webrtc-pc 4.4.1.5: whose only encoding has no name gets those that the offer wants to receive (RFC 8853), and whoever had such of the
 * offer in whose place this one comes has its own again. */
static void plan_encodings(struct negotiation_plan *plan, const struct session_description *offer)
{
    for (size_t i = 0; i < plan->transceiver_count; i++) {
        const struct transceiver_facts *t = &plan->transceivers[i];
        const struct agreed_media *media = negotiation_state_of(&plan->next, t->number);
        int section = media ? session_description_find(offer, media->mid) : -1;
        bool alone = t->widened || (t->encoding_count == 1 && !t->encodings[0].rid[0]);
        bool wanted =
            section >= 0 && alone && t->kind == RTC_MEDIA_VIDEO && !t->stopping && offer->sections[section].rtp.recv_rids->count > 1;
        if (!wanted && !t->widened)
            continue;
        struct effect *e = negotiation_plan_add(plan, EFFECT_ENCODINGS, t->number);
        e->section = wanted ? (size_t)section : 0;
        e->flag = wanted;
    }
}

int negotiation_plan_remote_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan, struct sdp_error *why)
{
    const struct session_description *offer = plan->next.remote->parsed;
    let_go(facts, plan, offer);
    take_sections(facts, plan, offer);
    negotiation_plan_forget(plan, negotiation_facts_now(facts));
    negotiation_plan_sweep(&plan->next);
    plan_encodings(plan, offer);
    int error = negotiation_carry_remote_offer(facts, plan, why);
    if (error)
        return error;
    negotiation_carry_roles(facts, plan, false);
    (void)negotiation_plan_add(plan, EFFECT_SIGNALING, 0);
    negotiation_plan_follow_tracks(plan, offer);
    negotiation_plan_tell_tracks(plan, negotiation_facts_now(facts));
    (void)negotiation_plan_add(plan, EFFECT_MISMATCHES, 0);
    return RTC_OK;
}
