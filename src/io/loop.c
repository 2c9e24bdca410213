/* SPDX-License-Identifier: MIT */
/* The loop (<crtc/loop.h>): its core (loop_core.h) and all that stands on it, put together. Who runs it, on which thread; its end. */
#include "driven.h"
#include "error.h"
#include "log.h"
#include "memory.h"
#include "network_watch.h"
#include "packet.h"
#include "reaper.h"
#include "udp_batch.h"

#include <errno.h>
#include <string.h>

static const rtc_time_t linger_most = 500000;

static const struct loop_ops ops = {driven_attach, driven_detach, driven_changed, shared_port_bind, shared_port_unbind};

static void wake_from_worker(void *user)
{
    loop_wake(user);
}

/* Whether this thread may end what belongs to the loop: in a callback or under the lock, or when nobody runs it and it is this thread's.
 * Another one's calls need no lock meanwhile: between two iterations of a foreign loop, say. */
static bool enter(void *user)
{
    struct loop *l = user;
    bool owned;
    if (!loop_lock_try(&l->lock, &owned))
        return false;
    if (owned || (!l->thread.running && !l->thread.has_thread && pthread_equal(l->thread.home, pthread_self())))
        return true;
    loop_lock_give(&l->lock);
    return false;
}

static void leave(void *user)
{
    loop_lock_give(&((struct loop *)user)->lock);
}

static const struct reaper_ops reaper_ops = {enter, leave, wake_from_worker};

int rtc_loop_new(rtc_context *context, rtc_loop **out)
{
    context = context_resolve(context);
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_loop_new: out is NULL");
    struct loop *l = context ? memory_zeroed(context, sizeof *l) : NULL;
    if (!l)
        return error_plain(RTC_ERR_NO_MEMORY);
    l->face.ops = &ops;
    l->thread.home = pthread_self();
    list_init(&l->lists.driven);
    list_init(&l->lists.ports);
    int error = loop_core_init(l, context);
    if (error == RTC_ERR_OPERATION)
        error = error_say(error, "the loop's descriptors can not be had: %s", strerror(errno));
    if (!error)
        error = reaper_new(context, &reaper_ops, l, &l->face.reaper);
    if (!error)
        error = udp_receiver_new(context, l->face.pool, &l->receiver);
    if (error) {
        rtc_loop_free(&l->face);
        return error == RTC_ERR_NO_MEMORY ? error_plain(error) : error;
    }
    *out = &l->face;
    return RTC_OK;
}

static int run(struct loop *l)
{
    int error = RTC_OK;
    while (!atomic_exchange(&l->thread.stopping, false) && !error)
        error = loop_core_iterate(l, -1) ? RTC_OK : error_say(RTC_ERR_OPERATION, "the loop can not wait: %s", strerror(errno));
    return error;
}

/* Waits for the library's thread: when it is to end, or has ended because it stopped itself. */
static void join_thread(struct loop *l, bool only_ended)
{
    loop_lock_take(&l->lock);
    bool join = l->thread.has_thread && !(only_ended && l->thread.running) && !pthread_equal(l->thread.thread, pthread_self());
    if (join)
        l->thread.has_thread = false;
    loop_lock_give(&l->lock);
    if (join)
        (void)pthread_join(l->thread.thread, NULL);
}

/* RTC_ERR_INVALID_STATE when it runs already. */
static int claim(struct loop *l)
{
    if (!l)
        return error_say(RTC_ERR_TYPE, "the loop is NULL");
    join_thread(l, true);
    loop_lock_take(&l->lock);
    bool idle = !l->thread.running && !l->thread.has_thread;
    l->thread.running = l->thread.running || idle;
    l->thread.home = idle ? pthread_self() : l->thread.home;
    loop_lock_give(&l->lock);
    return idle ? RTC_OK : error_say(RTC_ERR_INVALID_STATE, "the loop is running already");
}

static void release(struct loop *l)
{
    loop_lock_take(&l->lock);
    l->thread.running = false;
    loop_lock_give(&l->lock);
}

int rtc_loop_run(rtc_loop *loop)
{
    struct loop *l = loop_of(loop);
    int error = claim(l);
    if (error)
        return error;
    error = run(l);
    release(l);
    return error;
}

static void *thread_main(void *user)
{
    struct loop *l = user;
    if (run(l))
        log_write(l->context, RTC_LOG_ERROR, "io", "the loop's thread ended: %s", strerror(errno));
    release(l);
    return NULL;
}

int rtc_loop_start(rtc_loop *loop)
{
    struct loop *l = loop_of(loop);
    int error = claim(l);
    if (error)
        return error;
    atomic_store(&l->thread.stopping, false); /* a stop that came before was not meant for this thread */
    loop_lock_take(&l->lock);          /* the new thread waits for it before it does anything */
    l->thread.has_thread = pthread_create(&l->thread.thread, NULL, thread_main, l) == 0;
    l->thread.running = l->thread.has_thread;
    error = l->thread.has_thread ? RTC_OK : error_say(RTC_ERR_OPERATION, "no thread can be had for the loop");
    loop_lock_give(&l->lock);
    return error;
}

