/* SPDX-License-Identifier: MIT */
/* What the codecs of pictures share: the clock of video, and pictures out of a decoder's memory. */
#ifndef CRTC_DECODED_PICTURE_H
#define CRTC_DECODED_PICTURE_H

#include "media_clock.h"

#include <crtc/media.h>

/* At 90 kHz. */
static inline int64_t picture_clock(rtc_time_t us)
{
    return media_clock(us, 90000);
}

/* Planes of a decoder's: with quarters of colour. A value; borrowed from the decoder. */
struct decoded_picture {
    uint32_t width, height;
    const uint8_t *planes[3];
    size_t strides[3]; /* in bytes */
    unsigned depth;    /* bits of a sample: 8, or more in two bytes each */
};

/* A copy in I420, with the times of the frame that it was decoded from. */
int decoded_picture_copy(rtc_context *context, const rtc_encoded_frame *frame, const struct decoded_picture *picture,
                         rtc_video_frame **out);

#endif
