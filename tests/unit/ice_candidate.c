/* SPDX-License-Identifier: MIT */
/* The candidate-attribute: what peers write, what is printed, what is refused; and priorities. */
#include "ice_candidate.h"

#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

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

static char *print(const struct ice_candidate *c)
{
    struct text t = text_new(context);
    ice_candidate_print(c, &t);
    char *text = text_take(&t);
    assert_non_null(text);
    return text;
}

struct line {
    const char *text;
    const char *printed; /* NULL: as it was */
};

static const struct line lines[] = {
    {"candidate:0 1 UDP 2122187007 192.0.2.2 40981 typ host", "candidate:0 1 udp 2122187007 192.0.2.2 40981 typ host"},
    {"a=candidate:2 1 TCP 2105458943 192.0.2.2 9 typ host tcptype active",
     "candidate:2 1 tcp 2105458943 192.0.2.2 9 typ host tcptype active"},
    {"candidate:3077952869 1 udp 2122265343 fd00::2 36005 typ host generation 0 network-id 2",
     "candidate:3077952869 1 udp 2122265343 fd00::2 36005 typ host"},
    {"candidate:3284285721 1 tcp 1518214911 192.0.2.2 9 typ host tcptype active generation 0 network-id 1",
     "candidate:3284285721 1 tcp 1518214911 192.0.2.2 9 typ host tcptype active"},
    {"candidate:f957a2332b1715da3b0ef8ba684454eb 1 udp 2130706431 192.0.2.2 58690 typ host", NULL},
    {"candidate:2628029441 1 udp 2122260223 0d61a1c6-1de3-4b0b-9a3c-6b2a6a3a4b57.local 51500 typ host generation 0 ufrag EsAw network-id 1",
     "candidate:2628029441 1 udp 2122260223 0d61a1c6-1de3-4b0b-9a3c-6b2a6a3a4b57.local 51500 typ host ufrag EsAw"},
    {"candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.17.1 rport 46154 generation 0 network-cost 999",
     "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.17.1 rport 46154"},
    {"candidate:5 1 udp 41885439 2001:db8::5 50000 typ relay raddr 203.0.113.7 rport 46154", NULL},
    {"candidate:6 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr hidden.local rport 9",
     "candidate:6 1 udp 1677729535 203.0.113.7 46154 typ srflx"},
    {"candidate:7 256 udp 4294967295 192.0.2.1 0 typ prflx", NULL},
    {"candidate:8 1 tcp 1 192.0.2.1 9 typ host tcptype so", NULL},
    {"candidate:a+/Z09 1 udp 0 ::ffff:192.0.2.1 65535 typ host", NULL},
    {"candidate:9 1 udp 1 192.0.2.1 5 typ host ufrag  network-id 3", "candidate:9 1 udp 1 192.0.2.1 5 typ host ufrag network-id"},
};

static void grammar(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct ice_candidate c, again;
        assert_int_equal(ice_candidate_parse(slice_str(lines[i].text), &c), RTC_OK);
        char *text = print(&c);
        assert_string_equal(text, lines[i].printed ? lines[i].printed : lines[i].text);
        assert_int_equal(ice_candidate_parse(slice_str(text), &again), RTC_OK);
        char *twice = print(&again);
        assert_string_equal(twice, text);
        memory_free(context, text);
        memory_free(context, twice);
    }
}

