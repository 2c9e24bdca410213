/* SPDX-License-Identifier: MIT */
/* What a media pipeline needs besides codecs: conversions and resampling. The library's core knows only this table; src/codecs fills it in,
 * so that a build without that folder lacks the tools and says so, and nothing else. */
#ifndef CRTC_MEDIA_TOOLS_H
#define CRTC_MEDIA_TOOLS_H

#include <crtc/media.h>

struct audio_resampler;

/* A constant table of src/codecs. */
struct media_tools {
    /* The picture as upright I420 of this size; width and height 0: its own size after turning, made even. *out is a new reference, to
     * `frame` itself when nothing is to be done. Times are kept. RTC_ERR_ENCODING: a broken JPEG. */
    int (*video_to_i420)(rtc_context *context, rtc_video_frame *frame, uint32_t width, uint32_t height, rtc_video_frame **out);
    /* Upright I420 as RGB24, BGRA or RGBA of the same size. *out is a new reference. */
    int (*video_from_i420)(rtc_context *context, rtc_video_frame *frame, rtc_video_format format, rtc_video_frame **out);
    /* Interleaved S16 from one rate to another, without delay at the start: the first sample out is at the time of the first one in. */
    int (*resampler_new)(rtc_context *context, uint32_t channels, uint32_t rate_in, uint32_t rate_out, struct audio_resampler **out);
    void (*resampler_free)(struct audio_resampler *resampler);
    /* *in_samples and *out_samples are per channel: given, and then done. */
    int (*resampler_process)(struct audio_resampler *resampler, const int16_t *in, uint32_t *in_samples, int16_t *out,
                             uint32_t *out_samples);
};

/* NULL when the library was built without src/codecs (no_codecs.c). */
extern const struct media_tools *const builtin_media_tools;

/* The tools with the missing ones reported: RTC_ERR_NOT_SUPPORTED. */
int media_tools_video_to_i420(rtc_context *context, rtc_video_frame *frame, uint32_t width, uint32_t height, rtc_video_frame **out);

#endif
