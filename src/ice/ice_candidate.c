/* SPDX-License-Identifier: MIT */
/* The candidate-attribute (RFC 8839 section 5.1, tcptype from RFC 6544 section 4.5, ufrag from RFC 8838 practice) and the priority formula
 * (RFC 8445 section 5.1.2.1). */
#include "ice_candidate.h"

enum { COMPONENT_MAX = 256 };

static const char *const type_names[] = {"host", "srflx", "prflx", "relay"};
static const char *const tcp_names[] = {"", "active", "passive", "so"};

const char *ice_tcp_type_name(enum ice_tcp_type type)
{
    return (size_t)type < sizeof tcp_names / sizeof tcp_names[0] ? tcp_names[type] : "";
}

const char *ice_candidate_type_name(enum ice_candidate_type type)
{
    return (size_t)type < sizeof type_names / sizeof type_names[0] ? type_names[type] : "";
}

uint32_t ice_candidate_priority(enum ice_candidate_type type, uint16_t local_preference, uint16_t component)
{
    static const uint8_t type_preference[] = {126, 100, 110, 0};
    return (uint32_t)type_preference[type] << 24 | (uint32_t)local_preference << 8 | (uint32_t)(256 - component);
}

/* Takes the next word; empty at the end. Runs of spaces count as one: an empty extension value of an old peer must not cost the candidate.
 */
static struct slice word(struct slice *text)
{
    while (text->len > 0 && text->data[0] == ' ')
        *text = slice_of(text->data + 1, text->len - 1);
    size_t n = 0;
    while (n < text->len && text->data[n] != ' ')
        n++;
    struct slice w = slice_of(text->data, n);
    *text = slice_of(text->data ? text->data + n : NULL, text->len - n);
    return w;
}

static bool copy_word(struct slice s, char *out, size_t size)
{
    if (s.len == 0 || s.len >= size)
        return false;
    memcpy(out, s.data, s.len);
    out[s.len] = 0;
    return true;
}

static bool is_alphanumeric(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool only(struct slice s, const char *also)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_alphanumeric(s.data[i]) && !(s.data[i] != 0 && strchr(also, s.data[i])))
            return false;
    return true;
}

static bool parse_number(struct slice s, uint64_t min, uint64_t max, uint64_t *out)
{
    return slice_to_u64(s, max, out) && *out >= min;
}

/* Control characters would let a candidate smuggle lines into the description that it is put in. */
static bool printable(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < 0x20 || s.data[i] == 0x7f)
            return false;
    return true;
}

static bool skip_prefix(struct slice *text, const char *prefix)
{
    size_t n = strlen(prefix);
    if (text->len < n || memcmp(text->data, prefix, n) != 0)
        return false;
    *text = slice_of(text->data + n, text->len - n);
    return true;
}

static bool parse_transport(struct slice s, struct ice_candidate *c)
{
    bool tcp = slice_is_nocase(s, "tcp") || slice_is_nocase(s, "ssltcp");
    c->protocol = tcp ? PATH_TCP : PATH_UDP;
    return tcp || slice_is_nocase(s, "udp");
}

static bool parse_host(struct slice host, struct slice port, struct ice_candidate *c)
{
    uint64_t number = 0;
    if (!parse_number(port, 0, UINT16_MAX, &number))
        return false;
    if (address_parse(host, (uint16_t)number, &c->address))
        return true;
    /* The port of a name has no other place: the family stays NONE. */
    c->address.port = (uint16_t)number;
    return only(host, "-._") && copy_word(host, c->name, sizeof c->name);
}

static bool parse_type(struct slice keyword, struct slice type, struct ice_candidate *c)
{
    for (size_t i = 0; slice_is(keyword, "typ") && i < sizeof type_names / sizeof type_names[0]; i++) {
        if (!slice_is(type, type_names[i]))
            continue;
        c->type = (uint8_t)i;
        return true;
    }
    return false;
}

