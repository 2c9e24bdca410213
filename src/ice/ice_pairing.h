/* SPDX-License-Identifier: MIT */
/* Which base is paired with which of the peer's candidates over UDP (RFC 8445 section 6.1.2.2), and whom nothing is sent to. Where bases,
 * remote candidates and the check list meet; keeps nothing of its own. The agent owns it and sets it up; nobody writes to it then. */
#ifndef CRTC_ICE_PAIRING_H
#define CRTC_ICE_PAIRING_H

#include "ice_check_list.h"

struct ice_pairing {
    const struct ice_bases *bases;
    struct ice_remotes *remotes;
    struct ice_check_list *checks;
};

/* Why nothing is sent to that address by this agent: ice_unreachable(), and what its own interfaces tell. NULL: it may be. */
const char *ice_refuses_remote(const struct ice_pairing *pairing, const struct address *address, enum path_protocol protocol);
void ice_pair_base(const struct ice_pairing *pairing, struct ice_base *base);       /* with every remote candidate */
void ice_pair_remote(const struct ice_pairing *pairing, struct ice_remote *remote); /* with every base */
/* A peer-reflexive remote candidate, of somebody who connected over TCP or not; NULL beyond the limit, when none of them went quiet to make
 * room. */
struct ice_remote *ice_add_reflexive(const struct ice_pairing *pairing, const struct address *address, enum path_protocol protocol,
                                     uint32_t priority, rtc_time_t now);
/* With its pairs. */
void ice_forget_reflexive(const struct ice_pairing *pairing, struct ice_remote *remote);

#endif
