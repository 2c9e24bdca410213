/* SPDX-License-Identifier: MIT */
/* A TCP listener of a peer connection. What it accepts becomes a TCP socket of the connection with an id of its own. Whoever connects is a
 * stranger until the connection says otherwise: only so many may be there at once, and the rest is turned away. */
#include "tcp_listener.h"

#include "log.h"
#include "memory.h"
#include "port_range.h"
#include "socket_address.h"
#include "tcp_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { WAITING_MAX = 16, ACCEPTS_MAX = 64, ACCEPTED_MAX = 64 };

/* Owned by its connection on the loop (struct io_owner); written here alone. */
struct tcp_listener {
    struct io_socket io;
    bool messages; /* for the sockets that it accepts */
};

static struct tcp_listener *inner(struct io_socket *io)
{
    return link_owner(io, struct tcp_listener, io);
}

/* An id that no accepted connection has now: the numbers come round only after a thousand million of them. */
static uint32_t next_id(struct io_owner *owner)
{
    owner->last_accepted = (owner->last_accepted + 1) % RTC_ACCEPTED_SOCKET;
    return (uint32_t)RTC_ACCEPTED_SOCKET | owner->last_accepted;
}

static void take(struct tcp_listener *l, int fd, const union socket_address *from)
{
    struct io_owner *owner = l->io.owner;
    rtc_result result = {.size = sizeof result, .type = RTC_REQUEST_LISTEN_TCP, .id = l->io.id, .socket = next_id(owner)};
    union socket_address local;
    socklen_t len = sizeof local;
    socket_address_to(from, &result.remote);
    bool known = getsockname(fd, &local.any, &len) == 0;
    if (known)
        socket_address_to(&local, &result.local);
    if (owner->accepted >= ACCEPTED_MAX || !known || tcp_socket_adopt(owner, fd, &result, l->messages) != RTC_OK) {
        log_write(owner->loop->context, RTC_LOG_DEBUG, "io", "a connection to listener %u was turned away", l->io.id);
        (void)close(fd);
        return;
    }
    owner->tell(owner, &result);
}

/* The listener is watched for edges: when there are no descriptors left it does not keep the loop busy, and tries again when the next one
 * knocks. So it has to take all that wait, which are not more than its queue holds and what comes meanwhile. */
static void receive(struct io_socket *io, rtc_time_t now)
{
    (void)now;
    for (int i = 0; i < ACCEPTS_MAX && io->fd >= 0 && io->owner->pc; i++) {
        union socket_address from;
        socklen_t len = sizeof from;
        int fd = accept4(io->fd, &from.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            take(inner(io), fd, &from);
        else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return;
    }
}

static void close_listener(struct io_socket *io)
{
    io_socket_bury(io);
}

/* Nothing is sent from a listener. */
static void send_packets(struct io_socket *io, rtc_packet **packets, size_t count)
{
    (void)io;
    for (size_t i = 0; i < count; i++)
        rtc_packet_free(packets[i]);
}

static void flush(struct io_socket *io)
{
    (void)io;
}

static const struct io_socket_ops ops = {close_listener, receive, send_packets, flush};

static int start(struct tcp_listener *l, const rtc_request *request)
{
    int one = 1, family = request->local.family == RTC_ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    l->io.fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->io.fd < 0)
        return io_socket_error();
    if (family == AF_INET6)
        (void)setsockopt(l->io.fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    /* Connections of an earlier listener that the kernel still remembers are no reason to do without a port of the range. */
    (void)setsockopt(l->io.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    int error = io_bind(l->io.loop->context, l->io.fd, request, &l->io.local);
    if (error)
        return error;
    if (listen(l->io.fd, WAITING_MAX) != 0)
        return io_socket_error();
    return io_socket_watch(&l->io, EPOLLIN | EPOLLET);
}

int tcp_listener_open(struct io_owner *owner, const rtc_request *request, struct io_socket **out)
{
    struct tcp_listener *l = memory_zeroed(owner->loop->context, sizeof *l);
    if (!l)
        return RTC_ERR_NO_MEMORY;
    io_socket_init(&l->io, &ops, owner->loop, owner, request->id);
    l->messages = request->flags & RTC_REQUEST_MESSAGES;
    int error = start(l, request);
    if (error) {
        if (l->io.fd >= 0)
            (void)close(l->io.fd);
        memory_free(owner->loop->context, l);
        return error;
    }
    list_append(&owner->sockets, &l->io.link);
    *out = &l->io;
    return RTC_OK;
}
