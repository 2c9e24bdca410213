/* SPDX-License-Identifier: MIT */
/* Datagrams in batches over two real sockets of the loopback: which packets go together, and that the receiver gets each as it was. */
#include "kernel_clock.h"
#include "packet.h"
#include "udp_batch.h"

#include "counting_allocator.h"

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PACKETS_MAX = 700 };

struct scene {
    struct counting_allocator counter;
    rtc_context *context;
    struct packet_pool *pool;
    struct udp_receiver *receiver;
    int from, to;
    rtc_address address; /* of `to` */
    rtc_packet *packets[PACKETS_MAX];
    size_t count;
    size_t taken;     /* received so far */
    rtc_address told; /* what the receiver should say of where datagrams were sent to */
    rtc_address came_from;
    rtc_time_t sent_after; /* nothing can have come before */
    struct packet_queue held;
};

static int bound_socket(uint16_t *port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof any;
    int size = 1 << 20;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    *port = ntohs(any.sin_port);
    return fd;
}

static int set_up(void **state)
{
    static struct scene scene;
    uint16_t port;
    memset(&scene, 0, sizeof scene);
    const rtc_allocator allocator = counting_allocator_of(&scene.counter);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    assert_int_equal(rtc_context_new(&options, &scene.context), 0);
    assert_int_equal(packet_pool_new(scene.context, &scene.pool), 0);
    assert_int_equal(udp_receiver_new(scene.context, scene.pool, &scene.receiver), 0);
    scene.from = bound_socket(&port);
    scene.to = bound_socket(&port);
    udp_receiver_prepare(scene.to, RTC_ADDRESS_IPV4);
    scene.address = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {127, 0, 0, 1}, .port = port};
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    packet_queue_clear(&s->held);
    for (size_t i = 0; i < s->count; i++)
        rtc_packet_free(s->packets[i]);
    (void)close(s->from);
    (void)close(s->to);
    udp_receiver_free(s->context, s->receiver);
    packet_pool_unref(s->pool);
    rtc_context_unref(s->context);
    assert_int_equal(s->counter.live, 0);
    return 0;
}

/* A packet whose bytes are its number, or begin with it. */
static struct packet *add(struct scene *s, size_t len)
{
    struct packet *p = packet_new(s->pool);
    assert_non_null(p);
    memset(packet_data(p), (int)s->count, len);
    if (len > 1)
        packet_data(p)[1] = (uint8_t)(s->count >> 8);
    p->len = (uint32_t)len;
    p->path.socket = 1;
    p->path.remote.family = s->address.family;
    p->path.remote.port = s->address.port;
    memcpy(p->path.remote.ip, s->address.ip, sizeof p->path.remote.ip);
    s->packets[s->count++] = (rtc_packet *)p;
    return p;
}

static void add_many(struct scene *s, size_t count, size_t len)
{
    for (size_t i = 0; i < count; i++)
        (void)add(s, len);
}

static void packets_of_one_length_go_together(void **state)
{
    struct scene *s = *state;
    add_many(s, 10, 1200);
    assert_int_equal(udp_run_length(s->packets, s->count), 10);
}

static void only_the_last_may_be_shorter(void **state)
{
    struct scene *s = *state;
    add_many(s, 3, 1000);
    (void)add(s, 20);
    (void)add(s, 20);
    assert_int_equal(udp_run_length(s->packets, s->count), 4);
    assert_int_equal(udp_run_length(s->packets + 2, s->count - 2), 2);
}

static void a_longer_packet_begins_a_new_run(void **state)
{
    struct scene *s = *state;
    (void)add(s, 100);
    (void)add(s, 101);
    assert_int_equal(udp_run_length(s->packets, s->count), 1);
}

static void an_empty_packet_goes_alone(void **state)
{
    struct scene *s = *state;
    (void)add(s, 0);
    (void)add(s, 0);
    assert_int_equal(udp_run_length(s->packets, s->count), 1);
    (void)add(s, 9);
    (void)add(s, 0);
    assert_int_equal(udp_run_length(s->packets + 2, 2), 1);
}

static void another_address_begins_a_new_run(void **state)
{
    struct scene *s = *state;
    add_many(s, 2, 100);
    add(s, 100)->path.remote.port ^= 1;
    assert_int_equal(udp_run_length(s->packets, s->count), 2);
}

