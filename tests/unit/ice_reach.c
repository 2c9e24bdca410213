/* SPDX-License-Identifier: MIT */
/* Which addresses and ports no peer has: each kind, its neighbours on both sides, its forms in IPv6, and what the application says. */
#include "ice_reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct address at(const char *ip, uint16_t port)
{
    struct address a;
    if (!address_parse(slice_str(ip), port, &a))
        fail_msg("'%s' is no address", ip);
    return a;
}

static void expect(const struct ice_rules *rules, const char *ip, uint16_t port, enum path_protocol protocol, bool refused)
{
    struct address a = at(ip, port);
    const char *why = ice_unreachable(rules, &a, protocol);
    if ((why != NULL) != refused)
        fail_msg("%s port %u over %s: %s", ip, port, protocol == PATH_TCP ? "TCP" : "UDP", why ? why : "taken");
}

static void expect_both(const char *ip, bool refused)
{
    expect(NULL, ip, 40000, PATH_UDP, refused);
    expect(NULL, ip, 40000, PATH_TCP, refused);
}

static void addresses(void **state)
{
    (void)state;
    static const char *const never[] = {"0.0.0.0",
                                        "0.0.0.1",
                                        "0.255.255.255",
                                        "224.0.0.1",
                                        "239.255.255.255",
                                        "240.0.0.1",
                                        "255.255.255.254",
                                        "255.255.255.255",
                                        "169.254.169.254",
                                        "169.254.170.2",
                                        "168.63.129.16",
                                        "100.100.100.200",
                                        "192.0.0.192",
                                        "::",
                                        "ff02::1",
                                        "ff0e::1",
                                        "fe80::1",
                                        "febf::1",
                                        "fd00:ec2::254",
                                        "fd20:ce::254",
                                        "::ffff:192.0.2.1",
                                        "::ffff:169.254.169.254",
                                        "::192.0.2.1",
                                        "::2",
                                        "64:ff9b::169.254.169.254",
                                        "64:ff9b::127.0.0.1",
                                        "64:ff9b::0.0.0.0",
                                        "64:ff9b::255.255.255.255",
                                        "64:ff9b::224.0.0.1",
                                        "64:ff9b:1::169.254.169.254",
                                        "64:ff9b:1:a9fe:a9:fe00:1:1",
                                        "2002:a9fe:a9fe::1",
                                        "2002:7f00:1::1",
                                        "2002:e000:1::",
                                        "fd00:ec2::23",
                                        "fd00:ec2::253",
                                        "::ffff:0:192.0.2.1",
                                        "::ffff:0:127.0.0.1",
                                        "2001:0:c000:201:0:63bf:5601:5601",  /* Teredo: 169.254.169.254 */
                                        "2001:0:c000:201:0:63bf:80ff:fffe",  /* 127.0.0.1 */
                                        "2001:0:c000:201:0:63bf:0:0",        /* 255.255.255.255 */
                                        "2001:0:c000:201:0:ffca:3fff:fdfe"}; /* 192.0.2.1, port 53 */
    static const char *const peers[] = {"1.0.0.0",
                                        "10.0.0.255",
                                        "192.0.2.1",
                                        "192.168.1.255",
                                        "172.16.0.1",
                                        "100.64.0.1",
                                        "100.100.100.201",
                                        "223.255.255.255",
                                        "168.63.129.17",
                                        "128.0.0.1",
                                        "126.0.0.1",
                                        "2001:db8::1",
                                        "fc00::1",
                                        "fd00:ec2:1::253",
                                        "fd00:ec3::254",
                                        "::fffe:0:192.0.2.1",
                                        "2001:0:c000:201:0:63bf:3fff:fdfe",
                                        "2001:1:c000:201:0:63bf:5601:5601",
                                        "fec0::1",
                                        "64:ff9b::192.0.2.1",
                                        "64:ff9b:1::192.0.2.1",
                                        "64:ff9c::7f00:1",
                                        "2002:c000:201::1",
                                        "1::1"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        expect_both(never[i], true);
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
        expect_both(peers[i], false);
    /* Who would send there decides about these. */
    expect_both("127.0.0.1", false);
    expect_both("127.255.255.254", false);
    expect_both("::1", false);
    /* Two hosts on one cable have no others. */
    expect(NULL, "169.254.1.1", 40000, PATH_UDP, false);
    expect(NULL, "169.254.1.1", 40000, PATH_TCP, true);
    assert_non_null(ice_unreachable(NULL, &(struct address){.family = ADDRESS_NONE, .port = 1}, PATH_UDP));
}

static void ports(void **state)
{
    (void)state;
    static const uint16_t never[] = {0, 1, 7, 9, 19, 22, 25, 53, 69, 111, 123, 137, 161, 389, 500, 514, 1023};
    static const uint16_t reflectors[] = {1900, 3702, 5353, 5355, 11211};
    static const uint16_t bad[] = {1719, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6669, 6679, 6697, 10080};
    static const uint16_t peers[] = {1024, 3478, 5349, 5354, 10000, 49152, 65535};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        expect(NULL, "192.0.2.1", never[i], PATH_UDP, true);
        expect(NULL, "192.0.2.1", never[i], PATH_TCP, true);
        expect(NULL, "2001:db8::1", never[i], PATH_UDP, true);
    }
    for (size_t i = 0; i < sizeof reflectors / sizeof reflectors[0]; i++) {
        expect(NULL, "192.0.2.1", reflectors[i], PATH_UDP, true);
        expect(NULL, "192.0.2.1", reflectors[i], PATH_TCP, false);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect(NULL, "192.0.2.1", bad[i], PATH_UDP, false);
        expect(NULL, "192.0.2.1", bad[i], PATH_TCP, true);
        expect(NULL, "10.0.0.1", bad[i], PATH_TCP, true);
    }
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        expect(NULL, "192.0.2.1", peers[i], PATH_UDP, false);
        expect(NULL, "10.0.0.1", peers[i], PATH_TCP, false);
    }
    static const uint16_t web[] = {80, 443};
    for (size_t i = 0; i < 2; i++) {
        expect(NULL, "192.0.2.1", web[i], PATH_UDP, false);
        expect(NULL, "10.0.0.1", web[i], PATH_UDP, false);
        expect(NULL, "192.0.2.1", web[i], PATH_TCP, false);
        expect(NULL, "10.0.0.1", web[i], PATH_TCP, true);
        expect(NULL, "127.0.0.1", web[i], PATH_TCP, true);
        expect(NULL, "fc00::1", web[i], PATH_TCP, true);
        expect(NULL, "64:ff9b::10.0.0.1", web[i], PATH_TCP, true);
        expect(NULL, "64:ff9b:1::192.168.0.1", web[i], PATH_TCP, true);
        expect(NULL, "2002:a00:1::1", web[i], PATH_TCP, true);
        expect(NULL, "64:ff9b::192.0.2.1", web[i], PATH_TCP, false);
    }
}

