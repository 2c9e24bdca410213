/* SPDX-License-Identifier: MIT */
/* What a disabled track carries in place of its frames (mediacapture-streams 4.2.1): a black picture of the same size, silence of the same
 * length. */
#ifndef CRTC_MEDIA_SUBSTITUTE_H
#define CRTC_MEDIA_SUBSTITUTE_H

#include <crtc/media.h>

/* *out is a new reference. */
int media_substitute_black(const rtc_video_frame *frame, rtc_video_frame **out);
int media_substitute_silence(const rtc_audio_frame *frame, rtc_audio_frame **out);

#endif
