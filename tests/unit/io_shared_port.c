/* SPDX-License-Identifier: MIT */
/* The port of an endpoint: datagrams reach the connection that they are routed to with the address that they were sent to, replies leave
 * from there, connections take turns when the kernel has no room, and ports come and go with what waits for them. */
#include "io_fake_connection.h"
#include "driven.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* In place of the C library's: the kernel has no room when the test says so. */
static bool no_room;
static size_t joined; /* datagrams in the largest message */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    joined = message->msg_iovlen > joined ? message->msg_iovlen : joined;
    if (no_room) {
        errno = EAGAIN;
        return -1;
    }
    return syscall(SYS_sendmsg, fd, message, flags);
}

struct scene {
    rtc_peer_connection a, b; /* 0 and 1 to the endpoint; a's loop is that of both */
    rtc_endpoint endpoint;
    uint16_t port;
    int client;
    struct sockaddr_in client_address;
};

static rtc_address four(uint8_t last, uint16_t port)
{
    return (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {127, 0, 0, last}, .port = port};
}

static void attach(struct scene *s, rtc_peer_connection *f)
{
    assert_int_equal(driven_attach(s->a.loop, f, s->endpoint.port, &f->attachment), RTC_OK);
}

static int set_up(void **state)
{
    static struct scene scene;
    struct scene *s = &scene;
    rtc_address any = {.family = RTC_ADDRESS_IPV4};
    size_t count = 1;
    socklen_t len = sizeof s->client_address;
    *s = (struct scene){0};
    no_room = false;
    fake_begin(&s->a);
    fake_detach(&s->a);
    assert_int_equal(shared_port_bind(s->a.loop, &s->endpoint, &any, &count, false, &s->endpoint.port), RTC_OK);
    assert_int_equal(count, 1);
    s->port = any.port;
    s->b = (rtc_peer_connection){.context = s->a.context, .pool = s->a.pool, .loop = s->a.loop};
    attach(s, &s->a);
    attach(s, &s->b);
    s->endpoint.connections[0] = &s->a;
    s->endpoint.connections[1] = &s->b;
    s->client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    s->client_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(s->client, (struct sockaddr *)&s->client_address, sizeof s->client_address), 0);
    assert_int_equal(getsockname(s->client, (struct sockaddr *)&s->client_address, &len), 0);
    const struct timeval limit = {.tv_sec = 10};
    const int room = 1 << 20;
    (void)setsockopt(s->client, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    assert_int_equal(setsockopt(s->client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    fake_detach(&s->b);
    fake_detach(&s->a);
    rtc_endpoint_close(&s->endpoint);
    packet_queue_clear(&s->b.tx);
    free(s->b.received);
    fake_end(&s->a);
    (void)close(s->client);
    return 0;
}

static void ask(struct scene *s, uint8_t last, const void *bytes, size_t len)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(s->port), .sin_addr.s_addr = htonl(0x7f000000u | last)};
    assert_int_equal(sendto(s->client, bytes, len, 0, (struct sockaddr *)&to, sizeof to), len);
}

/* The next datagram at the client: its first byte; *last becomes the end of the address that it came from. */
static int answer(struct scene *s, uint8_t *last)
{
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    uint8_t bytes[2000];
    ssize_t got = recvfrom(s->client, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &len);
    assert_true(got > 0);
    assert_int_equal(ntohs(from.sin_port), s->port);
    *last = (uint8_t)ntohl(from.sin_addr.s_addr);
    return bytes[0];
}

static rtc_path reply_path(struct scene *s, uint8_t last)
{
    return (rtc_path){.local = four(last, s->port), .remote = four(1, ntohs(s->client_address.sin_port))};
}

static void replies_leave_from_where_they_were_asked(void **state)
{
    struct scene *s = *state;
    uint8_t from;
    for (uint8_t last = 2; last < 6; last++) {
        rtc_peer_connection *f = last % 2 ? &s->b : &s->a;
        const uint8_t question[3] = {last % 2, last, 9};
        size_t before = f->received_len;
        const int ecn = last & 3;
        assert_int_equal(setsockopt(s->client, IPPROTO_IP, IP_TOS, &ecn, sizeof ecn), 0);
        ask(s, last, question, sizeof question);
        ask(s, last, "nobody's", 8);
        while (f->received_len == before)
            fake_settle(&s->a);
        assert_int_equal(f->received_len, before + 3);
        assert_memory_equal(f->received + before, question, 3);
        assert_int_equal(f->last_ecn, ecn);
        assert_true(f->last_arrival <= rtc_now());
        assert_int_equal(f->last_path.socket, 77);
        assert_int_equal(f->last_path.local.ip[3], last);
        assert_int_equal(f->last_path.local.port, s->port);
        assert_int_equal(f->last_path.remote.port, ntohs(s->client_address.sin_port));
        rtc_path path = reply_path(s, last);
        fake_send(f, &path, question + 1, 1);
        fake_settle(&s->a);
        assert_int_equal(answer(s, &from), last);
        assert_int_equal(from, last);
    }
}

static void the_endpoint_speaks_itself(void **state)
{
    struct scene *s = *state;
    uint8_t from;
    struct packet *p = packet_copy(s->a.pool, slice_str("stun"));
    assert_non_null(p);
    p->path.local = (struct address){.family = ADDRESS_IPV4, .ip = {127, 0, 0, 8}, .port = s->port};
    p->path.remote = (struct address){.family = ADDRESS_IPV4, .ip = {127, 0, 0, 1}, .port = ntohs(s->client_address.sin_port)};
    packet_queue_push(&s->endpoint.tx, p);
    ask(s, 8, "who am I", 8);
    while (s->endpoint.tx.count > 0)
        fake_settle(&s->a);
    assert_int_equal(answer(s, &from), 's');
    assert_int_equal(from, 8);
}

