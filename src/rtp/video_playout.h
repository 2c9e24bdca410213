/* SPDX-License-Identifier: MIT */
/* The second half of the video buffer: complete frames wait for their playout time. */
#ifndef CRTC_VIDEO_PLAYOUT_H
#define CRTC_VIDEO_PLAYOUT_H

#include "video_buffer.h"

/* Takes the frame over, of which the last packet arrived then. */
void video_playout_push(struct video_buffer *buffer, rtc_time_t now, rtc_time_t arrived, rtc_encoded_frame *frame, int64_t timestamp);
/* The oldest frame; there is one. */
struct video_ready video_playout_pop(struct video_buffer *buffer);
/* The head has been missing for max_wait: looks for a keyframe to go on from. */
void video_buffer_check(struct video_buffer *buffer, rtc_time_t now);

#endif
