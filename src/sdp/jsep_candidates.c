/* SPDX-License-Identifier: MIT */
/* Candidates folded into a description (RFC 9429 section 5.2.1, RFC 8839 section 4.2.1.2): their lines at the end of a section, and the
 * default one's address and port in its c= and m= lines. */
#include "address.h"
#include "context.h"
#include "jsep_internal.h"
#include "memory.h"
#include "sdp_attributes.h"

/* What a peer without ICE would use. */
struct default_candidate {
    unsigned rank; /* 0: none */
    struct slice address;
    bool ipv6;
    uint16_t port;
};

/* RFC 8445 section 5.1.4: most likely to work with a peer that does no checks: relayed, then reflexive, then host; IPv4 before IPv6. */
static unsigned rank_of(struct slice type, bool ipv6)
{
    static const char *const types[] = {"host", "srflx", "relay"};
    for (unsigned i = 0; i < 3; i++)
        if (slice_is(type, types[i]))
            return 1 + i + (ipv6 ? 0 : 3);
    return 0;
}

/* "candidate:foundation component transport priority address port typ type ..." */
static void consider(struct slice candidate, struct default_candidate *best)
{
    (void)sdp_word(&candidate);
    struct slice component = sdp_word(&candidate), transport = sdp_word(&candidate);
    (void)sdp_word(&candidate);
    struct slice host = sdp_word(&candidate), port = sdp_word(&candidate);
    (void)sdp_word(&candidate);
    struct slice type = sdp_word(&candidate);
    struct address address;
    uint64_t number = 0;
    if (!slice_is(component, "1") || !slice_is_nocase(transport, "udp") || !slice_to_u64(port, UINT16_MAX, &number) ||
        !address_parse(host, 0, &address))
        return;
    bool ipv6 = address.family == ADDRESS_IPV6;
    unsigned rank = rank_of(type, ipv6);
    if (rank > best->rank)
        *best = (struct default_candidate){rank, host, ipv6, (uint16_t)number};
}

/* What goes into a section. On the stack; the candidates are borrowed. */
struct folding {
    const struct slice *candidates;
    size_t count;
    bool complete;
    struct default_candidate best;
};

static bool has_line(const struct sdp_block *block, struct slice text)
{
    size_t cursor = 0;
    const struct sdp_line *line;
    while ((line = sdp_next_line(block, 'a', &cursor)) != NULL)
        if (slice_eq(line->text, text))
            return true;
    return false;
}

static void choose_default(const struct sdp_block *block, struct folding *f)
{
    size_t cursor = 0;
    const struct sdp_line *line;
    while ((line = sdp_next_attribute(block, "candidate", &cursor)) != NULL)
        consider(line->text, &f->best);
    for (size_t i = 0; i < f->count; i++)
        consider(f->candidates[i], &f->best);
}

static void write_line(const struct sdp_line *line, struct text *out)
{
    text_print(out, "%c=%.*s\r\n", line->type, (int)line->text.len, (const char *)line->text.data);
}

/* A port of 0 says something (rejected, bundle-only), so it stays. */
static void write_media(const struct sdp_media *media, const struct default_candidate *best, struct text *out)
{
    text_print(out, "m=%.*s %u %.*s %.*s\r\n", (int)media->media.len, (const char *)media->media.data, best->port, (int)media->protocol.len,
               (const char *)media->protocol.data, (int)media->formats.len, (const char *)media->formats.data);
}

static void write_section(const struct sdp_media *media, struct folding *f, struct text *out)
{
    choose_default(&media->block, f);
    bool use_default = f->best.rank > 0 && media->port != 0;
    for (size_t i = 0; i < media->block.count; i++) {
        const struct sdp_line *line = &media->block.lines[i];
        if (i == 0 && use_default)
            write_media(media, &f->best, out);
        else if (line->type == 'c' && use_default)
            text_print(out, "c=IN IP%d %.*s\r\n", f->best.ipv6 ? 6 : 4, (int)f->best.address.len, (const char *)f->best.address.data);
        else
            write_line(line, out);
    }
    for (size_t i = 0; i < f->count; i++)
        if (!has_line(&media->block, f->candidates[i]))
            text_print(out, "a=%.*s\r\n", (int)f->candidates[i].len, (const char *)f->candidates[i].data);
    if (f->complete && !has_line(&media->block, slice_str("end-of-candidates")))
        text_print(out, "a=end-of-candidates\r\n");
}

static int fold(const struct sdp *sdp, size_t section, struct folding *f, struct text *out)
{
    int result = RTC_ERR_NOT_FOUND;
    for (size_t i = 0; i < sdp->session.count; i++)
        write_line(&sdp->session.lines[i], out);
    for (size_t i = 0; i < sdp->media_count; i++) {
        const struct sdp_media *media = &sdp->media[i];
        if (i == section) {
            write_section(media, f, out);
            result = 0;
            continue;
        }
        for (size_t k = 0; k < media->block.count; k++)
            write_line(&media->block.lines[k], out);
    }
    if (result == 0 && out->failed)
        result = RTC_ERR_NO_MEMORY;
    if (result != 0)
        text_fini(out);
    return result;
}

int jsep_with_candidates(rtc_context *context, struct slice text, size_t section, const struct slice *candidates, size_t count,
                         bool complete, struct text *out)
{
    for (size_t i = 0; i < count; i++)
        if (!sdp_is_text(candidates[i]) || candidates[i].len < 10 || memcmp(candidates[i].data, "candidate:", 10) != 0)
            return RTC_ERR_TYPE;
    struct sdp *sdp = NULL;
    int result = sdp_parse(context, text, &sdp, NULL);
    if (result != 0)
        return result;
    struct folding f = {.candidates = candidates, .count = count, .complete = complete};
    result = fold(sdp, section, &f, out);
    sdp_free(sdp);
    return result;
}
