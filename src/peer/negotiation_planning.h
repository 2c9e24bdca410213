/* SPDX-License-Identifier: MIT */
/* What a description means for a connection (RFC 9429 sections 5.9 to 5.11; webrtc-pc 4.4.1.5), as a pure function: a state, what there is
 * beside it, and a description give the next state and a list of effects. It may refuse the description or run out of memory; nothing has
 * changed then. negotiation.c gets ready what the effects need, which may fail too, and then carries them out in their order, which can
 * not be refused any more. */
#ifndef CRTC_NEGOTIATION_PLANNING_H
#define CRTC_NEGOTIATION_PLANNING_H

#include "negotiation_plan.h"

/* Setting a description of this side; it must be allowed in this state (signaling.h). Takes a reference to `d`. On failure (RTC_ERR_*, with
 * *why filled unless memory ran out) *out is untouched. */
int negotiation_plan_set(rtc_context *context, const struct negotiation_facts *facts, enum signaling_side side, struct description *d,
                         struct negotiation_plan **out, struct sdp_error *why);
/* Undoing what is pending: the stable state is the next one. */
int negotiation_plan_undo(rtc_context *context, const struct negotiation_facts *facts, struct negotiation_plan **out);

#endif
