/* SPDX-License-Identifier: MIT */
/* The moving test picture: colour bars or one colour, a frame number and a clock that people read, and the frame number once more as a row
 * of blocks that programs read after encoding, loss and scaling. */
#ifndef CRTC_TEST_PICTURE_H
#define CRTC_TEST_PICTURE_H

#include <crtc/media.h>

/* A value. */
struct test_picture {
    uint32_t number;    /* its low 16 bits can be read back */
    rtc_time_t time_us; /* what the clock shows */
    uint32_t colour;    /* 0xRRGGBB; 0: moving colour bars */
};

/* Below this width the blocks are not sure to survive encoding. */
enum { TEST_PICTURE_READABLE_WIDTH = 160 };

/* Draws into an I420 frame that allocated its own planes. */
void test_picture_draw(rtc_video_frame *frame, const struct test_picture *picture);
/* Reads the blocks of an I420 frame; false when it shows none, or they are too blurred to be sure. */
bool test_picture_read(const rtc_video_frame *frame, uint16_t *number);

#endif
