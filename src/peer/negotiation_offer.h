/* SPDX-License-Identifier: MIT */
/* Planning of offers. */
#ifndef CRTC_NEGOTIATION_OFFER_H
#define CRTC_NEGOTIATION_OFFER_H

#include "negotiation_plan.h"

void negotiation_plan_local_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan);
void negotiation_plan_remote_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan);
/* Entries of transceivers that have no section any more go. */
void negotiation_plan_sweep(struct negotiation_state *state);

#endif
