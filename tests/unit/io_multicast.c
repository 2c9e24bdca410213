/* SPDX-License-Identifier: MIT */
/* Two programs on one host that share port 5353 and a group: on loopback, with a group and port of the test's own. */
#include "io_fake_connection.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { SOCKET = 1, JOIN = 2 };

static rtc_address group(void)
{
    return (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {239, 77, (uint8_t)(getpid() >> 8), (uint8_t)getpid()}, .port = 25353};
}

static const rtc_address loopback = {.family = RTC_ADDRESS_IPV4, .ip = {127, 0, 0, 1}};

static void open_and_join(rtc_peer_connection *fake)
{
    rtc_request open = {.size = sizeof open, .type = RTC_REQUEST_OPEN_UDP, .id = SOCKET, .local = group(), .flags = RTC_REQUEST_SHARED};
    rtc_request join = {.size = sizeof join, .type = RTC_REQUEST_JOIN_MULTICAST, .id = JOIN, .socket = SOCKET, .remote = group()};
    join.local = loopback;
    fake_begin(fake);
    fake_request(fake, &open);
    const rtc_result *result = fake_result(fake, 1);
    assert_int_equal(result->error, RTC_OK);
    assert_int_equal(result->local.port, group().port);
    fake_request(fake, &join);
    result = fake_result(fake, 2);
    assert_int_equal(result->id, JOIN);
    assert_int_equal(result->error, RTC_OK);
}

static void both_hear_what_is_sent_to_the_group(void **state)
{
    rtc_peer_connection *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    (void)state;
    assert_true(a && b);
    open_and_join(a);
    open_and_join(b);
    rtc_path path = {.socket = SOCKET, .remote = group()};
    fake_send(a, &path, "is anybody here?", 16);
    fake_settle(a);
    fake_receive(b, 16);
    assert_memory_equal(b->received, "is anybody here?", 16);
    assert_int_equal(b->last_path.socket, SOCKET);
    assert_int_equal(b->last_path.remote.port, group().port);
    assert_memory_equal(b->last_path.remote.ip, loopback.ip, 4);
    fake_receive(a, 16); /* a hears itself, which tells that others on this host are heard */
    fake_end(a);
    fake_end(b);
    free(a);
    free(b);
}

static void expect_refused(const rtc_request *join)
{
    rtc_peer_connection *fake = calloc(1, sizeof *fake);
    rtc_request open = {.size = sizeof open, .type = RTC_REQUEST_OPEN_UDP, .id = SOCKET, .local = group(), .flags = RTC_REQUEST_SHARED};
    assert_non_null(fake);
    fake_begin(fake);
    fake_request(fake, &open);
    assert_int_equal(fake_result(fake, 1)->error, RTC_OK);
    fake_request(fake, join);
    assert_int_not_equal(fake_result(fake, 2)->error, RTC_OK);
    fake_end(fake);
    free(fake);
}

static void what_can_not_be_joined_is_refused(void **state)
{
    (void)state;
    rtc_request join = {.size = sizeof join, .type = RTC_REQUEST_JOIN_MULTICAST, .id = JOIN, .socket = SOCKET, .remote = group()};
    join.local = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {203, 0, 113, 1}};
    expect_refused(&join); /* no interface of ours */
    join.local = loopback;
    join.socket = 99;
    expect_refused(&join); /* no socket of ours */
    join.socket = SOCKET;
    join.remote.ip[0] = 10;
    expect_refused(&join); /* no group */
    join.remote = (rtc_address){.family = RTC_ADDRESS_IPV6, .ip = {0xff, 2}};
    expect_refused(&join); /* another family */
}

static void a_port_that_is_not_shared_is_refused(void **state)
{
    rtc_peer_connection *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    rtc_request open = {.size = sizeof open, .type = RTC_REQUEST_OPEN_UDP, .id = SOCKET, .local = group()};
    (void)state;
    assert_true(a && b);
    fake_begin(a);
    fake_request(a, &open);
    assert_int_equal(fake_result(a, 1)->error, RTC_OK);
    open.flags = RTC_REQUEST_SHARED;
    fake_begin(b);
    fake_request(b, &open);
    assert_int_equal(fake_result(b, 1)->error, RTC_ERR_NETWORK);
    fake_end(a);
    fake_end(b);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_hear_what_is_sent_to_the_group),
        cmocka_unit_test(what_can_not_be_joined_is_refused),
        cmocka_unit_test(a_port_that_is_not_shared_is_refused),
    };
    return cmocka_run_group_tests_name("io multicast", tests, NULL, NULL);
}
