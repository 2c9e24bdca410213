/* SPDX-License-Identifier: MIT */
/* Resampling; see media_tools.h. */
#ifndef CRTC_AUDIO_RESAMPLER_H
#define CRTC_AUDIO_RESAMPLER_H

#include "media_tools.h"

int audio_resampler_new(rtc_context *context, uint32_t channels, uint32_t rate_in, uint32_t rate_out, struct audio_resampler **out);
void audio_resampler_free(struct audio_resampler *resampler);
int audio_resampler_process(struct audio_resampler *resampler, const int16_t *in, uint32_t *in_samples, int16_t *out,
                            uint32_t *out_samples);

#endif
