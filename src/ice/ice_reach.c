/* SPDX-License-Identifier: MIT */
/* See ice_reach.h. Addresses: the registries of special ones (RFC 6890), IPv4 in the clothes of IPv6 (RFC 4291 section 2.5.5, RFC 6052,
 * RFC 8215, RFC 3056, RFC 4380), and where clouds keep secrets for whoever asks from inside. */
#include "ice_reach.h"

enum { HTTP = 80, HTTPS = 443, EPHEMERAL = 1024 };

static const char loopback[] = "a loopback address: this host is not reached by one unless it gathers from there";
static const char metadata[] = "an address of a cloud's metadata";
static const char service[] = "a port of well-known services, which no peer has";

static bool is_one_of(uint16_t port, const uint16_t *ports, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (port == ports[i])
            return true;
    return false;
}

/* Below 1024 only the ports of the web, and over TCP those not inside a network, as browsers have it: a candidate is no means to knock at
 * the name or mail servers of somebody else. Above, over UDP what gives anybody longer answers than the question was, and over TCP what no
 * web page may connect to either (the bad ports of the Fetch standard, section 2.9). */
static bool is_service_port(uint16_t port, enum path_protocol protocol, bool inside)
{
    static const uint16_t reflectors[] = {1900 /* SSDP */, 3702 /* WS-Discovery */, 5353 /* mDNS */, 5355 /* LLMNR */,
                                          11211 /* memcached */};
    static const uint16_t bad[] = {1719 /* H.323 */,
                                   1720,
                                   1723 /* PPTP */,
                                   2049 /* NFS */,
                                   3659 /* SASL */,
                                   4045 /* lockd */,
                                   4190 /* sieve */,
                                   5060 /* SIP */,
                                   5061,
                                   6000 /* X11 */,
                                   6566 /* scanners */,
                                   6665 /* IRC */,
                                   6666,
                                   6667,
                                   6668,
                                   6669,
                                   6679,
                                   6697,
                                   10080 /* backups */};
    bool web = port == HTTP || port == HTTPS;
    if (port < EPHEMERAL)
        return !web || (protocol == PATH_TCP && inside);
    return protocol == PATH_UDP ? is_one_of(port, reflectors, sizeof reflectors / sizeof reflectors[0])
                                : is_one_of(port, bad, sizeof bad / sizeof bad[0]);
}

static bool is_any_of(const uint8_t ip[4], const uint8_t (*list)[4], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(ip, list[i], 4) == 0)
            return true;
    return false;
}

static const char *judge_ipv4(const uint8_t ip[4], enum path_protocol protocol)
{
    static const uint8_t clouds[][4] = {{169, 254, 169, 254}, {169, 254, 170, 2},   {169, 254, 170, 23},
                                        {168, 63, 129, 16},   {100, 100, 100, 200}, {192, 0, 0, 192}};
    if (ip[0] == 0)
        return "no address of a host";
    if (ip[0] == 127)
        return loopback;
    if ((ip[0] & 0xf0) == 0xe0)
        return "a multicast address";
    if ((ip[0] & 0xf0) == 0xf0)
        return ip[0] == 255 && ip[1] == 255 && ip[2] == 255 && ip[3] == 255 ? "the broadcast address" : "a reserved address";
    if (is_any_of(ip, clouds, sizeof clouds / sizeof clouds[0]))
        return metadata;
    return protocol == PATH_TCP && ip[0] == 169 && ip[1] == 254 ? "an IPv4 link-local address over TCP" : NULL;
}

static struct address ipv4_of(const uint8_t ip[4], uint16_t port)
{
    return address_ipv4(ip[0], ip[1], ip[2], ip[3], port);
}

/* NAT64 inside a network: after a prefix of 96 bits, or around the empty octet after one of 48 (RFC 6052 section 2.2). */
static struct address local_nat64(const struct address *a)
{
    const uint8_t *ip = a->ip;
    return ip[10] == 0 && ip[11] == 0 ? ipv4_of(ip + 12, a->port) : address_ipv4(ip[6], ip[7], ip[9], ip[10], a->port);
}

/* The address and the port of the client's NAT, each with its bits inverted (RFC 4380 section 4). */
static struct address teredo(const uint8_t ip[16])
{
    return address_ipv4((uint8_t)~ip[12], (uint8_t)~ip[13], (uint8_t)~ip[14], (uint8_t)~ip[15], (uint16_t) ~(ip[10] << 8 | ip[11]));
}

