/* SPDX-License-Identifier: MIT */
/* The STUN codec: the test vectors of RFC 5769, what it writes, and what it must refuse. */
#include "stun_message.h"

#include "hash.h"
#include "writer.h"

#include <crtc/base.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* RFC 5769 section 2.1 */
static const uint8_t sample_request[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22,
    0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04,
    0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76,
    0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56,
    0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};
/* Section 2.2 */
static const uint8_t sample_ipv4_response[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
    0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08,
    0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43, 0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3,
    0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};
/* Section 2.3 */
static const uint8_t sample_ipv6_response[] = {
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf,
    0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20,
    0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe,
    0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c,
    0x82, 0x92, 0xc2, 0x75, 0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c};
/* Section 2.4 */
static const uint8_t sample_long_term[] = {
    0x00, 0x01, 0x00, 0x60, 0x21, 0x12, 0xa4, 0x42, 0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29, 0xda, 0x41, 0x2e,
    0x00, 0x06, 0x00, 0x12, 0xe3, 0x83, 0x9e, 0xe3, 0x83, 0x88, 0xe3, 0x83, 0xaa, 0xe3, 0x83, 0x83, 0xe3, 0x82, 0xaf, 0xe3,
    0x82, 0xb9, 0x00, 0x00, 0x00, 0x15, 0x00, 0x1c, 0x66, 0x2f, 0x2f, 0x34, 0x39, 0x39, 0x6b, 0x39, 0x35, 0x34, 0x64, 0x36,
    0x4f, 0x4c, 0x33, 0x34, 0x6f, 0x4c, 0x39, 0x46, 0x53, 0x54, 0x76, 0x79, 0x36, 0x34, 0x73, 0x41, 0x00, 0x14, 0x00, 0x0b,
    0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x6f, 0x72, 0x67, 0x00, 0x00, 0x08, 0x00, 0x14, 0xf6, 0x70, 0x24, 0x65,
    0x6d, 0xd6, 0x4a, 0x3e, 0x02, 0xb8, 0xe0, 0x71, 0x2e, 0x85, 0xc9, 0xa2, 0x8c, 0xa8, 0x96, 0x66};
static const char sample_password[] = "VOkJxbRl1RmTxUk/WvJxBt";

#define BYTES(array) slice_of(array, sizeof array)

static void vector_request(void **state)
{
    (void)state;
    struct stun_message m;
    assert_int_equal(stun_parse(BYTES(sample_request), &m), RTC_OK);
    assert_int_equal(m.class, STUN_REQUEST);
    assert_int_equal(m.method, STUN_BINDING);
    assert_true(slice_is(m.software, "STUN test client"));
    assert_true(slice_is(m.username, "evtj:h6vY"));
    assert_int_equal(m.priority, 0x6e0001ff);
    assert_true((m.has & STUN_HAS_CONTROLLED) && !(m.has & STUN_HAS_CONTROLLING));
    assert_int_equal(m.tie_breaker, 0x932ff9b151263b36);
    assert_true(m.has & STUN_HAS_FINGERPRINT);
    assert_int_equal(m.unknown_count, 0);
    assert_true(stun_authentic(&m, slice_str(sample_password)));
    assert_false(stun_authentic(&m, slice_str("VOkJxbRl1RmTxUk/WvJxBT")));
    assert_false(stun_authentic(&m, slice_str("")));
}

static void check_response(struct slice bytes, const char *ip)
{
    struct stun_message m;
    char text[ADDRESS_TEXT_MAX];
    assert_int_equal(stun_parse(bytes, &m), RTC_OK);
    assert_int_equal(m.class, STUN_SUCCESS);
    assert_int_equal(m.method, STUN_BINDING);
    assert_true(slice_is(m.software, "test vector"));
    assert_true(m.has & STUN_HAS_XOR_MAPPED);
    assert_string_equal(address_ip_text(&m.mapped, text), ip);
    assert_int_equal(m.mapped.port, 32853);
    assert_true(stun_authentic(&m, slice_str(sample_password)));
}

static void vector_responses(void **state)
{
    (void)state;
    check_response(BYTES(sample_ipv4_response), "192.0.2.1");
    check_response(BYTES(sample_ipv6_response), "2001:db8:1234:5678:11:2233:4455:6677");
}

