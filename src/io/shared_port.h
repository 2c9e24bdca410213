/* SPDX-License-Identifier: MIT */
/* The sockets of an endpoint (<crtc/endpoint.h>), which many connections use. */
#ifndef CRTC_SHARED_PORT_H
#define CRTC_SHARED_PORT_H

#include "loop_core.h"

#include <crtc/endpoint.h>

struct shared_port;

/* A connection's use of a port, and what it has waiting for it: embedded in the connection's own struct, and written by shared_port.c
 * alone. The ports serve the connections in turn, a few packets each. */
struct port_user {
    struct shared_port *port; /* NULL without one, or when that is closed */
    struct link link;         /* among the port's */
    struct link waiting_link; /* in the port's list of those that wait */
    rtc_packet **packets;
    size_t count;
};

int shared_port_bind(rtc_loop *loop, rtc_endpoint *endpoint, rtc_address *addresses, size_t *count, bool some, void **port);
void shared_port_unbind(void *port);
/* Closes the endpoint. */
void shared_port_close(struct shared_port *port);
struct shared_port *shared_port_of(struct link *link);

/* `port` may be NULL. */
void shared_port_join(struct port_user *user, struct shared_port *port);
/* A connection's packets, whose paths have the socket 0. They are consumed: sent, or kept until the kernel has room. */
void shared_port_send(struct port_user *user, rtc_packet **packets, size_t count);
/* The connection goes: what it still had waiting is dropped. */
void shared_port_part(struct port_user *user);

#endif
