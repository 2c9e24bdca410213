/* SPDX-License-Identifier: MIT */
/* The life of data channels: ids and parity, opening from both sides, closing from either, ids used again, and the end of the association.
 */
#include "sctp_scenario.h"

#include <dlfcn.h>

static struct data_channel_options negotiated(uint16_t id)
{
    struct data_channel_options options = sim_reliable("agreed");
    options.negotiated = true;
    options.id = id;
    return options;
}

static void test_parity_and_labels(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(200, &SIM_CLEAN);
    static const char text[] = "l\0\xff\xfe";
    struct data_channel_options options = sim_reliable("");
    options.label = slice_of(text, 4);
    options.protocol = slice_str("proto");
    options.priority = 1024;
    uint32_t ours = sim_open(sim, 0, &options), theirs = sim_open(sim, 1, &options);
    assert_int_equal(sim_channel(sim, 0, ours)->state, CHANNEL_OPEN);
    sctp_sim_run(sim, SECOND);
    assert_int_equal(sim_info(sim, 0, ours).id, 0);
    assert_int_equal(sim_info(sim, 1, theirs).id, 1);
    struct sim_channel *b = sim_channel_by_peer(sim, 1, 0);
    struct data_channel_info info = sim_info(sim, 1, b->handle);
    assert_true(slice_eq(info.label, options.label));
    assert_true(slice_is(info.protocol, "proto"));
    assert_int_equal(info.id, 0);
    assert_int_equal(info.priority, 1024);
    assert_false(info.negotiated);
    sctp_finish(sim);
}

/* Made before the association: in order, with ids once they are known. */
static void test_open_before_start(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_begin(201, &SIM_CLEAN, NULL);
    struct data_channel_options options = sim_reliable("early");
    uint32_t first = sim_open(sim, 1, &options), second = sim_open(sim, 1, &options);
    assert_int_equal(sim_info(sim, 1, first).id, CHANNEL_ID_NONE);
    assert_int_equal(sim_info(sim, 1, first).state, CHANNEL_CONNECTING);
    assert_int_equal(sim_send(sim, 1, first, true, slice_str("x")), RTC_ERR_INVALID_STATE);
    uint32_t third = sim_open(sim, 1, &options);
    sim_close(sim, 1, third);
    assert_int_equal(sim_channel(sim, 1, third)->state, CHANNEL_CLOSED);
    assert_true(sctp_sim_connect(sim, 0));
    sctp_sim_run(sim, SECOND);
    assert_int_equal(sim_info(sim, 1, first).id, 1);
    assert_int_equal(sim_info(sim, 1, second).id, 3);
    assert_non_null(sim_channel_by_peer(sim, 0, 1));
    assert_null(sim_channel_by_peer(sim, 0, 2));
    sctp_finish(sim);
}

/* OPEN leaves with COOKIE ECHO: the peer knows the channel after one and a half round trips. */
static void test_opened_with_the_cookie(void **state)
{
    static const struct sim_link link = {.delay_us = 50000};
    (void)state;
    struct sctp_sim *sim = sctp_begin(202, &link, NULL);
    struct data_channel_options options = sim_reliable("soon"), bulky = options;
    char *label = calloc(1, 2000);
    assert_non_null(label);
    bulky.label = slice_of(label, 2000); /* fills packets: it waits until the association is up */
    uint32_t first = sim_open(sim, 0, &options), second = sim_open(sim, 0, &bulky);
    rtc_time_t began = sim->now;
    assert_true(sctp_sim_connect(sim, 0));
    assert_int_equal(sim->now - began, 150000);
    assert_non_null(sim_channel_by_peer(sim, 1, 0));
    assert_null(sim_channel_by_peer(sim, 1, 1));
    assert_int_equal(sim_info(sim, 0, first).id, 0);
    sctp_sim_run(sim, 100000);
    assert_int_equal(sim_channel(sim, 0, second)->state, CHANNEL_OPEN);
    assert_non_null(sim_channel_by_peer(sim, 1, 1));
    assert_int_equal(sim->end[0].packets_sent + sim->end[1].packets_sent < 20, true);
    free(label);
    sctp_finish(sim);
}

