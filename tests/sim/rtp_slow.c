/* SPDX-License-Identifier: MIT */
/* Calls of ten minutes over links that carry less than the sender may send: a camera of 1280x720 stays watchable, perhaps smaller, the
 * sound is whole, and what is offered to the link stays near what it carries. */
#include "rtp_sim.h"

#include "rtp_breaker.h"

enum { FULL_WIDTH = 1280, FULL_HEIGHT = 720, SETTLE_S = 10, STRETCH_S = 5, CALL_S = 600, CONCEALED_PERCENT = 6 };

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

static void call(const struct rtp_sim_options *o)
{
    assert_int_equal(rtp_sim_init(&sim, context, o), RTC_OK);
    struct rtp_sim_peer *peers[] = {&sim.a, &sim.b};
    for (int i = 0; i < 2; i++)
        peers[i]->camera = (struct rtp_sim_camera){.on = true, .width = FULL_WIDTH, .height = FULL_HEIGHT};
}

static uint64_t sent_bytes(struct rtp_sim_peer *p)
{
    struct rtp_outbound_stats v = rtp_sim_outbound(p, p->video);
    return v.bytes_sent + v.header_bytes_sent;
}

static void print(struct rtp_sim_peer *p, int second, uint64_t bytes)
{
    const struct rtp_sim_seen *s = &p->other->seen;
    const struct rtp_outbound_stats v = rtp_sim_outbound(p, p->video);
    print_message("%3d s: target %u, sent %llu kbit/s, %u/8; decodable %llu, freeze %lld ms, fec %llu, concealed %llu, round trip %.0f ms, "
                  "lost %.0f %%, "
                  "skipped %llu, rtx %llu\n",
                  second, v.target_bitrate_bps / 1000, (unsigned long long)bytes * 8 / STRETCH_S / 1000, p->camera.scale.eighths,
                  (unsigned long long)s->decodable, (long long)(s->longest_freeze / MS), (unsigned long long)s->fec,
                  (unsigned long long)s->concealed, v.heard.round_trip_time_s * 1000, v.heard.fraction_lost * 100,
                  (unsigned long long)p->camera.skipped, (unsigned long long)v.retransmitted_packets_sent);
}

static uint64_t concealed, decisions; /* of the sound of the call's stretches */

/* A stretch of the call, from `p` to the other, in which nobody would complain. */
static void stretch(struct rtp_sim_peer *p, int second, uint32_t link_bps)
{
    const struct rtp_sim_seen *s = &p->other->seen;
    uint64_t before = sent_bytes(p);
    rtp_sim_forget(p->other);
    rtp_sim_run(&sim, sim.now + STRETCH_S * SECOND);
    uint64_t bytes = sent_bytes(p) - before, all = s->packets + s->fec + s->concealed + s->accelerated;
    bool moves = s->decodable >= 15 * STRETCH_S && s->longest_freeze <= 1000 * MS;
    bool sounds = all >= 48 * STRETCH_S && s->concealed * 100 <= all * CONCEALED_PERCENT;
    bool fits = bytes * 8 / STRETCH_S <= (uint64_t)link_bps * 115 / 100;
    concealed += s->concealed;
    decisions += all;
    if (moves && sounds && fits)
        return;
    print(p, second, bytes);
    fail_msg("%s%s%s", moves ? "" : "no moving picture; ", sounds ? "" : "broken sound; ", fits ? "" : "too much is offered");
}

/* Stretches up to the given second; over all of them hardly any sound is made up: what little is, is what a jitter buffer puts in when the
 * delay grows. */
static void stretches(int from, int until, uint32_t link_bps)
{
    concealed = decisions = 0;
    for (int at = from; at < until; at += STRETCH_S)
        stretch(&sim.a, at, link_bps);
    assert_true(concealed * 100 <= decisions);
    assert_int_equal(sim.a.seen.breakers + sim.b.seen.breakers, 0);
}

static uint32_t target(void)
{
    return rtp_sim_outbound(&sim.a, sim.a.video).target_bitrate_bps;
}

/* How much there is room for has to be found out first. */
static void begin_call(const struct rtp_sim_options *o)
{
    call(o);
    rtp_sim_run(&sim, sim.now + SETTLE_S * SECOND);
}

static void one_megabit(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {
        .seed = 1, .link = {.delay_us = 25 * MS, .rate_bps = 1000000, .queue_us = 300 * MS}, .max_bitrate_bps = 3000000};
    begin_call(&o);
    stretches(SETTLE_S, CALL_S, 1000000);
    assert_true(target() > 500000);
}

static void default_settings_on_300_kbit(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 2, .link = {.delay_us = 25 * MS, .rate_bps = 300000, .queue_us = 300 * MS}};
    begin_call(&o);
    stretches(SETTLE_S, CALL_S, 300000);
}

