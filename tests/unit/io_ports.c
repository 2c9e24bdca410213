/* SPDX-License-Identifier: MIT */
/* Sockets bound within a range of ports. Each run has a loopback address of its own, so that all of its ports are free. */
#include "port_range.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIRST = 21000, PORTS = 4 };
static rtc_context *context;

static int setup(void **state)
{
    (void)state;
    return rtc_context_new(NULL, &context);
}

static int teardown(void **state)
{
    (void)state;
    rtc_context_unref(context);
    return 0;
}

static rtc_request request_of(uint16_t port_min, uint16_t port_max)
{
    rtc_request r = {.size = sizeof r, .port_min = port_min, .port_max = port_max};
    r.local = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {127, 77, (uint8_t)(getpid() >> 8), (uint8_t)getpid()}};
    return r;
}

static int bind_one(const rtc_request *request, int type, int *fd, rtc_address *local)
{
    *fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_true(*fd >= 0);
    return io_bind(context, *fd, request, local);
}

static void fill(int type)
{
    rtc_request request = request_of(FIRST, FIRST + PORTS - 1);
    rtc_address local;
    int fds[PORTS + 1];
    unsigned seen = 0;
    for (int i = 0; i < PORTS; i++) {
        assert_int_equal(bind_one(&request, type, &fds[i], &local), RTC_OK);
        assert_in_range(local.port, FIRST, FIRST + PORTS - 1);
        assert_memory_equal(local.ip, request.local.ip, 4);
        seen |= 1u << (local.port - FIRST);
    }
    assert_int_equal(seen, (1u << PORTS) - 1);
    assert_int_equal(bind_one(&request, type, &fds[PORTS], &local), RTC_ERR_QUOTA_EXCEEDED);
    for (int i = 0; i <= PORTS; i++)
        (void)close(fds[i]);
}

static void every_port_of_the_range_is_found(void **state)
{
    (void)state;
    fill(SOCK_DGRAM);
    fill(SOCK_STREAM);
}

static void it_begins_anywhere(void **state)
{
    (void)state;
    rtc_request request = request_of(FIRST, FIRST + 999);
    rtc_address local;
    unsigned differ = 0;
    uint16_t first = 0;
    for (int i = 0; i < 5; i++) {
        int fd;
        assert_int_equal(bind_one(&request, SOCK_DGRAM, &fd, &local), RTC_OK);
        differ += i > 0 && local.port != first;
        first = i == 0 ? local.port : first;
        (void)close(fd);
    }
    assert_true(differ > 0);
}

static void no_range_means_any_port(void **state)
{
    (void)state;
    rtc_request request = request_of(0, 0);
    rtc_address local;
    int fd;
    assert_int_equal(bind_one(&request, SOCK_DGRAM, &fd, &local), RTC_OK);
    assert_int_not_equal(local.port, 0);
    (void)close(fd);
}

/* 203.0.113.1 is nobody's (RFC 5737): another port would be of no use. */
static void a_foreign_address_is_no_want_of_ports(void **state)
{
    (void)state;
    rtc_request request = request_of(FIRST, FIRST + PORTS - 1);
    rtc_address local;
    int fd;
    request.local = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {203, 0, 113, 1}};
    assert_int_equal(bind_one(&request, SOCK_DGRAM, &fd, &local), RTC_ERR_NETWORK);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_port_of_the_range_is_found),
        cmocka_unit_test(it_begins_anywhere),
        cmocka_unit_test(no_range_means_any_port),
        cmocka_unit_test(a_foreign_address_is_no_want_of_ports),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
