/* SPDX-License-Identifier: MIT */
/* The delay estimate, sender clocks and lip sync. */
#include "delay_estimator.h"
#include "playout_sync.h"
#include "rtcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { MS = 1000, SECOND = 1000000 };

/* Packets every 20 ms, every `every`-th of them late. */
static rtc_time_t feed(struct delay_estimator *e, rtc_time_t from, rtc_time_t until, int every, rtc_time_t late)
{
    int i = 0;
    rtc_time_t t = from;
    for (; t < until; t += 20 * MS)
        delay_estimator_add(e, t + 30 * MS + (++i % every == 0 ? late : 0), t - 12345, true);
    return t;
}

static void quantiles(void **state)
{
    (void)state;
    struct delay_estimator e;
    delay_estimator_reset(&e);
    assert_int_equal(delay_estimator_quantile(&e, 950), 0);
    (void)feed(&e, 0, 5 * SECOND, 10, 52 * MS);
    assert_int_equal(delay_estimator_quantile(&e, 850), 5 * MS);
    assert_int_equal(delay_estimator_quantile(&e, 950), 55 * MS);
    assert_int_equal(delay_estimator_earliest(&e, 100 * MS), 100 * MS + 12345 + 30 * MS);
}

static void forgets(void **state)
{
    (void)state;
    struct delay_estimator e;
    delay_estimator_reset(&e);
    rtc_time_t t = feed(&e, 0, 5 * SECOND, 3, 200 * MS);
    assert_in_range(delay_estimator_quantile(&e, 990), 200 * MS, 205 * MS);
    (void)feed(&e, t, t + DELAY_WINDOW_S * SECOND, 1000000, 0);
    assert_int_equal(delay_estimator_quantile(&e, 1000), 5 * MS);
}

/* A path that became slower becomes the base line, and one that became faster does at once. */
static void base_moves(void **state)
{
    (void)state;
    struct delay_estimator e;
    delay_estimator_reset(&e);
    for (rtc_time_t t = 0; t < 20 * SECOND; t += 20 * MS)
        delay_estimator_add(&e, t + (t < 5 * SECOND ? 10 * MS : 90 * MS), t, true);
    assert_int_equal(e.base, 90 * MS);
    delay_estimator_add(&e, 20 * SECOND + 20 * MS, 20 * SECOND, true);
    assert_int_equal(e.base, 20 * MS);
    delay_estimator_add(&e, 21 * SECOND, 20 * SECOND, true); /* far beyond the histogram */
    assert_int_equal(delay_estimator_quantile(&e, 1000), (rtc_time_t)DELAY_BUCKETS * DELAY_BUCKET_US);
}

static void sender_time(void **state)
{
    (void)state;
    struct sender_clock c = {.clock_rate = 90000};
    sender_clock_report(&c, 0, 77);
    assert_false(c.known);
    sender_clock_report(&c, rtcp_ntp(1700000000 * INT64_C(1000000)), 0xfffffff0u);
    assert_true(c.known);
    assert_in_range(sender_clock_time(&c, 0xfffffff0u + 90000) - 1700000000 * INT64_C(1000000), 999990, 1000010);
    assert_in_range(sender_clock_time(&c, 0xfffffff0u - 45000) - 1700000000 * INT64_C(1000000) + SECOND, 499990, 500010);
}

static int64_t distance(const struct playout_party *audio, const struct playout_party *video)
{
    rtc_time_t a = audio->added > audio->own_delay ? audio->added : audio->own_delay;
    rtc_time_t v = video->added > video->own_delay ? video->added : video->own_delay;
    return audio->base + a - video->base - v;
}

static void the_earlier_waits(void **state)
{
    (void)state;
    struct playout_party audio = {.known = true, .base = 1000, .own_delay = 40 * MS, .delay = 40 * MS};
    struct playout_party video = {.known = true, .base = 101000, .own_delay = 80 * MS, .delay = 80 * MS};
    assert_int_equal(playout_sync_step(&audio, &video), -140 * MS);
    assert_int_equal(audio.added, 180 * MS);
    assert_int_equal(distance(&audio, &video), 0);
    audio.delay = 180 * MS;
    assert_int_equal(playout_sync_step(&audio, &video), 0);
    video.own_delay = 25 * MS; /* a little less is no reason to move */
    (void)playout_sync_step(&audio, &video);
    assert_int_equal(audio.added, 180 * MS);
    assert_int_equal(distance(&audio, &video), 0);
    video.own_delay = 10 * MS; /* the network calmed down: both come back */
    (void)playout_sync_step(&audio, &video);
    assert_int_equal(audio.added, 110 * MS);
    audio.delay = 110 * MS;
    (void)playout_sync_step(&audio, &video);
    assert_int_equal(distance(&audio, &video), 0);
    audio.own_delay = 300 * MS; /* now audio is the late one */
    audio.delay = 300 * MS;
    (void)playout_sync_step(&audio, &video);
    assert_int_equal(video.added, 200 * MS);
}

static void strangers_do_not_wait(void **state)
{
    (void)state;
    struct playout_party audio = {.known = true, .base = 0, .own_delay = 40 * MS, .delay = 40 * MS};
    struct playout_party video = {.known = true, .base = 11 * INT64_C(1000000), .own_delay = 80 * MS, .delay = 80 * MS, .added = 5};
    assert_int_equal(playout_sync_step(&audio, &video), 0);
    assert_int_equal(audio.added, 0);
    assert_int_equal(video.added, 0);
    video.base = 0;
    video.known = false;
    audio.added = 7;
    (void)playout_sync_step(&audio, &video);
    assert_int_equal(audio.added, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles),   cmocka_unit_test(forgets),           cmocka_unit_test(base_moves),
        cmocka_unit_test(sender_time), cmocka_unit_test(the_earlier_waits), cmocka_unit_test(strangers_do_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
