/* SPDX-License-Identifier: MIT */
/* Packets in a stream of bytes (RFC 4571 section 2, as RFC 6544 section 3 uses it): two bytes of length in network order, then the packet.
 * However the bytes arrive, whole packets come out. What is no use to anybody is passed over: packets of no bytes, and those that are
 * longer than any datagram of ours. While nothing has arrived in part, a stream holds no memory. */
#ifndef CRTC_TCP_FRAMING_H
#define CRTC_TCP_FRAMING_H

#include "packet.h"

enum { TCP_FRAMING_HEADER = 2 };

/* Of one TCP connection, which owns it: what came of a frame that is not whole yet. Written by tcp_framing.c. */
struct tcp_framing {
    struct packet *packet; /* what has arrived of the packet in hand; NULL before its length is known, and while it is passed over */
    size_t left;           /* bytes of it that are still to come */
    uint8_t length_byte;   /* the first byte of the length, */
    bool half_length;      /* when only that has arrived */
    uint64_t skipped;      /* packets that were passed over though they had bytes */
};

/* Takes bytes off `input` up to the end of a packet, which is the caller's; NULL when all of the input was taken. A packet for which
 * there is no memory is passed over. */
struct packet *tcp_framing_read(struct tcp_framing *framing, struct packet_pool *pool, struct slice *input);
/* Puts the length in front of a packet. False when there is no room, or the packet is too long for it. */
bool tcp_framing_wrap(struct packet *packet);
void tcp_framing_fini(struct tcp_framing *framing);

#endif
