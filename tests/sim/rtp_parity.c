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

static void compare(double loss)
{
    static const struct {
        const char *name;
        const struct rtp_fec_formats *parity;
    } kinds[] = {{"without", &none}, {"ULPFEC", &ulpfec}, {"FlexFEC", &flexfec}};
    struct outcome got[3];
    for (size_t i = 0; i < 3; i++) {
        got[i] = call(7, *kinds[i].parity, (struct sim_link){.delay_us = 200 * MS, .loss = loss});
        print(kinds[i].name, &got[i]);
    }
    assert_int_equal(got[0].out.parity_packets_sent, 0);
    for (size_t i = 1; i < 3; i++) {
        assert_true(got[i].out.parity_packets_sent > 0 && got[i].out.parity_percent > 0);
        assert_true(got[i].in.video.fec_packets_received > 0);
        assert_true(got[i].in.nack_count * 2 < got[0].in.nack_count); /* what is given back is not asked for */
        assert_true(got[i].decodable >= got[0].decodable);
        assert_true(got[i].in.video.fec_packets_discarded < got[i].in.video.fec_packets_received);
    }
    assert_int_equal(got[1].in.video.fec_ssrc, 0);
    assert_int_not_equal(got[2].in.video.fec_ssrc, 0);
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
