/* SPDX-License-Identifier: MIT */
/* A socket of whatever kind, and whom it belongs to, as far as sockets know it. */
#ifndef CRTC_IO_SOCKET_H
#define CRTC_IO_SOCKET_H

#include "loop_core.h"

#include <crtc/transport.h>

/* A connection that the loop drives: the first member of struct driven, whose file writes what is not said to be another's. */
struct io_owner {
    struct loop_task task; /* first; it changes when something was received */
    struct loop *loop;
    rtc_peer_connection *pc; /* NULL once detached */
    struct link sockets;     /* struct io_socket.link; written by the sockets */
    uint32_t accepted;       /* connections among them that listeners accepted, */
    uint32_t last_accepted;  /* and the number of the last one; both written by the TCP sockets */
    void (*tell)(struct io_owner *owner, const rtc_result *result);
};

struct io_socket;

/* A constant of each kind of socket. */
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

/* The first member of its own struct, which is memory of the loop's context; written by that one's file. */
struct io_socket {
    const struct io_socket_ops *ops;
    struct loop_watch watch;
    struct loop_remains remains;
    struct link link; /* in its connection's list */
    struct loop *loop;
    struct io_owner *owner; /* NULL for one that many share */
    uint32_t id;
    int fd;
    rtc_address local;
};

/* What all have in common. `owner` may be NULL. */
void io_socket_init(struct io_socket *s, const struct io_socket_ops *ops, struct loop *loop, struct io_owner *owner, uint32_t id);
/* In terms of the library: what errno says. */
int io_socket_error(void);
/* The loop waits for `events` of it, as epoll names them; from now on, or in place of others. */
int io_socket_watch(struct io_socket *s, uint32_t events);
int io_socket_watch_for(struct io_socket *s, uint32_t events);
/* Closes the descriptor and hands the memory over to the loop. */
void io_socket_bury(struct io_socket *s);

#endif
