/* SPDX-License-Identifier: MIT */
/* See reaper.h. */
#include "reaper.h"

#include "context.h"
#include "memory.h"
#include "references.h"

#include <pthread.h>
#include <stdatomic.h>

/* The loop's, and that of whoever still has something to put here; freed with the last reference. Written here alone: the list and `closed`
 * under the lock, the rest when it is made. */
struct reaper {
    rtc_context *context;
    atomic_uint references;
    const struct reaper_ops *ops;
    void *user;
    pthread_mutex_t lock; /* recursive: what ends may put something else here */
    bool closed;
    struct reaper_entry *first, **last;
};

int reaper_new(rtc_context *context, const struct reaper_ops *ops, void *user, struct reaper **out)
{
    struct reaper *r = memory_zeroed(context, sizeof *r);
    pthread_mutexattr_t recursive;
    if (!r)
        return RTC_ERR_NO_MEMORY;
    r->context = rtc_context_ref(context);
    atomic_init(&r->references, 1);
    r->ops = ops;
    r->user = user;
    r->last = &r->first;
    (void)pthread_mutexattr_init(&recursive);
    (void)pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    (void)pthread_mutex_init(&r->lock, &recursive);
    (void)pthread_mutexattr_destroy(&recursive);
    *out = r;
    return RTC_OK;
}

struct reaper *reaper_ref(struct reaper *r)
{
    if (r)
        references_take(&r->references);
    return r;
}

void reaper_unref(struct reaper *r)
{
    if (!r || !references_drop(&r->references))
        return;
    pthread_mutex_destroy(&r->lock);
    context_free(r->context, r);
}

static struct reaper_entry *pop(struct reaper *r)
{
    struct reaper_entry *e = r->first;
    if (!e)
        return NULL;
    r->first = e->next;
    if (!r->first)
        r->last = &r->first;
    e->next = NULL;
    return e;
}

void reaper_put(struct reaper *r, struct reaper_entry *e)
{
    (void)reaper_ref(r); /* the entry's own reference may go with it */
    pthread_mutex_lock(&r->lock);
    if (r->closed) {
        e->end(e);
        pthread_mutex_unlock(&r->lock);
    } else if (r->ops->enter(r->user)) {
        pthread_mutex_unlock(&r->lock);
        e->end(e);
        r->ops->leave(r->user);
    } else {
        e->next = NULL;
        *r->last = e;
        r->last = &e->next;
        r->ops->wake(r->user); /* with the lock, so that the loop is there */
        pthread_mutex_unlock(&r->lock);
    }
    reaper_unref(r);
}

void reaper_run(struct reaper *r)
{
    for (;;) {
        pthread_mutex_lock(&r->lock);
        struct reaper_entry *e = pop(r);
        pthread_mutex_unlock(&r->lock);
        if (!e)
            return;
        e->end(e);
    }
}

bool reaper_waits(struct reaper *r)
{
    pthread_mutex_lock(&r->lock);
    bool waits = r->first != NULL;
    pthread_mutex_unlock(&r->lock);
    return waits;
}

void reaper_close(struct reaper *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->closed = true;
    for (struct reaper_entry *e; (e = pop(r)) != NULL;)
        e->end(e);
    pthread_mutex_unlock(&r->lock);
}
