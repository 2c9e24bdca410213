/* SPDX-License-Identifier: MIT */
/* The local addresses that get a socket (RFC 8445 section 5.1.1.1), and what becomes of those when the system's list changes. */
#ifndef CRTC_ICE_INTERFACES_H
#define CRTC_ICE_INTERFACES_H

#include "ice_types.h"

/* Asks for the list, which is answered again whenever it changes. */
void ice_interfaces_watch(struct ice_agent *agent, struct out *out);
/* Follows the system's list: a socket on each new address that the rules allow, none on those that are gone. */
void ice_interfaces_listed(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out);
/* Addresses that were gone for long are forgotten. */
void ice_interfaces_run(struct ice_agent *agent, rtc_time_t now, struct out *out);
void ice_interfaces_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why);

#endif
