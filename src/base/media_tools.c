/* SPDX-License-Identifier: MIT */
/* The media tools, or the error that says they are missing; see media_tools.h. */
#include "media_tools.h"

/* Nothing is to be done, so that encoders of a user's own work without src/media on what needs no conversion. */
static bool is_ready(const rtc_video_frame *f, uint32_t width, uint32_t height)
{
    uint32_t w = rtc_video_frame_width(f), h = rtc_video_frame_height(f);
    bool fits = width == 0 || height == 0 ? w % 2 == 0 && h % 2 == 0 : w == width && h == height;
    return fits && rtc_video_frame_format(f) == RTC_VIDEO_I420 && rtc_video_frame_rotation(f) == 0;
}

int media_tools_video_to_i420(rtc_context *context, rtc_video_frame *frame, uint32_t width, uint32_t height, rtc_video_frame **out)
{
    if (is_ready(frame, width, height)) {
        *out = rtc_video_frame_ref(frame);
        return RTC_OK;
    }
    if (!builtin_media_tools)
        return RTC_ERR_NOT_SUPPORTED;
    return builtin_media_tools->video_to_i420(context, frame, width, height, out);
}
