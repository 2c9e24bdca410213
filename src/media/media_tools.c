/* SPDX-License-Identifier: MIT */
/* The media tools, or the error that says they are missing; see media_tools.h. */
#include "media_tools.h"

#include "error.h"

enum { SIDE_MAX = 16384 };

static bool is_as_wanted(const rtc_video_frame *f, rtc_video_format format, uint32_t width, uint32_t height)
{
    uint32_t w = rtc_video_frame_width(f), h = rtc_video_frame_height(f);
    bool fits = width == 0 || height == 0 ? w % 2 == 0 && h % 2 == 0 : w == width && h == height;
    return fits && rtc_video_frame_format(f) == format && rtc_video_frame_rotation(f) == 0;
}

/* Where nothing is to be done, encoders of a user's own work without src/codecs. */
int media_tools_video_to_i420(rtc_context *context, rtc_video_frame *frame, uint32_t width, uint32_t height, rtc_video_frame **out)
{
    if (is_as_wanted(frame, RTC_VIDEO_I420, width, height)) {
        *out = rtc_video_frame_ref(frame);
        return RTC_OK;
    }
    if (!builtin_media_tools)
        return RTC_ERR_NOT_SUPPORTED;
    return builtin_media_tools->video_to_i420(context, frame, width, height, out);
}

static bool is_rgb(rtc_video_format format)
{
    return format == RTC_VIDEO_RGB24 || format == RTC_VIDEO_BGRA || format == RTC_VIDEO_RGBA;
}

static int check_conversion(const rtc_video_frame *frame, rtc_video_format format, uint32_t width, uint32_t height,
                            rtc_video_frame *const *out)
{
    if (!frame || !out)
        return error_say(RTC_ERR_TYPE, "rtc_video_frame_convert: %s is NULL", frame ? "out" : "frame");
    if (format != RTC_VIDEO_I420 && !is_rgb(format))
        return error_say(RTC_ERR_TYPE, "pictures are converted to I420, RGB24, BGRA and RGBA, not to format %d", (int)format);
    if (width > SIDE_MAX || height > SIDE_MAX || (width == 0) != (height == 0))
        return error_say(RTC_ERR_RANGE, "a picture of %ux%u: both must be 1 to %d, or both 0", width, height, SIDE_MAX);
    return RTC_OK;
}

int rtc_video_frame_convert(rtc_context *context, rtc_video_frame *frame, rtc_video_format format, uint32_t width, uint32_t height,
                            rtc_video_frame **out)
{
    rtc_video_frame *picture;
    int error = check_conversion(frame, format, width, height, out);
    if (error)
        return error;
    if (is_as_wanted(frame, format, width, height)) {
        *out = rtc_video_frame_ref(frame);
        return RTC_OK;
    }
    if (!builtin_media_tools)
        return error_say(RTC_ERR_NOT_SUPPORTED, "the library was built without media (CRTC_MEDIA), which converts pictures");
    error = builtin_media_tools->video_to_i420(context, frame, width, height, &picture);
    if (error)
        return error == RTC_ERR_ENCODING ? error_say(error, "the picture's bytes can not be read in its format") : error_plain(error);
    if (format == RTC_VIDEO_I420) {
        *out = picture;
        return RTC_OK;
    }
    error = builtin_media_tools->video_from_i420(context, picture, format, out);
    rtc_video_frame_unref(picture);
    return error_plain(error);
}
