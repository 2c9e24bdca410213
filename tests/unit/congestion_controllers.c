/* SPDX-License-Identifier: MIT */
/* What every controller keeps to, whatever it is told: limits, what the peer takes, a new path, silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing_memory.h"
#include "gcc.h"
#include "scream.h"

enum { MS = 1000, SECOND = 1000000, MIN = 100000, START = 500000, MAX = 2000000 };

static const struct congestion_controller *const controllers[] = {&gcc_controller, &scream_controller};
static const struct congestion_limits limits = {.min_bps = MIN, .start_bps = START, .max_bps = MAX};
static rtc_context *world;

static struct congestion *new_one(size_t i)
{
    struct congestion *c = NULL;
    assert_int_equal(congestion_new(world, controllers[i], &limits, SECOND, &c), RTC_OK);
    return c;
}

static uint32_t target(const struct congestion *c)
{
    return congestion_target(c).target_bps;
}

static void send(struct congestion *c, rtc_time_t now)
{
    const struct congestion_packet packet = {.sent = now, .bytes = 1200, .in_flight = 12000};
    congestion_sent(c, &packet);
}

/* A path of 50 ms takes all, for so long. */
static rtc_time_t all_arrives(struct congestion *c, rtc_time_t now, rtc_time_t lasts)
{
    struct congestion_result results[10];
    for (rtc_time_t end = now + lasts; now < end; now += 50 * MS) {
        for (int i = 0; i < 10; i++) {
            rtc_time_t sent = now + i * 5 * MS;
            send(c, sent);
            results[i] = (struct congestion_result){.sent = sent, .arrived = sent + 25 * MS, .bytes = 1200};
        }
        const struct congestion_feedback f = {
            .now = now + 100 * MS, .round_trip = 55 * MS, .results = results, .count = 10, .in_flight = 6000};
        congestion_feedback(c, &f);
    }
    return now + 50 * MS;
}

static void begins_at_the_start_and_stays_within(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct congestion *c = new_one(i);
        assert_in_range(target(c), START * 9 / 10, START);
        rtc_time_t now = all_arrives(c, SECOND, 20 * SECOND);
        assert_in_range(target(c), START + 1, MAX);
        const struct congestion_limits less = {.min_bps = 2 * MIN, .max_bps = 3 * MIN};
        congestion_set_limits(c, now, &less);
        assert_int_equal(target(c), 3 * MIN);
        congestion_free(c);
    }
}

static void a_path_begins_anew(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct congestion *c = new_one(i);
        rtc_time_t now = all_arrives(c, SECOND, 10 * SECOND);
        assert_true(target(c) > START);
        congestion_path_changed(c, now);
        assert_in_range(target(c), START * 9 / 10, START);
        congestion_free(c);
    }
}

/* REMB that is not said again is void after ten seconds; none at all is as little as may be. */
static void what_the_peer_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct congestion *c = new_one(i);
        rtc_time_t now = all_arrives(c, SECOND, 5 * SECOND);
        congestion_remb(c, now, 300000);
        assert_int_equal(target(c), 300000);
        congestion_remb(c, now, 0);
        assert_int_equal(target(c), MIN);
        for (rtc_time_t end = now + 9 * SECOND; now < end; now += 500 * MS)
            congestion_tick(c, all_arrives(c, now, 500 * MS));
        assert_int_equal(target(c), MIN);
        congestion_tick(c, now += 2 * SECOND);
        (void)all_arrives(c, now, 5 * SECOND); /* from there it climbs */
        assert_true(target(c) > MIN);
        congestion_free(c);
    }
}

static void silence_lowers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct congestion *c = new_one(i);
        assert_true(congestion_deadline(c) == RTC_TIME_NEVER);
        rtc_time_t now = all_arrives(c, SECOND, 5 * SECOND);
        uint32_t before = target(c);
        for (int k = 0; k < 40; k++) {
            send(c, now += 500 * MS);
            assert_true(congestion_deadline(c) <= now);
            congestion_tick(c, now);
        }
        assert_true(target(c) < before);
        assert_true(target(c) >= MIN);
        congestion_free(c);
    }
}

static int make_both(rtc_context *context, void *user)
{
    (void)user;
    struct congestion *a = NULL, *b = NULL;
    int error = congestion_new(context, controllers[0], &limits, 0, &a);
    if (!error)
        error = congestion_new(context, controllers[1], &limits, 0, &b);
    congestion_free(a);
    congestion_free(b);
    return error;
}

static void memory_runs_out(void **state)
{
    (void)state;
    fail_each_allocation(make_both, NULL, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_at_the_start_and_stays_within),
        cmocka_unit_test(a_path_begins_anew),
        cmocka_unit_test(what_the_peer_takes),
        cmocka_unit_test(silence_lowers),
        cmocka_unit_test(memory_runs_out),
    };
    if (rtc_context_new(NULL, &world) != RTC_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_context_unref(world);
    return failed;
}
