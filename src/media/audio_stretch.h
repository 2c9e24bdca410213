/* SPDX-License-Identifier: MIT */
/* Plays sound in less time without a click: what the jitter buffer does to bring its delay down (RTP_AUDIO_ACCELERATE). */
#ifndef CRTC_AUDIO_STRETCH_H
#define CRTC_AUDIO_STRETCH_H

#include <crtc/media.h>

/* Two stretches of S16 sound that follow each other, of one rate and channel count, become one about as long as `second`: it begins as
 * `first`, ends as `second`, and is cross-faded over 10 ms where the two are most alike (an overlap-add at the best lag, which makes it up
 * to 6 ms longer or shorter: a period of the lowest voices). So the caller keeps a frame that is to vanish, joins it with the one that
 * comes next, and plays the result in place of both. The times are `second`'s. *out is a new reference. RTC_ERR_TYPE: they do not match, or
 * are shorter than 12.5 ms. */
int audio_stretch_join(rtc_context *context, rtc_audio_frame *first, rtc_audio_frame *second, rtc_audio_frame **out);

#endif
