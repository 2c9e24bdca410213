/* SPDX-License-Identifier: MIT */
/* Text to a session description (RFC 9429 section 5.8): sections, BUNDLE groups (RFC 8843 sections 7 and 8), and the rules that make a
 * well-formed description usable. */
#include "context.h"
#include "jsep_internal.h"
#include "memory.h"
#include "sdp_attributes.h"
#include "text.h"

#include <stdio.h>

static size_t line_of(const struct session_description *d, size_t section)
{
    return d->sdp->media[section].block.lines[0].number;
}

static int find_mid(const struct session_description *d, struct slice mid)
{
    for (size_t i = 0; mid.len > 0 && i < d->section_count; i++)
        if (slice_is(mid, d->sections[i].mid))
            return (int)i;
    return -1;
}

int session_description_find(const struct session_description *d, const char *mid)
{
    return find_mid(d, slice_str(mid));
}

bool session_description_trickles(const struct session_description *d)
{
    const struct sdp_line *line = sdp_attribute(&d->sdp->session, "ice-options");
    bool trickles = line && sdp_ice_options_has(line->value, "trickle");
    for (size_t i = 0; i < d->section_count; i++)
        trickles = trickles || d->sections[i].transport.ice_trickle;
    return trickles;
}

size_t session_description_tagged(const struct session_description *d, size_t index)
{
    const struct jsep_section *section = &d->sections[index];
    size_t best = index;
    for (size_t i = 0; section->bundle.grouped && i < d->section_count; i++) {
        const struct jsep_section *other = &d->sections[i];
        if (other->bundle.grouped && !other->rejected && other->bundle.group == section->bundle.group &&
            (d->sections[best].rejected || other->bundle.position < d->sections[best].bundle.position))
            best = i;
    }
    return best;
}

static int check_mids(const struct session_description *d, struct sdp_error *error)
{
    for (size_t i = 0; i < d->section_count; i++)
        if (d->sections[i].mid[0] && session_description_find(d, d->sections[i].mid) != (int)i)
            return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line_of(d, i), "two sections have the mid \"%s\"", d->sections[i].mid);
    return 0;
}

void session_description_give_mids(struct session_description *offer)
{
    for (size_t i = 0; i < offer->section_count; i++) {
        char mid[JSEP_ID_MAX];
        size_t number = i;
        if (offer->sections[i].mid[0])
            continue;
        do {
            snprintf(mid, sizeof mid, "%zu", number);
            number += offer->section_count;
        } while (session_description_find(offer, mid) >= 0);
        text_copy(offer->sections[i].mid, sizeof offer->sections[i].mid, mid);
    }
}

/* Transport attributes need to stand in one section of a group only (RFC 8843 section 7.1.3): the others take them from it. */
static void inherit(struct jsep_section *s, const struct jsep_section *tagged)
{
    if (s->transport.ice_ufrag.len == 0 && s->transport.ice_pwd.len == 0) {
        s->transport.ice_ufrag = tagged->transport.ice_ufrag;
        s->transport.ice_pwd = tagged->transport.ice_pwd;
    }
    if (s->transport.fingerprint_count == 0) {
        s->transport.fingerprints = tagged->transport.fingerprints;
        s->transport.fingerprint_count = tagged->transport.fingerprint_count;
    }
    if (s->transport.setup == SETUP_NONE)
        s->transport.setup = tagged->transport.setup;
    if (s->transport.tls_id.len == 0)
        s->transport.tls_id = tagged->transport.tls_id;
    s->transport.ice_trickle = s->transport.ice_trickle || tagged->transport.ice_trickle;
    if (s->transport.candidate_count == 0 && slice_eq(s->transport.ice_ufrag, tagged->transport.ice_ufrag) &&
        slice_eq(s->transport.ice_pwd, tagged->transport.ice_pwd)) { /* it stands for the group when the answer rejects that one */
        s->transport.candidates = tagged->transport.candidates;
        s->transport.candidate_count = tagged->transport.candidate_count;
        s->transport.end_of_candidates = s->transport.end_of_candidates || tagged->transport.end_of_candidates;
    }
    if (s->bundle.only) /* RFC 9429 section 5.2.1: these stand with the transport's attributes */
        s->transport.rtcp_mux = s->transport.rtcp_mux || tagged->transport.rtcp_mux;
}

