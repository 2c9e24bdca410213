/* SPDX-License-Identifier: MIT */
/* Data channels over clean and bad networks: every message of a reliable channel arrives once, whole and in order. */
#include "sctp_scenario.h"

static rtc_time_t transfer(uint64_t seed, const struct sim_link *link, size_t len, uint32_t count)
{
    struct sctp_sim *sim = sctp_connected(seed, link);
    struct data_channel_options options = sim_reliable("there");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    rtc_time_t began = sim->now;
    sctp_send_all(sim, 0, handle, len, count);
    sctp_send_all(sim, 1, b->handle, len, count);
    struct sim_channel *a = sim_channel(sim, 0, handle);
    (void)sctp_sim_run_until(sim, &b->received, count, 300 * (rtc_time_t)SECOND);
    (void)sctp_sim_run_until(sim, &a->received, count, 300 * (rtc_time_t)SECOND);
    assert_perfect(sim, b, count);
    assert_perfect(sim, a, count);
    rtc_time_t took = sim->now - began;
    sctp_sim_run(sim, 2 * SECOND);
    assert_int_equal(sim_info(sim, 0, handle).buffered, 0);
    assert_int_equal(data_channels_counters(sim->end[0].dc)->dropped, 0);
    assert_in_range(sim->end[0].largest, len == 300 ? 900 : 1050, 1150);
    sctp_finish(sim);
    return took;
}

static void test_clean(void **state)
{
    (void)state;
    rtc_time_t took = transfer(1, &SIM_CLEAN, 262144, 4);
    assert_true(took < 2 * SECOND);
    assert_true(transfer(2, &SIM_CLEAN, 100, 3000) < 2 * SECOND);
}

static void test_loss(void **state)
{
    (void)state;
    static const struct sim_link link = {.delay_us = 20000, .loss = 0.05};
    for (uint64_t seed = 10; seed < 14; seed++) {
        (void)transfer(seed, &link, 262144, 4);
        (void)transfer(seed, &link, 300, 1000);
    }
}

static void test_reorder_and_duplicates(void **state)
{
    (void)state;
    static const struct sim_link link = {.delay_us = 10000, .jitter_us = 5000, .reorder = 0.1, .reorder_us = 15000, .duplicate = 0.1};
    for (uint64_t seed = 20; seed < 23; seed++)
        (void)transfer(seed, &link, 70000, 12);
}

static void test_far_away(void **state)
{
    (void)state;
    static const struct sim_link link = {.delay_us = 150000};
    struct sctp_sim *sim = sctp_begin(30, &link, NULL);
    rtc_time_t began = sim->now;
    assert_true(sctp_sim_connect(sim, 262144));
    assert_true(sim->now - began <= 650000); /* two round trips */
    sctp_finish(sim);
    (void)transfer(31, &link, 262144, 4);
}

static void test_slow_link(void **state)
{
    (void)state;
    static const struct sim_link link = {.delay_us = 20000, .rate_bps = 2000000, .queue_us = 200000};
    (void)transfer(40, &link, 100000, 20);
}

