/* SPDX-License-Identifier: MIT */
/* Who drives a connection: a loop of the library, or the application, which may have named a function to be woken by. */
#ifndef CRTC_PEER_DRIVER_H
#define CRTC_PEER_DRIVER_H

#include "executor.h"

#include <crtc/transport.h>
#include <pthread.h>

/* Owner: a connection. Written by peer_driver.c alone, but for `loop`, which is of the configuration. */
struct peer_driver {
    rtc_loop *loop; /* NULL: sans I/O */
    bool attached;
    pthread_mutex_t lock; /* guards wake, which workers call */
    void (*wake)(void *user);
    void *wake_user;         /* with a loop: its attachment */
    struct mailbox *mailbox; /* what workers have done */
};

void peer_driver_init(struct peer_driver *d);
int peer_driver_open(struct peer_driver *d, rtc_context *context);
/* With a loop: it takes the connection on. `port`: its endpoint's, or NULL. */
int peer_driver_attach(struct peer_driver *d, rtc_peer_connection *pc, void *port);
/* The loop knows the connection no more. */
void peer_driver_detach(struct peer_driver *d);
/* There is something to fetch. Any thread. */
void peer_driver_wake(void *driver);
void peer_driver_set_wake(struct peer_driver *d, void (*wake)(void *user), void *user);
/* The connection is closed: a loop's wake is not called any more, nor do workers call. */
void peer_driver_mute(struct peer_driver *d);
void peer_driver_fini(struct peer_driver *d);

#endif
