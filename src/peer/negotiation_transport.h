/* SPDX-License-Identifier: MIT */
/* Effects of a plan on the connection's transports (negotiation_plan.h): ICE, DTLS, the association, what the peer wants to receive. Others
 * are not looked at. */
#ifndef CRTC_NEGOTIATION_TRANSPORT_H
#define CRTC_NEGOTIATION_TRANSPORT_H

#include "negotiation_plan.h"
#include "peer.h"

/* Makes ready what the effect needs, which is its own; the plan's transports are. May fail; changes nothing. */
int negotiation_ready_transport(rtc_peer_connection *pc, const struct negotiation_plan *plan, struct effect *e);
/* Of an effect that was not applied. */
void negotiation_give_back_transport(struct effect *e);
/* The connection's transports become those of the plan. What carries nothing any more goes by itself, and the association of data moves to
 * where the next state has it. Can not fail. */
void negotiation_arrange_transports(rtc_peer_connection *pc, struct negotiation_plan *plan);
/* What may be sent of video in all, by us and by the peer's last description, is shared by the transports that send some. */
void negotiation_share_bitrate(rtc_peer_connection *pc);
/* Can not fail. `state`: the one that counts now. */
void negotiation_apply_transport(rtc_peer_connection *pc, const struct negotiation_plan *plan, const struct negotiation_state *state,
                                 struct effect *e);

#endif