/* Where over IPv4 a translator, or the end of a tunnel, on the way would send to; a family of NONE when there is none. */
static struct address carried(const struct address *a)
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}, local[6] = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, tunnel[4] = {0x20, 0x01};
    if (a->family != ADDRESS_IPV6)
        return (struct address){.family = ADDRESS_NONE};
    if (memcmp(a->ip, nat64, sizeof nat64) == 0)
        return ipv4_of(a->ip + 12, a->port);
    if (memcmp(a->ip, local, sizeof local) == 0)
        return local_nat64(a);
    if (a->ip[0] == 0x20 && a->ip[1] == 0x02)
        return ipv4_of(a->ip + 2, a->port);
    return memcmp(a->ip, tunnel, sizeof tunnel) == 0 ? teredo(a->ip) : (struct address){.family = ADDRESS_NONE};
}

static const char *judge_ipv6(const struct address *a)
{
    static const uint8_t ipv4_mapped[12] = {[10] = 0xff, [11] = 0xff}, translated[12] = {[8] = 0xff, [9] = 0xff}, nothing[12],
                         amazon[14] = {0xfd, 0, 0x0e, 0xc2}, google[14] = {0xfd, 0x20, 0, 0xce};
    if (address_is_loopback(a))
        return loopback;
    if (address_is_multicast(a))
        return "a multicast address";
    if (address_is_link_local(a))
        return "an IPv6 link-local address";
    if (memcmp(a->ip, ipv4_mapped, sizeof ipv4_mapped) == 0 || memcmp(a->ip, translated, sizeof translated) == 0 ||
        memcmp(a->ip, nothing, sizeof nothing) == 0)
        return "an IPv4 address in the form of IPv6";
    if (memcmp(a->ip, amazon, sizeof amazon) == 0 || memcmp(a->ip, google, sizeof google) == 0)
        return metadata;
    return NULL;
}

static const char *judge(const struct address *a, enum path_protocol protocol)
{
    const char *why = a->family == ADDRESS_IPV4 ? judge_ipv4(a->ip, protocol) : judge_ipv6(a);
    if (why == loopback && address_is_loopback(a))
        why = NULL;
    return why || !is_service_port(a->port, protocol, address_is_private(a) || address_is_loopback(a)) ? why : service;
}

bool ice_reach_is_allowed(const struct ice_rules *rules, const struct address *address)
{
    return rules && ice_filters_match(&rules->remote_allow, "", address);
}

bool ice_reach_is_denied(const struct ice_rules *rules, const struct address *address)
{
    const struct address inner = carried(address);
    return rules && (ice_filters_match(&rules->remote_deny, "", address) ||
                     (inner.family != ADDRESS_NONE && ice_filters_match(&rules->remote_deny, "", &inner)));
}

const char *ice_unreachable(const struct ice_rules *rules, const struct address *a, enum path_protocol protocol)
{
    if ((a->family != ADDRESS_IPV4 && a->family != ADDRESS_IPV6) || address_is_any(a) || a->port == 0)
        return "no address of a host";
    if (ice_reach_is_denied(rules, a))
        return "an address that the application denies";
    if (ice_reach_is_allowed(rules, a))
        return NULL;
    const struct address inner = carried(a);
    const char *why = judge(a, protocol);
    if (!why && inner.family != ADDRESS_NONE)
        why = address_is_loopback(&inner) ? loopback : judge(&inner, protocol);
    return why;
}

bool ice_is_broadcast_of(const struct address *interface, uint8_t bits, const struct address *address)
{
    if (interface->family != ADDRESS_IPV4 || address->family != ADDRESS_IPV4 || bits == 0 || bits > 30)
        return false;
    uint32_t mine = 0, theirs = 0, hosts = UINT32_MAX >> bits;
    for (size_t i = 0; i < 4; i++) {
        mine = mine << 8 | interface->ip[i];
        theirs = theirs << 8 | address->ip[i];
    }
    return (mine & ~hosts) == (theirs & ~hosts) && ((theirs & hosts) == hosts || (theirs & hosts) == 0);
}

bool ice_address_is_usable(const struct address *a)
{
    static const uint8_t ipv4_mapped[12] = {[10] = 0xff, [11] = 0xff};
    if ((a->family != ADDRESS_IPV4 && a->family != ADDRESS_IPV6) || address_is_any(a) || address_is_multicast(a))
        return false;
    return a->family == ADDRESS_IPV4 || (!address_is_link_local(a) && memcmp(a->ip, ipv4_mapped, sizeof ipv4_mapped) != 0);
}
