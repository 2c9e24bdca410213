/* SPDX-License-Identifier: MIT */
/* DNS messages: round trips, every truncation, and what hostile hosts on the link may send. */
#include "dns_message.h"

#include <crtc/base.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define NAME "1f4712db-ea17-4bcf-a596-105139dfd8bf.local"

/* A response of another implementation to a query for an address: compressed names, and a record that is no address behind it. */
static const uint8_t sample[] = {0,    0,    0x84, 0,   0,    0, 0, 2,    0, 0,   0, 0, 4,    'h',  'o', 's', 't', 5, 'l',
                                 'o',  'c',  'a',  'l', 0,    0, 1, 0x80, 1, 0,   0, 0, 120,  0,    4,   192, 0,   2, 7,
                                 0xc0, 0x0c, 0,    47,  0x80, 1, 0, 0,    0, 120, 0, 5, 0xc0, 0x0c, 0,   1,   0x40};

static int parse(const void *bytes, size_t len, struct dns_message *m)
{
    uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees a read past the end */
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    int error = dns_parse(slice_of(exact, len), m);
    free(exact);
    return error;
}

static struct dns_message whole(void)
{
    struct dns_message m = {.id = 0x1234, .response = true, .authoritative = true, .question_count = 2, .record_count = 5};
    m.questions[0] = (struct dns_question){.name = NAME, .type = DNS_A, .class = DNS_CLASS_IN, .unicast = true};
    m.questions[1] = (struct dns_question){.name = "a.b.example", .type = DNS_ANY, .class = DNS_CLASS_ANY};
    m.records[0] = (struct dns_record){.name = NAME, .type = DNS_A, .class = DNS_CLASS_IN, .flush = true, .ttl = 120};
    m.records[0].address = address_ipv4(192, 0, 2, 1, 0);
    m.records[1] = m.records[0];
    m.records[1].type = DNS_AAAA;
    m.records[1].section = DNS_ADDITIONAL;
    m.records[1].address = (struct address){.family = ADDRESS_IPV6, .ip = {0x20, 1, 0xd, 0xb8, [15] = 9}};
    m.records[2] = m.records[0];
    m.records[2].section = DNS_ADDITIONAL;
    m.records[2].flush = false;
    m.records[2].ttl = 0;
    m.records[3] = m.records[2];
    m.records[3].type = DNS_NSEC;
    m.records[3].address = (struct address){0};
    m.records[3].has = DNS_HAS_A;
    m.records[4] = m.records[3];
    m.records[4].has = DNS_HAS_A | DNS_HAS_AAAA;
    return m;
}

static void a_message_comes_back(void **state)
{
    (void)state;
    uint8_t bytes[900], again[900];
    struct dns_message m = whole(), read;
    size_t len = dns_write(&m, bytes, sizeof bytes);
    assert_true(len > 0);
    assert_int_equal(parse(bytes, len, &read), RTC_OK);
    assert_int_equal(read.id, 0x1234);
    assert_true(read.response && read.authoritative && !read.truncated && read.opcode == 0 && read.rcode == 0);
    assert_int_equal(read.question_count, 2);
    assert_string_equal(read.questions[0].name, NAME);
    assert_true(read.questions[0].unicast && read.questions[0].class == DNS_CLASS_IN && read.questions[0].type == DNS_A);
    assert_string_equal(read.questions[1].name, "a.b.example");
    assert_true(!read.questions[1].unicast && read.questions[1].class == DNS_CLASS_ANY);
    assert_int_equal(read.record_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(read.records[i].has, m.records[i].has);
        assert_string_equal(read.records[i].name, NAME);
        assert_true(address_eq(&read.records[i].address, &m.records[i].address));
        assert_int_equal(read.records[i].section, m.records[i].section);
        assert_int_equal(read.records[i].ttl, m.records[i].ttl);
        assert_int_equal(read.records[i].flush, m.records[i].flush);
    }
    assert_int_equal(dns_write(&read, again, sizeof again), len);
    assert_memory_equal(bytes, again, len);
    for (size_t room = 0; room < len; room++)
        assert_int_equal(dns_write(&m, again, room), 0);
}

static void every_truncation_is_malformed(void **state)
{
    (void)state;
    uint8_t bytes[900];
    struct dns_message m = whole(), read;
    size_t len = dns_write(&m, bytes, sizeof bytes);
    for (size_t n = 0; n < len; n++)
        assert_int_equal(parse(bytes, n, &read), RTC_ERR_SYNTAX);
    for (size_t n = 0; n < sizeof sample; n++)
        assert_int_equal(parse(sample, n, &read), RTC_ERR_SYNTAX);
    bytes[len] = 0;
    assert_int_equal(parse(bytes, len + 1, &read), RTC_ERR_SYNTAX);
}

static void compressed_names_are_read(void **state)
{
    (void)state;
    struct dns_message m;
    assert_int_equal(parse(sample, sizeof sample, &m), RTC_OK);
    assert_int_equal(m.record_count, 2);
    assert_string_equal(m.records[0].name, "host.local");
    assert_true(m.records[0].flush);
    assert_int_equal(m.records[0].address.ip[3], 7);
    assert_int_equal(m.records[1].type, DNS_NSEC);
    assert_int_equal(m.records[1].has, DNS_HAS_A);
}

/* A query with one question whose name is `name`. */
static int ask(const uint8_t *name, size_t len, struct dns_message *m)
{
    uint8_t bytes[1500] = {[5] = 1};
    memcpy(bytes + 12, name, len);
    memcpy(bytes + 12 + len, "\0\1\0\1", 4);
    return parse(bytes, 16 + len, m);
}

