/* SPDX-License-Identifier: MIT */
/* createAnswer (RFC 9429 section 5.3, RFC 8843 section 7.3): one section for each of the offer's. The first acceptable section decides
 * which BUNDLE group is used; what is outside of it is rejected, because this library runs one transport per connection. */
#include "context.h"
#include "jsep_write.h"
#include "memory.h"
#include "sdp_attributes.h"

struct answer {
    const struct jsep_snapshot *snapshot;
    const struct session_description *offer;
    struct jsep_plan *plans;
    const char *uris[256];             /* of the extension ids used so far */
    const struct jsep_section *first;  /* that was accepted */
    const struct jsep_section *tagged; /* the accepted one that stands first in the group */
};

static void plan_codecs(struct jsep_plan *plan, const struct jsep_section *offered)
{
    uint64_t used = 0; /* of the local codecs */
    const struct jsep_local_section *local = plan->local;
    for (size_t i = 0; i < offered->rtp.codec_count; i++) {
        const struct jsep_codec *theirs = &offered->rtp.codecs[i], *ours = jsep_codec_find(local->codecs, local->codec_count, theirs);
        if (!ours || (used >> (ours - local->codecs) & 1))
            continue;
        used |= UINT64_C(1) << (ours - local->codecs);
        struct jsep_codec *codec = &plan->codecs[plan->codec_count++];
        *codec = *ours;
        memcpy(codec->name, theirs->name, sizeof(codec->name));
        codec->payload_type = theirs->payload_type;
        if (codec->rtx_payload_type != JSEP_NO_PAYLOAD_TYPE)
            codec->rtx_payload_type = theirs->rtx_payload_type;
        jsep_codec_restrict(codec, theirs);
    }
}

/* RFC 8285: ids over 14 need the two-byte form, which needs extmap-allow-mixed; 15 is reserved; those over 4095 only ask for a number. */
static bool id_usable(const struct jsep_section *offered, uint16_t id)
{
    return id >= 1 && id <= 255 && id != 15 && (id <= 14 || offered->rtp.extmap_allow_mixed);
}

static void plan_extensions(struct answer *answer, struct jsep_plan *plan, const struct jsep_section *offered)
{
    for (size_t i = 0; i < offered->rtp.extension_count; i++) {
        const struct jsep_extension *theirs = &offered->rtp.extensions[i];
        const struct jsep_extension *ours = jsep_extension_find(plan->local->extensions, plan->local->extension_count, theirs->uri);
        rtc_rtp_direction direction = ours ? direction_and(direction_reverse(theirs->direction), ours->direction) : RTC_DIRECTION_INACTIVE;
        if (direction == RTC_DIRECTION_INACTIVE || !id_usable(offered, theirs->id))
            continue;
        /* Some peers give one id to two URIs in different sections: only the first can be understood. */
        if (answer->uris[theirs->id] && strcmp(answer->uris[theirs->id], theirs->uri) != 0)
            continue;
        answer->uris[theirs->id] = theirs->uri;
        struct jsep_extension *extension = &plan->extensions[plan->extension_count++];
        *extension = *theirs;
        extension->direction = direction;
    }
}

static bool same_transport(const struct answer *answer, const struct jsep_section *offered)
{
    const struct jsep_section *first = answer->first;
    return !first || (first->bundle.grouped && offered->bundle.grouped && first->bundle.group == offered->bundle.group);
}

static bool acceptable(const struct answer *answer, const struct jsep_plan *plan, const struct jsep_section *offered)
{
    const struct jsep_local_section *local = plan->local;
    if (!local || local->rejected || offered->rejected || offered->type == MEDIA_OTHER || local->type != offered->type ||
        !same_transport(answer, offered))
        return false;
    if (offered->type == MEDIA_APPLICATION)
        return offered->sctp.data_channel && offered->sctp.port != 0; /* RFC 8841 5.1: without a port the section is not valid */
    return offered->transport.rtcp_mux && plan->codec_count > 0;
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
static enum setup_role setup_for(const struct jsep_snapshot *snapshot, enum setup_role offered)
{
    if (offered == SETUP_ACTIVE)
        return SETUP_PASSIVE;
    if (offered == SETUP_PASSIVE)
        return SETUP_ACTIVE;
    return snapshot->setup == SETUP_PASSIVE ? SETUP_PASSIVE : SETUP_ACTIVE;
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
    if (!answer->tagged || offered->bundle.position < answer->tagged->bundle.position)
        answer->tagged = offered;
    plan->formats = offered->type == MEDIA_APPLICATION ? media->formats : (struct slice){NULL, 0};
    plan->legacy_sctp = jsep_is_legacy_sctp(media);
    plan->bundled = offered->bundle.grouped;
    plan->direction = direction_and(direction_reverse(offered->direction), plan->local->direction);
    plan->reduced_size = offered->rtp.rtcp_reduced_size;
    plan->allow_mixed = offered->rtp.extmap_allow_mixed;
    plan_extensions(answer, plan, offered);
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
static void list_mids(const struct answer *answer, struct text *mids)
{
    struct slice rest = answer->tagged && answer->tagged->bundle.grouped ? group_mids(answer->offer, answer->tagged->bundle.group)
                                                                         : (struct slice){NULL, 0};
    while (rest.len > 0) {
        struct slice mid = sdp_word(&rest);
        for (size_t i = 0; i < answer->offer->section_count; i++)
            if (answer->plans[i].bundled && slice_is(mid, answer->plans[i].mid))
                text_print(mids, " %s", answer->plans[i].mid);
    }
}

static void write_answer(const struct answer *answer, struct text *out)
{
    struct text mids = text_new(out->context);
    list_mids(answer, &mids);
    jsep_write_session(out, answer->snapshot, mids.data ? mids.data : "", false);
    for (size_t i = 0; i < answer->offer->section_count; i++)
        jsep_write_section(out, answer->snapshot, &answer->plans[i]);
    out->failed = out->failed || mids.failed;
    text_fini(&mids);
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
            answer.plans[i].setup = setup_for(snapshot, answer.tagged ? answer.tagged->transport.setup : SETUP_NONE);
        write_answer(&answer, out);
    } else {
        out->failed = true;
    }
    memory_free(context, answer.plans);
    return jsep_written(out);
}
