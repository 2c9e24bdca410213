/* SPDX-License-Identifier: MIT */
/* TCP listeners of the loop over the loopback: who connects is told with an id of his own, what he sends and gets is his, his end is told;
 * too many are turned away, and closing the listener leaves the connections alone. */
#include "io_fake_connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

enum { ID = 7, PEERS_MAX = 128, ACCEPTED_MAX = 64 };

struct scene {
    rtc_peer_connection fake;
    rtc_address address; /* the listener's */
    int peers[PEERS_MAX];
    size_t peer_count;
};

static int set_up(void **state)
{
    static struct scene s;
    s = (struct scene){.peer_count = 0};
    fake_begin(&s.fake);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    fake_end(&s->fake);
    for (size_t i = 0; i < s->peer_count; i++)
        (void)close(s->peers[i]);
    return 0;
}

static void listen_here(struct scene *s)
{
    rtc_request request = {.type = RTC_REQUEST_LISTEN_TCP, .id = ID, .flags = RTC_REQUEST_MESSAGES};
    request.local = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {127, 0, 0, 1}};
    fake_request(&s->fake, &request);
    const rtc_result *r = fake_result(&s->fake, 1);
    assert_int_equal(r->error, RTC_OK);
    assert_int_equal(r->type, RTC_REQUEST_LISTEN_TCP);
    assert_int_equal(r->id, ID);
    assert_int_equal(r->socket, 0);
    assert_int_not_equal(r->local.port, 0);
    s->address = r->local;
}

/* Begins to connect; returns what connect did. */
static int knock(struct scene *s, int flags)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(s->address.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    assert_true(fd >= 0 && s->peer_count < PEERS_MAX);
    s->peers[s->peer_count++] = fd;
    return connect(fd, (struct sockaddr *)&to, sizeof to);
}

/* One more connection, and the result that tells of it. */
static const rtc_result *accepted(struct scene *s)
{
    assert_int_equal(knock(s, 0), 0);
    return fake_result(&s->fake, s->fake.result_count + 1);
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    return ntohs(a.sin_port);
}

static rtc_path path_of(const rtc_result *r)
{
    return (rtc_path){.socket = r->socket, .protocol = 1, .local = r->local, .remote = r->remote};
}

static void whoever_connects_is_told(void **state)
{
    struct scene *s = *state;
    listen_here(s);
    uint32_t first = accepted(s)->socket;
    const rtc_result *r = accepted(s);
    assert_int_equal(r->type, RTC_REQUEST_LISTEN_TCP);
    assert_int_equal(r->id, ID);
    assert_int_equal(r->error, RTC_OK);
    assert_true((r->socket & RTC_ACCEPTED_SOCKET) && (first & RTC_ACCEPTED_SOCKET) && r->socket != first);
    assert_int_equal(r->local.port, s->address.port);
    assert_int_equal(r->remote.port, port_of(s->peers[1]));
    assert_int_equal(r->remote.ip[0], 127);
}

static void bytes_go_both_ways(void **state)
{
    struct scene *s = *state;
    char bytes[8] = {0};
    listen_here(s);
    const rtc_path one = path_of(accepted(s)), two = path_of(accepted(s));
    assert_int_equal(send(s->peers[1], "hello", 5, MSG_NOSIGNAL), 5);
    fake_receive(&s->fake, 5);
    assert_memory_equal(s->fake.received, "hello", 5);
    assert_int_equal(s->fake.last_path.socket, two.socket);
    assert_int_equal(s->fake.last_path.protocol, 1);
    assert_int_equal(s->fake.last_path.remote.port, two.remote.port);
    fake_send(&s->fake, &one, "first", 5);
    fake_send(&s->fake, &two, "other", 5);
    fake_settle(&s->fake);
    assert_int_equal(recv(s->peers[0], bytes, 5, MSG_WAITALL), 5);
    assert_string_equal(bytes, "first");
    assert_int_equal(recv(s->peers[1], bytes, 5, MSG_WAITALL), 5);
    assert_string_equal(bytes, "other");
}

/* What was sent before the end comes before the end. */
static void the_end_is_told(void **state)
{
    struct scene *s = *state;
    listen_here(s);
    uint32_t socket = accepted(s)->socket;
    assert_int_equal(send(s->peers[0], "bye", 3, MSG_NOSIGNAL), 3);
    assert_int_equal(shutdown(s->peers[0], SHUT_RDWR), 0);
    const rtc_result *r = fake_result(&s->fake, 3);
    assert_int_equal(s->fake.received_len, 3);
    assert_int_equal(r->id, socket);
    assert_int_equal(r->type, RTC_REQUEST_LISTEN_TCP);
    assert_int_equal(r->error, RTC_ERR_NETWORK);
}

