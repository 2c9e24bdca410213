/* SPDX-License-Identifier: MIT */
/* The loop (<crtc/loop.h>): epoll over the sockets, an eventfd for other threads, a timerfd for the earliest deadline, netlink for changes
 * of the network. The epoll descriptor is the one a foreign loop watches: it becomes readable for each of these. */
#include "error.h"
#include "io_internal.h"
#include "packet.h"
#include "reaper.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 64 };

static const rtc_time_t linger_most = 500000;

static const struct loop_ops ops = {driven_attach, driven_detach, driven_changed, shared_port_bind, shared_port_unbind};

struct loop *loop_of(rtc_loop *loop)
{
    return (struct loop *)loop;
}

/* Whoever calls has stored what he wakes for. While the loop is at work it needs no waking: before it waits again it looks for what came
 * meanwhile. */
void loop_wake(struct loop *l)
{
    pthread_mutex_lock(&l->dirty_lock);
    bool write_it = !l->woken && !l->working;
    l->woken = l->woken || write_it;
    pthread_mutex_unlock(&l->dirty_lock);
    uint64_t one = 1;
    if (write_it && write(l->wake_fd, &one, sizeof one) < 0)
        log_write(l->context, RTC_LOG_ERROR, "io", "the loop can not be woken: %s", strerror(errno));
}

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
    if (owned || (!l->running && !l->has_thread && pthread_equal(l->home, pthread_self())))
        return true;
    loop_lock_give(&l->lock);
    return false;
}

static void leave(void *user)
{
    loop_lock_give(&((struct loop *)user)->lock);
}

static const struct reaper_ops reaper_ops = {enter, leave, wake_from_worker};

static bool watch(struct loop *l, int fd, void *tag)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = tag};
    return fd >= 0 && epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

static bool open_descriptors(struct loop *l)
{
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return l->epoll_fd >= 0 && watch(l, l->wake_fd, &l->wake_fd) && watch(l, l->timer_fd, &l->timer_fd);
}

