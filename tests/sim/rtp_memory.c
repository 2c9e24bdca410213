/* SPDX-License-Identifier: MIT */
/* Memory: a steady call allocates nothing per packet, and a call in which an allocation fails goes on or says that it can not, and leaks
 * nothing. */
#include "rtp_sim.h"

#include <stdlib.h>

static struct counter {
    uint64_t allocations, fail_at, fail_until;
    int64_t live;
} counter;

static void *count_realloc(void *user, void *memory, size_t size)
{
    struct counter *c = user;
    c->allocations++;
    if (c->allocations >= c->fail_at && c->allocations < c->fail_until)
        return NULL;
    c->live += memory == NULL;
    return realloc(memory, size);
}

static void *count_alloc(void *user, size_t size)
{
    return count_realloc(user, NULL, size);
}

static void count_free(void *user, void *memory)
{
    struct counter *c = user;
    c->live -= memory != NULL;
    free(memory);
}

static int new_context(rtc_context **context)
{
    const rtc_allocator allocator = {count_alloc, count_realloc, count_free, &counter};
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    return rtc_context_new(&options, context);
}

static uint64_t frames_made(const struct rtp_sim *sim)
{
    uint64_t n = 0;
    const struct rtp_sim_peer *peers[] = {&sim->a, &sim->b};
    for (int i = 0; i < 2; i++)
        n += peers[i]->seen.video_frames + peers[i]->seen.packets + peers[i]->seen.accelerated;
    return n;
}

/* One allocation for each frame that comes out, and none besides; frames on their way at both ends make the difference. */
static void steady(void **state)
{
    (void)state;
    rtc_context *context;
    struct rtp_sim sim;
    counter = (struct counter){.fail_at = UINT64_MAX};
    assert_int_equal(new_context(&context), RTC_OK);
    const struct rtp_sim_options o = {.seed = 1, .link = {.delay_us = 25 * MS, .jitter_us = 10 * MS, .loss = 0.02}};
    assert_int_equal(rtp_sim_init(&sim, context, &o), RTC_OK);
    rtp_sim_run(&sim, sim.now + 20 * SECOND);
    uint64_t allocations = counter.allocations, frames = frames_made(&sim), packets = sim_network_counters(sim.net)->delivered;
    int64_t live = counter.live;
    rtp_sim_run(&sim, sim.now + 20 * SECOND);
    allocations = counter.allocations - allocations;
    frames = frames_made(&sim) - frames;
    print_message("%llu allocations, %llu frames, %llu packets sent\n", (unsigned long long)allocations, (unsigned long long)frames,
                  (unsigned long long)(sim_network_counters(sim.net)->sent - packets));
    assert_true(allocations <= frames + 40);
    assert_true(counter.live < live + 60 && counter.live > live - 60);
    rtp_sim_fini(&sim);
    rtc_context_unref(context);
    assert_int_equal(counter.live, 0);
}

/* RTC_OK when it came about and media flowed, or else what said no. */
static int call(uint64_t fail_at, uint64_t fail_until, uint64_t *frames)
{
    rtc_context *context;
    struct rtp_sim sim;
    counter = (struct counter){.fail_at = fail_at, .fail_until = fail_until};
    int error = new_context(&context);
    if (error)
        return error;
    const struct rtp_sim_options o = {.seed = 3, .link = {.delay_us = 10 * MS, .jitter_us = 5 * MS, .loss = 0.05}, .start_bitrate_bps = 1500000};
    error = rtp_sim_init(&sim, context, &o);
    if (!error)
        rtp_sim_run(&sim, sim.now + SECOND);
    *frames = frames_made(&sim);
    error = sim.failed ? RTC_ERR_NO_MEMORY : error;
    rtp_sim_fini(&sim);
    rtc_context_unref(context);
    if (counter.live != 0)
        fail_msg("allocation %llu: %lld blocks leak", (unsigned long long)fail_at, (long long)counter.live);
    return error;
}

static void every_allocation(void **state)
{
    (void)state;
    uint64_t frames, all;
    assert_int_equal(call(UINT64_MAX, UINT64_MAX, &all), RTC_OK);
    uint64_t count = counter.allocations, refused = 0;
    assert_true(count > 100);
    for (uint64_t n = 1; n <= count; n++) {
        int error = call(n, n + 1, &frames);
        refused += error != RTC_OK;
        /* One packet or frame less is nothing. */
        if (error == RTC_OK && frames < all * 9 / 10)
            fail_msg("allocation %llu of %llu: %llu of %llu frames", (unsigned long long)n, (unsigned long long)count,
                     (unsigned long long)frames, (unsigned long long)all);
    }
    print_message("%llu allocations, %llu refused\n", (unsigned long long)count, (unsigned long long)refused);
    assert_true(refused > 0);
}

/* Memory is short for a while, and then it is not. */
static void spells(void **state)
{
    (void)state;
    uint64_t frames;
    for (uint64_t n = 1; n < 400; n += 7)
        (void)call(n, n + 20, &frames);
    for (uint64_t n = 1; n < 400; n += 23)
        (void)call(n, UINT64_MAX, &frames);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady),
        cmocka_unit_test(every_allocation),
        cmocka_unit_test(spells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
