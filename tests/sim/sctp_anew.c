/* SPDX-License-Identifier: MIT */
/* Associations that begin anew under their channels (data_channel_anew.c): a peer that restarts, one that goes on, one that aborts first.
 * Nothing reliable is lost without a word. */
#include "sctp_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MS ((rtc_time_t)1000)

enum { CHANNELS = 3 }; /* ids 0, 2 and 4; the last is unreliable */

struct scene {
    rtc_context *context;
    struct sctp_sim sim;
    uint32_t handle[2][CHANNELS];
};

static void open_all(struct scene *s, int end)
{
    for (int i = 0; i < CHANNELS; i++) {
        struct data_channel_options options = sim_reliable("a");
        options.negotiated = true;
        options.id = (uint16_t)(2 * i);
        options.max_retransmits = i == 2 ? 0 : -1;
        s->handle[end][i] = sim_open(&s->sim, end, &options);
        sim_channel(&s->sim, end, s->handle[end][i])->keep = true;
    }
}

static void begin(struct scene *s, uint64_t seed)
{
    assert_int_equal(rtc_context_new(NULL, &s->context), RTC_OK);
    assert_int_equal(sctp_sim_init(&s->sim, s->context, seed, &SIM_CLEAN, NULL), RTC_OK);
    open_all(s, 0);
    open_all(s, 1);
    assert_true(sctp_sim_connect(&s->sim, 0));
    sctp_sim_run(&s->sim, 500 * MS);
}

static void end(struct scene *s)
{
    sctp_sim_fini(&s->sim);
    rtc_context_unref(s->context);
}

static int say(struct scene *s, int end, int channel, const char *text)
{
    return sim_send(&s->sim, end, s->handle[end][channel], true, slice_str(text));
}

static struct sim_channel *of(struct scene *s, int end, int channel)
{
    return sim_channel(&s->sim, end, s->handle[end][channel]);
}

static void assert_heard(struct scene *s, int end, int channel, const char *text)
{
    struct packet *p = packet_queue_pop(&of(s, end, channel)->messages);
    assert_non_null(p);
    assert_int_equal(p->len, strlen(text));
    assert_memory_equal(packet_data(p), text, p->len);
    packet_free(p);
}

/* End 1 forgets its association, and nothing else of its channels but what was in it; the next one has so many streams. */
static void replace_by(struct scene *s, uint16_t streams)
{
    struct sim_end *e = &s->sim.end[1];
    for (size_t i = 0; i < e->count; i++)
        packet_queue_clear(&e->channels[i].messages);
    data_channels_free(e->dc);
    e->count = 0;
    e->state = SCTP_NEW;
    const struct data_channels_options options = {.max_channels = streams};
    assert_int_equal(data_channels_new(s->context, &options, &e->dc), RTC_OK);
    open_all(s, 1);
}

static void replace(struct scene *s)
{
    replace_by(s, 0);
}

static void start_other(struct scene *s)
{
    struct sim_end *e = &s->sim.end[1];
    assert_int_equal(data_channels_start(e->dc, s->sim.now, false, 0, s->sim.rtt_us, &e->out), RTC_OK);
    sctp_sim_flush(&s->sim, 1);
}

static void go_on(struct scene *s)
{
    data_channels_go_on(s->sim.end[0].dc, s->sim.now, &s->sim.end[0].out);
    sctp_sim_flush(&s->sim, 0);
}

static void abort_by_peer(struct scene *s)
{
    data_channels_close(s->sim.end[1].dc, s->sim.now, &s->sim.end[1].out);
    sctp_sim_flush(&s->sim, 1);
    sctp_sim_run(&s->sim, 20 * MS);
}

static void assert_talks(struct scene *s, int channel)
{
    assert_int_equal(say(s, 0, channel, "ping"), RTC_OK);
    sctp_sim_run(&s->sim, 300 * MS);
    assert_heard(s, 1, channel, "ping");
    assert_int_equal(say(s, 1, channel, "pong"), RTC_OK);
    sctp_sim_run(&s->sim, 300 * MS);
    assert_heard(s, 0, channel, "pong");
}

