/* SPDX-License-Identifier: MIT */
/* UDP sockets of one connection on the loop: what is sent leaves from the socket that its path names, however the packets are mixed. */
#include "io_fake_connection.h"

#include "driven.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PACKETS = 6 };

static rtc_address open_udp(rtc_peer_connection *fake, uint32_t id, size_t results)
{
    const rtc_request request = {
        .size = sizeof request, .type = RTC_REQUEST_OPEN_UDP, .id = id, .local = {.family = RTC_ADDRESS_IPV4, .ip = {127, 0, 0, 1}}};
    fake_request(fake, &request);
    const rtc_result *result = fake_result(fake, results);
    assert_int_equal(result->error, RTC_OK);
    return result->local;
}

static void mixed_packets_leave_by_their_own_sockets(void **state)
{
    rtc_peer_connection fake;
    rtc_address from[2];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof to;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &len), 0);
    fake_begin(&fake);
    for (uint32_t i = 0; i < 2; i++)
        from[i] = open_udp(&fake, i + 1, i + 1);
    for (uint8_t i = 0; i < PACKETS; i++) {
        const rtc_path path = {.socket = i % 2 + 1u,
                               .local = from[i % 2],
                               .remote = {.family = RTC_ADDRESS_IPV4, .ip = {127, 0, 0, 1}, .port = ntohs(to.sin_port)}};
        fake_send(&fake, &path, &i, 1);
    }
    fake_settle(&fake);
    for (unsigned seen = 0; seen != (1u << PACKETS) - 1;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        struct sockaddr_in sender;
        socklen_t sender_len = sizeof sender;
        uint8_t number;
        assert_int_equal(poll(&p, 1, 30000), 1);
        assert_int_equal(recvfrom(fd, &number, 1, 0, (struct sockaddr *)&sender, &sender_len), 1);
        assert_int_equal(ntohs(sender.sin_port), from[number % 2].port);
        seen |= 1u << number;
    }
    fake_end(&fake);
    (void)close(fd);
}

/* Two sockets of the connection send to each other: ECN both ways, and when it came. */
static void ecn_and_arrival_are_told(void **state)
{
    rtc_peer_connection fake;
    rtc_address own[2];
    (void)state;
    fake_begin(&fake);
    for (uint32_t i = 0; i < 2; i++)
        own[i] = open_udp(&fake, i + 1, i + 1);
    for (size_t i = 0; i < 8; i++) {
        const rtc_path path = {.socket = i % 2 + 1u, .local = own[i % 2], .remote = own[1 - i % 2]};
        rtc_time_t before = rtc_now() - 1000; /* two clocks are compared */
        fake_send_ecn(&fake, &path, "x", 1, (rtc_ecn)(i / 2));
        fake_receive(&fake, i + 1);
        assert_int_equal(fake.last_path.socket, 2 - i % 2);
        assert_int_equal(fake.last_ecn, i / 2);
        assert_true(fake.last_arrival >= before && fake.last_arrival <= rtc_now());
    }
    fake_end(&fake);
}

/* The next wait of the loop ends as it does when the process was stopped and goes on. */
static struct {
    rtc_peer_connection *fake;
    int fd;
} interruption;

int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
    rtc_peer_connection *fake = interruption.fake;
    interruption.fake = NULL;
    if (!fake)
        return epoll_pwait(epoll, events, count, timeout, NULL);
    assert_int_equal(send(interruption.fd, "late", 4, 0), 4);
    fake->stop = true;
    driven_changed(fake->attachment);
    errno = EINTR;
    return -1;
}

static void after_an_interruption_sockets_come_first(void **state)
{
    rtc_peer_connection fake;
    (void)state;
    fake_begin(&fake);
    const rtc_address own = open_udp(&fake, 1, 1);
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(own.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    interruption.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(interruption.fd, (const struct sockaddr *)&to, sizeof to), 0);
    fake_settle(&fake);
    interruption.fake = &fake;
    assert_int_equal(rtc_loop_run(fake.loop), RTC_OK);
    assert_null(interruption.fake);
    assert_int_equal(fake.received_before, 4);
    fake_end(&fake);
    (void)close(interruption.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mixed_packets_leave_by_their_own_sockets),
                                       cmocka_unit_test(ecn_and_arrival_are_told),
                                       cmocka_unit_test(after_an_interruption_sockets_come_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