static void test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 1099, 1100, 1101, 1122, 1123, 1199, 1200, 1201, 65535, 65536, 65537, 131071, 262144};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    static uint8_t bytes[262145];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 13 + (i >> 9));
    for (int unordered = 0; unordered < 2; unordered++) {
        struct sctp_sim *sim = sctp_connected(50, &SIM_CLEAN);
        struct data_channel_options options = sim_reliable("sizes");
        options.unordered = unordered;
        struct sim_channel *b;
        uint32_t handle = sctp_open_one(sim, &options, &b);
        b->keep = true;
        for (size_t i = 0; i < COUNT; i++)
            assert_int_equal(sim_send(sim, 0, handle, i & 1, slice_of(bytes, sizes[i])), RTC_OK);
        assert_int_equal(sim_send(sim, 0, handle, false, slice_of(bytes, 262145)), RTC_ERR_TYPE);
        assert_true(sctp_sim_run_until(sim, &b->received, COUNT, 10 * SECOND));
        for (size_t i = 0; i < COUNT && !unordered; i++) {
            struct packet *p = packet_queue_pop(&b->messages);
            assert_int_equal(p->len, sizes[i]);
            assert_memory_equal(packet_data(p), bytes, sizes[i]);
            assert_int_equal((p->flags & PACKET_TEXT) != 0, i & 1);
            packet_free(p);
        }
        struct data_channel_info ours = sim_info(sim, 0, handle), theirs = sim_info(sim, 1, b->handle);
        assert_int_equal(ours.messages_sent, COUNT);
        assert_int_equal(theirs.messages_received, COUNT);
        assert_int_equal(ours.bytes_sent, theirs.bytes_received);
        assert_int_equal(theirs.unordered, unordered);
        sctp_finish(sim);
    }
}

/* A peer that takes little is given no more; one that takes any size is limited by our queue alone. */
static void test_peer_max_message(void **state)
{
    (void)state;
    static uint8_t bytes[1024 * 1024];
    struct sctp_sim *sim = sctp_begin(60, &SIM_CLEAN, &(struct data_channels_options){.max_message_bytes = 1024 * 1024});
    assert_int_equal(data_channels_max_message(sim->end[0].dc), 0);
    assert_true(sctp_sim_connect(sim, 0));
    assert_true(data_channels_max_message(sim->end[0].dc) >= 1024 * 1024);
    struct data_channel_options options = sim_reliable("big");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    assert_int_equal(sim_send_numbered(sim, 0, handle, sizeof bytes, 0), RTC_OK);
    assert_int_equal(sim_send_numbered(sim, 0, handle, 10, 1), RTC_OK);
    assert_true(sctp_sim_run_until(sim, &b->received, 2, 10 * SECOND));
    assert_perfect(sim, b, 2);
    /* One byte over what they said they take: the channel is closed, nothing is delivered. */
    assert_int_equal(sim_send(sim, 0, handle, false, slice_of(bytes, sizeof bytes)), RTC_OK);
    assert_true(sctp_sim_run_until(sim, &b->received, 3, 10 * SECOND));
    static uint8_t more[sizeof bytes + 1];
    assert_int_equal(sim_send(sim, 0, handle, false, slice_of(more, sizeof more)), RTC_OK);
    sctp_sim_run(sim, 5 * SECOND);
    assert_int_equal(b->received, 3);
    assert_int_equal(b->errors, 1);
    assert_int_equal(b->state, CHANNEL_CLOSED);
    assert_int_equal(sim_channel(sim, 0, handle)->state, CHANNEL_CLOSED);
    assert_int_equal(data_channels_counters(sim->end[1].dc)->dropped, 1);
    sctp_finish(sim);
}

static void test_peer_takes_little(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_begin(61, &SIM_CLEAN, NULL);
    assert_true(sctp_sim_connect(sim, 1000));
    struct data_channel_options options = sim_reliable("small");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    assert_int_equal(sim_send_numbered(sim, 0, handle, 1001, 0), RTC_ERR_TYPE);
    assert_int_equal(sim_send_numbered(sim, 0, handle, 1000, 0), RTC_OK);
    assert_true(sctp_sim_run_until(sim, &b->received, 1, SECOND));
    sctp_finish(sim);
}