/* The peer hears of a channel that was closed after OPEN was on its way, and that it is closed; its id is free again. */
static void test_closed_while_connecting(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_begin(203, &SIM_CLEAN, NULL);
    struct data_channel_options options = sim_reliable("short");
    uint32_t handle = sim_open(sim, 0, &options), late;
    for (int n = 0; n < 2; n++) {
        assert_int_equal(data_channels_start(sim->end[n].dc, sim->now, n == 0, 0, 2000, &sim->end[n].out), RTC_OK);
        sctp_sim_flush(sim, n);
    }
    late = sim_open(sim, 0, &options);
    assert_int_equal(sim_info(sim, 0, late).id, 2);
    sim_close(sim, 0, handle);
    assert_int_equal(sim_channel(sim, 0, handle)->state, CHANNEL_CLOSING);
    sctp_sim_run(sim, SECOND);
    assert_int_equal(sim_channel(sim, 0, handle)->state, CHANNEL_CLOSED);
    assert_int_equal(sim_channel(sim, 0, handle)->closed_events, 1);
    assert_int_equal(sim_channel_by_peer(sim, 1, 0)->state, CHANNEL_CLOSED);
    assert_int_equal(sim_channel_by_peer(sim, 1, 1)->state, CHANNEL_OPEN);
    assert_int_equal(sim_channel(sim, 0, late)->state, CHANNEL_OPEN);
    uint32_t again = sim_open(sim, 0, &options);
    assert_int_equal(sim_info(sim, 0, again).id, 0);
    sctp_finish(sim);
}

/* Closed while connecting, on a stream that the peer then does not grant. */
static void test_closed_beyond_the_streams(void **state)
{
    (void)state;
    struct data_channels_options few = {.max_channels = 2};
    struct sctp_sim *sim = sctp_begin(204, &SIM_CLEAN, &few);
    data_channels_free(sim->end[0].dc);
    assert_int_equal(data_channels_new(sim->context, &(struct data_channels_options){0}, &sim->end[0].dc), RTC_OK);
    struct data_channel_options options = sim_reliable("n");
    uint32_t handles[3];
    for (int i = 0; i < 3; i++)
        handles[i] = sim_open(sim, 0, &options);
    assert_int_equal(data_channels_start(sim->end[0].dc, sim->now, true, 0, 2000, &sim->end[0].out), RTC_OK);
    sctp_sim_flush(sim, 0);
    sim_close(sim, 0, handles[1]);
    assert_int_equal(data_channels_start(sim->end[1].dc, sim->now, false, 0, 2000, &sim->end[1].out), RTC_OK);
    sctp_sim_flush(sim, 1);
    sctp_sim_run(sim, SECOND);
    assert_int_equal(sim_channel(sim, 0, handles[0])->state, CHANNEL_OPEN);
    assert_int_equal(sim_channel(sim, 0, handles[1])->state, CHANNEL_CLOSED);
    assert_int_equal(sim_channel(sim, 0, handles[1])->errors, 0);
    assert_int_equal(sim_channel(sim, 0, handles[2])->state, CHANNEL_CLOSED);
    assert_int_equal(sim_channel(sim, 0, handles[2])->error, RTC_ERR_RANGE);
    assert_non_null(sim_channel_by_peer(sim, 1, 0));
    assert_null(sim_channel_by_peer(sim, 1, 1));
    assert_int_equal(sim_send(sim, 0, handles[0], true, slice_str("x")), RTC_OK);
    sctp_sim_run(sim, SECOND);
    assert_int_equal(sim_channel_by_peer(sim, 1, 0)->received, 1);
    sctp_finish(sim);
}

