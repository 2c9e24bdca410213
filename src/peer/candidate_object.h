/* SPDX-License-Identifier: MIT */
/* RTCIceCandidate (webrtc-pc 4.8.1) as an object: one block of memory that never changes. It knows no connection. */
#ifndef CRTC_CANDIDATE_OBJECT_H
#define CRTC_CANDIDATE_OBJECT_H

#include <crtc/ice_candidate.h>

/* A reference of the caller's; texts that `init` leaves out are NULL there. NULL when out of memory. */
const rtc_ice_candidate *candidate_object_new(rtc_context *context, const rtc_ice_candidate_init *init);
/* For event tellers (event_queue.h). */
void candidate_object_hold(void *candidate);

#endif
