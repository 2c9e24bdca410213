/* SPDX-License-Identifier: MIT */
/* What is asked for, when, and when it is given up. */
#include "nack_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* After which the same is said once more, and after which it is asked for again while no answer has taught anything. */
enum { MS = 1000, ROUND_TRIP = 50 * MS, ONCE_MORE = ROUND_TRIP / 4, AGAIN = ROUND_TRIP * 5 / 4 };

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
    assert_int_equal(nack_list_deadline(&list), ONCE_MORE);
    assert_int_equal(collect(ONCE_MORE), 2);
    assert_int_equal(nack_list_deadline(&list), AGAIN);
    assert_int_equal(collect(AGAIN), 2);
    assert_int_equal(nack_list_deadline(&list), AGAIN + ONCE_MORE);
}

static void until_it_comes(void **state)
{
    (void)state;
    (void)nack_list_received(&list, 0, 1, false);
    (void)nack_list_received(&list, 0, 4, false);
    assert_int_equal(collect(0), 2);
    (void)nack_list_received(&list, 10 * MS, 2, true);
    assert_int_equal(collect(ONCE_MORE), 1);
    assert_int_equal(collect(ROUND_TRIP - MS), 0);
    assert_int_equal(collect(ROUND_TRIP), 1); /* no sooner, however soon the other one came */
    assert_int_equal(asked[0], 3);
    (void)nack_list_received(&list, 80 * MS, 3, true);
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
    assert_int_equal(times, 2 * NACK_TRIES); /* each time twice */
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
    assert_int_equal(times, 3); /* at 0, 1.25 and 2.5 seconds, and on such a path once each */
    assert_int_equal(list.count, 0);
    assert_int_equal(nack_list_deadline(&list), RTC_TIME_NEVER);
}

/* What is asked for at `at` comes after so long. */
static void answered(rtc_time_t at, int64_t sequence, rtc_time_t after)
{
    (void)nack_list_received(&list, at, sequence + 1, false);
    for (rtc_time_t now = at; now < at + after; now += MS)
        (void)collect(now);
    (void)nack_list_received(&list, at + after, sequence, true);
}

static rtc_time_t asked_again_after(rtc_time_t at, int64_t sequence)
{
    (void)nack_list_received(&list, at, sequence + 1, false);
    (void)collect(at);
    (void)collect(at + ONCE_MORE);
    rtc_time_t due = nack_list_deadline(&list);
    nack_list_drop_before(&list, sequence + 1);
    return due - at;
}

/* When an answer should have come is learnt from those that did, also from one that came when it had just been asked for again; a round
 * trip is the least, two are the most. */
static void answers_teach(void **state)
{
    int64_t sequence = 2;
    rtc_time_t now = 0;
    (void)state;
    (void)nack_list_received(&list, 0, 1, false);
    assert_int_equal(asked_again_after(now, sequence), AGAIN);
    for (int i = 0; i < 50; i++)
        answered(now += 1000 * MS, sequence += 2, 70 * MS);
    assert_in_range(asked_again_after(now += 1000 * MS, sequence += 2), 69 * MS, 72 * MS);
    for (int i = 0; i < 50; i++)
        answered(now += 1000 * MS, sequence += 2, 85 * MS); /* later than it is asked for again */
    assert_in_range(asked_again_after(now += 1000 * MS, sequence += 2), 83 * MS, 88 * MS);
    for (int i = 0; i < 50; i++)
        answered(now += 1000 * MS, sequence += 2, 20 * MS); /* the round trip that is told is too long */
    assert_int_equal(asked_again_after(now += 1000 * MS, sequence += 2), ROUND_TRIP);
    list.answer = 500 * MS;
    assert_int_equal(asked_again_after(now += 1000 * MS, sequence += 2), 2 * ROUND_TRIP);
    nack_list_reset(&list);
    (void)nack_list_received(&list, now, 1, false);
    assert_int_equal(asked_again_after(now, 2), AGAIN);
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

/* Nobody collects for a while: what was to be said once more, and would be due again by now, is said once. */
static void collected_late(void **state)
{
    size_t times = 0;
    (void)state;
    (void)nack_list_received(&list, 0, 1, false);
    (void)nack_list_received(&list, 0, 3, false);
    assert_int_equal(collect(0), 1);
    for (size_t n; (n = collect(10 * ROUND_TRIP)) > 0;)
        times += n;
    assert_int_equal(times, 1);
    assert_int_equal(nack_list_deadline(&list), 10 * ROUND_TRIP + ONCE_MORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_gap_at_once, begin),  cmocka_unit_test_setup(until_it_comes, begin),
        cmocka_unit_test_setup(ten_times, begin),      cmocka_unit_test_setup(not_for_ever, begin),
        cmocka_unit_test_setup(reordering, begin),     cmocka_unit_test_setup(too_many, begin),
        cmocka_unit_test_setup(given_up, begin),       cmocka_unit_test_setup(answers_teach, begin),
        cmocka_unit_test_setup(collected_late, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
