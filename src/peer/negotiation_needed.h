/* SPDX-License-Identifier: MIT */
/* Whether another negotiation is needed. */
#ifndef CRTC_NEGOTIATION_NEEDED_H
#define CRTC_NEGOTIATION_NEEDED_H

#include "peer.h"

/* webrtc-pc 4.7.3: queues negotiationneeded when it became true. */
void negotiation_update_needed(rtc_peer_connection *pc);
/* The same in two steps, for who may not allocate: that it was asked for more often than that is noted where the connection is recorded. */
void negotiation_follow_needed(rtc_peer_connection *pc);
void negotiation_record_needed(rtc_peer_connection *pc, int asked);

#endif
