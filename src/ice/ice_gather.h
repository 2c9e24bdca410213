/* SPDX-License-Identifier: MIT */
/* Gathering (RFC 8445 section 5.1.1): what becomes of sockets, servers, relays and TCP, and when all of it is over. */
#ifndef CRTC_ICE_GATHER_H
#define CRTC_ICE_GATHER_H

#include "ice_types.h"

struct ice_base;

/* Of a socket, a server's name, a relay or TCP; false: none of ours. */
bool ice_gather_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out);
void ice_gather_run(struct ice_agent *agent, rtc_time_t now, struct out *out);
void ice_gather_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why);

/* The base of a socket goes, with its pairs, its queries, its candidates and the TCP connections of its interface. */
void ice_remove_socket(struct ice_agent *agent, struct ice_base *base, rtc_time_t now, struct out *out);

#endif
