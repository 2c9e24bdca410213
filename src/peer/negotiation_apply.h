/* SPDX-License-Identifier: MIT */
/* The last two steps of setting a description: the next state takes its place, and the effects of the plan follow. Everything that they
 * take is ready: neither fails, and nothing here allocates. */
#ifndef CRTC_NEGOTIATION_APPLY_H
#define CRTC_NEGOTIATION_APPLY_H

#include "negotiation_plan.h"
#include "peer.h"

/* Takes what is ready for effects, and the next state, out of the plan. */
void negotiation_apply(rtc_peer_connection *pc, struct negotiation_plan *plan);

#endif
