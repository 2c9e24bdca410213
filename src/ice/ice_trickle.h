/* SPDX-License-Identifier: MIT */
/* Candidates that the peer signals, one at a time (RFC 8838). */
#ifndef CRTC_ICE_TRICKLE_H
#define CRTC_ICE_TRICKLE_H

#include "ice_types.h"

/* A candidate that the peer signals, by address or name. RTC_ERR_QUOTA_EXCEEDED beyond the limit. What can not be checked is counted. */
int ice_trickle(struct ice_agent *agent, const struct ice_candidate *candidate);
/* Those whose names were resolved just now. */
void ice_trickle_found(struct ice_agent *agent, struct out *out);

#endif