static int read_group(struct session_description *d, const struct sdp_line *line, struct slice mids, size_t group, struct sdp_error *error)
{
    struct jsep_section *tagged = NULL;
    size_t position = 0;
    while (mids.len > 0) {
        struct slice mid = sdp_word(&mids);
        int index = find_mid(d, mid);
        if (mid.len == 0)
            break;
        if (index < 0)
            return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line->number, "BUNDLE names the mid \"%.*s\", which no section has",
                            mid.len < 64 ? (int)mid.len : 64, (const char *)mid.data);
        struct jsep_section *section = &d->sections[index];
        if (section->bundle.grouped)
            return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line->number, "the mid \"%s\" is in BUNDLE groups twice", section->mid);
        section->bundle.grouped = true;
        section->bundle.group = group;
        section->bundle.position = position++;
        if (!tagged && !section->rejected)
            tagged = section;
        else if (tagged)
            inherit(section, tagged);
    }
    return 0;
}

static int read_groups(struct session_description *d, struct sdp_error *error)
{
    const struct sdp_line *line;
    size_t cursor = 0, groups = 0;
    while ((line = sdp_next_attribute(&d->sdp->session, "group", &cursor)) != NULL) {
        struct sdp_group group;
        if (!sdp_read_group(line->value, &group))
            return sdp_fail(error, RTC_ERR_SYNTAX, line->number, "a=group does not follow its grammar");
        int result = slice_is(group.semantics, "BUNDLE") ? read_group(d, line, group.mids, groups++, error) : 0;
        if (result != 0)
            return result;
    }
    for (size_t i = 0; i < d->section_count; i++) /* bundle-only without a group leaves no transport (RFC 8843 section 6) */
        d->sections[i].rejected = d->sections[i].rejected || (d->sections[i].port == 0 && !d->sections[i].bundle.grouped);
    return 0;
}

static int check_transport(const struct session_description *d, size_t index, struct sdp_error *error)
{
    const struct jsep_section *s = &d->sections[index];
    const char *missing = s->transport.ice_ufrag.len == 0       ? "ice-ufrag"
                          : s->transport.ice_pwd.len == 0       ? "ice-pwd"
                          : s->transport.fingerprint_count == 0 ? "fingerprint"
                                                                : NULL;
    if (s->rejected || s->type == MEDIA_OTHER)
        return 0;
    if (missing)
        return sdp_fail(error, RTC_ERR_INVALID_ACCESS, line_of(d, index), "section %zu has no a=%s", index, missing);
    return 0;
}

static int out_of_memory(struct sdp_error *error)
{
    return sdp_fail(error, RTC_ERR_NO_MEMORY, 0, "out of memory");
}

/* Moves a list to `*at` in a block; returns where it is. */
static const void *keep(uint8_t **at, const void *list, size_t size)
{
    void *kept = memcpy(*at, list, size);
    *at += size;
    return kept;
}

static const struct jsep_rids *keep_rids(uint8_t **at, const struct jsep_rids *rids)
{
    static const struct jsep_rids none;
    return rids->count > 0 ? keep(at, rids, sizeof *rids) : &none;
}

