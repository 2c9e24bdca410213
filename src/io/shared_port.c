/* SPDX-License-Identifier: MIT */
/* The port of an endpoint: a socket for each of its addresses. What arrives is routed by the endpoint; what its connections send waits,
 * where the kernel has no room, with the connection that sends it, so that one which sends too much does not crowd out the others. A socket
 * that is bound to any address replies from the one that was asked. */
#include "shared_port.h"

#include "io_socket.h"
#include "log.h"
#include "memory.h"
#include "socket_address.h"
#include "udp_batch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { SOCKETS_MAX = 64, RECEIVES_MAX = 16, BUFFER_BYTES = 4 << 20, BACKLOG_MAX = 256, TURN_PACKETS = 16, BIND_ATTEMPTS = 16 };

/* Owned by its port; written here alone. */
struct shared_socket {
    struct io_socket io; /* first */
    struct shared_port *port;
    bool any;         /* bound to any address of its family */
    bool unsegmented; /* the kernel does not cut messages for this one */
    bool waits;       /* for room in the kernel */
};

/* Owned by the loop, from shared_port_bind() until it is unbound, or closed with the loop; written here alone. */
struct shared_port {
    struct link link; /* in the loop's list */
    struct loop *loop;
    rtc_endpoint *endpoint;
    struct shared_socket *sockets[SOCKETS_MAX];
    size_t count;
    struct link users;   /* struct port_user.link */
    struct link waiting; /* struct port_user.waiting_link */
};

struct shared_port *shared_port_of(struct link *link)
{
    return link_owner(link, struct shared_port, link);
}

/* ---- Sending ---- */

