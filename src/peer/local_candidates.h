/* SPDX-License-Identifier: MIT */
/* Candidates of this side, as the application is told of them. */
#ifndef CRTC_LOCAL_CANDIDATES_H
#define CRTC_LOCAL_CANDIDATES_H

#include "peer.h"

/* `number`: the transport whose they are. */
void candidates_gathered(rtc_peer_connection *pc, size_t number, const struct ice_candidate *candidate);
/* An event that tells this candidate, or with "" that there are no more, waits. */
bool candidates_wait(const rtc_peer_connection *pc, const char *text);
/* `ufrag`: the generation that has no more. */
void candidates_end(rtc_peer_connection *pc, size_t number, const char *ufrag);
/* The null candidate, after the gathering state says so. */
void candidates_complete(rtc_peer_connection *pc);
void candidates_error(rtc_peer_connection *pc, const struct ice_candidate_error *error);

#endif
