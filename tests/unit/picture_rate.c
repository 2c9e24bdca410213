/* SPDX-License-Identifier: MIT */
/* How many pictures are sent where fewer are better than smaller ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "picture_rate.h"

enum { MS = 1000, SECOND = 1000000, PIXELS = 1280 * 720 };

/* Pictures a second, of thirty. */
static uint32_t per_second(struct picture_rate *rate, rtc_time_t now, uint32_t bitrate_bps)
{
    const struct picture_rate_limits limits = {30, bitrate_bps, PIXELS};
    double interval = picture_rate_choose(rate, now, &limits);
    return interval > 0 ? (uint32_t)(1e6 / interval + 0.5) : 30;
}

static void the_rate_decides(void **state)
{
    (void)state;
    struct picture_rate rate = {0};
    assert_int_equal(per_second(&rate, 5 * SECOND, 3000000), 30);
    assert_int_equal(per_second(&rate, 6 * SECOND, 560000), 30); /* bearable */
    assert_int_equal(per_second(&rate, 7 * SECOND, 400000), 20);
    assert_int_equal(per_second(&rate, 7 * SECOND + 500 * MS, 200000), 20); /* not twice within a second */
    assert_int_equal(per_second(&rate, 8 * SECOND, 200000), 15);
    assert_int_equal(per_second(&rate, 9 * SECOND, 100000), 10);
    assert_int_equal(per_second(&rate, 10 * SECOND, 50000), 6);
    assert_int_equal(per_second(&rate, 20 * SECOND, 1000), 6); /* that is the least */
}

static void it_comes_back_with_patience(void **state)
{
    (void)state;
    struct picture_rate rate = {0};
    assert_int_equal(per_second(&rate, 5 * SECOND, 300000), 20);
    assert_int_equal(per_second(&rate, 6 * SECOND, 300000), 15);
    assert_int_equal(per_second(&rate, 9 * SECOND, 3000000), 15);
    assert_int_equal(per_second(&rate, 10 * SECOND, 3000000), 20);
    assert_int_equal(per_second(&rate, 13 * SECOND, 3000000), 20);
    assert_int_equal(per_second(&rate, 14 * SECOND, 3000000), 30);
    assert_int_equal(per_second(&rate, 15 * SECOND, 700000), 30);
    assert_int_equal(per_second(&rate, 2 * SECOND, 400000), 20); /* a clock that went back */
}

static void coarse_pictures_are_too_many(void **state)
{
    (void)state;
    struct picture_rate rate = {0};
    rtc_time_t now = SECOND;
    for (int i = 0; i < 59; i++, now += 34 * MS) {
        picture_rate_made(&rate, now, i % 10 != 0);
        assert_int_equal(per_second(&rate, now, 2000000), 30);
    }
    picture_rate_made(&rate, now, true);
    assert_int_equal(per_second(&rate, now, 2000000), 20);
    for (int i = 0; i < 120; i++, now += 34 * MS) {
        picture_rate_made(&rate, now, i % 2);
        assert_int_equal(per_second(&rate, now, 800000), 20);
    }
}

static void nothing_comes(void **state)
{
    (void)state;
    struct picture_rate rate = {0};
    const struct picture_rate_limits limits = {0, 0, 0};
    assert_true(picture_rate_choose(&rate, 5 * SECOND, &limits) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_decides),
        cmocka_unit_test(it_comes_back_with_patience),
        cmocka_unit_test(coarse_pictures_are_too_many),
        cmocka_unit_test(nothing_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
