/* SPDX-License-Identifier: MIT */
/* The loop's lock: it excludes, recurses, and whoever asked first gets it next. */
#include "loop_lock.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct scene {
    struct loop_lock lock;
    atomic_int inside, worst, turns;
    int plain;
};

static void *contend(void *user)
{
    struct scene *s = user;
    for (int i = 0; i < 5000; i++) {
        loop_lock_take(&s->lock);
        if (i % 3 == 0)
            loop_lock_take(&s->lock);
        int now = atomic_fetch_add(&s->inside, 1) + 1;
        if (now > atomic_load(&s->worst))
            atomic_store(&s->worst, now);
        s->plain++; /* a race detector watches it */
        (void)atomic_fetch_sub(&s->inside, 1);
        if (i % 3 == 0)
            loop_lock_give(&s->lock);
        loop_lock_give(&s->lock);
    }
    return NULL;
}

static void excludes(void **state)
{
    struct scene s = {.plain = 0};
    pthread_t threads[4];
    (void)state;
    loop_lock_init(&s.lock);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, contend, &s), 0);
    for (int i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    assert_int_equal(s.worst, 1);
    assert_int_equal(s.plain, 4 * 5000);
    assert_int_equal(s.lock.depth, 0);
    loop_lock_fini(&s.lock);
}

static void *wait_for_turn(void *user)
{
    struct scene *s = user;
    loop_lock_take(&s->lock);
    atomic_fetch_add(&s->turns, 1);
    loop_lock_give(&s->lock);
    return NULL;
}

/* A holder that gives up the lock and takes it again at once, as a busy loop does, must let those go first who waited. */
static void nobody_overtakes(void **state)
{
    struct scene s = {.plain = 0};
    pthread_t thread;
    (void)state;
    loop_lock_init(&s.lock);
    for (int round = 1; round <= 200; round++) {
        loop_lock_take(&s.lock);
        assert_int_equal(pthread_create(&thread, NULL, wait_for_turn, &s), 0);
        for (;;) { /* until the other thread has drawn its ticket */
            pthread_mutex_lock(&s.lock.mutex);
            bool waits = s.lock.next_ticket - s.lock.serving == 2;
            pthread_mutex_unlock(&s.lock.mutex);
            if (waits)
                break;
            (void)sched_yield();
        }
        loop_lock_give(&s.lock);
        loop_lock_take(&s.lock);
        assert_int_equal(s.turns, round);
        loop_lock_give(&s.lock);
        (void)pthread_join(thread, NULL);
    }
    loop_lock_fini(&s.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(excludes), cmocka_unit_test(nobody_overtakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
