/* SPDX-License-Identifier: MIT */
/* Conversions: every format becomes the same I420 picture; turning and scaling keep it upright and in its place; broken JPEG is an error.
 */
#include "convert.h"
#include "context.h"
#include "failing_memory.h"
#include "frame.h"
#include "test_picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Four quarters: red, green, blue, white (top left, top right, bottom left, bottom right). */
static const uint8_t quarters[4][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};
static const uint8_t quarters_yuv[4][3] = {{82, 90, 240}, {145, 54, 34}, {41, 240, 110}, {235, 128, 128}};

static int quarter_of(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    return (x >= width / 2) + 2 * (y >= height / 2);
}

static rtc_video_frame *new_frame(rtc_video_format format, uint32_t width, uint32_t height, uint32_t rotation)
{
    const rtc_video_frame_options o = {
        .size = sizeof o, .format = format, .width = width, .height = height, .rotation = rotation, .capture_time_us = 42};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    rtc_video_frame_set_rtp_timestamp(f, 43);
    return f;
}

static void put_pixel(rtc_video_frame *f, uint32_t x, uint32_t y, int quarter)
{
    uint8_t *row = rtc_video_frame_writable_plane(f, 0) + y * rtc_video_frame_stride(f, 0);
    const uint8_t *rgb = quarters[quarter], *yuv = quarters_yuv[quarter];
    uint8_t *uv = rtc_video_frame_writable_plane(f, 1), *v = rtc_video_frame_writable_plane(f, 2);
    switch (rtc_video_frame_format(f)) {
    case RTC_VIDEO_I420:
        row[x] = yuv[0];
        uv[y / 2 * rtc_video_frame_stride(f, 1) + x / 2] = yuv[1];
        v[y / 2 * rtc_video_frame_stride(f, 2) + x / 2] = yuv[2];
        break;
    case RTC_VIDEO_NV12:
        row[x] = yuv[0];
        memcpy(uv + y / 2 * rtc_video_frame_stride(f, 1) + x / 2 * 2, yuv + 1, 2);
        break;
    case RTC_VIDEO_YUYV:
        row[x * 2] = yuv[0];
        row[x / 2 * 4 + 1] = yuv[1];
        row[x / 2 * 4 + 3] = yuv[2];
        break;
    case RTC_VIDEO_RGB24:
        memcpy(row + x * 3, rgb, 3);
        break;
    default:
        row[x * 4] = rgb[2];
        row[x * 4 + 1] = rgb[1];
        row[x * 4 + 2] = rgb[0];
        row[x * 4 + 3] = 255;
        break;
    }
}

static rtc_video_frame *draw(rtc_video_format format, uint32_t width, uint32_t height, uint32_t rotation)
{
    rtc_video_frame *f = new_frame(format, width, height, rotation);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            put_pixel(f, x, y, quarter_of(x, y, width, height));
    return f;
}

/* The middle of each quarter is one of `order`. */
static void check(const rtc_video_frame *f, uint32_t width, uint32_t height, const int order[4])
{
    assert_int_equal(rtc_video_frame_format(f), RTC_VIDEO_I420);
    assert_int_equal(rtc_video_frame_width(f), width);
    assert_int_equal(rtc_video_frame_height(f), height);
    assert_int_equal(rtc_video_frame_rotation(f), 0);
    assert_int_equal(rtc_video_frame_capture_time_us(f), 42);
    assert_int_equal(rtc_video_frame_rtp_timestamp(f), 43);
    for (int q = 0; q < 4; q++)
        for (size_t p = 0; p < 3; p++) {
            size_t x = width * (q % 2 ? 3u : 1u) / 4 >> (p > 0), y = height * (q / 2 ? 3u : 1u) / 4 >> (p > 0);
            int value = rtc_video_frame_plane(f, p)[y * rtc_video_frame_stride(f, p) + x], wanted = quarters_yuv[order[q]][p];
            if (abs(value - wanted) > 3)
                fail_msg("quarter %d plane %zu is %d and not %d", q, p, value, wanted);
        }
}

static const int upright[4] = {0, 1, 2, 3};

static void test_formats(void **state)
{
    (void)state;
    static const rtc_video_format formats[] = {RTC_VIDEO_I420, RTC_VIDEO_NV12, RTC_VIDEO_YUYV, RTC_VIDEO_RGB24, RTC_VIDEO_BGRA};
    static const uint32_t sizes[][2] = {{64, 48}, {66, 34}, {641, 359}, {33, 65}};
    for (size_t i = 0; i < 5; i++)
        for (size_t s = 0; s < 4; s++) {
            rtc_video_frame *f = draw(formats[i], sizes[s][0], sizes[s][1], 0), *out;
            assert_int_equal(convert_to_i420(NULL, f, 0, 0, &out), RTC_OK);
            rtc_video_frame_unref(f); /* the result stands alone */
            check(out, sizes[s][0] & ~1u, sizes[s][1] & ~1u, upright);
            rtc_video_frame_unref(out);
        }
}

