/* SPDX-License-Identifier: MIT */
/* Who asked for the local addresses, and when they change. One per loop. */
#ifndef CRTC_NETWORK_WATCH_H
#define CRTC_NETWORK_WATCH_H

#include "io_socket.h"

/* Answers with the local addresses, and again whenever they change, until it is forgotten. */
void network_watch_ask(struct io_owner *owner, uint32_t id);
/* The connection's request with that id, or with id 0 all of them. */
void network_watch_forget(struct io_owner *owner, uint32_t id);
/* Nobody asks any more. */
void network_watch_free(struct loop *loop);

#endif
