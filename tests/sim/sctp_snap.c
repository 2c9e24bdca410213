/* SPDX-License-Identifier: MIT */
/* Associations that begin without a handshake (SNAP, draft-hancke-tsvwg-snap): how soon channels open, for how long what was prepared
 * holds, and what follows when only one side knows of it. */
#include "sctp_scenario.h"

#include "snap.h"

#include <string.h>

#define MS ((rtc_time_t)1000)

static const struct sim_link slow = {.delay_us = 50000};

struct scene {
    struct sctp_sim *sim;
    struct snap *snap[2];
    uint32_t handle;
};

static void begin(struct scene *s, uint64_t seed, const struct sim_link *link)
{
    *s = (struct scene){.sim = sctp_begin(seed, link, NULL)};
    s->sim->rtt_us = 2 * link->delay_us;
    for (int i = 0; i < 2; i++)
        assert_int_equal(data_channels_prepare(s->sim->end[i].dc, s->sim->now, &s->snap[i]), RTC_OK);
    struct data_channel_options options = sim_reliable("snap");
    s->handle = sim_open(s->sim, 0, &options);
}

/* Each has the other's chunk, of those that know of it. */
static void exchange(struct scene *s, bool first, bool second)
{
    const bool knows[] = {first, second};
    for (int i = 0; i < 2; i++) {
        if (!knows[i]) {
            snap_free(s->snap[i]);
            continue;
        }
        if (s->snap[!i])
            snap_take(s->snap[i], snap_init(s->snap[!i]));
    }
    for (int i = 0; i < 2; i++)
        if (knows[i])
            data_channels_set_snap(s->sim->end[i].dc, s->snap[i]);
}

static void start(struct scene *s, int i)
{
    struct sim_end *e = &s->sim->end[i];
    assert_int_equal(data_channels_start(e->dc, s->sim->now, i == 0, 0, s->sim->rtt_us, &e->out), RTC_OK);
    sctp_sim_flush(s->sim, i);
}

static void start_both(struct scene *s)
{
    start(s, 0);
    start(s, 1);
}

static struct sim_channel *ours(struct scene *s)
{
    return sim_channel(s->sim, 0, s->handle);
}

static void end(struct scene *s)
{
    sctp_finish(s->sim);
}

static void expect_talk(struct scene *s)
{
    sctp_sim_run(s->sim, 100 * MS);
    struct sim_channel *theirs = sim_channel_by_peer(s->sim, 1, 0);
    assert_non_null(theirs);
    sctp_send_all(s->sim, 0, s->handle, 5000, 200);
    sctp_sim_run(s->sim, 10 * SECOND);
    assert_perfect(s->sim, theirs, 200);
    assert_int_equal(ours(s)->errors, 0);
    /* Streams can be reset, which both INITs said. */
    sim_close(s->sim, 0, s->handle);
    sctp_sim_run(s->sim, 2 * SECOND);
    assert_int_equal(ours(s)->state, CHANNEL_CLOSED);
    assert_int_equal(theirs->state, CHANNEL_CLOSED);
}

/* Open at once here, and there with the first packet. */
static void without_a_round_trip(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1, &slow);
    exchange(&s, true, true);
    start_both(&s);
    for (int i = 0; i < 2; i++)
        assert_int_equal(s.sim->end[i].state, SCTP_CONNECTED);
    assert_int_equal(ours(&s)->state, CHANNEL_OPEN);
    assert_int_equal(s.sim->end[0].packets_sent, 1); /* DATA_CHANNEL_OPEN */
    assert_int_equal(s.sim->end[1].packets_sent, 0);
    sctp_sim_run(s.sim, slow.delay_us + MS);
    assert_non_null(sim_channel_by_peer(s.sim, 1, 0));
    expect_talk(&s);
    end(&s);
}

/* A person takes an hour to answer, and other associations move the engine's clock meanwhile. */
static void after_an_hour(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 2, &slow);
    struct sctp_sim *other = sctp_begin(3, &SIM_CLEAN, NULL);
    other->now = s.sim->now;
    assert_true(sctp_sim_connect(other, 0));
    for (int i = 0; i < 3600; i++)
        sctp_sim_run(other, SECOND);
    s.sim->now = other->now;
    sctp_finish(other);
    exchange(&s, true, true);
    start_both(&s);
    for (int i = 0; i < 2; i++)
        assert_int_equal(s.sim->end[i].state, SCTP_CONNECTED);
    expect_talk(&s);
    end(&s);
}

