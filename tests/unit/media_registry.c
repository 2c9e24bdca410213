/* SPDX-License-Identifier: MIT */
/* Which codec a context finds; what a library without src/codecs says; ids of streams; what the tools can do without that folder. */
#include "audio_framer.h"
#include "codec_registry.h"
#include "context.h"
#include "counting_allocator.h"
#include "media_id.h"
#include "media_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int make(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    (void)context;
    (void)settings;
    (void)out;
    return RTC_ERR_NOT_SUPPORTED;
}

static int make_decoder(rtc_context *context, uint32_t channels, void **out)
{
    (void)context;
    (void)channels;
    (void)out;
    return RTC_ERR_NOT_SUPPORTED;
}

static int make_decoder_with(rtc_context *context, const rtc_codec_parameters *parameters, void **out)
{
    (void)context;
    (void)parameters;
    (void)out;
    return RTC_ERR_NOT_SUPPORTED;
}

static int encode_layers(void *encoder, rtc_video_frame *frame, uint32_t keyframes, rtc_encoded_frame **out, size_t capacity, size_t *count)
{
    (void)encoder;
    (void)frame;
    (void)keyframes;
    (void)out;
    (void)capacity;
    (void)count;
    return RTC_OK;
}

static void discard(void *codec)
{
    (void)codec;
}

static int encode(void *encoder, rtc_video_frame *frame, bool keyframe, rtc_encoded_frame **out)
{
    (void)encoder;
    (void)frame;
    (void)keyframe;
    *out = NULL;
    return RTC_OK;
}

static int decode(void *decoder, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    (void)decoder;
    (void)frame;
    *out = NULL;
    return RTC_OK;
}

static rtc_codec_ops encoder_ops(void)
{
    return (rtc_codec_ops){.size = sizeof(rtc_codec_ops),
                           .kind = RTC_MEDIA_VIDEO,
                           .name = "vp8",
                           .encoder_new = make,
                           .encoder_free = discard,
                           .encode_video = encode};
}

static rtc_codec_ops decoder_ops(void)
{
    return (rtc_codec_ops){.size = sizeof(rtc_codec_ops),
                           .kind = RTC_MEDIA_VIDEO,
                           .name = "VP8",
                           .decoder_new = make_decoder,
                           .decoder_free = discard,
                           .decode_video = decode};
}

static rtc_context *counting_context(struct counting_allocator *c)
{
    rtc_allocator allocator = counting_allocator_of(c);
    const rtc_context_options o = {.size = sizeof o, .allocator = &allocator};
    rtc_context *context;
    assert_int_equal(rtc_context_new(&o, &context), RTC_OK);
    return context;
}

static void test_latest_that_can(void **state)
{
    (void)state;
    struct counting_allocator c = {0};
    rtc_context *context = counting_context(&c);
    rtc_codec_ops first = encoder_ops(), second = decoder_ops(), third = encoder_ops();
    third.encoder_configure = NULL;
    assert_null(codec_find_encoder(context, RTC_MEDIA_VIDEO, "VP8"));
    assert_int_equal(rtc_context_add_codec(context, &first), RTC_OK);
    const rtc_codec_ops *found = codec_find_encoder(context, RTC_MEDIA_VIDEO, "Vp8");
    assert_non_null(found);
    assert_int_equal(rtc_context_add_codec(context, &second), RTC_OK);
    assert_ptr_equal(codec_find_encoder(context, RTC_MEDIA_VIDEO, "VP8"), found);
    assert_non_null(codec_find_decoder(context, RTC_MEDIA_VIDEO, "VP8"));
    assert_ptr_not_equal(codec_find_decoder(context, RTC_MEDIA_VIDEO, "VP8"), found);
    assert_int_equal(rtc_context_add_codec(context, &third), RTC_OK);
    assert_ptr_not_equal(codec_find_encoder(context, RTC_MEDIA_VIDEO, "VP8"), found);
    assert_null(codec_find_encoder(context, RTC_MEDIA_AUDIO, "VP8"));
    assert_null(codec_find_decoder(context, RTC_MEDIA_AUDIO, "opus"));
    rtc_context_unref(context);
    assert_int_equal(c.live, 0);
}