static void test_bad_options(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(202, &SIM_CLEAN);
    struct data_channels *dc = sim->end[0].dc;
    struct out *out = &sim->end[0].out;
    uint32_t handle;
    static uint8_t text[65536];
    struct data_channel_options o = sim_reliable("x");
    o.max_retransmits = o.max_packet_life_ms = 1;
    assert_int_equal(data_channels_open(dc, sim->now, &o, &handle, out), RTC_ERR_TYPE);
    o = sim_reliable("x");
    o.label = slice_of(text, 65536);
    assert_int_equal(data_channels_open(dc, sim->now, &o, &handle, out), RTC_ERR_TYPE);
    o = negotiated(CHANNEL_ID_NONE);
    assert_int_equal(data_channels_open(dc, sim->now, &o, &handle, out), RTC_ERR_TYPE);
    o = negotiated(256);
    assert_int_equal(data_channels_open(dc, sim->now, &o, &handle, out), RTC_ERR_RANGE);
    o = negotiated(255);
    assert_int_equal(data_channels_open(dc, sim->now, &o, &handle, out), RTC_OK);
    assert_int_equal(data_channels_open(dc, sim->now, &o, &handle, out), RTC_ERR_OPERATION);
    assert_int_equal(data_channels_send(dc, sim->now, 12345, false, slice_str("x"), out), RTC_ERR_NOT_FOUND);
    /* The longest label and protocol that there can be. */
    o = sim_reliable("x");
    o.label = o.protocol = slice_of(text, 65535);
    assert_int_equal(data_channels_open(dc, sim->now, &o, &handle, out), RTC_OK);
    sctp_sim_flush(sim, 0);
    sctp_sim_run(sim, SECOND);
    assert_int_equal(sim_info(sim, 1, sim_channel_by_peer(sim, 1, 0)->handle).protocol.len, 65535);
    sctp_finish(sim);
}

static void test_negotiated(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_begin(203, &SIM_CLEAN, NULL);
    struct data_channel_options options = negotiated(7);
    uint32_t a = sim_open(sim, 0, &options);
    assert_true(sctp_sim_connect(sim, 0));
    uint32_t b = sim_open(sim, 1, &options);
    assert_int_equal(sim_channel(sim, 0, a)->state, CHANNEL_OPEN);
    assert_int_equal(sim_channel(sim, 1, b)->state, CHANNEL_OPEN);
    assert_int_equal(sim_send_numbered(sim, 0, a, 1000, 0), RTC_OK);
    assert_int_equal(sim_send_numbered(sim, 1, b, 1000, 0), RTC_OK);
    sctp_sim_run(sim, SECOND);
    assert_perfect(sim, sim_channel(sim, 0, a), 1);
    assert_perfect(sim, sim_channel(sim, 1, b), 1);
    /* An id in use is skipped by channels opened in-band. */
    struct data_channel_options taken = negotiated(0), plain = sim_reliable("next");
    (void)sim_open(sim, 0, &taken);
    assert_int_equal(sim_info(sim, 0, sim_open(sim, 0, &plain)).id, 2);
    sctp_finish(sim);
}

/* Both sides open a hundred at once, over a bad network; all work. */
static void test_many_from_both_sides(void **state)
{
    (void)state;
    static const struct sim_link link = {.delay_us = 10000, .jitter_us = 3000, .loss = 0.05};
    enum { COUNT = 100 };
    struct sctp_sim *sim = sctp_begin(204, &link, NULL);
    uint32_t handles[2][COUNT];
    struct data_channel_options options = sim_reliable("many");
    for (int n = 0; n < 2 * COUNT; n++)
        handles[n & 1][n / 2] = sim_open(sim, n & 1, &options);
    assert_true(sctp_sim_connect(sim, 0));
    for (int n = 0; n < 2 * COUNT; n++)
        assert_int_equal(sim_send_numbered(sim, n & 1, handles[n & 1][n / 2], 2000, 0), RTC_OK);
    sctp_sim_run(sim, 20 * SECOND);
    for (int end = 0; end < 2; end++)
        for (size_t i = 0; i < COUNT; i++) {
            assert_int_equal(sim_info(sim, end, handles[end][i]).id % 2, end);
            struct sim_channel *c = sim_channel_by_peer(sim, end, i);
            assert_non_null(c);
            assert_perfect(sim, c, 1);
        }
    assert_int_equal(data_channels_counters(sim->end[0].dc)->malformed, 0);
    sctp_finish(sim);
}

