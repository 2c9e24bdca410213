/* SPDX-License-Identifier: MIT */
/* Whether one of several layers of a track is sent. What the path is thought to take trembles, and a layer that comes on brings a keyframe,
 * which disturbs it: so one that is on has a moment in which it may get less than it needs, one that is off waits until there has been
 * enough for a while, and for longer each time that it could not stay. */
#ifndef CRTC_RTP_LAYER_SWITCH_H
#define CRTC_RTP_LAYER_SWITCH_H

#include <crtc/base.h>

/* What of the rate there is for it. */
enum rtp_layer_rate {
    RTP_LAYER_NOTHING, /* so little that it can not be sent at all */
    RTP_LAYER_SHORT,   /* less than it needs */
    RTP_LAYER_ENOUGH   /* of one that is off: to come on */
};

/* A value. Written by rtp_layer_switch.c. */
struct rtp_layer_switch {
    bool off;
    rtc_time_t since; /* from when on the rate has been asking for the other state; RTC_TIME_NEVER: it does not */
    rtc_time_t came;  /* when it came on; RTC_TIME_NEVER: it has been on from the beginning, or is off from then on */
    rtc_time_t wait;  /* for how long there is to be enough before it comes on */
};

/* It is on, and nothing is known. */
void rtp_layer_switch_init(struct rtp_layer_switch *layer);
/* `below`: the layer below it is on. Whether it is on now. */
bool rtp_layer_switch_follow(struct rtp_layer_switch *layer, rtc_time_t now, enum rtp_layer_rate rate, bool below);

#endif
