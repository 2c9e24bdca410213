/* SPDX-License-Identifier: MIT */
/* Frames: sizes and strides, wrapped memory and its release, bounds, references, failing memory. */
#include "context.h"
#include "counting_allocator.h"
#include "frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const rtc_video_format own_formats[] = {RTC_VIDEO_I420, RTC_VIDEO_NV12, RTC_VIDEO_YUYV, RTC_VIDEO_RGB24, RTC_VIDEO_BGRA};

static rtc_context *counting_context(struct counting_allocator *c)
{
    rtc_allocator allocator = counting_allocator_of(c);
    const rtc_context_options o = {.size = sizeof o, .allocator = &allocator};
    rtc_context *context;
    assert_int_equal(rtc_context_new(&o, &context), RTC_OK);
    return context;
}

/* Writes every byte that the frame says it has: a sanitizer sees one too many. */
static void scribble(rtc_video_frame *f)
{
    for (size_t p = 0; p < video_format_planes(rtc_video_frame_format(f)); p++) {
        size_t row = video_format_row_bytes(rtc_video_frame_format(f), rtc_video_frame_width(f), p);
        assert_true(rtc_video_frame_stride(f, p) >= row);
        for (uint32_t y = 0; y < video_format_rows(rtc_video_frame_format(f), rtc_video_frame_height(f), p); y++)
            memset(rtc_video_frame_writable_plane(f, p) + y * rtc_video_frame_stride(f, p), (int)y, rtc_video_frame_stride(f, p));
    }
}

static void test_own_planes_of_all_sizes(void **state)
{
    (void)state;
    static const uint32_t sides[] = {1, 2, 3, 5, 16, 63, 64, 65, 641};
    for (size_t i = 0; i < sizeof own_formats / sizeof own_formats[0]; i++)
        for (size_t w = 0; w < 9; w++)
            for (size_t h = 0; h < 9; h++) {
                const rtc_video_frame_options o = {.size = sizeof o, .format = own_formats[i], .width = sides[w], .height = sides[h]};
                rtc_video_frame *f;
                assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
                scribble(f);
                assert_int_equal(rtc_video_frame_width(f), sides[w]);
                assert_int_equal(rtc_video_frame_height(f), sides[h]);
                assert_null(rtc_video_frame_plane(f, video_format_planes(own_formats[i])));
                assert_true(rtc_video_frame_capture_time_us(f) > 0);
                rtc_video_frame_unref(f);
            }
}

static void test_planes_are_aligned_and_apart(void **state)
{
    (void)state;
    const rtc_video_frame_options o = {
        .size = sizeof o, .format = RTC_VIDEO_I420, .width = 641, .height = 5, .capture_time_us = 77, .rotation = 90};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    for (size_t p = 0; p < 3; p++) {
        assert_int_equal((uintptr_t)rtc_video_frame_plane(f, p) % 64, 0);
        assert_int_equal(rtc_video_frame_stride(f, p) % 64, 0);
    }
    assert_true(rtc_video_frame_plane(f, 1) >= rtc_video_frame_plane(f, 0) + 5 * rtc_video_frame_stride(f, 0));
    assert_true(rtc_video_frame_plane(f, 2) >= rtc_video_frame_plane(f, 1) + 3 * rtc_video_frame_stride(f, 1));
    assert_int_equal(rtc_video_frame_capture_time_us(f), 77);
    assert_int_equal(rtc_video_frame_rotation(f), 90);
    assert_int_equal(rtc_video_frame_rtp_timestamp(f), 0);
    rtc_video_frame_set_rtp_timestamp(f, 0xfffffffe);
    assert_int_equal(rtc_video_frame_rtp_timestamp(f), 0xfffffffe);
    rtc_video_frame_unref(f);
}

static void count_release(void *user)
{
    ++*(int *)user;
}

static void test_wrapped_memory_is_released_once(void **state)
{
    (void)state;
    static uint8_t y[16], u[4], v[4];
    int released = 0;
    const rtc_video_frame_options o = {.size = sizeof o,
                                       .format = RTC_VIDEO_I420,
                                       .width = 4,
                                       .height = 4,
                                       .planes = {y, u, v},
                                       .strides = {4, 2, 2},
                                       .release = count_release,
                                       .release_user = &released};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    assert_ptr_equal(rtc_video_frame_plane(f, 1), u);
    assert_null(rtc_video_frame_writable_plane(f, 0));
    assert_ptr_equal(rtc_video_frame_ref(f), f);
    rtc_video_frame_unref(f);
    assert_int_equal(released, 0);
    rtc_video_frame_unref(f);
    assert_int_equal(released, 1);
    rtc_video_frame_unref(NULL);
}

