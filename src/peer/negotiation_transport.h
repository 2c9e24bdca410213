/* SPDX-License-Identifier: MIT */
/* Effects of a plan on the connection's transport (negotiation_plan.h): ICE, DTLS, the association, what the peer wants to receive. Others
 * are not looked at. */
#ifndef CRTC_NEGOTIATION_TRANSPORT_H
#define CRTC_NEGOTIATION_TRANSPORT_H

#include "negotiation_plan.h"
#include "peer.h"

/* Makes ready what the effect needs, which is its own. May fail; changes nothing. */
int negotiation_ready_transport(rtc_peer_connection *pc, const struct negotiation_state *next, struct effect *e);
/* Of an effect that was not applied. */
void negotiation_give_back_transport(struct effect *e);
/* Can not fail. `state`: the one that counts now. */
void negotiation_apply_transport(rtc_peer_connection *pc, const struct negotiation_plan *plan, const struct negotiation_state *state,
                                 struct effect *e);

#endif
