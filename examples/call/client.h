/* SPDX-License-Identifier: MIT */
/* A WebSocket to another program's server (call --join URL): texts out and in. */
#ifndef CALL_CLIENT_H
#define CALL_CLIENT_H

#include "socket_io.h"

struct client {
    struct socket_queue queue;
    struct lws *wsi; /* NULL while there is none */
    void (*on_open)(void *user);
    void (*on_text)(void *user, const char *text, size_t len);
    void (*on_close)(void *user, const char *why);
    void *user;
};

/* Begins to connect to ws://host[:port][/path] or wss:..., also written with http. Self-signed certificates are accepted: the call itself
 * is secured by its own fingerprints, as far as the server is trusted. False when the URL is none. The three callbacks and `user` are set
 * before. */
bool client_start(struct client *client, struct lws_context *context, const char *url);
void client_send(struct client *client, const char *text);
void client_fini(struct client *client);

#endif