/* max_channels is the truth of both sides. */
static void test_max_channels(void **state)
{
    (void)state;
    struct data_channels_options few = {.max_channels = 4};
    struct sctp_sim *sim = sctp_begin(205, &SIM_CLEAN, &few);
    data_channels_free(sim->end[1].dc);
    assert_int_equal(data_channels_new(sim->context, &(struct data_channels_options){.max_channels = 65535}, &sim->end[1].dc), RTC_OK);
    assert_int_equal(data_channels_max(sim->end[1].dc), 65535);
    struct data_channel_options options = sim_reliable("n"), far = negotiated(60000);
    uint32_t beyond = sim_open(sim, 1, &far), handles[3];
    for (int i = 0; i < 3; i++)
        handles[i] = sim_open(sim, 1, &options);
    assert_true(sctp_sim_connect(sim, 0));
    assert_int_equal(data_channels_max(sim->end[0].dc), 4);
    assert_int_equal(data_channels_max(sim->end[1].dc), 4);
    assert_int_equal(sim_channel(sim, 1, beyond)->state, CHANNEL_CLOSED);
    assert_int_equal(sim_channel(sim, 1, beyond)->error, RTC_ERR_RANGE);
    assert_int_equal(sim_channel(sim, 1, handles[1])->state, CHANNEL_OPEN);
    assert_int_equal(sim_channel(sim, 1, handles[2])->state, CHANNEL_CLOSED);
    uint32_t handle;
    assert_int_equal(data_channels_open(sim->end[1].dc, sim->now, &options, &handle, &sim->end[1].out), RTC_ERR_OPERATION);
    sctp_finish(sim);
}

static void assert_closed_both(struct sctp_sim *sim, uint32_t a, uint32_t b)
{
    struct sim_channel *ours = sim_channel(sim, 0, a), *theirs = sim_channel(sim, 1, b);
    assert_int_equal(ours->state, CHANNEL_CLOSED);
    assert_int_equal(theirs->state, CHANNEL_CLOSED);
    assert_int_equal(ours->closed_events, 1);
    assert_int_equal(theirs->closed_events, 1);
    assert_int_equal(ours->errors + theirs->errors, 0);
}

static void close_after_sending(uint64_t seed, const struct sim_link *link, int closer)
{
    enum { COUNT = 40 };
    struct sctp_sim *sim = sctp_connected(seed, link);
    struct data_channel_options options = sim_reliable("closing");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    uint32_t handles[2] = {handle, b->handle};
    sctp_send_all(sim, closer, handles[closer], 30000, COUNT);
    sim_close(sim, closer, handles[closer]);
    sim_close(sim, closer, handles[closer]);
    assert_int_equal(sim_channel(sim, closer, handles[closer])->state, CHANNEL_CLOSING);
    assert_int_equal(sim_send_numbered(sim, closer, handles[closer], 10, COUNT), RTC_ERR_INVALID_STATE);
    sctp_sim_run(sim, 120 * (rtc_time_t)SECOND);
    assert_perfect(sim, sim_channel(sim, !closer, handles[!closer]), COUNT);
    assert_closed_both(sim, handle, b->handle);
    /* Known until forgotten; then the id serves again. */
    assert_int_equal(sim_info(sim, 0, handle).messages_sent, closer == 0 ? COUNT : 0);
    struct data_channel_info gone;
    data_channels_forget(sim->end[0].dc, handle);
    assert_false(data_channels_info(sim->end[0].dc, handle, &gone));
    uint32_t again = sim_open(sim, 0, &options);
    assert_true(again > handle);
    assert_int_equal(sim_info(sim, 0, again).id, 0);
    assert_int_equal(sim_send_numbered(sim, 0, again, 5000, 0), RTC_OK);
    sctp_sim_run(sim, 5 * SECOND);
    assert_perfect(sim, sim_channel_by_peer(sim, 1, 1), 1);
    sctp_finish(sim);
}

