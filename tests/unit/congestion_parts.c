/* SPDX-License-Identifier: MIT */
/* The parts that controllers are made of, each with inputs of which the answer is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loss_estimate.h"
#include "queue_delay.h"
#include "trendline.h"

enum { MS = 1000, SECOND = 1000000 };

static void packets_that_left_together_are_a_group(void **state)
{
    (void)state;
    static const struct {
        int sent_ms, arrived_ms;
        bool ends;
        int between_sent_ms, between_arrived_ms;
    } packets[] = {
        {1000, 100, false, 0, 0},  {1003, 104, false, 0, 0},  /* within five milliseconds */
        {1020, 120, false, 0, 0},                             /* the second group: there is one before it */
        {1040, 150, true, 17, 16},                            /* the third: the first two are compared by their last packets */
        {1060, 152, false, 0, 0},                             /* was held up and came on the heels of the one before */
        {1010, 153, false, 0, 0},                             /* told late */
        {1080, 190, true, 40, 32}, {9080, 9190, false, 0, 0}, /* after a silence it begins anew */
        {9100, 9210, false, 0, 0}, {9120, 9230, true, 20, 20}, {9140, 1000, false, 0, 0}, /* the peer's clock was set */
        {9160, 1020, false, 0, 0}, {9180, 1040, true, 20, 20},
    };
    struct packet_groups groups;
    packet_groups_init(&groups);
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        struct group_delta delta;
        assert_int_equal(packet_groups_add(&groups, packets[i].sent_ms * MS, packets[i].arrived_ms * MS, &delta), packets[i].ends);
        if (!packets[i].ends)
            continue;
        assert_int_equal(delta.sent_us, packets[i].between_sent_ms * MS);
        assert_int_equal(delta.arrived_us, packets[i].between_arrived_ms * MS);
    }
}

/* So many groups that leave twenty milliseconds apart, each of which takes so much longer than the one before. */
static rtc_time_t groups_follow(struct trendline *t, rtc_time_t now, int count, rtc_time_t longer)
{
    for (int i = 0; i < count; i++) {
        now += 20 * MS + longer;
        const struct group_delta delta = {.sent_us = 20 * MS, .arrived_us = 20 * MS + longer, .arrived = now};
        trendline_add(t, &delta);
    }
    return now;
}

static void the_trend_of_the_delay(void **state)
{
    (void)state;
    struct trendline t;
    trendline_init(&t);
    rtc_time_t now = groups_follow(&t, -7 * SECOND, TRENDLINE_POINTS - 1, 5 * MS);
    assert_int_equal(t.trend, TREND_LEVEL); /* too few to say */
    trendline_init(&t);
    now = groups_follow(&t, now, 100, 0);
    assert_int_equal(t.trend, TREND_LEVEL);
    now = groups_follow(&t, now, 20, 3 * MS);
    assert_int_equal(t.trend, TREND_GROWS);
    now = groups_follow(&t, now, 40, 0); /* a queue that stands is none that grows */
    assert_int_equal(t.trend, TREND_LEVEL);
    (void)groups_follow(&t, now, 20, -3 * MS);
    assert_int_equal(t.trend, TREND_SHRINKS);
}

/* A message of so many packets which all took that long. */
static void message(struct queue_delay *d, rtc_time_t now, int packets, rtc_time_t took)
{
    for (int i = 0; i < packets; i++)
        queue_delay_add(d, now, now + took);
    queue_delay_judge(d, now);
}

static void the_queue_above_the_quickest(void **state)
{
    (void)state;
    struct queue_delay d;
    rtc_time_t now = SECOND;
    queue_delay_init(&d, now);
    queue_delay_judge(&d, now); /* of nothing */
    assert_int_equal(d.standing_us, 0);
    message(&d, now, 6, -500 * MS); /* by a clock that is behind */
    assert_int_equal(d.standing_us, 0);
    message(&d, now += 50 * MS, 6, -470 * MS);
    assert_int_equal(d.standing_us, 30 * MS);
    assert_int_equal(d.lasting_us, 0); /* one of the last messages saw none */
    for (int i = 0; i < QUEUE_DELAY_LAST; i++)
        message(&d, now += 50 * MS, 6, -470 * MS);
    assert_int_equal(d.lasting_us, 30 * MS);
    assert_int_equal(queue_delay_waited(&d, now, now - 460 * MS), 40 * MS);
    assert_int_equal(queue_delay_waited(&d, now, now - 600 * MS), 0);
    for (int i = 0; i < 31; i++) /* the quickest of half a minute ago is forgotten */
        message(&d, now += SECOND, 6, -470 * MS);
    assert_int_equal(d.standing_us, 0);
}