/* Copies the section's lists to memory of their own, one block for all. What needs the most to be aligned stands first. */
static int keep_lists(rtc_context *context, struct jsep_section *s, struct sdp_error *error)
{
    size_t codecs = s->rtp.codec_count * sizeof(*s->rtp.codecs), extensions = s->rtp.extension_count * sizeof(*s->rtp.extensions);
    size_t fingerprints = s->transport.fingerprint_count * sizeof(*s->transport.fingerprints);
    size_t rids = (s->rtp.send_rids->count + s->rtp.recv_rids->count > 0 ? 2 : 0) * sizeof(struct jsep_rids);
    uint8_t *at = memory_alloc(context, fingerprints + rids + codecs + extensions + 1);
    if (!at)
        return out_of_memory(error);
    s->lists = at;
    s->rtp.send_rids = keep_rids(&at, s->rtp.send_rids);
    s->rtp.recv_rids = keep_rids(&at, s->rtp.recv_rids);
    s->transport.fingerprints = keep(&at, s->transport.fingerprints, fingerprints);
    s->rtp.codecs = keep(&at, s->rtp.codecs, codecs);
    s->rtp.extensions = keep(&at, s->rtp.extensions, extensions);
    return 0;
}

/* `lists` are of the session part, then of each section. */
static int read_each(struct session_description *d, rtc_context *context, struct jsep_lists lists[2], struct sdp_error *error)
{
    struct slice *candidates = d->candidates;
    struct jsep_section inherited = {0};
    int result = jsep_read_session(d->sdp, &lists[0], &inherited, error);
    for (size_t i = 0; result == 0 && i < d->sdp->media_count; i++) {
        struct jsep_section *section = &d->sections[i];
        *section = inherited;
        result = jsep_read_section(d->sdp, i, candidates, &lists[1], section, error);
        if (result == 0)
            result = keep_lists(context, section, error);
        if (result == 0)
            d->section_count++;
        candidates += section->transport.candidate_count;
    }
    return result;
}

static int read_sections(struct session_description *d, rtc_context *context, struct sdp_error *error)
{
    struct sdp_block all = {d->sdp->lines, d->sdp->line_count};
    size_t cursor = 0, count = 0;
    while (sdp_next_attribute(&all, "candidate", &cursor))
        count++;
    d->candidates = memory_alloc(context, (count + 1) * sizeof(*d->candidates));
    d->sections = memory_zeroed(context, (d->sdp->media_count + (d->sdp->media_count == 0)) * sizeof(*d->sections));
    struct jsep_lists *lists = memory_zeroed(context, 2 * sizeof(*lists)); /* too much to keep: what a section has is little of it */
    int result = d->candidates && d->sections && lists ? read_each(d, context, lists, error) : out_of_memory(error);
    memory_free(context, lists);
    return result;
}

static int read_description(struct session_description *d, struct sdp_error *error)
{
    d->bandwidth_bps = sdp_bandwidth(&d->sdp->session);
    int result = read_sections(d, d->sdp->context, error);
    if (result == 0)
        result = check_mids(d, error);
    if (result == 0)
        result = read_groups(d, error);
    for (size_t i = 0; result == 0 && i < d->section_count; i++)
        result = check_transport(d, i, error);
    return result;
}

int session_description_parse(rtc_context *context, struct slice text, struct session_description **out, struct sdp_error *error)
{
    struct sdp_error reason = {0};
    struct sdp *sdp = NULL;
    int result = sdp_parse(context, text, &sdp, &reason);
    if (result != 0)
        return sdp_fail(error, result, reason.line, "%s", reason.text);
    struct session_description *d = memory_zeroed(sdp->context, sizeof(*d));
    if (!d) {
        sdp_free(sdp);
        return out_of_memory(error);
    }
    d->sdp = sdp;
    result = read_description(d, error);
    if (result == 0)
        *out = d;
    else
        session_description_free(d->sdp->context, d);
    return result;
}

void session_description_free(rtc_context *context, struct session_description *d)
{
    if (!d)
        return;
    struct sdp *sdp = d->sdp;
    context = context_resolve(context);
    for (size_t i = 0; i < d->section_count; i++)
        memory_free(context, d->sections[i].lists);
    memory_free(context, d->candidates);
    memory_free(context, d->sections);
    memory_free(context, d);
    sdp_free(sdp);
}
