/* SPDX-License-Identifier: MIT */
/* The inside of the loop, shared by the files of this folder. */
#ifndef CRTC_IO_INTERNAL_H
#define CRTC_IO_INTERNAL_H

#include "context.h"
#include "driver.h"
#include "executor.h"
#include "list.h"
#include "log.h"
#include "memory.h"
#include "timer_heap.h"
#include "udp_batch.h"

#include <pthread.h>
#include <stdatomic.h>

struct driven;
struct loop;

/* ---- loop_lock.c: a fair recursive lock. The loop gives it up while it waits; whoever asked first gets it next. ---- */
struct loop_lock {
    pthread_mutex_t mutex;
    pthread_cond_t turn;
    uint64_t next_ticket, serving;
    pthread_t owner;
    uint32_t depth;
};
void loop_lock_init(struct loop_lock *lock);
void loop_lock_fini(struct loop_lock *lock);
void loop_lock_take(struct loop_lock *lock);
void loop_lock_give(struct loop_lock *lock);
/* Takes it where it is free, or this thread's already; does not wait. *owned: it was. */
bool loop_lock_try(struct loop_lock *lock, bool *owned);

/* ---- loop_posts.c: functions handed over from other threads, now or after a delay ---- */
struct post {
    struct post *next;
    rtc_time_t at; /* 0: as soon as possible */
    uint64_t id;
    void (*fn)(void *user);
    void *user;
};
struct loop_posts {
    pthread_mutex_t mutex;
    struct post *head; /* by time; equal times in the order of posting */
    uint64_t next_id;
    bool closed;
};
void loop_posts_init(struct loop_posts *posts);
/* RTC_ERR_NO_MEMORY; RTC_ERR_INVALID_STATE once closed. */
int loop_posts_add(rtc_context *context, struct loop_posts *posts, rtc_time_t at, void (*fn)(void *user), void *user, uint64_t *id);
bool loop_posts_cancel(rtc_context *context, struct loop_posts *posts, uint64_t id);
/* Runs what is due at `now`: RTC_TIME_NEVER, everything. */
void loop_posts_run(rtc_context *context, struct loop_posts *posts, rtc_time_t now);
rtc_time_t loop_posts_deadline(struct loop_posts *posts);
/* Takes no more: a function that posts itself again and again would keep the loop from being freed. */
void loop_posts_close(struct loop_posts *posts);
void loop_posts_fini(struct loop_posts *posts);

/* ---- A socket of a connection, of whatever kind: the first member of its own struct ---- */
struct io_socket;
struct io_socket_ops {
    /* Nothing of it is used afterwards but its memory, which goes at the end of the iteration. */
    void (*close)(struct io_socket *s);
    /* Receives what is there, up to a bound, and hands it to the connection. */
    void (*receive)(struct io_socket *s, rtc_time_t now);
    /* Sends packets or keeps them until the kernel has room; they are consumed. */
    void (*send)(struct io_socket *s, rtc_packet **packets, size_t count);
    /* The kernel has room again. */
    void (*flush)(struct io_socket *s);
};
struct io_socket {
    const struct io_socket_ops *ops;
    struct link link; /* in its connection's list */
    struct driven *driven; /* NULL for one that many share */
    struct loop *loop;     /* of that one */
    uint32_t id;
    int fd;
    rtc_address local;
    struct io_socket *next_closed;
};
/* In terms of the library: what errno says. */
int io_socket_error(void);
int io_socket_watch(struct io_socket *s, int operation, uint32_t events);
/* Closes the descriptor and hands the memory over to the loop. */
void io_socket_bury(struct io_socket *s);

/* ---- port_range.c ---- */
/* Binds to the request's address: a free port of its range, or any, where its port is 0. *local becomes what it is bound to.
 * RTC_ERR_QUOTA_EXCEEDED when no port of the range is free. */
int io_bind(rtc_context *context, int fd, const rtc_request *request, rtc_address *local);

/* ---- udp_socket.c ---- */
struct udp_socket {
    struct io_socket io;
    bool unsegmented;     /* the kernel does not cut messages for this one */
    rtc_packet **blocked; /* packets that the kernel had no room for, in order; NULL while there are none */
    size_t blocked_count;
};
int udp_socket_open(struct driven *d, const rtc_request *request, struct io_socket **out);

/* ---- multicast.c ---- */
/* Before binding: others on this host may be bound to the same port. */
void multicast_share(int fd);
/* The socket takes part in a group on the interface that has this address: it receives from it, and sends there what goes to groups. */
int multicast_join(int fd, const rtc_address *group, const rtc_address *interface);

