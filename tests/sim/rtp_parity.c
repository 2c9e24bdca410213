/* SPDX-License-Identifier: MIT */
/* Parity of video over networks that lose and take long: what it gives back, what it takes, and that there is none where asking is as good.
 */
#include "rtp_sim.h"

#include <stdio.h>

static const struct rtp_fec_formats none, ulpfec = {.red = 116, .red_rtx = 117, .ulpfec = 118}, flexfec = {.flexfec = 119};

struct outcome {
    double decodable;
    rtc_time_t freeze, latency;
    struct rtp_inbound_stats in;
    struct rtp_outbound_stats out;
};

/* One way of a call of forty seconds at a fixed rate, of which the first ten are not looked at. */
static struct outcome call(uint64_t seed, struct rtp_fec_formats parity, struct sim_link link)
{
    struct rtp_sim sim;
    rtc_context *context;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    const struct rtp_sim_options o = {.seed = seed, .link = link, .parity = parity, .max_bitrate_bps = 800000, .start_bitrate_bps = 800000};
    assert_int_equal(rtp_sim_init(&sim, context, &o), RTC_OK);
    rtp_sim_run(&sim, sim.now + 10 * SECOND);
    rtp_sim_forget(&sim.a);
    rtp_sim_forget(&sim.b);
    uint64_t sent = sim.a.video_sent;
    rtp_sim_run(&sim, sim.now + 30 * SECOND);
    assert_false(sim.failed);
    sent = sim.a.video_sent > sent ? sim.a.video_sent - sent : sim.a.video_sent;
    struct outcome got = {.decodable = (double)sim.b.seen.decodable / (double)sent,
                          .freeze = sim.b.seen.longest_freeze,
                          .latency = sim.b.seen.video_latency,
                          .in = rtp_sim_inbound(&sim.b, sim.b.video),
                          .out = rtp_sim_outbound(&sim.a, sim.a.video)};
    assert_int_equal(sim.b.seen.misplaced, 0);
    rtp_sim_fini(&sim);
    rtc_context_unref(context);
    return got;
}

static void print(const char *name, const struct outcome *o)
{
    print_message("%s: decodable %.4f, freeze %lld ms, delay %lld ms, nacks %u, rtx %llu, lost %lld; parity %llu of %llu sent, %llu "
                  "received, %llu of no use; keyframes asked %u, freezes %llu\n",
                  name, o->decodable, (long long)(o->freeze / 1000), (long long)(o->in.current_delay_us / 1000), o->in.nack_count,
                  (unsigned long long)o->in.retransmitted_packets_received, (long long)o->in.packets_lost,
                  (unsigned long long)o->out.parity_packets_sent, (unsigned long long)o->out.packets_sent,
                  (unsigned long long)o->in.video.fec_packets_received, (unsigned long long)o->in.video.fec_packets_discarded,
                  o->in.pli_count, (unsigned long long)o->in.video.freeze_count);
}

enum { SEEDS = 8, KINDS = 3 };

/* Of all seeds together: which picture is hit is luck, and one that is missed stands for a second. */
struct sum {
    double decodable;
    uint64_t nacks;
};

static void is_repaired(const struct outcome *o, bool flexfec_ssrc)
{
    assert_true(o->out.parity_packets_sent > 0 && o->out.parity_percent > 0);
    assert_true(o->in.video.fec_packets_received > 0);
    assert_true(o->in.video.fec_packets_discarded < o->in.video.fec_packets_received);
    assert_true((o->in.video.fec_ssrc != 0) == flexfec_ssrc);
}

static void compare(double loss)
{
    static const struct {
        const char *name;
        const struct rtp_fec_formats *parity;
    } kinds[KINDS] = {{"without", &none}, {"ULPFEC", &ulpfec}, {"FlexFEC", &flexfec}};
    struct sum sums[KINDS] = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (size_t i = 0; i < KINDS; i++) {
            struct outcome got = call(seed, *kinds[i].parity, (struct sim_link){.delay_us = 200 * MS, .loss = loss});
            print(kinds[i].name, &got);
            sums[i].decodable += got.decodable;
            sums[i].nacks += got.in.nack_count;
            if (kinds[i].parity == &none)
                assert_int_equal(got.out.parity_packets_sent, 0);
            else
                is_repaired(&got, kinds[i].parity == &flexfec);
        }
    for (size_t i = 0; i < KINDS; i++)
        print_message("%s: decodable %.4f, nacks %llu\n", kinds[i].name, sums[i].decodable / SEEDS, (unsigned long long)sums[i].nacks);
    for (size_t i = 1; i < KINDS; i++) {
        assert_true(sums[i].nacks * 2 < sums[0].nacks); /* what is given back is not asked for */
        assert_true(sums[i].decodable > sums[0].decodable);
    }
}

static void five_percent_at_400_ms(void **state)
{
    (void)state;
    compare(0.05);
}

static void ten_percent_at_400_ms(void **state)
{
    (void)state;
    compare(0.10);
}

static void where_asking_is_in_time_there_is_none(void **state)
{
    (void)state;
    struct outcome got = call(3, ulpfec, (struct sim_link){.delay_us = 20 * MS, .loss = 0.05});
    print("40 ms", &got);
    assert_int_equal(got.out.parity_packets_sent, 0);
    got = call(3, flexfec, (struct sim_link){.delay_us = 200 * MS});
    print("no loss", &got);
    assert_int_equal(got.out.parity_packets_sent, 0);
}

static void over_what_mixes_up(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 150 * MS, .jitter_us = 30 * MS, .loss = 0.05};
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct outcome got = call(seed, seed % 2 ? ulpfec : flexfec, link);
        print("mixed up", &got);
        assert_true(got.decodable > 0.9);
        assert_true(got.out.parity_packets_sent > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_percent_at_400_ms),
        cmocka_unit_test(ten_percent_at_400_ms),
        cmocka_unit_test(where_asking_is_in_time_there_is_none),
        cmocka_unit_test(over_what_mixes_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
