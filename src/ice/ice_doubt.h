/* SPDX-License-Identifier: MIT */
/* Doubt about the selected pair: the network changed, or the peer turned up or nominates somewhere else. A path that still works answers
 * one of three questions within a few round trips; when it does not, another pair that was heard of since takes over, long before silence
 * alone would tell. The agent owns it; only ice_doubt.c writes to it. */
#ifndef CRTC_ICE_DOUBT_H
#define CRTC_ICE_DOUBT_H

#include "ice_consent.h"

struct ice_doubt {
    const struct ice_session *session;
    const struct ice_check_list *checks;
    const struct ice_consent *consent;
    rtc_time_t since; /* RTC_TIME_NEVER: none */
    rtc_time_t next;
    uint8_t asked;
};

/* Something happened after which the selected pair may not work any more: it is asked at once. */
void ice_doubt_start(struct ice_doubt *doubt, rtc_time_t now);
void ice_doubt_run(struct ice_doubt *doubt, rtc_time_t now, struct out *out);
void ice_doubt_deadline(const struct ice_doubt *doubt, rtc_time_t *best, enum timer_reason *why);
/* It did not answer. */
bool ice_doubt_confirmed(const struct ice_doubt *doubt);
void ice_doubt_end(struct ice_doubt *doubt);

#endif