static bool same_ip(const rtc_address *a, const rtc_address *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static struct shared_socket *socket_for(const struct shared_port *port, const rtc_address *local)
{
    for (size_t i = 0; i < port->count; i++) {
        struct shared_socket *s = port->sockets[i];
        if (same_ip(&s->io.local, local) || (s->any && s->io.local.family == local->family))
            return s;
    }
    return NULL;
}

static void wait_for_room(struct shared_socket *s, bool wait)
{
    if (s->waits != wait)
        (void)io_socket_watch_for(&s->io, wait ? EPOLLIN | EPOLLOUT : EPOLLIN);
    s->waits = wait;
}

/* Sends the first *run packets as one message. When the kernel refuses that, the first one alone tells why: it does not cut messages for
 * this socket, or the addresses of one connection are no good, which is nothing to the others. */
static enum udp_sent send_run(struct shared_socket *s, rtc_packet **packets, size_t *run)
{
    enum udp_sent sent = udp_run_send(s->io.fd, packets, *run, s->any);
    if (sent != UDP_UNSEGMENTED)
        return sent;
    *run = 1;
    sent = udp_run_send(s->io.fd, packets, 1, s->any);
    s->unsegmented = sent == UDP_SENT;
    return sent;
}

/* Sends from the first packet on; returns how many are done with: what the kernel refuses is lost, as datagrams may be. */
static size_t send_runs(struct shared_port *port, rtc_packet **packets, size_t count)
{
    size_t done = 0;
    while (done < count) {
        rtc_path path;
        rtc_packet_path(packets[done], &path);
        struct shared_socket *s = socket_for(port, &path.local);
        size_t run = !s || s->unsegmented ? 1 : udp_run_length(packets + done, count - done);
        enum udp_sent sent = s ? send_run(s, packets + done, &run) : UDP_REFUSED;
        if (sent == UDP_BLOCKED) {
            wait_for_room(s, true);
            break;
        }
        if (sent == UDP_REFUSED)
            log_write(port->loop->context, RTC_LOG_DEBUG, "io", "datagrams were not sent: %s", s ? strerror(errno) : "no such address");
        for (size_t end = done + run; done < end; done++)
            rtc_packet_free(packets[done]);
    }
    return done;
}

/* The queue is as long as a network's: the newest are lost. */
static void keep(struct port_user *u, rtc_packet **packets, size_t count)
{
    if (count > 0 && !u->packets)
        u->packets = memory_alloc(u->port->loop->context, BACKLOG_MAX * sizeof *u->packets);
    if (count > 0 && u->packets && list_empty(&u->waiting_link))
        list_append(&u->port->waiting, &u->waiting_link);
    for (size_t i = 0; i < count; i++) {
        if (u->packets && u->count < BACKLOG_MAX)
            u->packets[u->count++] = packets[i];
        else
            rtc_packet_free(packets[i]);
    }
}

void shared_port_join(struct port_user *u, struct shared_port *port)
{
    *u = (struct port_user){.port = port};
    list_init(&u->link);
    list_init(&u->waiting_link);
    if (port)
        list_append(&port->users, &u->link);
}

void shared_port_send(struct port_user *u, rtc_packet **packets, size_t count)
{
    size_t done = list_empty(&u->port->waiting) ? send_runs(u->port, packets, count) : 0;
    keep(u, packets + done, count - done);
}

/* Nothing of it waits any more. */
static void forget(struct port_user *u)
{
    for (size_t i = 0; i < u->count; i++)
        rtc_packet_free(u->packets[i]);
    memory_free(u->port->loop->context, u->packets);
    list_remove(&u->waiting_link);
    u->packets = NULL;
    u->count = 0;
}

void shared_port_part(struct port_user *u)
{
    if (!u->port)
        return;
    forget(u);
    list_remove(&u->link);
    u->port = NULL;
}

/* A few packets of one connection, which then waits behind the others; false when the kernel has no room for them. */
static bool send_turn(struct shared_port *port, struct port_user *u)
{
    size_t turn = u->count < TURN_PACKETS ? u->count : TURN_PACKETS, done = send_runs(port, u->packets, turn);
    u->count -= done;
    memmove(u->packets, u->packets + done, u->count * sizeof u->packets[0]);
    if (u->count == 0) {
        forget(u);
    } else if (done == turn) {
        list_remove(&u->waiting_link);
        list_append(&port->waiting, &u->waiting_link);
    }
    return done == turn;
}

static void flush(struct io_socket *io)
{
    struct shared_port *port = link_owner(io, struct shared_socket, io)->port;
    for (size_t i = 0; i < port->count; i++)
        wait_for_room(port->sockets[i], false);
    while (!list_empty(&port->waiting))
        if (!send_turn(port, link_owner(port->waiting.next, struct port_user, waiting_link)))
            return;
}

/* ---- Receiving ---- */

/* What a receiving call is about. */
struct arrival {
    struct shared_socket *socket;
    rtc_time_t now;
    struct loop_task *last; /* told already that it has something to do */
};

static void take(void *user, const rtc_address *local, const rtc_address *from, rtc_packet *packet)
{
    struct arrival *a = user;
    const struct shared_socket *s = a->socket;
    rtc_path path = {.local = s->io.local, .remote = *from};
    if (s->any && local->family != RTC_ADDRESS_NONE)
        memcpy(path.local.ip, local->ip, sizeof path.local.ip);
    rtc_peer_connection *pc = rtc_endpoint_route(s->port->endpoint, a->now, &path, rtc_packet_data(packet), rtc_packet_len(packet));
    if (!pc) {
        rtc_packet_free(packet);
        return;
    }
    rtc_peer_connection_receive(pc, a->now, &path, packet);
    struct loop_task *task = &((struct io_owner *)peer_attachment(pc))->task;
    if (task != a->last)
        loop_task_changed(s->io.loop, task);
    a->last = task;
}

/* What the endpoint itself has to say is worth no waiting. */
static void send_answers(struct shared_port *port)
{
    for (rtc_packet *p; (p = rtc_endpoint_next_packet(port->endpoint)) != NULL;)
        if (!list_empty(&port->waiting) || send_runs(port, &p, 1) == 0)
            rtc_packet_free(p);
}

static void receive(struct io_socket *io, rtc_time_t now)
{
    struct shared_socket *s = link_owner(io, struct shared_socket, io);
    struct arrival arrival = {.socket = s, .now = now};
    bool more = true;
    for (int i = 0; i < RECEIVES_MAX && more; i++) {
        more = udp_receive(s->port->loop->receiver, s->io.fd, now, take, &arrival);
        send_answers(s->port);
    }
}

/* ---- Its life ---- */

static void close_socket(struct io_socket *io)
{
    io_socket_bury(io);
}

static const struct io_socket_ops ops = {.close = close_socket, .receive = receive, .flush = flush};

static int bind_socket(int fd, const rtc_address *wanted, rtc_address *bound)
{
    union socket_address address;
    socklen_t len = socket_address_from(&address, wanted);
    int one = 1, size = BUFFER_BYTES;
    if (wanted->family == RTC_ADDRESS_IPV6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    udp_receiver_prepare(fd, wanted->family);
    if (bind(fd, &address.any, len) != 0)
        return io_socket_error();
    len = sizeof address;
    if (getsockname(fd, &address.any, &len) != 0)
        return io_socket_error();
    socket_address_to(&address, bound);
    return RTC_OK;
}

static bool is_any(const rtc_address *a)
{
    static const uint8_t none[sizeof a->ip] = {0};
    return memcmp(a->ip, none, sizeof none) == 0;
}

/* errno says why it failed. */
static int open_socket(struct shared_port *port, const rtc_address *wanted)
{
    struct shared_socket *s = memory_zeroed(port->loop->context, sizeof *s);
    if (!s)
        return RTC_ERR_NO_MEMORY;
    io_socket_init(&s->io, &ops, port->loop, NULL, 0);
    s->port = port;
    s->io.fd = socket(wanted->family == RTC_ADDRESS_IPV6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = s->io.fd < 0 ? io_socket_error() : bind_socket(s->io.fd, wanted, &s->io.local);
    s->any = !error && is_any(&s->io.local);
    if (s->any)
        udp_receiver_tell_local(s->io.fd, wanted->family);
    if (!error)
        error = io_socket_watch(&s->io, EPOLLIN);
    if (!error) {
        port->sockets[port->count++] = s;
        return RTC_OK;
    }
    int reason = errno;
    if (s->io.fd >= 0)
        (void)close(s->io.fd);
    memory_free(port->loop->context, s);
    errno = reason;
    return error;
}

static void close_sockets(struct shared_port *port)
{
    while (port->count > 0)
        io_socket_bury(&port->sockets[--port->count]->io);
}

/* All of them, or nothing. With `some`, a family that this host does not have is left out. */
static int open_sockets(struct shared_port *port, const rtc_address *addresses, size_t count, bool some)
{
    int error = RTC_OK, missing = RTC_OK;
    for (size_t i = 0; i < count && !error; i++) {
        rtc_address wanted = addresses[i];
        wanted.port = port->count > 0 ? port->sockets[0]->io.local.port : wanted.port;
        error = open_socket(port, &wanted);
        if (!error || !some || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
            continue;
        missing = error;
        error = RTC_OK;
    }
    if (!error && port->count == 0)
        error = missing;
    if (error) {
        int reason = errno;
        close_sockets(port);
        errno = reason;
    }
    return error;
}

int shared_port_bind(rtc_loop *loop, rtc_endpoint *endpoint, rtc_address *addresses, size_t *count, bool some, void **out)
{
    struct loop *l = loop_of(loop);
    struct shared_port *port = *count > 0 && *count <= SOCKETS_MAX ? memory_zeroed(l->context, sizeof *port) : NULL;
    int error = RTC_ERR_NO_MEMORY;
    if (!port)
        return error;
    port->loop = l;
    port->endpoint = endpoint;
    list_init(&port->users);
    list_init(&port->waiting);
    /* A port that is free on one address may be taken on another: then another one is tried. */
    for (int attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
        error = open_sockets(port, addresses, *count, some);
        if (!error || addresses[0].port != 0 || errno != EADDRINUSE)
            break;
    }
    if (error) {
        memory_free(l->context, port);
        return error;
    }
    *count = port->count;
    for (size_t i = 0; i < port->count; i++)
        addresses[i] = port->sockets[i]->io.local;
    list_append(&l->lists.ports, &port->link);
    *out = port;
    return RTC_OK;
}

void shared_port_unbind(void *user)
{
    struct shared_port *port = user;
    struct loop *l = port->loop;
    close_sockets(port);
    while (!list_empty(&port->users))
        shared_port_part(link_owner(port->users.next, struct port_user, link));
    list_remove(&port->link);
    memory_free(l->context, port);
}

void shared_port_close(struct shared_port *port)
{
    rtc_endpoint_close(port->endpoint);
}
