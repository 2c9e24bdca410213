/* SPDX-License-Identifier: MIT */
/* Calls whose packets are capable of ECN: over a bottleneck that marks what waits for a moment the queue stays short, and over networks
 * that wipe marks off, drop what is marked or mark everything, a call is as good as without. */
#include "rtp_sim.h"

#include "gcc.h"
#include "scream.h"

#include <stdlib.h>

enum { FULL_WIDTH = 1280, FULL_HEIGHT = 720, DELAY_US = 25 * 1000 };

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

static void call(const struct congestion_controller *controller, uint64_t rate_bps, rtc_time_t mark_us, enum sim_ecn ecn)
{
    const struct rtp_sim_options o = {
        .seed = 1,
        .link = {.delay_us = DELAY_US, .rate_bps = rate_bps, .queue_us = 300 * MS, .mark_us = mark_us, .ecn = ecn},
        .max_bitrate_bps = 3000000,
        .controller = controller,
        .by_source = true};
    assert_int_equal(rtp_sim_init(&sim, context, &o), RTC_OK);
    sim.a.camera = (struct rtp_sim_camera){.on = true, .width = FULL_WIDTH, .height = FULL_HEIGHT};
    sim.b.sends_video = false;
}

/* What of the link the pictures take, and how long the queue was: of the times looked at, all but one in twenty were shorter. */
struct stretch {
    uint64_t video_bps;
    rtc_time_t queue;
    struct rtp_outbound_stats before, after;
};

static int shorter(const void *a, const void *b)
{
    rtc_time_t x = *(const rtc_time_t *)a, y = *(const rtc_time_t *)b;
    return (x > y) - (x < y);
}

static struct stretch run(rtc_time_t lasts)
{
    enum { LOOKS = 20000, EVERY_US = 5000 };
    static rtc_time_t queues[LOOKS];
    size_t looks = 0;
    struct stretch s = {.before = rtp_sim_outbound(&sim.a, sim.a.video)};
    rtp_sim_forget(&sim.b);
    for (rtc_time_t until = sim.now + lasts; sim.now < until && looks < LOOKS;) {
        rtp_sim_run(&sim, sim.now + EVERY_US);
        queues[looks++] = sim_host_queue(sim.a.host, sim.now);
    }
    qsort(queues, looks, sizeof queues[0], shorter);
    s.after = rtp_sim_outbound(&sim.a, sim.a.video);
    s.queue = queues[looks * 95 / 100];
    uint64_t bytes = s.after.bytes_sent + s.after.header_bytes_sent - s.before.bytes_sent - s.before.header_bytes_sent;
    s.video_bps = (bytes + (s.after.packets_sent - s.before.packets_sent) * 38) * 8 * SECOND / (uint64_t)lasts;
    print_message(
        "video %llu kbit/s, queue %lld ms, freeze %lld ms, %llu marked of %llu, heard %llu ECT(1), %llu CE, %llu bleached, %llu lost\n",
        (unsigned long long)s.video_bps / 1000, (long long)s.queue / MS, (long long)sim.b.seen.longest_freeze / MS,
        (unsigned long long)s.after.packets_sent_with_ect1, (unsigned long long)s.after.packets_sent,
        (unsigned long long)s.after.heard.ecn.ect1, (unsigned long long)s.after.heard.ecn.ce,
        (unsigned long long)s.after.heard.ecn.bleached, (unsigned long long)s.after.heard.ecn.reported_lost);
    return s;
}

static uint64_t marked(const struct stretch *s)
{
    return s->after.packets_sent_with_ect1 - s->before.packets_sent_with_ect1;
}

static void a_short_queue(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1500000, 2500000}; /* a packet takes 6 ms of the one, and 4 of the other */
    for (size_t i = 0; i < 2; i++) {
        if (i > 0)
            rtp_sim_fini(&sim);
        call(&scream_controller, rates[i], 3 * MS, SIM_ECN_PASSES);
        (void)run(10 * SECOND);
        struct stretch s = run(40 * SECOND);
        assert_true(s.queue < 10 * MS);
        assert_in_range(s.video_bps, rates[i] * 65 / 100, rates[i]);
        assert_true(sim.b.seen.longest_freeze <= 300 * MS);
        assert_int_equal(marked(&s), s.after.packets_sent - s.before.packets_sent);
        assert_true(s.after.heard.ecn.ce > 100);
        struct rtp_inbound_stats in = rtp_sim_inbound(&sim.b, sim.b.video);
        assert_true(in.ecn.reported && in.ecn.ce > 100 && in.ecn.ect1 > in.ecn.ce);
        assert_in_range(s.after.heard.ecn.ect1, in.ecn.ect1 * 9 / 10, in.ecn.ect1 * 11 / 10); /* with repairs, and not what is under way */
    }
}

/* The same link without marks, beside which the queue above is short. */
static void without_marks(void **state)
{
    (void)state;
    call(&scream_controller, 1000000, 0, SIM_ECN_PASSES);
    (void)run(10 * SECOND);
    struct stretch s = run(40 * SECOND);
    assert_true(s.queue > 15 * MS);
    assert_in_range(s.video_bps, 650000, 1000000);
}

/* Who does not answer marks one by one does not ask for them. */
static void google_marks_nothing(void **state)
{
    (void)state;
    call(&gcc_controller, 1000000, 3 * MS, SIM_ECN_PASSES);
    struct stretch s = run(10 * SECOND);
    assert_int_equal(s.after.packets_sent_with_ect1, 0);
    assert_int_equal(s.after.heard.ecn.ect1 + s.after.heard.ecn.ce, 0);
}

/* As good as without, and nothing is marked any more. */
static void networks_that_do_not_carry_marks(void **state)
{
    (void)state;
    static const enum sim_ecn kinds[] = {SIM_ECN_WIPED, SIM_ECN_DROPPED, SIM_ECN_ALL};
    for (size_t i = 0; i < 3; i++) {
        if (i > 0)
            rtp_sim_fini(&sim);
        call(&scream_controller, 1000000, 0, kinds[i]);
        struct stretch s = run(10 * SECOND);
        assert_in_range(s.after.packets_sent_with_ect1, 1, 120);
        s = run(20 * SECOND);
        assert_int_equal(marked(&s), 0);
        assert_in_range(s.video_bps, 650000, 1000000);
        assert_true(sim.b.seen.longest_freeze <= 300 * MS);
        assert_true(kinds[i] != SIM_ECN_WIPED || s.after.heard.ecn.bleached > 0);
    }
}

/* A route in the middle of a call that drops them, and later one that does not. */
static void routes_change(void **state)
{
    (void)state;
    call(&scream_controller, 1500000, 3 * MS, SIM_ECN_PASSES);
    struct stretch s = run(10 * SECOND);
    assert_true(s.after.packets_sent_with_ect1 * 2 > s.after.packets_sent);
    sim_host_link(sim.a.host)->ecn = SIM_ECN_DROPPED;
    (void)run(10 * SECOND);
    s = run(10 * SECOND);
    assert_int_equal(marked(&s), 0);
    assert_in_range(s.video_bps, 500000, 1500000);
    sim_host_link(sim.a.host)->ecn = SIM_ECN_PASSES;
    (void)run(60 * SECOND); /* when it is tried again */
    s = run(10 * SECOND);
    assert_int_equal(marked(&s), s.after.packets_sent - s.before.packets_sent);
    assert_true(s.queue < 10 * MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_short_queue), TEST(without_marks), TEST(google_marks_nothing), TEST(networks_that_do_not_carry_marks), TEST(routes_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
