/* SPDX-License-Identifier: MIT */
/* The size of pictures follows the rate: down at once, up with patience. */
#include "rtp_test.h"

#include "video_scale.h"

enum { MS = 1000, SECOND = 1000000 };

/* The width that a camera of this size is sent with. */
static uint32_t width_of(struct video_scale *scale, rtc_time_t now, uint32_t width, uint32_t height, uint32_t bitrate_bps)
{
    uint32_t w = width, h = height;
    const struct video_scale_limits limits = {.frames_per_second = 30, .bitrate_bps = bitrate_bps};
    (void)video_scale_choose(scale, now, &limits, &w, &h);
    assert_true(w <= width && h <= height && (w == width || (w % 2 == 0 && h % 2 == 0)));
    return w;
}

static void the_rate_decides(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height, bitrate_bps, wanted;
    } cases[] = {
        {1280, 720, 3000000, 1280}, {1280, 720, 830000, 1280}, {1280, 720, 600000, 960}, {1280, 720, 300000, 640},
        {1280, 720, 130000, 480},   {1280, 720, 50000, 320},   {1280, 720, 0, 320},      {640, 480, 300000, 640},
        {640, 480, 100000, 320},    {320, 240, 20000, 160},    {64, 48, 1, 64},          {1279, 719, 300000, 638},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct video_scale scale = {0};
        assert_int_equal(width_of(&scale, 0, cases[i].width, cases[i].height, cases[i].bitrate_bps), cases[i].wanted);
    }
}

static void down_at_once_and_up_with_patience(void **state)
{
    (void)state;
    struct video_scale scale = {0};
    assert_int_equal(width_of(&scale, 0, 1280, 720, 1000000), 1280);
    assert_int_equal(width_of(&scale, 1 * SECOND, 1280, 720, 700000), 1280); /* bearable */
    assert_int_equal(width_of(&scale, 1100 * MS, 1280, 720, 400000), 640);
    assert_int_equal(width_of(&scale, 1200 * MS, 1280, 720, 60000), 640); /* not twice within a second */
    assert_int_equal(width_of(&scale, 2200 * MS, 1280, 720, 60000), 320);
    assert_int_equal(width_of(&scale, 3 * SECOND, 1280, 720, 2000000), 320);
    assert_int_equal(width_of(&scale, 6300 * MS, 1280, 720, 2000000), 480); /* and one at a time */
    assert_int_equal(width_of(&scale, 10400 * MS, 1280, 720, 2000000), 640);
    assert_int_equal(width_of(&scale, 14500 * MS, 1280, 720, 2000000), 960);
    assert_int_equal(width_of(&scale, 18600 * MS, 1280, 720, 2000000), 1280);
    assert_int_equal(width_of(&scale, 5 * SECOND, 1280, 720, 100000), 320); /* a clock that went back */
}

/* A call begins before it is known what its path takes. */
static void the_first_steps_up_are_quick(void **state)
{
    (void)state;
    struct video_scale scale = {0};
    assert_int_equal(width_of(&scale, 0, 640, 360, 100000), 320);
    assert_int_equal(width_of(&scale, 900 * MS, 640, 360, 1500000), 320);
    assert_int_equal(width_of(&scale, 1000 * MS, 640, 360, 1500000), 480);
    assert_int_equal(width_of(&scale, 2000 * MS, 640, 360, 1500000), 640);
    assert_int_equal(width_of(&scale, 3000 * MS, 640, 360, 100000), 320);
    assert_int_equal(width_of(&scale, 6900 * MS, 640, 360, 1500000), 320); /* it was too large: patience from now on */
    assert_int_equal(width_of(&scale, 7000 * MS, 640, 360, 1500000), 480);
}

/* The step of large pictures meets one that is only a line: the next camera of the track, say. */
static void nothing_vanishes(void **state)
{
    (void)state;
    struct video_scale scale = {0};
    assert_int_equal(width_of(&scale, 0, 1280, 720, 50000), 320);
    for (uint32_t thin = 1; thin < 9; thin++) {
        uint32_t width = 1280, height = thin;
        assert_false(video_scale_choose(&scale, 1000, &(struct video_scale_limits){30, 50000, 0}, &width, &height));
        assert_int_equal(width, 320);
        assert_int_equal(height, thin < 2 ? 1 : 2);
    }
}

