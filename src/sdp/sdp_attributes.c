/* SPDX-License-Identifier: MIT */
/* Readers of single attributes; see the header for each one's RFC. Numbers that overflow are refused like any other broken number. */
#include "sdp_attributes.h"

#include "sdp.h"
#include "text.h"

static bool read_number(struct slice *rest, char separator, uint64_t max, uint64_t *out)
{
    return slice_to_u64(separator == ' ' ? sdp_word(rest) : sdp_until(rest, separator), max, out);
}

/* Seven bits (RFC 3550 section 5.1). */
static bool read_payload_type(struct slice *rest, uint8_t *out)
{
    uint64_t number = 0;
    if (!read_number(rest, ' ', 127, &number))
        return false;
    *out = (uint8_t)number;
    return true;
}

bool sdp_read_rtpmap(struct slice value, struct sdp_rtpmap *out)
{
    struct slice rest = value;
    uint64_t clock_rate = 0, channels = 1;
    if (!read_payload_type(&rest, &out->payload_type))
        return false;
    struct slice mapping = sdp_word(&rest);
    out->encoding = sdp_until(&mapping, '/');
    bool ok = out->encoding.len > 0 && read_number(&mapping, '/', UINT32_MAX, &clock_rate) && clock_rate > 0;
    ok = ok && (mapping.len == 0 || (read_number(&mapping, '/', UINT8_MAX, &channels) && channels > 0));
    out->clock_rate = (uint32_t)clock_rate;
    out->channels = (uint8_t)channels;
    return ok;
}

bool sdp_read_fmtp(struct slice value, struct sdp_fmtp *out)
{
    struct slice rest = value;
    bool ok = read_payload_type(&rest, &out->payload_type);
    out->parameters = rest;
    return ok;
}

bool sdp_read_rtcp_fb(struct slice value, struct sdp_rtcp_fb *out)
{
    struct slice rest = value, probe = value;
    out->payload_type = 0;
    out->any = slice_is(sdp_word(&probe), "*");
    if (out->any)
        rest = probe;
    else if (!read_payload_type(&rest, &out->payload_type))
        return false;
    out->type = sdp_word(&rest);
    out->parameter = sdp_word(&rest);
    return out->type.len > 0;
}

bool sdp_read_extmap(struct slice value, struct sdp_extmap *out)
{
    struct slice rest = value, head = sdp_word(&rest);
    uint64_t id = 0;
    bool ok = slice_to_u64(sdp_until(&head, '/'), 4351, &id);
    out->id = (uint16_t)id;
    out->direction = head;
    out->uri = sdp_word(&rest);
    return ok && ((id >= 1 && id <= 255) || id >= 4096) && out->uri.len > 0;
}

bool sdp_read_msid(struct slice value, struct sdp_msid *out)
{
    struct slice rest = value;
    out->stream = sdp_word(&rest);
    out->track = sdp_word(&rest);
    return out->stream.len > 0;
}

bool sdp_read_ssrc(struct slice value, struct sdp_ssrc *out)
{
    struct slice rest = value;
    uint64_t ssrc = 0;
    bool ok = read_number(&rest, ' ', UINT32_MAX, &ssrc);
    out->ssrc = (uint32_t)ssrc;
    out->attribute = sdp_until(&rest, ':');
    out->value = rest;
    return ok;
}

bool sdp_next_ssrc(struct slice *ssrcs, uint32_t *out)
{
    uint64_t ssrc = 0;
    if (!read_number(ssrcs, ' ', UINT32_MAX, &ssrc))
        return false;
    *out = (uint32_t)ssrc;
    return true;
}

