/* SPDX-License-Identifier: MIT */
/* One way from a forwarder to a sender; see <crtc/forward.h>. All on the thread of the sender's connection. */
#ifndef CRTC_FORWARD_H_INTERNAL
#define CRTC_FORWARD_H_INTERNAL

#include "transceiver.h"

#include <crtc/forward.h>

/* Of the sender's stream. NULL is legal in all of them. */
void forward_target(rtc_forward *forward, rtc_time_t now, uint32_t bitrate_bps);
/* Its peer needs a keyframe. */
void forward_needs_keyframe(rtc_forward *forward);
/* The transceiver stops, or goes: nothing is sent any more. Drops the sender's reference. */
void forward_end(rtc_forward *forward);

#endif
