/* SPDX-License-Identifier: MIT */
/* The last references of connections, channels, transceivers and endpoints go on a thread that knows nothing of loops, as a garbage
 * collector's does, while the loop runs on another one, and after it is gone. */
#include <crtc/crtc.h>

#include "../unit/counting_allocator.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PAIRS = 6 };

struct side {
    rtc_peer_connection *pc;
    rtc_data_channel *channel;
    rtc_rtp_transceiver *transceiver;
    struct side *other;
    atomic_bool dropped; /* no callback may begin any more */
    atomic_int late, messages;
};

/* Keeps both sides busy. */
static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct side *s = user;
    atomic_fetch_add(&s->messages, 1);
    (void)text;
    (void)rtc_data_channel_send(channel, data, len);
}

static void on_open(rtc_data_channel *channel, void *user)
{
    (void)user;
    (void)rtc_data_channel_send(channel, "ball", 4);
}

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    static const rtc_data_channel_callbacks callbacks = {.size = sizeof callbacks, .on_message = on_message};
    (void)pc;
    (void)rtc_data_channel_set_callbacks(channel, &callbacks, user);
}

static void on_state(rtc_peer_connection *pc, void *user, rtc_peer_connection_state state)
{
    struct side *s = user;
    (void)pc, (void)state;
    if (atomic_load(&s->dropped))
        atomic_fetch_add(&s->late, 1);
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    struct side *s = user;
    (void)pc;
    if (atomic_load(&s->dropped))
        atomic_fetch_add(&s->late, 1);
    if (!candidate || !s->other->pc)
        return;
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = candidate->candidate, .sdp_mid = candidate->sdp_mid};
    (void)rtc_peer_connection_add_ice_candidate(s->other->pc, &init);
}

static void open_side(struct side *s, rtc_context *context, rtc_loop *loop, rtc_endpoint *endpoint)
{
    static const rtc_peer_connection_callbacks callbacks = {
        .size = sizeof callbacks, .on_ice_candidate = on_candidate, .on_data_channel = on_channel, .on_connection_state_change = on_state};
    const rtc_configuration configuration = {
        .size = sizeof configuration, .loop = loop, .endpoint = endpoint, .include_loopback = true, .ice_tcp_policy = RTC_ICE_TCP_DISABLED};
    assert_int_equal(rtc_peer_connection_new(context, &configuration, &callbacks, s, &s->pc), RTC_OK);
}

static void call(struct side sides[2])
{
    static const rtc_data_channel_callbacks talking = {.size = sizeof talking, .on_open = on_open, .on_message = on_message};
    struct side *a = &sides[0], *b = &sides[1];
    a->other = b;
    b->other = a;
    assert_int_equal(rtc_peer_connection_create_data_channel(a->pc, "x", 1, NULL, &a->channel), RTC_OK);
    assert_int_equal(rtc_data_channel_set_callbacks(a->channel, &talking, a), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_transceiver(a->pc, RTC_MEDIA_AUDIO, NULL, NULL, &a->transceiver), RTC_OK);
    (void)rtc_rtp_transceiver_ref(a->transceiver);
    assert_int_equal(rtc_peer_connection_set_local_description(a->pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(b->pc, RTC_SDP_OFFER, rtc_peer_connection_local_description(a->pc, NULL)),
                     RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b->pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(a->pc, RTC_SDP_ANSWER, rtc_peer_connection_local_description(b->pc, NULL)),
                     RTC_OK);
}

struct scene {
    struct counting_allocator counter;
    rtc_context *context;
    rtc_loop *loop;
    rtc_endpoint *endpoint;
    struct side sides[PAIRS][2];
};

static void begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    const rtc_allocator allocator = counting_allocator_of(&s->counter);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator, .worker_threads = 1};
    assert_int_equal(rtc_context_new(&options, &s->context), RTC_OK);
    assert_int_equal(rtc_loop_new(s->context, &s->loop), RTC_OK);
    const char *const address = "127.0.0.1";
    const rtc_endpoint_options where = {.size = sizeof where, .loop = s->loop, .addresses = &address, .address_count = 1};
    rtc_loop_lock(s->loop);
    assert_int_equal(rtc_endpoint_new(s->context, &where, &s->endpoint), RTC_OK);
    for (int i = 0; i < PAIRS; i++) {
        open_side(&s->sides[i][0], s->context, s->loop, s->endpoint);
        open_side(&s->sides[i][1], s->context, s->loop, NULL);
        call(s->sides[i]);
    }
    rtc_loop_unlock(s->loop);
}

/* What a finalizer does: unref, nothing else, in an order of its own. */
static void *finalize(void *user)
{
    struct scene *s = user;
    rtc_endpoint_unref(s->endpoint);
    for (int i = 0; i < PAIRS; i++)
        for (int side = 0; side < 2; side++) {
            struct side *at = &s->sides[i][side];
            atomic_store(&at->dropped, i % 2 == 0);
            if (i % 2)
                rtc_data_channel_unref(at->channel);
            rtc_peer_connection_unref(at->pc);
            if (i % 2 == 0)
                rtc_data_channel_unref(at->channel);
            rtc_rtp_transceiver_unref(at->transceiver);
            (void)sched_yield();
        }
    return NULL;
}