/* The peer vanishes: what is queued is bounded, and nothing that was accepted is lost when it comes back. */
static void test_stalled_peer(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(70, &SIM_CLEAN);
    struct data_channel_options options = sim_reliable("stall");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    sim->end[1].deaf = true;
    uint32_t accepted = 0;
    while (sim_send_numbered(sim, 0, handle, 10000, accepted) == RTC_OK)
        assert_true(++accepted < 2000);
    assert_int_equal(sim_send_numbered(sim, 0, handle, 10000, accepted), RTC_ERR_QUOTA_EXCEEDED);
    assert_true(accepted > 1600); /* 16 MiB */
    uint64_t buffered = sim_info(sim, 0, handle).buffered;
    assert_true(buffered > accepted * (uint64_t)10000 - 64 * 1024 && buffered <= accepted * (uint64_t)10000);
    sctp_sim_run(sim, 10 * SECOND);
    assert_int_equal(sim->end[0].state, SCTP_CONNECTED);
    sim->end[1].deaf = false;
    (void)sctp_sim_run_until(sim, &b->received, accepted, 120 * SECOND);
    assert_perfect(sim, b, accepted);
    sctp_finish(sim);
}

/* Many small or empty messages cost memory too. */
static void test_empty_flood_is_bounded(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(71, &SIM_CLEAN);
    struct data_channel_options options = sim_reliable("flood");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    b->keep = true;
    sim->end[1].deaf = true;
    uint64_t accepted = 0;
    while (sim_send(sim, 0, handle, false, slice_of(NULL, 0)) == RTC_OK)
        assert_true(++accepted < 1000000);
    sim->end[1].deaf = false;
    assert_true(sctp_sim_run_until(sim, &b->received, accepted, 120 * SECOND));
    sctp_sim_run(sim, SECOND);
    assert_int_equal(b->received, accepted);
    assert_int_equal(b->bytes, 0);
    assert_int_equal(sim_info(sim, 0, handle).buffered, 0);
    sctp_finish(sim);
}

static void test_vanished_peer_ends(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(72, &SIM_CLEAN);
    struct data_channel_options options = sim_reliable("gone");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    sim->end[1].deaf = true;
    assert_int_equal(sim_send_numbered(sim, 0, handle, 100, 0), RTC_OK);
    sctp_sim_run(sim, 300 * (rtc_time_t)SECOND);
    assert_int_equal(sim->end[0].state, SCTP_CLOSED);
    struct sim_channel *a = sim_channel(sim, 0, handle);
    assert_int_equal(a->state, CHANNEL_CLOSED);
    assert_int_equal(a->closed_events, 1);
    assert_int_equal(a->error, RTC_ERR_NETWORK);
    assert_int_equal(data_channels_deadline(sim->end[0].dc, NULL), RTC_TIME_NEVER);
    sctp_finish(sim);
}

static void unreliable(uint64_t seed, bool unordered, int32_t retransmits, int32_t life_ms)
{
    static const struct sim_link link = {.delay_us = 20000, .loss = 0.1};
    enum { COUNT = 500 };
    struct sctp_sim *sim = sctp_connected(seed, &link);
    struct data_channel_options options = sim_reliable("loose");
    options.unordered = unordered;
    options.max_retransmits = retransmits;
    options.max_packet_life_ms = life_ms;
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(sim_send_numbered(sim, 0, handle, 400, i), RTC_OK);
        sctp_sim_run(sim, 5000);
    }
    sctp_sim_run(sim, 5 * SECOND);
    assert_in_range(b->received, COUNT * 3 / 4, COUNT - 1);
    assert_int_equal(b->damaged, 0);
    if (!unordered)
        assert_int_equal(b->backwards, 0);
    assert_int_equal(sim_info(sim, 0, handle).buffered, 0);
    struct data_channel_info info = sim_info(sim, 1, b->handle);
    assert_int_equal(info.max_retransmits, retransmits);
    assert_int_equal(info.max_packet_life_ms, life_ms);
    assert_int_equal(info.unordered, unordered);
    sctp_finish(sim);
}

static void test_unreliable(void **state)
{
    (void)state;
    unreliable(80, true, 0, -1);
    unreliable(81, false, 0, -1);
    unreliable(82, true, -1, 50);
    unreliable(83, false, -1, 50);
}

