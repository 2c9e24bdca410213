/* The media tools, or the error that says they are missing; see media_tools.h. */
#include "media_tools.h"

int media_tools_video_to_i420(rtc_context *context, rtc_video_frame *frame, uint32_t width, uint32_t height, rtc_video_frame **out)
{
    if (!builtin_media_tools)
        return RTC_ERR_NOT_SUPPORTED;
    return builtin_media_tools->video_to_i420(context, frame, width, height, out);
}
