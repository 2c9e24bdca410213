/* SPDX-License-Identifier: MIT */
/* Worker threads and mailboxes: jobs come back on the owner's thread; nothing is lost or left when interest ends early. */
#include "executor.h"

#include "context.h"
#include "counting_allocator.h"
#include "list.h"
#include "memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Waits for workers without sleeping. */
struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    uint64_t rings;
};

static void bell_init(struct bell *b)
{
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->rung, NULL);
    b->rings = 0;
}

static void bell_ring(void *user)
{
    struct bell *b = user;
    pthread_mutex_lock(&b->lock);
    b->rings++;
    pthread_cond_broadcast(&b->rung);
    pthread_mutex_unlock(&b->lock);
}

static void bell_wait(struct bell *b, uint64_t rings)
{
    struct timespec limit;
    (void)clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 30;
    pthread_mutex_lock(&b->lock);
    while (b->rings < rings)
        assert_int_equal(pthread_cond_timedwait(&b->rung, &b->lock, &limit), 0);
    pthread_mutex_unlock(&b->lock);
}

static void bell_fini(struct bell *b)
{
    pthread_cond_destroy(&b->rung);
    pthread_mutex_destroy(&b->lock);
}

struct work {
    struct job job;
    rtc_context *context; /* when the job frees itself */
    struct bell *begun, *go;
    pthread_t ran_on;
    atomic_int ran;
    int done;
    rtc_time_t done_at;
};

static void run(struct job *job)
{
    struct work *w = link_owner(job, struct work, job);
    if (w->begun)
        bell_ring(w->begun);
    if (w->go)
        bell_wait(w->go, 1);
    w->ran_on = pthread_self();
    atomic_fetch_add(&w->ran, 1);
}

static void done(struct job *job, rtc_time_t now)
{
    struct work *w = link_owner(job, struct work, job);
    w->done++;
    w->done_at = now;
    if (w->context)
        memory_free(w->context, w);
}

static rtc_context *context_with(struct counting_allocator *counter, uint32_t threads)
{
    const rtc_allocator allocator = counting_allocator_of(counter);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator, .worker_threads = threads};
    rtc_context *context;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    return context;
}

static void jobs_come_back(void **state)
{
    enum { JOBS = 500 };
    struct counting_allocator counter = {0};
    rtc_context *context = context_with(&counter, 4);
    struct bell bell;
    struct mailbox *mailbox;
    static struct work works[JOBS];
    int finished = 0;
    (void)state;
    memset(works, 0, sizeof works);
    bell_init(&bell);
    assert_int_equal(mailbox_new(context, bell_ring, &bell, &mailbox), RTC_OK);
    assert_true(mailbox_deadline(mailbox) == RTC_TIME_NEVER);
    for (int i = 0; i < JOBS; i++) {
        works[i].job = (struct job){.run = run, .done = done};
        executor_submit(context_executor(context), mailbox, &works[i].job, 0);
    }
    for (uint64_t rings = 1; finished < JOBS; rings++) {
        bell_wait(&bell, rings < JOBS ? rings : JOBS);
        mailbox_run(mailbox, 77);
        finished = 0;
        for (int i = 0; i < JOBS; i++)
            finished += works[i].done;
    }
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(works[i].ran, 1);
        assert_int_equal(works[i].done, 1);
        assert_true(works[i].done_at == 77);
        assert_false(pthread_equal(works[i].ran_on, pthread_self()));
    }
    mailbox_unref(mailbox);
    rtc_context_unref(context);
    assert_int_equal(counting_left(&counter), 0);
    bell_fini(&bell);
}

/* The mailbox's owner goes while its job is at a worker: the job is told all the same, and no wake is called any more. */
static void owner_goes_first(void **state)
{
    struct counting_allocator counter = {0};
    rtc_context *context = context_with(&counter, 1);
    struct bell begun, go, wakes;
    struct mailbox *mailbox;
    (void)state;
    bell_init(&begun);
    bell_init(&go);
    bell_init(&wakes);
    assert_int_equal(mailbox_new(context, bell_ring, &wakes, &mailbox), RTC_OK);
    struct work *w = memory_zeroed(context, sizeof *w);
    w->job = (struct job){.run = run, .done = done};
    w->context = context;
    w->begun = &begun;
    w->go = &go;
    executor_submit(context_executor(context), mailbox, &w->job, 0);
    bell_wait(&begun, 1);
    mailbox_mute(mailbox);
    mailbox_unref(mailbox);
    bell_ring(&go);
    rtc_context_unref(context); /* the mailbox's own reference goes with the job; the last one may end on the worker */
    assert_int_equal(counting_left(&counter), 0);
    assert_int_equal(wakes.rings, 0);
    bell_fini(&begun);
    bell_fini(&go);
    bell_fini(&wakes);
}

