/* SPDX-License-Identifier: MIT */
/* Worker threads and mailboxes; see executor.h. */
#include "executor.h"

#include "context.h"
#include "memory.h"
#include "references.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PASSED_OVER_MAX = 8, /* then one of the class has its turn */
    NICE_BY = 5,         /* a third of the weight of those that are not */
    CORES_USED = 8       /* more workers than that wait for each other, or for nothing */
};

/* A part of an executor or a mailbox, under its lock. The jobs are their submitters'. */
struct job_queue {
    struct job *head;
    struct job **tail;
};

/* Owned by whoever called executor_new(): a slot of the context, here or in src/io/resolver.c. Written here alone, under the lock. The
 * simulation is set before jobs are submitted; `orphaned` is the freeing worker's own. */
struct executor {
    rtc_allocator allocator; /* a copy: the context that owns the executor may go first */
    pthread_mutex_t lock;
    pthread_cond_t wanted, wanted_promptly; /* the second is the reserved worker's */
    struct job_queue queue[JOB_CLASSES];
    uint32_t passed_over[JOB_CLASSES]; /* how many jobs of earlier classes went first while one of this class waited */
    bool reserved_idle;
    bool ending;
    bool orphaned; /* freed by one of its own workers, which gives the memory back when it ends */
    bool simulated;
    rtc_time_t job_cost_us[JOB_CLASSES];
    uint32_t threads; /* of several the first is reserved for prompt jobs */
    pthread_t thread[];
};

/* Shared by whoever empties it and each job that is on its way to it; freed with the last reference. Written here alone: the queue and
 * `wake` under the lock, the rest when it is made. */
struct mailbox {
    rtc_context *context;
    atomic_uint references;
    pthread_mutex_t lock;
    struct job_queue queue; /* ordered by when they are due */
    rtc_time_t latest;      /* of those in it */
    void (*wake)(void *user);
    void *user;
};

static void push(struct job_queue *queue, struct job *job)
{
    if (!queue->head)
        queue->tail = &queue->head;
    job->next = NULL;
    *queue->tail = job;
    queue->tail = &job->next;
}

static struct job *pop(struct job_queue *queue)
{
    struct job *job = queue->head;
    if (job)
        queue->head = job->next;
    return job;
}

/* What is due first comes first, and of the same time what came first; only in simulation times differ. */
static void push_by_due(struct mailbox *m, struct job *job)
{
    struct job **at = &m->queue.head;
    if (!m->queue.head || m->latest <= job->due) {
        m->latest = job->due;
        push(&m->queue, job);
        return;
    }
    while ((*at)->due <= job->due)
        at = &(*at)->next;
    job->next = *at;
    *at = job;
}

static void deliver(struct job *job)
{
    struct mailbox *m = job->mailbox;
    pthread_mutex_lock(&m->lock);
    push_by_due(m, job);
    if (m->wake)
        m->wake(m->user);
    pthread_mutex_unlock(&m->lock);
    mailbox_unref(m);
}

/* A job without a mailbox is its own owner: run() may have freed or submitted it again. */
static void perform(struct job *job)
{
    bool returns = job->mailbox != NULL;
    job->run(job);
    if (returns)
        deliver(job);
}

static void release(struct executor *e)
{
    pthread_cond_destroy(&e->wanted);
    pthread_cond_destroy(&e->wanted_promptly);
    pthread_mutex_destroy(&e->lock);
    e->allocator.free(e->allocator.user, e);
}

/* The first class with work, or a later one that was passed over for long. */
static struct job *next_job(struct executor *e, bool reserved)
{
    int chosen = JOB_CLASSES;
    if (reserved)
        return pop(&e->queue[JOB_PROMPT]);
    for (int i = 0; i < JOB_CLASSES; i++)
        if (e->queue[i].head && (chosen == JOB_CLASSES || e->passed_over[i] >= PASSED_OVER_MAX))
            chosen = i;
    if (chosen == JOB_CLASSES)
        return NULL;
    e->passed_over[chosen] = 0;
    for (int i = chosen + 1; i < JOB_CLASSES; i++)
        e->passed_over[i] += e->queue[i].head != NULL;
    return pop(&e->queue[chosen]);
}

/* On Linux this is the calling thread's alone, and that of the threads that it makes, as encoders do. */
static void step_back(void)
{
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICE_BY);
}

