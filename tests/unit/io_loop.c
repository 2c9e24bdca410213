/* SPDX-License-Identifier: MIT */
/* The loop without connections: running, stopping, posts and timers from many threads, foreign loops. */
#include <crtc/crtc.h>

#include "counting_allocator.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Waits without sleeping; the limit is only there to fail. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count;
};

static void gate_init(struct gate *g)
{
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
    g->count = 0;
}

static void gate_fini(struct gate *g)
{
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
}

static void gate_step(void *user)
{
    struct gate *g = user;
    pthread_mutex_lock(&g->lock);
    g->count++;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

static void gate_wait(struct gate *g, int count)
{
    struct timespec limit;
    (void)clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 30;
    pthread_mutex_lock(&g->lock);
    while (g->count < count)
        assert_int_equal(pthread_cond_timedwait(&g->changed, &g->lock, &limit), 0);
    pthread_mutex_unlock(&g->lock);
}

struct scene {
    struct counting_allocator counter;
    rtc_context *context;
    rtc_loop *loop;
    struct gate gate;
};

static void begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    const rtc_allocator allocator = counting_allocator_of(&s->counter);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    assert_int_equal(rtc_context_new(&options, &s->context), RTC_OK);
    assert_int_equal(rtc_loop_new(s->context, &s->loop), RTC_OK);
    gate_init(&s->gate);
}

static void end(struct scene *s)
{
    rtc_loop_free(s->loop);
    rtc_context_unref(s->context);
    gate_fini(&s->gate);
    assert_int_equal(s->counter.live, 0);
}

static void stop_loop(void *loop)
{
    rtc_loop_stop(loop);
}

