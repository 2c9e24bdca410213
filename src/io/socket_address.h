/* SPDX-License-Identifier: MIT */
/* The kernel's socket addresses and the library's. */
#ifndef CRTC_SOCKET_ADDRESS_H
#define CRTC_SOCKET_ADDRESS_H

#include <crtc/transport.h>

#include <netinet/in.h>
#include <sys/socket.h>

/* A value, as the kernel wants it. */
union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Returns the length of what it wrote. */
socklen_t socket_address_from(union socket_address *out, const rtc_address *address);
/* RTC_ADDRESS_NONE for a family that is neither IPv4 nor IPv6. */
void socket_address_to(const union socket_address *address, rtc_address *out);

#endif