static void another_mark_begins_a_new_run(void **state)
{
    struct scene *s = *state;
    add_many(s, 2, 100);
    add(s, 100)->dscp = 46;
    add(s, 100)->dscp = 46;
    assert_int_equal(udp_run_length(s->packets, s->count), 2);
    assert_int_equal(udp_run_length(s->packets + 2, 2), 2);
}

/* The upper six bits of the type of service that the next datagram came with. */
static int receive_mark(int fd, bool six)
{
    uint8_t bytes[2048];
    _Alignas(struct cmsghdr) char control[128];
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_true(recvmsg(fd, &message, 0) > 0);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        int tos = 0;
        if (!six && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
            return *CMSG_DATA(c) >> 2;
        if (!six || c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_TCLASS)
            continue;
        memcpy(&tos, CMSG_DATA(c), sizeof tos);
        return tos >> 2;
    }
    return -1;
}

/* Two runs with a mark each, and one without, all the same long, with a plain receiver that does not join them. */
static void send_marked(struct scene *s, int from, int to, bool six)
{
    static const uint8_t marks[] = {46, 46, 0, 0, 34};
    for (size_t i = 0; i < sizeof marks; i++)
        add(s, 50)->dscp = marks[i];
    for (size_t done = 0, run; done < s->count; done += run) {
        run = udp_run_length(s->packets + done, s->count - done);
        assert_int_equal(run, done == 4 ? 1 : 2);
        enum udp_sent sent = udp_run_send(from, s->packets + done, run, false);
        for (size_t i = 0; sent == UDP_UNSEGMENTED && i < run; i++)
            assert_int_equal(udp_run_send(from, s->packets + done + i, 1, false), UDP_SENT);
        assert_true(sent == UDP_SENT || sent == UDP_UNSEGMENTED);
    }
    for (size_t i = 0; i < sizeof marks; i++)
        assert_int_equal(receive_mark(to, six), marks[i]);
}

static void marks_arrive(void **state)
{
    struct scene *s = *state;
    int one = 1;
    uint16_t port;
    int plain = bound_socket(&port);
    s->address.port = port;
    assert_int_equal(setsockopt(plain, IPPROTO_IP, IP_RECVTOS, &one, sizeof one), 0);
    send_marked(s, s->from, plain, false);
    (void)close(plain);
}

static void marks_arrive_over_ipv6(void **state)
{
    struct scene *s = *state;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t len = sizeof any;
    int one = 1, from = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), to = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (from < 0 || to < 0 || bind(to, (struct sockaddr *)&any, sizeof any) != 0)
        skip(); /* a host without IPv6 */
    assert_int_equal(getsockname(to, (struct sockaddr *)&any, &len), 0);
    assert_int_equal(setsockopt(to, IPPROTO_IPV6, IPV6_RECVTCLASS, &one, sizeof one), 0);
    s->address = (rtc_address){.family = RTC_ADDRESS_IPV6, .ip = {[15] = 1}, .port = ntohs(any.sin6_port)};
    send_marked(s, from, to, true);
    (void)close(from);
    (void)close(to);
}

static void a_run_fits_one_message(void **state)
{
    struct scene *s = *state;
    add_many(s, 70, 1200);
    assert_in_range(udp_run_length(s->packets, s->count), 2, 65507 / 1200);
}

static void a_run_has_no_more_datagrams_than_the_kernel_takes(void **state)
{
    struct scene *s = *state;
    add_many(s, 70, 10);
    assert_int_equal(udp_run_length(s->packets, s->count), 64);
}

static void take(void *user, const rtc_address *local, const rtc_address *from, rtc_packet *packet)
{
    struct scene *s = user;
    const struct packet *p = (const struct packet *)packet;
    assert_int_equal(from->family, s->address.family);
    assert_int_equal(local->family, s->told.family);
    assert_memory_equal(local->ip, s->told.ip, sizeof local->ip);
    s->came_from = *from;
    assert_true(s->taken < s->count);
    rtc_packet *sent = s->packets[s->taken++];
    assert_int_equal(p->len, rtc_packet_len(sent));
    assert_memory_equal(packet_slice(p).data, rtc_packet_data(sent), p->len);
    assert_int_equal(p->ecn, rtc_packet_ecn(sent));
    assert_true(p->arrived >= s->sent_after && p->arrived <= rtc_now());
    rtc_packet_free(packet);
}

