/* SPDX-License-Identifier: MIT */
/* What decoding one frame takes, as far as can be seen without decoding it. A frame may hold pictures that nobody is shown, and each of
 * them is work. */
#ifndef CRTC_PICTURE_WORK_H
#define CRTC_PICTURE_WORK_H

#include <stdint.h>

/* A plain value; zeroed: nothing can be seen. */
struct picture_work {
    uint32_t pictures;      /* without a size of their own: as large as what the stream shows */
    uint64_t pixels;        /* of those with one, in all */
    uint32_t width, height; /* the largest size that is said; 0: none is */
};

/* A size that is said. */
static inline void picture_work_note(struct picture_work *work, uint32_t width, uint32_t height)
{
    if ((uint64_t)width * height <= (uint64_t)work->width * work->height)
        return;
    work->width = width;
    work->height = height;
}

#endif
