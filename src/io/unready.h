/* SPDX-License-Identifier: MIT */
/* Addresses of IPv6 that the kernel has and lets nobody use yet, or never: duplicate address detection (RFC 4862 section 5.4) goes on, or
 * has failed. */
#ifndef CRTC_IO_UNREADY_H
#define CRTC_IO_UNREADY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { UNREADY_MAX = 64 };

/* A value of whoever reads the list; written by unready.c alone. */
struct unready {
    uint8_t ip[UNREADY_MAX][16];
    size_t count;
};

/* `from` is a list as /proc/net/if_inet6 has it; NULL for none. */
void unready_read(struct unready *list, FILE *from);
bool unready_has(const struct unready *list, const uint8_t ip[16]);

#endif