static void fields(void **state)
{
    (void)state;
    struct ice_candidate c;
    char text[ADDRESS_TEXT_MAX];
    assert_int_equal(ice_candidate_parse(slice_str(lines[6].text), &c), RTC_OK);
    assert_string_equal(c.foundation, "842163049");
    assert_int_equal(c.component, 1);
    assert_int_equal(c.protocol, PATH_UDP);
    assert_int_equal(c.type, ICE_SERVER_REFLEXIVE);
    assert_int_equal(c.priority, 1677729535);
    assert_string_equal(address_text(&c.address, text), "203.0.113.7:46154");
    assert_string_equal(address_text(&c.related, text), "10.0.17.1:46154");
    assert_string_equal(c.name, "");
    assert_int_equal(ice_candidate_parse(slice_str(lines[5].text), &c), RTC_OK);
    assert_int_equal(c.address.family, ADDRESS_NONE);
    assert_int_equal(c.address.port, 51500);
    assert_string_equal(c.name, "0d61a1c6-1de3-4b0b-9a3c-6b2a6a3a4b57.local");
    assert_string_equal(c.ufrag, "EsAw");
    assert_int_equal(ice_candidate_parse(slice_str(lines[3].text), &c), RTC_OK);
    assert_int_equal(c.protocol, PATH_TCP);
    assert_int_equal(c.tcp_type, ICE_TCP_ACTIVE);
}

static void every_prefix(void **state)
{
    (void)state;
    struct ice_candidate c;
    const char *text = "candidate:1 1 udp 1 192.0.2.1 5 typ host";
    for (size_t len = 0; len < strlen(text); len++)
        assert_int_equal(ice_candidate_parse(slice_of(text, len), &c), RTC_ERR_SYNTAX);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (size_t len = 0; len < strlen(lines[i].text); len++)
            (void)ice_candidate_parse(slice_of(lines[i].text, len), &c);
}

static void refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "candidate:",
        "1 1 udp 1 192.0.2.1 5 typ host",
        "candidate: 1 udp 1 192.0.2.1 5 typ host",
        "candidate:1 0 udp 1 192.0.2.1 5 typ host",
        "candidate:1 257 udp 1 192.0.2.1 5 typ host",
        "candidate:1 1 sctp 1 192.0.2.1 5 typ host",
        "candidate:1 1 udp 4294967296 192.0.2.1 5 typ host",
        "candidate:1 1 udp -1 192.0.2.1 5 typ host",
        "candidate:1 1 udp 1 192.0.2.1 70000 typ host",
        "candidate:1 1 udp 1 192.0.2.1 -5 typ host",
        "candidate:1 1 udp 1 192.0.2.1 5 typ strange",
        "candidate:1 1 udp 1 192.0.2.1 5 type host",
        "candidate:1 1 udp 1 a;b 5 typ host",
        "candidate:1\r\n1 udp 1 192.0.2.1 5 typ host",
        "candidate:1 1 udp 1 192.0.2.1 5 typ host\r\na=evil",
        "candidate:1 1 udp 1 192.0.2.1 5 typ host generation 0\n",
        "candidate:1 1 udp 1 192.0.2.1 5 typ host rport 65536",
        "candidate:1 1 tcp 1 192.0.2.1 5 typ host tcptype sideways",
        "candidate:012345678901234567890123456789012 1 udp 1 192.0.2.1 5 typ host",
    };
    struct ice_candidate c;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ice_candidate_parse(slice_str(bad[i]), &c) != RTC_ERR_SYNTAX)
            fail_msg("accepted: %s", bad[i]);
    assert_int_equal(ice_candidate_parse(slice_of("candidate:1 1 udp 1 a\0b 5 typ host", 34), &c), RTC_ERR_SYNTAX);
}

static void priorities(void **state)
{
    (void)state;
    assert_int_equal(ice_candidate_priority(ICE_HOST, 65535, 1), 2130706431);
    assert_int_equal(ice_candidate_priority(ICE_SERVER_REFLEXIVE, 65535, 1), 1694498815);
    assert_int_equal(ice_candidate_priority(ICE_PEER_REFLEXIVE, 65535, 1), 1862270975);
    assert_int_equal(ice_candidate_priority(ICE_RELAYED, 0, 256), 0);
    assert_string_equal(ice_candidate_type_name(ICE_RELAYED), "relay");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar), cmocka_unit_test(fields),     cmocka_unit_test(every_prefix),
        cmocka_unit_test(refused), cmocka_unit_test(priorities),
    };
    return cmocka_run_group_tests_name("ice candidate", tests, setup, teardown);
}