bool sdp_read_ssrc_group(struct slice value, struct sdp_ssrc_group *out)
{
    out->ssrcs = value;
    out->semantics = sdp_word(&out->ssrcs);
    struct slice rest = out->ssrcs;
    uint32_t ssrc;
    while (rest.len > 0)
        if (!sdp_next_ssrc(&rest, &ssrc))
            return false;
    return out->semantics.len > 0;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* lower case: RFC 8122 section 5 has upper case alone, and both are read */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t hash_length(struct slice hash)
{
    static const struct {
        const char *name;
        size_t len;
    } known[] = {{"sha-1", 20}, {"sha-224", 28}, {"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64}, {"md5", 16}, {"md2", 16}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (slice_is_nocase(hash, known[i].name))
            return known[i].len;
    return 0;
}

bool sdp_read_fingerprint(struct slice value, struct sdp_fingerprint *out)
{
    struct slice rest = value;
    out->hash = sdp_word(&rest);
    struct slice digits = sdp_word(&rest);
    /* Two digits for each byte, with colons between them. */
    if (digits.len < 2 || digits.len % 3 != 2 || digits.len / 3 >= sizeof(out->value))
        return false;
    out->len = digits.len / 3 + 1;
    for (size_t i = 0; i < out->len; i++) {
        int high = hex_digit(digits.data[i * 3]), low = hex_digit(digits.data[i * 3 + 1]);
        if (high < 0 || low < 0 || (i > 0 && digits.data[i * 3 - 1] != ':'))
            return false;
        out->value[i] = (uint8_t)(high << 4 | low);
    }
    size_t expected = hash_length(out->hash);
    return expected == 0 || expected == out->len;
}

bool sdp_read_group(struct slice value, struct sdp_group *out)
{
    out->mids = value;
    out->semantics = sdp_word(&out->mids);
    return out->semantics.len > 0;
}

static bool is_rid(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        uint8_t c = id.data[i], lower = c | 0x20;
        if (!((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '-' || c == '_'))
            return false;
    }
    return id.len > 0 && id.len <= 255;
}

bool sdp_read_rid(struct slice value, struct sdp_rid *out)
{
    struct slice rest = value;
    out->id = sdp_word(&rest);
    struct slice direction = sdp_word(&rest);
    out->send = slice_is(direction, "send");
    out->restrictions = rest;
    return is_rid(out->id) && (out->send || slice_is(direction, "recv"));
}

bool sdp_read_simulcast(struct slice value, struct sdp_simulcast *out)
{
    struct slice rest = value;
    *out = (struct sdp_simulcast){{NULL, 0}, {NULL, 0}};
    while (rest.len > 0) {
        struct slice direction = sdp_word(&rest), streams = sdp_word(&rest);
        struct slice *side = slice_is(direction, "send") ? &out->send : slice_is(direction, "recv") ? &out->recv : NULL;
        if (!side || side->len > 0 || streams.len == 0)
            return false;
        *side = streams;
    }
    return out->send.len > 0 || out->recv.len > 0;
}

bool sdp_read_sctpmap(struct slice value, struct sdp_sctpmap *out)
{
    struct slice rest = value;
    uint64_t port = 0, streams = 0;
    bool ok = read_number(&rest, ' ', UINT16_MAX, &port);
    out->application = sdp_word(&rest);
    ok = ok && out->application.len > 0 && (rest.len == 0 || read_number(&rest, ' ', UINT32_MAX, &streams));
    out->port = (uint16_t)port;
    return ok;
}

bool sdp_ice_options_has(struct slice value, const char *option)
{
    while (value.len > 0) {
        struct slice word = sdp_word(&value);
        while (word.len > 0)
            if (slice_is(sdp_until(&word, ','), option))
                return true;
    }
    return false;
}

bool sdp_is_visible(struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] <= ' ' || value.data[i] >= 0x7f)
            return false;
    return value.len > 0;
}

bool sdp_is_ice_credential(struct slice value, size_t min)
{
    return value.len >= min && value.len <= 256 && sdp_is_visible(value);
}

bool sdp_is_token(struct slice value)
{
    static const char excluded[] = "\"(),/:;<=>?@[\\]";
    for (size_t i = 0; i < value.len; i++)
        if (strchr(excluded, value.data[i]))
            return false;
    return sdp_is_visible(value);
}

bool sdp_is_text(struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] < ' ' || value.data[i] == 0x7f)
            return false;
    return true;
}
