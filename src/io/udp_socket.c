/* One UDP socket of a connection: batches in, single datagrams out. The kernel's addresses are turned into the library's here. */
#include "io_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 16, BATCHES_MAX = 4, BUFFER_BYTES = 1 << 20 };

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t to_kernel(const rtc_address *a, union socket_address *out)
{
    memset(out, 0, sizeof *out);
    if (a->family == RTC_ADDRESS_IPV6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(a->port);
        out->v6.sin6_scope_id = a->scope;
        memcpy(&out->v6.sin6_addr, a->ip, 16);
        return sizeof out->v6;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(a->port);
    memcpy(&out->v4.sin_addr, a->ip, 4);
    return sizeof out->v4;
}

static void from_kernel(const union socket_address *in, rtc_address *out)
{
    *out = (rtc_address){0};
    if (in->any.sa_family == AF_INET6) {
        out->family = RTC_ADDRESS_IPV6;
        out->port = ntohs(in->v6.sin6_port);
        out->scope = in->v6.sin6_scope_id;
        memcpy(out->ip, &in->v6.sin6_addr, 16);
    } else if (in->any.sa_family == AF_INET) {
        out->family = RTC_ADDRESS_IPV4;
        out->port = ntohs(in->v4.sin_port);
        memcpy(out->ip, &in->v4.sin_addr, 4);
    }
}

static int error_of_errno(void)
{
    switch (errno) {
    case EACCES:
    case EPERM:
        return RTC_ERR_NOT_ALLOWED;
    case ENOMEM:
    case ENOBUFS:
        return RTC_ERR_NO_MEMORY;
    case EMFILE:
    case ENFILE:
        return RTC_ERR_QUOTA_EXCEEDED;
    default:
        return RTC_ERR_NETWORK;
    }
}

static int bind_socket(int fd, const rtc_request *request, rtc_address *local)
{
    union socket_address address;
    socklen_t len = to_kernel(&request->local, &address);
    int one = 1, size = BUFFER_BYTES;
    if (request->local.family == RTC_ADDRESS_IPV6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (bind(fd, &address.any, len) != 0)
        return error_of_errno();
    len = sizeof address;
    if (getsockname(fd, &address.any, &len) != 0)
        return error_of_errno();
    from_kernel(&address, local);
    return RTC_OK;
}

static int watch(struct udp_socket *s, int operation, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = s};
    return epoll_ctl(s->driven->loop->epoll_fd, operation, s->fd, &e) == 0 ? RTC_OK : error_of_errno();
}

int udp_socket_open(struct driven *d, const rtc_request *request, struct udp_socket **out)
{
    struct udp_socket *s = memory_zeroed(d->loop->context, sizeof *s);
    if (!s)
        return RTC_ERR_NO_MEMORY;
    s->driven = d;
    s->id = request->id;
    s->fd = socket(request->local.family == RTC_ADDRESS_IPV6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = s->fd < 0 ? error_of_errno() : bind_socket(s->fd, request, &s->local);
    if (!error)
        error = watch(s, EPOLL_CTL_ADD, EPOLLIN);
    if (error) {
        if (s->fd >= 0)
            (void)close(s->fd);
        memory_free(d->loop->context, s);
        return error;
    }
    list_append(&d->sockets, &s->link);
    *out = s;
    return RTC_OK;
}

void udp_socket_close(struct udp_socket *s)
{
    struct loop *loop = s->driven->loop;
    for (size_t i = 0; i < s->blocked_count; i++)
        rtc_packet_free(s->blocked[i]);
    s->blocked_count = 0;
    list_remove(&s->link);
    (void)close(s->fd);
    s->fd = -1;
    s->next_closed = loop->closed_sockets; /* an event of this iteration may still name it */
    loop->closed_sockets = s;
    loop_wake(loop);
}

/* Receives one batch; true when it was full and more may wait. */
static bool receive_batch(struct udp_socket *s, rtc_time_t now)
{
    rtc_peer_connection *pc = s->driven->pc;
    rtc_packet *packets[BATCH];
    union socket_address from[BATCH];
    struct mmsghdr messages[BATCH];
    struct iovec space[BATCH];
    unsigned room = 0;
    memset(messages, 0, sizeof messages);
    for (; room < BATCH && (packets[room] = rtc_packet_new(pc)) != NULL; room++) {
        space[room] = (struct iovec){rtc_packet_data(packets[room]), rtc_packet_capacity(packets[room])};
        messages[room].msg_hdr = (struct msghdr){.msg_name = &from[room], .msg_namelen = sizeof from[room], .msg_iov = &space[room], .msg_iovlen = 1};
    }
    int got = recvmmsg(s->fd, messages, room, 0, NULL);
    rtc_path path = {.socket = s->id, .local = s->local};
    for (unsigned i = 0; i < room; i++) {
        bool whole = (int)i < got && !(messages[i].msg_hdr.msg_flags & MSG_TRUNC);
        if (!whole || !s->driven->pc) {
            rtc_packet_free(packets[i]);
            continue;
        }
        (void)rtc_packet_set_len(packets[i], messages[i].msg_len);
        from_kernel(&from[i], &path.remote);
        rtc_peer_connection_receive(pc, now, &path, packets[i]);
    }
    return got == BATCH;
}

void udp_socket_receive(struct udp_socket *s, rtc_time_t now)
{
    for (int i = 0; i < BATCHES_MAX && s->fd >= 0 && receive_batch(s, now); i++)
        ;
}

/* False when the kernel has no room now. Any other error loses the datagram, as the network may. */
static bool try_send(struct udp_socket *s, rtc_packet *packet, const rtc_path *path)
{
    union socket_address to;
    socklen_t len = to_kernel(&path->remote, &to);
    if (sendto(s->fd, rtc_packet_data(packet), rtc_packet_len(packet), MSG_NOSIGNAL, &to.any, len) >= 0)
        return true;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
        return false;
    log_write(s->driven->loop->context, RTC_LOG_DEBUG, "io", "a datagram was not sent: %s", strerror(errno));
    return true;
}

void udp_socket_send(struct udp_socket *s, rtc_packet *packet, const rtc_path *path)
{
    const size_t room = sizeof s->blocked / sizeof s->blocked[0];
    if (s->blocked_count == 0 && try_send(s, packet, path)) {
        rtc_packet_free(packet);
        return;
    }
    if (s->blocked_count == room) {
        rtc_packet_free(packet); /* the queue is as long as a network's: the newest is lost */
        return;
    }
    s->blocked[s->blocked_count++] = packet;
    if (s->blocked_count == 1)
        (void)watch(s, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

void udp_socket_flush(struct udp_socket *s)
{
    size_t sent = 0;
    rtc_path path;
    for (; sent < s->blocked_count; sent++) {
        rtc_packet_path(s->blocked[sent], &path);
        if (!try_send(s, s->blocked[sent], &path))
            break;
        rtc_packet_free(s->blocked[sent]);
    }
    s->blocked_count -= sent;
    memmove(s->blocked, s->blocked + sent, s->blocked_count * sizeof s->blocked[0]);
    if (s->blocked_count == 0 && s->fd >= 0)
        (void)watch(s, EPOLL_CTL_MOD, EPOLLIN);
}
