/* SPDX-License-Identifier: MIT */
/* Lines to a session description (RFC 8866 section 5): v=, o=, s= and t= must be there, m= lines open sections. The order of the other
 * lines is not enforced, since nothing depends on it and refusing would only lose peers. */
#include "context.h"
#include "memory.h"
#include "sdp_lexer.h"
#include "text.h"

const struct sdp_line *sdp_next_line(const struct sdp_block *block, char type, size_t *cursor)
{
    while (*cursor < block->count) {
        const struct sdp_line *line = &block->lines[(*cursor)++];
        if (line->type == type)
            return line;
    }
    return NULL;
}

const struct sdp_line *sdp_next_attribute(const struct sdp_block *block, const char *name, size_t *cursor)
{
    const struct sdp_line *line;
    while ((line = sdp_next_line(block, 'a', cursor)) != NULL)
        if (slice_is(line->name, name))
            return line;
    return NULL;
}

const struct sdp_line *sdp_attribute(const struct sdp_block *block, const char *name)
{
    size_t cursor = 0;
    return sdp_next_attribute(block, name, &cursor);
}

static bool is_number(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return s.len > 0;
}

/* The value of the first line of this modifier. */
static bool read_bandwidth(const struct sdp_block *block, const char *modifier, uint64_t *out)
{
    const struct sdp_line *line;
    size_t cursor = 0;
    while ((line = sdp_next_line(block, 'b', &cursor)) != NULL) {
        struct slice value = line->text;
        if (slice_is(sdp_until(&value, ':'), modifier) && slice_to_u64(value, UINT64_MAX / 1000, out)) /* as bits, too, if it is kilobits */
            return true;
    }
    return false;
}

uint64_t sdp_bandwidth(const struct sdp_block *block)
{
    enum { HEADERS_BPS = 50 * 40 * 8 }; /* a second: fifty packets of forty bytes (RFC 9429 section 5.10) */
    uint64_t value;
    if (read_bandwidth(block, "TIAS", &value))
        return value;
    if (!read_bandwidth(block, "AS", &value))
        return UINT64_MAX;
    uint64_t media = value * 950; /* of kilobits, less a twentieth */
    return media > HEADERS_BPS ? media - HEADERS_BPS : 0;
}

static int parse_origin(const struct sdp_line *line, struct sdp_origin *out, struct sdp_error *error)
{
    struct slice rest = line->text;
    out->username = sdp_word(&rest);
    out->session_id = sdp_word(&rest);
    out->version = sdp_word(&rest);
    (void)sdp_word(&rest); /* network and address type: nobody asks */
    (void)sdp_word(&rest);
    out->address = sdp_word(&rest);
    if (!is_number(out->session_id) || !is_number(out->version) || out->address.len == 0 || rest.len > 0)
        return sdp_fail(error, RTC_ERR_SYNTAX, line->number, "o= must be a user name, two numbers, and an address");
    return 0;
}

static int parse_media(const struct sdp_line *line, struct sdp_media *out, struct sdp_error *error)
{
    struct slice rest = line->text;
    out->media = sdp_word(&rest);
    struct slice ports = sdp_word(&rest);
    struct slice port = sdp_until(&ports, '/');
    out->protocol = sdp_word(&rest);
    out->formats = rest;
    uint64_t number = 0, count = 1;
    if (!slice_to_u64(port, UINT16_MAX, &number) || (ports.len > 0 && !slice_to_u64(ports, UINT16_MAX, &count)))
        return sdp_fail(error, RTC_ERR_SYNTAX, line->number, "the port of an m= line must be a number from 0 to 65535");
    if (out->protocol.len == 0 || sdp_word(&rest).len == 0)
        return sdp_fail(error, RTC_ERR_SYNTAX, line->number, "m= must name a kind, a port, a protocol and a format");
    out->port = (uint16_t)number;
    return 0;
}

static size_t count_media(const struct sdp *sdp)
{
    struct sdp_block all = {sdp->lines, sdp->line_count};
    size_t cursor = 0, count = 0;
    while (sdp_next_line(&all, 'm', &cursor))
        count++;
    return count;
}

static int parse_sections(struct sdp *sdp, struct sdp_error *error)
{
    size_t count = count_media(sdp), limit = context_limits(sdp->context)->sdp_media_sections;
    if (count > limit)
        return sdp_fail(error, RTC_ERR_RANGE, 0, "%zu m= sections are more than the limit of %zu", count, limit);
    if (count > 0 && !(sdp->media = memory_zeroed(sdp->context, count * sizeof(*sdp->media))))
        return sdp_fail(error, RTC_ERR_NO_MEMORY, 0, "out of memory");
    struct sdp_block *block = &sdp->session;
    for (size_t i = 0; i < sdp->line_count; i++) {
        const struct sdp_line *line = &sdp->lines[i];
        if (line->type == 'm') {
            struct sdp_media *media = &sdp->media[sdp->media_count++];
            int result = parse_media(line, media, error);
            if (result != 0)
                return result;
            block = &media->block;
        }
        if (!block->lines)
            block->lines = line;
        block->count++;
    }
    return 0;
}

static int parse_session(struct sdp *sdp, struct sdp_error *error)
{
    static const char required[] = "vost";
    for (const char *type = required; *type; type++) {
        size_t cursor = 0;
        const struct sdp_line *line = sdp_next_line(&sdp->session, *type, &cursor);
        if (!line)
            return sdp_fail(error, RTC_ERR_SYNTAX, sdp->line_count ? 1 : 0, "the session part has no %c= line", *type);
        if (*type == 'v' && (cursor != 1 || !slice_is(line->text, "0")))
            return sdp_fail(error, RTC_ERR_SYNTAX, line->number, "the first line must be v=0");
        int result = *type == 'o' ? parse_origin(line, &sdp->origin, error) : 0;
        if (result != 0)
            return result;
        if (*type != 't' && sdp_next_line(&sdp->session, *type, &cursor))
            return sdp_fail(error, RTC_ERR_SYNTAX, line->number, "there is more than one %c= line", *type);
    }
    return 0;
}

static int parse(struct sdp *sdp, struct slice text, struct sdp_error *error)
{
    sdp->text = memory_text(sdp->context, text.data, text.len);
    if (!sdp->text)
        return sdp_fail(error, RTC_ERR_NO_MEMORY, 0, "out of memory");
    int result = sdp_lex(sdp, text.len, error);
    if (result == 0)
        result = parse_sections(sdp, error);
    return result == 0 ? parse_session(sdp, error) : result;
}

int sdp_parse(rtc_context *context, struct slice text, struct sdp **out, struct sdp_error *error)
{
    context = context_resolve(context);
    struct sdp *sdp = context ? memory_zeroed(context, sizeof(*sdp)) : NULL;
    if (!sdp)
        return sdp_fail(error, RTC_ERR_NO_MEMORY, 0, "out of memory");
    sdp->context = context;
    size_t limit = context_limits(context)->sdp_bytes;
    int result = text.len > limit ? sdp_fail(error, RTC_ERR_RANGE, 0, "%zu bytes are more than the limit of %zu", text.len, limit)
                                  : parse(sdp, text, error);
    if (result == 0)
        *out = sdp;
    else
        sdp_free(sdp);
    return result;
}

void sdp_free(struct sdp *sdp)
{
    if (!sdp)
        return;
    memory_free(sdp->context, sdp->media);
    memory_free(sdp->context, sdp->lines);
    memory_free(sdp->context, sdp->text);
    memory_free(sdp->context, sdp);
}
