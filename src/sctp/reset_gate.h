/* SPDX-License-Identifier: MIT */
/* When the engine is shown that the peer resets streams (RFC 6525 5.2.2). Such a request names the last TSN before it, and is answered "in
 * progress" while one of those is missing. usrsctp 0.9.5 looks at what it has put off so only where the next new DATA chunk is handled, and
 * before the TSNs that closed a gap are counted: when a gap closes and no DATA follows, the reset never happens, messages that came after
 * it are never delivered, and the peer's repeats, though answered, end the association. A FORWARD TSN does not help it either. So the
 * request is held back here until the engine has everything before it: to the engine it came a little later, and all is in progress never.
 */
#ifndef CRTC_RESET_GATE_H
#define CRTC_RESET_GATE_H

#include "context.h"
#include "slice.h"

enum { RESET_GATE_PACKET_MAX = 1500 };

/* Embedded in an engine's association; written by reset_gate.c. */
struct reset_gate {
    rtc_context *context;
    uint8_t *held; /* a packet with the peer's request alone; it has one at a time (5.1.1) */
    size_t held_len;
    uint32_t held_tsn; /* the last one before it */
    uint32_t received; /* the engine has everything up to this TSN */
    bool started;      /* that is known; until then nothing is held */
};

void reset_gate_init(struct reset_gate *gate, rtc_context *context);
/* Also when the association begins anew. */
void reset_gate_fini(struct reset_gate *gate);
/* A packet left: its SACK says what the engine has. */
void reset_gate_sent(struct reset_gate *gate, struct slice packet);
/* A packet came. What the engine is to see of it: itself, a copy without the request in `room` (RESET_GATE_PACKET_MAX bytes), or nothing.
 * Without memory the request is lost, and the peer repeats it. */
struct slice reset_gate_admit(struct reset_gate *gate, struct slice packet, uint8_t *room);
/* The packet that was held, in `room`, when its time has come; else nothing. */
struct slice reset_gate_take(struct reset_gate *gate, uint8_t *room);

#endif
