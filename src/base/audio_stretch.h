/* Plays sound in less time without a click: what the jitter buffer does to bring its delay down (RTP_AUDIO_ACCELERATE). */
#ifndef CRTC_AUDIO_STRETCH_H
#define CRTC_AUDIO_STRETCH_H

#include <crtc/media.h>

/* Two stretches of S16 sound that follow each other, of one rate, channel count and length, become one of that length: it begins as `first`, ends as
 * `second`, and is cross-faded where the two are most alike (an overlap-add at the best lag). Times are those of `second`'s end less its duration, so that what
 * follows continues. *out is a new reference. RTC_ERR_TYPE: they do not match. */
int audio_stretch_join(rtc_context *context, rtc_audio_frame *first, rtc_audio_frame *second, rtc_audio_frame **out);

#endif
