/* SPDX-License-Identifier: MIT */
/* ICE restarts in offers and answers. */
#ifndef CRTC_RESTART_H
#define CRTC_RESTART_H

#include "peer.h"

/* restartIce: the credentials of now are to be replaced. */
void restart_wish(rtc_peer_connection *pc);
/* A negotiation is complete: a wish for a restart may be fulfilled. */
void restart_settled(rtc_peer_connection *pc);
/* The credentials that a new offer, and an answer, carry. */
const struct ice_credentials *restart_offer_credentials(rtc_peer_connection *pc);
const struct ice_credentials *restart_answer_credentials(const rtc_peer_connection *pc);

#endif
