/* SPDX-License-Identifier: MIT */
/* Google congestion control, one word at a time: what it makes of a network is in tests/sim. */
#include "gcc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MS = 1000, SECOND = 1000000, PACKET = 1200 };

static rtc_context *context;
static struct congestion *gcc;
static rtc_time_t now;

static int begin(void **state)
{
    (void)state;
    const struct congestion_limits limits = {.start_bps = 300000};
    now = SECOND;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_int_equal(congestion_new(context, &gcc_controller, &limits, now, &gcc), RTC_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    congestion_free(gcc);
    rtc_context_unref(context);
    return 0;
}

static void send_one(void)
{
    const struct congestion_packet packet = {.sent = now, .bytes = PACKET, .in_flight = PACKET};
    congestion_sent(gcc, &packet);
}

static uint32_t target_bps(void)
{
    return congestion_target(gcc).target_bps;
}

static uint32_t next_probe_bps(void)
{
    struct congestion_probe probe;
    return congestion_next_probe(gcc, now, &probe) ? probe.bps : 0;
}

static void it_asks_for_more_at_first(void **state)
{
    (void)state;
    send_one();
    assert_int_equal(next_probe_bps(), 900000);
    assert_int_equal(next_probe_bps(), 1800000);
    assert_int_equal(next_probe_bps(), 0);
}

/* A transport that sent far too much (RFC 8083 section 4.5), or does not know whether anything arrives, begins again at little: what it
 * then asks for goes by that, and not by what calls begin with. */
static void it_begins_again_as_low_as_it_is_told(void **state)
{
    (void)state;
    const struct congestion_limits low = {.start_bps = 50000}, usual = {.start_bps = 300000};
    send_one();
    while (next_probe_bps() > 0)
        ;
    congestion_set_limits(gcc, now, &low);
    congestion_path_changed(gcc, now);
    congestion_set_limits(gcc, now, &usual);
    assert_int_equal(target_bps(), 50000);
    now += 20 * MS;
    send_one();
    assert_int_equal(next_probe_bps(), 150000);
    assert_int_equal(next_probe_bps(), 300000);
    assert_int_equal(next_probe_bps(), 0);
}

static void what_the_peer_does_not_repeat_is_over(void **state)
{
    (void)state;
    const struct congestion_limits much = {.start_bps = 3000000};
    congestion_set_limits(gcc, now, &much);
    congestion_path_changed(gcc, now);
    congestion_remb(gcc, now, 200000);
    assert_int_equal(target_bps(), 200000);
    congestion_tick(gcc, now += 6 * SECOND);
    congestion_remb(gcc, now, 200000);
    congestion_tick(gcc, now += 6 * SECOND);
    assert_int_equal(target_bps(), 200000);
    congestion_tick(gcc, now += 5 * SECOND);
    assert_int_equal(target_bps(), 200000); /* from where it climbs */
    congestion_remb(gcc, now, 0);           /* nothing at all is the least that there is */
    assert_int_equal(target_bps(), CONGESTION_MIN_BPS);
    congestion_tick(gcc, now += 11 * SECOND);
    rtc_time_t heard = now;
    for (unsigned i = 0; i < 400; i++) {
        struct congestion_result r = {.sent = now, .arrived = now, .bytes = PACKET};
        send_one();
        now += 10 * MS;
        const struct congestion_feedback f = {.now = now, .round_trip = 10 * MS, .results = &r, .count = 1};
        congestion_feedback(gcc, &f);
    }
    assert_true(now > heard && target_bps() > 200000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_asks_for_more_at_first),
        TEST(it_begins_again_as_low_as_it_is_told),
        TEST(what_the_peer_does_not_repeat_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
