/* SPDX-License-Identifier: MIT */
/* createAnswer (RFC 9429 section 5.3, RFC 8843 section 7.3): one section for each of the offer's. The groups are
 * the offer's, without what is rejected. */
#include "context.h"
#include "jsep_write.h"
#include "memory.h"
#include "sdp_attributes.h"

/* An answer in the making. On the stack; it owns the plans, all else is borrowed. */
struct answer {
    const struct jsep_snapshot *snapshot;
    const struct session_description *offer;
    struct jsep_plan *plans;
    const struct jsep_section *first; /* that was accepted */
};

/* RFC 9429 section 5.3.1: what the application prefers comes first. There are few: by insertion. */
static void sort_by_preference(struct jsep_plan *plan, const struct jsep_local_section *local)
{
    for (size_t i = 1; i < plan->codec_count; i++)
        for (size_t k = i; k > 0; k--) {
            struct jsep_codec *a = &plan->codecs[k - 1], *b = &plan->codecs[k], other = *a;
            if (jsep_codec_find(local->codecs, local->codec_count, a) <= jsep_codec_find(local->codecs, local->codec_count, b))
                break;
            *a = *b;
            *b = other;
        }
}

/* Whether what would stand in blocks is agreed upon. */
static bool wraps(const struct jsep_section *offered, const struct jsep_local_section *local)
{
    return jsep_codec_wrapped(offered->rtp.codecs, offered->rtp.codec_count) && jsep_codec_wrapped(local->codecs, local->codec_count);
}

static void plan_codecs(struct jsep_plan *plan, const struct jsep_section *offered)
{
    uint64_t used = 0; /* of the local codecs */
    const struct jsep_local_section *local = plan->local;
    bool sends = direction_sends(direction_and(direction_reverse(offered->direction), local->direction));
    for (size_t i = 0; i < offered->rtp.codec_count; i++) {
        const struct jsep_codec *theirs = &offered->rtp.codecs[i], *ours = jsep_codec_find(local->codecs, local->codec_count, theirs);
        if (!ours || (used >> (ours - local->codecs) & 1) || (sends && ours->receive_only) ||
            (jsep_codec_is_redundancy(ours) && !wraps(offered, local)))
            continue;
        used |= UINT64_C(1) << (ours - local->codecs);
        struct jsep_codec *codec = &plan->codecs[plan->codec_count++];
        *codec = *ours;
        memcpy(codec->name, theirs->name, sizeof(codec->name));
        codec->payload_type = theirs->payload_type;
        if (codec->rtx_payload_type != JSEP_NO_PAYLOAD_TYPE)
            codec->rtx_payload_type = theirs->rtx_payload_type;
        jsep_codec_restrict(codec, theirs);
        jsep_codec_answer(codec, theirs);
    }
    if (local->prefers)
        sort_by_preference(plan, local);
}

/* RFC 8285: ids over 14 need the two-byte form, which without extmap-allow-mixed all packets are in; 15 is reserved; those over 4095 only
 * ask for a number. */
static bool id_usable(uint16_t id)
{
    return id >= 1 && id <= 255 && id != 15;
}

static bool same_group(const struct jsep_section *a, const struct jsep_section *b)
{
    return a == b || (a->bundle.grouped && b->bundle.grouped && a->bundle.group == b->bundle.group);
}

/* Some peers give one id to two URIs in different sections of a group: only the first can be understood. */
static bool id_is_others(const struct answer *answer, size_t index, const struct jsep_extension *theirs)
{
    for (size_t i = 0; i <= index; i++)
        for (size_t k = 0; same_group(&answer->offer->sections[i], &answer->offer->sections[index]) && k < answer->plans[i].extension_count;
             k++)
            if (answer->plans[i].extensions[k].id == theirs->id && strcmp(answer->plans[i].extensions[k].uri, theirs->uri) != 0)
                return true;
    return false;
}

static void plan_extensions(const struct answer *answer, size_t index)
{
    const struct jsep_section *offered = &answer->offer->sections[index];
    struct jsep_plan *plan = &answer->plans[index];
    for (size_t i = 0; i < offered->rtp.extension_count; i++) {
        const struct jsep_extension *theirs = &offered->rtp.extensions[i];
        const struct jsep_extension *ours = jsep_extension_find(plan->local->extensions, plan->local->extension_count, theirs->uri);
        rtc_rtp_direction direction = ours ? direction_and(direction_reverse(theirs->direction), ours->direction) : RTC_DIRECTION_INACTIVE;
        if (direction == RTC_DIRECTION_INACTIVE || !id_usable(theirs->id) || id_is_others(answer, index, theirs))
            continue;
        struct jsep_extension *extension = &plan->extensions[plan->extension_count++];
        *extension = *theirs;
        extension->direction = direction;
    }
}

