/* SPDX-License-Identifier: MIT */
/* Candidates for TCP (RFC 6544): what the agent listens on, what it connects to, and the connections. A connection is a base of its own
 * with exactly one remote candidate. Inside the agent its packets are datagrams of that base: only ice_tcp_unwrap() and ice_wrap() know
 * of streams and of framing (RFC 4571).
 *
 * Connections are made late: while a direct pair over UDP works, or may yet begin to, nothing is connected to, so that a call over UDP
 * costs none. All of it is bounded: what the peer's candidates can make us connect to, and what strangers can make us hold. The agent owns
 * it; its connections are made and lost in ice_tcp_connection.h, and what it listens on and who comes in is ice_tcp_passive.h. */
#ifndef CRTC_ICE_TCP_H
#define CRTC_ICE_TCP_H

#include "ice_tcp_connection.h"
#include "ice_tcp_passive.h"

/* Whether this agent would connect to a candidate of the peer. */
bool ice_tcp_is_reachable(const struct ice_tcp *tcp, const struct ice_candidate *candidate);

/* Announces what the interfaces of new host bases offer over TCP, once all of them have their UDP sockets. */
void ice_tcp_offer(struct ice_tcp *tcp, struct out *out);
/* Attempts: from a new host base's interface to every candidate of the peer, to a new candidate from every interface. */
void ice_tcp_pair_base(struct ice_tcp *tcp, const struct ice_base *base);
void ice_tcp_pair_remote(struct ice_tcp *tcp, struct ice_remote *remote);
/* The interface is gone: it is listened on and connected from no more, and its connections are over. */
void ice_tcp_drop_interface(struct ice_tcp *tcp, const struct address *interface, rtc_time_t now, struct out *out);

bool ice_tcp_result(struct ice_tcp *tcp, rtc_time_t now, const struct io_result *result, struct out *out);
/* One of its connections is that socket, which is not 0. */
bool ice_tcp_has_socket(const struct ice_tcp *tcp, uint32_t socket);
/* For packets of streams (PATH_TCP); false: this is none of ours. */
bool ice_tcp_unwrap(struct ice_tcp *tcp, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out);
/* Connections are being made, or will be. */
bool ice_tcp_undecided(const struct ice_tcp *tcp);
/* The same for those that were not tried yet: further tries come later. */
bool ice_tcp_untried(const struct ice_tcp *tcp);
/* Gives connections up whose time is over. */
void ice_tcp_run(struct ice_tcp *tcp, rtc_time_t now, struct out *out);
/* Begins the attempts whose time has come: once the state and the pairs are what they are. */
void ice_tcp_connect(struct ice_tcp *tcp, rtc_time_t now, struct out *out);
void ice_tcp_deadline(const struct ice_tcp *tcp, rtc_time_t *best, enum timer_reason *why);
void ice_tcp_close(struct ice_tcp *tcp, struct out *out);
void ice_tcp_fini(struct ice_tcp *tcp);

#endif
