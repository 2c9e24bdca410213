/* SPDX-License-Identifier: MIT */
/* Who was heard lately in what a receiver got (webrtc-pc 5.3.1): its SSRCs and, of what a mixer made, the CSRCs. Bounded: the one that was
 * silent for longest makes room. */
#ifndef CRTC_RECEIVER_SOURCES_H
#define CRTC_RECEIVER_SOURCES_H

#include "frame.h"

#include <crtc/rtp.h>

struct receiver_sources;

/* From memory_alloc. RTC_ERR_NO_MEMORY. */
int receiver_sources_new(rtc_context *context, struct receiver_sources **out);
/* A frame goes to the track. One that was not received says nothing. */
void receiver_sources_note(struct receiver_sources *sources, rtc_time_t now, const struct frame_origin *origin, uint32_t rtp_timestamp);
/* The one at this place, the latest first, of the last 10 seconds; all but `size` is written. False beyond the last. */
bool receiver_sources_at(const struct receiver_sources *sources, rtc_time_t now, bool contributing, size_t index, rtc_rtp_source *out);

#endif