static bool parse_tcp_type(struct slice value, struct ice_candidate *c)
{
    for (size_t i = 1; i < sizeof tcp_names / sizeof tcp_names[0]; i++) {
        if (!slice_is_nocase(value, tcp_names[i]))
            continue;
        c->tcp_type = (uint8_t)i;
        return true;
    }
    return false;
}

/* The words that have a place, and then names and values; unknown ones are skipped. */
static struct ice_candidate_words split(struct slice text)
{
    struct ice_candidate_words w = {.foundation = word(&text)};
    struct slice *const fixed[] = {&w.component, &w.transport, &w.priority, &w.address, &w.port, &w.keyword, &w.type};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        *fixed[i] = word(&text);
    for (;;) {
        struct slice name = word(&text);
        struct slice value = word(&text);
        if (value.len == 0)
            return w;
        if (slice_is(name, "raddr"))
            w.related_address = value;
        else if (slice_is(name, "rport"))
            w.related_port = value;
        else if (slice_is(name, "tcptype"))
            w.tcp_type = value;
        else if (slice_is(name, "ufrag"))
            w.ufrag = value;
    }
}

bool ice_candidate_split(struct slice text, struct ice_candidate_words *out)
{
    (void)skip_prefix(&text, "a=");
    if (!skip_prefix(&text, "candidate:") || !printable(text))
        return false;
    *out = split(text);
    return true;
}

static bool parse_extensions(const struct ice_candidate_words *w, struct ice_candidate *c)
{
    uint64_t port = 0;
    (void)address_parse(w->related_address, 0, &c->related);
    if (w->related_port.len > 0 && !parse_number(w->related_port, 0, UINT16_MAX, &port))
        return false;
    if (c->related.family != ADDRESS_NONE)
        c->related.port = (uint16_t)port;
    if (w->tcp_type.len > 0 && !parse_tcp_type(w->tcp_type, c))
        return false;
    return w->ufrag.len == 0 || (only(w->ufrag, "+/-_=") && copy_word(w->ufrag, c->ufrag, sizeof c->ufrag));
}

static bool parse_fixed(const struct ice_candidate_words *w, struct ice_candidate *c)
{
    uint64_t number = 0;
    if (!only(w->foundation, "+/-_=") || !copy_word(w->foundation, c->foundation, sizeof c->foundation))
        return false;
    if (!parse_number(w->component, 1, COMPONENT_MAX, &number))
        return false;
    c->component = (uint16_t)number;
    if (!parse_transport(w->transport, c) || !parse_number(w->priority, 0, UINT32_MAX, &number))
        return false;
    c->priority = (uint32_t)number;
    return parse_host(w->address, w->port, c) && parse_type(w->keyword, w->type, c);
}

int ice_candidate_parse(struct slice text, struct ice_candidate *out)
{
    struct ice_candidate c = {.component = 1};
    struct ice_candidate_words words;
    if (!ice_candidate_split(text, &words) || !parse_fixed(&words, &c) || !parse_extensions(&words, &c))
        return RTC_ERR_SYNTAX;
    *out = c;
    return RTC_OK;
}

void ice_candidate_print(const struct ice_candidate *c, struct text *out)
{
    char ip[ADDRESS_TEXT_MAX];
    const char *host = c->name[0] ? c->name : address_ip_text(&c->address, ip);
    text_print(out, "candidate:%s %u %s %lu %s %u typ %s", c->foundation, c->component, c->protocol == PATH_TCP ? "tcp" : "udp",
               (unsigned long)c->priority, host, c->address.port, ice_candidate_type_name((enum ice_candidate_type)c->type));
    if (c->related.family != ADDRESS_NONE)
        text_print(out, " raddr %s rport %u", address_ip_text(&c->related, ip), c->related.port);
    if (c->tcp_type != ICE_TCP_NONE && c->tcp_type <= ICE_TCP_SO)
        text_print(out, " tcptype %s", tcp_names[c->tcp_type]);
    if (c->ufrag[0])
        text_print(out, " ufrag %s", c->ufrag);
}
