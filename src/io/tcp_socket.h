/* SPDX-License-Identifier: MIT */
/* One TCP connection of a peer connection. */
#ifndef CRTC_TCP_SOCKET_H
#define CRTC_TCP_SOCKET_H

#include "io_socket.h"

/* Begins to connect; the result is given when that is over, unless this fails at once. */
int tcp_socket_open(struct io_owner *owner, const rtc_request *request);
/* Takes over a connection that was accepted, as `accepted` describes it; not when this fails. */
int tcp_socket_adopt(struct io_owner *owner, int fd, const rtc_result *accepted, bool messages);

#endif
