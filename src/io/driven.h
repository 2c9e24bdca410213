/* SPDX-License-Identifier: MIT */
/* One connection that the loop drives. */
#ifndef CRTC_DRIVEN_H
#define CRTC_DRIVEN_H

#include "io_socket.h"
#include "shared_port.h"

#include <crtc/loop.h>

/* Owned by the loop while it is attached; written by driven.c, and in its members by the files that these are of. */
struct driven {
    struct io_owner owner; /* first */
    struct port_user port; /* its endpoint's */
    struct link link;      /* in the loop's list */
    struct loop_remains remains;
    rtc_context *context;   /* a reference: a name being resolved may outlive the loop */
    atomic_uint references; /* the loop's, and one per name being resolved */
};

int driven_attach(rtc_loop *loop, rtc_peer_connection *pc, void *port, void **attachment);
void driven_detach(void *attachment);
/* It has something to do. Any thread. */
void driven_changed(void *attachment);

#endif
