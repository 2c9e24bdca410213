/* SPDX-License-Identifier: MIT */
/* Which pair packets are sent on, and its nomination (RFC 8445 sections 8 and 12). Until a pair is nominated the best valid one is used
 * (section 12.1.1), so no round trip is spent waiting. As the controlling agent we nominate once, soon; as the controlled one we take the
 * highest priority among the pairs that the peer nominated, for peers nominate several (aggressive nomination of RFC 5245). Keeps nothing
 * of its own: what was chosen stands in the check list. The agent owns it and sets it up; nobody writes to it then. */
#ifndef CRTC_ICE_NOMINATE_H
#define CRTC_ICE_NOMINATE_H

#include "ice_doubt.h"

struct ice_nominate {
    const struct ice_session *session;
    struct ice_check_list *checks;
    const struct ice_consent *consent;
    struct ice_doubt *doubt;
};

void ice_select(const struct ice_nominate *nominate, rtc_time_t now, struct out *out);
/* The peer, which controls, nominates a valid pair. */
void ice_nominated_by_peer(const struct ice_nominate *nominate, struct ice_pair *pair, rtc_time_t now);
void ice_nominate_run(const struct ice_nominate *nominate, rtc_time_t now, struct out *out);
void ice_nominate_deadline(const struct ice_nominate *nominate, rtc_time_t *best, enum timer_reason *why);

#endif
