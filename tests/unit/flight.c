/* SPDX-License-Identifier: MIT */
/* Counting what is unsent and unacknowledged from the packets that pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dcep.h"
#include "flight.h"
#include "writer.h"

static struct slice data_packet(uint8_t *bytes, uint32_t tsn, uint16_t stream, uint32_t ppid, uint16_t len, bool twice)
{
    struct writer w = writer_of(bytes, 400);
    writer_zeros(&w, 12);
    for (int i = 0; i <= twice; i++) {
        writer_u16(&w, 0x0003);
        writer_u16(&w, (uint16_t)(16 + len));
        writer_u32(&w, tsn + (uint32_t)i);
        writer_u16(&w, stream);
        writer_u16(&w, 0);
        writer_u32(&w, ppid);
        writer_zeros(&w, (len + 3u) & ~3u);
    }
    assert_true(writer_ok(&w));
    return slice_of(bytes, writer_len(&w));
}

static struct slice sack_packet(uint8_t *bytes, uint32_t tsn)
{
    struct writer w = writer_of(bytes, 400);
    writer_zeros(&w, 12);
    writer_u16(&w, 0x0300);
    writer_u16(&w, 16);
    writer_u32(&w, tsn);
    writer_zeros(&w, 8);
    return slice_of(bytes, writer_len(&w));
}

static struct flight begin(rtc_context **context)
{
    struct flight f;
    assert_int_equal(rtc_context_new(NULL, context), RTC_OK);
    flight_init(&f, *context);
    assert_int_equal(flight_reserve(&f, 3), RTC_OK);
    return f;
}

static void finish(struct flight *f, rtc_context *context)
{
    flight_fini(f);
    rtc_context_unref(context);
}

static void test_counts(void **state)
{
    (void)state;
    rtc_context *context;
    struct flight f = begin(&context);
    uint8_t b[400];
    flight_given(&f, 2, PPID_BINARY, 25);
    flight_given(&f, 2, PPID_DCEP, 10);
    assert_int_equal(f.streams[2].unsent, 25);
    assert_int_equal(f.total, 35);
    assert_false(flight_unacknowledged(&f));
    flight_sent(&f, data_packet(b, 0xffffffff, 2, PPID_BINARY, 10, true)); /* wraps */
    assert_int_equal(f.streams[2].unsent, 5);
    assert_true(flight_unacknowledged(&f));
    flight_sent(&f, data_packet(b, 0xffffffff, 2, PPID_BINARY, 10, false));
    assert_int_equal(f.streams[2].unsent, 5);
    assert_int_equal(f.retransmits, 1);
    flight_sent(&f, data_packet(b, 1, 2, PPID_DCEP, 10, false));
    assert_int_equal(f.streams[2].unsent, 5);
    assert_int_equal(f.total, 5);
    flight_received(&f, sack_packet(b, 0));
    assert_true(flight_unacknowledged(&f));
    flight_received(&f, sack_packet(b, 5)); /* never sent */
    assert_true(flight_unacknowledged(&f));
    flight_received(&f, sack_packet(b, 1));
    assert_false(flight_unacknowledged(&f));
    flight_received(&f, sack_packet(b, 0)); /* late */
    assert_false(flight_unacknowledged(&f));
    flight_abandoned(&f, 2, PPID_BINARY, 100);
    assert_int_equal(f.streams[2].unsent + f.total, 0);
    finish(&f, context);
}

static void test_wrap(void **state)
{
    (void)state;
    rtc_context *context;
    struct flight f = begin(&context);
    uint8_t b[400];
    flight_given(&f, 1, PPID_STRING, 40);
    flight_sent(&f, data_packet(b, 0xfffffffe, 1, PPID_STRING, 10, false));
    flight_sent(&f, data_packet(b, 0xffffffff, 1, PPID_STRING, 10, false));
    flight_sent(&f, data_packet(b, 0, 1, PPID_STRING, 10, false));
    assert_int_equal(f.streams[1].unsent, 10);
    assert_int_equal(f.retransmits, 0);
    flight_sent(&f, data_packet(b, 0xffffffff, 1, PPID_STRING, 10, false));
    assert_int_equal(f.streams[1].unsent, 10);
    assert_int_equal(f.retransmits, 1);
    flight_received(&f, sack_packet(b, 0xffffffff));
    assert_true(flight_unacknowledged(&f));
    flight_received(&f, sack_packet(b, 0));
    assert_false(flight_unacknowledged(&f));
    finish(&f, context);
}

static void test_nonsense(void **state)
{
    (void)state;
    rtc_context *context;
    struct flight f = begin(&context);
    uint8_t b[400];
    struct slice p = data_packet(b, 7, 0xffff, PPID_STRING, 30, true);
    for (size_t len = 0; len <= p.len; len++) {
        uint8_t *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, b, len);
        flight_sent(&f, slice_of(exact, len));
        flight_received(&f, slice_of(exact, len));
        free(exact);
    }
    for (uint16_t len = 0; len < 20; len++) { /* a chunk that says it is shorter than its header */
        put_u16(b + 14, len);
        flight_sent(&f, p);
    }
    assert_int_equal(f.total, 0);
    flight_given(&f, 0xffff, PPID_STRING, 10);
    assert_int_equal(f.total, 10);
    flight_dry(&f);
    assert_int_equal(f.total, 0);
    finish(&f, context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
