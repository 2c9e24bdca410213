/* SPDX-License-Identifier: MIT */
/* Where nothing is sent, whatever a peer gives as its candidate or writes as its address: what no honest peer has. Else whoever can signal
 * candidates, or speaks for a peer, has our checks sent to networks' broadcast addresses, to name servers, to a cloud's metadata. The
 * application can widen it and narrow it (struct ice_rules). */
#ifndef CRTC_ICE_REACH_H
#define CRTC_ICE_REACH_H

#include "ice_filter.h"

/* What no candidate may be: no address, any, multicast, link-local IPv6, or IPv4 in the clothes of IPv6 (RFC 8445 section 5.1.1.1). */
bool ice_address_is_usable(const struct address *address);
/* Why nothing is sent there: static text; NULL: it may be. Loopback is judged by who would send (ice_refuses_remote). */
const char *ice_unreachable(const struct ice_rules *rules, const struct address *address, enum path_protocol protocol);
/* The application allows it by name. */
bool ice_reach_is_allowed(const struct ice_rules *rules, const struct address *address);
/* It denies it, or the IPv4 address in it. */
bool ice_reach_is_denied(const struct ice_rules *rules, const struct address *address);
/* IPv4: the address of all hosts, or of the network itself, in the network of `bits` that `interface` is in. */
bool ice_is_broadcast_of(const struct address *interface, uint8_t bits, const struct address *address);

#endif
