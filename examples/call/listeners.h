/* SPDX-License-Identifier: MIT */
/* The sockets that a server listens on, opened here and not by libwebsockets: that one listens on every interface when a host with IPv6 is
 * given an IPv4 address. */
#ifndef CALL_LISTENERS_H
#define CALL_LISTENERS_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>

#define LISTENERS_MAX 8

struct listeners {
    int sockets[LISTENERS_MAX];
    size_t count;
    uint16_t port; /* of all of them */
    void (*on_connection)(void *user, int socket);
    void *user;
};

/* Opens one socket for each address of `address`: an address or a name; NULL: every interface, IPv4 and IPv6. `port` 0: any that is free.
 * An address of a family that this machine does not have is passed over while another one is left. False with the reason in `why` when it
 * can not listen. */
bool listeners_open(struct listeners *listeners, const char *address, uint16_t port, char *why, size_t why_size);
/* Begins to accept: `on_connection` gets each new socket, which becomes its own. libwebsockets closes the listening sockets when its
 * context ends. */
bool listeners_start(struct listeners *listeners, struct lws_context *context);
/* Closes them when listeners_start was not reached. */
void listeners_close(struct listeners *listeners);

#endif