static void finalize_elsewhere(struct scene *s)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, finalize, s), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void end(struct scene *s)
{
    rtc_context_unref(s->context);
    assert_int_equal(counting_left(&s->counter), 0);
}

static bool all_talk(struct scene *s)
{
    for (int i = 0; i < PAIRS; i++)
        if (atomic_load(&s->sides[i][1].messages) < 3)
            return false;
    return true;
}

static void while_the_loop_runs(void **state)
{
    static struct scene s;
    static struct side nobody;
    (void)state;
    for (int early = 0; early < 2; early++) {
        begin(&s);
        assert_int_equal(rtc_loop_start(s.loop), RTC_OK);
        while (!early && !all_talk(&s))
            (void)sched_yield();
        rtc_loop_lock(s.loop);
        for (int i = 0; i < PAIRS; i++)
            s.sides[i][0].other = s.sides[i][1].other = &nobody;
        rtc_loop_unlock(s.loop);
        finalize_elsewhere(&s);
        rtc_loop_free(s.loop);
        end(&s);
    }
}

/* It was freed, and closed them; the handles go later, on two threads at once. */
static void after_the_loop_is_gone(void **state)
{
    static struct scene s;
    (void)state;
    begin(&s);
    rtc_loop_free(s.loop);
    for (int i = 0; i < PAIRS; i++)
        assert_int_equal(rtc_peer_connection_connection_state(s.sides[i][0].pc), RTC_PEER_CONNECTION_CLOSED);
    finalize_elsewhere(&s);
    end(&s);
}

static bool readable(const struct scene *s)
{
    struct pollfd fd = {.fd = rtc_loop_fd(s->loop), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

/* A loop of one's own: between two iterations nobody runs the library's, and yet its connections are those of the thread that iterates,
 * which goes on calling them without a lock. Nothing ends on another thread. */
static void within_a_foreign_loop(void **state)
{
    static struct scene s;
    static struct side nobody;
    pthread_t thread;
    rtc_peer_connection *other;
    (void)state;
    begin(&s);
    while (!all_talk(&s))
        assert_int_equal(rtc_loop_iterate(s.loop), RTC_OK);
    for (int i = 0; i < PAIRS; i++)
        s.sides[i][0].other = s.sides[i][1].other = &nobody;
    const rtc_configuration configuration = {.size = sizeof configuration, .loop = s.loop, .ice_tcp_policy = RTC_ICE_TCP_DISABLED};
    assert_int_equal(rtc_peer_connection_new(s.context, &configuration, NULL, NULL, &other), RTC_OK);
    assert_int_equal(pthread_create(&thread, NULL, finalize, &s), 0);
    for (int i = 0; i < 20; i++) { /* the thread sanitizer looks on */
        rtc_data_channel *channel;
        assert_int_equal(rtc_peer_connection_create_data_channel(other, "x", 1, NULL, &channel), RTC_OK);
        rtc_data_channel_unref(channel);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    size_t before = (size_t)atomic_load(&s.counter.live);
    assert_true(readable(&s)); /* that is how this thread learns of it */
    assert_int_equal(rtc_loop_iterate(s.loop), RTC_OK);
    assert_true((size_t)atomic_load(&s.counter.live) < before / 2);
    rtc_peer_connection_unref(other);
    rtc_loop_free(s.loop);
    end(&s);
}

/* Nobody runs the loop, which is this thread's, or this thread holds its lock: then it is done when unref returns. */
static void at_once_where_that_can_be(void **state)
{
    static struct scene s;
    (void)state;
    begin(&s);
    size_t before = (size_t)atomic_load(&s.counter.live);
    (void)finalize(&s);
    assert_true((size_t)atomic_load(&s.counter.live) < before / 2);
    rtc_loop_free(s.loop);
    end(&s);
    begin(&s);
    assert_int_equal(rtc_loop_start(s.loop), RTC_OK);
    rtc_loop_lock(s.loop);
    before = (size_t)atomic_load(&s.counter.live);
    (void)finalize(&s);
    assert_true((size_t)atomic_load(&s.counter.live) < before / 2);
    rtc_loop_unlock(s.loop);
    rtc_loop_free(s.loop);
    end(&s);
}

/* While another thread holds the loop's lock: unref does not wait for it, and no callback of the connection begins afterwards. */
static void without_waiting(void **state)
{
    static struct scene s;
    (void)state;
    begin(&s);
    assert_int_equal(rtc_loop_start(s.loop), RTC_OK);
    rtc_loop_lock(s.loop);
    finalize_elsewhere(&s); /* this would hang if it waited */
    rtc_loop_unlock(s.loop);
    rtc_loop_free(s.loop);
    for (int i = 0; i < PAIRS; i += 2)
        assert_int_equal(atomic_load(&s.sides[i][0].late) + atomic_load(&s.sides[i][1].late), 0);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(while_the_loop_runs),
        cmocka_unit_test(after_the_loop_is_gone),
        cmocka_unit_test(within_a_foreign_loop),
        cmocka_unit_test(at_once_where_that_can_be),
        cmocka_unit_test(without_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