static void test_close(void **state)
{
    (void)state;
    static const struct sim_link bad = {.delay_us = 20000, .loss = 0.08, .duplicate = 0.05, .reorder = 0.05, .reorder_us = 10000};
    for (int closer = 0; closer < 2; closer++) {
        close_after_sending(210, &SIM_CLEAN, closer);
        for (uint64_t seed = 211; seed < 216; seed++)
            close_after_sending(seed, &bad, closer);
    }
}

static void test_close_both_at_once(void **state)
{
    (void)state;
    static const struct sim_link bad = {.delay_us = 20000, .loss = 0.1};
    for (uint64_t seed = 220; seed < 226; seed++) {
        struct sctp_sim *sim = sctp_connected(seed, &bad);
        struct data_channel_options options = sim_reliable("both");
        struct sim_channel *b;
        uint32_t handle = sctp_open_one(sim, &options, &b);
        sim_close(sim, 0, handle);
        sim_close(sim, 1, b->handle);
        sctp_sim_run(sim, 30 * SECOND);
        assert_closed_both(sim, handle, b->handle);
        sctp_finish(sim);
    }
}

/* Ids go round and round; nothing leaks from one life into the next. */
static void test_ids_used_again(void **state)
{
    (void)state;
    static const struct sim_link bad = {.delay_us = 5000, .loss = 0.05, .jitter_us = 3000};
    struct sctp_sim *sim = sctp_connected(230, &bad);
    struct data_channel_options options = sim_reliable("again");
    for (size_t life = 0; life < 30; life++) {
        uint32_t handle = sim_open(sim, 0, &options);
        assert_true(handle > 0);
        assert_true(sim_info(sim, 0, handle).id <= 2);
        for (uint32_t i = 0; i < 5; i++)
            assert_int_equal(sim_send_numbered(sim, 0, handle, 3000, i), RTC_OK);
        sim_close(sim, 0, handle);
        struct sim_channel *a = sim_channel(sim, 0, handle);
        for (int i = 0; i < 3000 && a->state != CHANNEL_CLOSED; i++)
            sctp_sim_run(sim, 10000);
        assert_int_equal(a->state, CHANNEL_CLOSED);
        assert_perfect(sim, sim_channel_by_peer(sim, 1, life), 5);
    }
    assert_int_equal(data_channels_counters(sim->end[1].dc)->malformed, 0);
    assert_int_equal(data_channels_counters(sim->end[1].dc)->dropped, 0);
    sctp_finish(sim);
}

static void test_many_close_at_once(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    static const struct sim_link bad = {.delay_us = 10000, .loss = 0.03};
    struct sctp_sim *sim = sctp_begin(231, &bad, &(struct data_channels_options){.max_channels = 512});
    assert_true(sctp_sim_connect(sim, 0));
    struct data_channel_options options = sim_reliable("two hundred");
    uint32_t handles[COUNT];
    for (int i = 0; i < COUNT; i++) {
        handles[i] = sim_open(sim, 0, &options);
        assert_int_equal(sim_send_numbered(sim, 0, handles[i], 500, 0), RTC_OK);
    }
    for (int i = 0; i < COUNT; i++)
        sim_close(sim, 0, handles[i]);
    sctp_sim_run(sim, 60 * SECOND);
    for (size_t i = 0; i < COUNT; i++) {
        struct sim_channel *b = sim_channel_by_peer(sim, 1, i);
        assert_perfect(sim, b, 1);
        assert_closed_both(sim, handles[i], b->handle);
    }
    assert_int_equal(sim->end[0].state, SCTP_CONNECTED);
    sctp_finish(sim);
}

