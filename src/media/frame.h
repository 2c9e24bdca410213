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

/* Where a received frame comes from (RFC 3550 section 5.1), and how loud its source said that it is (RFC 6464). */
enum { FRAME_CSRCS_MAX = 15, FRAME_NO_LEVEL = 0xff };
struct frame_origin {
    uint32_t ssrc; /* 0: it was not received */
    uint8_t payload_type;
    uint8_t level; /* -dBov, 0 to 127; FRAME_NO_LEVEL */
    uint8_t csrc_count;
    uint32_t csrcs[FRAME_CSRCS_MAX];
    bool has_csrc_levels;                 /* the mixer says how loud each of them is (RFC 6465) */
    uint8_t csrc_levels[FRAME_CSRCS_MAX]; /* -dBov; FRAME_NO_LEVEL: not this one */
    bool has_capture, has_capture_offset; /* abs-capture-time was negotiated, and its sender knows the offset */
    double capture_ms, capture_offset_ms; /* NTP time of who captured; its clock minus the sender's */
};
/* Before it is handed on. */
void encoded_frame_set_origin(rtc_encoded_frame *frame, const struct frame_origin *origin);
/* Borrowed while a reference is held. */
const struct frame_origin *encoded_frame_origin(const rtc_encoded_frame *frame);

/* Of one that was just decoded: what its encoded frame says. */
void video_frame_set_rotation(rtc_video_frame *frame, uint32_t rotation);

/* The context that a frame was made with: borrowed. */
rtc_context *video_frame_context(const rtc_video_frame *frame);
rtc_context *audio_frame_context(const rtc_audio_frame *frame);

#endif
