/* SPDX-License-Identifier: MIT */
/* The candidate pool (RFC 9429 section 3.5.4), and what another configuration means for candidates. */
#ifndef CRTC_CANDIDATE_POOL_H
#define CRTC_CANDIDATE_POOL_H

#include "peer.h"

/* Starts what the candidate pool asks for, unless a local description did. peer_settle() is to follow. */
int candidate_pool_start(rtc_peer_connection *pc);
/* The configuration changed. */
int candidate_pool_configured(rtc_peer_connection *pc, bool servers_changed, uint8_t size_before);

#endif