/* The reset is repeated until it is answered. */
static void test_close_while_peer_is_away(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(232, &SIM_CLEAN);
    struct data_channel_options options = sim_reliable("away");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    sctp_sim_run(sim, 3 * SECOND);
    sim->end[1].deaf = true;
    sim_close(sim, 0, handle);
    sctp_sim_run(sim, 5 * SECOND);
    assert_int_equal(sim_channel(sim, 0, handle)->state, CHANNEL_CLOSING);
    sim->end[1].deaf = false;
    sctp_sim_run(sim, 10 * SECOND);
    assert_closed_both(sim, handle, b->handle);
    sctp_finish(sim);
}

static void test_association_closed(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(240, &SIM_CLEAN);
    struct data_channel_options options = sim_reliable("end");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    data_channels_close(sim->end[0].dc, sim->now, &sim->end[0].out);
    sctp_sim_flush(sim, 0);
    assert_int_equal(sim->end[0].state, SCTP_CLOSED);
    assert_int_equal(data_channels_state(sim->end[0].dc), SCTP_CLOSED);
    sctp_sim_run(sim, SECOND);
    assert_int_equal(sim->end[1].state, SCTP_CLOSED);
    assert_int_equal(sim_channel(sim, 0, handle)->state, CHANNEL_CLOSED);
    assert_int_equal(sim_channel(sim, 0, handle)->errors, 0); /* here it was wished for */
    assert_int_equal(b->state, CHANNEL_CLOSED);
    assert_int_equal(b->closed_events, 1);
    assert_int_equal(b->errors, 1); /* there the association was aborted (webrtc-pc 6.2, closed "with an error") */
    assert_int_equal(b->error, RTC_ERR_NETWORK);
    assert_int_equal(sim_send_numbered(sim, 1, b->handle, 10, 0), RTC_ERR_INVALID_STATE);
    uint32_t late = sim_open(sim, 1, &options);
    assert_int_equal(sim_channel(sim, 1, late)->state, CHANNEL_CLOSED);
    assert_int_equal(sim_channel(sim, 1, late)->error, RTC_ERR_NETWORK);
    data_channels_close(sim->end[0].dc, sim->now, &sim->end[0].out);
    sctp_sim_run(sim, SECOND);
    assert_int_equal(sim_channel(sim, 0, handle)->closed_events, 1);
    sctp_finish(sim);
}

static void test_closed_before_start(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_begin(241, &SIM_CLEAN, NULL);
    struct data_channel_options options = sim_reliable("never");
    uint32_t handle = sim_open(sim, 0, &options);
    assert_int_equal(data_channels_deadline(sim->end[0].dc, NULL), RTC_TIME_NEVER);
    data_channels_close(sim->end[0].dc, sim->now, &sim->end[0].out);
    sctp_sim_flush(sim, 0);
    assert_int_equal(sim_channel(sim, 0, handle)->state, CHANNEL_CLOSED);
    assert_int_equal(data_channels_start(sim->end[0].dc, sim->now, true, 0, 0, &sim->end[0].out), RTC_ERR_INVALID_STATE);
    sctp_finish(sim);
}

/* Idle costs a tick a second; traffic brings the fine ticks back. */
static void test_idle_deadline(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(250, &SIM_CLEAN);
    struct data_channel_options options = sim_reliable("idle");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    sctp_sim_run(sim, 5 * SECOND);
    enum timer_reason why = TIMER_NONE;
    rtc_time_t left = data_channels_deadline(sim->end[0].dc, &why) - sim->now;
    assert_in_range(left, 1, SECOND);
    assert_int_equal(why, TIMER_SCTP);
    uint64_t before = sim->end[0].packets_sent;
    sctp_sim_run(sim, 100 * SECOND);
    assert_int_equal(sim->end[0].packets_sent, before); /* no heartbeats */
    assert_int_equal(sim_send_numbered(sim, 0, handle, 10, 0), RTC_OK);
    assert_true(data_channels_deadline(sim->end[0].dc, NULL) <= sim->now + 10000);
    assert_true(sctp_sim_run_until(sim, &b->received, 1, 5000));
    sctp_sim_run(sim, SECOND);
    assert_int_equal(data_channels_counters(sim->end[0].dc)->retransmits, 0);
    sctp_finish(sim);
}