static void close_descriptors(struct loop *l)
{
    const int fds[] = {l->timer_fd, l->wake_fd, l->epoll_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

int rtc_loop_new(rtc_context *context, rtc_loop **out)
{
    context = context_resolve(context);
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_loop_new: out is NULL");
    struct loop *l = context ? memory_zeroed(context, sizeof *l) : NULL;
    if (!l)
        return error_plain(RTC_ERR_NO_MEMORY);
    l->face.ops = &ops;
    l->context = rtc_context_ref(context);
    l->timer_armed = RTC_TIME_NEVER;
    l->home = pthread_self();
    list_init(&l->driven);
    list_init(&l->ports);
    list_init(&l->dirty);
    loop_lock_init(&l->lock);
    loop_posts_init(&l->posts);
    network_watch_init(&l->network);
    pthread_mutex_init(&l->dirty_lock, NULL);
    int error = open_descriptors(l) ? RTC_OK : error_say(RTC_ERR_OPERATION, "the loop's descriptors can not be had: %s", strerror(errno));
    if (!error)
        error = packet_pool_new(context, &l->face.pool);
    if (!error)
        error = reaper_new(context, &reaper_ops, l, &l->face.reaper);
    if (!error)
        error = udp_receiver_new(context, l->face.pool, &l->receiver);
    if (!error)
        error = mailbox_new(context, wake_from_worker, l, &l->mailbox);
    if (error) {
        rtc_loop_free(&l->face);
        return error == RTC_ERR_NO_MEMORY ? error_plain(error) : error;
    }
    *out = &l->face;
    return RTC_OK;
}

/* What was closed during this iteration and could still have been named by one of its events. */
static void bury(struct loop *l)
{
    while (l->closed_sockets) {
        struct io_socket *s = l->closed_sockets;
        l->closed_sockets = s->next_closed;
        memory_free(l->context, s);
    }
    while (l->gone) {
        struct driven *d = l->gone;
        l->gone = d->next_gone;
        driven_unref(d);
    }
}

static rtc_time_t next_deadline(struct loop *l)
{
    const struct timer_entry *first = timer_heap_first(&l->timers);
    rtc_time_t at = first ? first->at : RTC_TIME_NEVER;
    rtc_time_t post = loop_posts_deadline(&l->posts);
    at = post < at ? post : at;
    return l->network.due < at ? l->network.due : at;
}

/* Deadlines that move away, as retransmission timers do with every packet, cost no system call: the timer fires in vain once and is set to
 * what is next then. */
static void arm_timer(struct loop *l)
{
    rtc_time_t at = next_deadline(l);
    if (at >= l->timer_armed)
        return;
    l->timer_armed = at;
    at = at < 1 ? 1 : at; /* zero would disarm it */
    struct itimerspec spec = {.it_value = {.tv_sec = (time_t)(at / 1000000), .tv_nsec = (long)(at % 1000000) * 1000}};
    (void)timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* One read sets an eventfd or a timerfd back to zero. */
static void clear_descriptor(int fd)
{
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0)
        return; /* nothing was there */
}

static void handle(struct loop *l, const struct epoll_event *e, rtc_time_t now)
{
    if (e->data.ptr == &l->wake_fd) {
        clear_descriptor(l->wake_fd); /* before the flag, or a wake between the two would be read away and never written again */
        pthread_mutex_lock(&l->dirty_lock);
        l->woken = false;
        pthread_mutex_unlock(&l->dirty_lock);
    } else if (e->data.ptr == &l->timer_fd) {
        clear_descriptor(l->timer_fd);
        l->timer_armed = RTC_TIME_NEVER;
    } else if (e->data.ptr == &l->network) {
        network_watch_readable(&l->network, now);
    } else {
        struct io_socket *s = e->data.ptr;
        if (s->fd >= 0 && (e->events & EPOLLOUT))
            s->ops->flush(s);
        if (s->fd >= 0 && (e->events & (EPOLLIN | EPOLLERR | EPOLLHUP))) {
            s->ops->receive(s, now);
            if (s->fd >= 0 && s->driven)
                driven_changed(s->driven);
        }
    }
}

static void run_due_timers(struct loop *l, rtc_time_t now)
{
    for (struct timer_entry *e; (e = timer_heap_first(&l->timers)) != NULL && e->at <= now;) {
        (void)timer_heap_set(l->context, &l->timers, e, RTC_TIME_NEVER);
        driven_changed(link_owner(e, struct driven, timer));
    }
}

/* Every connection that is dirty now runs once; what gets dirty meanwhile waits for the next iteration, so that one connection can not
 * starve the rest. */
static void run_dirty(struct loop *l)
{
    struct link round;
    list_init(&round);
    pthread_mutex_lock(&l->dirty_lock);
    while (!list_empty(&l->dirty)) {
        struct link *first = l->dirty.next;
        list_remove(first);
        list_append(&round, first);
    }
    for (;;) {
        if (list_empty(&round))
            break;
        struct driven *d = link_owner(round.next, struct driven, dirty_link);
        list_remove(&d->dirty_link);
        pthread_mutex_unlock(&l->dirty_lock);
        driven_run(d, rtc_now());
        pthread_mutex_lock(&l->dirty_lock);
    }
    pthread_mutex_unlock(&l->dirty_lock);
}

static void set_working(struct loop *l, bool working)
{
    pthread_mutex_lock(&l->dirty_lock);
    l->working = working;
    bool left = !working && !list_empty(&l->dirty);
    pthread_mutex_unlock(&l->dirty_lock);
    if (left || (!working && (mailbox_deadline(l->mailbox) != RTC_TIME_NEVER || reaper_waits(l->face.reaper))))
        loop_wake(l);
}

static void process(struct loop *l, const struct epoll_event *events, int count)
{
    rtc_time_t now = rtc_now();
    set_working(l, true);
    for (int i = 0; i < count; i++)
        handle(l, &events[i], now);
    loop_posts_run(l->context, &l->posts, now);
    mailbox_run(l->mailbox, now);
    reaper_run(l->face.reaper);
    network_watch_run(l, now);
    run_due_timers(l, now);
    run_dirty(l);
    bury(l);
    set_working(l, false);
    arm_timer(l); /* last: functions that were posted meanwhile have woken nobody */
}

static bool iterate(struct loop *l, int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(l->epoll_fd, events, EVENTS_MAX, timeout_ms);
    if (count < 0 && errno == EINTR) /* so it ends, too, when the process was stopped for a while: what came is read before timers run */
        count = epoll_wait(l->epoll_fd, events, EVENTS_MAX, 0);
    if (count < 0 && errno != EINTR)
        return false;
    loop_lock_take(&l->lock);
    process(l, events, count > 0 ? count : 0);
    loop_lock_give(&l->lock);
    return true;
}

static int run(struct loop *l)
{
    int error = RTC_OK;
    while (!atomic_exchange(&l->stopping, false) && !error)
        error = iterate(l, -1) ? RTC_OK : error_say(RTC_ERR_OPERATION, "the loop can not wait: %s", strerror(errno));
    return error;
}

/* Waits for the library's thread: when it is to end, or has ended because it stopped itself. */
static void join_thread(struct loop *l, bool only_ended)
{
    loop_lock_take(&l->lock);
    bool join = l->has_thread && !(only_ended && l->running) && !pthread_equal(l->thread, pthread_self());
    if (join)
        l->has_thread = false;
    loop_lock_give(&l->lock);
    if (join)
        (void)pthread_join(l->thread, NULL);
}

/* RTC_ERR_INVALID_STATE when it runs already. */
static int claim(struct loop *l)
{
    if (!l)
        return error_say(RTC_ERR_TYPE, "the loop is NULL");
    join_thread(l, true);
    loop_lock_take(&l->lock);
    bool idle = !l->running && !l->has_thread;
    l->running = l->running || idle;
    l->home = idle ? pthread_self() : l->home;
    loop_lock_give(&l->lock);
    return idle ? RTC_OK : error_say(RTC_ERR_INVALID_STATE, "the loop is running already");
}

static void release(struct loop *l)
{
    loop_lock_take(&l->lock);
    l->running = false;
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
    atomic_store(&l->stopping, false); /* a stop that came before was not meant for this thread */
    loop_lock_take(&l->lock);          /* the new thread waits for it before it does anything */
    l->has_thread = pthread_create(&l->thread, NULL, thread_main, l) == 0;
    l->running = l->has_thread;
    error = l->has_thread ? RTC_OK : error_say(RTC_ERR_OPERATION, "no thread can be had for the loop");
    loop_lock_give(&l->lock);
    return error;
}

void rtc_loop_stop(rtc_loop *loop)
{
    struct loop *l = loop_of(loop);
    if (!l)
        return;
    atomic_store(&l->stopping, true);
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
    rtc_time_t at = next_deadline(l);
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
    error = iterate(l, 0) ? RTC_OK : error_say(RTC_ERR_OPERATION, "the loop can not look at its descriptors: %s", strerror(errno));
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
    for (struct link *at = l->driven.next, *next; at != &l->driven; at = next) {
        next = at->next;
        rtc_peer_connection_close(link_owner(at, struct driven, link)->pc);
    }
    while (!list_empty(&l->driven) && (now = rtc_now()) < limit && iterate(l, (int)((limit - now) / 1000) + 1))
        ;
    while (!list_empty(&l->driven))
        rtc_peer_connection_tick(link_owner(l->driven.next, struct driven, link)->pc, RTC_TIME_NEVER);
}

void rtc_loop_free(rtc_loop *loop)
{
    struct loop *l = loop_of(loop);
    if (!l)
        return;
    rtc_loop_stop(loop);
    loop_lock_take(&l->lock);
    loop_posts_close(&l->posts);
    loop_posts_run(l->context, &l->posts, RTC_TIME_NEVER);
    if (l->face.reaper)
        reaper_run(l->face.reaper);
    close_connections(l); /* after the functions above, which may have made some */
    while (!list_empty(&l->ports))
        shared_port_close(shared_port_of(l->ports.next));
    bury(l);
    udp_receiver_free(l->context, l->receiver);
    packet_pool_unref(l->face.pool); /* from here on it is that of handles, which end one at a time */
    reaper_close(l->face.reaper);
    loop_lock_give(&l->lock);
    reaper_unref(l->face.reaper);
    if (l->mailbox) {
        mailbox_mute(l->mailbox);
        mailbox_run(l->mailbox, RTC_TIME_NEVER);
        mailbox_unref(l->mailbox);
    }
    close_descriptors(l);
    network_watch_fini(l->context, &l->network);
    timer_heap_fini(l->context, &l->timers);
    loop_posts_fini(&l->posts);
    pthread_mutex_destroy(&l->dirty_lock);
    loop_lock_fini(&l->lock);
    rtc_context *context = l->context;
    memory_free(context, l);
    rtc_context_unref(context);
}
