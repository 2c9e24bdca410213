/* SPDX-License-Identifier: MIT */
/* Names of our own (draft-ietf-mmusic-mdns-ice-candidates section 3.1): what host candidates are told as when addresses are to be hidden,
 * and multicast DNS, which answers for them and is asked for those of the peer (ice_lookup.h). The agent owns it; only ice_names.c writes
 * to it. */
#ifndef CRTC_ICE_NAMES_H
#define CRTC_ICE_NAMES_H

#include "ice_local.h"

struct mdns;

struct ice_names {
    struct ice_common *common;
    const struct ice_bases *bases;
    struct ice_locals *locals;
    struct mdns *mdns; /* NULL until a name is needed */
};

void ice_names_fini(struct ice_names *names);
/* False when out of memory. */
bool ice_names_need(struct ice_names *names);
/* A host candidate of the base's interface is told to the peer, by its name where addresses are hidden. */
void ice_names_announce(struct ice_names *names, const struct ice_base *base, struct ice_candidate *candidate, struct out *out);
/* The base is no more: its name makes room for others, and nothing is asked on its interface. */
void ice_names_withdraw(struct ice_names *names, const struct ice_base *base, struct out *out);
/* The names of an earlier agent stay those of our addresses, and it says no goodbye to them. */
int ice_names_inherit(struct ice_names *names, struct ice_names *before);
/* Follows what interfaces there are, and does what is due. */
void ice_names_run(struct ice_names *names, rtc_time_t now, struct out *out);
void ice_names_close(struct ice_names *names, struct out *out);

#endif