/* What has outlived its time before it left is never sent. */
static void test_lifetime_in_the_queue(void **state)
{
    (void)state;
    static const struct sim_link link = {.delay_us = 10000, .rate_bps = 1000000, .queue_us = 100000};
    struct sctp_sim *sim = sctp_connected(84, &link);
    struct data_channel_options options = sim_reliable("late");
    options.max_packet_life_ms = 500;
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(sim_send_numbered(sim, 0, handle, 1000, i), RTC_OK); /* 8 seconds' worth */
    sctp_sim_run(sim, 3 * SECOND);
    assert_int_equal(sim_info(sim, 0, handle).buffered, 0);
    assert_in_range(b->received, 20, 200);
    assert_int_equal(b->backwards, 0);
    assert_int_equal(sim_send_numbered(sim, 0, handle, 100, 5000), RTC_OK);
    uint64_t before = b->received;
    assert_true(sctp_sim_run_until(sim, &b->received, before + 1, SECOND));
    sctp_finish(sim);
}

static void test_buffered_low(void **state)
{
    (void)state;
    static const struct sim_link link = {.delay_us = 10000, .rate_bps = 8000000, .queue_us = 300000};
    struct sctp_sim *sim = sctp_connected(90, &link);
    struct data_channel_options options = sim_reliable("low");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    sctp_sim_run(sim, SECOND);
    struct sim_channel *a = sim_channel(sim, 0, handle);
    assert_int_equal(a->low_events, 0);
    data_channels_set_buffered_low(sim->end[0].dc, handle, 100000);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(sim_send_numbered(sim, 0, handle, 50000, i), RTC_OK);
    uint64_t full = sim_info(sim, 0, handle).buffered;
    assert_in_range(full, 20 * 50000 - 32 * 1024, 20 * 50000);
    assert_int_equal(a->low_events, 0);
    /* 1 MB at 1 MB/s: the event comes when a tenth of it has not left, not when the engine has swallowed it. The link's queue holds 300 kB, and
     * what it drops has left, too. */
    rtc_time_t began = sim->now;
    while (a->low_events == 0 && sim->now - began < 10 * SECOND)
        sctp_sim_run(sim, 1000);
    assert_in_range(sim->now - began, 400000, 1600000);
    assert_in_range(sim_info(sim, 0, handle).buffered, 80000, 100000);
    sctp_sim_run(sim, 2 * SECOND);
    assert_int_equal(a->low_events, 1);
    assert_int_equal(sim_info(sim, 0, handle).buffered, 0);
    data_channels_set_buffered_low(sim->end[0].dc, handle, 0);
    assert_int_equal(sim_send_numbered(sim, 0, handle, 100, 20), RTC_OK);
    sctp_sim_run(sim, SECOND);
    assert_int_equal(a->low_events, 2); /* however fast it left */
    sctp_finish(sim);
}

/* A megabyte on one channel does not hold up a small message on another. */
static void test_fairness(void **state)
{
    (void)state;
    static const struct sim_link link = {.delay_us = 5000, .rate_bps = 8000000, .queue_us = 50000};
    struct sctp_sim *sim = sctp_connected(91, &link);
    struct data_channel_options bulk = sim_reliable("bulk"), quick = sim_reliable("quick");
    uint32_t first = sim_open(sim, 0, &bulk), second = sim_open(sim, 0, &quick);
    sctp_sim_run(sim, SECOND);
    struct sim_channel *b = sim_channel_by_peer(sim, 1, 1);
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(sim_send_numbered(sim, 0, first, 20000, i), RTC_OK);
    sctp_sim_run(sim, SECOND);
    rtc_time_t began = sim->now;
    assert_int_equal(sim_send_numbered(sim, 0, second, 50, 0), RTC_OK);
    assert_true(sctp_sim_run_until(sim, &b->received, 1, 10 * SECOND));
    assert_true(sim->now - began < 250000);
    assert_true(sim_info(sim, 0, first).buffered > 1000000);
    sctp_finish(sim);
}