/* ---- shared_port.c: the sockets of an endpoint (<crtc/endpoint.h>), which many connections use ---- */
struct shared_port;
int shared_port_bind(rtc_loop *loop, rtc_endpoint *endpoint, rtc_address *addresses, size_t *count, bool some, void **port);
void shared_port_unbind(void *port);
/* Closes the endpoint. */
void shared_port_close(struct shared_port *port);
struct shared_port *shared_port_of(struct link *link);
/* A connection's packets, whose paths have the socket 0. They are consumed: sent, or kept until the kernel has room. */
void shared_port_send(struct driven *d, rtc_packet **packets, size_t count);
/* The connection goes: what it still had waiting is dropped. */
void shared_port_forget(struct driven *d);

/* What one connection has waiting for a shared port. The ports serve the connections in turn, a few packets each. */
struct backlog {
    struct link link; /* in the port's list of those that wait */
    rtc_packet **packets;
    size_t count;
};

/* ---- tcp_socket.c ---- */
/* Begins to connect; the result is given when that is over, unless this fails at once. */
int tcp_socket_open(struct driven *d, const rtc_request *request);
/* Takes over a connection that was accepted, as `accepted` describes it; not when this fails. */
int tcp_socket_adopt(struct driven *d, int fd, const rtc_result *accepted, bool messages);

/* ---- tcp_listener.c ---- */
int tcp_listener_open(struct driven *d, const rtc_request *request, struct io_socket **out);

/* ---- driven.c: one connection that the loop drives ---- */
struct driven {
    struct link link;       /* in the loop's list */
    struct link dirty_link; /* in the loop's dirty list, under its dirty lock */
    struct timer_entry timer;
    struct loop *loop;
    rtc_context *context;    /* a reference: a name being resolved may outlive the loop */
    rtc_peer_connection *pc; /* NULL once detached */
    struct link sockets;
    struct shared_port *port; /* its endpoint's; NULL without one, or when that is closed */
    struct backlog backlog;
    uint32_t accepted;      /* connections among them that listeners accepted, */
    uint32_t last_accepted; /* and the number of the last one */
    struct driven *next_gone;
    atomic_uint references; /* the loop's, and one per name being resolved */
};
int driven_attach(rtc_loop *loop, rtc_peer_connection *pc, void *port, void **attachment);
void driven_detach(void *attachment);
void driven_changed(void *attachment);
void driven_unref(struct driven *d);
/* Does what is due, sends, answers and dispatches until nothing is left; sets its timer. */
void driven_run(struct driven *d, rtc_time_t now);
void driven_result(struct driven *d, const rtc_result *result);

/* ---- interfaces.c, network_watch.c, resolver.c ---- */
/* The usable local addresses, in memory that becomes the caller's. RTC_ERR_NO_MEMORY, RTC_ERR_NETWORK. */
int interfaces_read(rtc_context *context, rtc_interface **out, size_t *count);

struct network_watch {
    int fd;              /* rtnetlink; -1 until somebody asks, and where there is none */
    rtc_time_t due;      /* when the list is read again after a change; RTC_TIME_NEVER */
    rtc_interface *list; /* as it was read last */
    size_t count;
    uint64_t generation;  /* of the list; 0: there is none */
    struct link requests; /* struct interfaces_request: open ones */
};
void network_watch_init(struct network_watch *w);
void network_watch_fini(rtc_context *context, struct network_watch *w);
/* Answers with the local addresses, and again whenever they change, until it is forgotten. */
void network_watch_ask(struct driven *d, uint32_t id);
/* The connection's request with that id, or with id 0 all of them. */
void network_watch_forget(struct driven *d, uint32_t id);
void network_watch_readable(struct network_watch *w, rtc_time_t now);
void network_watch_run(struct loop *l, rtc_time_t now);

void resolver_start(struct driven *d, const rtc_request *request);

/* ---- loop.c ---- */
struct loop {
    struct rtc_loop face; /* first */
    rtc_context *context;
    struct loop_lock lock;
    int epoll_fd, wake_fd, timer_fd;
    rtc_time_t timer_armed; /* what timer_fd is set to */
    bool running;           /* rtc_loop_run, rtc_loop_iterate or the thread */
    atomic_bool stopping;   /* taken by the run that it ends */
    pthread_t home;         /* who made, ran or started it last: where it belongs while nobody runs it */
    pthread_t thread;
    bool has_thread;
    struct link driven;
    struct link ports; /* struct shared_port.link */
    struct udp_receiver *receiver; /* of all sockets */
    struct network_watch network;
    struct timer_heap timers;
    pthread_mutex_t dirty_lock;
    struct link dirty;
    bool woken;   /* under dirty_lock: wake_fd was written and not read */
    bool working; /* under dirty_lock: between two waits */
    struct loop_posts posts;
    struct mailbox *mailbox;          /* resolved names */
    struct io_socket *closed_sockets; /* freed at the end of the iteration */
    struct driven *gone;              /* likewise */
};
void loop_wake(struct loop *loop);
struct loop *loop_of(rtc_loop *loop);

#endif
