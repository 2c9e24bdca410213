/* SPDX-License-Identifier: MIT */
/* Limits on decoding: the largest picture, a second's pixels, bytes at a time; with the smallest and the largest of each. */
#include "decode_budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND ((rtc_time_t)1000000)

static struct decode_budget budget(uint32_t pixels, uint32_t per_second, uint32_t bytes)
{
    const rtc_limits limits = {
        .size = sizeof limits, .picture_pixels = pixels, .decoded_pixels_per_second = per_second, .decoder_bytes = bytes};
    struct decode_budget b;
    decode_budget_init(&b, &limits);
    return b;
}

static void size(void **state)
{
    struct decode_budget b = budget(1000, 1000000, 1000000);
    (void)state;
    assert_int_equal(decode_budget_take(&b, 0, 1, 1, false, 0), DECODE_GRANTED);
    assert_int_equal(decode_budget_take(&b, 0, 1000, 1000, false, 0), DECODE_GRANTED);
    assert_int_equal(decode_budget_take(&b, 0, 1001, 1001, false, 0), DECODE_TOO_LARGE);
    assert_int_equal(decode_budget_take(&b, 0, UINT32_MAX, UINT32_MAX, true, 0), DECODE_TOO_LARGE);
}

static void rate(void **state)
{
    struct decode_budget b = budget(1000, 30000, 1000000);
    uint32_t granted = 0;
    (void)state;
    for (rtc_time_t now = 0; now < 10 * SECOND; now += 1000)
        granted += decode_budget_take(&b, now, 1000, 1000, false, 0) == DECODE_GRANTED;
    assert_in_range(granted, 30 + 290, 30 + 300); /* a second's at once, then 30 a second */
    granted = 0;
    for (rtc_time_t now = 20 * SECOND; now < 30 * SECOND; now += 1000)
        granted += decode_budget_take(&b, now, 1000, 1000, true, 0) == DECODE_GRANTED;
    assert_in_range(granted, 7 + 72, 7 + 76); /* of another size each time: a quarter of that */
}

/* A limit of less than a pixel for each time that is asked. */
static void a_low_rate(void **state)
{
    struct decode_budget b = budget(1000, 500, 1000000);
    uint32_t granted = 0;
    (void)state;
    for (rtc_time_t now = SECOND; now < 101 * SECOND; now += 1000)
        granted += decode_budget_take(&b, now, 100, 100, false, 0) == DECODE_GRANTED;
    assert_in_range(granted, 495, 505);
}

/* One picture that is worth more than a second has is decoded all the same, and then nothing for as long as it is worth. */
static void a_picture_over_the_rate(void **state)
{
    struct decode_budget b = budget(100000, 30000, 1000000);
    (void)state;
    assert_int_equal(decode_budget_take(&b, 0, 90000, 90000, false, 0), DECODE_GRANTED);
    assert_int_equal(decode_budget_take(&b, SECOND, 1, 1, false, 0), DECODE_TOO_OFTEN);
    assert_int_equal(decode_budget_take(&b, 2 * SECOND - 1000, 1, 1, false, 0), DECODE_TOO_OFTEN);
    assert_int_equal(decode_budget_take(&b, 2 * SECOND + 1000, 1, 1, false, 0), DECODE_GRANTED);
}

/* Pictures in one frame are judged each by its size, and all by their work, which no second is given up for. */
static void pictures_of_one_frame(void **state)
{
    struct decode_budget b = budget(1000, 4000, 1000000);
    (void)state;
    assert_int_equal(decode_budget_take(&b, 0, 1000, 8000, false, 0), DECODE_TOO_OFTEN);
    assert_int_equal(decode_budget_take(&b, 0, 1000, 4000, true, 0), DECODE_TOO_OFTEN);
    assert_int_equal(decode_budget_take(&b, 0, 1000, 4000, false, 0), DECODE_GRANTED);
    assert_int_equal(decode_budget_take(&b, 0, 1, 1, false, 0), DECODE_TOO_OFTEN);
}

/* Time that stands still or steps back gives nothing. */
static void time_steps(void **state)
{
    struct decode_budget b = budget(1000, 1000, 1000000);
    (void)state;
    assert_int_equal(decode_budget_take(&b, 5 * SECOND, 1000, 1000, false, 0), DECODE_GRANTED);
    assert_int_equal(decode_budget_take(&b, SECOND, 10, 10, false, 0), DECODE_TOO_OFTEN);
    assert_int_equal(decode_budget_take(&b, SECOND, 10, 10, false, 0), DECODE_TOO_OFTEN);
}

static void room(void **state)
{
    struct decode_budget b = budget(1000, 1000000, 5000);
    (void)state;
    assert_int_equal(decode_budget_take(&b, 0, 10, 10, false, 5001), DECODE_NO_ROOM);
    assert_int_equal(decode_budget_take(&b, 0, 10, 10, false, 5000), DECODE_GRANTED);
    decode_budget_hold(&b, 0, 3000);
    decode_budget_hold(&b, 0, 1500);
    assert_int_equal(decode_budget_take(&b, 0, 10, 10, false, 501), DECODE_NO_ROOM);
    assert_int_equal(decode_budget_take(&b, 0, 10, 10, false, 500), DECODE_GRANTED);
    decode_budget_hold(&b, 3000, 0);
    assert_int_equal(decode_budget_take(&b, 0, 10, 10, false, 3500), DECODE_GRANTED);
}

/* A decoder keeps borders around what it predicts from: of thin pictures they are nearly all. */
static void thin_pictures(void **state)
{
    (void)state;
    assert_int_equal(decode_budget_area(1, 1), 80 * 80);
    assert_int_equal(decode_budget_area(1280, 720), 1344 * 784);
    assert_int_equal(decode_budget_area(16383, 1), 16448 * 80);
    assert_true(decode_budget_decoder(decode_budget_area(16383, 1)) > 4 * 16448 * 80 * 3 / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size),
        cmocka_unit_test(rate),
        cmocka_unit_test(a_picture_over_the_rate),
        cmocka_unit_test(time_steps),
        cmocka_unit_test(room),
        cmocka_unit_test(a_low_rate),
        cmocka_unit_test(thin_pictures),
        cmocka_unit_test(pictures_of_one_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