/* What is lost is repeated after a timeout that knows the round trip, whatever time went by before. */
static void losses(void **state)
{
    (void)state;
    for (uint64_t seed = 10; seed < 30; seed++) {
        struct scene s;
        const struct sim_link lossy = {.delay_us = 20000, .loss = 0.2};
        begin(&s, seed, &lossy);
        exchange(&s, true, true);
        start_both(&s);
        sctp_sim_run(s.sim, 5 * SECOND);
        assert_non_null(sim_channel_by_peer(s.sim, 1, 0));
        end(&s);
    }
    struct scene s;
    begin(&s, 4, &slow);
    exchange(&s, true, true);
    s.sim->end[1].deaf = true;
    start_both(&s);
    sctp_sim_run(s.sim, slow.delay_us + MS);
    s.sim->end[1].deaf = false;
    sctp_sim_run(s.sim, 600 * MS); /* the least retransmission timeout, and the way */
    assert_non_null(sim_channel_by_peer(s.sim, 1, 0));
    end(&s);
}

/* Only one side knows of it: both go through the handshake. */
static void one_side_only(void **state)
{
    (void)state;
    for (int knows = 0; knows < 2; knows++) {
        struct scene s;
        begin(&s, 5 + (uint64_t)knows, &slow);
        exchange(&s, false, false);
        start_both(&s);
        assert_int_equal(s.sim->end[knows].state, SCTP_CONNECTING);
        sctp_sim_run(s.sim, SECOND);
        assert_int_equal(s.sim->end[0].state, SCTP_CONNECTED);
        expect_talk(&s);
        end(&s);
    }
}

/* One side has what both agreed on, and the other lost it: its handshake is a restart to the first, which has its channels still. */
static void one_side_forgot(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 7, &slow);
    struct snap *forgotten = s.snap[0];
    snap_take(s.snap[1], snap_init(s.snap[0]));
    data_channels_set_snap(s.sim->end[1].dc, s.snap[1]);
    snap_free(forgotten);
    start_both(&s);
    assert_int_equal(s.sim->end[1].state, SCTP_CONNECTED);
    sctp_sim_run(s.sim, 2 * SECOND);
    assert_int_equal(s.sim->end[0].state, SCTP_CONNECTED);
    assert_int_equal(s.sim->end[1].state, SCTP_CONNECTED);
    expect_talk(&s);
    end(&s);
}

/* The same, and the side that has it sends at once, on a channel of its own: what the other one does not take before its handshake comes
 * afterwards, in order. */
static void what_was_sent_early(void **state)
{
    (void)state;
    for (size_t len = 100; len <= 1000; len += 900) {
        struct scene s;
        begin(&s, 12, &slow);
        struct snap *forgotten = s.snap[0];
        snap_take(s.snap[1], snap_init(s.snap[0]));
        data_channels_set_snap(s.sim->end[1].dc, s.snap[1]);
        snap_free(forgotten);
        struct data_channel_options options = sim_reliable("early");
        uint32_t early = sim_open(s.sim, 1, &options);
        start(&s, 1);
        for (uint32_t i = 0; i < 2; i++)
            assert_int_equal(sim_send_numbered(s.sim, 1, early, len, i), RTC_OK);
        start(&s, 0);
        sctp_sim_run(s.sim, 2 * SECOND);
        struct sim_channel *theirs = sim_channel_by_peer(s.sim, 0, 0);
        assert_non_null(theirs);
        assert_perfect(s.sim, theirs, 2);
        assert_int_equal(sim_channel(s.sim, 1, early)->errors, 0);
        assert_int_equal(sim_info(s.sim, 1, early).buffered, 0);
        expect_talk(&s);
        end(&s);
    }
}

/* A peer begins anew later: it has forgotten every channel. */
static void a_restart_afterwards(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 8, &SIM_CLEAN);
    exchange(&s, true, true);
    start_both(&s);
    sctp_sim_run(s.sim, SECOND);
    struct sim_end *e = &s.sim->end[1];
    data_channels_free(e->dc);
    e->count = 0;
    e->state = SCTP_NEW;
    const struct data_channels_options options = {0};
    assert_int_equal(data_channels_new(s.sim->context, &options, &e->dc), RTC_OK);
    start(&s, 1);
    sctp_sim_run(s.sim, SECOND);
    assert_int_equal(s.sim->end[0].state, SCTP_CLOSED);
    assert_int_equal(ours(&s)->error, RTC_ERR_NETWORK);
    end(&s);
}

/* What is below begins anew: a peer may begin again without a word, so both shake hands, and what was acknowledged is not lost. What was on
 * its way is, and its channel fails. */