static void pointers_only_go_back(void **state)
{
    (void)state;
    struct dns_message m;
    static const uint8_t self[] = {0xc0, 12}, forth[] = {0xc0, 14}, header[] = {0xc0, 2}, loop[] = {1, 'a', 0xc0, 12}, far[] = {0xff, 0xff};
    static const uint8_t reserved[] = {0x80, 'a', 0}, extended[] = {0x41, 'a', 0};
    assert_int_equal(ask(self, sizeof self, &m), RTC_ERR_SYNTAX);
    assert_int_equal(ask(forth, sizeof forth, &m), RTC_ERR_SYNTAX);
    assert_int_equal(ask(header, sizeof header, &m), RTC_ERR_SYNTAX);
    assert_int_equal(ask(loop, sizeof loop, &m), RTC_ERR_SYNTAX);
    assert_int_equal(ask(far, sizeof far, &m), RTC_ERR_SYNTAX);
    assert_int_equal(ask(reserved, sizeof reserved, &m), RTC_ERR_SYNTAX);
    assert_int_equal(ask(extended, sizeof extended, &m), RTC_ERR_SYNTAX);
}

/* Pointers that lead through many others make the longest name there is, and not one octet more. */
static void names_are_bounded(void **state)
{
    (void)state;
    struct dns_message m;
    uint8_t name[300];
    size_t n = 0;
    for (int label = 0; label < 127; label++) {
        name[n++] = 1;
        name[n++] = 'x';
    }
    name[n++] = 0;
    assert_int_equal(n, 255);
    assert_int_equal(ask(name, n, &m), RTC_OK);
    assert_int_equal(strlen(m.questions[0].name), 253);
    name[n - 1] = 1;
    name[n++] = 'x';
    name[n++] = 0;
    assert_int_equal(ask(name, n, &m), RTC_ERR_SYNTAX);
}

static void names_that_are_no_text_are_nobodys(void **state)
{
    (void)state;
    struct dns_message m;
    static const uint8_t dot[] = {7, 'a', '.', 'l', 'o', 'c', 'a', 'l', 0}, zero[] = {2, 'a', 0, 0}, root[] = {0},
                         space[] = {2, 'a', ' ', 0};
    assert_int_equal(ask(dot, sizeof dot, &m), RTC_OK);
    assert_string_equal(m.questions[0].name, "");
    assert_int_equal(ask(zero, sizeof zero, &m), RTC_OK);
    assert_string_equal(m.questions[0].name, "");
    assert_int_equal(ask(root, sizeof root, &m), RTC_OK);
    assert_string_equal(m.questions[0].name, "");
    assert_int_equal(ask(space, sizeof space, &m), RTC_OK);
    assert_string_equal(m.questions[0].name, "");
}

static void more_than_there_is_room_for_is_left_out(void **state)
{
    (void)state;
    struct dns_message m;
    uint8_t bytes[12 + 200 * 5];
    memset(bytes, 0, sizeof bytes);
    bytes[5] = 200;
    for (size_t i = 0; i < 200; i++)
        memcpy(bytes + 12 + 5 * i, "\0\0\1\0\1", 5);
    assert_int_equal(parse(bytes, sizeof bytes, &m), RTC_OK);
    assert_int_equal(m.question_count, DNS_QUESTIONS_MAX);
    bytes[5] = 201;
    assert_int_equal(parse(bytes, sizeof bytes, &m), RTC_ERR_SYNTAX);
    bytes[4] = 0xff;
    assert_int_equal(parse(bytes, sizeof bytes, &m), RTC_ERR_SYNTAX);
}

static void addresses_have_their_length(void **state)
{
    (void)state;
    struct dns_message m;
    uint8_t bytes[sizeof sample];
    memcpy(bytes, sample, sizeof sample);
    bytes[25] = 28; /* AAAA with four bytes */
    assert_int_equal(parse(bytes, sizeof bytes, &m), RTC_ERR_SYNTAX);
}

static void what_is_no_name_is_not_written(void **state)
{
    (void)state;
    static const char *const bad[] = {"a..b", ".a", "a.", "0123456789012345678901234567890123456789012345678901234567890123"};
    uint8_t bytes[900];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct dns_message m = {.question_count = 1};
        memcpy(m.questions[0].name, bad[i], strlen(bad[i]));
        assert_int_equal(dns_write(&m, bytes, sizeof bytes), 0);
    }
    struct dns_message m = whole();
    memset(m.questions[1].name, 'a', 254);
    for (size_t i = 60; i < 254; i += 60)
        m.questions[1].name[i] = '.';
    assert_int_equal(dns_write(&m, bytes, sizeof bytes), 0);
    m.questions[1].name[253] = 0;
    assert_true(dns_write(&m, bytes, sizeof bytes) > 0);
    m.records[0].address = (struct address){0};
    assert_int_equal(dns_write(&m, bytes, sizeof bytes), 0);
}

static void case_does_not_matter(void **state)
{
    (void)state;
    assert_true(dns_name_eq("ABCDEF-1.local", "abcdef-1.LOCAL"));
    assert_false(dns_name_eq("abcdef-1.local", "abcdef-1.loca"));
    assert_false(dns_name_eq("", "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_comes_back),
        cmocka_unit_test(every_truncation_is_malformed),
        cmocka_unit_test(compressed_names_are_read),
        cmocka_unit_test(pointers_only_go_back),
        cmocka_unit_test(names_are_bounded),
        cmocka_unit_test(names_that_are_no_text_are_nobodys),
        cmocka_unit_test(more_than_there_is_room_for_is_left_out),
        cmocka_unit_test(addresses_have_their_length),
        cmocka_unit_test(what_is_no_name_is_not_written),
        cmocka_unit_test(case_does_not_matter),
    };
    return cmocka_run_group_tests_name("dns message", tests, NULL, NULL);
}
