/* SPDX-License-Identifier: MIT */
/* Binding a socket to the address of a request. */
#ifndef CRTC_PORT_RANGE_H
#define CRTC_PORT_RANGE_H

#include <crtc/transport.h>

/* A free port of the request's range, or any, where its port is 0. *local becomes what it is bound to. RTC_ERR_QUOTA_EXCEEDED when no port
 * of the range is free. */
int io_bind(rtc_context *context, int fd, const rtc_request *request, rtc_address *local);

#endif
