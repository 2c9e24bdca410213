/* SPDX-License-Identifier: MIT */
/* In which order pictures belong to temporal layers, and what each may refer to, so that any of the upper layers can be left out on the way
 * (webrtc-svc, L1T2 and L1T3; RFC 7741 section 4.2). Knows no codec. */
#ifndef CRTC_TEMPORAL_PATTERN_H
#define CRTC_TEMPORAL_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

enum { TEMPORAL_LAYERS_MAX = 3 };

/* Each picture refers to the last one of the base layer. */
struct temporal_picture {
    uint8_t layer;
    bool sync;         /* it refers to nothing else, and nothing after it refers to what is above the base layer and before it */
    bool reads_middle; /* it refers to the last picture of the middle layer, too */
    bool is_read;      /* pictures after it refer to it, as the last one of its layer */
};

/* A value; zero is one layer. */
struct temporal_pattern {
    uint32_t layers; /* 1 to TEMPORAL_LAYERS_MAX; 0 is 1 */
    uint32_t at;
};

/* From the beginning, with so many layers: more than there may be are as many as there may be. */
void temporal_pattern_start(struct temporal_pattern *pattern, uint32_t layers);
/* What the next picture is to be. The same again until it was made: one that was left out leaves its place to the next. A static value. */
const struct temporal_picture *temporal_pattern_next(const struct temporal_pattern *pattern);
/* It was made. A keyframe, whatever the pattern said, is the first picture of a new beginning. */
void temporal_pattern_made(struct temporal_pattern *pattern, bool keyframe);
/* After how many pictures it begins anew, and the layer of each. */
uint32_t temporal_pattern_period(uint32_t layers);
uint8_t temporal_pattern_layer(uint32_t layers, uint32_t at);
/* What this layer and those below it get of the rate, in percent. */
uint32_t temporal_pattern_share(uint32_t layers, uint32_t layer);

#endif
