/* SPDX-License-Identifier: MIT */
/* The estimate of a receiver, over a link that is simulated: a bottleneck with a queue, and a sender that does what it is told. */
#include "receive_estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MS = 1000, SECOND = 1000000, PACKET = 1200, ROUND_TRIP = 50 * MS };

struct link {
    struct receive_estimate estimate;
    double capacity_bps, most_bps; /* of the link, and of the sender */
    double rate_bps;               /* that the sender makes */
    rtc_time_t now, free_at, told_at;
    rtc_time_t senders_clock, our_clock; /* how far ahead of that */
    rtc_time_t longest; /* wait in the queue, since it was last set */
    double told_bps;
    uint32_t random, jitter_us;
    uint64_t arrived; /* bytes */
};

static void begin(struct link *l, double capacity_bps, double rate_bps)
{
    *l = (struct link){.capacity_bps = capacity_bps, .most_bps = 3e6, .rate_bps = rate_bps, .now = 70 * (rtc_time_t)SECOND, .random = 1};
    receive_estimate_init(&l->estimate);
}

static uint32_t send_time(rtc_time_t at)
{
    return (uint32_t)(((uint64_t)at << 18) / SECOND) & 0xffffff;
}

static void send_packet(struct link *l)
{
    l->random = l->random * 1664525 + 1013904223;
    rtc_time_t start = l->free_at > l->now ? l->free_at : l->now;
    if (start - l->now > 300 * MS)
        return; /* the queue is full */
    l->longest = start - l->now > l->longest ? start - l->now : l->longest;
    l->free_at = start + (rtc_time_t)(PACKET * 8e6 / l->capacity_bps);
    rtc_time_t arrived = l->free_at + ROUND_TRIP / 2 + (l->jitter_us ? (rtc_time_t)((l->random >> 8) % l->jitter_us) : 0);
    l->arrived += PACKET;
    if (receive_estimate_packet(&l->estimate, send_time(l->now + l->senders_clock), arrived + l->our_clock, PACKET, ROUND_TRIP))
        l->told_at = 0;
}

/* The sender hears of it half a second later at most, and at once when it fell. */
static void run(struct link *l, rtc_time_t duration)
{
    for (rtc_time_t until = l->now + duration; l->now < until;) {
        send_packet(l);
        l->now += (rtc_time_t)(PACKET * 8e6 / l->rate_bps);
        if (l->now < l->told_at)
            continue;
        l->told_at = l->now + SECOND / 2;
        l->told_bps = receive_estimate_bps(&l->estimate, l->now + l->our_clock);
        if (l->told_bps > 0)
            l->rate_bps = l->told_bps < l->most_bps ? l->told_bps : l->most_bps;
    }
}

static double used(struct link *l, rtc_time_t duration)
{
    l->arrived = 0;
    l->longest = 0;
    run(l, duration);
    return (double)l->arrived * 8e6 / (double)duration / l->capacity_bps;
}

static void nothing_is_known_at_first(void **state)
{
    (void)state;
    struct link l;
    begin(&l, 1e9, 300e3);
    assert_int_equal(receive_estimate_bps(&l.estimate, l.now), 0);
    run(&l, 400 * MS);
    assert_int_equal(receive_estimate_bps(&l.estimate, l.now), 0);
    run(&l, 400 * MS);
    assert_in_range(receive_estimate_bps(&l.estimate, l.now), 300000, 600000);
}

static void it_grows_with_what_arrives(void **state)
{
    (void)state;
    struct link l;
    begin(&l, 1e9, 300e3);
    run(&l, 60 * (rtc_time_t)SECOND);
    assert_true(l.rate_bps == l.most_bps);
    assert_true(receive_estimate_bps(&l.estimate, l.now) <= 1.5 * 3e6 * 1.05 + 10000);
}

static void it_finds_what_a_link_takes(void **state)
{
    (void)state;
    static const double links[] = {300e3, 1e6, 2.5e6};
    for (size_t i = 0; i < 3; i++) {
        struct link l;
        begin(&l, links[i], 200e3);
        run(&l, 60 * (rtc_time_t)SECOND);
        double part = used(&l, 60 * (rtc_time_t)SECOND);
        print_message("%.0f bit/s: %.0f %% used, at most %lld ms of queue\n", links[i], part * 100, (long long)l.longest / MS);
        assert_true(part > 0.7);
        assert_true(l.longest < 250 * MS);
    }
}

