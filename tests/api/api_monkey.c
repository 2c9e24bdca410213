/* SPDX-License-Identifier: MIT */
/* The monkey with real threads: two loops on threads of their own, workers, two threads that push frames, one monkey for each side. For the
 * thread sanitizer as much as for itself. What happens when is up to the machine, what is done comes from the seed. Arguments: how many
 * seeds, and the first. */
#include "../monkey.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 8, STEPS = 150, PUSHERS = 2 };

static struct {
    struct monkey m;
    rtc_loop *loop[2];
    atomic_bool stop;
    uint64_t seed;
} scene;
static uint64_t seeds = SEEDS, first_seed = 1;

/* ---- Signals are posts on the other's loop ---- */

struct signal {
    int to;
    rtc_sdp_type type;
    char *sdp;
};

static void post(int from, rtc_peer_connection *pc);

static void take_signal(void *user)
{
    struct signal *s = user;
    struct monkey_side *to = &scene.m.side[s->to];
    if (to->pc && !atomic_load(&scene.m.calm) && rtc_peer_connection_set_remote_description(to->pc, s->type, s->sdp) == RTC_OK &&
        s->type == RTC_SDP_OFFER && rtc_peer_connection_set_local_description(to->pc, RTC_SDP_NONE, NULL) == RTC_OK)
        post(s->to, to->pc);
    free(s->sdp);
    free(s);
}

static void post(int from, rtc_peer_connection *pc)
{
    rtc_sdp_type type;
    const char *sdp = rtc_peer_connection_local_description(pc, &type);
    struct signal *s = sdp ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return;
    *s = (struct signal){1 - from, type, strdup(sdp)};
    assert_int_equal(rtc_loop_post(scene.loop[1 - from], take_signal, s), RTC_OK);
}

static void negotiate(struct monkey_side *s)
{
    if (s->pc && rtc_peer_connection_set_local_description(s->pc, RTC_SDP_NONE, NULL) == RTC_OK)
        post(s->index, s->pc);
}

/* ---- Threads ---- */

static void *push(void *user)
{
    uint64_t random = scene.seed * 7 + (uint64_t)(uintptr_t)user;
    while (!atomic_load(&scene.stop)) {
        monkey_push(&scene.m, &random, rtc_now());
        (void)sched_yield();
    }
    return NULL;
}

static void *act(void *user)
{
    struct monkey_side *s = user;
    for (int step = 0; step < STEPS; step++) {
        rtc_loop_lock(scene.loop[s->index]);
        monkey_act(s);
        rtc_loop_unlock(scene.loop[s->index]);
        (void)sched_yield();
    }
    return NULL;
}

static void begin(uint64_t seed, rtc_context *context)
{
    monkey_init(&scene.m, context, seed);
    scene.m.negotiate = negotiate;
    scene.seed = seed;
    atomic_store(&scene.stop, false);
    for (int i = 0; i < 2; i++) {
        struct monkey_side *s = &scene.m.side[i];
        assert_int_equal(rtc_loop_new(context, &scene.loop[i]), RTC_OK);
        assert_int_equal(rtc_loop_start(scene.loop[i]), RTC_OK);
        const rtc_configuration configuration = {.size = sizeof configuration, .loop = scene.loop[i], .include_loopback = true};
        rtc_loop_lock(scene.loop[i]);
        assert_int_equal(rtc_peer_connection_new(context, &configuration, &monkey_callbacks, s, &s->pc), RTC_OK);
        rtc_loop_unlock(scene.loop[i]);
    }
}

/* A call that works, for the monkeys to tear at: its candidates are in the descriptions. */
static void connect(void)
{
    for (int i = 0; i < 2; i++) {
        rtc_loop_lock(scene.loop[i]);
        rtc_media_stream_track *track;
        for (int k = 0; k < 2; k++) {
            assert_int_equal(rtc_media_stream_track_new(scene.m.sources[2 * i + k], &track), RTC_OK);
            assert_int_equal(rtc_peer_connection_add_track(scene.m.side[i].pc, track, NULL, 0, NULL), RTC_OK);
            rtc_media_stream_track_unref(track);
        }
        rtc_loop_unlock(scene.loop[i]);
    }
}

static void live(void)
{
    pthread_t pushers[PUSHERS], monkeys[2];
    connect();
    for (int i = 0; i < PUSHERS; i++)
        assert_int_equal(pthread_create(&pushers[i], NULL, push, (void *)(uintptr_t)i), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&monkeys[i], NULL, act, &scene.m.side[i]), 0);
    for (int i = 0; i < 2; i++)
        (void)pthread_join(monkeys[i], NULL);
    atomic_store(&scene.m.calm, true);
    bool pushing = scene.seed % 2; /* frames come until the end, or beyond it */
    if (!pushing)
        atomic_store(&scene.stop, true);
    for (int i = 0; i < 2; i++) {
        rtc_loop_lock(scene.loop[i]);
        monkey_side_fini(&scene.m.side[i]);
        rtc_loop_unlock(scene.loop[i]);
    }
    for (int i = 0; i < 2; i++) /* nobody posts to the other any more */
        rtc_loop_free(scene.loop[i]);
    atomic_store(&scene.stop, true);
    for (int i = 0; i < PUSHERS; i++)
        (void)pthread_join(pushers[i], NULL);
}

static void monkey(void **state)
{
    uint64_t actions = 0, callbacks = 0, shown = 0;
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++) {
        const rtc_context_options options = {.size = sizeof options, .worker_threads = 1 + (uint32_t)(seed % 3)};
        rtc_context *context;
        print_message("seed %llu\n", (unsigned long long)seed);
        assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
        begin(seed, context);
        live();
        for (int i = 0; i < 2; i++) {
            actions += scene.m.side[i].actions;
            callbacks += scene.m.side[i].callbacks;
        }
        shown += atomic_load(&scene.m.shown);
        monkey_fini(&scene.m);
        rtc_context_unref(context);
    }
    print_message("%llu calls, %llu callbacks, %llu frames to sinks\n", (unsigned long long)actions, (unsigned long long)callbacks,
                  (unsigned long long)shown);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(monkey)};
    if (argc > 1)
        seeds = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        first_seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
