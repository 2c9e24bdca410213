/* SPDX-License-Identifier: MIT */
/* HOST or HOST:PORT, as it stands in URLs and Host fields (RFC 3986 3.2): the host is a name, an IPv4 address, or an IPv6 address in
 * brackets. */
#ifndef EXAMPLES_AUTHORITY_H
#define EXAMPLES_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTHORITY_HOST_MAX 253

struct authority {
    char host[AUTHORITY_HOST_MAX + 1]; /* without brackets */
    bool bracketed;                    /* an IPv6 address */
    uint16_t port;                     /* 0: none was given */
};

/* Reads `len` bytes. Returns NULL, or what is wrong with them. */
const char *authority_read(struct authority *authority, const char *text, size_t len);
/* Writes HOST:PORT; an IPv6 address is given without brackets. */
void authority_write(char *text, size_t size, const char *host, uint16_t port);

#endif
