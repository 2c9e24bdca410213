/* SPDX-License-Identifier: MIT */
/* Looking at a received picture: the mean colour of a part of it, and writing it to a file. */
#ifndef EXAMPLES_PICTURE_H
#define EXAMPLES_PICTURE_H

#include <crtc/media.h>

struct colour {
    double y, u, v;
};

/* The mean of a box a tenth of the picture wide and high whose centre is at these percentages of its width and height. False unless the
 * frame is I420. */
bool picture_colour(const rtc_video_frame *frame, uint32_t x_percent, uint32_t y_percent, struct colour *out);

/* The same colour as 0xRRGGBB, by ITU-R BT.601 with studio swing. */
uint32_t colour_rgb(const struct colour *colour);

/* Writes an I420 frame as PNG, or as PPM when the name ends in ".ppm". False when the file can not be written. */
bool picture_save(const rtc_video_frame *frame, const char *path);

#endif
