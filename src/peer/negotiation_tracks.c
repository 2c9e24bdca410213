/* SPDX-License-Identifier: MIT */
/* See negotiation_tracks.h. */
#include "negotiation_tracks.h"

static bool same_section(const struct agreed_media *was, const struct agreed_media *is)
{
    return was && is && strcmp(was->mid, is->mid) == 0;
}

/* The section of before is no more. */
static bool lost_section(const struct agreed_media *was, const struct agreed_media *is)
{
    return was && !same_section(was, is);
}

void negotiation_plan_forget(struct negotiation_plan *plan, const struct negotiation_state *before)
{
    for (size_t i = 0; i < plan->transceiver_count; i++) {
        struct agreed_media *is = negotiation_state_of(&plan->next, plan->transceivers[i].number);
        if (!is || !lost_section(negotiation_state_of(before, plan->transceivers[i].number), is))
            continue;
        is->stream_count = 0;
        is->track_told = false;
    }
}

static void follow_track(struct agreed_media *media, const struct jsep_section *section, bool sends)
{
    media->track_told = sends;
    media->stream_count = sends ? section->rtp.stream_count : 0;
    memcpy(media->stream_ids, section->rtp.stream_ids, sizeof media->stream_ids);
    if (!sends || section->rtp.says_msid)
        return;
    media->stream_count = 1; /* who says nothing of streams has one for everything (RFC 8830 section 4), called as browsers call it */
    text_copy(media->stream_ids[0], sizeof media->stream_ids[0], "default");
}

/* A section that the peer rejects stops its transceiver at once and for good, even if the offer that says so is taken back. A provisional
 * answer gives nothing up (RFC 9429 section 4.1.10.1). */
void negotiation_plan_follow_tracks(struct negotiation_plan *plan, const struct session_description *remote)
{
    for (size_t i = 0; i < remote->section_count; i++) {
        const struct jsep_section *section = &remote->sections[i];
        struct agreed_media *media = negotiation_is_media(section) ? negotiation_state_by_mid(&plan->next, section->mid) : NULL;
        struct transceiver_facts *t = media ? negotiation_plan_transceiver(plan, media->transceiver) : NULL;
        if (!t)
            continue;
        follow_track(media, section, !t->stopped && !section->rejected && direction_sends(section->direction));
        if (section->rejected && plan->next.remote->type != RTC_SDP_PRANSWER)
            negotiation_plan_stop(plan, t);
    }
}

void negotiation_plan_follow_answer(struct negotiation_plan *plan, const struct session_description *answer)
{
    for (size_t i = 0; i < answer->section_count; i++) {
        const struct jsep_section *section = &answer->sections[i];
        struct agreed_media *media = negotiation_is_media(section) ? negotiation_state_by_mid(&plan->next, section->mid) : NULL;
        if (!media || (!section->rejected && direction_receives(section->direction)))
            continue;
        media->stream_count = 0;
        media->track_told = false;
    }
}

/* ---- What is told ---- */

/* One transceiver before and after. What is stopped has no track any more, whatever is taken back. */
struct change {
    const struct agreed_media *was, *is; /* NULL: it had, or has, no track */
    bool same;                           /* one section */
};

static struct change change_of(const struct negotiation_plan *plan, const struct negotiation_state *before, uint32_t transceiver)
{
    const struct transceiver_facts *t = negotiation_plan_transceiver(plan, transceiver);
    const struct agreed_media *was = negotiation_state_of(before, transceiver), *is = negotiation_state_of(&plan->next, transceiver);
    bool same = same_section(was, is);
    return (struct change){
        .was = was && was->track_told ? was : NULL,
        .is = t && !t->stopped && is && is->mid[0] && is->track_told ? is : NULL,
        .same = same,
    };
}

static bool knows_stream(const struct agreed_media *media, const char *id)
{
    for (size_t i = 0; i < media->stream_count; i++)
        if (strcmp(media->stream_ids[i], id) == 0)
            return true;
    return false;
}

/* `of` has one that `in` has not. */
static bool has_more(const struct agreed_media *of, const struct agreed_media *in)
{
    for (size_t i = 0; of && i < of->stream_count; i++)
        if (!in || !knows_stream(in, of->stream_ids[i]))
            return true;
    return false;
}

static void tell_removed(struct negotiation_plan *plan, const struct negotiation_state *before)
{
    for (size_t i = 0; i < before->media_count; i++) {
        struct change c = change_of(plan, before, before->media[i].transceiver);
        if (c.was && !(c.is && c.same))
            (void)negotiation_plan_add(plan, EFFECT_TRACK_REMOVED, before->media[i].transceiver);
    }
}

static bool streams_change(const struct negotiation_plan *plan, const struct negotiation_state *before)
{
    for (size_t i = 0; i < plan->transceiver_count; i++) {
        struct change c = change_of(plan, before, plan->transceivers[i].number);
        if (has_more(c.was, c.is) || has_more(c.is, c.was))
            return true;
    }
    return false;
}

/* In the order of the sections. A track is told again when it comes into one more stream. */
static void tell_added(struct negotiation_plan *plan, const struct negotiation_state *before)
{
    for (size_t i = 0; i < plan->next.media_count; i++) {
        struct change c = change_of(plan, before, plan->next.media[i].transceiver);
        if (c.is && (!c.was || !c.same || has_more(c.is, c.was)))
            (void)negotiation_plan_add(plan, EFFECT_TRACK_ADDED, c.is->transceiver);
    }
}

/* RFC 9429 section 5.7 says so of rollback: a transceiver that lost its section goes, unless addTrack made it the application's. */
static void remove_undone(struct negotiation_plan *plan, const struct negotiation_state *before)
{
    for (size_t i = 0; i < plan->transceiver_count; i++) {
        const struct transceiver_facts *t = &plan->transceivers[i];
        const struct agreed_media *is = negotiation_state_of(&plan->next, t->number);
        if (lost_section(negotiation_state_of(before, t->number), is) && (!is || !is->mid[0]) && t->owner == TRANSCEIVER_OF_OFFER)
            (void)negotiation_plan_add(plan, EFFECT_REMOVE, t->number);
    }
}

void negotiation_plan_tell_tracks(struct negotiation_plan *plan, const struct negotiation_state *before)
{
    tell_removed(plan, before);
    if (streams_change(plan, before))
        (void)negotiation_plan_add(plan, EFFECT_STREAMS, 0);
    tell_added(plan, before);
    remove_undone(plan, before);
}
