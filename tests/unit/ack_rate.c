/* SPDX-License-Identifier: MIT */
/* What arrives, and what arrives while the path is busy. */
#include "ack_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MS = 1000, PACKET = 1250 };

static double about(double bps)
{
    return (double)(long)(bps / 1e5 + 0.5) / 10; /* Mbit/s */
}

static void nothing_is_known_at_first(void **state)
{
    (void)state;
    struct ack_rate rate;
    ack_rate_init(&rate);
    assert_true(ack_rate_bps(&rate, 300 * MS) == 0);
    assert_true(ack_rate_busy_bps(&rate, 300 * MS) == 0);
    ack_rate_add(&rate, 0, 0, PACKET);
    assert_true(ack_rate_bps(&rate, 300 * MS) == 0);
}

static void it_is_what_arrives(void **state)
{
    (void)state;
    struct ack_rate rate;
    ack_rate_init(&rate);
    for (int i = 0; i <= 100; i++)
        ack_rate_add(&rate, i * 10 * MS, 0, PACKET);
    assert_true(about(ack_rate_bps(&rate, 300 * MS)) == 1.0);
    assert_true(ack_rate_busy_bps(&rate, 300 * MS) == 0); /* nothing waited */
}

/* A picture of ten packets each quarter of a second, over a path that takes one packet in ten milliseconds. */
static void between_pictures_the_path_is_idle(void **state)
{
    (void)state;
    struct ack_rate rate;
    ack_rate_init(&rate);
    for (int picture = 0; picture < 4; picture++)
        for (int i = 1; i <= 10; i++)
            ack_rate_add(&rate, (picture * 250 + i * 10) * MS, i * 9 * MS, PACKET);
    ack_rate_add(&rate, 1000 * MS, 0, PACKET);
    assert_true(ack_rate_bps(&rate, 1000 * MS) < 0.5e6);
    assert_true(about(ack_rate_busy_bps(&rate, 1000 * MS)) == 1.0);
}

static void nonsense_is_borne(void **state)
{
    (void)state;
    struct ack_rate rate;
    ack_rate_init(&rate);
    ack_rate_add(&rate, 0, INT64_MAX / 8, PACKET);
    ack_rate_add(&rate, INT64_MAX / 8, INT64_MAX / 8, UINT32_MAX);
    ack_rate_add(&rate, -(INT64_MAX / 8), -5, PACKET);
    ack_rate_add(&rate, -(INT64_MAX / 8) + 1, 1, PACKET);
    assert_true(ack_rate_busy_bps(&rate, INT64_MAX) >= 0);
    assert_true(ack_rate_bps(&rate, INT64_MAX) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(it_is_what_arrives),
        cmocka_unit_test(between_pictures_the_path_is_idle),
        cmocka_unit_test(nonsense_is_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
