/* SPDX-License-Identifier: MIT */
/* See udp_batch.h. */
#include "udp_batch.h"

#include "kernel_clock.h"
#include "packet.h"
#include "socket_address.h"

#include <errno.h>
#include <netinet/udp.h>

enum {
    RUN_MAX = 64, /* datagrams per message: what the first kernels with UDP_SEGMENT take */
    RUN_BYTES_MAX = 65000,
    MESSAGES = 4,    /* received per call */
    SLICE_MIN = 256, /* what is shorter is copied sooner than held in its place */
    CONTROL_BYTES = 192
};

/* ---- Sending ---- */

static bool same_address(const rtc_address *a, const rtc_address *b)
{
    return a->family == b->family && a->port == b->port && a->scope == b->scope && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

/* The type of service (RFC 2474, RFC 3168): the kernel takes both parts of it at once. */
static unsigned mark_of(const rtc_packet *packet)
{
    return rtc_packet_dscp(packet) << 2 | (unsigned)rtc_packet_ecn(packet);
}

size_t udp_run_length(rtc_packet *const *packets, size_t count)
{
    rtc_path first, path;
    size_t segment = rtc_packet_len(packets[0]), bytes = segment, n = 1;
    unsigned mark = mark_of(packets[0]);
    rtc_packet_path(packets[0], &first);
    for (; n < count && n < RUN_MAX; n++) {
        size_t len = rtc_packet_len(packets[n]);
        rtc_packet_path(packets[n], &path);
        bool ended = rtc_packet_len(packets[n - 1]) < segment || mark_of(packets[n]) != mark;
        if (ended || len == 0 || len > segment || bytes + len > RUN_BYTES_MAX || !same_address(&first.remote, &path.remote) ||
            !same_address(&first.local, &path.local))
            break;
        bytes += len;
    }
    return n;
}

static enum udp_sent result_of(ssize_t sent, bool segmented)
{
    if (sent >= 0)
        return UDP_SENT;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
        return UDP_BLOCKED;
    /* Unknown to the kernel, a device without checksum offload, or a path with a smaller MTU. */
    bool could_be_cutting = errno == EINVAL || errno == EIO || errno == EMSGSIZE || errno == ENOPROTOOPT || errno == EOPNOTSUPP;
    return segmented && could_be_cutting ? UDP_UNSEGMENTED : UDP_REFUSED;
}

/* What is said to the kernel beside the datagrams. On the stack of the call that sends. */
struct control {
    _Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
    size_t len;
};

static void say(struct control *control, int level, int type, const void *value, size_t len)
{
    struct cmsghdr header = {.cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
    memcpy(control->bytes + control->len, &header, sizeof header);
    memcpy(control->bytes + control->len + CMSG_LEN(0), value, len);
    control->len += CMSG_SPACE(len);
}

static void say_local(struct control *control, const rtc_address *local)
{
    union socket_address address;
    (void)socket_address_from(&address, local);
    if (local->family == RTC_ADDRESS_IPV4) {
        struct in_pktinfo info = {.ipi_spec_dst = address.v4.sin_addr};
        say(control, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    } else {
        struct in6_pktinfo info = {.ipi6_addr = address.v6.sin6_addr, .ipi6_ifindex = local->scope};
        say(control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
}

static void say_mark(struct control *control, const rtc_address *remote, unsigned mark)
{
    bool six = remote->family == RTC_ADDRESS_IPV6;
    int tos = (int)mark;
    say(control, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_TCLASS : IP_TOS, &tos, sizeof tos);
}

static ssize_t send_message(int fd, struct msghdr *message, struct control *control, size_t control_len)
{
    message->msg_control = control_len > 0 ? control->bytes : NULL;
    message->msg_controllen = control_len;
    return sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

enum udp_sent udp_run_send(int fd, rtc_packet *const *packets, size_t count, bool from_local)
{
    rtc_path path;
    union socket_address to;
    struct iovec parts[RUN_MAX];
    struct control control = {.len = 0};
    unsigned mark = mark_of(packets[0]);
    rtc_packet_path(packets[0], &path);
    for (size_t i = 0; i < count; i++)
        parts[i] = (struct iovec){rtc_packet_data(packets[i]), rtc_packet_len(packets[i])};
    struct msghdr message = {.msg_name = &to, .msg_namelen = socket_address_from(&to, &path.remote), .msg_iov = parts, .msg_iovlen = count};
    if (count > 1) {
        uint16_t segment = (uint16_t)parts[0].iov_len;
        say(&control, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    }
    if (from_local)
        say_local(&control, &path.local);
    size_t unmarked = control.len;
    if (mark != 0)
        say_mark(&control, &path.remote, mark);
    ssize_t sent = send_message(fd, &message, &control, control.len);
    if (sent < 0 && mark != 0 && (errno == EINVAL || errno == EPERM))
        sent = send_message(fd, &message, &control, unmarked); /* marks are worth less than the packets */
    return result_of(sent, count > 1);
}

/* ---- Receiving ---- */

/* Owned by a loop; written here alone. A message begins in a packet, which is all there is to a single datagram, and goes on in a block,
 * whose pages cost nothing until then. Both are had when they are needed. */
struct udp_receiver {
    struct packet_pool *pool;
    struct kernel_clock clock;
    struct mmsghdr messages[MESSAGES];
    struct iovec parts[MESSAGES][2];
    struct packet *packets[MESSAGES];
    struct packet_block *blocks[MESSAGES];
    union socket_address from[MESSAGES];
    _Alignas(struct cmsghdr) char control[MESSAGES][CONTROL_BYTES];
};

int udp_receiver_new(rtc_context *context, struct packet_pool *pool, struct udp_receiver **out)
{
    struct udp_receiver *r = memory_zeroed(context, sizeof *r);
    if (!r)
        return RTC_ERR_NO_MEMORY;
    r->pool = packet_pool_ref(pool);
    kernel_clock_measure(&r->clock);
    *out = r;
    return RTC_OK;
}

void udp_receiver_free(rtc_context *context, struct udp_receiver *r)
{
    if (!r)
        return;
    for (int i = 0; i < MESSAGES; i++) {
        packet_free(r->packets[i]);
        packet_block_unref(r->pool, r->blocks[i]);
    }
    packet_pool_unref(r->pool);
    memory_free(context, r);
}

static void ask(int fd, int level, int option)
{
    int one = 1;
    (void)setsockopt(fd, level, option, &one, sizeof one);
}

void udp_receiver_prepare(int fd, uint32_t family)
{
    bool six = family == RTC_ADDRESS_IPV6;
    ask(fd, IPPROTO_UDP, UDP_GRO);
    ask(fd, SOL_SOCKET, SO_TIMESTAMPNS);
    ask(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_RECVTCLASS : IP_RECVTOS);
}

void udp_receiver_tell_local(int fd, uint32_t family)
{
    bool six = family == RTC_ADDRESS_IPV6;
    ask(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_RECVPKTINFO : IP_PKTINFO);
}

static void make_room(struct udp_receiver *r)
{
    for (int i = 0; i < MESSAGES; i++) {
        struct packet *p = r->packets[i] = r->packets[i] ? r->packets[i] : packet_new(r->pool);
        struct packet_block *b = r->blocks[i] = r->blocks[i] ? r->blocks[i] : packet_block_new(r->pool);
        r->parts[i][0] = (struct iovec){p ? packet_data(p) : NULL, p ? packet_tailroom(p) : 0};
        r->parts[i][1] = (struct iovec){b ? b->bytes : NULL, b ? sizeof b->bytes : 0};
        r->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &r->from[i],
            .msg_namelen = sizeof r->from[i],
            .msg_iov = r->parts[i],
            .msg_iovlen = 2,
            .msg_control = r->control[i],
            .msg_controllen = CONTROL_BYTES,
        };
    }
}

/* What the kernel says beside the datagrams: of those that it joined to one message once for all, for it joins none that differ in any of
 * this. */
struct told {
    size_t segment;     /* the length of those that it joined; the whole length for a single one */
    rtc_address local;  /* where they were sent to */
    int64_t stamped_us; /* when they came, by the wall clock; 0: not told */
    uint8_t ecn;
};

/* Of the control message's value, if it is one of these and as long. */
static bool is(const struct cmsghdr *c, int level, int type, void *value, size_t len)
{
    if (c->cmsg_level != level || c->cmsg_type != type || c->cmsg_len < CMSG_LEN(len))
        return false;
    memcpy(value, CMSG_DATA(c), len);
    return true;
}

static void read_one(const struct cmsghdr *c, size_t len, struct told *out)
{
    enum { ECN_BITS = 3 };
    int number = 0;
    uint8_t tos;
    struct timespec stamp;
    struct in_pktinfo four;
    struct in6_pktinfo six;
    union socket_address address;
    memset(&address, 0, sizeof address);
    if (is(c, IPPROTO_UDP, UDP_GRO, &number, sizeof number)) {
        out->segment = number > 0 && (size_t)number < len ? (size_t)number : len;
    } else if (is(c, SOL_SOCKET, SCM_TIMESTAMPNS, &stamp, sizeof stamp)) {
        out->stamped_us = (int64_t)stamp.tv_sec * 1000000 + stamp.tv_nsec / 1000;
    } else if (is(c, IPPROTO_IP, IP_TOS, &tos, sizeof tos)) {
        out->ecn = tos & ECN_BITS;
    } else if (is(c, IPPROTO_IPV6, IPV6_TCLASS, &number, sizeof number)) {
        out->ecn = (uint8_t)(number & ECN_BITS);
    } else if (is(c, IPPROTO_IP, IP_PKTINFO, &four, sizeof four)) {
        address.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = four.ipi_addr};
        socket_address_to(&address, &out->local);
    } else if (is(c, IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof six)) {
        address.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = six.ipi6_addr};
        socket_address_to(&address, &out->local);
    }
}

static void read_control(struct msghdr *message, size_t len, struct told *out)
{
    *out = (struct told){.segment = len};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
        read_one(c, len, out);
}

/* The bytes of message `i` from `at` on, which may lie in both its parts. */
static struct packet *copy(struct udp_receiver *r, int i, size_t at, size_t len)
{
    const struct iovec *head = &r->parts[i][0], *rest = &r->parts[i][1];
    size_t in_head = at < head->iov_len ? head->iov_len - at : 0;
    struct packet *p = packet_new(r->pool);
    in_head = in_head < len ? in_head : len;
    if (!p)
        return NULL;
    if (in_head > 0)
        memcpy(packet_data(p), (const uint8_t *)head->iov_base + at, in_head);
    if (in_head < len)
        memcpy(packet_data(p) + in_head, (const uint8_t *)rest->iov_base + (at + in_head - head->iov_len), len - in_head);
    p->len = (uint32_t)len;
    return p;
}

/* The packet that the message began in; what else lies in it has been copied, or will be before anybody has it. */
static struct packet *take_head(struct udp_receiver *r, int i, size_t len)
{
    struct packet *p = r->packets[i];
    r->packets[i] = NULL;
    p->len = (uint32_t)len;
    return p;
}

/* As libsrtp wants packets to lie that it decrypts in place. */
static bool is_aligned(const uint8_t *bytes)
{
    return (uintptr_t)bytes % sizeof(uint32_t) == 0;
}

/* The datagrams of message `i`, in order. Those in the block stay there if there is another block for the next message. */
static void cut(struct udp_receiver *r, int i, size_t len, size_t segment, struct packet_queue *to)
{
    size_t head = r->parts[i][0].iov_len, at = 0;
    struct packet_block *block = r->blocks[i], *next = len > head && segment >= SLICE_MIN ? packet_block_new(r->pool) : NULL;
    do { /* once for an empty datagram */
        size_t piece = segment < len - at ? segment : len - at;
        struct packet *p = NULL;
        if (at == 0 && piece <= head && r->packets[i])
            p = take_head(r, i, piece);
        else if (at >= head && next && is_aligned(block->bytes + (at - head)) && piece <= PACKET_CAPACITY - PACKET_HEADROOM)
            p = packet_in_block(r->pool, block, at - head, piece);
        else if (piece <= PACKET_CAPACITY - PACKET_HEADROOM)
            p = copy(r, i, at, piece);
        if (p)
            packet_queue_push(to, p);
        at += piece;
    } while (at < len);
    if (next) {
        packet_block_unref(r->pool, block);
        r->blocks[i] = next;
    }
}

static void take_message(struct udp_receiver *r, int i, rtc_time_t now, udp_take *take, void *user)
{
    size_t len = r->messages[i].msg_len;
    struct packet_queue run = {0};
    struct told told;
    rtc_address from;
    socket_address_to(&r->from[i], &from);
    read_control(&r->messages[i].msg_hdr, len, &told);
    if (!(r->messages[i].msg_hdr.msg_flags & MSG_TRUNC))
        cut(r, i, len, told.segment, &run);
    for (struct packet *p; (p = packet_queue_pop(&run)) != NULL;) {
        p->arrived = told.stamped_us ? kernel_clock_time(&r->clock, told.stamped_us, now) : RTC_TIME_NEVER;
        p->ecn = told.ecn;
        take(user, &told.local, &from, (rtc_packet *)p);
    }
}

bool udp_receive(struct udp_receiver *r, int fd, rtc_time_t now, udp_take *take, void *user)
{
    make_room(r);
    int count = recvmmsg(fd, r->messages, MESSAGES, MSG_DONTWAIT, NULL);
    if (count > 0)
        kernel_clock_measure(&r->clock); /* what came was stamped before this, and after the one before */
    for (int i = 0; i < count; i++)
        take_message(r, i, now, take, user);
    return count == MESSAGES;
}