static void run_and_ring(struct job *job)
{
    struct work *w = link_owner(job, struct work, job);
    atomic_fetch_add(&w->ran, 1);
    bell_ring(w->begun);
}

static void job_without_mailbox(void **state)
{
    struct counting_allocator counter = {0};
    rtc_context *context = context_with(&counter, 2);
    struct bell bell;
    struct work w = {.job = {.run = run_and_ring, .done = done}, .begun = &bell};
    (void)state;
    bell_init(&bell);
    for (uint64_t i = 1; i <= 20; i++) {
        executor_submit(context_executor(context), NULL, &w.job, 0);
        bell_wait(&bell, i);
    }
    rtc_context_unref(context);
    assert_int_equal(w.ran, 20);
    assert_int_equal(w.done, 0);
    assert_int_equal(counting_left(&counter), 0);
    bell_fini(&bell);
}

static void queued_jobs_run_before_the_end(void **state)
{
    enum { JOBS = 50 };
    struct counting_allocator counter = {0};
    rtc_context *context = context_with(&counter, 1);
    struct bell bell;
    static struct work works[JOBS];
    (void)state;
    memset(works, 0, sizeof works);
    bell_init(&bell);
    for (int i = 0; i < JOBS; i++) {
        works[i].job = (struct job){.run = run_and_ring};
        works[i].begun = &bell;
        executor_submit(context_executor(context), NULL, &works[i].job, 0);
    }
    rtc_context_unref(context);
    assert_int_equal(bell.rings, JOBS);
    assert_int_equal(counting_left(&counter), 0);
    bell_fini(&bell);
}

static void simulated_jobs_have_a_cost(void **state)
{
    struct counting_allocator counter = {0};
    rtc_context *context = context_with(&counter, 0);
    struct mailbox *mailbox;
    struct work a = {.job = {.run = run, .done = done}}, b = a;
    (void)state;
    context_simulate(context, 3000);
    assert_int_equal(mailbox_new(context, NULL, NULL, &mailbox), RTC_OK);
    executor_submit(context_executor(context), mailbox, &a.job, 1000);
    assert_int_equal(a.ran, 1); /* inline */
    assert_true(pthread_equal(a.ran_on, pthread_self()));
    executor_submit(context_executor(context), mailbox, &b.job, 2000);
    assert_true(mailbox_deadline(mailbox) == 4000);
    mailbox_run(mailbox, 3999);
    assert_int_equal(a.done, 0);
    mailbox_run(mailbox, 4000);
    assert_int_equal(a.done, 1);
    assert_int_equal(b.done, 0);
    assert_true(mailbox_deadline(mailbox) == 5000);
    mailbox_unref(mailbox); /* what is left is told when the mailbox goes */
    assert_int_equal(b.done, 1);
    assert_true(b.done_at == RTC_TIME_NEVER);
    rtc_context_unref(context);
    assert_int_equal(counting_left(&counter), 0);
}

/* What takes long does not hold up what is ready before it, and what is ready at the same time comes as it was asked for. */
static void simulated_jobs_come_back_when_they_are_due(void **state)
{
    static const struct {
        enum job_class class;
        rtc_time_t submitted, due;
    } cases[] = {{JOB_BULK, 0, 100000}, {JOB_PROMPT, 1000, 2000},    {JOB_BULK, 2000, 102000}, {JOB_USER, 2500, 3500},
                 {JOB_USER, 0, 1000},   {JOB_PROMPT, 99000, 100000}, {JOB_PROMPT, 1000, 2000}};
    static const size_t order[] = {4, 1, 6, 3, 0, 5, 2};
    enum { COUNT = sizeof cases / sizeof cases[0] };
    struct counting_allocator counter = {0};
    rtc_context *context = context_with(&counter, 0);
    struct mailbox *mailbox;
    struct work works[COUNT];
    (void)state;
    context_simulate(context, 1000);
    executor_simulate_class(context_executor(context), JOB_BULK, 100000);
    assert_int_equal(mailbox_new(context, NULL, NULL, &mailbox), RTC_OK);
    for (size_t i = 0; i < COUNT; i++) {
        works[i] = (struct work){.job = {.run = run, .done = done, .class = cases[i].class}};
        executor_submit(context_executor(context), mailbox, &works[i].job, cases[i].submitted);
    }
    for (size_t i = 0; i < COUNT; i++) {
        rtc_time_t due = cases[order[i]].due;
        assert_true(mailbox_deadline(mailbox) == due || works[order[i]].done_at == due); /* two may be due at once */
        mailbox_run(mailbox, due);
        assert_true(works[order[i]].done == 1 && works[order[i]].done_at == due);
    }
    assert_true(mailbox_deadline(mailbox) == RTC_TIME_NEVER);
    mailbox_unref(mailbox);
    rtc_context_unref(context);
    assert_int_equal(counting_left(&counter), 0);
}

/* ---- Who goes first ---- */