/* What is sent in between waits, and arrives when the peer has begun the association again. */
static void a_peer_that_restarts(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1);
    data_channels_expect_restart(s.sim.end[0].dc);
    assert_int_equal(say(&s, 0, 0, "first"), RTC_OK);
    assert_int_equal(say(&s, 0, 0, "second"), RTC_OK);
    sctp_sim_run(&s.sim, 400 * MS);
    assert_int_equal(sim_info(&s.sim, 0, s.handle[0][0]).buffered, 11);
    assert_int_equal(of(&s, 1, 0)->received, 0);
    replace(&s);
    go_on(&s);
    start_other(&s);
    sctp_sim_run(&s.sim, 300 * MS);
    assert_heard(&s, 1, 0, "first");
    assert_heard(&s, 1, 0, "second");
    assert_int_equal(s.sim.end[0].state, SCTP_CONNECTED);
    for (int i = 0; i < CHANNELS; i++) {
        assert_int_equal(of(&s, 0, i)->state, CHANNEL_OPEN);
        assert_int_equal(of(&s, 0, i)->errors, 0);
        assert_talks(&s, i);
    }
    end(&s);
}

/* The same with messages on their way: the reliable channel fails, the others go on. */
static void what_was_on_its_way(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 2);
    s.sim.end[1].deaf = true;
    assert_int_equal(say(&s, 0, 0, "reliable"), RTC_OK);
    assert_int_equal(say(&s, 0, 2, "unreliable"), RTC_OK);
    sctp_sim_run(&s.sim, 20 * MS);
    data_channels_expect_restart(s.sim.end[0].dc);
    s.sim.end[1].deaf = false;
    replace(&s);
    go_on(&s);
    start_other(&s);
    sctp_sim_run(&s.sim, 1000 * MS);
    assert_int_equal(of(&s, 0, 0)->errors, 1);
    assert_int_equal(of(&s, 0, 0)->error, RTC_ERR_OPERATION);
    assert_int_equal(of(&s, 0, 0)->state, CHANNEL_CLOSED);
    assert_int_equal(of(&s, 1, 0)->state, CHANNEL_CLOSED); /* the peer's, too */
    assert_int_equal(of(&s, 0, 2)->errors, 0);
    assert_talks(&s, 1);
    assert_talks(&s, 2);
    end(&s);
}

/* A channel that was being closed when the peer forgot the request: the engine can not ask again within one association, another one does.
 */
static void a_reset_that_was_forgotten(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 3);
    s.sim.end[1].deaf = true;
    sim_close(&s.sim, 0, s.handle[0][0]);
    sctp_sim_run(&s.sim, 20 * MS);
    assert_int_equal(of(&s, 0, 0)->state, CHANNEL_CLOSING);
    data_channels_set_survives(s.sim.end[0].dc, true);
    abort_by_peer(&s);
    s.sim.end[1].deaf = false;
    replace(&s);
    go_on(&s);
    start_other(&s);
    sctp_sim_run(&s.sim, 1000 * MS);
    assert_int_equal(of(&s, 0, 0)->state, CHANNEL_CLOSED);
    assert_int_equal(of(&s, 0, 0)->errors, 0);
    assert_int_equal(of(&s, 1, 0)->state, CHANNEL_CLOSED);
    assert_talks(&s, 1);
    end(&s);
}

/* A peer that goes on is heard of by its first packet; one that has nothing to say is not waited for without end. */
static void a_peer_that_goes_on(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 4);
    for (int talks = 0; talks < 2; talks++) {
        data_channels_expect_restart(s.sim.end[0].dc);
        assert_int_equal(say(&s, 0, 0, "kept"), RTC_OK);
        sctp_sim_run(&s.sim, 500 * MS);
        assert_int_equal(of(&s, 1, 0)->messages.head != NULL, false);
        go_on(&s);
        if (talks)
            assert_int_equal(say(&s, 1, 1, "here"), RTC_OK);
        sctp_sim_run(&s.sim, talks ? 5 * MS : 200 * MS);
        assert_heard(&s, 1, 0, "kept");
        if (talks)
            assert_heard(&s, 0, 1, "here");
    }
    assert_talks(&s, 2);
    end(&s);
}

