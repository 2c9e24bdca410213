/* SPDX-License-Identifier: MIT */
/* Marks of ECN: on trial, carried, wiped off, dropped, on everything, and on another path. */
#include "drawn_moves.h"

#include "rtp_ecn.h"

enum { MS = 1000, SECOND = 1000000, RESULTS = 200 };

static struct rtp_ecn ecn;
static rtc_time_t now;

/* So many packets leave, of which this becomes with a mark and this without. Of how many had one. */
struct fates {
    bool marked_arrive, plain_arrive;
    enum congestion_ecn arrive_as;
};

static unsigned pass(size_t count, struct fates fates)
{
    struct congestion_result results[RESULTS];
    unsigned marked = 0;
    for (size_t i = 0; i < count; i++) {
        bool ect1 = rtp_ecn_leaving(&ecn, now);
        bool arrives = ect1 ? fates.marked_arrive : fates.plain_arrive;
        results[i] = (struct congestion_result){.sent = now,
                                                .arrived = arrives ? now : RTC_TIME_NEVER,
                                                .ect1 = ect1,
                                                .ecn = ect1 && arrives ? fates.arrive_as : CONGESTION_ECN_NOT};
        marked += ect1;
        now += 5 * MS;
    }
    const struct congestion_feedback f = {.now = now, .results = results, .count = count};
    rtp_ecn_feedback(&ecn, &f);
    return marked;
}

static const struct fates good = {true, true, CONGESTION_ECN_ECT1}, wiped = {true, true, CONGESTION_ECN_NOT},
                          other = {true, true, CONGESTION_ECN_ECT0}, congested = {true, true, CONGESTION_ECN_CE},
                          vanish = {false, true, CONGESTION_ECN_NOT}, nothing = {false, false, CONGESTION_ECN_NOT};

static int begin(void **state)
{
    (void)state;
    now = 10 * SECOND;
    rtp_ecn_init(&ecn, NULL);
    rtp_ecn_want(&ecn, now, true);
    assert_int_equal(ecn.state, RTP_ECN_TRIAL);
    return 0;
}

/* begin() and a path that carries them. */
static void carried(void)
{
    assert_int_equal(pass(40, good), 10);
    assert_int_equal(ecn.state, RTP_ECN_CARRIED);
}

static void moves(void **state)
{
    (void)state;
    assert_moves_are_drawn(&(struct drawn){&rtp_ecn_moves, {"T", "OCF", "OTF", "OT"}}, "OTCF");
}

static void nobody_wants_them(void **state)
{
    (void)state;
    rtp_ecn_want(&ecn, now, false);
    assert_int_equal(pass(100, good), 0);
    rtp_ecn_path_changed(&ecn, now);
    rtp_ecn_want(&ecn, now, false);
    assert_int_equal(ecn.state, RTP_ECN_OFF);
    rtp_ecn_want(&ecn, now, true);
    rtp_ecn_want(&ecn, now, true);
    assert_int_equal(pass(4, good), 1);
}

static void one_in_four_at_first_and_then_all(void **state)
{
    (void)state;
    assert_int_equal(pass(36, good), 9);
    assert_int_equal(ecn.state, RTP_ECN_TRIAL);
    assert_int_equal(pass(4, good), 1);
    assert_int_equal(ecn.state, RTP_ECN_CARRIED);
    assert_int_equal(pass(150, good), 150);
    assert_int_equal(pass(150, congested), 150); /* a queue is a queue */
    assert_int_equal(ecn.state, RTP_ECN_CARRIED);
}

