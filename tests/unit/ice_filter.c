/* SPDX-License-Identifier: MIT */
/* Rules of interfaces, addresses and 1:1 NATs: what is taken, what is refused, what matches. */
#include "ice_filter.h"

#include <crtc/base.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct address address_of(const char *ip, uint16_t port)
{
    struct address a;
    if (!address_parse(slice_str(ip), port, &a))
        fail_msg("%s", ip);
    return a;
}

static void what_a_filter_is(void **state)
{
    (void)state;
    static const char *const good[] = {
        "eth0",       "docker*",   "*",         "br-*",     "*.100", "eth0:1",      "10.0.0.0/8",
        "10.0.0.1/8", "192.0.2.1", "0.0.0.0/0", "fc00::/7", "::/0",  "2001:db8::1", "abcdefghijabcdefghijabcdefghija"};
    static const char *const bad[] = {"",
                                      " ",
                                      "eth 0",
                                      "eth0\n",
                                      "a/b",
                                      "10.0.0.0/33",
                                      "10.0.0.0/",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/x",
                                      "/8",
                                      "fc00::/129",
                                      "10.0.0",
                                      "300.1.2.3",
                                      "10.0.0.0/8/8",
                                      "abcdefghijabcdefghijabcdefghijab",
                                      "\x80"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct ice_filters f = {.count = 0};
        if (ice_filters_add(&f, slice_str(good[i])) != RTC_OK || f.count != 1)
            fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ice_filters f = {.count = 0};
        if (ice_filters_add(&f, slice_str(bad[i])) != RTC_ERR_SYNTAX || f.count != 0)
            fail_msg("%s", bad[i]);
    }
}

static void filters_have_a_limit(void **state)
{
    (void)state;
    struct ice_filters f = {.count = 0};
    for (int i = 0; i < ICE_FILTERS_MAX; i++)
        assert_int_equal(ice_filters_add(&f, slice_str("eth0")), RTC_OK);
    assert_int_equal(ice_filters_add(&f, slice_str("eth0")), RTC_ERR_RANGE);
}

static bool matches(const char *text, const char *name, const char *ip)
{
    struct ice_filters f = {.count = 0};
    struct address a = address_of(ip, 5);
    assert_int_equal(ice_filters_add(&f, slice_str(text)), RTC_OK);
    return ice_filters_match(&f, name, &a);
}

static void names(void **state)
{
    (void)state;
    assert_true(matches("eth0", "eth0", "10.0.0.1"));
    assert_false(matches("eth0", "eth01", "10.0.0.1"));
    assert_false(matches("eth01", "eth0", "10.0.0.1"));
    assert_true(matches("docker*", "docker0", "10.0.0.1"));
    assert_true(matches("docker*", "docker", "10.0.0.1"));
    assert_false(matches("docker*", "dock", "10.0.0.1"));
    assert_true(matches("*", "", "10.0.0.1"));
    assert_true(matches("*p*s0", "wlp3s0", "10.0.0.1"));
    assert_false(matches("*p*s1", "wlp3s0", "10.0.0.1"));
    assert_true(matches("e*0*", "enp0s0", "10.0.0.1"));
    assert_true(matches("a*ab", "aaaab", "10.0.0.1"));
}

static void prefixes(void **state)
{
    (void)state;
    assert_true(matches("10.0.0.0/8", "x", "10.255.0.1"));
    assert_false(matches("10.0.0.0/8", "x", "11.0.0.1"));
    assert_true(matches("10.1.2.3/8", "x", "10.9.9.9"));
    assert_true(matches("172.16.0.0/12", "x", "172.31.0.1"));
    assert_false(matches("172.16.0.0/12", "x", "172.32.0.1"));
    assert_true(matches("192.0.2.1", "x", "192.0.2.1"));
    assert_false(matches("192.0.2.1", "x", "192.0.2.2"));
    assert_true(matches("0.0.0.0/0", "x", "192.0.2.2"));
    assert_false(matches("0.0.0.0/0", "x", "2001:db8::1"));
    assert_true(matches("fc00::/7", "x", "fd12::1"));
    assert_false(matches("fc00::/7", "x", "fe00::1"));
    assert_true(matches("2001:db8::/33", "x", "2001:db8:7fff::1"));
    assert_false(matches("2001:db8::/33", "x", "2001:db8:8000::1"));
    assert_true(matches("::/0", "x", "2001:db8::1"));
}

static void what_an_external_address_is(void **state)
{
    (void)state;
    static const char *const good[] = {"203.0.113.1", "10.0.0.1=203.0.113.1", "2001:db8::1", "fd00::1=2001:db8::1"};
    static const char *const bad[] = {"",
                                      "=",
                                      "203.0.113.1=",
                                      "=203.0.113.1",
                                      "x",
                                      "10.0.0.1=2001:db8::1",
                                      "0.0.0.0",
                                      "127.0.0.1",
                                      "224.0.0.1",
                                      "fe80::1",
                                      "169.254.1.1",
                                      "10.0.0.1=203.0.113.1=1.2.3.4",
                                      "203.0.113.1:5",
                                      "203.0.113.0/24",
                                      "host.example"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct ice_externals e = {.count = 0};
        if (ice_externals_add(&e, slice_str(good[i])) != RTC_OK)
            fail_msg("%s", good[i]);
        assert_int_equal(ice_externals_add(&e, slice_str(good[i])), RTC_ERR_SYNTAX); /* which of two it is can not be told */
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ice_externals e = {.count = 0};
        if (ice_externals_add(&e, slice_str(bad[i])) != RTC_ERR_SYNTAX || e.count != 0)
            fail_msg("%s", bad[i]);
    }
    struct ice_externals many = {.count = 0};
    for (unsigned i = 0; i <= ICE_EXTERNALS_MAX; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "10.0.0.%u=203.0.113.1", i);
        assert_int_equal(ice_externals_add(&many, slice_str(text)), i < ICE_EXTERNALS_MAX ? RTC_OK : RTC_ERR_RANGE);
    }
}

static void assert_shown(const struct ice_externals *e, const char *local, const char *expected)
{
    struct address from = address_of(local, 4000), to = address_of(expected, 4000);
    struct address shown = ice_externals_apply(e, &from);
    assert_true(address_eq(&shown, &to));
}

static void the_exact_rule_wins(void **state)
{
    (void)state;
    struct ice_externals e = {.count = 0};
    assert_int_equal(ice_externals_add(&e, slice_str("203.0.113.1")), RTC_OK);
    assert_int_equal(ice_externals_add(&e, slice_str("10.0.0.7=203.0.113.7")), RTC_OK);
    assert_shown(&e, "10.0.0.1", "203.0.113.1");
    assert_shown(&e, "10.0.0.7", "203.0.113.7");
    assert_shown(&e, "fd00::1", "fd00::1");
    assert_shown(&e, "127.0.0.1", "127.0.0.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_filter_is), cmocka_unit_test(filters_have_a_limit),        cmocka_unit_test(names),
        cmocka_unit_test(prefixes),         cmocka_unit_test(what_an_external_address_is), cmocka_unit_test(the_exact_rule_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
