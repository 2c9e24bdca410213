/* SPDX-License-Identifier: MIT */
/* createOffer (RFC 9429 section 5.2): every section in a BUNDLE group. What was negotiated before keeps its place, mid and numbers;
 * sections that are gone stay as rejected ones. */
#include "context.h"
#include "jsep_numbers.h"
#include "jsep_write.h"
#include "memory.h"

/* An offer in the making. On the stack; it owns the plans and the numbers. */
struct offer {
    const struct jsep_snapshot *snapshot;
    struct jsep_plan *plans;      /* one for each section */
    struct jsep_numbers *numbers; /* of the group whose sections are planned */
};

static const struct jsep_section *previous_of(const struct session_description *d, size_t index, const struct jsep_local_section *s)
{
    if (!d || index >= d->section_count || d->sections[index].type != s->type || strcmp(d->sections[index].mid, s->mid) != 0)
        return NULL;
    return &d->sections[index];
}

/* A section whose both sides agreed to share the group's transport may keep a port of its own in later offers (RFC 8843 section 7.2.2). */
static bool was_bundled(const struct jsep_snapshot *snapshot, size_t index, const struct jsep_local_section *s)
{
    const struct jsep_section *local = previous_of(snapshot->previous_local, index, s),
                              *remote = previous_of(snapshot->previous_remote, index, s);
    return local && remote && local->bundle.grouped && remote->bundle.grouped && !local->rejected && !remote->rejected;
}

/* A rejected section keeps the formats that it had: their numbers are not free for others while it may be recycled (RFC 3264 section 8.2).
 */
static void keep_codecs(struct jsep_plan *plan, const struct jsep_section *previous)
{
    plan->codec_count = previous->rtp.codec_count;
    memcpy(plan->codecs, previous->rtp.codecs, plan->codec_count * sizeof plan->codecs[0]);
}

static void plan_media_line(struct jsep_plan *plan, const struct jsep_snapshot *snapshot, size_t index)
{
    static const char *const names[] = {"", "audio", "video", "application", "text"};
    bool application = plan->type == MEDIA_APPLICATION;
    plan->media = slice_str(names[plan->type]);
    plan->protocol = slice_str(application ? "UDP/DTLS/SCTP" : "UDP/TLS/RTP/SAVPF");
    plan->formats = slice_str(application ? "webrtc-datachannel" : "");
    const struct jsep_section *previous = previous_of(snapshot->previous_local, index, plan->local);
    if (previous && plan->rejected && !application)
        keep_codecs(plan, previous);
    if (!previous || !(application || plan->type == MEDIA_OTHER))
        return;
    const struct sdp_media *media = &snapshot->previous_local->sdp->media[index];
    plan->media = media->media;
    plan->protocol = media->protocol;
    plan->formats = media->formats;
    plan->legacy_sctp = application && jsep_is_legacy_sctp(media);
}

/* It needs what it wraps. A section that the peer offered without it stays so: its parameters name a number, and sections of a group may
 * have several for one codec, while they share what is behind a number (RFC 8843 section 9.1). */
static bool may_wrap(const struct jsep_plan *plan, const struct jsep_codec *codec, const struct jsep_section *previous)
{
    return jsep_codec_wrapped(plan->local->codecs, plan->local->codec_count) &&
           (!previous || jsep_codec_find(previous->rtp.codecs, previous->rtp.codec_count, codec));
}

/* Named where nothing is sent, where the application wants it, and where it was before. */
static bool is_wanted(const struct jsep_plan *plan, const struct jsep_codec *codec, const struct jsep_section *previous)
{
    if (jsep_codec_is_redundancy(codec) && !may_wrap(plan, codec, previous))
        return false;
    if (!direction_sends(plan->direction))
        return true;
    return !codec->receive_only && (!codec->on_request || plan->local->prefers ||
                                    (previous && jsep_codec_find(previous->rtp.codecs, previous->rtp.codec_count, codec)));
}

/* Feedback by RFC 8888 stays where it was agreed upon, in place of transport-wide feedback. Who wants it most offers both at all times. */
static void plan_feedback(struct jsep_codec *codec, const struct jsep_section *previous)
{
    const struct jsep_codec *before = previous ? jsep_codec_find(previous->rtp.codecs, previous->rtp.codec_count, codec) : NULL;
    codec->ccfb = codec->ccfb && (codec->ccfb_first || (before && before->ccfb));
    codec->transport_cc = codec->transport_cc && (codec->ccfb_first || !codec->ccfb);
}

static void plan_codecs(struct offer *offer, struct jsep_plan *plan, size_t index)
{
    const struct jsep_section *previous = previous_of(offer->snapshot->previous_local, index, plan->local);
    for (size_t i = 0; i < plan->local->codec_count; i++) {
        struct jsep_codec *codec = &plan->codecs[plan->codec_count];
        *codec = plan->local->codecs[i];
        if (!is_wanted(plan, codec, previous))
            continue;
        plan_feedback(codec, previous);
        if (!jsep_codec_find(plan->codecs, plan->codec_count, codec) && jsep_numbers_codec(offer->numbers, previous, codec))
            plan->codec_count++;
    }
    for (size_t i = 0; i < plan->local->extension_count; i++) {
        struct jsep_extension *extension = &plan->extensions[plan->extension_count];
        *extension = plan->local->extensions[i];
        if (!jsep_extension_find(plan->extensions, plan->extension_count, extension->uri) &&
            jsep_numbers_extension(offer->numbers, previous, extension))
            plan->extension_count++;
    }
}