static void say_many(struct scene *s, rtc_peer_connection *f, char what, int count)
{
    rtc_path path = reply_path(s, 1);
    for (int i = 0; i < count; i++)
        fake_send(f, &path, &what, 1);
}

/* One that has much to say does not keep the other from speaking, and what is beyond the limit is lost. */
static void connections_take_turns(void **state)
{
    struct scene *s = *state;
    uint8_t from;
    int last_b = -1, b = 0;
    no_room = true;
    say_many(s, &s->a, 'a', 300);
    for (int i = 0; i < 5; i++)
        assert_int_equal(rtc_loop_iterate(s->a.loop), RTC_OK);
    say_many(s, &s->b, 'b', 20);
    for (int i = 0; i < 5; i++)
        assert_int_equal(rtc_loop_iterate(s->a.loop), RTC_OK);
    no_room = false;
    for (int i = 0; i < 20; i++)
        assert_int_equal(rtc_loop_iterate(s->a.loop), RTC_OK);
    for (int i = 0; i < 256 + 20; i++) {
        int which = answer(s, &from);
        b += which == 'b';
        last_b = which == 'b' ? i : last_b;
    }
    assert_int_equal(b, 20);
    assert_true(last_b < 60);
    const struct timeval at_once = {.tv_usec = 1000};
    assert_int_equal(setsockopt(s->client, SOL_SOCKET, SO_RCVTIMEO, &at_once, sizeof at_once), 0);
    uint8_t byte;
    assert_int_equal(recv(s->client, &byte, 1, 0), -1);
}

/* The kernel refuses what one connection sends, to port 0: that says nothing about the others' datagrams, which still go together. */
static void refusals_are_the_connections_own(void **state)
{
    struct scene *s = *state;
    uint8_t from;
    rtc_path nowhere = reply_path(s, 1);
    nowhere.remote.port = 0;
    for (int i = 0; i < 4; i++)
        fake_send(&s->b, &nowhere, "b", 1);
    fake_settle(&s->a);
    joined = 0;
    say_many(s, &s->a, 'a', 10);
    fake_settle(&s->a);
    assert_int_equal(joined, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(answer(s, &from), 'a');
}

static void what_waits_goes_with_its_connection(void **state)
{
    struct scene *s = *state;
    uint8_t from;
    no_room = true;
    say_many(s, &s->a, 'a', 10);

    assert_int_equal(rtc_loop_iterate(s->a.loop), RTC_OK);
    fake_detach(&s->a);
    say_many(s, &s->b, 'b', 1);
    assert_int_equal(rtc_loop_iterate(s->a.loop), RTC_OK);
    no_room = false;
    for (int i = 0; i < 5; i++)
        assert_int_equal(rtc_loop_iterate(s->a.loop), RTC_OK);
    assert_int_equal(answer(s, &from), 'b');
}

static void a_port_that_goes_takes_what_waits_along(void **state)
{
    struct scene *s = *state;
    no_room = true;
    say_many(s, &s->a, 'a', 10);
    assert_int_equal(rtc_loop_iterate(s->a.loop), RTC_OK);
    rtc_endpoint_close(&s->endpoint);
    no_room = false;
    say_many(s, &s->a, 'a', 10); /* to nowhere */
    fake_settle(&s->a);
    ask(s, 1, "\0", 1);
    fake_settle(&s->a);
    assert_int_equal(s->a.received_len, 0);
}

static void addresses_have_one_port(void **state)
{
    struct scene *s = *state;
    rtc_endpoint other = {.port = NULL};
    rtc_address list[3] = {four(1, 0), four(2, 0), four(3, 0)};
    size_t count = 3;
    assert_int_equal(shared_port_bind(s->a.loop, &other, list, &count, false, &other.port), RTC_OK);
    assert_int_equal(count, 3);
    assert_true(list[0].port > 0 && list[1].port == list[0].port && list[2].port == list[0].port);
    rtc_endpoint_close(&other);
    /* Taken on one of them. */
    list[0] = four(2, s->port);
    count = 1;
    assert_int_equal(shared_port_bind(s->a.loop, &other, list, &count, true, &other.port), RTC_ERR_NETWORK);
    /* Not of this host: left out, or not. */
    list[0] = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {192, 0, 2, 1}};
    list[1] = four(1, 0);
    count = 2;
    assert_int_equal(shared_port_bind(s->a.loop, &other, list, &count, false, &other.port), RTC_ERR_NETWORK);
    assert_int_equal(shared_port_bind(s->a.loop, &other, list, &count, true, &other.port), RTC_OK);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].ip[0], 127);
    rtc_endpoint_close(&other);
    list[0] = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {192, 0, 2, 1}};
    assert_int_equal(shared_port_bind(s->a.loop, &other, list, &count, true, &other.port), RTC_ERR_NETWORK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(replies_leave_from_where_they_were_asked),
        TEST(the_endpoint_speaks_itself),
        TEST(connections_take_turns),
        TEST(refusals_are_the_connections_own),
        TEST(what_waits_goes_with_its_connection),
        TEST(a_port_that_goes_takes_what_waits_along),
        TEST(addresses_have_one_port),
    };
    return cmocka_run_group_tests_name("shared port", tests, NULL, NULL);
}
