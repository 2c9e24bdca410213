/* SPDX-License-Identifier: MIT */
/* What a build with src/codecs can do: its codecs and its tools, behind the names that the library's core knows (codec_registry.h,
 * media_tools.h). */
#include "audio_resampler.h"
#include "codec_registry.h"
#include "codecs.h"
#include "convert.h"

const rtc_codec_ops *const builtin_codecs[] = {&vp8_codec, &h264_codec, &vp9_codec, &opus_codec, &pcmu_codec, &pcma_codec, NULL};

static const struct media_tools tools = {
    .video_to_i420 = convert_to_i420,
    .video_from_i420 = convert_from_i420,
    .resampler_new = audio_resampler_new,
    .resampler_free = audio_resampler_free,
    .resampler_process = audio_resampler_process,
};

const struct media_tools *const builtin_media_tools = &tools;