static void send_all(struct scene *s)
{
    size_t done = 0;
    bool cuts = true;
    s->sent_after = rtc_now() - 1000; /* two clocks are compared */
    while (done < s->count) {
        size_t run = cuts ? udp_run_length(s->packets + done, s->count - done) : 1;
        enum udp_sent sent = udp_run_send(s->from, s->packets + done, run, false);
        if (sent == UDP_UNSEGMENTED) {
            assert_true(cuts && run > 1);
            cuts = false;
            continue;
        }
        assert_int_equal(sent, UDP_SENT);
        done += run;
    }
}

static void receive_all(struct scene *s)
{
    while (s->taken < s->count) {
        struct pollfd p = {.fd = s->to, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        (void)udp_receive(s->receiver, s->to, rtc_now(), take, s);
    }
}

static void every_datagram_arrives_as_it_was_sent(void **state)
{
    struct scene *s = *state;
    add_many(s, 20, 1200);
    (void)add(s, 700);
    add_many(s, 3, 33);
    (void)add(s, 1200);
    (void)add(s, 0);
    (void)add(s, 1);
    add_many(s, 30, 64);
    send_all(s);
    receive_all(s);
}

/* Long enough runs of each, and single ones, that some are cut and joined. */
static void add_with_ecn(struct scene *s)
{
    static const uint8_t bits[] = {0, 1, 2, 3, 2, 0, 3};
    for (size_t i = 0; i < sizeof bits; i++)
        for (int n = 0; n < (i < 5 ? 9 : 1); n++) {
            struct packet *p = add(s, 300);
            p->ecn = bits[i];
            p->dscp = i % 2 ? 46 : 0;
        }
    assert_int_equal(udp_run_length(s->packets, s->count), 9);
    assert_int_equal(udp_run_length(s->packets + 45, 2), 1);
}

static void ecn_arrives(void **state)
{
    struct scene *s = *state;
    add_with_ecn(s);
    send_all(s);
    receive_all(s);
}

static void ecn_arrives_over_ipv6(void **state)
{
    struct scene *s = *state;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t len = sizeof any;
    int from = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), to = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (from < 0 || to < 0 || bind(to, (struct sockaddr *)&any, sizeof any) != 0)
        skip(); /* a host without IPv6 */
    assert_int_equal(getsockname(to, (struct sockaddr *)&any, &len), 0);
    assert_int_equal(dup2(from, s->from), s->from);
    assert_int_equal(dup2(to, s->to), s->to);
    (void)close(from);
    (void)close(to);
    udp_receiver_prepare(s->to, RTC_ADDRESS_IPV6);
    udp_receiver_tell_local(s->to, RTC_ADDRESS_IPV6);
    s->address = (rtc_address){.family = RTC_ADDRESS_IPV6, .ip = {[15] = 1}, .port = ntohs(any.sin6_port)};
    s->told = s->address;
    add_with_ecn(s);
    send_all(s);
    receive_all(s);
}

/* The kernel stamps by a clock that somebody may set. */
static void stamps_survive_a_clock_that_is_set(void **state)
{
    struct kernel_clock c = {.known = false};
    const int64_t day = 86400000000;
    (void)state;
    assert_int_equal(kernel_clock_time(&c, day, 1000), RTC_TIME_NEVER);
    kernel_clock_note(&c, 1000, day, 1000);
    assert_int_equal(kernel_clock_time(&c, day, 1000), RTC_TIME_NEVER); /* it may have been set just before */
    kernel_clock_note(&c, 5000, day + 4010, 5020);
    assert_int_equal(kernel_clock_time(&c, day + 2000, 5000), 3000);
    assert_int_equal(kernel_clock_time(&c, day + 9000, 5000), 5000); /* nothing came later than now */
    kernel_clock_note(&c, 9000, 2 * day, 9000);
    assert_int_equal(kernel_clock_time(&c, day + 7000, 9000), RTC_TIME_NEVER);
    assert_int_equal(kernel_clock_time(&c, 2 * day - 10, 9000), RTC_TIME_NEVER);
    kernel_clock_note(&c, 10000, 2 * day + 1000, 10000);
    assert_int_equal(kernel_clock_time(&c, 2 * day + 500, 10000), 9500);
    kernel_clock_note(&c, 20000, 2 * day + 3011000, 20000); /* three seconds forward, while more waits than one call receives */
    kernel_clock_note(&c, 21000, 2 * day + 3012000, 21000);
    assert_int_equal(kernel_clock_time(&c, 2 * day + 10500, 21000), RTC_TIME_NEVER);
    assert_int_equal(kernel_clock_time(&c, 2 * day + 3011500, 21000), 20500);
    kernel_clock_measure(&c); /* of this host: another difference than that of the numbers above */
    assert_false(c.believed);
}

