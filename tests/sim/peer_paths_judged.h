/* SPDX-License-Identifier: MIT */
/* The links of bench/link-video for whole connections with an encoder that costs nothing, and what is wanted of them there. */
#ifndef CRTC_PEER_PATHS_JUDGED_H
#define CRTC_PEER_PATHS_JUDGED_H

#include "judged.h"

extern const struct judged_scenario paths_scenarios[];
extern const size_t paths_scenario_count;

#endif
