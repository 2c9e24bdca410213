/* SPDX-License-Identifier: MIT */
/* Black and silence; see media_substitute.h. */
#include "media_substitute.h"

#include "frame.h"

#include <string.h>

int media_substitute_black(const rtc_video_frame *frame, rtc_video_frame **out)
{
    rtc_video_frame_options o = {
        .size = sizeof o,
        .format = RTC_VIDEO_I420,
        .width = rtc_video_frame_width(frame),
        .height = rtc_video_frame_height(frame),
        .capture_time_us = rtc_video_frame_capture_time_us(frame),
        .rotation = rtc_video_frame_rotation(frame),
    };
    int error = rtc_video_frame_new(video_frame_context(frame), &o, out);
    if (error)
        return error;
    for (size_t i = 0; i < 3; i++) /* black of studio range (BT.601) */
        memset(rtc_video_frame_writable_plane(*out, i), i == 0 ? 16 : 128,
               rtc_video_frame_stride(*out, i) * video_format_rows(RTC_VIDEO_I420, o.height, i));
    rtc_video_frame_set_rtp_timestamp(*out, rtc_video_frame_rtp_timestamp(frame));
    return RTC_OK;
}

int media_substitute_silence(const rtc_audio_frame *frame, rtc_audio_frame **out)
{
    rtc_audio_frame_options o = {
        .size = sizeof o,
        .format = rtc_audio_frame_format(frame),
        .sample_rate = rtc_audio_frame_sample_rate(frame),
        .channels = rtc_audio_frame_channels(frame),
        .samples = rtc_audio_frame_samples(frame),
        .capture_time_us = rtc_audio_frame_capture_time_us(frame),
    };
    int error = rtc_audio_frame_new(audio_frame_context(frame), &o, out);
    if (!error)
        rtc_audio_frame_set_rtp_timestamp(*out, rtc_audio_frame_rtp_timestamp(frame));
    return error;
}
