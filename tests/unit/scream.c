/* SPDX-License-Identifier: MIT */
/* SCReAM, one word at a time: what it makes of a network is in tests/sim. */
#include "scream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { SECOND = 1000000 };

static void what_the_peer_does_not_repeat_is_over(void **state)
{
    (void)state;
    const struct congestion_limits limits = {.start_bps = 1000000};
    rtc_context *context;
    struct congestion *scream;
    rtc_time_t now = SECOND;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_int_equal(congestion_new(context, &scream_controller, &limits, now, &scream), RTC_OK);
    uint32_t before = congestion_target(scream).target_bps;
    congestion_remb(scream, now, 200000);
    congestion_tick(scream, now += 6 * SECOND);
    congestion_remb(scream, now, 200000);
    congestion_tick(scream, now += 6 * SECOND);
    assert_int_equal(congestion_target(scream).target_bps, 200000);
    congestion_tick(scream, now += 5 * SECOND);
    assert_int_equal(congestion_target(scream).target_bps, before);
    congestion_remb(scream, now, 0); /* nothing at all is the least that there is */
    assert_int_equal(congestion_target(scream).target_bps, CONGESTION_MIN_BPS);
    congestion_free(scream);
    rtc_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_the_peer_does_not_repeat_is_over)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
