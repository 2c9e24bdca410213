/* SPDX-License-Identifier: MIT */
/* How a peer connection tells the loop that drives it. src/peer and src/io meet only here and at the sans-I/O face (<crtc/transport.h>). */
#ifndef CRTC_DRIVER_H
#define CRTC_DRIVER_H

#include <crtc/endpoint.h>

struct packet_pool;
struct reaper;

struct loop_ops { /* a constant of src/io */
    /* The loop takes the connection on: it will drain it and answer its requests. Loop's thread, or with its lock held. `port` is that of its endpoint, or NULL.
     * *attachment names the connection to the loop from now on. */
    int (*attach)(rtc_loop *loop, rtc_peer_connection *connection, void *port, void **attachment);
    /* The last call for this connection: what it still has to send is sent, its sockets are closed, and it is forgotten. Legal in callbacks. */
    void (*detach)(void *attachment);
    /* The connection has something to drain or another deadline. Any thread; does not call into the connection. */
    void (*changed)(void *attachment);

    /* A socket for an endpoint on each of the addresses, all with one port: that of the first, 0 meaning any. With `some` those that can not be had for their
     * family are left out, while one is left. The addresses become what is bound. What arrives goes through rtc_endpoint_route. *port names it from now on. */
    int (*bind_port)(rtc_loop *loop, rtc_endpoint *endpoint, rtc_address *addresses, size_t *count, bool some, void **port);
    /* The last call for this port; connections attached with it know it no more. Legal in callbacks. */
    void (*unbind_port)(void *port);
};

/* What attach() called this connection; NULL when it is not attached. Implemented by src/peer, for the loop. */
void *peer_attachment(const rtc_peer_connection *connection);

/* The first member of the loop's own struct: owned by whoever called rtc_loop_new, written once, when it is made. */
struct rtc_loop {
    const struct loop_ops *ops;
    struct packet_pool *pool; /* of all its connections: an idle one holds no buffers */
    struct reaper *reaper;    /* of what belongs to its thread */
};

#endif
