/* SPDX-License-Identifier: MIT */
/* One UDP socket of a connection. */
#ifndef CRTC_UDP_SOCKET_H
#define CRTC_UDP_SOCKET_H

#include "io_socket.h"

int udp_socket_open(struct io_owner *owner, const rtc_request *request, struct io_socket **out);

#endif
