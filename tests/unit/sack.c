/* SPDX-License-Identifier: MIT */
/* What the engine is shown of a SACK. */
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
    struct slice shown = sack_shown(slice_of(packet, len), room);
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
    assert_int_equal(sack_shown(slice_of(large, sizeof large - 4), room).len, sizeof large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gap_block_is_added),
        cmocka_unit_test(test_what_stands_around_it_stays),
        cmocka_unit_test(test_others_are_shown_as_they_are),
        cmocka_unit_test(test_broken_and_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
