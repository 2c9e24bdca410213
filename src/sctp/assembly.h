/* SPDX-License-Identifier: MIT */
/* Pieces of one message become one, bounded by what is taken (RFC 8831 6.6). For engines that give messages in pieces, in order and one
 * message after the other. */
#ifndef CRTC_ASSEMBLY_H
#define CRTC_ASSEMBLY_H

#include "packet.h"

/* Embedded in an engine's association; written by assembly.c. */
struct assembly {
    struct packet *packet;
    uint16_t stream;
    bool discarding; /* the rest of the message is of no use */
    bool going;
};

/* Takes a piece. *whole is the message when it was the last one, and the caller's; else NULL. RTC_ERR_OPERATION: it is larger than `max`;
 * RTC_ERR_NO_MEMORY: the message is lost; each is said once for a message. */
int assembly_take(struct assembly *assembly, uint16_t stream, struct slice piece, bool last, size_t max, struct packet_pool *pool,
                  struct packet **whole);
/* The rest of the message will never come. */
void assembly_abandon(struct assembly *assembly);
/* Appends to *packet, growing it to `max` at most; false when out of memory. */
bool assembly_append(struct packet **packet, struct slice bytes, size_t max, struct packet_pool *pool);

#endif
