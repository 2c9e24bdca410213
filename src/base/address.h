/* SPDX-License-Identifier: MIT */
/* Transport addresses without a socket API, their text form, and the classes that ICE ranks and filters them by. */
#ifndef CRTC_ADDRESS_H
#define CRTC_ADDRESS_H

#include "slice.h"

enum address_family { ADDRESS_NONE = 0, ADDRESS_IPV4 = 4, ADDRESS_IPV6 = 6 };

struct address {    /* a value: of whoever has it, who alone writes to it */
    uint8_t family; /* enum address_family */
    uint8_t ip[16]; /* network order; IPv4 uses the first 4 bytes, the rest is zero */
    uint16_t port;  /* host order */
    uint32_t scope; /* IPv6 zone index of a link-local address, else 0 */
};

/* "[" IPv6 "%" scope "]:" port and a terminating zero. */
#define ADDRESS_TEXT_MAX 72

/* Where a datagram came from or goes to: `socket` is the id of the request that opened the socket. */
enum path_protocol { PATH_UDP = 0, PATH_TCP = 1 };
struct path { /* a value, too */
    uint32_t socket;
    uint8_t protocol; /* enum path_protocol */
    struct address local;
    struct address remote;
};

struct address address_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);
/* Parses a numeric IPv4 or IPv6 address (no brackets, no port, no zone). */
bool address_parse(struct slice text, uint16_t port, struct address *out);
/* The address alone, without its port; returns `text`. */
const char *address_ip_text(const struct address *a, char text[ADDRESS_TEXT_MAX]);
/* "1.2.3.4:5" or "[::1]:5"; returns `text`. */
const char *address_text(const struct address *a, char text[ADDRESS_TEXT_MAX]);
size_t address_ip_len(const struct address *a);
bool address_ip_eq(const struct address *a, const struct address *b);
bool address_eq(const struct address *a, const struct address *b);

bool address_is_any(const struct address *a);
bool address_is_loopback(const struct address *a);
bool address_is_link_local(const struct address *a);
bool address_is_multicast(const struct address *a);
/* RFC 1918, RFC 6598 and fc00::/7. */
bool address_is_private(const struct address *a);

#endif
