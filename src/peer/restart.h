/* SPDX-License-Identifier: MIT */
/* ICE restarts in offers and answers. */
#ifndef CRTC_RESTART_H
#define CRTC_RESTART_H

#include "peer.h"

/* restartIce: the credentials of now are to be replaced. */
void restart_wish(rtc_peer_connection *pc);
/* They still are. */
bool restart_is_wished(const rtc_peer_connection *pc);
/* A negotiation is complete: a wish for a restart may be fulfilled. */
void restart_settled(rtc_peer_connection *pc);
/* Transports share credentials, as those of browsers do: Firefox takes it for a restart when a section has others once it is bundled. Only
 * on a port that many share (endpoint.h) each has its own, which tell them apart. */

/* The credentials that a new offer has for a transport, which need not be there yet. `restart`: this offer is to have others than our
 * description that counts. RTC_ERR_NO_MEMORY. */
int restart_offer_credentials(rtc_peer_connection *pc, size_t number, bool restart, struct ice_credentials *out);
/* The same of an answer; it is there. */
void restart_answer_credentials(const rtc_peer_connection *pc, size_t number, struct ice_credentials *out);

#endif