static void it_follows_a_link_that_takes_less(void **state)
{
    (void)state;
    struct link l;
    begin(&l, 2.5e6, 1e6);
    run(&l, 40 * (rtc_time_t)SECOND);
    l.capacity_bps = 600e3;
    run(&l, 5 * (rtc_time_t)SECOND);
    assert_true(used(&l, 20 * (rtc_time_t)SECOND) > 0.65);
    assert_true(l.longest < 250 * MS);
    l.capacity_bps = 2.5e6;
    run(&l, 40 * (rtc_time_t)SECOND);
    assert_true(used(&l, 10 * (rtc_time_t)SECOND) > 0.6);
}

static void jitter_is_no_queue(void **state)
{
    (void)state;
    struct link l;
    begin(&l, 3e6, 300e3);
    l.jitter_us = 10 * MS;
    run(&l, 60 * (rtc_time_t)SECOND);
    assert_true(used(&l, 20 * (rtc_time_t)SECOND) > 0.5);
}

static void silence_begins_anew(void **state)
{
    (void)state;
    struct link l;
    begin(&l, 1e9, 500e3);
    run(&l, 5 * (rtc_time_t)SECOND);
    assert_true(receive_estimate_bps(&l.estimate, l.now) > 0);
    l.now += 40 * (rtc_time_t)SECOND; /* more than half of what the sender's clock counts */
    assert_int_equal(receive_estimate_bps(&l.estimate, l.now), 0);
    run(&l, 300 * MS);
    assert_int_equal(receive_estimate_bps(&l.estimate, l.now), 0);
    run(&l, SECOND);
    assert_true(receive_estimate_bps(&l.estimate, l.now) > 0);
}

/* Set back by far, or by a little: a moment later there is an estimate that follows what arrives. */
static void a_clock_that_is_set(void **state)
{
    (void)state;
    static const rtc_time_t by[] = {-3600 * (rtc_time_t)SECOND, -20 * SECOND, -3 * SECOND, -SECOND, 10 * SECOND};
    for (size_t i = 0; i < 2 * sizeof by / sizeof by[0]; i++) {
        struct link l;
        begin(&l, 1e6, 200e3);
        l.our_clock = 7200 * (rtc_time_t)SECOND;
        run(&l, 30 * (rtc_time_t)SECOND);
        *(i % 2 ? &l.our_clock : &l.senders_clock) += by[i / 2];
        run(&l, 3 * (rtc_time_t)SECOND);
        assert_in_range(receive_estimate_bps(&l.estimate, l.now + l.our_clock), 400000, 1500000);
        assert_true(used(&l, 20 * (rtc_time_t)SECOND) > 0.7);
        assert_true(l.longest < 250 * MS);
    }
}

/* Times that nobody sends changes nothing but the estimate. */
static void nonsense(void **state)
{
    (void)state;
    struct receive_estimate e;
    uint32_t x = 9;
    rtc_time_t at = SECOND;
    receive_estimate_init(&e);
    for (unsigned i = 0; i < 100000; i++) {
        x = x * 1664525 + 1013904223;
        at += (x >> 20) % 20000 - (i % 10 == 0 ? 3000 : 0);
        (void)receive_estimate_packet(&e, x & 0xffffff, at, x >> 16 & 0xfff, (x >> 12) % SECOND);
        assert_true(e.bps >= 0 && e.bps <= UINT32_MAX);
    }
}

/* A sender whose clock makes half a turn with each packet, for years of it, and then goes as others do. */
static void years_of_a_clock(void **state)
{
    (void)state;
    struct link l;
    begin(&l, 1e9, 500e3);
    uint32_t at = 0;
    for (unsigned i = 0; i < 1500000; i++) {
        at += 31 << 18;
        (void)receive_estimate_packet(&l.estimate, at & 0xffffff, l.now += 10, PACKET, ROUND_TRIP);
        assert_true(l.estimate.sent == 31 * (rtc_time_t)SECOND * (i + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(it_grows_with_what_arrives),
        cmocka_unit_test(it_finds_what_a_link_takes),
        cmocka_unit_test(it_follows_a_link_that_takes_less),
        cmocka_unit_test(jitter_is_no_queue),
        cmocka_unit_test(silence_begins_anew),
        cmocka_unit_test(a_clock_that_is_set),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(years_of_a_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
