/* SPDX-License-Identifier: MIT */
/* Planning of offers. */
#ifndef CRTC_NEGOTIATION_OFFER_H
#define CRTC_NEGOTIATION_OFFER_H

#include "negotiation_plan.h"

/* As negotiation_carriers.h. */
int negotiation_plan_local_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan);
int negotiation_plan_remote_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan, struct sdp_error *why);
/* Entries of transceivers that have no section any more go. */
void negotiation_plan_sweep(struct negotiation_state *state);

#endif