static void vector_long_term(void **state)
{
    (void)state;
    static const char credentials[] = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9:example.org:TheMatrIX";
    uint8_t key[HASH_MD5_LEN];
    struct stun_message m;
    assert_int_equal(stun_parse(BYTES(sample_long_term), &m), RTC_OK);
    assert_true(slice_is(m.realm, "example.org"));
    assert_true(slice_is(m.nonce, "f//499k954d6OL34oL9FSTvy64sA"));
    assert_false(m.has & STUN_HAS_FINGERPRINT);
    assert_true(hash_md5(slice_str(credentials), key));
    assert_true(stun_authentic(&m, BYTES(key)));
}

/* A copy of exactly that size, so that a sanitizer sees a read past the end. */
static int parse_exact(const uint8_t *bytes, size_t len)
{
    struct stun_message m;
    uint8_t *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    int error = stun_parse(slice_of(exact, len), &m);
    if (error == RTC_OK)
        (void)stun_authentic(&m, slice_str(sample_password));
    free(exact);
    return error;
}

static void every_prefix(void **state)
{
    (void)state;
    static const struct slice samples[] = {{sample_request, sizeof sample_request},
                                           {sample_ipv4_response, sizeof sample_ipv4_response},
                                           {sample_ipv6_response, sizeof sample_ipv6_response},
                                           {sample_long_term, sizeof sample_long_term}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        for (size_t len = 0; len < samples[i].len; len++) {
            uint8_t copy[256];
            assert_int_equal(parse_exact(samples[i].data, len), RTC_ERR_SYNTAX);
            /* The same with a header that tells the truth. */
            memcpy(copy, samples[i].data, len);
            if (len >= STUN_HEADER_LEN)
                put_u16(copy + 2, (uint16_t)(len - STUN_HEADER_LEN));
            (void)parse_exact(copy, len);
        }
        assert_int_equal(parse_exact(samples[i].data, samples[i].len), RTC_OK);
    }
}

/* Any changed bit is noticed: by the parser, by FINGERPRINT or by MESSAGE-INTEGRITY. */
static void every_bit(void **state)
{
    (void)state;
    uint8_t copy[sizeof sample_request];
    for (size_t bit = 0; bit < 8 * sizeof copy; bit++) {
        struct stun_message m;
        memcpy(copy, sample_request, sizeof copy);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (stun_parse(BYTES(copy), &m) == RTC_OK && (m.has & STUN_HAS_FINGERPRINT))
            fail_msg("bit %u", (unsigned)bit);
    }
}

static void assert_same(const struct stun_message *a, const struct stun_message *b)
{
    assert_int_equal(a->class, b->class);
    assert_int_equal(a->method, b->method);
    assert_memory_equal(a->transaction, b->transaction, STUN_TRANSACTION_LEN);
    assert_int_equal(a->has, b->has & ~(uint32_t)STUN_HAS_INTEGRITY);
    assert_true(slice_eq(a->username, b->username) && slice_eq(a->realm, b->realm) && slice_eq(a->nonce, b->nonce));
    assert_true(slice_eq(a->software, b->software) && slice_eq(a->error_text, b->error_text));
    assert_true(slice_eq(a->unknown_attributes, b->unknown_attributes));
    assert_int_equal(a->priority, b->priority);
    assert_int_equal(a->tie_breaker, b->tie_breaker);
    assert_int_equal(a->error_code, b->error_code);
    assert_true(address_eq(&a->mapped, &b->mapped));
}