static void plan_section(struct offer *offer, size_t index, bool first)
{
    const struct jsep_local_section *local = &offer->snapshot->sections[index];
    struct jsep_plan *plan = &offer->plans[index];
    *plan = (struct jsep_plan){
        .local = local, .type = local->type, .mid = local->mid, .rejected = local->rejected, .direction = local->direction};
    plan_media_line(plan, offer->snapshot, index);
    if (plan->rejected)
        return;
    plan->bundled = local->mid[0] != 0;
    plan->bundle_only = local->bundle_only && plan->bundled && !first && !was_bundled(offer->snapshot, index, local);
    plan->setup = SETUP_ACTPASS;
    plan->reduced_size = plan->reference_times = true;
    const struct jsep_section *previous = previous_of(offer->snapshot->previous_local, index, local);
    if (direction_sends(local->direction))
        plan->send_rids = local->send_rids;
    if (previous && direction_receives(local->direction)) /* what is received stays so; only the sender names new ones */
        plan->recv_rids = *previous->rtp.recv_rids;
}

static int check_sections(const struct jsep_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->section_count; i++) {
        const struct jsep_local_section *s = &snapshot->sections[i];
        if (s->type < MEDIA_AUDIO || s->type > MEDIA_OTHER || (s->type == MEDIA_OTHER && !s->rejected))
            return RTC_ERR_TYPE;
        for (size_t k = 0; k < i && s->mid[0]; k++)
            if (strcmp(s->mid, snapshot->sections[k].mid) == 0)
                return RTC_ERR_TYPE;
    }
    return jsep_check_snapshot(snapshot);
}

static bool begins_group(const struct offer *offer, size_t index)
{
    bool begins = offer->plans[index].bundled;
    for (size_t i = 0; i < index; i++)
        begins = begins && !(offer->plans[i].bundled && offer->plans[i].local->group == offer->plans[index].local->group);
    return begins;
}

/* The group of this section, which is the first of it. */
static void write_group(const struct offer *offer, size_t first, struct text *groups)
{
    struct text mids = text_new(groups->context);
    for (size_t i = first; i < offer->snapshot->section_count; i++)
        if (offer->plans[i].bundled && offer->plans[i].local->group == offer->plans[first].local->group)
            text_print(&mids, " %s", offer->plans[i].mid);
    jsep_write_group(groups, &mids);
    groups->failed = groups->failed || mids.failed;
    text_fini(&mids);
}

static void write_offer(const struct offer *offer, struct text *groups, struct text *out)
{
    size_t count = offer->snapshot->section_count;
    for (size_t i = 0; i < count; i++)
        if (begins_group(offer, i))
            write_group(offer, i, groups);
    jsep_write_session(out, offer->snapshot, groups, true);
    for (size_t i = 0; i < count; i++)
        jsep_write_section(out, offer->snapshot, &offer->plans[i]);
    out->failed = out->failed || groups->failed;
}

/* Both are in one group, or it is the same section. */
static bool share_numbers(const struct offer *offer, size_t a, size_t b)
{
    const struct jsep_plan *x = &offer->plans[a], *y = &offer->plans[b];
    return a == b || (x->bundled && y->bundled && x->local->group == y->local->group);
}

/* Notes what the sections that share the numbers of this one had before; or what those had that are rejected now. */
static void note_sections(struct offer *offer, const struct session_description *d, size_t first, bool rejected, bool foreign)
{
    for (size_t i = 0; d && i < d->section_count && i < offer->snapshot->section_count; i++)
        if (rejected ? offer->plans[i].rejected : share_numbers(offer, first, i))
            jsep_numbers_note(offer->numbers, &d->sections[i], foreign);
}

/* The numbers of one group. Those of sections that go are not given to others while there are any else. */
static void plan_numbers(struct offer *offer, size_t first)
{
    const struct jsep_snapshot *snapshot = offer->snapshot;
    memset(offer->numbers, 0, sizeof *offer->numbers);
    for (int rejected = 0; rejected < 2; rejected++) {
        note_sections(offer, snapshot->previous_local, first, rejected, false);
        note_sections(offer, snapshot->previous_remote, first, rejected, true);
    }
    for (size_t i = first; i < snapshot->section_count; i++)
        if (share_numbers(offer, first, i))
            plan_codecs(offer, &offer->plans[i], i);
}

static bool begins_numbers(const struct offer *offer, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (share_numbers(offer, i, index))
            return false;
    return !offer->plans[index].rejected;
}

static void plan_offer(struct offer *offer)
{
    bool first = true;
    for (size_t i = 0; i < offer->snapshot->section_count; i++) {
        plan_section(offer, i, first);
        first = first && offer->plans[i].rejected;
    }
    for (size_t i = 0; i < offer->snapshot->section_count; i++)
        if (begins_numbers(offer, i))
            plan_numbers(offer, i);
}

int jsep_create_offer(rtc_context *context, const struct jsep_snapshot *snapshot, struct text *out)
{
    context = context_resolve(context);
    int result = check_sections(snapshot);
    if (result != 0 || !context)
        return result != 0 ? result : RTC_ERR_NO_MEMORY;
    struct offer offer = {snapshot, memory_zeroed(context, (snapshot->section_count + 1) * sizeof(struct jsep_plan)),
                          memory_zeroed(context, sizeof(struct jsep_numbers))};
    struct text groups = text_new(context);
    if (offer.plans && offer.numbers) {
        plan_offer(&offer);
        write_offer(&offer, &groups, out);
    } else {
        out->failed = true;
    }
    text_fini(&groups);
    memory_free(context, offer.numbers);
    memory_free(context, offer.plans);
    return jsep_written(out);
}
