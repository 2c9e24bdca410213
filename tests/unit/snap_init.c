/* SPDX-License-Identifier: MIT */
/* INIT chunks out of descriptions (snap_init.h): what is read of them, every truncation, what RFC 9260 3.3.2 forbids; and the packets that
 * are made of them. */
#include "snap_init.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Of Chromium's kind: tag, window, streams, TSN; Forward-TSN-supported; two extensions. */
static const uint8_t chunk[] = {1,    0,    0,    30,   0x89, 0x6c, 0xdd, 0x1d, 0, 0x50, 0, 0, 0xff, 0xff, 0xff,
                                0xfe, 0xe0, 0x79, 0x65, 0x1d, 0xc0, 0,    0,    4, 0x80, 8, 0, 6,    0x82, 0xc0};

static void what_a_browser_says(void **state)
{
    struct snap_init init;
    (void)state;
    assert_true(snap_init_read(slice_of(chunk, sizeof chunk), &init));
    assert_true(init.tag == 0x896cdd1d);
    assert_int_equal(init.window, 0x500000);
    assert_int_equal(init.streams_out, 0xffff);
    assert_int_equal(init.streams_in, 0xfffe);
    assert_true(init.tsn == 0xe079651d);
    assert_true(init.forward_tsn);
    assert_true(init.re_config);
}

/* Padding may follow, or not. */
static void truncations(void **state)
{
    uint8_t padded[sizeof chunk + 4] = {0};
    struct snap_init init;
    (void)state;
    memcpy(padded, chunk, sizeof chunk);
    for (size_t len = 0; len <= sizeof padded; len++)
        assert_int_equal(snap_init_read(slice_of(padded, len), &init), len >= sizeof chunk && len < sizeof padded);
}

/* Every parameter that ends early, or is none. */
static void lengths(void **state)
{
    (void)state;
    for (int at = 0; at < (int)sizeof chunk; at++)
        for (int value = 0; value < 256; value++) {
            uint8_t changed[sizeof chunk];
            struct snap_init init;
            memcpy(changed, chunk, sizeof chunk);
            changed[at] = (uint8_t)value;
            if (snap_init_read(slice_of(changed, sizeof changed), &init))
                assert_true(init.tag != 0 && init.window >= 1500 && init.streams_out > 0 && init.streams_in > 0);
        }
}

static void expect_refused(size_t at, size_t len, const char *bytes)
{
    uint8_t changed[sizeof chunk];
    struct snap_init init = {.tag = 7};
    memcpy(changed, chunk, sizeof chunk);
    memcpy(changed + at, bytes, len);
    assert_false(snap_init_read(slice_of(changed, sizeof changed), &init));
    assert_int_equal(init.tag, 7);
}

static void what_is_forbidden(void **state)
{
    (void)state;
    expect_refused(0, 1, "\2");         /* INIT ACK */
    expect_refused(2, 2, "\0\23");      /* shorter than it can be */
    expect_refused(2, 2, "\0\37");      /* longer than it is */
    expect_refused(4, 4, "\0\0\0\0");   /* no tag */
    expect_refused(8, 4, "\0\0\5\xdb"); /* a window of 1499 bytes */
    expect_refused(12, 2, "\0\0");      /* no streams */
    expect_refused(14, 2, "\0\0");
    expect_refused(22, 2, "\0\3"); /* a parameter shorter than its head */
    expect_refused(26, 2, "\0\7"); /* one that leaves the chunk */
}