/* A rate that swings as one that looks for its place does, by a third, does not change the size over and over. */
static void no_flapping(void **state)
{
    (void)state;
    for (uint32_t middle = 60000; middle < 1500000; middle += middle / 20) {
        struct video_scale scale = {0};
        unsigned changes = 0;
        for (rtc_time_t now = 0; now < 100 * SECOND; now += 33 * MS) {
            uint32_t w = 1280, h = 720, swing = (uint32_t)(now / 33333 % 180);
            const struct video_scale_limits limits = {30, middle * (850 + (swing < 90 ? swing : 180 - swing) * 3) / 1000, 0};
            changes += video_scale_choose(&scale, now, &limits, &w, &h);
        }
        assert_in_range(changes, 1, 3);
    }
}

/* An encoder without enough time gets smaller pictures, whatever the rate, but none that is no picture any more. */
static void time_decides_too(void **state)
{
    (void)state;
    static const uint32_t wanted[] = {1280, 960, 640, 480, 320};
    for (uint32_t smaller = 0; smaller < 5; smaller++) {
        struct video_scale scale = {0};
        const struct video_scale_limits limits = {30, 3000000, smaller};
        uint32_t w = 1280, h = 720;
        assert_true(video_scale_choose(&scale, 0, &limits, &w, &h));
        assert_int_equal(w, wanted[smaller]);
        scale = (struct video_scale){0};
        w = h = 64;
        (void)video_scale_choose(&scale, SECOND, &limits, &w, &h);
        assert_int_equal(w, 64);
    }
}

/* Of ten pictures so many are left out, for a second and a bit. */
static void show(struct video_scale *scale, rtc_time_t *now, uint32_t bitrate_bps, uint32_t left_out)
{
    for (uint32_t n = 0; n < 35; n++, *now += 33 * MS) {
        (void)width_of(scale, *now, 1280, 720, bitrate_bps);
        video_scale_made(scale, *now, n % 10 < left_out ? VIDEO_SCALE_NOTHING : VIDEO_SCALE_FRAME);
    }
}

/* 950 kbit/s are enough for most cameras at full size; this one shows something that needs twice as much. */
static void pictures_left_out_ask_for_a_smaller_size(void **state)
{
    (void)state;
    struct video_scale scale = {0};
    rtc_time_t now = SECOND;
    show(&scale, &now, 950000, 1);
    assert_int_equal(width_of(&scale, now, 1280, 720, 950000), 1280); /* one of ten is bearable */
    show(&scale, &now, 950000, 5);
    assert_int_equal(width_of(&scale, now, 1280, 720, 950000), 960);
    show(&scale, &now, 600000, 5);
    assert_int_equal(width_of(&scale, now, 1280, 720, 600000), 640);
    now += 10 * SECOND; /* what was learnt of each pixel holds for other rates, up and down */
    assert_int_equal(width_of(&scale, now, 1280, 720, 900000), 640);
    assert_int_equal(width_of(&scale, now, 1280, 720, 1100000), 960);
    now += 10 * SECOND;
    assert_int_equal(width_of(&scale, now, 1280, 720, 2500000), 1280);
    now += 10 * SECOND;
    assert_int_equal(width_of(&scale, now, 1280, 720, 950000), 960);
    now += 300 * SECOND; /* and is forgotten */
    assert_int_equal(width_of(&scale, now, 1280, 720, 950000), 1280);
}

/* Behind a keyframe there is less for the pictures than usual; and a few pictures say nothing. */
static void keyframes_and_few_pictures_say_nothing(void **state)
{
    (void)state;
    struct video_scale scale = {0};
    rtc_time_t now = SECOND;
    for (uint32_t n = 0; n < 300; n++, now += 33 * MS) {
        assert_int_equal(width_of(&scale, now, 1280, 720, 950000), 1280);
        video_scale_made(&scale, now, n % 40 == 0 ? VIDEO_SCALE_KEYFRAME : n % 2 ? VIDEO_SCALE_FRAME : VIDEO_SCALE_NOTHING);
    }
    scale = (struct video_scale){0};
    for (uint32_t n = 0; n < 300; n++, now += 200 * MS) {
        assert_int_equal(width_of(&scale, now, 1280, 720, 950000), 1280);
        video_scale_made(&scale, now, VIDEO_SCALE_NOTHING);
    }
}