static void random_loss(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 3, .link = {.delay_us = 25 * MS, .loss = 0.05}, .max_bitrate_bps = 3000000};
    begin_call(&o);
    for (int at = SETTLE_S; at < CALL_S; at += 50) {
        stretches(at, at + 50, 3000000);
        assert_true(target() > 2500000);
    }
}

static void a_link_that_shrinks_for_a_while(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {
        .seed = 4, .link = {.delay_us = 25 * MS, .rate_bps = 2500000, .queue_us = 300 * MS}, .max_bitrate_bps = 3000000};
    begin_call(&o);
    stretches(SETTLE_S, 200, 2500000);
    assert_true(target() > 1500000);
    for (unsigned i = 0; i < 2; i++)
        sim_host_link(i ? sim.b.host : sim.a.host)->rate_bps = 600000;
    rtp_sim_forget(&sim.b);
    rtp_sim_run(&sim, sim.now + 5 * SECOND);
    assert_true(sim.b.seen.longest_freeze < 3 * SECOND && sim.b.seen.decodable > 40);
    stretches(205, 400, 600000);
    for (unsigned i = 0; i < 2; i++)
        sim_host_link(i ? sim.b.host : sim.a.host)->rate_bps = 2500000;
    stretches(400, CALL_S, 2500000);
    assert_true(target() > 1500000);
}

static void follow(bool stubborn)
{
    sim.a.stubborn = stubborn;
    sim.a.bitrate_bps = stubborn ? 3000000 : sim.a.seen.target_bps;
}

/* A source that does not care about the rate: the breaker of its stream reduces, stops it, tries again, and the sound is as if nothing
 * were. Once the source listens, all is well, by itself. */
static void a_source_that_does_not_listen(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {
        .seed = 5, .link = {.delay_us = 25 * MS, .rate_bps = 1000000, .queue_us = 300 * MS}, .max_bitrate_bps = 3000000};
    call(&o);
    sim.a.camera.on = false;
    sim.b.sends_video = false;
    follow(true);
    rtc_time_t began = sim.now;
    while (sim.a.seen.breakers == 0 && sim.now < began + 60 * SECOND)
        rtp_sim_run(&sim, sim.now + 100 * MS);
    assert_int_equal(sim.a.seen.reduced, 1);
    assert_int_equal(rtp_sim_outbound(&sim.a, sim.a.video).circuit, RTP_CIRCUIT_STOPPED);
    assert_int_equal(rtp_sim_outbound(&sim.a, sim.a.video).circuit_reason, RTP_BREAKER_CONGESTION);
    assert_int_equal(sim.a.seen.target_bps, 0);
    rtp_sim_run(&sim, sim.now + SECOND);
    rtp_sim_forget(&sim.b);
    rtp_sim_run(&sim, sim.now + 3 * SECOND);
    assert_int_equal(sim.b.seen.video_frames, 0);
    assert_in_range(sim.b.seen.packets, 145, 155);
    rtp_sim_run(&sim, sim.now + 120 * SECOND);
    assert_in_range(sim.a.seen.breakers, 3, 8); /* not for ever, and not all the time */
    assert_in_range(sim.a.seen.reduced, sim.a.seen.breakers, sim.a.seen.breakers + 1);
    assert_int_equal(rtp_sim_outbound(&sim.a, sim.a.video).circuit_openings, sim.a.seen.breakers + 1);
    assert_false(sim.a.seen.sound_stopped);
    follow(false);
    sim.a.camera.on = true;
    while (sim.a.seen.closed == 0 && sim.now < began + 400 * SECOND)
        rtp_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(rtp_sim_outbound(&sim.a, sim.a.video).circuit, RTP_CIRCUIT_CLOSED);
    for (int at = 0; at < 30; at += STRETCH_S)
        stretch(&sim.a, at, 1000000);
}

/* Sound alone on a link that loses most of it and is slow besides goes for its own sake, and comes back. */
static void sound_alone(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 6, .link = {.delay_us = 200 * MS}};
    call(&o);
    sim.a.sends_video = sim.b.sends_video = false;
    rtp_sim_run(&sim, sim.now + 10 * SECOND);
    sim_host_link(sim.a.host)->loss = 0.6;
    rtp_sim_run(&sim, sim.now + 60 * SECOND);
    assert_true(sim.a.seen.sound_stopped);
    sim_host_link(sim.a.host)->loss = 0;
    rtp_sim_run(&sim, sim.now + 100 * SECOND);
    rtp_sim_forget(&sim.b);
    rtp_sim_run(&sim, sim.now + 10 * SECOND);
    assert_in_range(sim.b.seen.packets + sim.b.seen.accelerated, 495, 505);
    assert_int_equal(rtp_sim_outbound(&sim.a, sim.a.audio).circuit, RTP_CIRCUIT_CLOSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_megabit),
        TEST(default_settings_on_300_kbit),
        TEST(random_loss),
        TEST(a_link_that_shrinks_for_a_while),
        TEST(a_source_that_does_not_listen),
        TEST(sound_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