/* Red, green, blue of the picture's quarters, as far as YUV keeps them. */
static void test_rgb_and_back(void **state)
{
    static const rtc_video_format formats[] = {RTC_VIDEO_RGB24, RTC_VIDEO_BGRA, RTC_VIDEO_RGBA};
    static const size_t pixel[] = {3, 4, 4}, red[] = {0, 2, 0};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const uint32_t width = 64, height = 48;
        const rtc_video_frame_options o = {.size = sizeof o, .format = formats[i], .width = width, .height = height, .capture_time_us = 77};
        rtc_video_frame *f, *yuv, *back;
        assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
        uint8_t *p = rtc_video_frame_writable_plane(f, 0);
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++) {
                uint8_t *at = p + y * rtc_video_frame_stride(f, 0) + x * pixel[i];
                at[red[i]] = x < width / 2 ? 200 : 40;
                at[1] = y < height / 2 ? 180 : 60;
                at[2 - red[i]] = 100;
            }
        assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_I420, 0, 0, &yuv), RTC_OK);
        assert_int_equal(rtc_video_frame_convert(NULL, yuv, formats[i], width, height, &back), RTC_OK);
        assert_int_equal(rtc_video_frame_format(back), formats[i]);
        assert_true(rtc_video_frame_capture_time_us(back) == 77);
        for (uint32_t y = 0; y < height; y += 3)
            for (uint32_t x = 0; x < width; x++) {
                const uint8_t *was = rtc_video_frame_plane(f, 0) + y * rtc_video_frame_stride(f, 0) + x * pixel[i];
                const uint8_t *is = rtc_video_frame_plane(back, 0) + y * rtc_video_frame_stride(back, 0) + x * pixel[i];
                for (size_t k = 0; k < 3; k++)
                    if (abs(was[k] - is[k]) > 4)
                        fail_msg("format %d at %u,%u: byte %zu is %d and was %d", (int)formats[i], x, y, k, is[k], was[k]);
                assert_true(pixel[i] == 3 || is[3] == 255);
            }
        rtc_video_frame_unref(back);
        assert_int_equal(rtc_video_frame_convert(NULL, f, formats[i], 0, 0, &back), RTC_OK); /* nothing to do */
        assert_ptr_equal(back, f);
        rtc_video_frame_unref(back);
        assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_BGRA, 32, 24, &back), RTC_OK);
        assert_int_equal(rtc_video_frame_width(back), 32);
        assert_int_equal(rtc_video_frame_height(back), 24);
        rtc_video_frame_unref(back);
        assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_NV12, 0, 0, &back), RTC_ERR_TYPE);
        assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_I420, 16385, 2, &back), RTC_ERR_RANGE);
        rtc_video_frame_unref(yuv);
        rtc_video_frame_unref(f);
    }
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    rtc_video_frame *f = draw(RTC_VIDEO_I420, 64, 48, 0), *out;
    assert_int_equal(convert_to_i420(NULL, f, 0, 0, &out), RTC_OK);
    assert_ptr_equal(out, f);
    rtc_video_frame_unref(out);
    assert_int_equal(convert_to_i420(NULL, f, 64, 48, &out), RTC_OK);
    assert_ptr_equal(out, f);
    rtc_video_frame_unref(out);
    rtc_video_frame_unref(f);
}

static void test_turning(void **state)
{
    (void)state;
    /* What stands at the top left, top right, bottom left, bottom right after turning clockwise. */
    static const int turned[3][4] = {{2, 0, 3, 1}, {3, 2, 1, 0}, {1, 3, 0, 2}};
    for (int i = 0; i < 3; i++) {
        uint32_t rotation = (uint32_t)(i + 1) * 90;
        bool lies = rotation != 180;
        rtc_video_frame *f = draw(i == 1 ? RTC_VIDEO_BGRA : RTC_VIDEO_I420, 64, 48, rotation), *out;
        assert_int_equal(convert_to_i420(NULL, f, 0, 0, &out), RTC_OK);
        check(out, lies ? 48 : 64, lies ? 64 : 48, turned[i]);
        rtc_video_frame_unref(out);
        assert_int_equal(convert_to_i420(NULL, f, 100, 30, &out), RTC_OK);
        check(out, 100, 30, turned[i]);
        rtc_video_frame_unref(out);
        rtc_video_frame_unref(f);
    }
}

static void test_scaling(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{32, 24}, {320, 240}, {64, 46}, {1280, 720}, {161, 91}};
    rtc_video_frame *f = draw(RTC_VIDEO_NV12, 64, 48, 0), *out;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(convert_to_i420(NULL, f, sizes[i][0], sizes[i][1], &out), RTC_OK);
        check(out, sizes[i][0], sizes[i][1], upright);
        rtc_video_frame_unref(out);
    }
    rtc_video_frame_unref(f);
    /* One pixel becomes four: an encoder needs even sides. */
    f = new_frame(RTC_VIDEO_I420, 1, 1, 0);
    for (size_t p = 0; p < 3; p++)
        memset(rtc_video_frame_writable_plane(f, p), 50, rtc_video_frame_stride(f, p));
    assert_int_equal(convert_to_i420(NULL, f, 0, 0, &out), RTC_OK);
    assert_int_equal(rtc_video_frame_width(out), 2);
    assert_int_equal(rtc_video_frame_height(out), 2);
    assert_int_equal(rtc_video_frame_plane(out, 0)[rtc_video_frame_stride(out, 0) + 1], 50);
    rtc_video_frame_unref(out);
    rtc_video_frame_unref(f);
}