/* RFC 9260 3.2.1: some are skipped when unknown, behind others nothing is read. */
static void unknown_parameters(void **state)
{
    static const struct {
        uint8_t type[2];
        bool read;
    } cases[] = {{{0x80, 0xff}, true}, {{0xc1, 0}, true}, {{0, 12}, true}, {{0, 13}, false}, {{0x40, 1}, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t longer[20 + 8 + 4];
        struct snap_init init;
        memcpy(longer, chunk, 20);
        longer[3] = sizeof longer;
        memcpy(longer + 20, (const uint8_t[]){cases[i].type[0], cases[i].type[1], 0, 7, 'x', 'y', 'z', 0, 0xc0, 0, 0, 4}, 12);
        assert_true(snap_init_read(slice_of(longer, sizeof longer), &init));
        assert_int_equal(init.forward_tsn, cases[i].read);
    }
}

static void too_many_or_too_long(void **state)
{
    uint8_t large[SNAP_INIT_MAX + 4] = {0};
    struct snap_init init;
    (void)state;
    memcpy(large, chunk, 20);
    for (size_t i = 20; i < sizeof large; i += 4)
        memcpy(large + i, (const uint8_t[]){0x80, 0xff, 0, 4}, 4);
    for (size_t count = 63; count <= 65; count++) {
        size_t len = 20 + 4 * count;
        large[2] = (uint8_t)(len >> 8);
        large[3] = (uint8_t)len;
        assert_int_equal(snap_init_read(slice_of(large, len), &init), count <= 64);
    }
    memset(large + 20, 0, sizeof large - 20);
    memcpy(large + 20, (const uint8_t[]){0x80, 0xff, (uint8_t)((sizeof large - 20) >> 8), (uint8_t)(sizeof large - 20)}, 4);
    large[2] = (uint8_t)(sizeof large >> 8);
    large[3] = (uint8_t)sizeof large;
    assert_false(snap_init_read(slice_of(large, sizeof large), &init));
}

/* What is shown to an engine says the same, and nothing else. */
static void shown_and_read_again(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct snap_init init = {
            .tag = 9, .window = 2000, .tsn = 5, .streams_out = 3, .streams_in = 4, .forward_tsn = i & 1, .re_config = i & 2};
        struct snap_init again;
        struct snap_packet packet;
        snap_init_show(&init, 5001, 5002, &packet);
        assert_int_equal(packet.len % 4, 0);
        assert_memory_equal(packet.bytes, "\x13\x89\x13\x8a\0\0\0\0\0\0\0\0", 12);
        struct slice said = snap_init_of(&packet);
        assert_true(snap_init_read(said, &again));
        assert_true(again.tag == init.tag && again.window == init.window && again.tsn == init.tsn);
        assert_true(again.streams_out == init.streams_out && again.streams_in == init.streams_in);
        assert_true(again.forward_tsn == init.forward_tsn && again.re_config == init.re_config);
        for (size_t len = 0; len < 32; len++) {
            struct snap_packet part = packet;
            part.len = len;
            assert_int_equal(snap_init_of(&part).len, 0);
        }
    }
}

static void the_cookie_goes_back(void **state)
{
    static const uint8_t ack[] = {0x13, 0x89, 0x13, 0x8a, 0, 0, 0, 1, 0, 0, 0,    0, 2, 0, 0, 31, 0, 0, 0,   77,  0,   0,
                                  8,    0,    0,    1,    0, 1, 0, 0, 0, 1, 0xc0, 0, 0, 4, 0, 7,  0, 7, 'c', 'o', 'o', 0};
    static const uint8_t echo[] = {0x13, 0x8a, 0x13, 0x89, 0, 0, 0, 77, 0, 0, 0, 0, 10, 0, 0, 7, 'c', 'o', 'o', 0};
    struct snap_packet packet, out;
    (void)state;
    snap_packet_keep(&packet, slice_of(ack, sizeof ack));
    assert_true(snap_echo_show(&packet, &out));
    assert_int_equal(out.len, sizeof echo);
    assert_memory_equal(out.bytes, echo, sizeof echo);
    for (packet.len = 0; packet.len < sizeof ack - 1; packet.len++)
        assert_false(snap_echo_show(&packet, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_browser_says),  cmocka_unit_test(truncations),          cmocka_unit_test(lengths),
        cmocka_unit_test(what_is_forbidden),    cmocka_unit_test(unknown_parameters),   cmocka_unit_test(too_many_or_too_long),
        cmocka_unit_test(shown_and_read_again), cmocka_unit_test(the_cookie_goes_back),
    };
    return cmocka_run_group_tests_name("INIT chunks in descriptions", tests, NULL, NULL);
}