static bool is_closed(void *user)
{
    char byte;
    ssize_t n = recv(*(const int *)user, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void close_socket(struct scene *s, uint32_t id)
{
    rtc_request request = {.type = RTC_REQUEST_CLOSE, .id = id};
    fake_request(&s->fake, &request);
}

static void an_accepted_one_is_closed(void **state)
{
    struct scene *s = *state;
    listen_here(s);
    close_socket(s, accepted(s)->socket);
    fake_run(&s->fake, is_closed, &s->peers[0]);
    assert_int_equal(s->fake.result_count, 2); /* no result for what was asked for */
    (void)accepted(s);
}

static void closing_the_listener(void **state)
{
    struct scene *s = *state;
    char bytes[4] = {0};
    listen_here(s);
    const rtc_path path = path_of(accepted(s));
    close_socket(s, ID);
    fake_settle(&s->fake);
    assert_int_equal(knock(s, 0), -1);
    assert_int_equal(errno, ECONNREFUSED);
    fake_send(&s->fake, &path, "on", 2);
    fake_settle(&s->fake);
    assert_int_equal(recv(s->peers[0], bytes, 2, MSG_WAITALL), 2);
    assert_int_equal(s->fake.result_count, 2);
}

/* Beyond the limit they are turned away; when one goes there is room again. */
static void too_many(void **state)
{
    struct scene *s = *state;
    listen_here(s);
    uint32_t first = accepted(s)->socket;
    while (s->peer_count < ACCEPTED_MAX)
        (void)accepted(s);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(knock(s, 0), 0);
        fake_run(&s->fake, is_closed, &s->peers[s->peer_count - 1]);
    }
    assert_int_equal(s->fake.result_count, 1 + ACCEPTED_MAX);
    close_socket(s, first);
    fake_settle(&s->fake);
    (void)accepted(s);
}

/* A crowd at once: all of it is taken. */
static void a_crowd(void **state)
{
    struct scene *s = *state;
    listen_here(s);
    for (int i = 0; i < 16; i++)
        assert_int_equal(knock(s, 0), 0);
    (void)fake_result(&s->fake, 17);
}

/* Without descriptors nothing is accepted, and the loop does not spin; with them it goes on with the next one. */
static void no_descriptors(void **state)
{
    struct scene *s = *state;
    struct rlimit limit, low;
    listen_here(s);
    assert_int_equal(knock(s, SOCK_NONBLOCK) == 0 || errno == EINPROGRESS, 1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = (rlim_t)s->peers[0] + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    fake_settle(&s->fake); /* ends only if nothing is to be done at once */
    assert_int_equal(s->fake.result_count, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(knock(s, 0), 0);
    (void)fake_result(&s->fake, 3);
}

static void taken_address(void **state)
{
    struct scene *s = *state;
    listen_here(s);
    rtc_request request = {.type = RTC_REQUEST_LISTEN_TCP, .id = ID + 1, .local = s->address};
    fake_request(&s->fake, &request);
    const rtc_result *r = fake_result(&s->fake, 2);
    assert_int_equal(r->id, ID + 1);
    assert_int_not_equal(r->error, RTC_OK);
}

/* A range of one port, in which connections of an earlier listener are still remembered by the kernel. */
static void port_range(void **state)
{
    struct scene *s = *state;
    listen_here(s);
    uint16_t port = s->address.port;
    close_socket(s, accepted(s)->socket);
    close_socket(s, ID);
    fake_settle(&s->fake);
    rtc_request request = {.type = RTC_REQUEST_LISTEN_TCP, .id = ID + 1, .local = s->address, .port_min = port, .port_max = port};
    request.local.port = 0;
    fake_request(&s->fake, &request);
    const rtc_result *r = fake_result(&s->fake, 3);
    assert_int_equal(r->error, RTC_OK);
    assert_int_equal(r->local.port, port);
}

/* The connection goes with its sockets. */
static void detached(void **state)
{
    struct scene *s = *state;
    listen_here(s);
    (void)accepted(s);
    fake_detach(&s->fake);
    fake_settle(&s->fake);
    assert_true(is_closed(&s->peers[0]));
    assert_int_equal(knock(s, 0), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(whoever_connects_is_told),
        TEST(bytes_go_both_ways),
        TEST(the_end_is_told),
        TEST(an_accepted_one_is_closed),
        TEST(closing_the_listener),
        TEST(too_many),
        TEST(a_crowd),
        TEST(no_descriptors),
        TEST(taken_address),
        TEST(port_range),
        TEST(detached),
    };
    return cmocka_run_group_tests_name("io tcp listener", tests, NULL, NULL);
}
