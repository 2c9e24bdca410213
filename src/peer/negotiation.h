/* SPDX-License-Identifier: MIT */
/* Descriptions that are set change the connection. */
#ifndef CRTC_NEGOTIATION_H
#define CRTC_NEGOTIATION_H

#include "peer.h"

/* Sets a description that the state allows (signaling.h); takes a reference to it. On failure everything is as before. */
int negotiation_set(rtc_peer_connection *pc, enum signaling_side side, struct description *d);
/* Drops what is pending: everything is as it was when the state was stable last. On failure it stays. */
int negotiation_undo(rtc_peer_connection *pc);

#endif
