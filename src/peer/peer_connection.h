/* SPDX-License-Identifier: MIT */
/* What the composition of a connection gives to its driver's face. */
#ifndef CRTC_PEER_CONNECTION_OBJECT_H
#define CRTC_PEER_CONNECTION_OBJECT_H

#include "peer.h"

/* When relays of a closed connection are given back: it leaves its loop, and may be gone afterwards. */
void peer_end_linger(rtc_peer_connection *pc);

#endif
