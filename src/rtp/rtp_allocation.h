/* SPDX-License-Identifier: MIT */
/* Who gets how much of a rate: a pure function of what each wants. Tracks, and data, share by their weights, each up to what it can use,
 * and what it can not use goes to the others. The layers of a track get theirs from the smallest up: each enough for itself before the next
 * gets anything; one for which there is too little is off, and so are those above it. What is left goes to the topmost that is on. For how
 * long it must be so before one goes or comes is not asked here (rtp_layer_switch.h). */
#ifndef CRTC_RTP_ALLOCATION_H
#define CRTC_RTP_ALLOCATION_H

#include <crtc/base.h>

/* What one that is not to be sent at all can use (an encoding that is not active): of a track the next one is the first then. */
enum { RTP_DEMAND_NOTHING = 1 };

/* What one layer, or one that has no layers, wants. Those of one track follow each other, from the smallest to the largest. */
struct rtp_demand {
    uint32_t track;      /* whose it is */
    uint32_t weight;     /* of the track: that of its first layer counts; 0: as 1 */
    uint32_t least_bps;  /* with less it is off, unless it is the first of its track */
    uint32_t enough_bps; /* with more the next layer is served better; 0: of a track of which nobody knows, which shares equally */
    uint32_t most_bps;   /* what it can use; 0: any */
    bool off;            /* as it is now: to come on it needs a quarter more; what is on stays on with half of the least */
    bool stays_off;      /* whatever there is for it: it gets nothing, and nor do those above it */
};

/* A fair share of `target_bps` for each: 0 for a layer that is off. The first of a track always gets something, as long as there is
 * anything. */
void rtp_allocate(uint32_t target_bps, const struct rtp_demand *demands, size_t count, uint32_t *given_bps);

bool rtp_demand_is_wanted(const struct rtp_demand *demand);

/* What pictures of this size want with thirty of them a second: less than that is not worth looking at, more makes them hardly better. 0
 * of ones that are not known. */
uint32_t rtp_least_for(uint32_t pixels);
uint32_t rtp_enough_for(uint32_t pixels);

#endif
