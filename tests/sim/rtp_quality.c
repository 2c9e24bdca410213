/* SPDX-License-Identifier: MIT */
/* What a call over a bad network must still be: pictures that move, sound that is not invented, lips in sync, and a delay that comes back
 * down. */
#include "rtp_sim.h"

#include <stdio.h>

static const struct sim_link bad_link = {.delay_us = 25 * MS, .jitter_us = 30 * MS, .loss = 0.05};

struct verdict {
    double decodable; /* of what was sent */
    rtc_time_t freeze;
    double concealed;
    double skewed;
};

static struct verdict judge(struct rtp_sim_peer *p)
{
    const struct rtp_sim_seen *s = &p->seen;
    uint64_t decisions = s->packets + s->fec + s->concealed;
    return (struct verdict){
        .decodable = p->other->video_sent ? (double)s->decodable / (double)p->other->video_sent : 0,
        .freeze = s->longest_freeze,
        .concealed = decisions ? (double)s->concealed / (double)decisions : 1,
        .skewed = s->skews ? (double)s->skewed / (double)s->skews : 1,
    };
}

static bool good(const struct verdict *v)
{
    return v->decodable >= 0.97 && v->freeze <= 500 * MS && v->concealed <= 0.01 && v->skewed <= 0.02;
}

static void print(const char *name, uint64_t seed, struct rtp_sim_peer *p)
{
    struct verdict v = judge(p);
    struct rtp_inbound_stats video = rtp_sim_inbound(p, p->video), audio = rtp_sim_inbound(p, p->audio);
    print_message("%s seed %llu: decodable %.4f, longest freeze %lld ms, concealed %.4f (fec %llu, accelerated %llu), over 45 ms apart "
                  "%.4f, worst %lld ms\n",
                  name, (unsigned long long)seed, v.decodable, (long long)(v.freeze / 1000), v.concealed, (unsigned long long)p->seen.fec,
                  (unsigned long long)p->seen.accelerated, v.skewed, (long long)(p->seen.worst_skew / 1000));
    print_message(
        "    delay: video %lld ms, audio %lld ms; keyframes asked %u, nacks %u, lost %lld, rtx %llu, freezes %llu, latencies %lld %lld\n",
        (long long)(video.current_delay_us / 1000), (long long)(audio.current_delay_us / 1000), video.pli_count, video.nack_count,
        (long long)video.packets_lost, (unsigned long long)video.retransmitted_packets_received, (unsigned long long)video.video.freeze_count,
        (long long)(p->seen.video_latency / 1000), (long long)(p->seen.audio_latency / 1000));
}

static void call(struct rtp_sim *sim, const struct rtp_sim_options *o, rtc_time_t settle, rtc_time_t measure)
{
    rtc_context *context;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_int_equal(rtp_sim_init(sim, context, o), RTC_OK);
    rtp_sim_run(sim, sim->now + settle);
    rtp_sim_forget(&sim->a);
    rtp_sim_forget(&sim->b);
    rtp_sim_run(sim, sim->now + measure);
}

static void hang_up(struct rtp_sim *sim)
{
    rtp_sim_fini(sim);
    rtc_context_unref(sim->context);
}

static void expect_good(struct rtp_sim *sim, const char *name)
{
    struct rtp_sim_peer *peers[] = {&sim->a, &sim->b};
    for (int i = 0; i < 2; i++) {
        struct verdict v = judge(peers[i]);
        print(name, sim->seed, peers[i]);
        if (!good(&v))
            fail_msg("%s, seed %llu: not good", name, (unsigned long long)sim->seed);
        assert_int_equal(peers[i]->seen.misplaced, 0);
    }
}

/* The whole call counts, from its first packet. */
static void loss_and_jitter(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct rtp_sim sim;
        const struct rtp_sim_options o = {.seed = seed, .link = bad_link, .settle = 3 * SECOND};
        call(&sim, &o, 0, 60 * SECOND);
        expect_good(&sim, "loss and jitter");
        hang_up(&sim);
    }
}

static void without_repair(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct rtp_sim sim;
        const struct rtp_sim_options o = {.seed = seed, .link = bad_link, .disable_nack = true};
        call(&sim, &o, 0, 60 * SECOND);
        print("without repair", seed, &sim.a);
        struct verdict a = judge(&sim.a), b = judge(&sim.b);
        assert_true(a.decodable < 0.97 || a.freeze > 500 * MS);
        assert_true(b.decodable < 0.97 || b.freeze > 500 * MS);
        hang_up(&sim);
    }
}

static void delay_comes_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct rtp_sim sim;
        const struct rtp_sim_options o = {.seed = seed, .link = {.delay_us = 25 * MS}};
        call(&sim, &o, 0, 15 * SECOND);
        rtc_time_t video = sim.b.seen.video_latency, audio = sim.b.seen.audio_latency;
        struct sim_link *links[] = {sim_host_link(sim.a.host), sim_host_link(sim.b.host)};
        for (int i = 0; i < 2; i++)
            links[i]->jitter_us = 200 * MS;
        rtp_sim_run(&sim, sim.now + 20 * SECOND);
        print("in jitter", seed, &sim.b);
        assert_true(sim.b.seen.video_latency > video + 60 * MS);
        assert_true(sim.b.seen.audio_latency > audio + 60 * MS);
        for (int i = 0; i < 2; i++)
            links[i]->jitter_us = 0;
        rtp_sim_run(&sim, sim.now + 10 * SECOND);
        print("after jitter", seed, &sim.b);
        assert_true(sim.b.seen.video_latency <= video + 20 * MS);
        assert_true(sim.b.seen.audio_latency <= audio + 20 * MS);
        hang_up(&sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_jitter),
        cmocka_unit_test(without_repair),
        cmocka_unit_test(delay_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
