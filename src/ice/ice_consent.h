/* SPDX-License-Identifier: MIT */
/* Consent to send (RFC 7675) and liveness: when each pair is asked whether the peer is still there, and what its silence means. The agent
 * owns it and sets `due` after each run; the rest is ice_consent.c's. What is known of each pair stands in the pair. */
#ifndef CRTC_ICE_CONSENT_H
#define CRTC_ICE_CONSENT_H

#include "ice_check_list.h"

struct ice_consent {
    const struct ice_session *session;
    struct ice_check_list *checks;
    rtc_time_t due;  /* when the agent wanted to be run again */
    rtc_time_t back; /* when it was run much later than that last */
};

void ice_consent_init(struct ice_consent *consent, const struct ice_session *session, struct ice_check_list *checks);

/* Sends a consent check. */
void ice_consent_ask(const struct ice_consent *consent, struct ice_pair *pair, rtc_time_t now, struct out *out);
void ice_consent_run(struct ice_consent *consent, rtc_time_t now, struct out *out);
void ice_consent_deadline(const struct ice_consent *consent, rtc_time_t *best, enum timer_reason *why);

/* How long nothing authenticated came on the pair. */
rtc_time_t ice_quiet(const struct ice_pair *pair, rtc_time_t now);
/* The peer's consent to send there has not expired (RFC 7675 section 5.1). */
bool ice_consent_valid(const struct ice_pair *pair, rtc_time_t now);
/* When a pair that stays quiet makes the agent disconnected, and failed. */
rtc_time_t ice_disconnected_at(const struct ice_consent *consent, const struct ice_pair *pair);
rtc_time_t ice_failed_at(const struct ice_consent *consent, const struct ice_pair *pair);

/* Before what is due is done: how much later that comes than it was to, since the process stood still or had no time; 0: not much. */
rtc_time_t ice_notice_pause(struct ice_consent *consent, rtc_time_t now);
/* A moment ago that was so. */
bool ice_is_back(const struct ice_consent *consent, rtc_time_t now);
/* When silence until `at` is taken for what it seems to be. */
rtc_time_t ice_judged_at(const struct ice_consent *consent, rtc_time_t at);

#endif
