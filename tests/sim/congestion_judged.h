/* SPDX-License-Identifier: MIT */
/* The links on which congestion control is judged, and what is wanted of it there. */
#ifndef CRTC_CONGESTION_JUDGED_H
#define CRTC_CONGESTION_JUDGED_H

#include "congestion_scene.h"
#include "judged.h"

extern const struct judged_scenario congestion_scenarios[];
extern const size_t congestion_scenario_count;

#endif
