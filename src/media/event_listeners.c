/* SPDX-License-Identifier: MIT */
/* See event_listeners.h. The list is walked under the lock, which is let go around every call. Who is removed meanwhile stays in the list,
 * and is freed by the last walk that ends. */
#include "event_listeners.h"

#include "memory.h"

#include <string.h>

/* Owner: its object's list. Read and written with the list's lock held; `callbacks`, `user` and `number` are set before others see it. */
struct event_listener {
    struct link link;
    void *user;
    uint64_t number;  /* in order of adding */
    uint32_t calls;   /* under way, all of them on `caller` */
    pthread_t caller; /* while there are calls */
    bool removed;
    void *callbacks[]; /* a struct of the public face; an array for its alignment */
};

void event_listeners_init(struct event_listeners *l)
{
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->idle, NULL);
    list_init(&l->list);
}

/* With the lock held and nobody walking. */
static void free_removed(struct event_listeners *l, rtc_context *context, bool all)
{
    for (struct link *at = l->list.next, *next; at != &l->list; at = next) {
        struct event_listener *listener = link_owner(at, struct event_listener, link);
        next = at->next;
        if (!all && !listener->removed)
            continue;
        list_remove(at);
        memory_free(context, listener);
    }
}

void event_listeners_fini(struct event_listeners *l, rtc_context *context)
{
    free_removed(l, context, true);
    pthread_cond_destroy(&l->idle);
    pthread_mutex_destroy(&l->lock);
}

int event_listeners_add(struct event_listeners *l, rtc_context *context, const void *callbacks, size_t size, void *user,
                        struct event_listener **out)
{
    struct event_listener *listener = memory_zeroed(context, sizeof *listener + size);
    if (!listener)
        return RTC_ERR_NO_MEMORY;
    memcpy(listener->callbacks, callbacks, size);
    listener->user = user;
    *out = listener; /* before the first call can come */
    pthread_mutex_lock(&l->lock);
    listener->number = ++l->added;
    list_append(&l->list, &listener->link);
    pthread_mutex_unlock(&l->lock);
    return RTC_OK;
}

bool event_listeners_any(struct event_listeners *l)
{
    pthread_mutex_lock(&l->lock);
    bool any = !list_empty(&l->list);
    pthread_mutex_unlock(&l->lock);
    return any;
}

/* With the lock held: a call of it on another thread. */
static bool called_elsewhere(const struct event_listener *listener)
{
    return listener->calls > 0 && !pthread_equal(listener->caller, pthread_self());
}

void event_listeners_remove(struct event_listeners *l, rtc_context *context, struct event_listener *listener)
{
    pthread_mutex_lock(&l->lock);
    listener->removed = true;
    l->walks++; /* it must not go while this thread waits for it */
    while (called_elsewhere(listener))
        pthread_cond_wait(&l->idle, &l->lock);
    if (--l->walks == 0)
        free_removed(l, context, false);
    pthread_mutex_unlock(&l->lock);
}

/* With the lock held, which is let go around the call. One call at a time, but for what a callback brings about itself. */
static void call_unlocked(struct event_listeners *l, struct event_listener *listener, event_listener_call *call, const void *event)
{
    while (called_elsewhere(listener))
        pthread_cond_wait(&l->idle, &l->lock);
    if (listener->removed)
        return;
    listener->calls++;
    listener->caller = pthread_self();
    pthread_mutex_unlock(&l->lock);
    call(listener->callbacks, listener->user, event);
    pthread_mutex_lock(&l->lock);
    listener->calls--;
    pthread_cond_broadcast(&l->idle);
}

void event_listeners_tell(struct event_listeners *l, rtc_context *context, event_listener_call *call, const void *event)
{
    pthread_mutex_lock(&l->lock);
    uint64_t last = l->added; /* who is added by a callback hears of the next event */
    l->walks++;
    for (struct link *at = l->list.next; at != &l->list; at = at->next) {
        struct event_listener *listener = link_owner(at, struct event_listener, link);
        if (listener->number <= last)
            call_unlocked(l, listener, call, event);
    }
    if (--l->walks == 0)
        free_removed(l, context, false);
    pthread_mutex_unlock(&l->lock);
}