/* RFC 8853 section 5.3.2: of the offer's streams those that we know; the order of what we send is ours. The streams need their names in
 * packets (RFC 8852). */
static void plan_rids(struct jsep_plan *plan, const struct jsep_section *offered)
{
    const struct jsep_local_section *local = plan->local;
    if (!jsep_extension_find(plan->extensions, plan->extension_count, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"))
        return;
    for (size_t i = 0; direction_sends(plan->direction) && i < local->send_rids.count; i++) {
        const struct jsep_rid *wanted = jsep_rids_find(offered->rtp.recv_rids, local->send_rids.all[i].id);
        if (wanted)
            plan->send_rids.all[plan->send_rids.count++] = *wanted;
    }
    if (local->takes_rids && direction_receives(plan->direction))
        plan->recv_rids = *offered->rtp.send_rids;
}

/* RFC 9429 section 5.3.1: with max-bundle there is one transport. */
static bool may_be_carried(const struct answer *answer, const struct jsep_section *offered)
{
    return !answer->snapshot->one_transport || !answer->first || same_group(answer->first, offered);
}

/* Tones alone, or repairs, carry no media. */
static bool carries_media(const struct jsep_plan *plan)
{
    for (size_t i = 0; i < plan->codec_count; i++)
        if (!jsep_codec_is_auxiliary(&plan->codecs[i]))
            return true;
    return false;
}

static bool acceptable(const struct answer *answer, const struct jsep_plan *plan, const struct jsep_section *offered)
{
    const struct jsep_local_section *local = plan->local;
    if (!local || local->rejected || offered->rejected || offered->type == MEDIA_OTHER || local->type != offered->type ||
        !may_be_carried(answer, offered))
        return false;
    if (offered->type == MEDIA_APPLICATION)
        return offered->sctp.data_channel && offered->sctp.port != 0; /* RFC 8841 5.1: without a port the section is not valid */
    return offered->transport.rtcp_mux && carries_media(plan);
}

static void plan_rejection(struct jsep_plan *plan, const struct jsep_section *offered, struct slice formats)
{
    plan->rejected = true;
    plan->extension_count = 0;
    plan->codec_count = 0;
    plan->formats = sdp_word(&formats);
    if (offered->rtp.codec_count == 0)
        return;
    plan->formats = (struct slice){NULL, 0};
    plan->codecs[plan->codec_count++] = (struct jsep_codec){.payload_type = offered->rtp.codecs[0].payload_type,
                                                            .rtx_payload_type = JSEP_NO_PAYLOAD_TYPE,
                                                            .clock_rate = offered->rtp.codecs[0].clock_rate,
                                                            .channels = offered->rtp.codecs[0].channels};
    memcpy(plan->codecs[0].name, offered->rtp.codecs[0].name, sizeof(plan->codecs[0].name));
}

/* RFC 8842 section 5.3, RFC 4145 section 4.1: what the offer leaves us. */
static enum setup_role setup_for(enum setup_role ours, enum setup_role offered)
{
    if (offered == SETUP_ACTIVE)
        return SETUP_PASSIVE;
    if (offered == SETUP_PASSIVE)
        return SETUP_ACTIVE;
    return ours == SETUP_PASSIVE ? SETUP_PASSIVE : SETUP_ACTIVE;
}

/* The accepted section that stands first in the group of this one; itself when it is in none. */
static const struct jsep_section *tagged_of(const struct answer *answer, size_t index)
{
    const struct jsep_section *offered = &answer->offer->sections[index], *best = NULL;
    for (size_t i = 0; i < answer->offer->section_count; i++) {
        const struct jsep_section *other = &answer->offer->sections[i];
        if (!answer->plans[i].rejected && same_group(other, offered) && (!best || other->bundle.position < best->bundle.position))
            best = other;
    }
    return best ? best : offered;
}

static void plan_section(struct answer *answer, size_t index)
{
    const struct jsep_section *offered = &answer->offer->sections[index];
    const struct sdp_media *media = &answer->offer->sdp->media[index];
    struct jsep_plan *plan = &answer->plans[index];
    plan->local = index < answer->snapshot->section_count ? &answer->snapshot->sections[index] : NULL;
    plan->type = offered->type;
    plan->media = media->media;
    plan->protocol = media->protocol;
    plan->mid = offered->mid;
    if (plan->local && offered->type != MEDIA_APPLICATION)
        plan_codecs(plan, offered);
    if (!acceptable(answer, plan, offered)) {
        plan_rejection(plan, offered, media->formats);
        return;
    }
    if (!answer->first)
        answer->first = offered;
    plan->formats = offered->type == MEDIA_APPLICATION ? media->formats : (struct slice){NULL, 0};
    plan->legacy_sctp = jsep_is_legacy_sctp(media);
    plan->bundled = offered->bundle.grouped;
    plan->direction = direction_and(direction_reverse(offered->direction), plan->local->direction);
    plan->reduced_size = offered->rtp.rtcp_reduced_size;
    plan->reference_times = offered->rtp.rtcp_reference_times;
    plan->allow_mixed = offered->rtp.extmap_allow_mixed;
    plan_extensions(answer, index);
    plan_rids(plan, offered);
}

/* The words of the offer's BUNDLE group number `group`. */
static struct slice group_mids(const struct session_description *offer, size_t group)
{
    const struct sdp_line *line;
    size_t cursor = 0, seen = 0;
    while ((line = sdp_next_attribute(&offer->sdp->session, "group", &cursor)) != NULL) {
        struct sdp_group read;
        if (sdp_read_group(line->value, &read) && slice_is(read.semantics, "BUNDLE") && seen++ == group)
            return read.mids;
    }
    return (struct slice){NULL, 0};
}

/* In the offer's order, so that the first accepted one is the tagged section of both. */
static void write_group(const struct answer *answer, size_t group, struct text *groups)
{
    struct text mids = text_new(groups->context);
    struct slice rest = group_mids(answer->offer, group);
    while (rest.len > 0) {
        struct slice mid = sdp_word(&rest);
        for (size_t i = 0; i < answer->offer->section_count; i++)
            if (answer->plans[i].bundled && slice_is(mid, answer->plans[i].mid))
                text_print(&mids, " %s", answer->plans[i].mid);
    }
    jsep_write_group(groups, &mids);
    groups->failed = groups->failed || mids.failed;
    text_fini(&mids);
}

static size_t count_groups(const struct session_description *offer)
{
    size_t count = 0;
    for (size_t i = 0; i < offer->section_count; i++)
        if (offer->sections[i].bundle.grouped && offer->sections[i].bundle.group >= count)
            count = offer->sections[i].bundle.group + 1;
    return count;
}

/* What rejected sections repeat. */
static const struct jsep_local_transport *first_transport(const struct answer *answer)
{
    size_t i = 0;
    while (i < answer->offer->section_count && answer->plans[i].rejected)
        i++;
    return jsep_transport_of(answer->snapshot, i < answer->offer->section_count ? answer->plans[i].local : NULL);
}

static void write_answer(const struct answer *answer, struct text *out)
{
    struct text groups = text_new(out->context);
    size_t count = count_groups(answer->offer);
    for (size_t i = 0; i < count; i++)
        write_group(answer, i, &groups);
    jsep_write_session(out, answer->snapshot, &groups, false);
    struct jsep_snapshot snapshot = *answer->snapshot;
    snapshot.transport = *first_transport(answer);
    for (size_t i = 0; i < answer->offer->section_count; i++)
        jsep_write_section(out, &snapshot, &answer->plans[i]);
    out->failed = out->failed || groups.failed;
    text_fini(&groups);
}

static void plan_transport(const struct answer *answer, size_t index)
{
    const struct jsep_transport *offered = &tagged_of(answer, index)->transport;
    struct jsep_plan *plan = &answer->plans[index];
    plan->setup = setup_for(jsep_transport_of(answer->snapshot, plan->local)->setup, offered->setup);
    plan->no_tls_id = offered->tls_id.len == 0; /* RFC 8842 section 5.3: who does not offer one knows of none */
}

int jsep_create_answer(rtc_context *context, const struct jsep_snapshot *snapshot, const struct session_description *offer,
                       struct text *out)
{
    context = context_resolve(context);
    int result = jsep_check_snapshot(snapshot);
    if (result != 0 || !context)
        return result != 0 ? result : RTC_ERR_NO_MEMORY;
    struct answer answer = {.snapshot = snapshot, .offer = offer};
    answer.plans = memory_zeroed(context, (offer->section_count + 1) * sizeof(*answer.plans));
    if (answer.plans) {
        for (size_t i = 0; i < offer->section_count; i++)
            plan_section(&answer, i);
        for (size_t i = 0; i < offer->section_count; i++)
            plan_transport(&answer, i);
        write_answer(&answer, out);
    } else {
        out->failed = true;
    }
    memory_free(context, answer.plans);
    return jsep_written(out);
}