/* The engine's walks over the timers of all associations, counted: this takes the place of its function and calls it. */
static unsigned timer_walks;
void usrsctp_handle_timers(uint32_t elapsed_ms);
void usrsctp_handle_timers(uint32_t elapsed_ms)
{
    static void (*walk)(uint32_t elapsed_ms);
    if (!walk)
        *(void **)&walk = dlsym(RTLD_NEXT, "usrsctp_handle_timers");
    assert_non_null(walk);
    timer_walks++;
    walk(elapsed_ms);
}

/* As many idle associations make no more walks than a few. */
static void test_idle_together(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(243, &SIM_CLEAN);
    sctp_sim_run(sim, 3 * SECOND);
    timer_walks = 0;
    for (int i = 0; i < 1000; i++) { /* ten seconds of a hundred of them */
        sim->now += 10000;
        data_channels_tick(sim->end[i % 2].dc, sim->now, &sim->end[i % 2].out);
        sctp_sim_flush(sim, i % 2);
    }
    assert_in_range(timer_walks, 90, 110);
    struct data_channel_options options = sim_reliable("awake");
    struct sim_channel *theirs;
    timer_walks = 0;
    uint32_t handle = sctp_open_one(sim, &options, &theirs);
    assert_int_equal(sim_send(sim, 0, handle, true, slice_str("x")), RTC_OK);
    sctp_sim_run(sim, SECOND);
    assert_int_equal(theirs->received, 1);
    assert_true(timer_walks > 40); /* while there is traffic: every ten milliseconds */
    sctp_finish(sim);
}

static void test_damaged_packets(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(251, &SIM_CLEAN);
    struct data_channels *dc = sim->end[0].dc;
    uint8_t bytes[64] = {0x13, 0x88, 0x13, 0x88};
    for (size_t len = 0; len <= sizeof bytes; len++)
        data_channels_input(dc, sim->now, slice_of(bytes, len), &sim->end[0].out);
    assert_int_equal(data_channels_counters(dc)->malformed, sizeof bytes + 1);
    assert_int_equal(data_channels_state(dc), SCTP_CONNECTED);
    sctp_finish(sim);
}

static void test_smaller_mtu(void **state)
{
    (void)state;
    struct sctp_sim *sim = sctp_connected(252, &SIM_CLEAN);
    struct data_channel_options options = sim_reliable("relayed");
    struct sim_channel *b;
    uint32_t handle = sctp_open_one(sim, &options, &b);
    data_channels_set_mtu(sim->end[0].dc, 1000);
    sim->end[0].largest = 0;
    sctp_send_all(sim, 0, handle, 50000, 5);
    assert_true(sctp_sim_run_until(sim, &b->received, 5, 10 * SECOND));
    assert_in_range(sim->end[0].largest, 900, 1000);
    sctp_finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parity_and_labels),
        cmocka_unit_test(test_open_before_start),
        cmocka_unit_test(test_opened_with_the_cookie),
        cmocka_unit_test(test_closed_while_connecting),
        cmocka_unit_test(test_closed_beyond_the_streams),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_negotiated),
        cmocka_unit_test(test_many_from_both_sides),
        cmocka_unit_test(test_max_channels),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_close_both_at_once),
        cmocka_unit_test(test_ids_used_again),
        cmocka_unit_test(test_many_close_at_once),
        cmocka_unit_test(test_close_while_peer_is_away),
        cmocka_unit_test(test_association_closed),
        cmocka_unit_test(test_closed_before_start),
        cmocka_unit_test(test_idle_deadline),
        cmocka_unit_test(test_idle_together),
        cmocka_unit_test(test_damaged_packets),
        cmocka_unit_test(test_smaller_mtu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
