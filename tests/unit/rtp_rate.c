/* SPDX-License-Identifier: MIT */
/* The rule that the sending rate follows: what raises it, what holds it, what lowers it, and by how much. */
#include "rtp_test.h"

#include "rtp_rate.h"

enum { MS = 1000, SECOND = 1000000, CAP = 3000000 };

/* A network that takes all, and reports each 400 ms about what was sent at the target. */
struct net {
    struct rtp_rate rate;
    rtc_time_t now;
    rtc_time_t round_trip, jitter, under_way;
    unsigned lost_percent, arrives_percent;
    uint32_t owed; /* hundredths of a lost packet */
};

static void net_init(struct net *n, uint32_t start_bps)
{
    *n = (struct net){.now = SECOND, .round_trip = 50 * MS, .jitter = 3 * MS, .arrives_percent = 100};
    rtp_rate_init(&n->rate, CAP, start_bps, n->now);
}

static uint32_t target(const struct net *n)
{
    return rtp_rate_target(&n->rate);
}

static void reports(struct net *n, int count)
{
    for (int i = 0; i < count; i++) {
        n->now += 400 * MS;
        uint32_t bytes = target(n) / 20 * n->arrives_percent / 100, packets = bytes / 1000 + 1;
        n->owed += packets * n->lost_percent;
        uint32_t lost = n->owed / 100;
        n->owed %= 100;
        const struct rtp_rate_sample sample = {.expected = packets,
                                               .lost = lost < packets ? lost : packets,
                                               .received_bytes = bytes * (100 - n->lost_percent) / 100,
                                               .round_trip_us = n->round_trip,
                                               .under_way_us = n->under_way,
                                               .jitter_us = n->jitter};
        rtp_rate_tick(&n->rate, n->now);
        rtp_rate_report(&n->rate, n->now, &sample);
    }
}

static void the_least_of_cap_remb_and_rule(void **state)
{
    (void)state;
    struct rtp_rate r;
    rtp_rate_init(&r, 0, 0, 0);
    assert_int_equal(r.cap_bps, RTP_RATE_DEFAULT_CAP_BPS);
    assert_int_equal(rtp_rate_target(&r), RTP_RATE_START_BPS);
    rtp_rate_remb(&r, 0, 200000);
    assert_int_equal(rtp_rate_target(&r), 200000);
    rtp_rate_remb(&r, 0, UINT64_MAX);
    assert_int_equal(rtp_rate_target(&r), RTP_RATE_START_BPS);
    rtp_rate_remb(&r, 0, 0);
    assert_int_equal(rtp_rate_target(&r), RTP_RATE_MIN_BPS);
    rtp_rate_set_cap(&r, 20000); /* the user knows better than our floor */
    assert_int_equal(rtp_rate_target(&r), 20000);
    rtp_rate_init(&r, 1000000, 800000, 0);
    assert_int_equal(rtp_rate_target(&r), 800000);
    rtp_rate_init(&r, 100000, 800000, 0);
    assert_int_equal(rtp_rate_target(&r), 100000);
}

/* Three megabits within seven seconds. */
static void it_ramps_up(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, 0);
    reports(&n, 4);
    assert_in_range(target(&n), 600000, 1100000);
    reports(&n, 13);
    assert_int_equal(target(&n), CAP);
}

/* It does so through random loss, which says nothing of a queue. */
static void random_loss_does_not_sink_it(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, 0);
    n.lost_percent = 5;
    reports(&n, 20);
    assert_int_equal(target(&n), CAP);
    reports(&n, 1500); /* ten minutes */
    assert_int_equal(target(&n), CAP);
}

static void it_stops_where_a_queue_begins(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, 0);
    reports(&n, 5);
    uint32_t before = target(&n);
    n.round_trip = 200 * MS;
    reports(&n, 1); /* one report may be a keyframe of our own */
    assert_int_equal(target(&n), before);
    n.round_trip = 220 * MS;
    reports(&n, 1);
    assert_in_range(target(&n), before * 3 / 4, before * 9 / 10);
    before = target(&n);
    n.round_trip = 50 * MS;
    reports(&n, 10);
    assert_in_range(target(&n), before, before * 5 / 4); /* slowly where there was trouble */
    reports(&n, 100);
    assert_in_range(target(&n), before * 3 / 2, CAP);
}

/* The packet that a report does not know yet tells the same, sooner. */
static void what_is_under_way_tells_of_a_queue(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, 0);
    reports(&n, 5);
    uint32_t before = target(&n);
    n.under_way = 70 * MS;
    reports(&n, 1);
    assert_true(target(&n) >= before);
    before = target(&n);
    n.under_way = 200 * MS;
    reports(&n, 2);
    assert_in_range(target(&n), before / 2, before * 9 / 10);
}

/* A queue on the way back is the peer's affair. */
static void the_way_back_is_not_ours(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, 0);
    for (int i = 0; i < 40; i++) {
        rtc_time_t waits = i < 5 ? 0 : 300 * MS;
        n.round_trip = 50 * MS + waits;
        rtp_rate_way_back(&n.rate, n.now + 400 * MS, n.now + 400 * MS, n.now + 375 * MS - waits - 77777 * (rtc_time_t)SECOND);
        reports(&n, 1);
    }
    assert_int_equal(target(&n), CAP);
}

