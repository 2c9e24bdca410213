/* SPDX-License-Identifier: MIT */
/* See loop_core.h: epoll over whatever is watched, an eventfd for other threads, a timerfd for the earliest deadline. The epoll descriptor
 * is the one that a foreign loop watches: it becomes readable for each of these. */
#include "loop_core.h"

#include "log.h"
#include "memory.h"
#include "packet.h"
#include "reaper.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 64 };

struct loop *loop_of(rtc_loop *loop)
{
    return (struct loop *)loop;
}

/* ---- Waking ---- */

/* While the loop is at work it needs no waking: before it waits again it looks for what came meanwhile. */
void loop_wake(struct loop *l)
{
    pthread_mutex_lock(&l->changed_lock);
    bool write_it = !l->woken && !l->working;
    l->woken = l->woken || write_it;
    pthread_mutex_unlock(&l->changed_lock);
    uint64_t one = 1;
    if (write_it && write(l->wake_fd, &one, sizeof one) < 0)
        log_write(l->context, RTC_LOG_ERROR, "io", "the loop can not be woken: %s", strerror(errno));
}

static void wake_from_worker(void *user)
{
    loop_wake(user);
}

/* One read sets an eventfd or a timerfd back to zero. */
static void clear_descriptor(int fd)
{
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0)
        return; /* nothing was there */
}

static void was_woken(struct loop_watch *watch, uint32_t events, rtc_time_t now)
{
    struct loop *l = link_owner(watch, struct loop, wake);
    (void)events;
    (void)now;
    clear_descriptor(l->wake_fd); /* before the flag, or a wake between the two would be read away and never written again */
    pthread_mutex_lock(&l->changed_lock);
    l->woken = false;
    pthread_mutex_unlock(&l->changed_lock);
}

static void clock_struck(struct loop_watch *watch, uint32_t events, rtc_time_t now)
{
    struct loop *l = link_owner(watch, struct loop, clock);
    (void)events;
    (void)now;
    clear_descriptor(l->clock_fd);
    l->clock_armed = RTC_TIME_NEVER;
}

/* ---- Descriptors ---- */

static bool control(struct loop *l, int operation, int fd, uint32_t events, struct loop_watch *watch)
{
    struct epoll_event e = {.events = events, .data.ptr = watch};
    return fd >= 0 && epoll_ctl(l->epoll_fd, operation, fd, &e) == 0;
}

bool loop_watch_add(struct loop *l, int fd, uint32_t events, struct loop_watch *watch)
{
    return control(l, EPOLL_CTL_ADD, fd, events, watch);
}

bool loop_watch_change(struct loop *l, int fd, uint32_t events, struct loop_watch *watch)
{
    return control(l, EPOLL_CTL_MOD, fd, events, watch);
}

void loop_leave(struct loop *l, struct loop_remains *remains, void (*end)(struct loop_remains *remains))
{
    remains->end = end;
    remains->next = l->remains;
    l->remains = remains;
    loop_wake(l);
}

void loop_core_bury(struct loop *l)
{
    while (l->remains) {
        struct loop_remains *r = l->remains;
        l->remains = r->next;
        r->end(r);
    }
}

/* ---- Tasks ---- */

void loop_task_init(struct loop_task *task, void (*run)(struct loop_task *task, rtc_time_t now))
{
    *task = (struct loop_task){.run = run};
    list_init(&task->changed_link);
}

void loop_task_changed(struct loop *l, struct loop_task *task)
{
    pthread_mutex_lock(&l->changed_lock);
    if (list_empty(&task->changed_link))
        list_append(&l->changed, &task->changed_link);
    pthread_mutex_unlock(&l->changed_lock);
    loop_wake(l);
}

bool loop_task_take(struct loop *l, struct loop_task *task)
{
    pthread_mutex_lock(&l->changed_lock);
    bool changed = !list_empty(&task->changed_link);
    list_remove(&task->changed_link);
    pthread_mutex_unlock(&l->changed_lock);
    return changed;
}

bool loop_task_set(struct loop *l, struct loop_task *task, rtc_time_t at)
{
    return timer_heap_set(l->context, &l->timers, &task->timer, at);
}

void loop_task_forget(struct loop *l, struct loop_task *task)
{
    (void)loop_task_set(l, task, RTC_TIME_NEVER);
    (void)loop_task_take(l, task);
}

rtc_time_t loop_core_deadline(struct loop *l)
{
    const struct timer_entry *first = timer_heap_first(&l->timers);
    rtc_time_t at = first ? first->at : RTC_TIME_NEVER, post = loop_posts_deadline(&l->posts);
    return post < at ? post : at;
}

