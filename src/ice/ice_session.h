/* SPDX-License-Identifier: MIT */
/* What this agent and its peer are to each other: the role of each (RFC 8445 section 6.1.1), what is known of the peer, and how far they
 * are (the states of ice_agent.h). The agent owns it. ice_agent.c and ice_trickle.c write what signalling tells, ice_input.c what the
 * peer's datagrams do (they may change the role, section 7.3.1.1); everybody else reads. */
#ifndef CRTC_ICE_SESSION_H
#define CRTC_ICE_SESSION_H

#include "ice_common.h"

/* LITE: an ICE-lite agent whose peer is a full one, and therefore controlled (section 6.1.1). */
enum ice_role { ICE_CONTROLLED, ICE_CONTROLLING, ICE_LITE };

struct ice_session {
    const struct ice_common *common;
    enum ice_role role;
    bool remote_lite;       /* the role is settled: we control */
    bool remote_known;      /* its credentials are */
    bool peer_seen;         /* a candidate that is taken, or an authenticated request came */
    bool end_of_candidates; /* of the peer's (RFC 8838 section 14) */
    uint64_t tie_breaker;
    enum ice_state state;
    rtc_time_t started; /* when CHECKING began, or in NEW the peer said that it has no more candidates */
    char remote_ufrag[ICE_UFRAG_MAX + 1];
    char remote_password[ICE_PASSWORD_MAX + 1];
};

static inline bool ice_controls(const struct ice_session *session)
{
    return session->role == ICE_CONTROLLING;
}

static inline bool ice_is_lite(const struct ice_session *session)
{
    return session->role == ICE_LITE;
}

#endif