/* Of a packet that was on its way, there and back, for less than it is said to have waited somebody set a clock. */
static void what_can_not_have_waited(void **state)
{
    (void)state;
    struct queue_delay d;
    rtc_time_t now = SECOND;
    queue_delay_init(&d, now);
    assert_true(queue_delay_is_possible(&d, now + 60 * MS, now, now - 500 * MS)); /* nothing is known */
    message(&d, now, 6, -500 * MS);
    assert_true(queue_delay_is_possible(&d, now + 360 * MS, now, now - 200 * MS)); /* a queue of 300 ms */
    assert_true(queue_delay_is_possible(&d, now + 70 * MS, now,
                                        now - 470 * MS)); /* some of it is drift, or was waited for by the quickest until it was told of */
    assert_false(queue_delay_is_possible(&d, now + 70 * MS, now, now - 100 * MS));  /* 400 ms of 70 */
    assert_false(queue_delay_is_possible(&d, now + 360 * MS, now, now + 140 * MS)); /* there is a way to go beside the queue */
    assert_true(queue_delay_is_possible(&d, now + 60 * MS, now, now - SECOND));     /* it may be quicker than ever */
    for (int i = 0; i < 31; i++)                                                    /* the shortest of half a minute ago is forgotten */
        message(&d, now += SECOND, 6, -500 * MS);
    assert_true(queue_delay_is_possible(&d, now + 500 * MS, now, now - 490 * MS));
    assert_false(queue_delay_is_possible(&d, now + 500 * MS, now, now - 100 * MS)); /* by the shortest since */
}

/* A second at this rate in packets of 1250 bytes; of each `every` one is lost (0: none), and all beyond `path_bps` (0: nothing is). */
static rtc_time_t second_of(struct loss_estimate *e, rtc_time_t now, int bps, int every, int path_bps)
{
    int packets = bps / 10000, beyond = path_bps > 0 && bps > path_bps ? (bps - path_bps) / 10000 : 0, owed = 0;
    for (int i = 0; i < packets; i++) {
        owed += beyond;
        bool full = owed >= packets;
        owed -= full ? packets : 0;
        loss_estimate_add(e, now + (rtc_time_t)i * SECOND / packets, 1250, full || (every > 0 && i % every == 0));
    }
    loss_estimate_judge(e);
    return now + SECOND;
}

static void losses_at_any_rate_are_the_paths(void **state)
{
    (void)state;
    struct loss_estimate e;
    rtc_time_t now = 0;
    loss_estimate_init(&e);
    for (int i = 0; i < 12; i++)
        now = second_of(&e, now, 800000 + i % 4 * 400000, 20, 0);
    assert_true(e.limit_bps == 0);
    assert_in_range((int)(e.inherent * 1000), 45, 55);
}

static void losses_of_what_is_beyond_tell_the_limit(void **state)
{
    (void)state;
    struct loss_estimate e;
    rtc_time_t now = 0;
    loss_estimate_init(&e);
    for (int i = 0; i < 12; i++)
        now = second_of(&e, now, 800000 + i % 4 * 400000, 0, 1200000);
    assert_in_range((int)e.limit_bps, 1100000, 1300000);
    assert_in_range((int)(e.inherent * 1000), 0, 20);
}

static void what_arrived_after_all_was_not_lost(void **state)
{
    (void)state;
    struct loss_estimate e;
    loss_estimate_init(&e);
    loss_estimate_take_back(&e); /* nothing was lost */
    loss_estimate_add(&e, 0, 1250, true);
    loss_estimate_take_back(&e);
    assert_int_equal(e.lost, 0);
    (void)second_of(&e, 0, 1000000, 10, 0);
    double before = e.stretches[0].lost;
    loss_estimate_take_back(&e);
    assert_true(e.stretches[0].lost == before - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_that_left_together_are_a_group), cmocka_unit_test(the_trend_of_the_delay),
        cmocka_unit_test(the_queue_above_the_quickest),           cmocka_unit_test(what_can_not_have_waited),
        cmocka_unit_test(losses_at_any_rate_are_the_paths),       cmocka_unit_test(losses_of_what_is_beyond_tell_the_limit),
        cmocka_unit_test(what_arrived_after_all_was_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
