/* SPDX-License-Identifier: MIT */
/* Sequence validation, loss and jitter (RFC 3550 appendix A). */
#include "receive_stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct receive_stats stats;
static rtc_time_t now;
static int64_t extended;

static enum receive_verdict packet(uint16_t sequence)
{
    return receive_stats_packet(&stats, now, sequence, sequence * 960u, &extended);
}

static void packets(uint16_t from, unsigned count)
{
    for (unsigned i = 0; i < count; i++, now += 20000)
        (void)packet((uint16_t)(from + i));
}

static int begin(void **state)
{
    (void)state;
    now = 1000000;
    receive_stats_init(&stats, 48000);
    return 0;
}

static void becomes_valid(void **state)
{
    (void)state;
    struct receive_report report;
    assert_false(receive_stats_report(&stats, &report));
    assert_int_equal(packet(10), RECEIVE_PROBATION);
    assert_int_equal(packet(11), RECEIVE_VALID);
    assert_int_equal(extended, 11);
}

static void wraps(void **state)
{
    (void)state;
    packets(65530, 10);
    assert_int_equal(extended, 65539);
    assert_int_equal(packet(65535), RECEIVE_VALID);
    assert_int_equal(extended, 65535);
    struct receive_report report;
    assert_true(receive_stats_report(&stats, &report));
    assert_int_equal(report.highest_sequence, 65539);
}

static void loss(void **state)
{
    (void)state;
    struct receive_report report;
    packets(100, 50);
    packets(175, 25); /* 25 of 100 are missing */
    assert_true(receive_stats_report(&stats, &report));
    assert_int_equal(report.cumulative_lost, 25);
    assert_int_equal(report.fraction_lost, 64);
    packets(200, 10);
    assert_true(receive_stats_report(&stats, &report));
    assert_int_equal(report.fraction_lost, 0);
    assert_int_equal(report.cumulative_lost, 25);
}

/* Duplicates make the loss negative; the fraction is not. */
static void duplicates(void **state)
{
    (void)state;
    struct receive_report report;
    packets(1, 10);
    packets(1, 10);
    assert_true(receive_stats_report(&stats, &report));
    assert_int_equal(report.cumulative_lost, -10);
    assert_int_equal(report.fraction_lost, 0);
}

static void restart(void **state)
{
    (void)state;
    packets(100, 20);
    assert_int_equal(packet(30000), RECEIVE_STRAY);
    assert_int_equal(packet(120), RECEIVE_VALID);
    assert_int_equal(packet(40000), RECEIVE_STRAY);
    assert_int_equal(packet(40001), RECEIVE_RESTART);
    assert_int_equal(extended, 40001);
    assert_int_equal(packet(40002), RECEIVE_VALID);
}

static void jitter(void **state)
{
    (void)state;
    packets(1, 200);
    assert_true(receive_stats_jitter_s(&stats) < 0.0001);
    for (uint16_t i = 0; i < 400; i++) {
        now += i % 2 ? 30000 : 10000;
        (void)packet((uint16_t)(201 + i));
    }
    double s = receive_stats_jitter_s(&stats);
    assert_true(s > 0.009 && s < 0.011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(becomes_valid, begin), cmocka_unit_test_setup(wraps, begin),   cmocka_unit_test_setup(loss, begin),
        cmocka_unit_test_setup(duplicates, begin),    cmocka_unit_test_setup(restart, begin), cmocka_unit_test_setup(jitter, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
