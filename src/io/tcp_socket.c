/* SPDX-License-Identifier: MIT */
/* One TCP connection of a peer connection: connecting, the bytes in as packets, the bytes out with what the kernel has no room for kept in
 * order. It was asked for, or accepted by a listener. Where each packet is a message (RTC_REQUEST_MESSAGES), those that would wait behind
 * too many bytes are dropped whole, as a network drops datagrams: media that is seconds late is of no use. In any other stream nothing can
 * be dropped, and a peer that takes nothing for so long that the bytes pile up ends it. Its end is told as a failed result with its id. */
#include "tcp_socket.h"

#include "log.h"
#include "memory.h"
#include "socket_address.h"

#include <errno.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

/* The kernel holds little that it has not sent (TCP_NOTSENT_LOWAT): what waits, waits here, where it is bounded. */
enum { READS_MAX = 64, WAITING_MAX = 4 << 20, MESSAGES_WAITING_MAX = 256 << 10, KERNEL_WAITING_MAX = 32 << 10 };

/* Owned by its connection on the loop (struct io_owner); written here alone. */
struct tcp_socket {
    struct io_socket io;
    rtc_address remote;
    bool connected;
    bool accepted;
    bool messages; /* packets may be dropped whole */
    unsigned dscp; /* what the connection is marked with */
    uint64_t dropped;
    uint8_t *waiting; /* bytes that the kernel had no room for: waiting_len of them from waiting_start on */
    size_t waiting_start, waiting_len, waiting_capacity;
};

static struct tcp_socket *inner(struct io_socket *io)
{
    return link_owner(io, struct tcp_socket, io);
}

static void forget_waiting(struct tcp_socket *s)
{
    memory_free(s->io.loop->context, s->waiting);
    s->waiting = NULL;
    s->waiting_start = s->waiting_len = s->waiting_capacity = 0;
}

static void close_socket(struct io_socket *io)
{
    struct tcp_socket *s = inner(io);
    if (s->dropped > 0)
        log_write(io->loop->context, RTC_LOG_INFO, "io", "TCP socket %u: %llu messages were dropped, for too many waited", io->id,
                  (unsigned long long)s->dropped);
    forget_waiting(s);
    io->owner->accepted -= s->accepted;
    io_socket_bury(io);
}

static void tell(struct tcp_socket *s, int error)
{
    rtc_result result = {.size = sizeof result, .id = s->io.id, .error = error, .local = s->io.local};
    result.type = s->accepted ? RTC_REQUEST_LISTEN_TCP : RTC_REQUEST_OPEN_TCP;
    s->io.owner->tell(s->io.owner, &result);
}

static void lose(struct tcp_socket *s, int error)
{
    close_socket(&s->io);
    tell(s, error);
}

static void on_connected(struct tcp_socket *s)
{
    union socket_address local;
    socklen_t len = sizeof local;
    int error = 0;
    socklen_t error_len = sizeof error;
    if (getsockopt(s->io.fd, SOL_SOCKET, SO_ERROR, &error, &error_len) != 0)
        error = errno;
    if (error == 0 && getsockname(s->io.fd, &local.any, &len) != 0)
        error = errno;
    if (error != 0 || io_socket_watch_for(&s->io, EPOLLIN) != RTC_OK) {
        lose(s, RTC_ERR_NETWORK);
        return;
    }
    socket_address_to(&local, &s->io.local);
    s->connected = true;
    tell(s, RTC_OK);
}

static void receive(struct io_socket *io, rtc_time_t now)
{
    struct tcp_socket *s = inner(io);
    rtc_path path = {.socket = io->id, .protocol = 1, .local = io->local, .remote = s->remote};
    for (int i = 0; i < READS_MAX && s->connected && io->fd >= 0 && io->owner->pc; i++) {
        rtc_packet *packet = rtc_packet_new(io->owner->pc);
        ssize_t got = packet ? recv(io->fd, rtc_packet_data(packet), rtc_packet_capacity(packet), 0) : -1;
        bool wait = !packet || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
        if (got > 0) {
            (void)rtc_packet_set_len(packet, (size_t)got);
            rtc_peer_connection_receive(io->owner->pc, now, &path, packet);
            continue;
        }
        rtc_packet_free(packet);
        if (!wait)
            lose(s, RTC_ERR_NETWORK);
        return;
    }
}

/* How many bytes the kernel took, or -1 when the connection is gone. */
static ssize_t write_some(struct tcp_socket *s, const uint8_t *bytes, size_t len)
{
    ssize_t sent = len > 0 ? send(s->io.fd, bytes, len, MSG_NOSIGNAL) : 0;
    return sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : sent;
}

/* Room for `len` more bytes behind those that wait. */
static bool make_room(struct tcp_socket *s, size_t len)
{
    void *waiting = s->waiting;
    if (s->waiting_start > 0 && s->waiting_start + s->waiting_len + len > s->waiting_capacity) {
        memmove(s->waiting, s->waiting + s->waiting_start, s->waiting_len);
        s->waiting_start = 0;
    }
    if (!memory_grow(s->io.loop->context, &waiting, &s->waiting_capacity, s->waiting_start + s->waiting_len + len, 1))
        return false;
    s->waiting = waiting;
    return true;
}

