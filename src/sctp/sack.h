/* SPDX-License-Identifier: MIT */
/* How a SACK is shown to the engine. usrsctp 0.9.5 has two ways of handling one. The short way, for a SACK that reports no gaps, leaves T3
 * running when the cumulative acknowledgement advances, although RFC 9260 6.3.2 (R3) wants it restarted: T3 then expires once each RTO in
 * the middle of a transfer that loses nothing, and the window falls to one packet. The long way restarts it. A gap block that is none (it
 * ends before it starts, which the engine passes over) makes a SACK take the long way. That costs, and T3 takes over 200 ms to run out: it
 * is done once each 10 ms. */
#ifndef CRTC_SACK_H
#define CRTC_SACK_H

#include "context.h"
#include "slice.h"

enum { SACK_PACKET_MAX = 1500, SACK_SHOWN_EVERY_US = 10000 };

/* Embedded in an engine's association, which sets the time when it begins; then written by sack.c. */
struct sack_view {
    rtc_time_t shown; /* when a SACK was last shown in its other form */
};

/* The packet as the engine is to see it: itself, or a copy in `room` (SACK_PACKET_MAX bytes). Its checksum is not kept. */
struct slice sack_show(struct sack_view *view, rtc_time_t now, struct slice packet, uint8_t *room);

#endif