/* Keeps what came, which may have gaps, but no other order. */
static void hold(void *user, const rtc_address *local, const rtc_address *from, rtc_packet *packet)
{
    struct scene *s = user;
    struct packet *p = (struct packet *)packet;
    size_t number = (size_t)packet_data(p)[0] | (size_t)packet_data(p)[1] << 8;
    (void)local;
    (void)from;
    assert_in_range(number, s->taken, s->count - 1);
    s->taken = number + 1;
    p->flags = (uint32_t)number;
    packet_queue_push(&s->held, p);
}

static void receive_what_is_there(struct scene *s)
{
    for (struct pollfd p = {.fd = s->to, .events = POLLIN}; poll(&p, 1, 0) == 1;)
        (void)udp_receive(s->receiver, s->to, rtc_now(), hold, s);
}

/* All that is held is as it was sent; those among it that are slices. */
static size_t look_at_held(struct scene *s)
{
    size_t slices = 0;
    for (const struct packet *p = s->held.head; p; p = p->next) {
        rtc_packet *sent = s->packets[p->flags];
        assert_int_equal(p->len, rtc_packet_len(sent));
        assert_memory_equal(packet_slice(p).data, rtc_packet_data(sent), p->len);
        slices += p->block != NULL;
        assert_int_equal((uintptr_t)packet_slice(p).data % 4, 0); /* libsrtp wants it so */
    }
    return slices;
}

/* Joined datagrams stay where the kernel put them while there is room for the next ones, whoever keeps them for how long. */
static void what_is_held_is_bounded_and_stays(void **state)
{
    struct scene *s = *state;
    enum { RUN = 20, RUNS = 30 };
    size_t slices[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        add_many(s, RUN, 1200);
        enum udp_sent sent = udp_run_send(s->from, s->packets + i * RUN, RUN, false);
        if (sent == UDP_UNSEGMENTED)
            skip();
        receive_what_is_there(s);
        assert_int_equal(s->held.count, (i + 1) * RUN);
        slices[i] = look_at_held(s);
    }
    assert_int_equal(slices[0], RUN - 2); /* but the first one, and what lies on both sides of the first packet's end */
    assert_true(slices[RUNS - 1] <= PACKET_BLOCKS_MAX * RUN);
    assert_int_equal(slices[RUNS - 1], slices[RUNS - 2]); /* the rest is copied */
    packet_free(packet_queue_pop(&s->held));
    udp_receiver_free(s->context, s->receiver);
    s->receiver = NULL;
    (void)look_at_held(s);
    for (struct packet *p = s->held.head; p; p = p->next)
        memset(packet_data(p), 0xff, p->len); /* in place, as it is decrypted */
    packet_queue_clear(&s->held);
}

static void slices_are_aligned(void **state)
{
    struct scene *s = *state;
    add_many(s, 20, 1201);
    add_many(s, 1, 9);
    add_many(s, 20, 1202);
    send_all(s);
    receive_what_is_there(s);
    assert_int_equal(s->held.count, 41);
    (void)look_at_held(s);
}