static int new_video(rtc_video_format format, uint32_t width, uint32_t height, uint32_t rotation, uint8_t *plane, size_t stride)
{
    const rtc_video_frame_options o = {
        .size = sizeof o, .format = format, .width = width, .height = height, .rotation = rotation, .planes = {plane}, .strides = {stride}};
    rtc_video_frame *f = NULL;
    int error = rtc_video_frame_new(NULL, &o, &f);
    if (!error)
        rtc_video_frame_unref(f);
    else
        assert_null(f);
    return error;
}

static void test_video_bounds(void **state)
{
    (void)state;
    static uint8_t bytes[64];
    assert_int_equal(new_video(RTC_VIDEO_I420, 0, 4, 0, NULL, 0), RTC_ERR_RANGE);
    assert_int_equal(new_video(RTC_VIDEO_I420, 4, 0, 0, NULL, 0), RTC_ERR_RANGE);
    assert_int_equal(new_video(RTC_VIDEO_I420, 16385, 4, 0, NULL, 0), RTC_ERR_RANGE);
    assert_int_equal(new_video(RTC_VIDEO_I420, 4, UINT32_MAX, 0, NULL, 0), RTC_ERR_RANGE);
    assert_int_equal(new_video(RTC_VIDEO_I420, 16384, 1, 270, NULL, 0), RTC_OK);
    assert_int_equal(new_video(RTC_VIDEO_I420, 4, 4, 45, NULL, 0), RTC_ERR_RANGE);
    assert_int_equal(new_video((rtc_video_format)0, 4, 4, 0, NULL, 0), RTC_ERR_TYPE);
    assert_int_equal(new_video((rtc_video_format)8, 4, 4, 0, NULL, 0), RTC_ERR_TYPE);
    assert_int_equal(new_video(RTC_VIDEO_MJPEG, 4, 4, 0, NULL, 0), RTC_ERR_TYPE);
    assert_int_equal(new_video(RTC_VIDEO_MJPEG, 4, 4, 0, bytes, 0), RTC_ERR_RANGE);
    assert_int_equal(new_video(RTC_VIDEO_MJPEG, 4, 4, 0, bytes, 64), RTC_OK);
    assert_int_equal(new_video(RTC_VIDEO_BGRA, 4, 4, 0, bytes, 15), RTC_ERR_RANGE);
    assert_int_equal(new_video(RTC_VIDEO_BGRA, 4, 4, 0, bytes, 16), RTC_OK);
    assert_int_equal(new_video(RTC_VIDEO_I420, 4, 4, 0, bytes, 4), RTC_ERR_TYPE); /* planes are missing */
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, NULL, &f), RTC_ERR_TYPE);
    assert_int_equal(rtc_video_frame_new(NULL, &(rtc_video_frame_options){.size = 0}, &f), RTC_ERR_TYPE);
    assert_int_equal(rtc_video_frame_new(NULL, &(rtc_video_frame_options){.size = 4097}, &f), RTC_ERR_TYPE);
}

static int new_audio(rtc_audio_format format, uint32_t rate, uint32_t channels, uint32_t samples)
{
    const rtc_audio_frame_options o = {.size = sizeof o, .format = format, .sample_rate = rate, .channels = channels, .samples = samples};
    rtc_audio_frame *f = NULL;
    int error = rtc_audio_frame_new(NULL, &o, &f);
    if (!error)
        memset(rtc_audio_frame_writable_data(f), 1, (size_t)samples * channels * audio_format_sample_bytes(format));
    else
        assert_null(f);
    rtc_audio_frame_unref(f);
    return error;
}

static void test_audio_bounds(void **state)
{
    (void)state;
    assert_int_equal(new_audio(RTC_AUDIO_S16, 48000, 2, 480), RTC_OK);
    assert_int_equal(new_audio(RTC_AUDIO_F32, 192000, 8, 192000), RTC_OK);
    assert_int_equal(new_audio(RTC_AUDIO_S16, 8000, 1, 1), RTC_OK);
    assert_int_equal(new_audio(RTC_AUDIO_S16, 7999, 1, 1), RTC_ERR_RANGE);
    assert_int_equal(new_audio(RTC_AUDIO_S16, 192001, 1, 1), RTC_ERR_RANGE);
    assert_int_equal(new_audio(RTC_AUDIO_S16, 48000, 0, 1), RTC_ERR_RANGE);
    assert_int_equal(new_audio(RTC_AUDIO_S16, 48000, 9, 1), RTC_ERR_RANGE);
    assert_int_equal(new_audio(RTC_AUDIO_S16, 48000, 1, 0), RTC_ERR_RANGE);
    assert_int_equal(new_audio(RTC_AUDIO_S16, 48000, 1, 48001), RTC_ERR_RANGE);
    assert_int_equal(new_audio((rtc_audio_format)3, 48000, 1, 1), RTC_ERR_TYPE);
}

