/* SPDX-License-Identifier: MIT */
/* How far gathering is (RTCIceGathererState, webrtc-pc section 5.6.3). The agent owns it; whoever brings candidates although it was over
 * resumes it, and ice_gather.c, which knows what is still awaited, begins and completes it: ice_gathering.c,
 * which they call, is the only file that writes to it.
 *
 *   NEW --begun--> ACTIVE --nothing awaited any more, or too late--> COMPLETE
 *                    ^------- the network changed, another mapping ------+ */
#ifndef CRTC_ICE_GATHERING_H
#define CRTC_ICE_GATHERING_H

#include "ice_common.h"
#include "moves.h"

extern const struct moves ice_gathering_moves;

struct ice_gathering {
    const struct ice_common *common;
    enum ice_gathering_state state;
    rtc_time_t deadline; /* ACTIVE: whatever did not come until then is not waited for */
};

/* Only once. */
void ice_gathering_begin(struct ice_gathering *gathering, rtc_time_t now, struct out *out);
/* Candidates come although gathering was complete: it is ACTIVE again. */
void ice_gathering_resume(struct ice_gathering *gathering, rtc_time_t now, struct out *out);
void ice_gathering_complete(struct ice_gathering *gathering, struct out *out);

#endif
