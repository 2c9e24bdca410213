/* SPDX-License-Identifier: MIT */
/* See decoded_picture.h. */
#include "decoded_picture.h"

#include <string.h>

/* Of more than 8 bits the upper ones. */
static void copy_row(uint8_t *to, const uint8_t *from, size_t width, unsigned depth)
{
    if (depth == 8) {
        memcpy(to, from, width);
        return;
    }
    for (size_t x = 0; x < width; x++) {
        uint16_t sample;
        memcpy(&sample, from + 2 * x, sizeof sample);
        to[x] = (uint8_t)(sample >> (depth - 8));
    }
}

static void copy_plane(rtc_video_frame *to, size_t plane, const struct decoded_picture *picture)
{
    bool luma = plane == 0;
    size_t width = luma ? picture->width : (picture->width + 1) / 2, height = luma ? picture->height : (picture->height + 1) / 2;
    uint8_t *row = rtc_video_frame_writable_plane(to, plane);
    const uint8_t *from = picture->planes[plane];
    for (size_t y = 0; y < height; y++, row += rtc_video_frame_stride(to, plane), from += picture->strides[plane])
        copy_row(row, from, width, picture->depth);
}

int decoded_picture_copy(rtc_context *context, const rtc_encoded_frame *frame, const struct decoded_picture *picture, rtc_video_frame **out)
{
    const rtc_video_frame_options o = {
        .size = sizeof o,
        .format = RTC_VIDEO_I420,
        .width = picture->width,
        .height = picture->height,
        .capture_time_us = rtc_encoded_frame_capture_time_us(frame),
    };
    int error = rtc_video_frame_new(context, &o, out);
    if (error)
        return error;
    for (size_t i = 0; i < 3; i++)
        copy_plane(*out, i, picture);
    rtc_video_frame_set_rtp_timestamp(*out, rtc_encoded_frame_rtp_timestamp(frame));
    return RTC_OK;
}