/* What the kernel took a part of must follow whole: the end of the peer's patience, or of memory, is the end of the stream. */
static bool keep(struct tcp_socket *s, const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return true;
    if (s->waiting_len + len > WAITING_MAX || !make_room(s, len))
        return false;
    memcpy(s->waiting + s->waiting_start + s->waiting_len, bytes, len);
    if (s->waiting_len == 0)
        (void)io_socket_watch_for(&s->io, EPOLLIN | EPOLLOUT);
    s->waiting_len += len;
    return true;
}

static bool put(struct tcp_socket *s, const uint8_t *bytes, size_t len)
{
    if (s->messages && s->waiting_len > 0 && s->waiting_len + len > MESSAGES_WAITING_MAX) {
        s->dropped++;
        return true;
    }
    ssize_t sent = s->waiting_len == 0 ? write_some(s, bytes, len) : 0;
    return sent >= 0 && keep(s, bytes + sent, len - (size_t)sent);
}

/* A stream has one mark: that of the newest packet. */
static void mark(struct tcp_socket *s, unsigned dscp)
{
    bool six = s->remote.family == RTC_ADDRESS_IPV6;
    int tos = (int)(dscp << 2);
    if (dscp == s->dscp)
        return;
    s->dscp = dscp;
    (void)setsockopt(s->io.fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_TCLASS : IP_TOS, &tos, sizeof tos);
}

static void send_packets(struct io_socket *io, rtc_packet **packets, size_t count)
{
    struct tcp_socket *s = inner(io);
    bool whole = true;
    for (size_t i = 0; i < count; i++) {
        if (s->connected && whole)
            mark(s, rtc_packet_dscp(packets[i]));
        if (s->connected && whole)
            whole = put(s, rtc_packet_data(packets[i]), rtc_packet_len(packets[i]));
        rtc_packet_free(packets[i]);
    }
    if (!whole)
        lose(s, RTC_ERR_NETWORK);
}

static void flush(struct io_socket *io)
{
    struct tcp_socket *s = inner(io);
    if (!s->connected) {
        on_connected(s);
        return;
    }
    ssize_t sent = write_some(s, s->waiting + s->waiting_start, s->waiting_len);
    if (sent < 0) {
        lose(s, RTC_ERR_NETWORK);
        return;
    }
    s->waiting_start += (size_t)sent;
    s->waiting_len -= (size_t)sent;
    if (s->waiting_len > 0)
        return;
    forget_waiting(s);
    (void)io_socket_watch_for(io, EPOLLIN);
}

static const struct io_socket_ops ops = {close_socket, receive, send_packets, flush};

static bool is_unspecified(const rtc_address *a)
{
    for (size_t i = 0; i < sizeof a->ip; i++)
        if (a->ip[i] != 0)
            return false;
    return a->port == 0;
}

static void prepare(const struct tcp_socket *s)
{
    int one = 1, low = KERNEL_WAITING_MAX;
    (void)setsockopt(s->io.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (s->messages)
        (void)setsockopt(s->io.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof low);
}

static int start(struct tcp_socket *s, const rtc_request *request)
{
    union socket_address local, remote;
    socklen_t local_len = socket_address_from(&local, &request->local), len = socket_address_from(&remote, &request->remote);
    s->io.fd = socket(request->remote.family == RTC_ADDRESS_IPV6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->io.fd < 0)
        return io_socket_error();
    prepare(s);
    if (!is_unspecified(&request->local) && bind(s->io.fd, &local.any, local_len) != 0)
        return io_socket_error();
    if (connect(s->io.fd, &remote.any, len) != 0 && errno != EINPROGRESS)
        return io_socket_error();
    return io_socket_watch(&s->io, EPOLLOUT);
}

static struct tcp_socket *make(struct io_owner *owner, uint32_t id, int fd, const rtc_address *remote, bool messages)
{
    struct tcp_socket *s = memory_zeroed(owner->loop->context, sizeof *s);
    if (!s)
        return NULL;
    io_socket_init(&s->io, &ops, owner->loop, owner, id);
    s->io.fd = fd;
    s->remote = *remote;
    s->messages = messages;
    return s;
}

int tcp_socket_open(struct io_owner *owner, const rtc_request *request)
{
    struct tcp_socket *s = make(owner, request->id, -1, &request->remote, request->flags & RTC_REQUEST_MESSAGES);
    int error = s ? start(s, request) : RTC_ERR_NO_MEMORY;
    if (error && s) {
        if (s->io.fd >= 0)
            (void)close(s->io.fd);
        memory_free(owner->loop->context, s);
    }
    if (error)
        return error;
    list_append(&owner->sockets, &s->io.link);
    return RTC_OK;
}

int tcp_socket_adopt(struct io_owner *owner, int fd, const rtc_result *accepted, bool messages)
{
    struct tcp_socket *s = make(owner, accepted->socket, fd, &accepted->remote, messages);
    int error = s ? io_socket_watch(&s->io, EPOLLIN) : RTC_ERR_NO_MEMORY;
    if (error) {
        memory_free(owner->loop->context, s);
        return error;
    }
    prepare(s);
    s->io.local = accepted->local;
    s->connected = s->accepted = true;
    owner->accepted++;
    list_append(&owner->sockets, &s->io.link);
    return RTC_OK;
}
