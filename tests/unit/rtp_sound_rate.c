/* SPDX-License-Identifier: MIT */
/* What sound makes of its part of a path: how long packets last, what the encoder makes, how often each is sent. */
#include "rtp_sound_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { AROUND = 70, FULL = 48000 };

static struct rtp_sound_wish wish(uint32_t share_bps, uint32_t packet_ms, uint32_t most_ms)
{
    return (struct rtp_sound_wish){.share_bps = share_bps,
                                   .around_bytes = AROUND,
                                   .most_bps = FULL,
                                   .copies = 1,
                                   .packet_ms = packet_ms,
                                   .packet_least_ms = 20,
                                   .packet_most_ms = most_ms};
}

/* With what is around them they take the share, and no more. */
static void packets_get_longer(void **state)
{
    static const struct {
        uint32_t share, ms, target;
    } cases[] = {{UINT32_MAX, 20, 48000}, {200000, 20, 48000}, {76000, 20, 48000}, {64000, 20, 36000}, {48000, 20, 20000},
                 {47900, 40, 33900},      {32000, 40, 18000},  {28000, 40, 14000}, {27000, 60, 17667}, {24000, 60, 14667}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct rtp_sound_wish w = wish(cases[i].share, 20, 60);
        struct rtp_sound_rate r = rtp_sound_choose(&w);
        assert_int_equal(r.packet_ms, cases[i].ms);
        assert_in_range(r.target_bps, cases[i].target - 1, cases[i].target);
        assert_int_equal(r.copies, 1);
        assert_true(rtp_sound_on_wire(r.target_bps, r.packet_ms, AROUND) <= cases[i].share);
    }
}

/* A share that trembles does not: going back takes a third more. */
static void and_shorter_with_more(void **state)
{
    (void)state;
    struct rtp_sound_wish w = wish(50000, 40, 60);
    assert_int_equal(rtp_sound_choose(&w).packet_ms, 40);
    w.share_bps = 54700;
    assert_int_equal(rtp_sound_choose(&w).packet_ms, 20);
    w = wish(29000, 60, 60);
    assert_int_equal(rtp_sound_choose(&w).packet_ms, 60);
    w.share_bps = 33000;
    assert_int_equal(rtp_sound_choose(&w).packet_ms, 40);
}

static void fixed_packets_stay(void **state)
{
    (void)state;
    for (uint32_t ms = 10; ms <= 60; ms += 10) {
        struct rtp_sound_wish w = wish(24000, ms, ms);
        w.packet_least_ms = ms;
        assert_int_equal(rtp_sound_choose(&w).packet_ms, ms);
        w.share_bps = 0;
        assert_int_equal(rtp_sound_choose(&w).packet_ms, ms);
        assert_int_equal(rtp_sound_choose(&w).target_bps, 6000); /* no encoder makes less */
    }
}

/* Losses that congestion makes are not fought with more of the same. */
static void copies_within_the_share(void **state)
{
    static const struct {
        uint32_t share, copies, target;
    } cases[] = {{UINT32_MAX, 3, 16000}, {76000, 3, 16000}, {70000, 2, 21000}, {60000, 2, 16000}, {59000, 1, 31000}, {30000, 1, 6000}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rtp_sound_wish w = wish(cases[i].share, 20, 20);
        w.copies = 3;
        struct rtp_sound_rate r = rtp_sound_choose(&w);
        assert_int_equal(r.copies, cases[i].copies);
        assert_int_equal(r.target_bps, cases[i].target);
    }
}

static void never_beyond_its_limit(void **state)
{
    (void)state;
    struct rtp_sound_wish w = wish(UINT32_MAX, 20, 60);
    w.most_bps = 1;
    assert_int_equal(rtp_sound_choose(&w).target_bps, 1);
    w.most_bps = 20000;
    w.copies = 2;
    assert_int_equal(rtp_sound_choose(&w).target_bps, 16000); /* each is to be understood */
}

static void lengths_as_the_peer_asks(void **state)
{
    static const struct {
        uint32_t ptime, maxptime;
        bool adaptive;
        uint32_t least, most;
    } cases[] = {{0, 0, false, 20, 20},  {0, 0, true, 20, 60},    {40, 0, false, 40, 40},   {40, 0, true, 40, 60}, {10, 0, false, 10, 10},
                 {30, 0, false, 20, 20}, {60, 40, false, 40, 40}, {0, 10, true, 10, 10},    {0, 3, true, 10, 10},  {0, 120, true, 20, 60},
                 {0, 50, true, 20, 40},  {1, 1, false, 10, 10},   {1000, 0, false, 60, 60}, {5, 0, true, 10, 60}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rtp_sound_wish w = wish(30000, 20, 0);
        rtp_sound_lengths(cases[i].ptime, cases[i].maxptime, cases[i].adaptive, &w);
        assert_int_equal(w.packet_least_ms, cases[i].least);
        assert_int_equal(w.packet_most_ms, cases[i].most);
        assert_in_range(rtp_sound_choose(&w).packet_ms, cases[i].least, cases[i].most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_get_longer),       cmocka_unit_test(and_shorter_with_more),   cmocka_unit_test(fixed_packets_stay),
        cmocka_unit_test(lengths_as_the_peer_asks), cmocka_unit_test(copies_within_the_share), cmocka_unit_test(never_beyond_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