/* A caller built against an older header gives a shorter struct. */
static void test_shorter_struct(void **state)
{
    (void)state;
    struct counting_allocator c = {0};
    rtc_context *context = counting_context(&c);
    rtc_codec_ops ops = encoder_ops();
    ops.size = offsetof(rtc_codec_ops, encode_audio);
    ops.decode_video = decode; /* beyond what it says */
    assert_int_equal(rtc_context_add_codec(context, &ops), RTC_OK);
    assert_null(codec_find_encoder(context, RTC_MEDIA_VIDEO, "VP8")->decode_video);
    rtc_context_unref(context);
}

/* The newer members stand in for the older ones. */
static void test_layers_and_parameters(void **state)
{
    (void)state;
    struct counting_allocator c = {0};
    rtc_context *context = counting_context(&c);
    rtc_codec_ops ops = encoder_ops();
    ops.encode_video = NULL;
    ops.encode_layers = encode_layers;
    assert_int_equal(rtc_context_add_codec(context, &ops), RTC_OK);
    assert_non_null(codec_find_encoder(context, RTC_MEDIA_VIDEO, "VP8"));
    assert_null(codec_find_decoder(context, RTC_MEDIA_VIDEO, "VP8"));
    ops = decoder_ops();
    ops.decoder_new = NULL;
    ops.decoder_new_with = make_decoder_with;
    assert_int_equal(rtc_context_add_codec(context, &ops), RTC_OK);
    assert_non_null(codec_find_decoder(context, RTC_MEDIA_VIDEO, "VP8"));
    rtc_context_unref(context);
    assert_int_equal(c.live, 0);
}

static void test_refused(void **state)
{
    (void)state;
    struct counting_allocator c = {0};
    rtc_context *context = counting_context(&c);
    rtc_codec_ops ops = encoder_ops();
    assert_int_equal(rtc_context_add_codec(context, NULL), RTC_ERR_TYPE);
    ops.size = 0;
    assert_int_equal(rtc_context_add_codec(context, &ops), RTC_ERR_TYPE);
    ops = encoder_ops();
    ops.name = "AV1";
    assert_int_equal(rtc_context_add_codec(context, &ops), RTC_ERR_NOT_SUPPORTED);
    ops = encoder_ops();
    ops.name = "opus"; /* as video */
    assert_int_equal(rtc_context_add_codec(context, &ops), RTC_ERR_NOT_SUPPORTED);
    ops = encoder_ops();
    ops.encode_video = NULL;
    assert_int_equal(rtc_context_add_codec(context, &ops), RTC_ERR_TYPE);
    ops = decoder_ops();
    ops.decoder_free = NULL;
    assert_int_equal(rtc_context_add_codec(context, &ops), RTC_ERR_TYPE);
    ops.decoder_new = NULL;
    assert_int_equal(rtc_context_add_codec(context, &ops), RTC_ERR_TYPE);
    ops = encoder_ops();
    for (int n = 1; n <= 2; n++) { /* the registry, and its entry */
        c.fail_at = c.calls + n;
        assert_int_equal(rtc_context_add_codec(context, &ops), RTC_ERR_NO_MEMORY);
        c.fail_at = 0;
    }
    assert_null(codec_find_encoder(context, RTC_MEDIA_VIDEO, "VP8"));
    rtc_context_unref(context);
    assert_int_equal(c.live, 0);
}

static rtc_video_frame *picture(rtc_video_format format, uint32_t rotation)
{
    const rtc_video_frame_options o = {.size = sizeof o, .format = format, .width = 32, .height = 16, .rotation = rotation};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    return f;
}