static void what_is_below_begins_anew(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        struct scene s;
        begin(&s, 11, &SIM_CLEAN);
        exchange(&s, true, true);
        start_both(&s);
        sctp_sim_run(s.sim, SECOND);
        s.sim->end[1].deaf = lost;
        assert_int_equal(sim_send_numbered(s.sim, 0, s.handle, 100, 0), RTC_OK);
        sctp_sim_run(s.sim, 100 * MS);
        s.sim->end[1].deaf = false;
        for (int i = 0; i < 2; i++)
            data_channels_expect_restart(s.sim->end[i].dc);
        for (int i = 0; i < 2; i++) {
            uint64_t before = s.sim->end[i].packets_sent;
            data_channels_go_on(s.sim->end[i].dc, s.sim->now, &s.sim->end[i].out);
            sctp_sim_flush(s.sim, i);
            assert_int_equal(s.sim->end[i].packets_sent, before + 1); /* INIT */
        }
        sctp_sim_run(s.sim, SECOND);
        for (int i = 0; i < 2; i++)
            assert_int_equal(s.sim->end[i].state, SCTP_CONNECTED);
        assert_int_equal(ours(&s)->state, lost ? CHANNEL_CLOSED : CHANNEL_OPEN);
        assert_int_equal(ours(&s)->errors, lost);
        assert_int_equal(sim_channel_by_peer(s.sim, 1, 0)->received, !lost);
        if (!lost)
            assert_int_equal(sim_send_numbered(s.sim, 0, s.handle, 100, 1), RTC_OK);
        sctp_sim_run(s.sim, SECOND);
        assert_int_equal(sim_channel_by_peer(s.sim, 1, 0)->received, lost ? 0 : 2);
        end(&s);
    }
}

/* Who sends our own chunk back does not know what it is; what is none is not taken. */
static void what_is_not_taken(void **state)
{
    struct scene s;
    uint8_t changed[SNAP_INIT_MAX];
    (void)state;
    begin(&s, 9, &SIM_CLEAN);
    struct slice theirs = snap_init(s.snap[1]);
    assert_true(snap_can_take(s.snap[0], theirs));
    assert_false(snap_can_take(s.snap[0], snap_init(s.snap[0])));
    assert_false(snap_can_take(s.snap[0], slice_of(NULL, 0)));
    memcpy(changed, theirs.data, theirs.len);
    memset(changed + 4, 0, 4); /* the tag */
    assert_false(snap_can_take(s.snap[0], slice_of(changed, theirs.len)));
    snap_take(s.snap[0], slice_of(changed, theirs.len));
    data_channels_set_snap(s.sim->end[0].dc, s.snap[0]);
    snap_free(s.snap[1]);
    start_both(&s);
    sctp_sim_run(s.sim, SECOND);
    expect_talk(&s);
    end(&s);
}

/* The association before was with a peer that had another port. */
static void another_port_before(void **state)
{
    struct scene s = {.sim = sctp_begin(11, &SIM_CLEAN, NULL)};
    struct data_channel_options options = sim_reliable("snap");
    (void)state;
    for (int i = 0; i < 2; i++) {
        data_channels_set_remote_port(s.sim->end[i].dc, 5001);
        assert_int_equal(data_channels_prepare(s.sim->end[i].dc, s.sim->now, &s.snap[i]), RTC_OK);
        data_channels_set_remote_port(s.sim->end[i].dc, SCTP_DEFAULT_PORT);
    }
    s.handle = sim_open(s.sim, 0, &options);
    exchange(&s, true, true);
    start_both(&s);
    expect_talk(&s);
    end(&s);
}

/* The peer has fewer streams. */
static void few_streams(void **state)
{
    struct scene s;
    uint8_t changed[SNAP_INIT_MAX];
    (void)state;
    begin(&s, 10, &SIM_CLEAN);
    struct slice theirs = snap_init(s.snap[1]);
    memcpy(changed, theirs.data, theirs.len);
    memcpy(changed + 12, (const uint8_t[]){0, 4, 0, 3}, 4);
    snap_take(s.snap[0], slice_of(changed, theirs.len));
    data_channels_set_snap(s.sim->end[0].dc, s.snap[0]);
    snap_free(s.snap[1]);
    start(&s, 0);
    assert_int_equal(s.sim->end[0].state, SCTP_CONNECTED);
    assert_int_equal(data_channels_max(s.sim->end[0].dc), 3);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_round_trip), cmocka_unit_test(after_an_hour),       cmocka_unit_test(losses),
        cmocka_unit_test(one_side_only),        cmocka_unit_test(one_side_forgot),     cmocka_unit_test(a_restart_afterwards),
        cmocka_unit_test(what_is_not_taken),    cmocka_unit_test(few_streams),         cmocka_unit_test(what_is_below_begins_anew),
        cmocka_unit_test(another_port_before),  cmocka_unit_test(what_was_sent_early),
    };
    return cmocka_run_group_tests_name("associations without a handshake", tests, NULL, NULL);
}
