/* SPDX-License-Identifier: MIT */
/* See ice_filter.h. */
#include "ice_filter.h"

#include "text.h"

static const uint8_t *find(struct slice text, char c)
{
    return text.len > 0 ? memchr(text.data, c, text.len) : NULL;
}

static bool parse_prefix(struct slice text, struct ice_filter *out)
{
    const uint8_t *mark = find(text, '/');
    struct slice ip = mark ? slice_of(text.data, (size_t)(mark - text.data)) : text;
    if (!address_parse(ip, 0, &out->prefix))
        return false;
    uint64_t most = address_ip_len(&out->prefix) * 8, bits = most;
    if (mark && !slice_to_u64(slice_of(mark + 1, text.len - ip.len - 1), most, &bits))
        return false;
    out->bits = (uint8_t)bits;
    return true;
}

/* Interface names have neither spaces nor slashes. What is all digits and dots was meant to be an address. */
static bool parse_pattern(struct slice text, struct ice_filter *out)
{
    bool numeric = true;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c <= ' ' || c >= 0x7f || c == '/')
            return false;
        numeric &= (c >= '0' && c <= '9') || c == '.';
    }
    if (text.len == 0 || text.len > ICE_PATTERN_MAX || numeric)
        return false;
    memcpy(out->pattern, text.data, text.len);
    return true;
}

int ice_filters_add(struct ice_filters *filters, struct slice text)
{
    struct ice_filter filter = {.bits = 0};
    if (!parse_prefix(text, &filter)) {
        filter = (struct ice_filter){.bits = 0};
        if (!parse_pattern(text, &filter))
            return RTC_ERR_SYNTAX;
    }
    if (filters->count == ICE_FILTERS_MAX)
        return RTC_ERR_RANGE;
    filters->list[filters->count++] = filter;
    return RTC_OK;
}

/* Goes back only to the last star, so that the effort stays small. */
static bool matches_pattern(const char *pattern, const char *name)
{
    const char *star = NULL, *resume = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == 0;
}

static bool matches_prefix(const struct ice_filter *filter, const struct address *address)
{
    size_t whole = filter->bits / 8u;
    unsigned rest = filter->bits % 8u;
    if (filter->prefix.family != address->family || memcmp(filter->prefix.ip, address->ip, whole) != 0)
        return false;
    return rest == 0 || (filter->prefix.ip[whole] ^ address->ip[whole]) >> (8 - rest) == 0;
}

bool ice_filters_match(const struct ice_filters *filters, const char *name, const struct address *address)
{
    for (uint32_t i = 0; i < filters->count; i++) {
        const struct ice_filter *f = &filters->list[i];
        if (f->pattern[0] ? matches_pattern(f->pattern, name) : matches_prefix(f, address))
            return true;
    }
    return false;
}

static bool can_be_external(const struct address *a)
{
    return !address_is_any(a) && !address_is_multicast(a) && !address_is_loopback(a) && !address_is_link_local(a);
}

int ice_externals_add(struct ice_externals *externals, struct slice text)
{
    struct ice_external e = {.local = {.family = ADDRESS_NONE}};
    const uint8_t *mark = find(text, '=');
    struct slice external = mark ? slice_of(mark + 1, text.len - (size_t)(mark + 1 - text.data)) : text;
    if (mark && !address_parse(slice_of(text.data, (size_t)(mark - text.data)), 0, &e.local))
        return RTC_ERR_SYNTAX;
    if (!address_parse(external, 0, &e.external) || !can_be_external(&e.external) || (mark && e.local.family != e.external.family))
        return RTC_ERR_SYNTAX;
    for (uint32_t i = 0; i < externals->count; i++) {
        const struct ice_external *known = &externals->list[i];
        if (known->external.family == e.external.family && known->local.family == e.local.family && address_ip_eq(&known->local, &e.local))
            return RTC_ERR_SYNTAX;
    }
    if (externals->count == ICE_EXTERNALS_MAX)
        return RTC_ERR_RANGE;
    externals->list[externals->count++] = e;
    return RTC_OK;
}

struct address ice_externals_apply(const struct ice_externals *externals, const struct address *address)
{
    const struct ice_external *best = NULL;
    for (uint32_t i = 0; i < externals->count && !address_is_loopback(address); i++) {
        const struct ice_external *e = &externals->list[i];
        bool exact = e->local.family != ADDRESS_NONE;
        if (e->external.family == address->family && (exact ? address_ip_eq(&e->local, address) : !best))
            best = e;
    }
    struct address shown = *address;
    if (best)
        memcpy(shown.ip, best->external.ip, sizeof shown.ip);
    return shown;
}
