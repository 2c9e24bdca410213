/* How a peer connection tells the loop that drives it. src/peer and src/io meet only here and at the sans-I/O face (<crtc/transport.h>). */
#ifndef CRTC_DRIVER_H
#define CRTC_DRIVER_H

#include <crtc/transport.h>

struct packet_pool;

struct loop_ops {
    /* The loop takes the connection on: it will drain it and answer its requests. Loop's thread, or with its lock held. *attachment names the connection
     * to the loop from now on. */
    int (*attach)(rtc_loop *loop, rtc_peer_connection *connection, void **attachment);
    /* The last call for this connection: what it still has to send is sent, its sockets are closed, and it is forgotten. Legal in callbacks. */
    void (*detach)(void *attachment);
    /* The connection has something to drain or another deadline. Any thread; does not call into the connection. */
    void (*changed)(void *attachment);
};

/* The first member of the loop's own struct. */
struct rtc_loop {
    const struct loop_ops *ops;
    struct packet_pool *pool; /* of all its connections: an idle one holds no buffers */
};

#endif