static struct {
    pthread_mutex_t lock;
    char order[64];
} ran = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct turn {
    struct job job;
    char name;
    struct bell *rung, *go;
};

static void take_turn(struct job *job)
{
    struct turn *t = link_owner(job, struct turn, job);
    if (t->go) {
        bell_ring(t->rung);
        bell_wait(t->go, 1);
        return;
    }
    pthread_mutex_lock(&ran.lock);
    ran.order[strlen(ran.order)] = t->name;
    pthread_mutex_unlock(&ran.lock);
    bell_ring(t->rung);
}

/* Queues `order` (b, u, p: bulk, user's, prompt) behind a bulk job that holds the one worker which does not only what is prompt. */
static void queue_behind(uint32_t threads, const char *order, struct turn *turns, uint64_t before_go)
{
    struct counting_allocator counter = {0};
    rtc_context *context = context_with(&counter, threads);
    struct bell rung, began, go;
    struct turn blocker = {.job = {.run = take_turn, .class = JOB_BULK}, .rung = &began, .go = &go};
    bell_init(&rung);
    bell_init(&began);
    bell_init(&go);
    memset(ran.order, 0, sizeof ran.order);
    executor_submit(context_executor(context), NULL, &blocker.job, 0);
    bell_wait(&began, 1);
    for (size_t i = 0; order[i]; i++) {
        enum job_class class = order[i] == 'b' ? JOB_BULK : order[i] == 'u' ? JOB_USER : JOB_PROMPT;
        turns[i] = (struct turn){.job = {.run = take_turn, .class = class}, .name = order[i], .rung = &rung};
        executor_submit(context_executor(context), NULL, &turns[i].job, 0);
    }
    bell_wait(&rung, before_go);
    bell_ring(&go);
    bell_wait(&rung, strlen(order));
    rtc_context_unref(context);
    assert_int_equal(counting_left(&counter), 0);
    bell_fini(&rung);
    bell_fini(&began);
    bell_fini(&go);
}

static void prompt_before_bulk(void **state)
{
    struct turn turns[8];
    (void)state;
    queue_behind(1, "bubpup", turns, 0);
    assert_string_equal(ran.order, "ppuubb");
}

/* What is prompt does not wait for an encoder that takes its time. */
static void a_worker_for_what_is_prompt(void **state)
{
    struct turn turns[8];
    (void)state;
    queue_behind(2, "bupbppup", turns, 4);
    assert_memory_equal(ran.order, "pppp", 4);
}

/* And bulk is not starved by it. */
static void turns_for_the_rest(void **state)
{
    static struct turn turns[40];
    (void)state;
    queue_behind(1, "bpppppppppppppppppppppppppppppp", turns, 0);
    assert_in_range(strchr(ran.order, 'b') - ran.order, 4, 8);
}

/* Not by two classes that both have more than can be done either. */
static void turns_for_every_class(void **state)
{
    static struct turn turns[60];
    (void)state;
    queue_behind(1, "bppppppppppppppppppppuuuuuuuuuuuuuuuuuuuub", turns, 0);
    assert_in_range(strchr(ran.order, 'u') - ran.order, 4, 9);
    assert_in_range(strchr(ran.order, 'b') - ran.order, 4, 9);
}

static struct bell unrefs_done;

static void drop_context(struct job *job)
{
    struct work *w = link_owner(job, struct work, job);
    rtc_context *context = w->context;
    memory_free(context, w);
    bell_wait(&unrefs_done, 1);
    rtc_context_unref(context); /* the last reference: a worker ends its own executor */
    bell_ring(&unrefs_done);
}

static void last_reference_on_a_worker(void **state)
{
    struct counting_allocator counter = {0};
    rtc_context *context = context_with(&counter, 3);
    (void)state;
    bell_init(&unrefs_done);
    struct work *w = memory_zeroed(context, sizeof *w);
    w->job = (struct job){.run = drop_context};
    w->context = rtc_context_ref(context);
    executor_submit(context_executor(context), NULL, &w->job, 0);
    rtc_context_unref(context);
    bell_ring(&unrefs_done);
    bell_wait(&unrefs_done, 2);
    assert_int_equal(counting_left(&counter), 0);
    bell_fini(&unrefs_done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_come_back),
        cmocka_unit_test(owner_goes_first),
        cmocka_unit_test(job_without_mailbox),
        cmocka_unit_test(queued_jobs_run_before_the_end),
        cmocka_unit_test(simulated_jobs_have_a_cost),
        cmocka_unit_test(simulated_jobs_come_back_when_they_are_due),
        cmocka_unit_test(prompt_before_bulk),
        cmocka_unit_test(a_worker_for_what_is_prompt),
        cmocka_unit_test(turns_for_the_rest),
        cmocka_unit_test(turns_for_every_class),
        cmocka_unit_test(last_reference_on_a_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
