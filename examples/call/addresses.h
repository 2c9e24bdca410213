/* SPDX-License-Identifier: MIT */
/* The addresses that a server can be opened under. */
#ifndef CALL_ADDRESSES_H
#define CALL_ADDRESSES_H

#include <stddef.h>
#include <stdint.h>

#define ADDRESSES_MAX 16

/* Addresses or one name, as texts: an IPv6 address without brackets. */
struct addresses {
    char texts[ADDRESSES_MAX][256];
    size_t count;
};

/* What a server that listens on `listen` (NULL: every interface) is reached under, the best first: `listen` itself; for every interface (of
 * the family that it names), the addresses that other machines can use, then localhost. */
void addresses_list(struct addresses *addresses, const char *listen);
/* Writes "https://host:port" with what belongs around an IPv6 address. */
void addresses_write_url(char *text, size_t size, const char *scheme, const char *host, uint16_t port);

#endif
