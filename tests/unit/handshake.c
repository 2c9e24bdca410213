/* SPDX-License-Identifier: MIT */
/* What of SCTP's handshake is sent again, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "handshake.h"
#include "sctp_chunk.h"
#include "writer.h"

enum { RTT_US = 100000, COOKIE_ACK = 11 };

static void chunk(struct writer *w, uint8_t type, uint16_t len, uint32_t first)
{
    writer_u8(w, type);
    writer_u8(w, 0);
    writer_u16(w, len);
    writer_u32(w, first);
    writer_zeros(w, ((len + 3u) & ~3u) - 8u);
}

static struct slice packet(uint8_t bytes[200], uint8_t type, uint32_t data_tsn)
{
    struct writer w = writer_of(bytes, 200);
    writer_zeros(&w, SCTP_COMMON_HEADER_LEN);
    chunk(&w, type, 21, 1);
    if (data_tsn)
        chunk(&w, SCTP_CHUNK_DATA, 18, data_tsn);
    assert_true(writer_ok(&w));
    return slice_of(bytes, writer_len(&w));
}

static struct handshake begin(rtc_context **context, rtc_time_t rtt_us)
{
    struct handshake h;
    assert_int_equal(rtc_context_new(NULL, context), RTC_OK);
    handshake_init(&h, *context, rtt_us);
    return h;
}

static void finish(struct handshake *h, rtc_context *context)
{
    handshake_fini(h);
    rtc_context_unref(context);
}

/* After one and a half round trips, then ever later, and not for ever. */
static void test_repeats(void **state)
{
    (void)state;
    rtc_context *context;
    struct handshake h = begin(&context, RTT_US);
    uint8_t b[200];
    struct slice init = packet(b, SCTP_CHUNK_INIT, 0);
    rtc_time_t now = 5000, last = now, gap = 0;
    int repeats = 0;
    handshake_sent(&h, now, init);
    for (; now < 60000000; now += 1000) {
        struct slice again = handshake_due(&h, now);
        if (again.len == 0)
            continue;
        assert_true(slice_eq(again, init));
        assert_true(now - last > gap);
        gap = now - last;
        if (repeats++ == 0)
            assert_int_equal(gap, RTT_US * 3 / 2);
        last = now;
    }
    assert_in_range(repeats, 5, 10);
    assert_true(last < 20000000);
    handshake_sent(&h, now, init); /* the engine goes on, and is not multiplied */
    assert_int_equal(handshake_due(&h, now + 60000000).len, 0);
    finish(&h, context);
}

static void test_what_waits(void **state)
{
    (void)state;
    rtc_context *context;
    struct handshake h = begin(&context, RTT_US);
    uint8_t b[200], c[200];
    handshake_sent(&h, 0, packet(b, SCTP_CHUNK_SACK, 0)); /* wants no answer */
    assert_int_equal(handshake_due(&h, 10000000).len, 0);
    handshake_sent(&h, 0, packet(b, SCTP_CHUNK_INIT, 0));
    assert_false(h.has_data);
    struct slice echo = packet(c, SCTP_CHUNK_COOKIE_ECHO, 9);
    handshake_sent(&h, 100000, echo); /* takes its place, with a time of its own */
    assert_true(h.has_data);
    assert_int_equal(h.tsn, 9);
    handshake_sent(&h, 110000, packet(b, COOKIE_ACK, 0)); /* nor does this one, and nothing is forgotten for it */
    assert_int_equal(handshake_due(&h, 249999).len, 0);
    assert_true(slice_eq(handshake_due(&h, 250000), echo));
    handshake_sent(&h, 400000, echo); /* the engine did it itself */
    assert_int_equal(handshake_due(&h, 500000).len, 0);
    assert_true(slice_eq(handshake_due(&h, 700000), echo));
    handshake_over(&h);
    assert_int_equal(handshake_due(&h, 10000000).len, 0);
    finish(&h, context);
}

static void test_bounds(void **state)
{
    static const struct {
        rtc_time_t rtt, first;
    } cases[] = {{1, 100000}, {60000, 100000}, {200000, 300000}, {5000000, 1000000}, {0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rtc_context *context;
        struct handshake h = begin(&context, cases[i].rtt);
        uint8_t b[200];
        handshake_sent(&h, 0, packet(b, SCTP_CHUNK_INIT, 0));
        assert_int_equal(handshake_due(&h, cases[i].first - 1).len, 0);
        assert_int_equal(handshake_due(&h, cases[i].first).len > 0, cases[i].rtt > 0); /* 0: unknown, the engine's timers do */
        finish(&h, context);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    struct counting_allocator counter = {0};
    const rtc_allocator allocator = counting_allocator_of(&counter);
    rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    rtc_context *context;
    struct handshake h;
    uint8_t b[200];
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    counter.fail_at = counter.calls + 1;
    handshake_init(&h, context, RTT_US);
    handshake_sent(&h, 0, packet(b, SCTP_CHUNK_INIT, 0));
    assert_int_equal(handshake_due(&h, 10000000).len, 0);
    handshake_sent(&h, 0, packet(b, SCTP_CHUNK_INIT, 0));
    assert_true(handshake_due(&h, 10000000).len > 0);
    finish(&h, context);
    assert_int_equal(counter.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_what_waits),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