static void test_without_media(void **state)
{
    (void)state;
    rtc_media_source *source;
    rtc_video_frame *plain = picture(RTC_VIDEO_I420, 0), *turned = picture(RTC_VIDEO_I420, 90), *packed = picture(RTC_VIDEO_YUYV, 0), *out;
    assert_int_equal(rtc_test_video_source_new(NULL, NULL, &source), RTC_ERR_NOT_SUPPORTED);
    assert_int_equal(rtc_test_audio_source_new(NULL, NULL, &source), RTC_ERR_NOT_SUPPORTED);
    assert_int_equal(media_tools_video_to_i420(NULL, turned, 0, 0, &out), RTC_ERR_NOT_SUPPORTED);
    assert_int_equal(media_tools_video_to_i420(NULL, packed, 0, 0, &out), RTC_ERR_NOT_SUPPORTED);
    assert_int_equal(media_tools_video_to_i420(NULL, plain, 64, 64, &out), RTC_ERR_NOT_SUPPORTED);
    assert_int_equal(media_tools_video_to_i420(NULL, plain, 0, 0, &out), RTC_OK);
    assert_ptr_equal(out, plain);
    rtc_video_frame_unref(out);
    rtc_video_frame_unref(plain);
    rtc_video_frame_unref(turned);
    rtc_video_frame_unref(packed);
}

static void test_framer_without_media(void **state)
{
    (void)state;
    struct audio_framer *framer;
    rtc_audio_frame *sound, *packet;
    rtc_audio_frame_options o = {.size = sizeof o, .format = RTC_AUDIO_S16, .sample_rate = 44100, .channels = 1, .samples = 960};
    assert_int_equal(audio_framer_new(NULL, 48000, 1, 960, &framer), RTC_OK);
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &sound), RTC_OK);
    assert_int_equal(audio_framer_push(framer, sound), RTC_ERR_NOT_SUPPORTED);
    rtc_audio_frame_unref(sound);
    o.sample_rate = 48000;
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &sound), RTC_OK);
    assert_int_equal(audio_framer_push(framer, sound), RTC_OK);
    rtc_audio_frame_unref(sound);
    assert_int_equal(audio_framer_pop(framer, &packet), RTC_OK);
    assert_non_null(packet);
    rtc_audio_frame_unref(packet);
    audio_framer_free(framer);
}

static void test_stream_ids(void **state)
{
    (void)state;
    rtc_media_stream *a, *b;
    assert_int_equal(rtc_media_stream_new(NULL, NULL, &a), RTC_OK);
    assert_int_equal(rtc_media_stream_new(NULL, NULL, &b), RTC_OK);
    assert_string_not_equal(rtc_media_stream_id(a), rtc_media_stream_id(b));
    assert_int_equal(strlen(rtc_media_stream_id(a)), 36);
    assert_int_equal(rtc_media_stream_id(a)[14], '4');
    assert_true(media_id_valid(rtc_media_stream_id(a)));
    rtc_media_stream_unref(b);
    assert_int_equal(rtc_media_stream_new(NULL, "camera", &b), RTC_OK);
    assert_string_equal(rtc_media_stream_id(b), "camera");
    assert_ptr_equal(rtc_media_stream_ref(b), b);
    rtc_media_stream_unref(b);
    rtc_media_stream_unref(b);
    rtc_media_stream_unref(a);
    /* What would break, or smuggle lines into, a session description. */
    char longest[66];
    memset(longest, 'a', 65);
    longest[65] = 0;
    const char *bad[] = {"", "a b", "a\r\nm=audio", "a\n", longest, "\xc3\xa9", "a/b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(rtc_media_stream_new(NULL, bad[i], &b), RTC_ERR_SYNTAX);
    longest[64] = 0;
    assert_true(media_id_valid(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latest_that_can), cmocka_unit_test(test_shorter_struct), cmocka_unit_test(test_layers_and_parameters),
        cmocka_unit_test(test_refused),         cmocka_unit_test(test_without_media),  cmocka_unit_test(test_framer_without_media),
        cmocka_unit_test(test_stream_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
