/* SPDX-License-Identifier: MIT */
/* A set-up, a transfer both ways and a close, again and again with the n-th of our allocations failing: nothing crashes, nothing leaks, and
 * what is told to have worked has. */
#include "sctp_scenario.h"

#include "memory.h"

struct failing {
    uint64_t count;
    uint64_t fail_at; /* 0: never */
    int64_t live;
    bool sticky; /* everything after fails too */
};

static bool fails(struct failing *f)
{
    f->count++;
    return f->fail_at && (f->count == f->fail_at || (f->sticky && f->count > f->fail_at));
}

static void *try_alloc(void *user, size_t size)
{
    struct failing *f = user;
    void *p = fails(f) ? NULL : malloc(size);
    f->live += p != NULL;
    return p;
}

static void *try_realloc(void *user, void *memory, size_t size)
{
    struct failing *f = user;
    void *p = fails(f) ? NULL : realloc(memory, size);
    f->live += p && !memory;
    return p;
}

static void release(void *user, void *memory)
{
    struct failing *f = user;
    f->live -= memory != NULL;
    free(memory);
}

static uint32_t send_some(struct sctp_sim *sim, int end, uint32_t handle)
{
    uint32_t accepted = 0;
    for (uint32_t i = 0; i < 6 && handle; i++)
        accepted += sim_send_numbered(sim, end, handle, i % 2 ? 70000 : 200, accepted) == RTC_OK;
    return accepted;
}

static void scenario(struct sctp_sim *sim, struct failing *failing)
{
    static const struct sim_link link = {.delay_us = 5000, .loss = 0.02};
    if (sctp_sim_init(sim, sim->context, 7, &link, NULL) != RTC_OK)
        return;
    struct data_channel_options options = sim_reliable("scarce"), loose = sim_reliable("loose");
    loose.unordered = true;
    loose.max_packet_life_ms = 100;
    uint32_t early = sim_open(sim, 0, &options);
    if (!sctp_sim_connect(sim, 0))
        return;
    uint32_t late = sim_open(sim, 1, &loose);
    uint32_t accepted = send_some(sim, 0, early);
    (void)send_some(sim, 1, late);
    sctp_sim_run(sim, 3 * SECOND);
    struct sim_channel *b = sim_channel_by_peer(sim, 1, 0);
    if (b && b->received != accepted) { /* without memory packets are lost and messages wait: with some again, everything comes */
        failing->fail_at = 0;
        sctp_sim_run(sim, 10 * SECOND);
    }
    bool alive = sim->end[0].state == SCTP_CONNECTED && sim->end[1].state == SCTP_CONNECTED;
    bool told =
        sim->end[0].out.failed || sim->end[1].out.failed || (b && b->errors > 0) || data_channels_counters(sim->end[1].dc)->dropped > 0;
    if (alive && !told && b && b->handle && sim_info(sim, 1, b->handle).id == sim_info(sim, 0, early).id)
        assert_int_equal(b->received, accepted);
    sim_close(sim, 0, early);
    sctp_sim_run(sim, 2 * SECOND);
}

/* How many allocations it made. */
static uint64_t attempt(uint64_t fail_at, bool sticky)
{
    struct failing failing = {0};
    rtc_allocator allocator = {try_alloc, try_realloc, release, &failing};
    rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    struct sctp_sim *sim = calloc(1, sizeof *sim);
    assert_non_null(sim);
    assert_int_equal(rtc_context_new(&options, &sim->context), RTC_OK);
    context_seed(sim->context, 7);
    rtc_context *context = sim->context;
    failing.count = 0;
    failing.fail_at = fail_at;
    failing.sticky = sticky;
    scenario(sim, &failing);
    failing.fail_at = 0;
    sctp_sim_fini(sim);
    free(sim);
    rtc_context_unref(context);
    if (failing.live != 0)
        fail_msg("allocation %llu failing: %lld blocks left", (unsigned long long)fail_at, (long long)failing.live);
    return failing.count;
}

static void test_each(void **state)
{
    (void)state;
    uint64_t count = attempt(0, false);
    assert_true(count > 40);
    for (uint64_t n = 1; n <= count; n += n < 150 ? 1 : 17)
        (void)attempt(n, false);
}

static void test_from_then_on(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 200; n++)
        (void)attempt(n, true);
}

/* A steady stream of messages makes no allocations of ours: packets, events and entries are used again. */
static void test_steady_state(void **state)
{
    (void)state;
    struct failing failing = {0};
    rtc_allocator allocator = {try_alloc, try_realloc, release, &failing};
    rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    struct sctp_sim *sim = calloc(1, sizeof *sim);
    assert_non_null(sim);
    assert_int_equal(rtc_context_new(&options, &sim->context), RTC_OK);
    assert_int_equal(sctp_sim_init(sim, sim->context, 8, &SIM_CLEAN, NULL), RTC_OK);
    assert_true(sctp_sim_connect(sim, 0));
    struct data_channel_options plain = sim_reliable("steady");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &plain, &b);
    uint64_t before = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        if (i == 1000)
            before = failing.count;
        assert_int_equal(sim_send_numbered(sim, 0, handle, 256, i), RTC_OK);
        if (i % 4 == 3)
            sctp_sim_run(sim, 1000);
    }
    assert_int_equal(failing.count, before);
    sctp_finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_from_then_on),
        cmocka_unit_test(test_steady_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