static void arguments(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    assert_int_equal(rtc_loop_new(s.context, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_loop_post(s.loop, NULL, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_loop_post(NULL, gate_step, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_loop_run(NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_loop_start(NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_loop_iterate(NULL), RTC_ERR_TYPE);
    assert_false(rtc_loop_cancel(NULL, 1));
    rtc_loop_stop(NULL);
    rtc_loop_free(NULL);
    assert_int_equal(rtc_loop_timeout_ms(s.loop), -1);
    end(&s);
}

static void run_until_stopped(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(rtc_loop_post(s.loop, gate_step, &s.gate), RTC_OK);
        assert_int_equal(rtc_loop_post(s.loop, stop_loop, s.loop), RTC_OK);
        assert_int_equal(rtc_loop_run(s.loop), RTC_OK);
        assert_int_equal(s.gate.count, i);
    }
    end(&s);
}

static void *run_loop(void *loop)
{
    return (void *)(intptr_t)rtc_loop_run(loop);
}

/* The stop may come before the other thread got as far as to run. */
static void stop_is_not_lost(void **state)
{
    struct scene s;
    pthread_t thread;
    (void)state;
    begin(&s);
    for (int i = 0; i < 200; i++) {
        void *result;
        assert_int_equal(pthread_create(&thread, NULL, run_loop, s.loop), 0);
        rtc_loop_stop(s.loop);
        (void)pthread_join(thread, &result);
        assert_null(result);
    }
    rtc_loop_stop(s.loop);
    assert_int_equal(rtc_loop_run(s.loop), RTC_OK);
    end(&s);
}

static void own_thread_starts_and_stops(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    for (int i = 1; i <= 20; i++) {
        assert_int_equal(rtc_loop_start(s.loop), RTC_OK);
        assert_int_equal(rtc_loop_start(s.loop), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_loop_run(s.loop), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_loop_iterate(s.loop), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_loop_post(s.loop, gate_step, &s.gate), RTC_OK);
        gate_wait(&s.gate, i);
        rtc_loop_stop(s.loop);
        rtc_loop_stop(s.loop);
    }
    end(&s);
}

static void thread_stops_itself(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    for (int i = 1; i <= 20; i++) {
        int error;
        do /* it ends a moment after the post ran */
            error = rtc_loop_start(s.loop);
        while (error == RTC_ERR_INVALID_STATE);
        assert_int_equal(error, RTC_OK);
        /* In this order: what is posted after the stop may find nobody who runs it. */
        assert_int_equal(rtc_loop_post(s.loop, gate_step, &s.gate), RTC_OK);
        assert_int_equal(rtc_loop_post(s.loop, stop_loop, s.loop), RTC_OK);
        gate_wait(&s.gate, i);
    }
    end(&s);
}

struct pinger {
    struct scene *s;
    struct gate own;
};

static void *ping(void *user)
{
    struct pinger *p = user;
    for (int i = 1; i <= 3000; i++) {
        assert_int_equal(rtc_loop_post(p->s->loop, gate_step, &p->own), RTC_OK);
        gate_wait(&p->own, i); /* a wake-up that is lost stops here */
    }
    return NULL;
}

static void no_wake_up_is_lost(void **state)
{
    struct scene s;
    struct pinger pingers[3];
    pthread_t threads[3];
    (void)state;
    begin(&s);
    assert_int_equal(rtc_loop_start(s.loop), RTC_OK);
    for (int i = 0; i < 3; i++) {
        pingers[i].s = &s;
        gate_init(&pingers[i].own);
        assert_int_equal(pthread_create(&threads[i], NULL, ping, &pingers[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        (void)pthread_join(threads[i], NULL);
        gate_fini(&pingers[i].own);
    }
    end(&s);
}

struct order {
    int next, wrong;
    bool stop_at;
    rtc_loop *loop;
};

struct numbered {
    struct order *order;
    int number;
};

static void in_order(void *user)
{
    struct numbered *n = user;
    n->order->wrong += n->number != n->order->next++;
}

static void posts_keep_their_order(void **state)
{
    enum { COUNT = 1000 };
    static struct numbered numbers[COUNT];
    struct scene s;
    struct order order = {0};
    (void)state;
    begin(&s);
    for (int i = 0; i < COUNT; i++) {
        numbers[i] = (struct numbered){&order, i};
        assert_int_equal(rtc_loop_post(s.loop, in_order, &numbers[i]), RTC_OK);
    }
    assert_int_equal(rtc_loop_post(s.loop, stop_loop, s.loop), RTC_OK);
    assert_int_equal(rtc_loop_run(s.loop), RTC_OK);
    assert_int_equal(order.next, COUNT);
    assert_int_equal(order.wrong, 0);
    end(&s);
}

struct timed {
    rtc_time_t due, ran;
};

static void note_time(void *user)
{
    ((struct timed *)user)->ran = rtc_now();
}

static void delayed_functions(void **state)
{
    struct scene s;
    struct timed timed[3] = {{0}};
    uint64_t cancelled;
    (void)state;
    begin(&s);
    for (int i = 0; i < 3; i++) {
        rtc_time_t delay = (3 - i) * 4000;
        timed[i].due = rtc_now() + delay;
        assert_int_equal(rtc_loop_post_delayed(s.loop, delay, note_time, &timed[i], NULL), RTC_OK);
    }
    assert_int_equal(rtc_loop_post_delayed(s.loop, 1000, gate_step, &s.gate, &cancelled), RTC_OK);
    assert_in_range(rtc_loop_timeout_ms(s.loop), 0, 2);
    assert_true(rtc_loop_cancel(s.loop, cancelled));
    assert_false(rtc_loop_cancel(s.loop, cancelled));
    assert_int_equal(rtc_loop_post_delayed(s.loop, 20000, stop_loop, s.loop, NULL), RTC_OK);
    assert_int_equal(rtc_loop_run(s.loop), RTC_OK);
    for (int i = 0; i < 3; i++)
        assert_true(timed[i].ran >= timed[i].due);
    assert_true(timed[2].ran <= timed[1].ran && timed[1].ran <= timed[0].ran);
    assert_int_equal(s.gate.count, 0);
    end(&s);
}

/* A loop of the user's own: nothing but poll() on the descriptor. */
static void foreign_loop(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    struct pollfd fd = {.fd = rtc_loop_fd(s.loop), .events = POLLIN};
    assert_int_equal(rtc_loop_iterate(s.loop), RTC_OK);
    assert_int_equal(poll(&fd, 1, 0), 0);
    assert_int_equal(rtc_loop_post(s.loop, gate_step, &s.gate), RTC_OK);
    assert_int_equal(poll(&fd, 1, 10000), 1);
    assert_int_equal(rtc_loop_iterate(s.loop), RTC_OK);
    assert_int_equal(s.gate.count, 1);
    assert_int_equal(rtc_loop_post_delayed(s.loop, 3000, gate_step, &s.gate, NULL), RTC_OK);
    for (int i = 0; i < 100 && s.gate.count < 2; i++) {
        assert_true(poll(&fd, 1, rtc_loop_timeout_ms(s.loop)) >= 0); /* the timer makes the descriptor readable, or the timeout ends */
        assert_int_equal(rtc_loop_iterate(s.loop), RTC_OK);
    }
    assert_int_equal(s.gate.count, 2);
    assert_int_equal(rtc_loop_iterate(s.loop), RTC_OK);
    assert_int_equal(poll(&fd, 1, 0), 0); /* quiet again: a level-triggered loop does not spin */
    assert_int_equal(rtc_loop_timeout_ms(s.loop), -1);
    end(&s);
}

static void iterate_within(void *user)
{
    struct scene *s = user;
    assert_int_equal(rtc_loop_iterate(s->loop), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_loop_run(s->loop), RTC_ERR_INVALID_STATE);
    rtc_loop_lock(s->loop); /* recursive */
    rtc_loop_lock(s->loop);
    rtc_loop_unlock(s->loop);
    rtc_loop_unlock(s->loop);
    s->gate.count++;
}

static void no_running_within_running(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    assert_int_equal(rtc_loop_post(s.loop, iterate_within, &s), RTC_OK);
    assert_int_equal(rtc_loop_iterate(s.loop), RTC_OK);
    assert_int_equal(s.gate.count, 1);
    end(&s);
}

static void post_forever(void *user)
{
    struct scene *s = user;
    s->gate.count++;
    (void)rtc_loop_post(s->loop, post_forever, s);
}

static void free_runs_what_waits(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    assert_int_equal(rtc_loop_post(s.loop, post_forever, &s), RTC_OK);
    assert_int_equal(rtc_loop_post_delayed(s.loop, 3600000000ll, post_forever, &s, NULL), RTC_OK);
    rtc_loop_free(s.loop);
    assert_int_equal(s.gate.count, 2);
    s.loop = NULL;
    end(&s);
}

static void *hold_lock(void *user)
{
    struct scene *s = user;
    for (int i = 0; i < 2000; i++) {
        rtc_loop_lock(s->loop);
        s->gate.count++; /* without a lock of its own: a race detector watches it */
        rtc_loop_unlock(s->loop);
    }
    return NULL;
}

static void count_on_loop(void *user)
{
    struct scene *s = user;
    s->gate.count++;
}

static void lock_excludes_the_loop(void **state)
{
    struct scene s;
    pthread_t threads[2];
    (void)state;
    begin(&s);
    assert_int_equal(rtc_loop_start(s.loop), RTC_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_lock, &s), 0);
    for (int i = 0; i < 500; i++)
        assert_int_equal(rtc_loop_post(s.loop, count_on_loop, &s), RTC_OK);
    for (int i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    rtc_loop_stop(s.loop);
    rtc_loop_free(s.loop);
    s.loop = NULL;
    assert_int_equal(s.gate.count, 4500);
    end(&s);
}

static void no_memory_for_a_loop(void **state)
{
    (void)state;
    for (long long n = 1;; n++) {
        struct counting_allocator counter = {0};
        const rtc_allocator allocator = counting_allocator_of(&counter);
        const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
        rtc_context *context;
        rtc_loop *loop = NULL;
        assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
        counter.fail_at = counter.calls + n;
        int error = rtc_loop_new(context, &loop);
        assert_true(counter.failed > 0 ? error == RTC_ERR_NO_MEMORY && !loop : error == RTC_OK);
        rtc_loop_free(loop);
        rtc_context_unref(context);
        assert_int_equal(counter.live, 0);
        if (counter.failed == 0)
            break;
    }
}

static void count_one(void *user)
{
    ++*(int *)user;
}

/* Whoever watches the descriptor alone misses nothing: neither a post nor a deadline. */
static void the_descriptor_is_enough(void **state)
{
    rtc_loop *loop;
    int ran = 0;
    (void)state;
    assert_int_equal(rtc_loop_new(NULL, &loop), RTC_OK);
    struct pollfd p = {.fd = rtc_loop_fd(loop), .events = POLLIN};
    for (int pass = 0; pass < 10 && poll(&p, 1, 0) == 1; pass++) /* its own beginnings */
        assert_int_equal(rtc_loop_iterate(loop), RTC_OK);
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_int_equal(rtc_loop_post(loop, count_one, &ran), RTC_OK);
    assert_int_equal(poll(&p, 1, -1), 1);
    assert_int_equal(rtc_loop_iterate(loop), RTC_OK);
    assert_int_equal(ran, 1);
    assert_int_equal(rtc_loop_post_delayed(loop, 30000, count_one, &ran, NULL), RTC_OK);
    while (ran == 1) { /* for the post, which arms the timer, and for its time */
        assert_int_equal(poll(&p, 1, -1), 1);
        assert_int_equal(rtc_loop_iterate(loop), RTC_OK);
    }
    assert_int_equal(ran, 2);
    assert_int_equal(poll(&p, 1, 0), 0);
    rtc_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_descriptor_is_enough),    cmocka_unit_test(arguments),
        cmocka_unit_test(run_until_stopped),           cmocka_unit_test(stop_is_not_lost),
        cmocka_unit_test(own_thread_starts_and_stops), cmocka_unit_test(thread_stops_itself),
        cmocka_unit_test(no_wake_up_is_lost),          cmocka_unit_test(posts_keep_their_order),
        cmocka_unit_test(delayed_functions),           cmocka_unit_test(foreign_loop),
        cmocka_unit_test(no_running_within_running),   cmocka_unit_test(free_runs_what_waits),
        cmocka_unit_test(lock_excludes_the_loop),      cmocka_unit_test(no_memory_for_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