/* The number in a test picture survives turning four times and scaling both ways. */
static void test_number_survives(void **state)
{
    (void)state;
    uint16_t number = 0;
    rtc_video_frame *f = new_frame(RTC_VIDEO_I420, 640, 360, 0), *small, *large;
    test_picture_draw(f, &(struct test_picture){.number = 0xbeef});
    assert_int_equal(convert_to_i420(NULL, f, 320, 240, &small), RTC_OK);
    assert_int_equal(convert_to_i420(NULL, small, 1280, 720, &large), RTC_OK);
    assert_true(test_picture_read(large, &number));
    assert_int_equal(number, 0xbeef);
    rtc_video_frame_unref(f);
    rtc_video_frame_unref(small);
    rtc_video_frame_unref(large);
}

static uint8_t *load(const char *path, size_t *len)
{
    static uint8_t bytes[65536];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    *len = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static rtc_video_frame *wrap_jpeg(uint8_t *bytes, size_t len, uint32_t width, uint32_t height)
{
    const rtc_video_frame_options o = {.size = sizeof o,
                                       .format = RTC_VIDEO_MJPEG,
                                       .width = width,
                                       .height = height,
                                       .capture_time_us = 42,
                                       .planes = {bytes},
                                       .strides = {len}};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    rtc_video_frame_set_rtp_timestamp(f, 43);
    return f;
}

static void test_jpeg(void **state)
{
    (void)state;
    size_t len;
    uint8_t *bytes = load(CRTC_TEST_DATA "/media/quarters-64x48.jpg", &len);
    rtc_video_frame *f = wrap_jpeg(bytes, len, 64, 48), *out = NULL;
    assert_int_equal(convert_to_i420(NULL, f, 0, 0, &out), RTC_OK);
    check(out, 64, 48, upright);
    rtc_video_frame_unref(out);
    rtc_video_frame_unref(f);
    f = wrap_jpeg(bytes, len, 640, 480); /* not its size */
    assert_int_equal(convert_to_i420(NULL, f, 0, 0, &out), RTC_ERR_ENCODING);
    rtc_video_frame_unref(f);
    for (size_t cut = 1; cut < len; cut += 1 + cut / 8) { /* every answer is legal that is one */
        uint8_t *copy = malloc(cut);
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        f = wrap_jpeg(copy, cut, 64, 48);
        out = NULL;
        int error = convert_to_i420(NULL, f, 0, 0, &out);
        assert_true(error == RTC_OK || error == RTC_ERR_ENCODING);
        rtc_video_frame_unref(out);
        rtc_video_frame_unref(f);
        free(copy);
    }
    f = wrap_jpeg((uint8_t[]){0}, 1, 64, 48);
    assert_int_equal(convert_to_i420(NULL, f, 0, 0, &out), RTC_ERR_ENCODING);
    rtc_video_frame_unref(f);
}

/* What is refused says why, in words about this call. */
static void test_refusals(void **state)
{
    rtc_video_frame *f = wrap_jpeg((uint8_t[]){0}, 1, 64, 48), *out = NULL;
    (void)state;
    assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_NV12, 0, 0, &out), RTC_ERR_TYPE);
    assert_non_null(strstr(rtc_last_error(), "not to format 2"));
    assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_I420, 0, 0, &out), RTC_ERR_ENCODING);
    assert_non_null(strstr(rtc_last_error(), "can not be read"));
    assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_I420, 64, 0, &out), RTC_ERR_RANGE);
    assert_non_null(strstr(rtc_last_error(), "64x0"));
    assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_RGBA, 0, 16384, &out), RTC_ERR_RANGE);
    assert_int_equal(rtc_video_frame_convert(NULL, f, RTC_VIDEO_RGBA, 16385, 2, &out), RTC_ERR_RANGE);
    assert_null(out);
    rtc_video_frame_unref(f);
}

static int convert_one(rtc_context *context, void *user)
{
    rtc_video_frame *out = NULL;
    int error = convert_to_i420(context, user, 20, 20, &out);
    rtc_video_frame_unref(out);
    return error;
}

static void test_failing_memory(void **state)
{
    (void)state;
    rtc_video_frame *f = draw(RTC_VIDEO_YUYV, 64, 48, 90);
    fail_each_allocation(convert_one, f, 20);
    rtc_video_frame_unref(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats), cmocka_unit_test(test_rgb_and_back), cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_turning), cmocka_unit_test(test_scaling),      cmocka_unit_test(test_number_survives),
        cmocka_unit_test(test_jpeg),    cmocka_unit_test(test_refusals),     cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