/* Deadlines that move away, as retransmission timers do with every packet, cost no system call: the timer fires in vain once and is set to
 * what is next then. */
static void arm_timer(struct loop *l)
{
    rtc_time_t at = loop_core_deadline(l);
    if (at >= l->clock_armed)
        return;
    l->clock_armed = at;
    at = at < 1 ? 1 : at; /* zero would disarm it */
    struct itimerspec spec = {.it_value = {.tv_sec = (time_t)(at / 1000000), .tv_nsec = (long)(at % 1000000) * 1000}};
    (void)timerfd_settime(l->clock_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void run_due_timers(struct loop *l, rtc_time_t now)
{
    for (struct timer_entry *e; (e = timer_heap_first(&l->timers)) != NULL && e->at <= now;) {
        (void)timer_heap_set(l->context, &l->timers, e, RTC_TIME_NEVER);
        loop_task_changed(l, link_owner(e, struct loop_task, timer));
    }
}

/* Every task that has changed now runs once; what changes meanwhile waits for the next iteration, so that one connection can not starve the
 * rest. */
static void run_changed(struct loop *l)
{
    struct link round;
    list_init(&round);
    pthread_mutex_lock(&l->changed_lock);
    while (!list_empty(&l->changed)) {
        struct link *first = l->changed.next;
        list_remove(first);
        list_append(&round, first);
    }
    while (!list_empty(&round)) {
        struct loop_task *task = link_owner(round.next, struct loop_task, changed_link);
        list_remove(&task->changed_link);
        pthread_mutex_unlock(&l->changed_lock);
        task->run(task, rtc_now());
        pthread_mutex_lock(&l->changed_lock);
    }
    pthread_mutex_unlock(&l->changed_lock);
}

/* ---- An iteration ---- */

static void set_working(struct loop *l, bool working)
{
    pthread_mutex_lock(&l->changed_lock);
    l->working = working;
    bool left = !working && !list_empty(&l->changed);
    pthread_mutex_unlock(&l->changed_lock);
    if (left || (!working && (mailbox_deadline(l->mailbox) != RTC_TIME_NEVER || reaper_waits(l->face.reaper))))
        loop_wake(l);
}

static void process(struct loop *l, const struct epoll_event *events, int count)
{
    rtc_time_t now = rtc_now();
    set_working(l, true);
    for (int i = 0; i < count; i++) {
        struct loop_watch *watch = events[i].data.ptr;
        watch->ready(watch, events[i].events, now);
    }
    loop_posts_run(l->context, &l->posts, now);
    mailbox_run(l->mailbox, now);
    reaper_run(l->face.reaper);
    run_due_timers(l, now);
    run_changed(l);
    loop_core_bury(l);
    set_working(l, false);
    arm_timer(l); /* last: functions that were posted meanwhile have woken nobody */
}

bool loop_core_iterate(struct loop *l, int timeout_ms)
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

/* ---- Life ---- */

static bool open_descriptors(struct loop *l)
{
    l->wake.ready = was_woken;
    l->clock.ready = clock_struck;
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    l->clock_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return l->epoll_fd >= 0 && loop_watch_add(l, l->wake_fd, EPOLLIN, &l->wake) && loop_watch_add(l, l->clock_fd, EPOLLIN, &l->clock);
}

int loop_core_init(struct loop *l, rtc_context *context)
{
    l->context = rtc_context_ref(context);
    l->clock_armed = RTC_TIME_NEVER;
    list_init(&l->changed);
    loop_lock_init(&l->lock);
    loop_posts_init(&l->posts);
    pthread_mutex_init(&l->changed_lock, NULL);
    int error = open_descriptors(l) ? RTC_OK : RTC_ERR_OPERATION;
    if (!error)
        error = packet_pool_new(context, &l->face.pool);
    if (!error)
        error = mailbox_new(context, wake_from_worker, l, &l->mailbox);
    return error;
}

void loop_core_fini(struct loop *l)
{
    const int fds[] = {l->clock_fd, l->wake_fd, l->epoll_fd};
    if (l->mailbox) {
        mailbox_mute(l->mailbox);
        mailbox_run(l->mailbox, RTC_TIME_NEVER);
        mailbox_unref(l->mailbox);
    }
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    timer_heap_fini(l->context, &l->timers);
    loop_posts_fini(&l->posts);
    pthread_mutex_destroy(&l->changed_lock);
    loop_lock_fini(&l->lock);
    rtc_context_unref(l->context);
}
