/* SPDX-License-Identifier: MIT */
/* An ICE-lite agent (RFC 8445 sections 2.5, 6.1.1, 7.3.2 and 8.2.1), as servers with a public address are: host candidates only, never a
 * check of its own, always controlled. The peer's authenticated requests do everything: they make a pair valid, select it, and are the
 * consent to send on it (RFC 7675 section 4). Remote candidates are kept, but nothing is sent to them. Only where two connections of one
 * port claim one path it asks which of them is there. Keeps nothing of its own. */
#ifndef CRTC_ICE_LITE_H
#define CRTC_ICE_LITE_H

#include "ice_consent.h"

/* Before a request on a path that is another connection's is answered, its sender is asked whether it is there. NULL is harmless. */
void ice_lite_ask(const struct ice_consent *consent, struct ice_pair *pair, rtc_time_t now, struct out *out);
/* An authenticated request came on the pair: that is what makes it valid, gives consent, and selects it. */
void ice_lite_request(struct ice_check_list *checks, struct ice_pair *pair, bool nominates, rtc_time_t now);
/* The pair to send on; NULL when there is none. */
struct ice_pair *ice_lite_best(const struct ice_check_list *checks, rtc_time_t now);
/* The peer is lite, too, and this agent a full one now: what it took for valid is yet to be checked. */
void ice_lite_leave(struct ice_check_list *checks);

#endif
