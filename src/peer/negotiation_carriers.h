/* SPDX-License-Identifier: MIT */
/* Planning of what the transports do: which carries which section (carriers.h), which ICE generation a description speaks of (RFC 9429
 * sections 3.5.1 and 5.10; RFC 8839 section 4.4), and when DTLS begins anew (RFC 8842). */
#ifndef CRTC_NEGOTIATION_CARRIERS_H
#define CRTC_NEGOTIATION_CARRIERS_H

#include "negotiation_plan.h"

/* Each of these fills the carriers and the transports of the next state. RTC_ERR_NO_MEMORY. */
int negotiation_carry_local_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan);
/* RTC_ERR_INVALID_ACCESS, with *why filled, when what there is can not go on with the description. */
int negotiation_carry_remote_offer(const struct negotiation_facts *facts, struct negotiation_plan *plan, struct sdp_error *why);
int negotiation_carry_answer(const struct negotiation_facts *facts, struct negotiation_plan *plan, bool local_offered,
                             struct sdp_error *why);
/* RFC 8445 6.1.1: the offerer controls, whoever made an agent first. */
void negotiation_carry_roles(const struct negotiation_facts *facts, struct negotiation_plan *plan, bool controlling);
/* Candidates of all that carry something. */
void negotiation_carry_gather(struct negotiation_plan *plan);
/* Another DTLS association begins, if this section of an offer of the peer's, which stands for the transport, is answered with the role
 * that we have. */
bool negotiation_dtls_changes(const struct negotiation_state *stable, size_t transport, const struct jsep_section *offered);
/* What carries a section of an answer: its number in the next state, or TRANSPORT_NONE. */
uint16_t negotiation_carrier(const struct negotiation_plan *plan, size_t section);

#endif
