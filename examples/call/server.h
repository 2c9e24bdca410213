/* SPDX-License-Identifier: MIT */
/* The server: the page's files over HTTP and the signalling over WebSockets, on one port. */
#ifndef CALL_SERVER_H
#define CALL_SERVER_H

#include "hosts.h"
#include "listeners.h"
#include "page_files.h"
#include "socket_queue.h"
#include "switchboard.h"

#include <libwebsockets.h>

/* Connections at a time, half of the descriptors that are allowed if that is less; more are closed at once. */
#define SERVER_CONNECTIONS_MAX 512

/* Most that waits to be written and read, beyond what each connection may have of its own. */
#define SERVER_BYTES_MAX (32u * 1024 * 1024)

struct server_options {
    const char *address;           /* or name; NULL: every interface */
    const struct text_list *hosts; /* names of this server besides those it knows; may be NULL */
    uint16_t port;                 /* 0: any free one */
    const char *certificate;       /* PEM files; NULL: plain HTTP */
    const char *key;
    const char *configuration; /* of the page's connections: an RTCConfiguration as JSON */
    size_t message_max;        /* longest message taken */
    /* May be NULL: sees each message first and returns true when it took it. */
    bool (*filter)(void *user, const char *text, size_t len);
    void *user;
};

struct server {
    struct server_options options;
    struct switchboard board;
    struct page_file configuration;
    struct listeners listeners; /* its port is the real one */
    struct hosts hosts;
    struct lws_vhost *vhost;
    size_t connections, connections_max;
    struct socket_budget budget; /* what waits for all members, beyond each one's own part */
};

/* Begins to listen. False, with the reason in `why`, when it can not. */
bool server_start(struct server *server, struct lws_context *context, const struct server_options *options, char *why, size_t why_size);

#endif
