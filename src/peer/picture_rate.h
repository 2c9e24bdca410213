/* SPDX-License-Identifier: MIT */
/* How many pictures a second are sent, where fewer are better than smaller ones: of a page of text, or because the application says so
 * (RTCDegradationPreference). Like the size (video_scale.h) it goes down soon when there are too few bits for each pixel, or pictures are
 * coarse, and up again with patience. A pure state machine. */
#ifndef CRTC_PICTURE_RATE_H
#define CRTC_PICTURE_RATE_H

#include <crtc/base.h>

/* A part of a layer of a sending pipeline, with its lock held; written by picture_rate.c alone. Zeroed: all that come are sent. */
struct picture_rate {
    uint32_t step;
    rtc_time_t changed;
    rtc_time_t counting;   /* since when these are counted: pictures that were made, and coarse ones of them */
    uint32_t made, coarse; /* of this step */
};

/* What pictures have to be enough for. */
struct picture_rate_limits {
    uint32_t frames_per_second; /* as they come, sent or not */
    uint32_t bitrate_bps;
    uint64_t pixels;
};

/* For the next picture, taken at `now`: how long after the one before it is sent at least, in microseconds; 0: all are. */
double picture_rate_choose(struct picture_rate *rate, rtc_time_t now, const struct picture_rate_limits *limits);
/* One was encoded, as coarsely as its codec can, or nearly. */
void picture_rate_made(struct picture_rate *rate, rtc_time_t now, bool coarse);

#endif
