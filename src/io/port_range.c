/* SPDX-License-Identifier: MIT */
/* Binding a socket to the address of a request: port 0 means any, or the first free one of the request's range, beginning at a random place
 * so that many connections do not all try the same ports first. */
#include "port_range.h"

#include "context.h"
#include "io_socket.h"
#include "log.h"
#include "socket_address.h"

#include <errno.h>

static int bind_to(int fd, rtc_address address)
{
    union socket_address to;
    socklen_t len = socket_address_from(&to, &address);
    return bind(fd, &to.any, len) == 0 ? RTC_OK : io_socket_error();
}

static int bind_in_range(rtc_context *context, int fd, const rtc_request *request)
{
    uint32_t count = (uint32_t)request->port_max - request->port_min + 1, first = context_random_u32(context) % count;
    rtc_address address = request->local;
    for (uint32_t i = 0; i < count; i++) {
        address.port = (uint16_t)(request->port_min + (first + i) % count);
        int error = bind_to(fd, address);
        if (!error || (errno != EADDRINUSE && errno != EACCES))
            return error;
    }
    log_write(context, RTC_LOG_WARNING, "io", "no port from %u to %u is free", request->port_min, request->port_max);
    return RTC_ERR_QUOTA_EXCEEDED;
}

int io_bind(rtc_context *context, int fd, const rtc_request *request, rtc_address *local)
{
    bool range = request->local.port == 0 && request->port_min > 0 && request->port_max >= request->port_min;
    union socket_address bound;
    socklen_t len = sizeof bound;
    int error = range ? bind_in_range(context, fd, request) : bind_to(fd, request->local);
    if (error)
        return error;
    if (getsockname(fd, &bound.any, &len) != 0)
        return io_socket_error();
    socket_address_to(&bound, local);
    return RTC_OK;
}
