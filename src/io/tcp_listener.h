/* SPDX-License-Identifier: MIT */
/* A TCP listener of a peer connection. */
#ifndef CRTC_TCP_LISTENER_H
#define CRTC_TCP_LISTENER_H

#include "io_socket.h"

int tcp_listener_open(struct io_owner *owner, const rtc_request *request, struct io_socket **out);

#endif
