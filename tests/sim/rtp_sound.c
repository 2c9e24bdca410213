/* SPDX-License-Identifier: MIT */
/* What is heard over bad networks: how much of it is made up, and how late it comes; with what stands in for lost packets (in-band FEC,
 * RFC 2198) and without. */
#include "rtp_sim.h"

enum { PPM = 200 };

/* A value. */
struct heard {
    double concealed; /* of all samples */
    double delay_ms;  /* that sound waited in the buffer, on average */
    uint64_t fec, received, discarded;
    uint32_t bps; /* payloads */
};

struct scene {
    struct sim_link link;
    bool redundancy, bare;
    int64_t ppm;
};

/* Both send sound alone. Half a minute, after ten seconds in which reports have said what is lost. */
static struct heard listen(const struct scene *scene, uint64_t seed)
{
    struct rtp_sim sim;
    rtc_context *context;
    const struct rtp_sim_options o = {.seed = seed, .link = scene->link, .redundancy = scene->redundancy};
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_int_equal(rtp_sim_init(&sim, context, &o), RTC_OK);
    sim.a.sends_video = sim.b.sends_video = false;
    sim.a.bare = sim.b.bare = scene->bare;
    sim.a.fast_ppm = scene->ppm;
    rtp_sim_run(&sim, sim.now + 10 * SECOND);
    struct rtp_inbound_stats before = rtp_sim_inbound(&sim.b, sim.b.audio);
    uint64_t sent = rtp_sim_outbound(&sim.a, sim.a.audio).bytes_sent;
    rtp_sim_run(&sim, sim.now + 30 * SECOND);
    struct rtp_inbound_stats after = rtp_sim_inbound(&sim.b, sim.b.audio);
    struct heard h = {
        .concealed = (double)(after.audio.concealed_samples - before.audio.concealed_samples) /
                     (double)(after.audio.total_samples - before.audio.total_samples),
        .delay_ms =
            (after.buffer.delay_s - before.buffer.delay_s) * 1000 / (double)(after.buffer.emitted_count - before.buffer.emitted_count),
        .fec = after.audio.fec_samples - before.audio.fec_samples,
        .received = after.audio.fec_packets_received,
        .discarded = after.audio.fec_packets_discarded,
        .bps = (uint32_t)((rtp_sim_outbound(&sim.a, sim.a.audio).bytes_sent - sent) * 8 / 30),
    };
    assert_true(h.discarded <= h.received);
    assert_int_equal(sim.b.seen.misplaced, 0);
    rtp_sim_fini(&sim);
    rtc_context_unref(context);
    return h;
}

/* The average of some seeds. */
static struct heard hear(const char *name, const struct scene *scene)
{
    enum { SEEDS = 4 };
    struct heard sum = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct heard h = listen(scene, seed);
        sum.concealed += h.concealed / SEEDS;
        sum.delay_ms += h.delay_ms / SEEDS;
        sum.fec += h.fec / SEEDS;
        sum.received += h.received / SEEDS;
        sum.discarded += h.discarded / SEEDS;
        sum.bps += h.bps / SEEDS;
    }
    print_message("%-40s concealed %5.2f %%, delay %5.1f ms, repairs %llu of which %llu unused, %u bit/s\n", name, sum.concealed * 100,
                  sum.delay_ms, (unsigned long long)sum.received, (unsigned long long)sum.discarded, sum.bps);
    return sum;
}

static const struct sim_link ten = {.delay_us = 25 * MS, .loss = 0.1}, thirty = {.delay_us = 25 * MS, .loss = 0.3};

static void a_tenth_is_lost(void **state)
{
    (void)state;
    struct heard nothing = hear("10 % lost", &(struct scene){.link = ten, .bare = true});
    struct heard fec = hear("10 % lost, in-band FEC", &(struct scene){.link = ten});
    struct heard red = hear("10 % lost, redundancy", &(struct scene){.link = ten, .redundancy = true, .bare = true});
    struct heard both = hear("10 % lost, both", &(struct scene){.link = ten, .redundancy = true});
    assert_in_range(nothing.concealed * 1000, 60, 120);
    assert_true(fec.concealed < 0.03);
    assert_true(red.concealed < 0.03);
    assert_true(both.concealed < 0.01);
    assert_true(both.delay_ms < 110 && fec.delay_ms < 110);
    assert_true(red.bps < 2.2 * nothing.bps); /* the one before, and no more */
    assert_int_equal(nothing.received, 0);
}

static void a_third_is_lost(void **state)
{
    (void)state;
    struct heard nothing = hear("30 % lost", &(struct scene){.link = thirty, .bare = true});
    struct heard fec = hear("30 % lost, in-band FEC", &(struct scene){.link = thirty});
    struct heard red = hear("30 % lost, redundancy", &(struct scene){.link = thirty, .redundancy = true, .bare = true});
    struct heard both = hear("30 % lost, both", &(struct scene){.link = thirty, .redundancy = true});
    assert_true(nothing.concealed > 0.2);
    assert_true(fec.concealed < 0.13);
    assert_true(red.concealed < 0.06);
    assert_true(both.concealed < 0.03);
    assert_true(both.delay_ms < 160);
}

static void without_loss_nothing_is_sent_twice(void **state)
{
    (void)state;
    struct heard h = hear("nothing lost, redundancy", &(struct scene){.link = {.delay_us = 25 * MS}, .redundancy = true, .bare = true});
    assert_int_equal(h.received, 0);
    assert_true(h.concealed < 0.001);
    assert_true(h.delay_ms < 60);
}

static void jitter(void **state)
{
    (void)state;
    struct heard small = hear("30 ms jitter", &(struct scene){.link = {.delay_us = 25 * MS, .jitter_us = 30 * MS}, .bare = true});
    struct heard large = hear("100 ms jitter", &(struct scene){.link = {.delay_us = 25 * MS, .jitter_us = 100 * MS}, .bare = true});
    assert_true(small.concealed < 0.01 && small.delay_ms < 70);
    assert_true(large.concealed < 0.015 && large.delay_ms < 150);
}

/* Clocks that run apart: what comes too fast or too slow is followed, and nothing is made up for it that is counted as lost. */
static void clocks_run_apart(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct heard h = hear(sign < 0 ? "200 ppm slow" : "200 ppm fast",
                              &(struct scene){.link = {.delay_us = 25 * MS}, .ppm = sign * PPM, .bare = true});
        assert_true(h.concealed < 0.005);
        assert_true(h.delay_ms < 70);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenth_is_lost), cmocka_unit_test(a_third_is_lost),  cmocka_unit_test(without_loss_nothing_is_sent_twice),
        cmocka_unit_test(jitter),          cmocka_unit_test(clocks_run_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