/* An ABORT before what is below begins anew, as it was to be. */
static void an_abort_that_is_outlived(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 5);
    data_channels_set_survives(s.sim.end[0].dc, true);
    abort_by_peer(&s);
    assert_true(data_channels_are_adrift(s.sim.end[0].dc));
    assert_int_equal(say(&s, 0, 0, "meanwhile"), RTC_OK);
    sctp_sim_run(&s.sim, 1000 * MS);
    assert_int_equal(sim_info(&s.sim, 0, s.handle[0][0]).buffered, 9);
    data_channels_expect_restart(s.sim.end[0].dc);
    data_channels_set_survives(s.sim.end[0].dc, false);
    replace(&s);
    go_on(&s);
    start_other(&s);
    sctp_sim_run(&s.sim, 300 * MS);
    assert_heard(&s, 1, 0, "meanwhile");
    assert_int_equal(s.sim.end[0].state, SCTP_CONNECTED);
    for (int i = 0; i < CHANNELS; i++) {
        assert_int_equal(of(&s, 0, i)->errors + of(&s, 0, i)->closed_events, 0);
        assert_talks(&s, i);
    }
    end(&s);
}

/* Nothing begins anew: channels end with the cause that the peer gave. */
static void an_abort_that_is_not(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        struct scene s;
        begin(&s, 6);
        data_channels_set_survives(s.sim.end[0].dc, waits);
        abort_by_peer(&s);
        assert_int_equal(s.sim.end[0].state, waits ? SCTP_CONNECTED : SCTP_CLOSED);
        if (waits) {
            data_channels_lose(s.sim.end[0].dc, s.sim.now, &s.sim.end[0].out);
            sctp_sim_flush(&s.sim, 0);
        }
        assert_int_equal(s.sim.end[0].state, SCTP_CLOSED);
        for (int i = 0; i < CHANNELS; i++) {
            assert_int_equal(of(&s, 0, i)->error, RTC_ERR_NETWORK);
            assert_int_equal(of(&s, 0, i)->state, CHANNEL_CLOSED);
        }
        end(&s);
    }
}

/* A stream that was refused is closed as a channel is: asked for again in the association that follows, and its id is free afterwards. */
static void a_refused_stream(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 8);
    data_channels_set_role(s.sim.end[1].dc, true); /* the other side's parity */
    struct data_channel_options options = sim_reliable("b");
    (void)sim_open(&s.sim, 1, &options);
    s.sim.end[1].deaf = true;
    sctp_sim_run(&s.sim, 20 * MS);
    data_channels_set_survives(s.sim.end[0].dc, true);
    abort_by_peer(&s);
    s.sim.end[1].deaf = false;
    replace(&s);
    options.negotiated = true;
    options.id = 2 * CHANNELS; /* as the peer kept it */
    uint32_t kept = sim_open(&s.sim, 1, &options);
    go_on(&s);
    start_other(&s);
    sctp_sim_run(&s.sim, 1000 * MS);
    assert_int_equal(sim_channel(&s.sim, 1, kept)->state, CHANNEL_CLOSED);
    options = sim_reliable("c");
    assert_int_equal(sim_info(&s.sim, 0, sim_open(&s.sim, 0, &options)).id, 2 * CHANNELS);
    end(&s);
}

/* The same when the association that follows has fewer streams: there is nothing to close then, and it holds up no other channel. */
static void a_refused_stream_that_is_no_more(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 9);
    data_channels_set_role(s.sim.end[1].dc, true);
    struct data_channel_options options = sim_reliable("b");
    (void)sim_open(&s.sim, 1, &options);
    s.sim.end[1].deaf = true;
    sctp_sim_run(&s.sim, 20 * MS);
    data_channels_set_survives(s.sim.end[0].dc, true);
    abort_by_peer(&s);
    s.sim.end[1].deaf = false;
    replace_by(&s, 2 * CHANNELS);
    go_on(&s);
    start_other(&s);
    sctp_sim_run(&s.sim, 500 * MS);
    sim_close(&s.sim, 0, s.handle[0][0]);
    sctp_sim_run(&s.sim, 1000 * MS);
    assert_int_equal(of(&s, 0, 0)->state, CHANNEL_CLOSED);
    assert_int_equal(of(&s, 1, 0)->state, CHANNEL_CLOSED);
    end(&s);
}

