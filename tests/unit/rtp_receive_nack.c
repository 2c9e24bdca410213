/* SPDX-License-Identifier: MIT */
/* What is asked for, when, and when it is given up. */
#include "nack_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { MS = 1000, ROUND_TRIP = 50 * MS };

static struct nack_list list;
static uint16_t asked[NACK_LIST_MAX];

static int begin(void **state)
{
    (void)state;
    nack_list_reset(&list);
    return 0;
}

static size_t collect(rtc_time_t now)
{
    return nack_list_collect(&list, now, ROUND_TRIP, asked, NACK_LIST_MAX);
}

static void a_gap_at_once(void **state)
{
    (void)state;
    assert_true(nack_list_received(&list, 0, 65535, false));
    assert_int_equal(nack_list_deadline(&list), RTC_TIME_NEVER);
    assert_true(nack_list_received(&list, 0, 65538, false));
    assert_int_equal(nack_list_deadline(&list), 0);
    assert_int_equal(collect(0), 2);
    assert_int_equal(asked[0], 0);
    assert_int_equal(asked[1], 1);
    assert_int_equal(collect(0), 0);
    assert_int_equal(nack_list_deadline(&list), ROUND_TRIP);
}

static void until_it_comes(void **state)
{
    (void)state;
    (void)nack_list_received(&list, 0, 1, false);
    (void)nack_list_received(&list, 0, 4, false);
    assert_int_equal(collect(0), 2);
    (void)nack_list_received(&list, 20 * MS, 2, true);
    assert_int_equal(collect(ROUND_TRIP), 1);
    assert_int_equal(asked[0], 3);
    (void)nack_list_received(&list, 60 * MS, 3, true);
    assert_int_equal(nack_list_deadline(&list), RTC_TIME_NEVER);
    assert_int_equal(list.allowance, 0);
}

static void ten_times(void **state)
{
    (void)state;
    size_t times = 0;
    (void)nack_list_received(&list, 0, 1, false);
    (void)nack_list_received(&list, 0, 3, false);
    for (rtc_time_t now = 0; now < 5000 * MS; now += MS)
        times += collect(now);
    assert_int_equal(times, NACK_TRIES);
    assert_int_equal(nack_list_deadline(&list), RTC_TIME_NEVER);
}

/* On a path of seconds nobody waits for the tenth time: what is three seconds old comes too late for everybody. */
static void not_for_ever(void **state)
{
    (void)state;
    size_t times = 0;
    (void)nack_list_received(&list, 0, 1, false);
    (void)nack_list_received(&list, 0, 3, false);
    for (rtc_time_t now = 0; now < 12000 * MS; now += MS)
        times += nack_list_collect(&list, now, 1000 * MS, asked, NACK_LIST_MAX);
    assert_int_equal(times, 4); /* at 0, 1, 2 and 3 seconds */
    assert_int_equal(list.count, 0);
    assert_int_equal(nack_list_deadline(&list), RTC_TIME_NEVER);
}

/* Reordering teaches patience, but not more than 10 ms of it, and it is forgotten again. */
static void reordering(void **state)
{
    (void)state;
    (void)nack_list_received(&list, 0, 1, false);
    (void)nack_list_received(&list, 0, 3, false);
    (void)nack_list_received(&list, 4 * MS, 2, false);
    (void)nack_list_received(&list, 5 * MS, 5, false);
    assert_int_equal(collect(5 * MS), 0);
    assert_in_range(nack_list_deadline(&list), 8900, 9000);
    (void)nack_list_received(&list, 100 * MS, 4, false);
    (void)nack_list_received(&list, 100 * MS, 7, false);
    assert_in_range(nack_list_deadline(&list), 109 * MS, 110 * MS);
    for (int64_t s = 8; s < 4000; s++)
        (void)nack_list_received(&list, 200 * MS, s, false);
    assert_in_range(list.allowance, 0, MS);
}

static void too_many(void **state)
{
    (void)state;
    (void)nack_list_received(&list, 0, 1, false);
    assert_true(nack_list_received(&list, 0, 1 + NACK_LIST_MAX, false));
    assert_int_equal(collect(0), NACK_LIST_MAX - 1);
    assert_false(nack_list_received(&list, 0, 10 + NACK_LIST_MAX, false));
    assert_int_equal(list.count, 0);
}

static void given_up(void **state)
{
    (void)state;
    (void)nack_list_received(&list, 0, 1, false);
    (void)nack_list_received(&list, 0, 10, false);
    nack_list_drop_before(&list, 8);
    assert_int_equal(collect(0), 2);
    assert_int_equal(asked[0], 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_gap_at_once, begin), cmocka_unit_test_setup(until_it_comes, begin),
        cmocka_unit_test_setup(ten_times, begin),     cmocka_unit_test_setup(not_for_ever, begin),
        cmocka_unit_test_setup(reordering, begin),    cmocka_unit_test_setup(too_many, begin),
        cmocka_unit_test_setup(given_up, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
