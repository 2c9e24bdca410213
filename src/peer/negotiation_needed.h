/* SPDX-License-Identifier: MIT */
/* Whether another negotiation is needed. */
#ifndef CRTC_NEGOTIATION_NEEDED_H
#define CRTC_NEGOTIATION_NEEDED_H

#include "peer.h"

/* webrtc-pc 4.7.3: queues negotiationneeded when it became true. */
void negotiation_update_needed(rtc_peer_connection *pc);

#endif
