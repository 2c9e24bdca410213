/* SPDX-License-Identifier: MIT */
/* One UDP socket of a connection: its life, and the queue of what the kernel has no room for. */
#include "udp_socket.h"

#include "log.h"
#include "memory.h"
#include "multicast.h"
#include "port_range.h"
#include "udp_batch.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { RECEIVES_MAX = 4, BUFFER_BYTES = 1 << 20, BLOCKED_MAX = 256 };

/* Owned by its connection on the loop (struct io_owner); written here alone. */
struct udp_socket {
    struct io_socket io;  /* first */
    bool unsegmented;     /* the kernel does not cut messages for this one */
    rtc_packet **blocked; /* packets that the kernel had no room for, in order; NULL while there are none */
    size_t blocked_count;
};

/* For the bursts that a keyframe makes, and those that come while a callback takes its time. Who is privileged may have more than the
 * system's maximum; the kernel counts what it needs itself, which is why it says twice as much. */
static void enlarge(rtc_context *context, int fd, int force, int option, const char *limit)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    int size = BUFFER_BYTES, got = 0;
    socklen_t len = sizeof got;
    if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof size) != 0)
        (void)setsockopt(fd, SOL_SOCKET, option, &size, sizeof size);
    if (getsockopt(fd, SOL_SOCKET, option, &got, &len) == 0 && got < 2 * size && !atomic_flag_test_and_set(&told))
        log_write(context, RTC_LOG_DEBUG, "io", "buffers of sockets have %d KiB, not %d: net.core.%s_max is small", got / 2048, size / 1024,
                  limit);
}

static int bind_socket(rtc_context *context, int fd, const rtc_request *request, rtc_address *local)
{
    int one = 1;
    if (request->local.family == RTC_ADDRESS_IPV6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    enlarge(context, fd, SO_RCVBUFFORCE, SO_RCVBUF, "rmem");
    enlarge(context, fd, SO_SNDBUFFORCE, SO_SNDBUF, "wmem");
    udp_receiver_prepare(fd, request->local.family);
    if (request->flags & RTC_REQUEST_SHARED)
        multicast_share(fd);
    return io_bind(context, fd, request, local);
}

static struct udp_socket *inner(struct io_socket *s)
{
    return link_owner(s, struct udp_socket, io);
}

static void close_socket(struct io_socket *io)
{
    struct udp_socket *s = inner(io);
    for (size_t i = 0; i < s->blocked_count; i++)
        rtc_packet_free(s->blocked[i]);
    s->blocked_count = 0;
    memory_free(io->loop->context, s->blocked);
    s->blocked = NULL;
    io_socket_bury(io);
}

/* What a receiving call is about. */
struct arrival {
    struct udp_socket *socket;
    rtc_time_t now;
};

static void take(void *user, const rtc_address *local, const rtc_address *from, rtc_packet *packet)
{
    struct arrival *a = user;
    struct udp_socket *s = a->socket;
    (void)local; /* it is bound to one */
    rtc_path path = {.socket = s->io.id, .local = s->io.local, .remote = *from};
    if (s->io.owner->pc)
        rtc_peer_connection_receive(s->io.owner->pc, a->now, &path, packet);
    else
        rtc_packet_free(packet);
}

static void receive(struct io_socket *io, rtc_time_t now)
{
    struct udp_socket *s = inner(io);
    struct arrival arrival = {s, now};
    for (int i = 0; i < RECEIVES_MAX && s->io.fd >= 0 && udp_receive(s->io.loop->receiver, s->io.fd, now, take, &arrival); i++)
        ;
}

/* Sends from the first packet on; returns how many are done with: what the kernel refuses is lost, as datagrams may be. */
static size_t send_runs(struct udp_socket *s, rtc_packet **packets, size_t count)
{
    size_t done = 0;
    while (done < count) {
        size_t run = s->unsegmented ? 1 : udp_run_length(packets + done, count - done);
        enum udp_sent sent = udp_run_send(s->io.fd, packets + done, run, false);
        if (sent == UDP_BLOCKED)
            break;
        if (sent == UDP_UNSEGMENTED) {
            s->unsegmented = true;
            continue;
        }
        if (sent == UDP_REFUSED)
            log_write(s->io.loop->context, RTC_LOG_DEBUG, "io", "datagrams were not sent: %s", strerror(errno));
        for (size_t end = done + run; done < end; done++)
            rtc_packet_free(packets[done]);
    }
    return done;
}

/* The queue is as long as a network's: the newest are lost. */
static void keep(struct udp_socket *s, rtc_packet **packets, size_t count)
{
    if (count > 0 && !s->blocked)
        s->blocked = memory_alloc(s->io.loop->context, BLOCKED_MAX * sizeof *s->blocked);
    if (count > 0 && s->blocked && s->blocked_count == 0)
        (void)io_socket_watch_for(&s->io, EPOLLIN | EPOLLOUT);
    for (size_t i = 0; i < count; i++) {
        if (s->blocked && s->blocked_count < BLOCKED_MAX)
            s->blocked[s->blocked_count++] = packets[i];
        else
            rtc_packet_free(packets[i]);
    }
}

static void send_packets(struct io_socket *io, rtc_packet **packets, size_t count)
{
    struct udp_socket *s = inner(io);
    size_t done = s->blocked_count == 0 ? send_runs(s, packets, count) : 0;
    keep(s, packets + done, count - done);
}

static void flush(struct io_socket *io)
{
    struct udp_socket *s = inner(io);
    size_t done = send_runs(s, s->blocked, s->blocked_count);
    s->blocked_count -= done;
    if (s->blocked_count > 0) {
        memmove(s->blocked, s->blocked + done, s->blocked_count * sizeof s->blocked[0]);
        return;
    }
    memory_free(s->io.loop->context, s->blocked);
    s->blocked = NULL;
    (void)io_socket_watch_for(&s->io, EPOLLIN);
}

static const struct io_socket_ops ops = {close_socket, receive, send_packets, flush};

int udp_socket_open(struct io_owner *owner, const rtc_request *request, struct io_socket **out)
{
    rtc_context *context = owner->loop->context;
    struct udp_socket *s = memory_zeroed(context, sizeof *s);
    if (!s)
        return RTC_ERR_NO_MEMORY;
    io_socket_init(&s->io, &ops, owner->loop, owner, request->id);
    s->io.fd = socket(request->local.family == RTC_ADDRESS_IPV6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = s->io.fd < 0 ? io_socket_error() : bind_socket(context, s->io.fd, request, &s->io.local);
    if (!error)
        error = io_socket_watch(&s->io, EPOLLIN);
    if (error) {
        if (s->io.fd >= 0)
            (void)close(s->io.fd);
        memory_free(context, s);
        return error;
    }
    list_append(&owner->sockets, &s->io.link);
    *out = &s->io;
    return RTC_OK;
}
