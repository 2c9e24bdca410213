/* SPDX-License-Identifier: MIT */
/* Addresses: text both ways, equality, classes. */
#include "address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct address parse(const char *text)
{
    struct address a;
    assert_true(address_parse(slice_str(text), 5000, &a));
    return a;
}

static void text_both_ways(void **state)
{
    static const char *const rows[][2] = {
        {"192.0.2.1", "192.0.2.1:5000"},
        {"0.0.0.0", "0.0.0.0:5000"},
        {"2001:db8::1", "[2001:db8::1]:5000"},
        {"2001:0db8:0000:0000:0000:0000:0000:0001", "[2001:db8::1]:5000"},
        {"::", "[::]:5000"},
        {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:5000"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:5000"},
    };
    char text[ADDRESS_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address a = parse(rows[i][0]), again;
        assert_string_equal(address_text(&a, text), rows[i][1]);
        assert_true(address_parse(slice_str(address_ip_text(&a, text)), 5000, &again));
        assert_true(address_eq(&a, &again));
    }
    struct address none = {0};
    assert_string_equal(address_ip_text(&none, text), "none");
    assert_int_equal(address_ip_len(&none), 0);
}

static void not_addresses(void **state)
{
    static const char *const bad[] = {"",      "1.2.3",      "1.2.3.4.5", "256.1.1.1",  "1.2.3.4 ", "localhost",     "a.local",
                                      "[::1]", "fe80::1%lo", "1.2.3.4:5", "01.02.03.x", ":::",      "1:2:3:4:5:6:7", "0x7f.1"};
    struct address a = {.port = 7};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(address_parse(slice_str(bad[i]), 1, &a));
    assert_false(address_parse(slice_of("1.2.3.4\0x", 9), 1, &a)); /* a zero inside */
    char longest[200];
    memset(longest, '1', sizeof longest);
    assert_false(address_parse(slice_of(longest, sizeof longest), 1, &a));
    assert_int_equal(a.port, 7);
}

static void equality(void **state)
{
    struct address a = parse("10.0.0.1"), b = a, mapped = parse("::ffff:10.0.0.1");
    (void)state;
    assert_true(address_eq(&a, &b));
    b.port++;
    assert_false(address_eq(&a, &b));
    assert_true(address_ip_eq(&a, &b));
    assert_false(address_ip_eq(&a, &mapped));
    struct address zone = parse("fe80::1"), other = zone;
    other.scope = 2;
    assert_false(address_eq(&zone, &other));
}

enum { ANY = 1, LOOPBACK = 2, LINK_LOCAL = 4, MULTICAST = 8, PRIVATE = 16 };

static int classes(const char *text)
{
    struct address a = parse(text);
    return (address_is_any(&a) ? ANY : 0) | (address_is_loopback(&a) ? LOOPBACK : 0) | (address_is_link_local(&a) ? LINK_LOCAL : 0) |
           (address_is_multicast(&a) ? MULTICAST : 0) | (address_is_private(&a) ? PRIVATE : 0);
}

static void address_classes(void **state)
{
    static const struct {
        const char *text;
        int classes;
    } rows[] = {
        {"0.0.0.0", ANY},
        {"::", ANY},
        {"127.0.0.1", LOOPBACK},
        {"127.255.255.255", LOOPBACK},
        {"126.255.255.255", 0},
        {"128.0.0.1", 0},
        {"::1", LOOPBACK},
        {"::2", 0},
        {"::ffff:127.0.0.1", LOOPBACK},
        {"169.254.0.1", LINK_LOCAL},
        {"169.253.0.1", 0},
        {"fe80::1", LINK_LOCAL},
        {"febf::1", LINK_LOCAL},
        {"fec0::1", 0},
        {"::ffff:169.254.9.9", LINK_LOCAL},
        {"224.0.0.1", MULTICAST},
        {"239.255.255.255", MULTICAST},
        {"240.0.0.1", 0},
        {"ff02::fb", MULTICAST},
        {"10.0.0.1", PRIVATE},
        {"11.0.0.1", 0},
        {"172.16.0.1", PRIVATE},
        {"172.31.255.255", PRIVATE},
        {"172.32.0.1", 0},
        {"172.15.0.1", 0},
        {"192.168.1.1", PRIVATE},
        {"192.169.1.1", 0},
        {"100.64.0.1", PRIVATE},
        {"100.127.0.1", PRIVATE},
        {"100.128.0.1", 0},
        {"fc00::1", PRIVATE},
        {"fdff::1", PRIVATE},
        {"fe00::1", 0},
        {"::ffff:10.1.2.3", PRIVATE},
        {"2001:db8::1", 0},
        {"192.0.2.1", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (classes(rows[i].text) != rows[i].classes)
            fail_msg("%s: classes %d, expected %d", rows[i].text, classes(rows[i].text), rows[i].classes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_both_ways),
        cmocka_unit_test(not_addresses),
        cmocka_unit_test(equality),
        cmocka_unit_test(address_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
