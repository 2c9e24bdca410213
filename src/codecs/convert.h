/* SPDX-License-Identifier: MIT */
/* Pictures of any format as upright I420 of a given size, and those as RGB. */
#ifndef CRTC_CONVERT_H
#define CRTC_CONVERT_H

#include <crtc/media.h>

/* See media_tools.h, video_to_i420. */
int convert_to_i420(rtc_context *context, rtc_video_frame *frame, uint32_t width, uint32_t height, rtc_video_frame **out);

/* Of I420 the picture as it stands: itself, when it is not turned. A new reference. RTC_ERR_NOT_SUPPORTED (another format),
 * RTC_ERR_NO_MEMORY. */
int convert_upright(rtc_context *context, rtc_video_frame *frame, rtc_video_frame **out);

/* video_from_i420 */
int convert_from_i420(rtc_context *context, rtc_video_frame *frame, rtc_video_format format, rtc_video_frame **out);

#endif
