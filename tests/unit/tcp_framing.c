/* SPDX-License-Identifier: MIT */
/* Packets in a stream: every way of cutting it, hostile lengths, memory that runs out, and packets that go in as they came out. */
#include "tcp_framing.h"

#include "counting_allocator.h"

#include <crtc/context.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static rtc_context *context;
static struct packet_pool *pool;

static int setup(void **state)
{
    (void)state;
    return rtc_context_new(NULL, &context) || packet_pool_new(context, &pool);
}

static int teardown(void **state)
{
    (void)state;
    packet_pool_unref(pool);
    rtc_context_unref(context);
    return 0;
}

/* What came out of a stream, one after the other: how many packets, their bytes, and their lengths. */
struct taken {
    unsigned count;
    size_t lengths[64];
    uint8_t bytes[8192];
    size_t len;
};

static void feed(struct tcp_framing *f, struct slice input, struct taken *t)
{
    for (struct packet *p; (p = tcp_framing_read(f, pool, &input)) != NULL; packet_free(p)) {
        assert_true(t->count < 64 && t->len + p->len <= sizeof t->bytes);
        memcpy(t->bytes + t->len, packet_data(p), p->len);
        t->lengths[t->count++] = p->len;
        t->len += p->len;
    }
    assert_int_equal(input.len, 0);
}

static const uint8_t stream[] = {0, 3, 'a', 'b', 'c', 0, 0, 0, 1, 'd', 0, 2, 'e', 'f'};

static void check(const struct taken *t)
{
    assert_int_equal(t->count, 3);
    assert_int_equal(t->lengths[0], 3);
    assert_int_equal(t->lengths[1], 1);
    assert_int_equal(t->lengths[2], 2);
    assert_memory_equal(t->bytes, "abcdef", 6);
}

static void every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i <= sizeof stream; i++) {
        for (size_t k = i; k <= sizeof stream; k++) {
            struct tcp_framing f = {0};
            struct taken t = {0};
            feed(&f, slice_of(stream, i), &t);
            feed(&f, slice_of(stream + i, k - i), &t);
            feed(&f, slice_of(stream + k, sizeof stream - k), &t);
            check(&t);
            tcp_framing_fini(&f);
        }
    }
}

static void byte_by_byte(void **state)
{
    (void)state;
    struct tcp_framing f = {0};
    struct taken t = {0};
    for (size_t i = 0; i < sizeof stream; i++)
        feed(&f, slice_of(stream + i, 1), &t);
    check(&t);
    assert_null(f.packet);
}

/* A stream that ends in the middle of a packet gives nothing of it, and its memory goes with it. */
static void truncated(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof stream; len++) {
        struct tcp_framing f = {0};
        struct taken t = {0};
        feed(&f, slice_of(stream, len), &t);
        assert_int_equal(t.count, len < 5 ? 0 : len < 10 ? 1 : 2);
        tcp_framing_fini(&f);
        assert_null(f.packet);
    }
}

/* Packets of every length around the largest one: what is longer is passed over, and what follows is found again. */
static void lengths(void **state)
{
    (void)state;
    const size_t most = PACKET_CAPACITY - PACKET_HEADROOM;
    uint8_t *bytes = calloc(1, UINT16_MAX + 8);
    const size_t tried[] = {0, 1, 2, 1200, most - 1, most, most + 1, 4096, 65534, 65535};
    for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++) {
        struct tcp_framing f = {0};
        struct taken t = {0};
        size_t n = tried[i];
        bytes[0] = (uint8_t)(n >> 8);
        bytes[1] = (uint8_t)n;
        memset(bytes + 2, 'x', n);
        memcpy(bytes + 2 + n, (const uint8_t[]){0, 1, 'y'}, 3);
        for (size_t at = 0; at < n + 5; at += 1000)
            feed(&f, slice_of(bytes + at, n + 5 - at < 1000 ? n + 5 - at : 1000), &t);
        bool whole = n > 0 && n <= most;
        assert_int_equal(t.count, whole ? 2 : 1);
        assert_int_equal(t.lengths[t.count - 1], 1);
        assert_int_equal(t.bytes[t.len - 1], 'y');
        assert_int_equal(f.skipped, n > most);
        tcp_framing_fini(&f);
    }
    free(bytes);
}

/* A million zeros are half a million packets of nothing. */
static void zeros(void **state)
{
    (void)state;
    static const uint8_t none[1000];
    struct tcp_framing f = {0};
    struct taken t = {0};
    for (int i = 0; i < 1000; i++)
        feed(&f, slice_of(none, sizeof none), &t);
    assert_int_equal(t.count, 0);
    assert_int_equal(f.skipped, 0);
    assert_null(f.packet);
}

static void wraps(void **state)
{
    (void)state;
    for (size_t len = 0; len <= PACKET_MTU; len += 7) {
        struct tcp_framing f = {0};
        uint8_t bytes[PACKET_MTU];
        memset(bytes, (int)len, sizeof bytes);
        struct packet *p = packet_copy(pool, slice_of(bytes, len));
        assert_true(tcp_framing_wrap(p));
        assert_int_equal(p->len, len + TCP_FRAMING_HEADER);
        struct taken t = {0};
        feed(&f, packet_slice(p), &t);
        assert_int_equal(t.count, len > 0);
        assert_int_equal(t.len, len);
        assert_memory_equal(t.bytes, bytes, len);
        packet_free(p);
    }
}

static void no_room(void **state)
{
    (void)state;
    struct packet *p = packet_copy(pool, slice_str("hello"));
    p->start = TCP_FRAMING_HEADER - 1;
    assert_false(tcp_framing_wrap(p));
    assert_int_equal(p->len, 5);
    packet_free(p);
    p = packet_new_sized(pool, UINT16_MAX + 1);
    p->len = UINT16_MAX + 1;
    assert_false(tcp_framing_wrap(p));
    p->len = UINT16_MAX;
    assert_true(tcp_framing_wrap(p));
    packet_free(p);
}

/* The packet that there was no memory for is lost; the stream is not. */
static void out_of_memory(void **state)
{
    (void)state;
    struct counting_allocator counting = {0};
    const rtc_allocator allocator = counting_allocator_of(&counting);
    rtc_context *poor;
    struct packet_pool *small;
    struct tcp_framing f = {0};
    struct slice first = slice_of(stream, 5), rest = slice_of(stream + 5, sizeof stream - 5);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    assert_int_equal(rtc_context_new(&options, &poor), RTC_OK);
    assert_int_equal(packet_pool_new(poor, &small), RTC_OK);
    counting.fail_at = counting.calls + 1;
    assert_null(tcp_framing_read(&f, small, &first));
    assert_int_equal(f.skipped, 1);
    struct packet *p = tcp_framing_read(&f, small, &rest);
    assert_non_null(p);
    assert_int_equal(p->len, 1);
    packet_free(p);
    tcp_framing_fini(&f);
    packet_pool_unref(small);
    rtc_context_unref(poor);
    assert_int_equal(counting.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut), cmocka_unit_test(byte_by_byte), cmocka_unit_test(truncated), cmocka_unit_test(lengths),
        cmocka_unit_test(zeros),     cmocka_unit_test(wraps),        cmocka_unit_test(no_room),   cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("tcp framing", tests, setup, teardown);
}
