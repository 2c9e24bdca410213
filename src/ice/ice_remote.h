/* SPDX-License-Identifier: MIT */
/* The peer's candidates: those it signals (RFC 8838 section 11) and those that its checks reveal (peer-reflexive, RFC 8445
 * section 7.3.1.3), each kind bounded apart; and, for who asks why, the first few that nothing is sent to. The agent owns them.
 * ice_trickle.c writes to those that are signalled, ice_pairing.c makes and removes peer-reflexive ones. Each is allocated by itself, so
 * that pointers to it stay. */
#ifndef CRTC_ICE_REMOTE_H
#define CRTC_ICE_REMOTE_H

#include "ice_common.h"

enum { ICE_LEFT_OUT_MAX = 8 };

struct ice_remote {
    uint32_t serial;
    struct address address;
    char *name; /* what the peer gave in place of the address, which it does not want shown; else NULL */
    uint32_t priority;
    uint8_t type;     /* enum ice_candidate_type */
    uint8_t tcp_type; /* enum ice_tcp_type */
    bool signalled;   /* whatever its type: the peer may call one that it signals peer-reflexive */
    char foundation[ICE_FOUNDATION_MAX + 1];
};

/* A candidate, or somebody's address, that nothing is sent to. */
struct ice_left_out {
    struct address address;
    uint8_t type, protocol;
    bool named; /* its address is hidden */
    const char *reason;
};

struct ice_remotes {
    struct ice_common *common;
    struct ice_remote **list;
    size_t count, capacity;
    uint32_t reflexive_count; /* bounded apart, so that signalled candidates can not keep them out */
    uint32_t foundation_serial;
    struct ice_left_out *left_out; /* NULL: none */
    size_t left_out_count;
};

void ice_remotes_fini(struct ice_remotes *remotes);
struct ice_remote *ice_remotes_find(const struct ice_remotes *remotes, const struct address *address, enum path_protocol protocol);
/* How many more signalled candidates the limit allows. */
uint32_t ice_remotes_left(const struct ice_remotes *remotes);
/* A signalled candidate; NULL when out of memory. */
struct ice_remote *ice_remotes_add(struct ice_remotes *remotes, const struct ice_candidate *candidate);
/* A peer-reflexive candidate turns out to be one that the peer signals (RFC 8838 section 11.4). False when out of memory. */
bool ice_remotes_upgrade(struct ice_remotes *remotes, struct ice_remote *remote, const struct ice_candidate *candidate);
/* Whether a peer-reflexive one has to make room first. */
bool ice_remotes_reflexive_full(const struct ice_remotes *remotes);
struct ice_remote *ice_remotes_add_reflexive(struct ice_remotes *remotes, const struct address *address, enum path_protocol protocol,
                                             uint32_t priority);
/* Frees it; no pair may refer to it any more. */
void ice_remotes_remove(struct ice_remotes *remotes, struct ice_remote *remote);
/* Counts it, and keeps it for who asks why; once. */
void ice_remotes_leave_out(struct ice_remotes *remotes, const struct ice_left_out *what);

#endif
