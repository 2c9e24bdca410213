/* SPDX-License-Identifier: MIT */
/* Transport addresses: text form and classes (RFC 4291, RFC 5952 by way of inet_ntop). */
#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>

struct address address_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    return (struct address){.family = ADDRESS_IPV4, .ip = {a, b, c, d}, .port = port};
}

bool address_parse(struct slice text, uint16_t port, struct address *out)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    if (strlen(copy) != text.len)
        return false;
    struct address a = {.port = port};
    if (inet_pton(AF_INET, copy, a.ip) == 1)
        a.family = ADDRESS_IPV4;
    else if (inet_pton(AF_INET6, copy, a.ip) == 1)
        a.family = ADDRESS_IPV6;
    else
        return false;
    *out = a;
    return true;
}

const char *address_ip_text(const struct address *a, char text[ADDRESS_TEXT_MAX])
{
    int family = a->family == ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    if (a->family == ADDRESS_NONE || !inet_ntop(family, a->ip, text, ADDRESS_TEXT_MAX))
        (void)snprintf(text, ADDRESS_TEXT_MAX, "none");
    return text;
}

const char *address_text(const struct address *a, char text[ADDRESS_TEXT_MAX])
{
    char ip[ADDRESS_TEXT_MAX];
    const char *form = a->family == ADDRESS_IPV6 ? "[%.60s]:%u" : "%.60s:%u";
    (void)snprintf(text, ADDRESS_TEXT_MAX, form, address_ip_text(a, ip), a->port);
    return text;
}

size_t address_ip_len(const struct address *a)
{
    return a->family == ADDRESS_IPV6 ? 16 : a->family == ADDRESS_IPV4 ? 4 : 0;
}

bool address_ip_eq(const struct address *a, const struct address *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool address_eq(const struct address *a, const struct address *b)
{
    return a->port == b->port && a->scope == b->scope && address_ip_eq(a, b);
}

bool address_is_any(const struct address *a)
{
    static const uint8_t zero[16];
    return memcmp(a->ip, zero, sizeof zero) == 0;
}

/* ::ffff:a.b.c.d is judged as the IPv4 address it carries. */
static const uint8_t *mapped_ipv4(const struct address *a)
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (a->family == ADDRESS_IPV4)
        return a->ip;
    if (a->family == ADDRESS_IPV6 && memcmp(a->ip, prefix, sizeof prefix) == 0)
        return a->ip + 12;
    return NULL;
}

bool address_is_loopback(const struct address *a)
{
    static const uint8_t one[16] = {[15] = 1};
    const uint8_t *v4 = mapped_ipv4(a);
    return v4 ? v4[0] == 127 : a->family == ADDRESS_IPV6 && memcmp(a->ip, one, sizeof one) == 0;
}

bool address_is_link_local(const struct address *a)
{
    const uint8_t *v4 = mapped_ipv4(a);
    return v4 ? v4[0] == 169 && v4[1] == 254 : a->family == ADDRESS_IPV6 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

bool address_is_multicast(const struct address *a)
{
    const uint8_t *v4 = mapped_ipv4(a);
    return v4 ? (v4[0] & 0xf0) == 0xe0 : a->family == ADDRESS_IPV6 && a->ip[0] == 0xff;
}

bool address_is_private(const struct address *a)
{
    const uint8_t *v4 = mapped_ipv4(a);
    if (!v4)
        return a->family == ADDRESS_IPV6 && (a->ip[0] & 0xfe) == 0xfc;
    if (v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xf0) == 16))
        return true;
    return (v4[0] == 192 && v4[1] == 168) || (v4[0] == 100 && (v4[1] & 0xc0) == 64);
}
