/* SPDX-License-Identifier: MIT */
/* The server: the page's files over HTTP and the signalling over WebSockets, on one port. */
#ifndef CALL_SERVER_H
#define CALL_SERVER_H

#include "page_files.h"
#include "switchboard.h"

#include <libwebsockets.h>

struct server_options {
    const char *address;     /* NULL: every interface */
    int port;                /* 0: any free one */
    const char *certificate; /* PEM files; NULL: plain HTTP */
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
    struct lws_vhost *vhost;
    int port; /* the real one */
};

/* Begins to listen. False, with the reason in libwebsockets' log, when it can not. */
bool server_start(struct server *server, struct lws_context *context, const struct server_options *options);

#endif
