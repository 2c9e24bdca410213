/* SPDX-License-Identifier: MIT */
/* Sockets that others on this host have, too, and groups (RFC 6762). */
#ifndef CRTC_MULTICAST_H
#define CRTC_MULTICAST_H

#include <crtc/transport.h>

/* Before binding: others on this host may be bound to the same port. */
void multicast_share(int fd);
/* The socket takes part in a group on the interface that has this address: it receives from it, and sends there what goes to groups. */
int multicast_join(int fd, const rtc_address *group, const rtc_address *interface);

#endif
