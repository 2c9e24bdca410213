/* SPDX-License-Identifier: MIT */
/* The loop follows the addresses of the host: in a network namespace of its own, where the loopback interface gets and loses some. */
#include "io_fake_connection.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

enum { ID = 5, OTHER = 6, RAN_OUT = 77 };

static void change(unsigned long what, struct ifreq *request)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(ioctl(fd, what, request), 0);
    (void)close(fd);
}

static void set_flags(const char *name, short flags)
{
    struct ifreq r = {.ifr_flags = flags};
    memcpy(r.ifr_name, name, strlen(name) + 1);
    change(SIOCSIFFLAGS, &r);
}

static struct ifreq alias(unsigned number)
{
    struct ifreq r = {0};
    (void)snprintf(r.ifr_name, sizeof r.ifr_name, "lo:%u", number);
    return r;
}

/* 10.9.8.NUMBER */
static void add_address(unsigned number)
{
    struct ifreq r = alias(number);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a090800u + number)};
    memcpy(&r.ifr_addr, &a, sizeof a);
    change(SIOCSIFADDR, &r);
}

static void remove_address(unsigned number)
{
    struct ifreq r = alias(number);
    change(SIOCSIFFLAGS, &r);
}

static bool lists(const rtc_peer_connection *f, unsigned number)
{
    for (size_t i = 0; i < f->interface_count; i++) {
        const rtc_interface *at = &f->interfaces[i];
        if (at->address.family == RTC_ADDRESS_IPV4 && at->address.ip[0] == 10 && at->address.ip[3] == number)
            return true;
    }
    return false;
}

static int set_up(void **state)
{
    static rtc_peer_connection fake;
    fake_begin(&fake);
    *state = &fake;
    return 0;
}

static int tear_down(void **state)
{
    fake_end(*state);
    return 0;
}

static void ask(rtc_peer_connection *f, uint32_t type, uint32_t id)
{
    const rtc_request request = {.size = sizeof request, .type = type, .id = id};
    fake_request(f, &request);
}

static void the_list(void **state)
{
    rtc_peer_connection *f = *state;
    ask(f, RTC_REQUEST_INTERFACES, ID);
    const rtc_result *r = fake_result(f, 1);
    assert_int_equal(r->error, RTC_OK);
    assert_int_equal(r->id, ID);
    bool loopback = false;
    for (size_t i = 0; i < f->interface_count; i++)
        loopback |= strcmp(f->interfaces[i].name, "lo") == 0 && f->interfaces[i].index == 1 && f->interfaces[i].address.ip[0] == 127 &&
                    f->interfaces[i].prefix_length == 8;
    assert_true(loopback);
}

static void an_address_comes_and_goes(void **state)
{
    rtc_peer_connection *f = *state;
    ask(f, RTC_REQUEST_INTERFACES, ID);
    (void)fake_result(f, 1);
    assert_false(lists(f, 7));
    add_address(7);
    assert_int_equal(fake_result(f, 2)->id, ID);
    assert_true(lists(f, 7));
    remove_address(7);
    assert_int_equal(fake_result(f, 3)->id, ID);
    assert_false(lists(f, 7));
}

static bool has_all(void *user)
{
    return lists(user, 11) && lists(user, 12) && lists(user, 13);
}

static bool has_none(void *user)
{
    return !lists(user, 11) && !lists(user, 12) && !lists(user, 13);
}

static void a_burst_of_changes(void **state)
{
    rtc_peer_connection *f = *state;
    ask(f, RTC_REQUEST_INTERFACES, ID);
    (void)fake_result(f, 1);
    for (unsigned i = 11; i <= 13; i++)
        add_address(i);
    fake_run(f, has_all, f);
    assert_in_range(f->result_count, 2, 4);
    for (unsigned i = 13; i >= 11; i--) /* the first is primary: the others would go with it */
        remove_address(i);
    fake_run(f, has_none, f);
}

/* Whoever asks while a change is on its way gets the list as it is now; the other is told as well. */
static void two_ask(void **state)
{
    rtc_peer_connection *f = *state;
    ask(f, RTC_REQUEST_INTERFACES, ID);
    (void)fake_result(f, 1);
    add_address(21);
    ask(f, RTC_REQUEST_INTERFACES, OTHER);
    assert_int_equal(fake_result(f, 2)->id, OTHER);
    assert_true(lists(f, 21));
    assert_int_equal(fake_result(f, 3)->id, ID);
    assert_true(lists(f, 21));
    remove_address(21);
    (void)fake_result(f, 5);
    assert_int_equal(f->results[3].id + f->results[4].id, ID + OTHER);
}

static void a_request_that_ended(void **state)
{
    rtc_peer_connection *f = *state;
    ask(f, RTC_REQUEST_INTERFACES, ID);
    (void)fake_result(f, 1);
    ask(f, RTC_REQUEST_CLOSE, ID);
    fake_settle(f);
    ask(f, RTC_REQUEST_INTERFACES, OTHER);
    (void)fake_result(f, 2);
    add_address(31);
    assert_int_equal(fake_result(f, 3)->id, OTHER);
    remove_address(31);
    assert_int_equal(fake_result(f, 4)->id, OTHER);
}

/* A connection that is gone is told nothing. */
static void a_connection_that_ended(void **state)
{
    rtc_peer_connection *f = *state;
    ask(f, RTC_REQUEST_INTERFACES, ID);
    (void)fake_result(f, 1);
    fake_detach(f);
    add_address(41);
    fake_settle(f);
    remove_address(41);
    fake_settle(f);
    assert_int_equal(f->result_count, 1);
}

int main(void)
{
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        (void)fprintf(stderr, "no network namespace to be had\n");
        return RAN_OUT;
    }
    set_flags("lo", IFF_UP);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_list), TEST(an_address_comes_and_goes), TEST(a_burst_of_changes),
        TEST(two_ask),  TEST(a_request_that_ended),      TEST(a_connection_that_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