static void test_audio_data(void **state)
{
    (void)state;
    const int16_t sound[4] = {1, -2, 3, -32768}, silence[4] = {0};
    rtc_audio_frame_options o = {
        .size = sizeof o, .format = RTC_AUDIO_S16, .sample_rate = 8000, .channels = 2, .samples = 2, .data = sound};
    rtc_audio_frame *f;
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &f), RTC_OK);
    assert_memory_equal(rtc_audio_frame_data(f), sound, sizeof sound);
    rtc_audio_frame_unref(f);
    o.data = NULL;
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &f), RTC_OK);
    assert_memory_equal(rtc_audio_frame_data(f), silence, sizeof silence);
    rtc_audio_frame_unref(f);
}

static int new_encoded(rtc_media_kind kind, const char *codec, size_t len)
{
    const rtc_encoded_frame_options o = {.size = sizeof o, .kind = kind, .codec = codec, .data_len = len};
    rtc_encoded_frame *f = NULL;
    int error = rtc_encoded_frame_new(NULL, &o, &f);
    if (!error)
        memset(rtc_encoded_frame_writable_data(f), 1, rtc_encoded_frame_len(f));
    else
        assert_null(f);
    rtc_encoded_frame_unref(f);
    return error;
}

static void test_encoded_bounds(void **state)
{
    (void)state;
    assert_int_equal(new_encoded(RTC_MEDIA_VIDEO, "VP8", 1), RTC_OK);
    assert_int_equal(new_encoded(RTC_MEDIA_VIDEO, "VP8", 8 * 1024 * 1024), RTC_OK);
    assert_int_equal(new_encoded(RTC_MEDIA_VIDEO, "VP8", 8 * 1024 * 1024 + 1), RTC_ERR_RANGE);
    assert_int_equal(new_encoded(RTC_MEDIA_VIDEO, "VP8", SIZE_MAX), RTC_ERR_RANGE);
    assert_int_equal(new_encoded(RTC_MEDIA_VIDEO, "VP8", 0), RTC_ERR_RANGE);
    assert_int_equal(new_encoded(RTC_MEDIA_VIDEO, NULL, 1), RTC_ERR_TYPE);
    assert_int_equal(new_encoded(RTC_MEDIA_VIDEO, "", 1), RTC_ERR_TYPE);
    assert_int_equal(new_encoded(RTC_MEDIA_VIDEO, "fifteen-letters", 1), RTC_OK);
    assert_int_equal(new_encoded(RTC_MEDIA_VIDEO, "sixteen-letters!", 1), RTC_ERR_TYPE);
    assert_int_equal(new_encoded((rtc_media_kind)0, "VP8", 1), RTC_ERR_TYPE);
}

static void test_encoded_data(void **state)
{
    (void)state;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_VIDEO,
                                         .codec = "VP8",
                                         .data = "abcdef",
                                         .data_len = 6,
                                         .keyframe = true,
                                         .rtp_timestamp = 9,
                                         .capture_time_us = 8,
                                         .duration = 7,
                                         .width = 6,
                                         .height = 5,
                                         .spatial_id = 4,
                                         .temporal_id = 3,
                                         .simulcast_index = 2,
                                         .layer_flags = RTC_LAYER_TEMPORAL | RTC_LAYER_SYNC};
    rtc_encoded_frame *f;
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &f), RTC_OK);
    assert_memory_equal(rtc_encoded_frame_data(f), "abcdef", 6);
    assert_string_equal(rtc_encoded_frame_codec(f), "VP8");
    assert_true(rtc_encoded_frame_keyframe(f));
    assert_int_equal(rtc_encoded_frame_rtp_timestamp(f), 9);
    assert_int_equal(rtc_encoded_frame_capture_time_us(f), 8);
    assert_int_equal(rtc_encoded_frame_duration(f), 7);
    assert_int_equal(rtc_encoded_frame_width(f), 6);
    assert_int_equal(rtc_encoded_frame_height(f), 5);
    assert_int_equal(rtc_encoded_frame_spatial_id(f), 4);
    assert_int_equal(rtc_encoded_frame_temporal_id(f), 3);
    assert_int_equal(rtc_encoded_frame_simulcast_index(f), 2);
    assert_int_equal(rtc_encoded_frame_layer_flags(f), RTC_LAYER_TEMPORAL | RTC_LAYER_SYNC);
    rtc_encoded_frame_truncate(f, 7);
    assert_int_equal(rtc_encoded_frame_len(f), 6);
    rtc_encoded_frame_truncate(f, 2);
    assert_int_equal(rtc_encoded_frame_len(f), 2);
    rtc_encoded_frame_unref(f);
}

