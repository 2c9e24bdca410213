/* SPDX-License-Identifier: MIT */
/* What arrived and is still to be told: order, repetition, jumps, and the window. */
#include "rtp_test.h"

#include "arrivals.h"
#include "sent_history.h"

enum { MAX = ARRIVALS_WINDOW };

static struct sent_history_told told[MAX];
static struct world world;

static int set_up(void **state)
{
    struct arrivals *a;
    world_init(&world, NULL);
    assert_int_equal(arrivals_new(world.context, &a), RTC_OK);
    *state = a;
    return 0;
}

static int tear_down(void **state)
{
    arrivals_free(*state);
    world_fini(&world);
    return 0;
}

static void come(struct arrivals *a, uint16_t first, uint16_t count, rtc_time_t at)
{
    for (uint16_t i = 0; i < count; i++)
        assert_true(arrivals_add(a, (uint16_t)(first + i), at + i, CONGESTION_ECN_NOT));
}

/* All of the next range, which must be this. */
static void tell(struct arrivals *a, uint16_t first, size_t count)
{
    size_t n = arrivals_next(a, told, MAX);
    assert_int_equal(n, count);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(told[i].number, (uint16_t)(first + i));
    arrivals_were_told(a, n);
}

static void each_is_told_once(void **state)
{
    struct arrivals *a = *state;
    assert_int_equal(arrivals_next(a, told, MAX), 0);
    come(a, 0xfffe, 4, 1000);
    assert_int_equal(arrivals_untold(a), 4);
    assert_int_equal(arrivals_next(a, told, MAX), 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(told[i].received && told[i].arrived == 1000 + (rtc_time_t)i && told[i].number == (uint16_t)(0xfffe + i));
    arrivals_were_told(a, 3); /* there was room for three */
    assert_int_equal(arrivals_untold(a), 1);
    tell(a, 1, 1);
    tell(a, 0, 0);
    come(a, 2, 1, 5000);
    tell(a, 2, 1);
    assert_int_equal(arrivals_untold(a), 0);
    assert_int_equal(arrivals_pending(a), 0);
}

static void what_is_missing_is_told_with_what_follows(void **state)
{
    struct arrivals *a = *state;
    come(a, 10, 1, 0);
    come(a, 13, 1, 0);
    assert_int_equal(arrivals_untold(a), 2);
    assert_int_equal(arrivals_pending(a), 4);
    assert_int_equal(arrivals_next(a, told, MAX), 4);
    assert_true(told[0].received && !told[1].received && !told[2].received && told[3].received);
    assert_int_equal(told[1].arrived, RTC_TIME_NEVER);
    tell(a, 10, 4);
    come(a, 20, 1, 0);
    tell(a, 14, 7);
}

static void what_comes_late_is_told_by_itself(void **state)
{
    struct arrivals *a = *state;
    come(a, 10, 2, 0);
    come(a, 16, 1, 0);
    tell(a, 10, 7);
    come(a, 14, 1, 5);
    come(a, 12, 1, 6);
    come(a, 13, 1, 7);
    come(a, 17, 2, 8);
    assert_int_equal(arrivals_untold(a), 5);
    tell(a, 12, 3);
    tell(a, 17, 2);
    come(a, 15, 1, 9); /* beside those that are told */
    tell(a, 15, 1);
    tell(a, 0, 0);
}

static void before_the_first_one(void **state)
{
    struct arrivals *a = *state;
    come(a, 1, 1, 0);
    come(a, 0xffff, 1, 0);
    tell(a, 0xffff, 1);
    tell(a, 1, 1);
    come(a, 0, 1, 0);
    tell(a, 0, 1);
}

static void what_is_reordered_is_in_order(void **state)
{
    struct arrivals *a = *state;
    come(a, 3, 1, 0);
    come(a, 5, 1, 1);
    come(a, 4, 1, 2);
    come(a, 6, 1, 3);
    assert_int_equal(arrivals_next(a, told, MAX), 4);
    assert_int_equal(told[1].arrived, 2);
    assert_int_equal(told[2].arrived, 1);
}

static void of_those_that_come_twice_the_first_counts_and_any_mark(void **state)
{
    struct arrivals *a = *state;
    assert_true(arrivals_add(a, 7, 100, CONGESTION_ECN_ECT1));
    assert_false(arrivals_add(a, 7, 200, CONGESTION_ECN_NOT));
    assert_int_equal(arrivals_next(a, told, MAX), 1);
    assert_int_equal(told[0].ecn, CONGESTION_ECN_ECT1);
    assert_false(arrivals_add(a, 7, 300, CONGESTION_ECN_CE));
    assert_int_equal(arrivals_untold(a), 1);
    assert_int_equal(arrivals_next(a, told, MAX), 1);
    assert_int_equal(told[0].ecn, CONGESTION_ECN_CE);
    assert_int_equal(told[0].arrived, 100);
    arrivals_were_told(a, 1);
    assert_false(arrivals_add(a, 7, 400, CONGESTION_ECN_CE));
    assert_int_equal(arrivals_untold(a), 0);
}

static void a_jump_ahead_forgets_what_is_behind_the_window(void **state)
{
    struct arrivals *a = *state;
    come(a, 100, 3, 0);
    come(a, 102 + 30000, 1, 0);
    assert_int_equal(arrivals_untold(a), 1);
    assert_int_equal(arrivals_pending(a), ARRIVALS_WINDOW);
    tell(a, 102 + 30000 - ARRIVALS_WINDOW + 1, ARRIVALS_WINDOW);
    come(a, 102 + 30001, 5, 0);
    tell(a, 102 + 30001, 5);
    /* The whole window, and one more. */
    come(a, 40000, ARRIVALS_WINDOW, 0);
    come(a, 40000 + ARRIVALS_WINDOW, 1, 0);
    assert_int_equal(arrivals_untold(a), ARRIVALS_WINDOW);
    tell(a, 40001, ARRIVALS_WINDOW);
}

static void what_is_older_than_the_window_is_left_out_unless_it_goes_on(void **state)
{
    struct arrivals *a = *state;
    come(a, 5000, 1, 0);
    tell(a, 5000, 1);
    assert_true(arrivals_add(a, 5000 - ARRIVALS_WINDOW + 1, 0, CONGESTION_ECN_NOT));
    assert_false(arrivals_add(a, 5000 - ARRIVALS_WINDOW, 0, CONGESTION_ECN_NOT));
    tell(a, 5000 - ARRIVALS_WINDOW + 1, 1);
    for (uint16_t i = 0; i < 6; i++)
        assert_false(arrivals_add(a, i, 0, CONGESTION_ECN_NOT));
    come(a, 5001, 1, 0);
    tell(a, 5001, 1);
    for (uint16_t i = 0; i < 7; i++)
        assert_false(arrivals_add(a, i, 0, CONGESTION_ECN_NOT));
    come(a, 7, 3, 0); /* the eighth in a row */
    tell(a, 7, 3);
}

/* Whatever comes: nothing is told twice as arrived, and what is told came. */
static void random_arrivals(void **state)
{
    struct arrivals *a = *state;
    static uint8_t came[65536], said[65536];
    uint32_t x = 7, newest = 0;
    memset(came, 0, sizeof came);
    memset(said, 0, sizeof said);
    for (unsigned i = 0; i < 60000; i++) {
        x = x * 1664525 + 1013904223;
        newest += (x >> 28) == 0 ? 3 : 1;
        uint32_t number = newest - ((x >> 20) % 8 == 0 ? (x >> 8) % 40 : 0);
        if (newest >= 60000)
            break;
        if (number < newest + 1 && arrivals_add(a, (uint16_t)number, i, CONGESTION_ECN_NOT)) {
            assert_int_equal(came[number], 0);
            came[number] = 1;
        }
        for (size_t n; (x >> 12) % 16 == 0 && (n = arrivals_next(a, told, 1 + (x >> 4) % 64)) > 0;) {
            for (size_t k = 0; k < n; k++) {
                assert_int_equal(told[k].received, came[told[k].number]);
                assert_false(told[k].received && said[told[k].number]);
                said[told[k].number] |= told[k].received;
            }
            arrivals_were_told(a, n);
        }
    }
    for (size_t n; (n = arrivals_next(a, told, MAX)) > 0; arrivals_were_told(a, n))
        for (size_t k = 0; k < n; k++)
            said[told[k].number] |= told[k].received;
    assert_memory_equal(came, said, sizeof came);
    assert_int_equal(arrivals_untold(a), 0);
}

static void no_memory(void **state)
{
    struct arrivals *a = NULL;
    (void)state;
    world.allocations_left = 0;
    assert_int_equal(arrivals_new(world.context, &a), RTC_ERR_NO_MEMORY);
    assert_null(a);
    world.allocations_left = -1;
    arrivals_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_is_told_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_missing_is_told_with_what_follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_comes_late_is_told_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(before_the_first_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_reordered_is_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_those_that_come_twice_the_first_counts_and_any_mark, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_jump_ahead_forgets_what_is_behind_the_window, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_older_than_the_window_is_left_out_unless_it_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_arrivals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
