/* SPDX-License-Identifier: MIT */
/* The DCEP codec: vectors, round trips, and every message cut short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dcep.h"

static void test_vector(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {3, 0x81, 1, 0, 0, 0, 0, 5, 0, 4, 0, 1, 'c', 'h', 'a', 't', 'p'};
    struct dcep_open o;
    assert_true(dcep_parse_open(slice_of(bytes, sizeof bytes), &o));
    assert_true(o.unordered);
    assert_int_equal(o.max_retransmits, 5);
    assert_int_equal(o.max_packet_life_ms, -1);
    assert_int_equal(o.priority, 256);
    assert_true(slice_is(o.label, "chat"));
    assert_true(slice_is(o.protocol, "p"));
    uint8_t again[sizeof bytes];
    assert_int_equal(dcep_open_len(&o), sizeof bytes);
    assert_true(dcep_write_open(&o, again, sizeof again));
    assert_memory_equal(again, bytes, sizeof bytes);
    assert_false(dcep_write_open(&o, again, sizeof again - 1));
}

static void round_trip(bool unordered, int32_t retransmits, int32_t life, size_t label_len, size_t protocol_len)
{
    static uint8_t text[65536];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 5);
    struct dcep_open in = {unordered, retransmits, life, 512, slice_of(text, label_len), slice_of(text + 1, protocol_len)}, out;
    size_t len = dcep_open_len(&in);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    assert_true(dcep_write_open(&in, bytes, len));
    assert_true(dcep_parse_open(slice_of(bytes, len), &out));
    assert_int_equal(out.unordered, unordered);
    assert_int_equal(out.max_retransmits, retransmits);
    assert_int_equal(out.max_packet_life_ms, life);
    assert_int_equal(out.priority, 512);
    assert_true(slice_eq(out.label, in.label));
    assert_true(slice_eq(out.protocol, in.protocol));
    free(bytes);
}

static void test_round_trips(void **state)
{
    (void)state;
    for (int unordered = 0; unordered < 2; unordered++) {
        round_trip(unordered, -1, -1, 0, 0);
        round_trip(unordered, 0, -1, 1, 0);
        round_trip(unordered, -1, 0, 0, 1);
        round_trip(unordered, INT32_MAX, -1, 255, 256);
        round_trip(unordered, -1, 3000, 65535, 65535);
    }
}

static void test_every_prefix(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2, 'a', 'b', 'c', 'd', 'e', '!'};
    struct dcep_open o;
    for (size_t len = 0; len <= sizeof bytes; len++) {
        uint8_t *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, bytes, len);
        assert_int_equal(dcep_parse_open(slice_of(exact, len), &o), len == sizeof bytes - 1);
        free(exact);
    }
}

static void test_refused(void **state)
{
    (void)state;
    struct dcep_open o;
    uint8_t bytes[12] = {3};
    assert_true(dcep_parse_open(slice_of(bytes, 12), &o));
    for (unsigned type = 0; type < 256; type++) {
        bytes[1] = (uint8_t)type;
        assert_int_equal(dcep_parse_open(slice_of(bytes, 12), &o), (type & 0x7f) <= 2);
    }
    bytes[1] = 0;
    bytes[0] = 2;
    assert_false(dcep_parse_open(slice_of(bytes, 12), &o));
    bytes[0] = 3;
    bytes[8] = 0xff; /* a label past the end */
    assert_false(dcep_parse_open(slice_of(bytes, 12), &o));
    bytes[8] = 0;
    bytes[10] = 0xff;
    assert_false(dcep_parse_open(slice_of(bytes, 12), &o));
    struct dcep_open longer = {.label = slice_of(bytes, 65536)};
    assert_false(dcep_write_open(&longer, bytes, sizeof bytes));
    /* A parameter over what we count with is as good as the largest. */
    static const uint8_t huge[] = {3, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};
    assert_true(dcep_parse_open(slice_of(huge, sizeof huge), &o));
    assert_int_equal(o.max_retransmits, INT32_MAX);
}

static void test_type(void **state)
{
    (void)state;
    assert_int_equal(dcep_type(slice_of(NULL, 0)), 0);
    assert_int_equal(dcep_type(slice_of("\x02", 1)), DCEP_ACK);
    assert_int_equal(dcep_type(slice_of("\x03", 1)), DCEP_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector),  cmocka_unit_test(test_round_trips), cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
