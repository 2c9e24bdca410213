/* SPDX-License-Identifier: MIT */
/* The test picture: its number can be read back at every size, and from nothing else. */
#include "test_picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static rtc_video_frame *draw(uint32_t width, uint32_t height, const struct test_picture *picture)
{
    const rtc_video_frame_options o = {.size = sizeof o, .format = RTC_VIDEO_I420, .width = width, .height = height};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    for (size_t p = 0; p < 3; p++)
        memset(rtc_video_frame_writable_plane(f, p), 77, rtc_video_frame_stride(f, p) * ((height + (p > 0)) >> (p > 0)));
    test_picture_draw(f, picture);
    return f;
}

static void test_numbers_at_all_sizes(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{160, 120},  {176, 144},   {320, 180},  {321, 241}, {640, 360},
                                        {1280, 720}, {1920, 1080}, {720, 1280}, {40, 40}};
    static const uint32_t numbers[] = {0, 1, 2, 0x5555, 0xaaaa, 0x8000, 0xffff, 0x10000, 1234567};
    for (size_t s = 0; s < 9; s++)
        for (size_t n = 0; n < 9; n++) {
            uint16_t number = 0;
            rtc_video_frame *f =
                draw(sizes[s][0], sizes[s][1],
                     &(struct test_picture){.number = numbers[n], .time_us = numbers[n] * 33333ll, .colour = n % 2 ? 0x2040ff : 0});
            assert_true(test_picture_read(f, &number));
            assert_int_equal(number, numbers[n] & 0xffff);
            rtc_video_frame_unref(f);
        }
}

/* Too small to be read, but drawn within its memory. */
static void test_tiny(void **state)
{
    (void)state;
    for (uint32_t width = 1; width < 40; width++)
        for (uint32_t height = 1; height < 40; height += 3) {
            uint16_t number;
            rtc_video_frame *f = draw(width, height, &(struct test_picture){.number = width});
            (void)test_picture_read(f, &number);
            rtc_video_frame_unref(f);
        }
}

static void test_every_pixel_is_drawn(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < 2000; number += 37) {
        rtc_video_frame *f = draw(642, 362, &(struct test_picture){.number = number});
        for (uint32_t y = 0; y < 362; y++)
            for (uint32_t x = 0; x < 642; x++)
                assert_int_not_equal(rtc_video_frame_plane(f, 0)[y * rtc_video_frame_stride(f, 0) + x], 77);
        rtc_video_frame_unref(f);
    }
}

static void test_colour(void **state)
{
    (void)state;
    static const struct {
        uint32_t rgb;
        int y, u, v;
    } colours[] = {{0xffffff, 235, 128, 128}, {0xff0000, 82, 90, 240}, {0x00ff00, 145, 54, 34}, {0x0000ff, 41, 240, 110}};
    for (size_t i = 0; i < 4; i++) {
        rtc_video_frame *f = draw(320, 180, &(struct test_picture){.colour = colours[i].rgb});
        assert_true(abs(rtc_video_frame_plane(f, 0)[2 * rtc_video_frame_stride(f, 0) + 2] - colours[i].y) <= 1);
        assert_true(abs(rtc_video_frame_plane(f, 1)[1] - colours[i].u) <= 1);
        assert_true(abs(rtc_video_frame_plane(f, 2)[1] - colours[i].v) <= 1);
        rtc_video_frame_unref(f);
    }
}

/* Scenes that are no test picture: grey, black, noise, and one with a wrong bit. */
static void test_nothing_is_read_from_nothing(void **state)
{
    (void)state;
    uint16_t number;
    uint32_t seed = 5;
    rtc_video_frame *f = draw(320, 180, &(struct test_picture){.number = 4711});
    uint8_t *luma = rtc_video_frame_writable_plane(f, 0);
    size_t stride = rtc_video_frame_stride(f, 0);
    for (uint32_t y = 150; y < 180; y++)
        memset(luma + y * stride + 16 * 5, 235 - luma[170 * stride + 16 * 5 + 8] + 16, 16); /* the block of one bit turned over */
    assert_false(test_picture_read(f, &number));
    memset(luma, 128, stride * 180);
    assert_false(test_picture_read(f, &number));
    memset(luma, 16, stride * 180);
    assert_false(test_picture_read(f, &number));
    for (size_t i = 0; i < stride * 180; i++)
        luma[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
    assert_false(test_picture_read(f, &number));
    rtc_video_frame_unref(f);
}

int main(int count, char **arguments)
{
    if (count == 3) { /* for looking at it: WIDTHxHEIGHT FILE writes one frame, planes one after the other */
        uint32_t width, height;
        FILE *file = fopen(arguments[2], "wb");
        if (!file || sscanf(arguments[1], "%ux%u", &width, &height) != 2)
            return 2;
        rtc_video_frame *f = draw(width, height, &(struct test_picture){.number = 1234, .time_us = 41133333});
        for (size_t p = 0; p < 3; p++)
            for (uint32_t y = 0; y < (p ? height / 2 : height); y++)
                (void)fwrite(rtc_video_frame_plane(f, p) + y * rtc_video_frame_stride(f, p), 1, p ? width / 2 : width, file);
        rtc_video_frame_unref(f);
        return fclose(file) != 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_at_all_sizes),         cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_every_pixel_is_drawn),         cmocka_unit_test(test_colour),
        cmocka_unit_test(test_nothing_is_read_from_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
