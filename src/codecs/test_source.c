/* SPDX-License-Identifier: MIT */
/* A paced thread per source; see test_source.h.
 *
 * The last consumer may leave from within a callback, that is on this very thread: then nobody can wait for it. So every run of the thread
 * has a small struct of its own that says whether it is over, and the thread touches nothing else after a push unless it is not. */
#include "test_source.h"

#include "context.h"
#include "log.h"
#include "memory.h"
#include "references.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { LATE_MAX_US = 200000 };

/* One run of the thread. Counted; `ended` is read and written with the lock held. */
struct run {
    atomic_uint references; /* the source's and the thread's */
    rtc_context *context;
    struct test_source *owner;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool ended;
};

/* Owner: its source, whose destroy() frees it. `run` is written by start and stop, which never meet; `number` by the thread of the run. */
struct test_source {
    rtc_context *context;
    rtc_media_source *source; /* not a reference: it owns this */
    const struct test_source_ops *ops;
    void *maker;
    uint32_t per_second;
    uint64_t number;
    struct run *run; /* NULL while nobody consumes */
};

static void unref_run(struct run *r)
{
    if (!references_drop(&r->references))
        return;
    pthread_cond_destroy(&r->over);
    pthread_mutex_destroy(&r->lock);
    context_free(r->context, r);
}

static struct run *make_run(struct test_source *t)
{
    pthread_condattr_t attributes;
    struct run *r = memory_zeroed(t->context, sizeof *r);
    if (!r)
        return NULL;
    atomic_init(&r->references, 2);
    r->context = rtc_context_ref(t->context);
    r->owner = t;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&r->over, &attributes);
    pthread_condattr_destroy(&attributes);
    return r;
}

/* False when the run is over. */
static bool wait_until(struct run *r, rtc_time_t at)
{
    const struct timespec until = {.tv_sec = (time_t)(at / 1000000), .tv_nsec = (long)(at % 1000000) * 1000};
    pthread_mutex_lock(&r->lock);
    while (!r->ended && pthread_cond_timedwait(&r->over, &r->lock, &until) == 0)
        ;
    bool goes_on = !r->ended;
    pthread_mutex_unlock(&r->lock);
    return goes_on;
}

static void *work(void *argument)
{
    struct run *r = argument;
    struct test_source *t = r->owner;
    uint32_t per_second = t->per_second;
    rtc_time_t start = rtc_now();
    for (uint64_t n = 0;; n++) {
        rtc_time_t at = start + (rtc_time_t)(n * 1000000 / per_second);
        if (!wait_until(r, at))
            break;
        rtc_time_t late = rtc_now() - at;
        if (late > LATE_MAX_US) { /* what a stopped process missed is not made up for */
            start += late;
            at += late;
        }
        t->ops->push(t->maker, t->source, t->number++, at);
    }
    unref_run(r);
    return NULL;
}

static void start(void *user)
{
    struct test_source *t = user;
    struct run *r = make_run(t);
    if (r && pthread_create(&r->thread, NULL, work, r) != 0) {
        unref_run(r);
        unref_run(r);
        r = NULL;
    }
    t->run = r;
    if (!r)
        log_write(t->context, RTC_LOG_ERROR, "media", "no thread for a test source");
}

static void stop(void *user)
{
    struct test_source *t = user;
    struct run *r = t->run;
    if (!r)
        return;
    t->run = NULL;
    pthread_mutex_lock(&r->lock);
    r->ended = true;
    pthread_cond_signal(&r->over);
    pthread_t thread = r->thread;
    pthread_mutex_unlock(&r->lock);
    if (pthread_equal(thread, pthread_self()))
        (void)pthread_detach(thread);
    else
        (void)pthread_join(thread, NULL);
    unref_run(r);
}

static void destroy(void *user)
{
    struct test_source *t = user;
    rtc_context *context = t->context;
    t->ops->release(context, t->maker);
    memory_free(context, t);
    rtc_context_unref(context);
}

int test_source_new(rtc_context *context, rtc_media_kind kind, const char *label, uint32_t per_second, const struct test_source_ops *ops,
                    void *maker, rtc_media_source **out)
{
    const rtc_media_source_ops source_ops = {.size = sizeof source_ops, .start = start, .stop = stop, .destroy = destroy};
    struct test_source *t = memory_zeroed(context, sizeof *t);
    if (!t)
        return RTC_ERR_NO_MEMORY;
    t->ops = ops;
    t->maker = maker;
    t->per_second = per_second;
    int error = rtc_media_source_new(context, kind, label, &source_ops, t, &t->source);
    if (error) {
        memory_free(context, t);
        return error;
    }
    t->context = rtc_context_ref(context);
    *out = t->source;
    return RTC_OK;
}