static void *work(void *argument)
{
    struct executor *e = argument;
    pthread_mutex_lock(&e->lock); /* all of them have been started when it is free */
    bool reserved = e->threads > 1 && pthread_equal(e->thread[0], pthread_self());
    if (!reserved)
        step_back();
    for (;;) {
        struct job *job = next_job(e, reserved);
        if (job) {
            pthread_mutex_unlock(&e->lock);
            perform(job); /* may drop the last reference to the context, and so free the executor */
            if (e->orphaned) {
                release(e);
                return NULL;
            }
            pthread_mutex_lock(&e->lock);
        } else if (e->ending) {
            break;
        } else {
            e->reserved_idle = e->reserved_idle || reserved;
            pthread_cond_wait(reserved ? &e->wanted_promptly : &e->wanted, &e->lock);
        }
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

int executor_new(rtc_context *context, uint32_t threads, struct executor **out)
{
    struct executor *e = memory_zeroed(context, sizeof *e + threads * sizeof e->thread[0]);
    if (!e)
        return RTC_ERR_NO_MEMORY;
    e->allocator = memory_allocator(context);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->wanted, NULL);
    pthread_cond_init(&e->wanted_promptly, NULL);
    pthread_mutex_lock(&e->lock);
    while (e->threads < threads && pthread_create(&e->thread[e->threads], NULL, work, e) == 0)
        e->threads++;
    pthread_mutex_unlock(&e->lock);
    if (threads > 0 && e->threads == 0) {
        executor_free(e);
        return RTC_ERR_OPERATION;
    }
    *out = e;
    return RTC_OK;
}

void executor_free(struct executor *e)
{
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    e->ending = true;
    pthread_cond_broadcast(&e->wanted);
    pthread_cond_broadcast(&e->wanted_promptly);
    pthread_mutex_unlock(&e->lock);
    bool own = false;
    for (uint32_t i = 0; i < e->threads; i++) {
        if (pthread_equal(e->thread[i], pthread_self())) {
            own = true;
            (void)pthread_detach(e->thread[i]);
        } else {
            (void)pthread_join(e->thread[i], NULL);
        }
    }
    e->orphaned = own;
    if (!own)
        release(e);
}

void executor_simulate(struct executor *e, rtc_time_t job_cost_us)
{
    e->simulated = true;
    for (int i = 0; i < JOB_CLASSES; i++)
        e->job_cost_us[i] = job_cost_us;
}

void executor_simulate_class(struct executor *e, enum job_class class, rtc_time_t job_cost_us)
{
    e->job_cost_us[class] = job_cost_us;
}

rtc_time_t executor_now(const struct executor *e, rtc_time_t simulated)
{
    return e->simulated ? simulated : rtc_now();
}

rtc_time_t executor_took(const struct executor *e, const struct job *job, rtc_time_t began)
{
    return e->simulated ? e->job_cost_us[job->class] : rtc_now() - began;
}

void executor_submit(struct executor *e, struct mailbox *mailbox, struct job *job, rtc_time_t now)
{
    job->mailbox = mailbox ? mailbox_ref(mailbox) : NULL;
    job->due = 0;
    if (e->simulated) {
        job->due = now + e->job_cost_us[job->class];
        perform(job);
        return;
    }
    pthread_mutex_lock(&e->lock);
    push(&e->queue[job->class], job);
    bool promptly = job->class == JOB_PROMPT && e->reserved_idle;
    e->reserved_idle = e->reserved_idle && !promptly;
    pthread_cond_signal(promptly ? &e->wanted_promptly : &e->wanted);
    pthread_mutex_unlock(&e->lock);
}

static void release_executor(rtc_context *context, void *value)
{
    (void)context;
    executor_free(value);
}

/* A worker a core, to a point, and the one that is reserved. */
static uint32_t threads_wanted(const rtc_context *context)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t asked = context_worker_threads(context);
    return asked ? asked : cores < 1 ? 2 : cores > CORES_USED ? CORES_USED + 1 : (uint32_t)cores + 1;
}

struct executor *context_executor(rtc_context *context)
{
    struct executor *e = context_slot_get(context, CONTEXT_SLOT_EXECUTOR);
    rtc_time_t job_cost_us;
    if (e)
        return e;
    bool simulated = context_is_simulated(context, &job_cost_us);
    if (executor_new(context, simulated ? 0 : threads_wanted(context), &e) != RTC_OK)
        return NULL;
    if (simulated)
        executor_simulate(e, job_cost_us);
    struct executor *kept = context_slot_set(context, CONTEXT_SLOT_EXECUTOR, e, release_executor);
    if (kept != e)
        executor_free(e); /* another thread was first */
    return kept;
}

void context_simulate(rtc_context *context, rtc_time_t job_cost_us)
{
    struct executor *e = context_slot_get(context, CONTEXT_SLOT_EXECUTOR);
    context_set_simulated(context, job_cost_us);
    if (e)
        executor_simulate(e, job_cost_us);
}

int mailbox_new(rtc_context *context, void (*wake)(void *user), void *user, struct mailbox **out)
{
    struct mailbox *m = memory_zeroed(context, sizeof *m);
    if (!m)
        return RTC_ERR_NO_MEMORY;
    m->context = rtc_context_ref(context);
    atomic_init(&m->references, 1);
    pthread_mutex_init(&m->lock, NULL);
    m->wake = wake;
    m->user = user;
    *out = m;
    return RTC_OK;
}

void mailbox_mute(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->wake = NULL;
    pthread_mutex_unlock(&m->lock);
}

struct mailbox *mailbox_ref(struct mailbox *m)
{
    references_take(&m->references);
    return m;
}

void mailbox_unref(struct mailbox *m)
{
    if (!m || !references_drop(&m->references))
        return;
    /* Whoever dropped his interest early left jobs behind: they are told, so that they free themselves. */
    for (struct job *job; (job = pop(&m->queue)) != NULL;)
        job->done(job, RTC_TIME_NEVER);
    pthread_mutex_destroy(&m->lock);
    context_free(m->context, m);
}

void mailbox_post(struct mailbox *m, struct job *job)
{
    job->mailbox = mailbox_ref(m);
    job->due = 0;
    deliver(job);
}

void mailbox_run(struct mailbox *m, rtc_time_t now)
{
    for (;;) {
        pthread_mutex_lock(&m->lock);
        struct job *job = m->queue.head && m->queue.head->due <= now ? pop(&m->queue) : NULL;
        pthread_mutex_unlock(&m->lock);
        if (!job)
            return;
        job->done(job, now);
    }
}

rtc_time_t mailbox_deadline(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    rtc_time_t due = m->queue.head ? m->queue.head->due : RTC_TIME_NEVER;
    pthread_mutex_unlock(&m->lock);
    return due;
}
