/* SPDX-License-Identifier: MIT */
/* See track_listeners.h. The list is walked under the lock, which is let go around every call. Who is removed meanwhile stays in the list,
 * and is freed by the last walk that ends. */
#include "track_listeners.h"

#include "memory.h"

/* Owner: its track's list. Read and written with the list's lock held; `callbacks`, `user` and `number` are set before others see it. */
struct rtc_track_listener {
    struct link link;
    rtc_track_callbacks callbacks;
    void *user;
    uint64_t number;  /* in order of adding */
    uint32_t calls;   /* under way, all of them on `caller` */
    pthread_t caller; /* while there are calls */
    bool removed;
};

void track_listeners_init(struct track_listeners *l)
{
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->idle, NULL);
    list_init(&l->list);
}

/* With the lock held and nobody walking. */
static void free_removed(struct track_listeners *l, rtc_context *context, bool all)
{
    for (struct link *at = l->list.next, *next; at != &l->list; at = next) {
        rtc_track_listener *listener = link_owner(at, rtc_track_listener, link);
        next = at->next;
        if (!all && !listener->removed)
            continue;
        list_remove(at);
        memory_free(context, listener);
    }
}

void track_listeners_fini(struct track_listeners *l, rtc_context *context)
{
    free_removed(l, context, true);
    pthread_cond_destroy(&l->idle);
    pthread_mutex_destroy(&l->lock);
}

int track_listeners_add(struct track_listeners *l, rtc_context *context, const rtc_track_callbacks *callbacks, void *user,
                        rtc_track_listener **out)
{
    rtc_track_listener *listener = memory_zeroed(context, sizeof *listener);
    if (!listener)
        return RTC_ERR_NO_MEMORY;
    listener->callbacks = *callbacks;
    listener->user = user;
    *out = listener; /* before the first call can come */
    pthread_mutex_lock(&l->lock);
    listener->number = ++l->added;
    list_append(&l->list, &listener->link);
    pthread_mutex_unlock(&l->lock);
    return RTC_OK;
}

bool track_listeners_any(struct track_listeners *l)
{
    pthread_mutex_lock(&l->lock);
    bool any = !list_empty(&l->list);
    pthread_mutex_unlock(&l->lock);
    return any;
}

/* With the lock held: a call of it on another thread. */
static bool called_elsewhere(const rtc_track_listener *listener)
{
    return listener->calls > 0 && !pthread_equal(listener->caller, pthread_self());
}

void track_listeners_remove(struct track_listeners *l, rtc_context *context, rtc_track_listener *listener)
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

static void call(rtc_track_listener *listener, rtc_media_stream_track *track, enum track_event event)
{
    void (*const callbacks[])(void *, rtc_media_stream_track *) = {
        [TRACK_EVENT_MUTE] = listener->callbacks.on_mute,
        [TRACK_EVENT_UNMUTE] = listener->callbacks.on_unmute,
        [TRACK_EVENT_ENDED] = listener->callbacks.on_ended,
    };
    if (callbacks[event])
        callbacks[event](listener->user, track);
}

/* With the lock held, which is let go around the call. One call at a time, but for what a callback brings about itself. */
static void call_unlocked(struct track_listeners *l, rtc_track_listener *listener, rtc_media_stream_track *track, enum track_event event)
{
    while (called_elsewhere(listener))
        pthread_cond_wait(&l->idle, &l->lock);
    if (listener->removed)
        return;
    listener->calls++;
    listener->caller = pthread_self();
    pthread_mutex_unlock(&l->lock);
    call(listener, track, event);
    pthread_mutex_lock(&l->lock);
    listener->calls--;
    pthread_cond_broadcast(&l->idle);
}

void track_listeners_tell(struct track_listeners *l, rtc_context *context, rtc_media_stream_track *track, enum track_event event)
{
    pthread_mutex_lock(&l->lock);
    uint64_t last = l->added; /* who is added by a callback hears of the next event */
    l->walks++;
    for (struct link *at = l->list.next; at != &l->list; at = at->next) {
        rtc_track_listener *listener = link_owner(at, rtc_track_listener, link);
        if (listener->number <= last)
            call_unlocked(l, listener, track, event);
    }
    if (--l->walks == 0)
        free_removed(l, context, false);
    pthread_mutex_unlock(&l->lock);
}