static void round_trip(void **state)
{
    (void)state;
    static const uint16_t methods[] = {1, 3, 0xf, 0x10, 0x7f, 0x80, 0xfff};
    for (unsigned i = 0; i < 4 * sizeof methods / sizeof methods[0]; i++) {
        struct stun_message m = {.class = (enum stun_class)(i % 4), .method = methods[i / 4], .transaction = "abcdefghijkl"}, back;
        uint8_t bytes[512];
        m.has = (i & 1 ? STUN_HAS_CONTROLLED : STUN_HAS_CONTROLLING) | (i & 2 ? STUN_HAS_XOR_MAPPED : STUN_HAS_MAPPED);
        m.has |= STUN_HAS_USERNAME | STUN_HAS_REALM | STUN_HAS_NONCE | STUN_HAS_SOFTWARE | STUN_HAS_PRIORITY | STUN_HAS_USE_CANDIDATE;
        m.has |= STUN_HAS_ERROR | STUN_HAS_UNKNOWN_ATTRIBUTES | (i & 4 ? STUN_HAS_FINGERPRINT : 0);
        m.username = slice_of("somebody:else", i % 14);
        m.realm = slice_str("r");
        m.nonce = slice_str("");
        m.software = slice_str("soft");
        m.priority = 0x80000001;
        m.tie_breaker = 0x8000000000000001;
        m.error_code = 487;
        m.error_text = slice_str("Role Conflict");
        m.unknown_attributes = slice_of("\x12\x34\x56\x78", 4);
        assert_true(address_parse(slice_str(i & 1 ? "2001:db8::1" : "192.0.2.9"), 65535, &m.mapped));
        size_t len = stun_write(&m, slice_str("key"), bytes, sizeof bytes);
        assert_true(len > 0);
        assert_int_equal(stun_parse(slice_of(bytes, len), &back), RTC_OK);
        assert_same(&m, &back);
        assert_true(stun_authentic(&back, slice_str("key")));
        /* No room: nothing is written past the end. */
        for (size_t room = 0; room < len; room++)
            assert_int_equal(stun_write(&m, slice_str("key"), bytes, room), 0);
    }
}

/* A message of one attribute with this type, claimed length and value. */
static int parse_one(uint16_t type, uint16_t claimed, const void *value, size_t len)
{
    uint8_t bytes[128] = {0x01, 0x01, 0, (uint8_t)(4 + len), 0x21, 0x12, 0xa4, 0x42};
    put_u16(bytes + STUN_HEADER_LEN, type);
    put_u16(bytes + STUN_HEADER_LEN + 2, claimed);
    memcpy(bytes + STUN_HEADER_LEN + 4, value, len);
    return parse_exact(bytes, STUN_HEADER_LEN + 4 + len);
}

static void hostile_attributes(void **state)
{
    (void)state;
    static const uint8_t v[64] = {0, 1};
    static const uint8_t odd_family[8] = {0, 3};
    static const uint8_t bad_number[4] = {0, 0, 4, 100};
    assert_int_equal(parse_one(STUN_SOFTWARE, 0xffff, v, 8), RTC_ERR_SYNTAX);
    assert_int_equal(parse_one(STUN_SOFTWARE, 9, v, 8), RTC_ERR_SYNTAX);
    assert_int_equal(parse_one(STUN_SOFTWARE, 5, v, 6), RTC_ERR_SYNTAX); /* length not a multiple of 4 */
    for (uint16_t len = 0; len <= 24; len++) {
        size_t padded = (size_t)(len + 3) / 4 * 4;
        assert_int_equal(parse_one(STUN_XOR_MAPPED_ADDRESS, len, v, padded), len == 8 ? RTC_OK : RTC_ERR_SYNTAX);
        assert_int_equal(parse_one(STUN_MAPPED_ADDRESS, len, v, padded), len == 8 ? RTC_OK : RTC_ERR_SYNTAX);
        assert_int_equal(parse_one(STUN_ERROR_CODE, len, v, padded), len >= 4 ? RTC_OK : RTC_ERR_SYNTAX);
        assert_int_equal(parse_one(STUN_PRIORITY, len, v, padded), len == 4 ? RTC_OK : RTC_ERR_SYNTAX);
        assert_int_equal(parse_one(STUN_ICE_CONTROLLED, len, v, padded), len == 8 ? RTC_OK : RTC_ERR_SYNTAX);
        assert_int_equal(parse_one(STUN_USE_CANDIDATE, len, v, padded), len == 0 ? RTC_OK : RTC_ERR_SYNTAX);
        assert_int_equal(parse_one(STUN_MESSAGE_INTEGRITY, len, v, padded), len == 20 ? RTC_OK : RTC_ERR_SYNTAX);
        assert_int_equal(parse_one(STUN_FINGERPRINT, len, v, padded), RTC_ERR_SYNTAX);
        assert_int_equal(parse_one(STUN_UNKNOWN_ATTRIBUTES, len, v, padded), len % 2 == 0 ? RTC_OK : RTC_ERR_SYNTAX);
        assert_int_equal(parse_one(0xc057, len, v, padded), RTC_OK);
    }
    assert_int_equal(parse_one(STUN_XOR_MAPPED_ADDRESS, 8, odd_family, 8), RTC_ERR_SYNTAX);
    assert_int_equal(parse_one(STUN_ERROR_CODE, 4, bad_number, 4), RTC_ERR_SYNTAX);
}