void rtc_loop_stop(rtc_loop *loop)
{
    struct loop *l = loop_of(loop);
    if (!l)
        return;
    atomic_store(&l->thread.stopping, true);
    loop_wake(l);
    join_thread(l, false);
}

int rtc_loop_fd(rtc_loop *loop)
{
    return loop_of(loop)->epoll_fd;
}

int rtc_loop_timeout_ms(rtc_loop *loop)
{
    struct loop *l = loop_of(loop);
    loop_lock_take(&l->lock);
    rtc_time_t at = loop_core_deadline(l);
    loop_lock_give(&l->lock);
    if (at == RTC_TIME_NEVER)
        return -1;
    rtc_time_t left = at - rtc_now();
    if (left <= 0)
        return 0;
    return left > 3600000000 ? 3600000 : (int)((left + 999) / 1000);
}

int rtc_loop_iterate(rtc_loop *loop)
{
    struct loop *l = loop_of(loop);
    int error = claim(l);
    if (error)
        return error;
    error =
        loop_core_iterate(l, 0) ? RTC_OK : error_say(RTC_ERR_OPERATION, "the loop can not look at its descriptors: %s", strerror(errno));
    release(l);
    return error;
}

void rtc_loop_lock(rtc_loop *loop)
{
    loop_lock_take(&loop_of(loop)->lock);
}

void rtc_loop_unlock(rtc_loop *loop)
{
    loop_lock_give(&loop_of(loop)->lock);
}

static int post_at(rtc_loop *loop, rtc_time_t at, void (*fn)(void *user), void *user, uint64_t *id)
{
    struct loop *l = loop_of(loop);
    if (!l || !fn)
        return error_say(RTC_ERR_TYPE, "nothing can be posted: the %s is NULL", l ? "function" : "loop");
    int error = loop_posts_add(l->context, &l->posts, at, fn, user, id);
    if (!error)
        loop_wake(l);
    return error == RTC_ERR_INVALID_STATE ? error_say(error, "the loop is being freed") : error_plain(error);
}

int rtc_loop_post(rtc_loop *loop, void (*fn)(void *user), void *user)
{
    return post_at(loop, 0, fn, user, NULL);
}

int rtc_loop_post_delayed(rtc_loop *loop, rtc_time_t delay_us, void (*fn)(void *user), void *user, uint64_t *id)
{
    rtc_time_t now = rtc_now(), delay = delay_us > 0 ? delay_us : 0;
    return post_at(loop, delay < RTC_TIME_NEVER - now ? now + delay : RTC_TIME_NEVER, fn, user, id);
}

bool rtc_loop_cancel(rtc_loop *loop, uint64_t id)
{
    struct loop *l = loop_of(loop);
    return l && loop_posts_cancel(l->context, &l->posts, id);
}

/* Relays are given back before the program ends: a server that is there needs a round trip or two for that. */
static void close_connections(struct loop *l)
{
    rtc_time_t now, limit = rtc_now() + linger_most;
    for (struct link *at = l->lists.driven.next, *next; at != &l->lists.driven; at = next) {
        next = at->next;
        rtc_peer_connection_close(link_owner(at, struct driven, link)->owner.pc);
    }
    while (!list_empty(&l->lists.driven) && (now = rtc_now()) < limit && loop_core_iterate(l, (int)((limit - now) / 1000) + 1))
        ;
    while (!list_empty(&l->lists.driven))
        rtc_peer_connection_tick(link_owner(l->lists.driven.next, struct driven, link)->owner.pc, RTC_TIME_NEVER);
}

void rtc_loop_free(rtc_loop *loop)
{
    struct loop *l = loop_of(loop);
    rtc_context *context;
    if (!l)
        return;
    rtc_loop_stop(loop);
    loop_lock_take(&l->lock);
    loop_posts_close(&l->posts);
    loop_posts_run(l->context, &l->posts, RTC_TIME_NEVER);
    if (l->face.reaper)
        reaper_run(l->face.reaper);
    close_connections(l); /* after the functions above, which may have made some */
    while (!list_empty(&l->lists.ports))
        shared_port_close(shared_port_of(l->lists.ports.next));
    loop_core_bury(l);
    network_watch_free(l);
    udp_receiver_free(l->context, l->receiver);
    packet_pool_unref(l->face.pool); /* from here on it is that of handles, which end one at a time */
    reaper_close(l->face.reaper);
    loop_lock_give(&l->lock);
    reaper_unref(l->face.reaper);
    context = rtc_context_ref(l->context);
    loop_core_fini(l);
    memory_free(context, l);
    rtc_context_unref(context);
}
