/* SPDX-License-Identifier: MIT */
/* Calls whose peers give feedback of each packet: the whole of a session, from the camera through pacer, link, feedback and controller back
 * to the encoder's target. */
#include "rtp_sim.h"

#include "gcc.h"

enum { FULL_WIDTH = 1280, FULL_HEIGHT = 720 };

static rtc_context *context;
static struct rtp_sim sim;

static int begin(void **state)
{
    (void)state;
    return rtc_context_new(NULL, &context);
}

static int end(void **state)
{
    (void)state;
    rtp_sim_fini(&sim);
    rtc_context_unref(context);
    return 0;
}

/* From a to b pictures and sound; back, sound alone. */
static void call(const struct rtp_sim_options *o)
{
    assert_int_equal(rtp_sim_init(&sim, context, o), RTC_OK);
    sim.a.camera = (struct rtp_sim_camera){.on = true, .width = FULL_WIDTH, .height = FULL_HEIGHT};
    sim.b.sends_video = false;
}

static struct rtp_sim_options over(uint64_t rate_bps, rtc_time_t delay)
{
    return (struct rtp_sim_options){.seed = 1,
                                    .link = {.delay_us = delay, .rate_bps = rate_bps, .queue_us = 300 * MS},
                                    .max_bitrate_bps = 3000000,
                                    .controller = &gcc_controller};
}

/* What a second carries of pictures, with headers, and what of the link; the longest time without a picture. */
struct stretch {
    uint64_t video_bps, data_bps, concealed;
    rtc_time_t freeze;
};

static struct stretch run(rtc_time_t lasts)
{
    struct rtp_outbound_stats before = rtp_sim_outbound(&sim.a, sim.a.video);
    uint64_t data = sim.a.data_bytes;
    rtp_sim_forget(&sim.b);
    rtp_sim_run(&sim, sim.now + lasts);
    struct rtp_outbound_stats after = rtp_sim_outbound(&sim.a, sim.a.video);
    uint64_t bytes = after.bytes_sent + after.header_bytes_sent - before.bytes_sent - before.header_bytes_sent +
                     (after.packets_sent - before.packets_sent) * 38;
    struct stretch s = {bytes * 8 * SECOND / (uint64_t)lasts, (sim.a.data_bytes - data) * 8 * SECOND / (uint64_t)lasts,
                        sim.b.seen.concealed, sim.b.seen.longest_freeze};
    print_message("%lld s: video %llu kbit/s (target %u), data %llu kbit/s, freeze %lld ms, concealed %llu, latency %lld ms\n",
                  (long long)(sim.now / SECOND), (unsigned long long)s.video_bps / 1000, after.target_bitrate_bps / 1000,
                  (unsigned long long)s.data_bps / 1000, (long long)(s.freeze / MS), (unsigned long long)s.concealed,
                  (long long)(sim.b.seen.video_latency / MS));
    return s;
}

static void a_link_is_used_and_not_filled(void **state)
{
    (void)state;
    struct rtp_sim_options o = over(1000000, 25 * MS);
    call(&o);
    (void)run(5 * SECOND);
    for (int i = 0; i < 6; i++) {
        struct stretch s = run(5 * SECOND);
        assert_in_range(s.video_bps, 650000, 1000000); /* and 50 of sound */
        assert_true(s.freeze <= 400 * MS);
        assert_true(s.concealed <= 8);
    }
}

static void a_link_that_shrinks(void **state)
{
    (void)state;
    struct rtp_sim_options o = over(2500000, 25 * MS);
    call(&o);
    (void)run(10 * SECOND);
    struct stretch s = run(5 * SECOND);
    assert_in_range(s.video_bps, 1700000, 2500000);
    sim_host_link(sim.a.host)->rate_bps = sim_host_link(sim.b.host)->rate_bps = 600000;
    s = run(3 * SECOND);
    assert_true(s.freeze <= 1500 * MS);
    s = run(10 * SECOND);
    assert_in_range(s.video_bps, 350000, 600000);
    sim_host_link(sim.a.host)->rate_bps = sim_host_link(sim.b.host)->rate_bps = 2500000;
    (void)run(7 * SECOND);
    s = run(5 * SECOND);
    assert_in_range(s.video_bps, 1500000, 2500000);
}

/* Loss, order and copies on both ways: what is lost by chance is repaired, and no reason to send little. */
static void a_bad_radio(void **state)
{
    (void)state;
    struct rtp_sim_options o = over(3000000, 25 * MS);
    o.link.loss = 0.02;
    o.link.duplicate = 0.02;
    o.link.reorder = 0.02;
    o.link.reorder_us = 10 * MS;
    call(&o);
    (void)run(10 * SECOND);
    struct stretch s = run(20 * SECOND);
    assert_in_range(s.video_bps, 1500000, 3000000);
    assert_true(s.freeze <= 500 * MS);
}

/* A file that is sent beside takes its part, and not the call's. */
static void data_beside_a_call(void **state)
{
    (void)state;
    struct rtp_sim_options o = over(1000000, 25 * MS);
    call(&o);
    (void)run(10 * SECOND);
    sim.a.sends_data = true;
    (void)run(5 * SECOND);
    struct stretch s = run(20 * SECOND);
    assert_in_range(s.video_bps, 250000, 650000);
    assert_in_range(s.data_bps, 200000, 650000);
    assert_true(s.freeze <= 500 * MS);
    assert_true(s.concealed <= 40);
    sim.a.sends_data = false;
    (void)run(5 * SECOND);
    s = run(10 * SECOND);
    assert_in_range(s.video_bps, 650000, 1000000);
}

/* No feedback comes any more, and then it does again. */
static void an_outage(void **state)
{
    (void)state;
    struct rtp_sim_options o = over(2000000, 25 * MS);
    call(&o);
    (void)run(10 * SECOND);
    sim_host_link(sim.b.host)->down = true;
    (void)run(2 * SECOND);
    sim_host_link(sim.b.host)->down = false;
    (void)run(6 * SECOND);
    struct stretch s = run(10 * SECOND);
    assert_in_range(s.video_bps, 1000000, 2000000);
    assert_true(s.freeze <= 500 * MS);
}

/* Without it: what the receiver thinks that the path takes is all that the sender hears, but for its reports. */
static void what_the_receiver_estimates(void **state)
{
    (void)state;
    struct rtp_sim_options o = over(1000000, 25 * MS);
    o.controller = NULL;
    o.remb = true;
    call(&o);
    (void)run(20 * SECOND);
    for (int i = 0; i < 4; i++) {
        struct stretch s = run(10 * SECOND);
        assert_in_range(s.video_bps, 500000, 1000000);
        assert_true(s.freeze <= 500 * MS);
    }
    sim_host_link(sim.a.host)->rate_bps = sim_host_link(sim.b.host)->rate_bps = 500000;
    (void)run(20 * SECOND); /* it grows by eight percent a second */
    struct stretch s = run(10 * SECOND);
    assert_in_range(s.video_bps, 150000, 500000);
    assert_true(s.freeze <= 500 * MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_is_used_and_not_filled), TEST(a_link_that_shrinks), TEST(a_bad_radio), TEST(data_beside_a_call), TEST(an_outage),
        TEST(what_the_receiver_estimates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