static void test_layers(void **state)
{
    (void)state;
    rtc_encoded_frame *f = NULL;
    rtc_encoded_frame_options o = {.size = sizeof o, .kind = RTC_MEDIA_VIDEO, .codec = "VP8", .data_len = 1, .temporal_id = 8};
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &f), RTC_ERR_RANGE);
    o.temporal_id = 0;
    o.spatial_id = 8;
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &f), RTC_ERR_RANGE);
    o.spatial_id = 0;
    o.simulcast_index = 4;
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &f), RTC_ERR_RANGE);
    o.simulcast_index = 0;
    o.layer_flags = 4;
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &f), RTC_ERR_TYPE);
    /* A program of before: its padding may hold anything, and nothing behind it is read. */
    o.size = offsetof(rtc_encoded_frame_options, spatial_id);
    o.unused = 77;
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &f), RTC_OK);
    assert_int_equal(rtc_encoded_frame_spatial_id(f), 0);
    rtc_encoded_frame_unref(f);
}

/* Frames keep their context alive, give back everything, and report failing memory. */
static void test_memory(void **state)
{
    (void)state;
    static uint8_t bytes[64];
    struct counting_allocator c = {0};
    rtc_context *context = counting_context(&c);
    int released = 0;
    const rtc_video_frame_options video = {.size = sizeof video,
                                           .format = RTC_VIDEO_BGRA,
                                           .width = 4,
                                           .height = 4,
                                           .planes = {bytes},
                                           .strides = {16},
                                           .release = count_release,
                                           .release_user = &released};
    const rtc_audio_frame_options audio = {
        .size = sizeof audio, .format = RTC_AUDIO_S16, .sample_rate = 8000, .channels = 1, .samples = 80};
    const rtc_encoded_frame_options encoded = {.size = sizeof encoded, .kind = RTC_MEDIA_AUDIO, .codec = "opus", .data_len = 80};
    rtc_video_frame *v;
    rtc_audio_frame *a;
    rtc_encoded_frame *e;
    c.fail_after = true;
    c.fail_at = 1;
    assert_int_equal(rtc_video_frame_new(context, &video, &v), RTC_ERR_NO_MEMORY);
    assert_int_equal(rtc_audio_frame_new(context, &audio, &a), RTC_ERR_NO_MEMORY);
    assert_int_equal(rtc_encoded_frame_new(context, &encoded, &e), RTC_ERR_NO_MEMORY);
    assert_int_equal(released, 0);
    c.fail_at = 0;
    assert_int_equal(rtc_video_frame_new(context, &video, &v), RTC_OK);
    assert_int_equal(rtc_audio_frame_new(context, &audio, &a), RTC_OK);
    assert_int_equal(rtc_encoded_frame_new(context, &encoded, &e), RTC_OK);
    rtc_context_unref(context);
    rtc_video_frame_unref(v);
    rtc_audio_frame_unref(a);
    assert_true(c.live > 0);
    rtc_encoded_frame_unref(e);
    assert_int_equal(c.live, 0);
    assert_int_equal(released, 1);
}

/* This program has no src/codecs. */
static void test_conversion_is_missing(void **state)
{
    (void)state;
    const rtc_video_frame_options o = {.size = sizeof o, .format = RTC_VIDEO_I420, .width = 4, .height = 4};
    rtc_video_frame *f, *out = NULL;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_RGBA, 0, 0, &out), RTC_ERR_NOT_SUPPORTED);
    assert_null(out);
    assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_I420, 4, 4, &out), RTC_OK); /* nothing to do needs nobody */
    assert_ptr_equal(out, f);
    rtc_video_frame_unref(out);
    rtc_video_frame_unref(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_planes_of_all_sizes),
        cmocka_unit_test(test_planes_are_aligned_and_apart),
        cmocka_unit_test(test_wrapped_memory_is_released_once),
        cmocka_unit_test(test_conversion_is_missing),
        cmocka_unit_test(test_video_bounds),
        cmocka_unit_test(test_audio_bounds),
        cmocka_unit_test(test_audio_data),
        cmocka_unit_test(test_encoded_bounds),
        cmocka_unit_test(test_encoded_data),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
