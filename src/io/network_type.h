/* SPDX-License-Identifier: MIT */
/* The kind of network behind an interface. */
#ifndef CRTC_IO_NETWORK_TYPE_H
#define CRTC_IO_NETWORK_TYPE_H

#include <stdint.h>

#define NETWORK_TYPE_ROOT "/sys/class/net"

/* enum rtc_network_type. `root` is the folder with one folder per interface. */
uint32_t network_type(const char *root, const char *interface);

#endif
