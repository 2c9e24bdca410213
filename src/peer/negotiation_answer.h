/* SPDX-License-Identifier: MIT */
/* Planning of answers. */
#ifndef CRTC_NEGOTIATION_ANSWER_H
#define CRTC_NEGOTIATION_ANSWER_H

#include "negotiation_plan.h"

/* Of what a description's b= lines say; nothing at all is as little as can be. */
uint32_t negotiation_bitrate_limit(uint64_t bandwidth_bps);
int negotiation_plan_answer(const struct negotiation_facts *facts, struct negotiation_plan *plan, bool local_offered,
                            struct sdp_error *why);

#endif