static void jitter_is_no_queue(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, 0);
    reports(&n, 3);
    n.jitter = 40 * MS;
    for (int i = 0; i < 60; i++) {
        n.round_trip = (i % 3 == 0 ? 60 : 180) * MS;
        reports(&n, 1);
    }
    assert_int_equal(target(&n), CAP);
}

/* What is known to arrive is known to fit. */
static void obvious_loss_lowers_to_what_arrives(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, CAP);
    reports(&n, 3);
    n.lost_percent = 75;
    n.round_trip = 90 * MS;
    reports(&n, 1);
    assert_in_range(target(&n), CAP / 5, CAP / 2); /* the window began before the loss */
    reports(&n, 1);
    assert_in_range(target(&n), CAP / 5, CAP / 2); /* the last step has not shown yet */
    reports(&n, 60);
    assert_int_equal(target(&n), RTP_RATE_MIN_BPS);
}

static void loss_lowers_holds_and_raises(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, 1000000);
    n.lost_percent = 12;
    reports(&n, 5);
    uint32_t before = target(&n);
    assert_in_range(before, 800000, 960000);
    n.lost_percent = 5;
    reports(&n, 8); /* what is left of the time before */
    before = target(&n);
    reports(&n, 500);
    assert_int_equal(target(&n), before);
    n.lost_percent = 0;
    reports(&n, 60);
    assert_in_range(target(&n), before * 3 / 2, CAP);
}

/* Three packets of ten are no verdict about the network. */
static void few_packets_prove_nothing(void **state)
{
    (void)state;
    struct rtp_rate r;
    rtp_rate_init(&r, CAP, 0, 0);
    for (int i = 1; i < 3; i++) {
        const struct rtp_rate_sample sample = {.expected = 10, .lost = 3, .received_bytes = 7000, .round_trip_us = 50 * MS};
        rtp_rate_report(&r, i * SECOND, &sample);
    }
    assert_int_equal(rtp_rate_target(&r), RTP_RATE_START_BPS);
}

/* An encoder that makes little does not learn how much there would be room for. */
static void what_was_not_sent_proves_nothing(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, 0);
    n.arrives_percent = 50;
    reports(&n, 100);
    assert_int_equal(target(&n), RTP_RATE_START_BPS);
}

/* A limit holds while it is repeated. From one that is not the rate climbs, without a jump. */
static void a_limit_that_is_not_repeated(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, 1000000);
    for (int i = 0; i < 25; i++) {
        rtp_rate_remb(&n.rate, n.now, 400000);
        reports(&n, 2);
        assert_int_equal(target(&n), 400000);
    }
    reports(&n, 20);
    assert_int_equal(target(&n), 400000);
    uint32_t before = 400000;
    for (int i = 0; i < 60; i++) {
        reports(&n, 1);
        assert_in_range(target(&n), before, before * 11 / 10);
        before = target(&n);
    }
    assert_true(before > 1000000);
}

static void another_path_begins_low(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, 0);
    reports(&n, 30);
    rtp_rate_path_changed(&n.rate, n.now);
    assert_int_equal(target(&n), RTP_RATE_START_BPS);
    n.round_trip = 400 * MS; /* it is longer, not congested */
    reports(&n, 30);
    assert_int_equal(target(&n), CAP);
}

static void the_breaker_cuts(void **state)
{
    (void)state;
    struct net n;
    net_init(&n, CAP);
    assert_true(rtp_rate_cut(&n.rate, n.now));
    assert_int_equal(target(&n), CAP / 10);
    assert_true(rtp_rate_cut(&n.rate, n.now));
    assert_int_equal(target(&n), RTP_RATE_MIN_BPS);
    assert_false(rtp_rate_cut(&n.rate, n.now));
    reports(&n, 300);
    assert_int_equal(target(&n), CAP);
    rtp_rate_probe(&n.rate, n.now);
    assert_int_equal(target(&n), RTP_RATE_MIN_BPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_of_cap_remb_and_rule),
        cmocka_unit_test(it_ramps_up),
        cmocka_unit_test(random_loss_does_not_sink_it),
        cmocka_unit_test(it_stops_where_a_queue_begins),
        cmocka_unit_test(what_is_under_way_tells_of_a_queue),
        cmocka_unit_test(the_way_back_is_not_ours),
        cmocka_unit_test(jitter_is_no_queue),
        cmocka_unit_test(obvious_loss_lowers_to_what_arrives),
        cmocka_unit_test(loss_lowers_holds_and_raises),
        cmocka_unit_test(few_packets_prove_nothing),
        cmocka_unit_test(what_was_not_sent_proves_nothing),
        cmocka_unit_test(a_limit_that_is_not_repeated),
        cmocka_unit_test(another_path_begins_low),
        cmocka_unit_test(the_breaker_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