static void what_the_application_says(void **state)
{
    (void)state;
    struct ice_rules *rules = calloc(1, sizeof *rules);
    assert_non_null(rules);
    expect(rules, "192.0.2.1", 40000, PATH_UDP, false);
    assert_int_equal(ice_filters_add(&rules->remote_allow, slice_str("240.0.0.0/4")), 0);
    assert_int_equal(ice_filters_add(&rules->remote_allow, slice_str("192.0.2.53")), 0);
    assert_int_equal(ice_filters_add(&rules->remote_deny, slice_str("10.0.0.0/8")), 0);
    assert_int_equal(ice_filters_add(&rules->remote_deny, slice_str("250.0.0.0/8")), 0);
    expect(rules, "240.0.0.1", 40000, PATH_UDP, false);
    expect(rules, "250.0.0.1", 40000, PATH_UDP, true); /* denied, though allowed */
    expect(rules, "192.0.2.53", 53, PATH_UDP, false);
    expect(rules, "192.0.2.53", 0, PATH_UDP, true); /* nobody can be there */
    expect(rules, "192.0.2.54", 53, PATH_UDP, true);
    expect(rules, "10.1.2.3", 40000, PATH_UDP, true);
    static const char *const forms[] = {"64:ff9b::10.1.2.3", "64:ff9b:1::10.1.2.3", "64:ff9b:1:a01:2:300::", "2002:a01:203::1",
                                        "2001:0:c000:201:0:63bf:f5fe:fdfc"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        expect(rules, forms[i], 40000, PATH_UDP, true); /* a translator or a tunnel would lead there */
        expect(NULL, forms[i], 40000, PATH_UDP, false);
    }
    expect(rules, "10.1.2.3", 40000, PATH_TCP, true);
    expect(rules, "11.1.2.3", 40000, PATH_UDP, false);
    free(rules);
}

static void broadcasts(void **state)
{
    (void)state;
    static const struct {
        const char *interface;
        uint8_t bits;
        const char *address;
        bool is;
    } cases[] = {
        {"192.0.2.77", 24, "192.0.2.255", true},   {"192.0.2.77", 24, "192.0.2.0", true},     {"192.0.2.77", 24, "192.0.2.254", false},
        {"192.0.2.77", 24, "192.0.3.255", false},  {"192.0.2.77", 25, "192.0.2.127", true},   {"192.0.2.77", 25, "192.0.2.255", false},
        {"10.1.2.3", 8, "10.255.255.255", true},   {"10.1.2.3", 8, "10.1.2.255", false},      {"10.1.2.3", 30, "10.1.2.3", true},
        {"10.1.2.2", 31, "10.1.2.3", false},       {"10.1.2.3", 32, "10.1.2.3", false},       {"10.1.2.3", 0, "255.255.255.255", false},
        {"2001:db8::1", 24, "192.0.2.255", false}, {"192.0.2.77", 24, "2001:db8::ff", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address interface = at(cases[i].interface, 0), address = at(cases[i].address, 40000);
        if (ice_is_broadcast_of(&interface, cases[i].bits, &address) != cases[i].is)
            fail_msg("%s/%u and %s", cases[i].interface, cases[i].bits, cases[i].address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(ports), cmocka_unit_test(what_the_application_says),
                                       cmocka_unit_test(broadcasts)};
    return cmocka_run_group_tests_name("where checks go", tests, NULL, NULL);
}
