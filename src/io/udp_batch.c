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
    CONTROL_BYTES = 64
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
    rtc_packet_path(packets[0], &first);
    for (; n < count && n < RUN_MAX; n++) {
        size_t len = rtc_packet_len(packets[n]);
        rtc_packet_path(packets[n], &path);
        bool ended = rtc_packet_len(packets[n - 1]) < segment;
        if (ended || len == 0 || len > segment || bytes + len > RUN_BYTES_MAX || !same_address(&first.remote, &path.remote))
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

enum udp_sent udp_run_send(int fd, rtc_packet *const *packets, size_t count)
{
    rtc_path path;
    union socket_address to;
    struct iovec parts[RUN_MAX];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
    } control;
    rtc_packet_path(packets[0], &path);
    for (size_t i = 0; i < count; i++)
        parts[i] = (struct iovec){rtc_packet_data(packets[i]), rtc_packet_len(packets[i])};
    struct msghdr message = {.msg_name = &to, .msg_namelen = socket_address_from(&to, &path.remote), .msg_iov = parts, .msg_iovlen = count};
    if (count > 1) {
        uint16_t segment = (uint16_t)parts[0].iov_len;
        memset(&control, 0, sizeof control);
        control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof segment), .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT};
        memcpy(CMSG_DATA(&control.header), &segment, sizeof segment);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
    }
    return result_of(sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL), count > 1);
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

/* The length of the datagrams that the kernel joined to this message; `len` when it is a single one. */
static size_t segment_of(struct msghdr *message, size_t len)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        int segment = 0;
        if (c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_GRO || c->cmsg_len < CMSG_LEN(sizeof segment))
            continue;
        memcpy(&segment, CMSG_DATA(c), sizeof segment);
        return segment > 0 && (size_t)segment < len ? (size_t)segment : len;
    }
    return len;
}

static void cut(const rtc_address *from, const uint8_t *bytes, size_t len, size_t segment, udp_take *take, void *user)
{
    size_t at = 0;
    do { /* once for an empty datagram */
        size_t piece = segment < len - at ? segment : len - at;
        take(user, from, bytes + at, piece);
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
        rtc_address from;
        socket_address_to(&r->from[i], &from);
        if (!(message->msg_flags & MSG_TRUNC))
            cut(&from, r->bytes[i], len, segment_of(message, len), take, user);
    }
    return count == MESSAGES;
}
