/* SPDX-License-Identifier: MIT */
/* See monkey_codecs.h. */
#include "monkey_codecs.h"

#include "scripted_media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct codec {
    rtc_context *context;
    uint32_t count;
};

static int codec_new(rtc_context *context, void **out)
{
    struct codec *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->context = context;
    *out = c;
    return RTC_OK;
}

static int encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    (void)settings;
    return codec_new(context, out);
}

static int decoder_new(rtc_context *context, uint32_t channels, void **out)
{
    (void)channels;
    return codec_new(context, out);
}

static int encode_video(void *user, rtc_video_frame *frame, bool keyframe, rtc_encoded_frame **out)
{
    struct codec *c = user;
    if (c->count++ % 3 == 0)
        return RTC_OK;
    if (c->count % 17 == 0)
        return RTC_ERR_ENCODING;
    *out = scripted_video(c->context, c->count, rtc_video_frame_capture_time_us(frame), keyframe, 300 + c->count % 7 * 400);
    return RTC_OK;
}

static int encode_audio(void *user, rtc_audio_frame *frame, rtc_encoded_frame **out)
{
    struct codec *c = user;
    *out = scripted_audio(c->context, c->count++, rtc_audio_frame_capture_time_us(frame));
    return RTC_OK;
}

static int decode_video(void *user, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    struct codec *c = user;
    const rtc_video_frame_options options = {.size = sizeof options, .format = RTC_VIDEO_I420, .width = 32, .height = 32};
    (void)frame;
    if (c->count++ % 13 == 5)
        return RTC_ERR_ENCODING;
    return c->count % 11 == 0 ? RTC_OK : rtc_video_frame_new(c->context, &options, out);
}

static int decode_audio(void *user, rtc_audio_decode what, rtc_encoded_frame *frame, uint32_t samples, rtc_audio_frame **out)
{
    struct codec *c = user;
    const rtc_audio_frame_options options = {.size = sizeof options,
                                             .format = RTC_AUDIO_S16,
                                             .sample_rate = 48000,
                                             .channels = 1,
                                             .samples = what == RTC_AUDIO_DECODE_FRAME || samples == 0 ? 960 : samples};
    (void)frame;
    return rtc_audio_frame_new(c->context, &options, out);
}

static const rtc_codec_ops video_codec = {.size = sizeof video_codec,
                                          .kind = RTC_MEDIA_VIDEO,
                                          .name = "VP8",
                                          .encoder_new = encoder_new,
                                          .encoder_free = free,
                                          .encode_video = encode_video,
                                          .decoder_new = decoder_new,
                                          .decoder_free = free,
                                          .decode_video = decode_video};
static const rtc_codec_ops audio_codec = {.size = sizeof audio_codec,
                                          .kind = RTC_MEDIA_AUDIO,
                                          .name = "opus",
                                          .encoder_new = encoder_new,
                                          .encoder_free = free,
                                          .encode_audio = encode_audio,
                                          .decoder_new = decoder_new,
                                          .decoder_free = free,
                                          .decode_audio = decode_audio};

void monkey_add_codecs(rtc_context *context)
{
    assert_int_equal(rtc_context_add_codec(context, &video_codec), RTC_OK);
    assert_int_equal(rtc_context_add_codec(context, &audio_codec), RTC_OK);
}
