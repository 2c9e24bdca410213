/* SPDX-License-Identifier: MIT */
/* See udp_batch.h. */
#include "udp_batch.h"

#include "socket_address.h"

#include <errno.h>
#include <netinet/udp.h>

enum {
    RUN_MAX = 64, /* datagrams per message: what the first kernels with UDP_SEGMENT take */
    RUN_BYTES_MAX = 65000,
    MESSAGES = 4,        /* received per call */
    MESSAGE_MAX = 65536, /* pages that are not touched cost nothing */
    CONTROL_BYTES = 128
};

/* ---- Sending ---- */

static bool same_address(const rtc_address *a, const rtc_address *b)
{
    return a->family == b->family && a->port == b->port && a->scope == b->scope && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

size_t udp_run_length(rtc_packet *const *packets, size_t count)
{
    rtc_path first, path;
    size_t segment = rtc_packet_len(packets[0]), bytes = segment, n = 1;
    unsigned dscp = rtc_packet_dscp(packets[0]);
    rtc_packet_path(packets[0], &first);
    for (; n < count && n < RUN_MAX; n++) {
        size_t len = rtc_packet_len(packets[n]);
        rtc_packet_path(packets[n], &path);
        bool ended = rtc_packet_len(packets[n - 1]) < segment || rtc_packet_dscp(packets[n]) != dscp;
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

/* What is said to the kernel beside the datagrams. */
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

static void say_mark(struct control *control, const rtc_address *remote, unsigned dscp)
{
    bool six = remote->family == RTC_ADDRESS_IPV6;
    int tos = (int)(dscp << 2);
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
    unsigned dscp = rtc_packet_dscp(packets[0]);
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
    if (dscp != 0)
        say_mark(&control, &path.remote, dscp);
    ssize_t sent = send_message(fd, &message, &control, control.len);
    if (sent < 0 && dscp != 0 && (errno == EINVAL || errno == EPERM))
        sent = send_message(fd, &message, &control, unmarked); /* marks are worth less than the packets */
    return result_of(sent, count > 1);
}

/* ---- Receiving ---- */

struct udp_receiver {
    struct mmsghdr messages[MESSAGES];
    struct iovec parts[MESSAGES];
    union socket_address from[MESSAGES];
    _Alignas(struct cmsghdr) char control[MESSAGES][CONTROL_BYTES];
    uint8_t bytes[MESSAGES][MESSAGE_MAX];
};

int udp_receiver_new(rtc_context *context, struct udp_receiver **out)
{
    *out = memory_alloc(context, sizeof **out);
    return *out ? RTC_OK : RTC_ERR_NO_MEMORY;
}

void udp_receiver_free(rtc_context *context, struct udp_receiver *r)
{
    memory_free(context, r);
}

void udp_receiver_prepare(int fd)
{
    int one = 1;
    (void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof one);
}

void udp_receiver_tell_local(int fd, uint32_t family)
{
    int one = 1;
    if (family == RTC_ADDRESS_IPV6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
    else
        (void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
}

static void make_room(struct udp_receiver *r)
{
    for (int i = 0; i < MESSAGES; i++) {
        r->parts[i] = (struct iovec){r->bytes[i], MESSAGE_MAX};
        r->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &r->from[i],
            .msg_namelen = sizeof r->from[i],
            .msg_iov = &r->parts[i],
            .msg_iovlen = 1,
            .msg_control = r->control[i],
            .msg_controllen = CONTROL_BYTES,
        };
    }
}

/* What the kernel says beside the datagrams. */
struct told {
    size_t segment;    /* the length of those that it joined to one message; the whole length for a single one */
    rtc_address local; /* where they were sent to */
};

static void read_control(struct msghdr *message, size_t len, struct told *out)
{
    *out = (struct told){.segment = len};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        int segment = 0;
        struct in_pktinfo four;
        struct in6_pktinfo six;
        union socket_address address;
        memset(&address, 0, sizeof address);
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO && c->cmsg_len >= CMSG_LEN(sizeof segment)) {
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
            out->segment = segment > 0 && (size_t)segment < len ? (size_t)segment : len;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO && c->cmsg_len >= CMSG_LEN(sizeof four)) {
            memcpy(&four, CMSG_DATA(c), sizeof four);
            address.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = four.ipi_addr};
            socket_address_to(&address, &out->local);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO && c->cmsg_len >= CMSG_LEN(sizeof six)) {
            memcpy(&six, CMSG_DATA(c), sizeof six);
            address.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = six.ipi6_addr};
            socket_address_to(&address, &out->local);
        }
    }
}

static void cut(const rtc_address *from, const uint8_t *bytes, size_t len, const struct told *told, udp_take *take, void *user)
{
    size_t at = 0;
    do { /* once for an empty datagram */
        size_t piece = told->segment < len - at ? told->segment : len - at;
        take(user, &told->local, from, bytes + at, piece);
        at += piece;
    } while (at < len);
}

bool udp_receive(struct udp_receiver *r, int fd, udp_take *take, void *user)
{
    make_room(r);
    int count = recvmmsg(fd, r->messages, MESSAGES, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        struct msghdr *message = &r->messages[i].msg_hdr;
        size_t len = r->messages[i].msg_len;
        struct told told;
        rtc_address from;
        socket_address_to(&r->from[i], &from);
        read_control(message, len, &told);
        if (!(message->msg_flags & MSG_TRUNC))
            cut(&from, r->bytes[i], len, &told, take, user);
    }
    return count == MESSAGES;
}