static void each_allocation_fails(void **state)
{
    struct scene *s = *state;
    bool failed = true;
    add_many(s, 20, 1200);
    add_many(s, 20, 100);
    for (long long n = 1; failed; n++) {
        udp_receiver_free(s->context, s->receiver);
        packet_pool_trim(s->pool, 0);
        assert_int_equal(udp_receiver_new(s->context, s->pool, &s->receiver), 0);
        send_all(s);
        s->taken = 0;
        s->counter.failed = 0;
        s->counter.fail_at = s->counter.calls + n;
        receive_what_is_there(s);
        s->counter.fail_at = 0;
        failed = s->counter.failed > 0;
        (void)look_at_held(s);
        assert_true(failed || s->held.count == s->count);
        packet_queue_clear(&s->held);
    }
    s->counter.fail_at = s->counter.calls + 1;
    s->counter.fail_after = true; /* nothing at all can be had */
    udp_receiver_free(s->context, s->receiver);
    packet_pool_trim(s->pool, 0);
    s->receiver = NULL;
    assert_int_equal(udp_receiver_new(s->context, s->pool, &s->receiver), RTC_ERR_NO_MEMORY);
    s->counter.fail_at = 0;
    s->counter.fail_after = false;
}

static void a_quiet_socket_gives_nothing(void **state)
{
    struct scene *s = *state;
    assert_false(udp_receive(s->receiver, s->to, rtc_now(), take, s));
    assert_int_equal(s->taken, 0);
}

static void what_can_not_be_sent_is_refused(void **state)
{
    struct scene *s = *state;
    struct packet *p = add(s, 10);
    p->path.remote.port = 0; /* EINVAL, and not for want of cutting */
    assert_int_equal(udp_run_send(s->from, s->packets, 1, false), UDP_REFUSED);
}

static int any_socket(uint16_t *port)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    socklen_t len = sizeof any;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
    *port = ntohs(any.sin_port);
    return fd;
}

/* Both ends are bound to any address: what leaves comes from the address in its path, what arrives is told with the one it was sent to,
 * also when the kernel joined many. */
static void addresses_of_sockets_that_have_many(void **state)
{
    struct scene *s = *state;
    (void)close(s->to);
    (void)close(s->from);
    uint16_t port;
    s->from = any_socket(&port);
    s->to = any_socket(&port);
    udp_receiver_prepare(s->to, RTC_ADDRESS_IPV4);
    udp_receiver_tell_local(s->to, RTC_ADDRESS_IPV4);
    for (uint8_t last = 1; last < 4; last++) {
        s->address = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {127, 0, 0, (uint8_t)(last + 4)}, .port = port};
        s->told = s->address;
        size_t first = s->count;
        for (int i = 0; i < 20; i++) {
            struct packet *p = add(s, 500);
            p->path.local = (struct address){.family = ADDRESS_IPV4, .ip = {127, 0, 0, last}};
        }
        assert_int_equal(udp_run_length(s->packets + first, s->count - first), 20);
        enum udp_sent sent = udp_run_send(s->from, s->packets + first, 20, true);
        for (size_t i = first; sent == UDP_UNSEGMENTED && i < s->count; i++)
            assert_int_equal(udp_run_send(s->from, s->packets + i, 1, true), UDP_SENT);
        receive_all(s);
        assert_int_equal(s->came_from.ip[3], last);
    }
    /* One local address is not another. */
    assert_int_equal(udp_run_length(s->packets + 10, s->count - 10), 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(packets_of_one_length_go_together),
        TEST(only_the_last_may_be_shorter),
        TEST(a_longer_packet_begins_a_new_run),
        TEST(an_empty_packet_goes_alone),
        TEST(another_address_begins_a_new_run),
        TEST(another_mark_begins_a_new_run),
        TEST(marks_arrive),
        TEST(marks_arrive_over_ipv6),
        TEST(a_run_fits_one_message),
        TEST(a_run_has_no_more_datagrams_than_the_kernel_takes),
        TEST(every_datagram_arrives_as_it_was_sent),
        TEST(what_is_held_is_bounded_and_stays),
        TEST(slices_are_aligned),
        TEST(each_allocation_fails),
        TEST(ecn_arrives),
        TEST(ecn_arrives_over_ipv6),
        TEST(stamps_survive_a_clock_that_is_set),
        TEST(a_quiet_socket_gives_nothing),
        TEST(what_can_not_be_sent_is_refused),
        TEST(addresses_of_sockets_that_have_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
