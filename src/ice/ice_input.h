/* SPDX-License-Identifier: MIT */
/* A datagram of STUN that came to one of the agent's bases: the whole way of one up through ICE, from its bytes to the pair that it is
 * about. */
#ifndef CRTC_ICE_INPUT_H
#define CRTC_ICE_INPUT_H

#include "ice_types.h"

/* False: it is for another agent. */
bool ice_input(struct ice_agent *agent, rtc_time_t now, const struct path *from, struct slice packet, struct out *out);

#endif
