/* SPDX-License-Identifier: MIT */
/* See unready.h. A line is the address in hexadecimal digits, then four numbers: interface, length of the prefix, scope and flags. */
#include "unready.h"

#include <string.h>

/* Flags of an address: duplicate address detection goes on, or has failed; it may be used meanwhile. */
enum { TENTATIVE = 0x40, DUPLICATE = 0x08, OPTIMISTIC = 0x04 };

static bool read_ip(const char *hex, uint8_t ip[16])
{
    for (size_t i = 0; i < 16; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        ip[i] = (uint8_t)byte;
    }
    return true;
}

void unready_read(struct unready *list, FILE *from)
{
    char line[256], hex[33];
    unsigned flags;
    list->count = 0;
    while (from && list->count < UNREADY_MAX && fgets(line, sizeof line, from)) {
        if (sscanf(line, "%32s %*x %*x %*x %x", hex, &flags) != 2 || strlen(hex) != 32)
            continue;
        bool unusable = (flags & DUPLICATE) || ((flags & TENTATIVE) && !(flags & OPTIMISTIC));
        if (unusable && read_ip(hex, list->ip[list->count]))
            list->count++;
    }
}

bool unready_has(const struct unready *list, const uint8_t ip[16])
{
    for (size_t i = 0; i < list->count; i++)
        if (memcmp(list->ip[i], ip, 16) == 0)
            return true;
    return false;
}