/* A restart is expected until the peer has said how it goes on, or for as long as it may repeat its INIT; who begins the association later
 * has forgotten its channels. */
static void a_restart_that_comes_too_late(void **state)
{
    static const struct {
        rtc_time_t after;
        bool talks, restarted;
    } cases[] = {{10000 * MS, false, true}, {31500 * MS, false, false}, {100 * MS, true, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        begin(&s, 10 + i);
        data_channels_expect_restart(s.sim.end[0].dc);
        go_on(&s);
        if (cases[i].talks)
            assert_int_equal(say(&s, 1, 1, "here"), RTC_OK);
        sctp_sim_run(&s.sim, cases[i].after);
        replace(&s);
        start_other(&s);
        sctp_sim_run(&s.sim, 1000 * MS);
        assert_int_equal(s.sim.end[0].state, cases[i].restarted ? SCTP_CONNECTED : SCTP_CLOSED);
        assert_int_equal(of(&s, 0, 0)->errors, !cases[i].restarted);
        end(&s);
    }
}

/* Messages that the association had taken, and had not sent for want of room, are lost as well, and so is an empty one: when the peer
 * restarts, the window is full of what will not be acknowledged, and the association ends. After an ABORT another one takes its place. */
static void what_had_not_left(void **state)
{
    static const uint8_t bytes[50000];
    (void)state;
    for (int restarts = 0; restarts < 2; restarts++) {
        struct scene s;
        begin(&s, 7);
        s.sim.end[1].deaf = true;
        assert_int_equal(sim_send(&s.sim, 0, s.handle[0][1], false, slice_of(bytes, sizeof bytes)), RTC_OK);
        sctp_sim_run(&s.sim, 20 * MS);
        assert_int_equal(say(&s, 0, 0, ""), RTC_OK);
        sctp_sim_run(&s.sim, 20 * MS);
        data_channels_set_survives(s.sim.end[0].dc, !restarts);
        if (!restarts)
            abort_by_peer(&s);
        data_channels_expect_restart(s.sim.end[0].dc);
        s.sim.end[1].deaf = false;
        replace(&s);
        go_on(&s);
        start_other(&s);
        sctp_sim_run(&s.sim, 1000 * MS);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(of(&s, 0, i)->errors, 1);
            assert_int_equal(of(&s, 0, i)->error, restarts ? RTC_ERR_NETWORK : RTC_ERR_OPERATION);
            assert_int_equal(of(&s, 0, i)->state, CHANNEL_CLOSED);
        }
        /* What had not left counts on (webrtc-pc 6.2), ten packets had. */
        assert_in_range(sim_info(&s.sim, 0, s.handle[0][1]).buffered, sizeof bytes - 12000, sizeof bytes - 1);
        assert_int_equal(of(&s, 0, 2)->errors, restarts);
        assert_int_equal(s.sim.end[0].state, restarts ? SCTP_CLOSED : SCTP_CONNECTED);
        if (!restarts)
            assert_talks(&s, 2);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_restarts),
        cmocka_unit_test(what_was_on_its_way),
        cmocka_unit_test(a_reset_that_was_forgotten),
        cmocka_unit_test(a_peer_that_goes_on),
        cmocka_unit_test(an_abort_that_is_outlived),
        cmocka_unit_test(an_abort_that_is_not),
        cmocka_unit_test(what_had_not_left),
        cmocka_unit_test(a_refused_stream),
        cmocka_unit_test(a_refused_stream_that_is_no_more),
        cmocka_unit_test(a_restart_that_comes_too_late),
    };
    return cmocka_run_group_tests_name("associations that begin anew", tests, NULL, NULL);
}