static void what_a_path_does_to_them(void **state)
{
    static const struct {
        struct fates fates;
        enum rtp_ecn_state at_first, later;
    } rows[] = {{wiped, RTP_ECN_FAILED, RTP_ECN_FAILED},
                {other, RTP_ECN_FAILED, RTP_ECN_FAILED},
                {congested, RTP_ECN_TRIAL, RTP_ECN_CARRIED},
                {vanish, RTP_ECN_FAILED, RTP_ECN_TRIAL},
                {nothing, RTP_ECN_TRIAL, RTP_ECN_TRIAL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)begin(state);
        (void)pass(40, rows[i].fates);
        assert_int_equal(ecn.state, rows[i].at_first);
        (void)begin(state);
        carried();
        (void)pass(100, rows[i].fates);
        assert_int_equal(ecn.state, rows[i].later);
    }
}

static void some_are_wiped_off(void **state)
{
    (void)state;
    carried();
    (void)pass(92, good);
    (void)pass(8, wiped);
    assert_int_equal(ecn.state, RTP_ECN_CARRIED);
    (void)pass(80, good);
    (void)pass(20, wiped);
    assert_int_equal(ecn.state, RTP_ECN_FAILED);
}

/* A queue may do that, but for so long there is none where somebody answers. */
static void congestion_at_first(void **state)
{
    (void)state;
    (void)pass(80, congested);
    (void)pass(4, good);
    assert_int_equal(ecn.state, RTP_ECN_CARRIED);
    (void)begin(state);
    (void)pass(200, congested);
    assert_int_equal(ecn.state, RTP_ECN_TRIAL);
    (void)pass(200, congested);
    assert_int_equal(ecn.state, RTP_ECN_FAILED);
}

static void a_minute_later_it_is_tried_again(void **state)
{
    (void)state;
    (void)pass(40, wiped);
    rtc_time_t failed = now;
    assert_int_equal(pass(100, good), 0);
    now = failed + 59 * SECOND;
    assert_int_equal(pass(100, good), 0);
    now = failed + 60 * SECOND;
    (void)pass(40, wiped);
    failed = now;
    now = failed + 119 * SECOND;
    assert_int_equal(pass(100, good), 0);
    now = failed + 120 * SECOND;
    carried();
}

static void another_path(void **state)
{
    (void)state;
    (void)pass(40, wiped);
    rtp_ecn_path_changed(&ecn, now);
    (void)pass(20, wiped);
    rtp_ecn_path_changed(&ecn, now); /* what the one before did says nothing of this */
    carried();
    rtp_ecn_path_changed(&ecn, now);
    assert_int_equal(pass(8, good), 2);
}

/* Nothing comes back at all: perhaps for their marks. */
static void silence(void **state)
{
    (void)state;
    carried();
    unsigned marked = 0;
    for (int i = 0; i < 400; i++, now += 5 * MS)
        marked += rtp_ecn_leaving(&ecn, now);
    assert_int_equal(ecn.state, RTP_ECN_TRIAL);
    assert_in_range(marked, 200 + 45, 200 + 55);
    (void)pass(40, vanish);
    assert_int_equal(ecn.state, RTP_ECN_FAILED);
}

/* Told of as missing, and then as arrived: not lost. */
static void late_is_not_lost(void **state)
{
    (void)state;
    struct congestion_result r = {.ect1 = true, .arrived = RTC_TIME_NEVER};
    const struct congestion_feedback f = {.now = now, .results = &r, .count = 1};
    for (int i = 0; i < 9; i++)
        rtp_ecn_feedback(&ecn, &f);
    r = (struct congestion_result){.ect1 = true, .was_missing = true, .arrived = 1, .ecn = CONGESTION_ECN_ECT1};
    for (int i = 0; i < 9; i++)
        rtp_ecn_feedback(&ecn, &f);
    r.was_missing = false;
    rtp_ecn_feedback(&ecn, &f);
    assert_int_equal(ecn.state, RTP_ECN_CARRIED);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves),
        TEST(nobody_wants_them),
        TEST(one_in_four_at_first_and_then_all),
        TEST(what_a_path_does_to_them),
        TEST(some_are_wiped_off),
        TEST(congestion_at_first),
        TEST(a_minute_later_it_is_tried_again),
        TEST(another_path),
        TEST(silence),
        TEST(late_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
