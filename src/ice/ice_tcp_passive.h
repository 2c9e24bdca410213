/* SPDX-License-Identifier: MIT */
/* The passive side of ICE over TCP (RFC 6544): what is listened on, and who connects. Nobody knows who that is until something
 * authenticated comes, so there are few places for strangers, and those whom the peer's candidates name come first. */
#ifndef CRTC_ICE_TCP_PASSIVE_H
#define CRTC_ICE_TCP_PASSIVE_H

#include "ice_tcp_types.h"

extern const struct moves ice_listener_moves;

/* On the interface of this base. */
void ice_tcp_listen(struct ice_tcp *tcp, const struct ice_base *base, struct out *out);
/* Listeners are still to be opened. */
bool ice_tcp_gathers(const struct ice_tcp *tcp);
/* False: it is none of a listener. */
bool ice_tcp_passive_result(struct ice_tcp *tcp, rtc_time_t now, const struct io_result *result, struct out *out);
/* The interface is gone. */
void ice_tcp_stop_listening(struct ice_tcp *tcp, const struct address *interface, struct out *out);

#endif
