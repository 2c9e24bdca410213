/* SPDX-License-Identifier: MIT */
/* How much a reliable channel carries over a link of a fixed rate with a drop-tail queue, in virtual time: floors, each for several seeds.
 */
#include "sctp_scenario.h"

enum { MESSAGE_BYTES = 16 * 1024, AHEAD_BYTES = 1024 * 1024, STEP_US = 5000 };

static const uint64_t link_rate = 100000000;

/* The rate that packets of SCTP see when those of IP see `bps`: DTLS, UDP and IP add 65 bytes to 1150. */
static uint64_t below_dtls(uint64_t bps)
{
    return bps * 1150 / 1215;
}

static struct sim_link link_of(rtc_time_t round_trip_ms, rtc_time_t queue_ms, double loss)
{
    return (struct sim_link){.delay_us = round_trip_ms * 500, .rate_bps = below_dtls(link_rate), .queue_us = queue_ms * 1000, .loss = loss};
}

static void fill_up(struct sctp_sim *sim, uint32_t handle, uint32_t *next)
{
    while (sim_info(sim, 0, handle).buffered < AHEAD_BYTES)
        assert_int_equal(sim_send_numbered(sim, 0, handle, MESSAGE_BYTES, (*next)++), RTC_OK);
}

/* Mbit/s of whole messages, the start included. */
static double throughput(uint64_t seed, const struct sim_link *link, rtc_time_t duration)
{
    struct sctp_sim *sim = sctp_connected(seed, link);
    struct data_channel_options options = sim_reliable("bulk");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b), next = 0;
    sctp_sim_run(sim, (rtc_time_t)seed % 10 * 7000); /* when within a period of the engine's timers it begins */
    rtc_time_t began = sim->now;
    while (sim->now - began < duration) {
        fill_up(sim, handle, &next);
        sctp_sim_run(sim, STEP_US);
    }
    double rate = (double)b->bytes * 8 / (double)(sim->now - began);
    assert_perfect(sim, b, b->received);
    sctp_finish(sim);
    return rate;
}

static void assert_floor(const struct sim_link *link, uint64_t seeds, rtc_time_t duration, double floor)
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        double rate = throughput(seed, link, duration);
        if (rate < floor)
            fail_msg("seed %llu: %.1f Mbit/s, the floor is %.1f", (unsigned long long)seed, rate, floor);
    }
}

/* Nothing is lost, and the window fits into the path and its queue: it must stay full. */
static void test_no_loss(void **state)
{
    (void)state;
    struct sim_link link = link_of(50, 50, 0);
    assert_floor(&link, 10, 5 * SECOND, 85);
}

/* The receive window is the limit: a MiB each 250 ms. */
static void test_far_away(void **state)
{
    (void)state;
    struct sim_link link = link_of(200, 50, 0);
    assert_floor(&link, 1, 10 * SECOND, 26);
}

/* The queue is too short for the window: what overflows is repaired without a standstill. */
static void test_short_queue(void **state)
{
    (void)state;
    struct sim_link link = link_of(50, 10, 0);
    assert_floor(&link, 2, 6 * SECOND, 45);
}

static void test_random_loss(void **state)
{
    (void)state;
    static const struct {
        double loss, floor;
    } rows[] = {{0.001, 8}, {0.01, 1.5}, {0.03, 0.8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sim_link link = link_of(50, 50, rows[i].loss);
        assert_floor(&link, 1, 8 * SECOND, rows[i].floor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_loss),
        cmocka_unit_test(test_far_away),
        cmocka_unit_test(test_short_queue),
        cmocka_unit_test(test_random_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
