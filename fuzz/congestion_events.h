/* SPDX-License-Identifier: MIT */
/* A congestion controller driven by events of sixteen bytes each: packets that leave, feedback that says anything of any time, reports,
 * limits. Whatever it is told, the rate stays within the limits, and no probe is outside of them by more than it may be. */
#ifndef CRTC_FUZZ_CONGESTION_EVENTS_H
#define CRTC_FUZZ_CONGESTION_EVENTS_H

#include "congestion.h"

void congestion_events(const struct congestion_controller *controller, const uint8_t *data, size_t size);

#endif
