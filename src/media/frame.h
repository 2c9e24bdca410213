/* SPDX-License-Identifier: MIT */
/* What the inside of the library knows about frames beyond <crtc/media.h>. */
#ifndef CRTC_FRAME_H
#define CRTC_FRAME_H

#include <crtc/media.h>

size_t video_format_planes(rtc_video_format format);
/* Bytes of a row that carry pixels; 0 for MJPEG. */
size_t video_format_row_bytes(rtc_video_format format, uint32_t width, size_t plane);
uint32_t video_format_rows(rtc_video_format format, uint32_t height, size_t plane);
/* One sample of one channel. */
size_t audio_format_sample_bytes(rtc_audio_format format);

/* The context that a frame was made with: borrowed. */
rtc_context *video_frame_context(const rtc_video_frame *frame);
rtc_context *audio_frame_context(const rtc_audio_frame *frame);

#endif