/* A channel of next to no priority gets its small part of the path, too. */
static void test_least_priority(void **state)
{
    (void)state;
    static const struct sim_link link = {.delay_us = 5000, .rate_bps = 8000000, .queue_us = 50000};
    struct sctp_sim *sim = sctp_connected(92, &link);
    struct data_channel_options least = sim_reliable("least"), most = sim_reliable("most");
    least.priority = 1;
    most.priority = 1024;
    uint32_t first = sim_open(sim, 0, &least), second = sim_open(sim, 0, &most);
    sctp_sim_run(sim, SECOND);
    for (uint32_t i = 0; i < 2000; i++) {
        assert_int_equal(sim_send_numbered(sim, 0, first, 1000, i), RTC_OK);
        assert_int_equal(sim_send_numbered(sim, 0, second, 1000, i), RTC_OK);
    }
    struct sim_channel *a = sim_channel_by_peer(sim, 1, 0), *b = sim_channel_by_peer(sim, 1, 1);
    assert_true(sctp_sim_run_until(sim, &b->received, 2000, 20 * SECOND));
    assert_in_range(a->received, 200, 500);
    sctp_finish(sim);
}

static void test_burst_is_bundled(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(92, &SIM_CLEAN);
    struct data_channel_options options = sim_reliable("burst");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    sctp_sim_run(sim, SECOND);
    assert_int_equal(sim_send_numbered(sim, 0, handle, 100, 0), RTC_OK);
    sctp_sim_run(sim, 3000);
    uint64_t before = sim->end[0].packets_sent;
    assert_true(data_channels_deadline(sim->end[0].dc, NULL) > sim->now); /* no tick is due of itself */
    for (uint32_t i = 1; i < 9; i++)
        assert_int_equal(sim_send_numbered(sim, 0, handle, 100, i), RTC_OK);
    assert_int_equal(sim->end[0].packets_sent, before + 1); /* the first goes at once */
    assert_true(data_channels_deadline(sim->end[0].dc, NULL) <= sim->now);
    assert_true(sctp_sim_run_until(sim, &b->received, 9, SECOND));
    assert_int_equal(sim->end[0].packets_sent, before + 2); /* the rest together */
    assert_perfect(sim, b, 9);
    sctp_finish(sim);
}

static uint64_t digest_of_run(uint64_t seed)
{
    static const struct sim_link link = {.delay_us = 20000, .jitter_us = 5000, .loss = 0.05, .duplicate = 0.02};
    struct sctp_sim *sim = sctp_connected(seed, &link);
    struct data_channel_options options = sim_reliable("again");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    sctp_send_all(sim, 0, handle, 5000, 50);
    assert_true(sctp_sim_run_until(sim, &b->received, 50, 60 * SECOND));
    uint64_t digest = sim->digest;
    sctp_finish(sim);
    return digest;
}

static void test_repeatable(void **state)
{
    (void)state;
    uint64_t digest = digest_of_run(99);
    assert_true(digest == digest_of_run(99));
    assert_true(digest != digest_of_run(100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_reorder_and_duplicates),
        cmocka_unit_test(test_far_away),
        cmocka_unit_test(test_slow_link),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_peer_max_message),
        cmocka_unit_test(test_peer_takes_little),
        cmocka_unit_test(test_stalled_peer),
        cmocka_unit_test(test_empty_flood_is_bounded),
        cmocka_unit_test(test_vanished_peer_ends),
        cmocka_unit_test(test_unreliable),
        cmocka_unit_test(test_lifetime_in_the_queue),
        cmocka_unit_test(test_buffered_low),
        cmocka_unit_test(test_fairness),
        cmocka_unit_test(test_least_priority),
        cmocka_unit_test(test_burst_is_bundled),
        cmocka_unit_test(test_repeatable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
