/* SPDX-License-Identifier: MIT */
/* What the engine is shown of a SACK, and how often. */
#include "sack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HEADER 0x13, 0x88, 0x13, 0x88, 1, 2, 3, 4, 0, 0, 0, 0
#define FIXED 0, 0, 0, 9, 0, 16, 0, 0 /* cumulative TSN, window */

static void assert_shown(const uint8_t *packet, size_t len, const uint8_t *wanted, size_t wanted_len)
{
    uint8_t room[SACK_PACKET_MAX];
    struct sack_view view = {.shown = 0};
    struct slice shown = sack_show(&view, SACK_SHOWN_EVERY_US, slice_of(packet, len), room);
    assert_int_equal(shown.len, wanted_len);
    assert_memory_equal(shown.data, wanted, wanted_len);
}

static void test_gap_block_is_added(void **state)
{
    (void)state;
    static const uint8_t plain[] = {HEADER, 3, 0, 0, 16, FIXED, 0, 0, 0, 0};
    static const uint8_t shown[] = {HEADER, 3, 0, 0, 20, FIXED, 0, 1, 0, 0, 0, 2, 0, 1};
    assert_shown(plain, sizeof plain, shown, sizeof shown);
}

static void test_what_stands_around_it_stays(void **state)
{
    (void)state;
    static const uint8_t mixed[] = {HEADER, 10, 0, 0,  5,     7, 0, 0, 0, /* another chunk before */
                                    3,      0,  0, 20, FIXED, 0, 0, 0, 1,  0,  0,  0,  8, /* a duplicate TSN */ 0, 3, 0, 20, 0, 0, 0,
                                    1,      0,  1, 0,  1,     0, 0, 0, 51, 42, 42, 42, 42}; /* DATA after */
    static const uint8_t shown[] = {HEADER, 10, 0, 0, 5, 7, 0,  0, 0, 3, 0, 0, 24, FIXED, 0, 1, 0, 1, 0,  2,  0,  1,  0,
                                    0,      0,  8, 0, 3, 0, 20, 0, 0, 0, 1, 0, 1,  0,     1, 0, 0, 0, 51, 42, 42, 42, 42};
    assert_shown(mixed, sizeof mixed, shown, sizeof shown);
}

static void test_others_are_shown_as_they_are(void **state)
{
    (void)state;
    static const uint8_t gaps[] = {HEADER, 3, 0, 0, 20, FIXED, 0, 1, 0, 0, 0, 2, 0, 3};
    static const uint8_t data[] = {HEADER, 0, 3, 0, 17, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 51, 42, 0, 0, 0};
    assert_shown(gaps, sizeof gaps, gaps, sizeof gaps);
    assert_shown(data, sizeof data, data, sizeof data);
}

/* Cut off anywhere, it is left to the engine to refuse; one that would not fit is left alone, too. */
static void test_broken_and_large(void **state)
{
    (void)state;
    static const uint8_t plain[] = {HEADER, 3, 0, 0, 16, FIXED, 0, 0, 0, 0};
    for (size_t len = 0; len < sizeof plain; len++)
        assert_shown(plain, len, plain, len);
    static uint8_t large[SACK_PACKET_MAX] = {HEADER, 3, 0, 0, 16, FIXED};
    assert_shown(large, sizeof large - 3, large, sizeof large - 3);
    uint8_t room[SACK_PACKET_MAX];
    struct sack_view view = {.shown = 0};
    assert_int_equal(sack_show(&view, SACK_SHOWN_EVERY_US, slice_of(large, sizeof large - 4), room).len, sizeof large);
}

/* Once in ten milliseconds, from when one was shown in its other form; what had nothing to be changed does not count. */
static void test_how_often(void **state)
{
    (void)state;
    static const uint8_t plain[] = {HEADER, 3, 0, 0, 16, FIXED, 0, 0, 0, 0};
    static const uint8_t gaps[] = {HEADER, 3, 0, 0, 20, FIXED, 0, 1, 0, 0, 0, 2, 0, 3};
    static const struct {
        rtc_time_t at;
        bool plain, changed;
    } steps[] = {
        {1000000, true, false}, {1009999, true, false},  {1010000, false, false}, {1010500, true, true},   {1010501, true, false},
        {1020499, true, false}, {1020500, false, false}, {1020501, true, true},   {1020502, false, false}, {1030500, true, false},
        {1500000, true, true},  {1500001, true, false},  {1510000, true, true},
    };
    uint8_t room[SACK_PACKET_MAX];
    struct sack_view view = {.shown = 1000000};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct slice packet = steps[i].plain ? slice_of(plain, sizeof plain) : slice_of(gaps, sizeof gaps);
        struct slice shown = sack_show(&view, steps[i].at, packet, room);
        assert_int_equal(shown.data != packet.data, steps[i].changed);
        assert_int_equal(shown.len, packet.len + (steps[i].changed ? 4 : 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gap_block_is_added),
        cmocka_unit_test(test_what_stands_around_it_stays),
        cmocka_unit_test(test_others_are_shown_as_they_are),
        cmocka_unit_test(test_broken_and_large),
        cmocka_unit_test(test_how_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