static void hostile_messages(void **state)
{
    (void)state;
    static uint8_t big[STUN_MESSAGE_MAX + 4] = {0x00, 0x01, 0x07, 0xf0, 0x21, 0x12, 0xa4, 0x42};
    struct stun_message m;
    /* Longer than any datagram of STUN: refused whole, however its length reads. */
    assert_int_equal(stun_parse(slice_of(big, sizeof big), &m), RTC_ERR_SYNTAX);
    /* A huge USERNAME parses; whoever compares it sees a stranger. */
    put_u16(big + 2, STUN_MESSAGE_MAX - STUN_HEADER_LEN);
    put_u16(big + 20, STUN_USERNAME);
    put_u16(big + 22, STUN_MESSAGE_MAX - STUN_HEADER_LEN - 4);
    assert_int_equal(stun_parse(slice_of(big, STUN_MESSAGE_MAX), &m), RTC_OK);
    assert_int_equal(m.username.len, STUN_MESSAGE_MAX - STUN_HEADER_LEN - 4);
    /* Not STUN at all. */
    big[4] = 0;
    assert_int_equal(stun_parse(slice_of(big, STUN_MESSAGE_MAX), &m), RTC_ERR_SYNTAX);
    big[4] = 0x21;
    big[0] = 0x40;
    assert_int_equal(stun_parse(slice_of(big, STUN_MESSAGE_MAX), &m), RTC_ERR_SYNTAX);
}

static void many_unknown(void **state)
{
    (void)state;
    uint8_t bytes[STUN_HEADER_LEN + 4 * 20] = {0x00, 0x01, 0, 80, 0x21, 0x12, 0xa4, 0x42};
    struct stun_message m;
    for (size_t i = 0; i < 20; i++)
        put_u16(bytes + STUN_HEADER_LEN + 4 * i, (uint16_t)(0x7f00 + i));
    assert_int_equal(stun_parse(BYTES(bytes), &m), RTC_OK);
    assert_int_equal(m.unknown_count, STUN_UNKNOWN_MAX);
    assert_int_equal(m.unknown[0], 0x7f00);
}

/* What follows MESSAGE-INTEGRITY is not authenticated: it must not count. The first of two attributes counts. */
static void unprotected_attributes(void **state)
{
    (void)state;
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING, .has = STUN_HAS_USERNAME}, back;
    uint8_t bytes[256];
    m.username = slice_str("first");
    size_t len = stun_write(&m, slice_str("key"), bytes, sizeof bytes);
    const uint8_t more[] = {0x00, 0x25, 0, 0, 0x00, 0x06, 0, 4, 'e', 'v', 'i', 'l'};
    memcpy(bytes + len, more, sizeof more);
    put_u16(bytes + 2, (uint16_t)(len + sizeof more - STUN_HEADER_LEN));
    assert_int_equal(stun_parse(slice_of(bytes, len + sizeof more), &back), RTC_OK);
    assert_false(back.has & STUN_HAS_USE_CANDIDATE);
    assert_true(slice_is(back.username, "first"));
    assert_true(stun_authentic(&back, slice_str("key")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_request),         cmocka_unit_test(vector_responses), cmocka_unit_test(vector_long_term),
        cmocka_unit_test(every_prefix),           cmocka_unit_test(every_bit),        cmocka_unit_test(round_trip),
        cmocka_unit_test(hostile_attributes),     cmocka_unit_test(hostile_messages), cmocka_unit_test(many_unknown),
        cmocka_unit_test(unprotected_attributes),
    };
    return cmocka_run_group_tests_name("stun message", tests, NULL, NULL);
}
