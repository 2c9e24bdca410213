/* SPDX-License-Identifier: MIT */
/* How large pictures are sent. An encoder that has too few bits for its pictures blurs them and then leaves most of them out; a smaller
 * picture that moves is better to watch. So the size goes down in steps while the rate is low, and up again, one at a time, when there is
 * enough of it for a while, which is short until they were too large once. Each step costs a keyframe: it goes down at once and up with
 * patience, and between the two thresholds nothing changes. How many bits are too few depends on what is shown: where pictures are left out
 * or coarse, the thresholds rise to what that took, and come down again in five minutes. And it only goes up from pictures that are so fine that
 * larger ones will not be coarse. */
#ifndef CRTC_VIDEO_SCALE_H
#define CRTC_VIDEO_SCALE_H

#include <crtc/base.h>
#include <stdbool.h>

/* A part of what makes frames smaller (the worker of a sending pipeline); written by video_scale.c alone. Zeroed: nothing was chosen yet.
 */
struct video_scale {
    uint32_t eighths; /* of the width and of the height; 0: none yet */
    bool went_down;   /* as long as it never did, it goes up with less patience */
    rtc_time_t changed;
    uint32_t usual_bps;  /* of the last pictures */
    uint32_t spent;      /* thousandths of a bit that there are for each pixel of what was chosen last */
    uint32_t too_few;    /* so many were, for what is shown; 0: not known */
    rtc_time_t learnt;   /* when */
    rtc_time_t counting; /* since when these are counted */
    uint32_t offered, left_out, coarse;
    uint32_t seen;     /* pictures of this size whose coarseness is known, */
    uint32_t coarsely; /* and what it is of the last ones, in hundredths of a percent */
};

/* What a size has to be enough for. */
struct video_scale_limits {
    uint32_t frames_per_second; /* as they come, sent or not */
    uint32_t bitrate_bps;
    uint32_t smaller; /* so many steps below the full size at least, for want of time; of four */
};

/* For the next picture of this size, taken at `now` (any clock that the pictures share). What is sent is *width by *height: the
 * picture's own size, or even sides of at least 2, never larger than the picture. True when that is another size than for the last picture.
 */
bool video_scale_choose(struct video_scale *scale, rtc_time_t now, const struct video_scale_limits *limits, uint32_t *width,
                        uint32_t *height);
/* What the encoder made of that picture: a frame, one that is as coarse as can be, a keyframe, or none, for want of bits. */
enum video_scale_made { VIDEO_SCALE_NOTHING, VIDEO_SCALE_FRAME, VIDEO_SCALE_COARSE, VIDEO_SCALE_KEYFRAME };
void video_scale_made(struct video_scale *scale, rtc_time_t now, enum video_scale_made made);
/* How coarse a picture of this size is that is no keyframe, in percent of what is as coarse as can be, or nearly; 0: not known. */
void video_scale_saw(struct video_scale *scale, uint32_t coarseness_percent);

#endif
