/* SPDX-License-Identifier: MIT */
/* The packets of SCTP's handshake that wait for an answer, INIT and COOKIE ECHO with the DATA that it carries, repeated sooner than an
 * engine's retransmission timers would (RFC 9260 5.1 and 6.3.1). Those allow for a peer that holds its answer back and, after one sample,
 * for a round trip three times as long; here nobody holds back, and ICE has measured. To the peer a repeat is a packet that the network
 * duplicated, and section 5.2 says how it is answered. */
#ifndef CRTC_HANDSHAKE_H
#define CRTC_HANDSHAKE_H

#include "context.h"
#include "slice.h"

/* Embedded in an engine's association; written by handshake.c. */
struct handshake {
    rtc_context *context;
    rtc_time_t first; /* from a packet to its first repeat; 0: none is repeated */
    uint8_t *bytes;   /* the packet that waits; NULL: none does */
    size_t len;
    rtc_time_t due, interval;
    uint32_t repeats; /* of this packet, as yet */
    bool has_data;
    uint32_t tsn; /* of the last DATA in it */
};

/* `rtt_us` as measured before; 0: unknown. */
void handshake_init(struct handshake *handshake, rtc_context *context, rtc_time_t rtt_us);
void handshake_fini(struct handshake *handshake);
/* A packet left while the association is being set up. */
void handshake_sent(struct handshake *handshake, rtc_time_t now, struct slice packet);
/* What to send again now; empty when nothing is due. Borrowed until the next call. */
struct slice handshake_due(struct handshake *handshake, rtc_time_t now);
/* The answer came. */
void handshake_over(struct handshake *handshake);

#endif
