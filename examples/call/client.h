/* SPDX-License-Identifier: MIT */
/* A WebSocket to another program's server (call --join URL): texts out and in. */
#ifndef CALL_CLIENT_H
#define CALL_CLIENT_H

#include "socket_io.h"

/* How soon a lost connection is tried again. */
#define CLIENT_AGAIN_US (2 * LWS_US_PER_SEC)

struct client {
    lws_sorted_usec_list_t again; /* first: its timer finds the client */
    struct socket_queue queue;
    struct lws_context *context;
    struct lws_vhost *vhost;
    const char *url;
    struct lws *wsi; /* NULL while there is none */
    void (*on_open)(void *user);
    void (*on_text)(void *user, const char *text, size_t len);
    void (*on_close)(void *user, const char *why);
    void *user;
};

/* Begins to connect to ws://host[:port][/path] or wss:..., also written with http. Self-signed certificates are accepted: the call itself
 * is secured by its own fingerprints, as far as the server is trusted. False when the URL is none. The three callbacks and `user` are
 * set before; `url` must last. */
bool client_start(struct client *client, struct lws_context *context, const char *url);
/* After on_close: connects again, a little later. What was not sent is forgotten. */
void client_try_again(struct client *client);
void client_send(struct client *client, const char *text);
void client_fini(struct client *client);

#endif
