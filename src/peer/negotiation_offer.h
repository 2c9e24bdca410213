/* SPDX-License-Identifier: MIT */
/* Planning of offers. */
#ifndef CRTC_NEGOTIATION_OFFER_H
#define CRTC_NEGOTIATION_OFFER_H

#include "negotiation_plan.h"

void negotiation_plan_local_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan);
void negotiation_plan_remote_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan);
/* Remote tracks appear and vanish as this remote description says. */
void negotiation_plan_follow_tracks(struct negotiation_plan *plan, const struct session_description *remote);
/* Remote tracks are as the next state says again, after `pending`, which is undone: first those that vanish, then those that come back. */
void negotiation_plan_undo_tracks(struct negotiation_plan *plan, const struct negotiation_state *pending);
/* Entries of transceivers that have no section any more go. */
void negotiation_plan_sweep(struct negotiation_state *state);
/* What came with sections that are no more goes with them; `before`: the state before. */
void negotiation_plan_forget(struct negotiation_plan *plan, const struct negotiation_state *before);

#endif
