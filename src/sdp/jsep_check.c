/* SPDX-License-Identifier: MIT */
/* Whether a description may take its place in the exchange (RFC 9429 sections 5.9-5.11, RFC 8843 section 7.3.3, RFC 8842 section 5). */
#include "jsep_internal.h"

static size_t line_of(const struct session_description *d, size_t section)
{
    return d->sdp->media[section].block.lines[0].number;
}

static int check_setup(const struct jsep_section *offered, const struct jsep_section *answered, size_t line, struct sdp_error *error)
{
    if (answered->transport.setup == SETUP_ACTPASS)
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line, "an answer must choose a role: a=setup:actpass is for offers");
    if (answered->transport.setup != SETUP_NONE && answered->transport.setup == offered->transport.setup)
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line, "offer and answer take the same a=setup role");
    return 0;
}

static int check_bundle(const struct session_description *offer, const struct session_description *answer, size_t index,
                        struct sdp_error *error)
{
    const struct jsep_section *offered = &offer->sections[index], *answered = &answer->sections[index];
    if (!answered->bundle.grouped)
        return 0;
    if (!offered->bundle.grouped)
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line_of(answer, index), "the answer adds the mid \"%s\" to a BUNDLE group",
                        answered->mid);
    for (size_t i = 0; i < index; i++)
        if (answer->sections[i].bundle.grouped && answer->sections[i].bundle.group == answered->bundle.group &&
            offer->sections[i].bundle.group != offered->bundle.group)
            return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line_of(answer, index), "the answer joins two BUNDLE groups of the offer");
    return 0;
}

static int check_answered(const struct session_description *offer, const struct session_description *answer, size_t index,
                          struct sdp_error *error)
{
    const struct jsep_section *offered = &offer->sections[index], *answered = &answer->sections[index];
    size_t line = line_of(answer, index);
    if (!slice_eq(offered->media, answered->media) || offered->type != answered->type)
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line, "section %zu is of another kind than the offer's", index);
    if (strcmp(offered->mid, answered->mid) != 0 && (answered->mid[0] || answered->bundle.grouped))
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line, "section %zu has the mid \"%s\", the offer's \"%s\"", index, answered->mid,
                        offered->mid);
    if (answered->rejected)
        return 0;
    if (offered->rejected)
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line, "the answer accepts section %zu, which the offer does not offer", index);
    bool rtp = answered->type == MEDIA_AUDIO || answered->type == MEDIA_VIDEO;
    if (rtp && !answered->transport.rtcp_mux)
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line, "section %zu has no a=rtcp-mux, which is required", index);
    size_t tagged = session_description_tagged(answer, index);
    int result = check_setup(&offer->sections[tagged], &answer->sections[tagged], line, error);
    return result == 0 ? check_bundle(offer, answer, index, error) : result;
}

int jsep_check_answer(const struct session_description *offer, const struct session_description *answer, struct sdp_error *error)
{
    if (offer->section_count != answer->section_count)
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, 0, "the offer has %zu sections, the answer %zu", offer->section_count,
                        answer->section_count);
    int result = 0;
    for (size_t i = 0; result == 0 && i < offer->section_count; i++)
        result = check_answered(offer, answer, i, error);
    return result;
}

int jsep_check_offer(const struct session_description *previous, const struct session_description *ours,
                     const struct session_description *offer, struct sdp_error *error)
{
    if (!previous)
        return 0;
    if (offer->section_count < previous->section_count)
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, 0, "an offer must keep every section: there were %zu, now there are %zu",
                        previous->section_count, offer->section_count);
    for (size_t i = 0; i < previous->section_count; i++) {
        const struct jsep_section *before = &previous->sections[i], *now = &offer->sections[i];
        if (before->rejected || (ours && i < ours->section_count && ours->sections[i].rejected))
            continue; /* its place may be used again (RFC 9429 section 5.2.2) */
        if (before->type != now->type || !slice_eq(before->media, now->media))
            return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line_of(offer, i), "section %zu changed its kind", i);
        if (strcmp(before->mid, now->mid) != 0)
            return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line_of(offer, i), "section %zu changed its mid from \"%s\" to \"%s\"", i,
                            before->mid, now->mid);
    }
    return 0;
}

/* Another certificate is another sender, with numbers of its own. */
static bool same_sender(const struct jsep_section *a, const struct jsep_section *b)
{
    const struct jsep_fingerprint *x = a->transport.fingerprints, *y = b->transport.fingerprints;
    bool both = a->transport.fingerprint_count > 0 && b->transport.fingerprint_count > 0;
    return strcmp(a->mid, b->mid) == 0 && !a->rejected && !b->rejected &&
           (!both || (x->len == y->len && memcmp(x->value, y->value, x->len) == 0));
}

/* Our side has it, too: what only the peer named has no meaning for its number. */
static bool is_agreed(const struct session_description *ours, size_t section, const char *uri)
{
    for (size_t i = 0; ours && section < ours->section_count && i < ours->sections[section].rtp.extension_count; i++)
        if (strcmp(ours->sections[section].rtp.extensions[i].uri, uri) == 0)
            return true;
    return false;
}

int jsep_check_extensions(const struct session_description *previous, const struct session_description *ours,
                          const struct session_description *d, struct sdp_error *error)
{
    for (size_t i = 0; previous && i < d->section_count && i < previous->section_count; i++) {
        const struct jsep_section *before = &previous->sections[i], *now = &d->sections[i];
        for (size_t k = 0; same_sender(before, now) && k < before->rtp.extension_count; k++)
            for (size_t n = 0; n < now->rtp.extension_count; n++)
                if (before->rtp.extensions[k].id == now->rtp.extensions[n].id &&
                    strcmp(before->rtp.extensions[k].uri, now->rtp.extensions[n].uri) != 0 &&
                    is_agreed(ours, i, before->rtp.extensions[k].uri))
                    return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line_of(d, i), "section %zu gives the id %u of %s to %s", i,
                                    before->rtp.extensions[k].id, before->rtp.extensions[k].uri, now->rtp.extensions[n].uri);
    }
    return 0;
}

static bool same_track(const struct jsep_section *a, const struct jsep_section *b)
{
    bool same = a->rtp.track_id[0] && strcmp(a->rtp.track_id, b->rtp.track_id) == 0 && a->rtp.stream_count == b->rtp.stream_count;
    for (size_t i = 0; same && i < a->rtp.stream_count; i++)
        same = strcmp(a->rtp.stream_ids[i], b->rtp.stream_ids[i]) == 0;
    return same;
}

/* RFC 8830 section 2: an a=msid names one track of one section. The error is that of browsers. */
int jsep_check_tracks(const struct session_description *d, struct sdp_error *error)
{
    for (size_t i = 0; i < d->section_count; i++)
        for (size_t k = 0; k < i && !d->sections[i].rejected; k++)
            if (!d->sections[k].rejected && same_track(&d->sections[k], &d->sections[i]))
                return sdp_fail(error, RTC_ERR_OPERATION, line_of(d, i), "sections %zu and %zu have the same a=msid", k, i);
    return 0;
}