/* What moves much may have enough bits by their number and still be as coarse as can be. */
static void coarse_pictures_become_smaller(void **state)
{
    (void)state;
    struct video_scale scale = {0};
    rtc_time_t now = 0;
    for (; now <= 1000 * MS; now += 33 * MS) {
        assert_int_equal(width_of(&scale, now, 1280, 720, 1000000), 1280);
        video_scale_made(&scale, now, VIDEO_SCALE_COARSE);
    }
    video_scale_made(&scale, now, VIDEO_SCALE_COARSE);
    assert_int_equal(width_of(&scale, now + 33 * MS, 1280, 720, 1000000), 960);
    struct video_scale other = {0};
    for (now = 0; now <= 5 * SECOND; now += 33 * MS) { /* a part of them is no reason */
        assert_int_equal(width_of(&other, now, 1280, 720, 1000000), 1280);
        video_scale_made(&other, now, now / 33 / MS % 3 ? VIDEO_SCALE_COARSE : VIDEO_SCALE_FRAME);
    }
}

/* It goes up from pictures that are fine enough, whatever the rate says, and not before some of the size that there is were seen. */
static void fine_pictures_become_larger(void **state)
{
    static const struct {
        uint32_t percent, wanted;
    } cases[] = {{40, 640}, {23, 640}, {22, 960}, {10, 960}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct video_scale scale = {0};
        rtc_time_t now = 0;
        assert_int_equal(width_of(&scale, now, 1280, 720, 300000), 640);
        video_scale_saw(&scale, 90); /* the first pictures after a keyframe are what that left */
        video_scale_saw(&scale, 0);
        for (; now < 1000 * MS; now += 33 * MS) {
            assert_int_equal(width_of(&scale, now, 1280, 720, 1000000), 640);
            video_scale_saw(&scale, 90);
        }
        for (; now < 4 * SECOND; now += 33 * MS)
            video_scale_saw(&scale, cases[i].percent);
        assert_int_equal(width_of(&scale, now, 1280, 720, 1000000), cases[i].wanted);
    }
    struct video_scale unknown = {0}; /* of a codec that tells nothing */
    assert_int_equal(width_of(&unknown, 0, 1280, 720, 300000), 640);
    assert_int_equal(width_of(&unknown, SECOND, 1280, 720, 1000000), 960);
    for (int i = 0; i < 14; i++)
        video_scale_saw(&unknown, 5);
    assert_int_equal(width_of(&unknown, 3 * SECOND, 1280, 720, 3000000), 960); /* too few yet */
    video_scale_saw(&unknown, 5);
    assert_int_equal(width_of(&unknown, 3 * SECOND, 1280, 720, 3000000), 1280);
}

/* Nobody waits for a large keyframe after the path has become a fraction of what it was. */
static void after_a_steep_fall_keyframes_are_small(void **state)
{
    (void)state;
    struct video_scale scale = {0};
    rtc_time_t now = 0;
    for (; now < 10 * SECOND; now += 33 * MS)
        assert_int_equal(width_of(&scale, now, 1280, 720, 2400000), 1280);
    assert_int_equal(width_of(&scale, now, 1280, 720, 400000), 640); /* for which 960 are bearable otherwise */
    struct video_scale gentle = {0};
    uint32_t bps = 2400000;
    for (now = 0; bps > 400000; now += 33 * MS, bps -= bps / 50)
        (void)width_of(&gentle, now, 1280, 720, bps);
    assert_int_equal(width_of(&gentle, now, 1280, 720, 400000), 960);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_decides),
        cmocka_unit_test(down_at_once_and_up_with_patience),
        cmocka_unit_test(the_first_steps_up_are_quick),
        cmocka_unit_test(nothing_vanishes),
        cmocka_unit_test(no_flapping),
        cmocka_unit_test(time_decides_too),
        cmocka_unit_test(pictures_left_out_ask_for_a_smaller_size),
        cmocka_unit_test(keyframes_and_few_pictures_say_nothing),
        cmocka_unit_test(coarse_pictures_become_smaller),
        cmocka_unit_test(fine_pictures_become_larger),
        cmocka_unit_test(after_a_steep_fall_keyframes_are_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
