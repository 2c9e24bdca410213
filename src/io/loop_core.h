/* SPDX-License-Identifier: MIT */
/* The loop's core: what waits (epoll), what is due (timers), what another thread wants (posts, wakes), and what is to be looked at again.
 * It knows none of what it serves: descriptors and tasks register, each with its function. The sockets and connections stand on it, and
 * loop.c, which puts all together, on these. */
#ifndef CRTC_LOOP_CORE_H
#define CRTC_LOOP_CORE_H

#include "driver.h"
#include "executor.h"
#include "list.h"
#include "loop_lock.h"
#include "loop_posts.h"
#include "timer_heap.h"

#include <pthread.h>
#include <stdatomic.h>

struct network_watch;
struct udp_receiver;

/* A descriptor that the loop waits for; embedded in what it belongs to, which fills it in. */
struct loop_watch {
    /* epoll says so. Loop's thread, its lock held; and so for the functions below. */
    void (*ready)(struct loop_watch *watch, uint32_t events, rtc_time_t now);
};

/* What is run when its time has come, or something about it has changed; embedded in what it belongs to, which
 * fills in `run`. The rest is written by loop_core.c alone. */
struct loop_task {
    void (*run)(struct loop_task *task, rtc_time_t now);
    struct link changed_link; /* in the loop's list, under its own lock */
    struct timer_entry timer;
};

/* Memory that an event of this iteration may still name; embedded, too, and written by loop_core.c alone. */
struct loop_remains {
    void (*end)(struct loop_remains *remains); /* at the end of the iteration */
    struct loop_remains *next;
};

/* Who runs it; loop.c's. */
struct loop_thread {
    bool running;         /* rtc_loop_run, rtc_loop_iterate or the thread */
    atomic_bool stopping; /* taken by the run that it ends */
    pthread_t home;       /* who made, ran or started it last: where it belongs while nobody runs it */
    pthread_t thread;
    bool has_thread;
};

/* Owned by whoever called rtc_loop_new. Written by loop_core.c; `lists` of what stands on it by who stands in them. */
struct loop {
    struct rtc_loop face; /* first */
    rtc_context *context;
    struct loop_lock lock;
    struct loop_thread thread;
    int epoll_fd;
    struct loop_watch wake, clock;
    int wake_fd, clock_fd;
    rtc_time_t clock_armed; /* what clock_fd is set to */
    struct timer_heap timers;
    pthread_mutex_t changed_lock;
    struct link changed; /* under changed_lock: struct loop_task.changed_link */
    bool woken;          /* under changed_lock: wake_fd was written and not read */
    bool working;        /* under changed_lock: between two waits */
    struct loop_posts posts;
    struct mailbox *mailbox; /* what workers have done */
    struct loop_remains *remains;
    struct udp_receiver *receiver; /* of all sockets; made and freed by loop.c */
    struct network_watch *network; /* made by the first who asks, freed by loop.c */
    struct {
        struct link driven; /* struct driven.link */
        struct link ports;  /* struct shared_port.link */
    } lists;
};

struct loop *loop_of(rtc_loop *loop);

/* All but what stands on it, in zeroed memory. What was made when this fails goes with loop_core_fini. errno says why RTC_ERR_OPERATION. */
int loop_core_init(struct loop *loop, rtc_context *context);
void loop_core_fini(struct loop *loop);
/* Waits, and does what there is to do. False when it can not wait; errno says why. */
bool loop_core_iterate(struct loop *loop, int timeout_ms);
/* When the next iteration is due. Under the lock. */
rtc_time_t loop_core_deadline(struct loop *loop);
/* What is given up now. */
void loop_core_bury(struct loop *loop);

/* Ends the loop's wait. Any thread; whoever calls has stored what he wakes for. */
void loop_wake(struct loop *loop);
/* `events` as epoll names them. Loop's thread; errno says why it failed. */
bool loop_watch_add(struct loop *loop, int fd, uint32_t events, struct loop_watch *watch);
bool loop_watch_change(struct loop *loop, int fd, uint32_t events, struct loop_watch *watch);
void loop_task_init(struct loop_task *task, void (*run)(struct loop_task *task, rtc_time_t now));
/* It is run soon. Any thread. */
void loop_task_changed(struct loop *loop, struct loop_task *task);
/* Whether it was to be run soon; it is not any more. */
bool loop_task_take(struct loop *loop, struct loop_task *task);
/* It is run then; RTC_TIME_NEVER: not by time. False when out of memory: it is not, then. */
bool loop_task_set(struct loop *loop, struct loop_task *task, rtc_time_t at);
/* Not run any more. */
void loop_task_forget(struct loop *loop, struct loop_task *task);
void loop_leave(struct loop *loop, struct loop_remains *remains, void (*end)(struct loop_remains *remains));

#endif
