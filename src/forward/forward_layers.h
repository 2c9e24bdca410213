/* SPDX-License-Identifier: MIT */
/* What comes of the streams of one sender, and of the temporal layers in them: how much, how large, how lately. */
#ifndef CRTC_FORWARD_LAYERS_H
#define CRTC_FORWARD_LAYERS_H

#include "forward_packet.h"
#include "forward_payload.h"

enum {
    FORWARD_LAYERS_MAX = 8,
    FORWARD_LAYER_TEMPORALS = 4, /* more are counted with the last of them */
    FORWARD_SILENCE_US = 1000000 /* of which nothing came for so long, that does not come at present */
};

/* A value: one stream, as it was in the last second. */
struct forward_layer {
    char rid[FORWARD_RID_MAX + 1];
    bool flows;
    uint32_t width, height;                      /* of its last keyframe; 0: none was seen */
    uint32_t temporals;                          /* how many temporal layers; at least 1 */
    uint32_t rates_bps[FORWARD_LAYER_TEMPORALS]; /* of payloads: of each temporal layer with those beneath it */
};

enum { FORWARD_METER_SLOTS = 10, FORWARD_METER_SLOT_US = 100000 };

/* Part of forward_layers. */
struct forward_meter {
    char rid[FORWARD_RID_MAX + 1];
    uint32_t width, height, temporals;
    rtc_time_t first, last; /* packets */
    int64_t slot;           /* of time, that is being filled */
    uint32_t bytes[FORWARD_METER_SLOTS][FORWARD_LAYER_TEMPORALS];
};

/* Embedded in the forwarder; written by forward_layers.c. */
struct forward_layers {
    struct forward_meter all[FORWARD_LAYERS_MAX];
    size_t count;
};

/* The index of this name, which is added when it is not there yet; FORWARD_LAYERS_MAX: there is no room. */
size_t forward_layers_named(struct forward_layers *layers, const char *rid);
/* A packet of the layer with this index came. */
void forward_layers_note(struct forward_layers *layers, rtc_time_t now, size_t index, const struct forward_packet *packet);
struct forward_layer forward_layers_read(const struct forward_layers *layers, rtc_time_t now, size_t index);

#endif
