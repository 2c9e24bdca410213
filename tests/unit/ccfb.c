/* SPDX-License-Identifier: MIT */
/* Congestion control feedback (RFC 8888 section 3.1): reports bit by bit, what is malformed, and what is written. */
#include "rtp_test.h"

#include "ccfb.h"
#include "rtcp.h"

enum { MAX = 3000, SECOND = 1000000 };

static bool reads(const char *text, struct ccfb *out)
{
    static struct bytes b;
    b = hex(text);
    return ccfb_read(view(&b), out);
}

static void assert_told(const struct sent_history_told *told, uint16_t number, enum congestion_ecn ecn, rtc_time_t arrived)
{
    assert_int_equal(told->number, number);
    assert_int_equal(told->received, arrived != RTC_TIME_NEVER);
    assert_int_equal(told->ecn, ecn);
    assert_int_equal(told->arrived, arrived);
}

static void blocks_of_two_streams(void **state)
{
    (void)state;
    struct ccfb f;
    struct sent_history_told t;
    uint32_t ssrc;
    /* One ECT(1) a second before the report, a lost one, one CE at once; then one of another stream, and one of which nothing is told. */
    assert_true(reads("00000001 ffff 0003 a400 0000 e000 0000 00000002 0007 0001 8200 0000 00000003 0000 0000 000a8000", &f));
    assert_int_equal(f.timestamp, 0xa8000);
    struct ccfb_clock clock = {0};
    struct ccfb_iterator it = ccfb_packets(&f, ccfb_time(&clock, &f));
    const rtc_time_t time = 10 * SECOND + SECOND / 2;
    assert_true(ccfb_next(&it, &ssrc, &t));
    assert_int_equal(ssrc, 1);
    assert_told(&t, 0xffff, CONGESTION_ECN_ECT1, time - SECOND);
    assert_true(ccfb_next(&it, &ssrc, &t));
    assert_told(&t, 0, CONGESTION_ECN_NOT, RTC_TIME_NEVER);
    assert_true(ccfb_next(&it, &ssrc, &t));
    assert_told(&t, 1, CONGESTION_ECN_CE, time);
    assert_true(ccfb_next(&it, &ssrc, &t));
    assert_int_equal(ssrc, 2);
    assert_told(&t, 7, CONGESTION_ECN_NOT, time - SECOND / 2);
    assert_false(ccfb_next(&it, &ssrc, &t));
}

static void times_that_are_not_told(void **state)
{
    (void)state;
    struct ccfb f;
    struct sent_history_told t;
    uint32_t ssrc;
    assert_true(reads("00000001 0000 0002 9fff 9ffe 00100000", &f));
    struct ccfb_iterator it = ccfb_packets(&f, 16 * SECOND);
    assert_true(ccfb_next(&it, &ssrc, &t));
    assert_told(&t, 0, CONGESTION_ECN_NOT, 16 * SECOND);
    assert_true(ccfb_next(&it, &ssrc, &t));
    assert_told(&t, 1, CONGESTION_ECN_NOT, 16 * SECOND - 8190 * (rtc_time_t)15625 / 16);
}

static void of_nothing(void **state)
{
    (void)state;
    struct ccfb f;
    struct sent_history_told t;
    uint32_t ssrc;
    assert_true(reads("00100000", &f));
    struct ccfb_iterator it = ccfb_packets(&f, 0);
    assert_false(ccfb_next(&it, &ssrc, &t));
}

static void what_is_malformed(void **state)
{
    (void)state;
    struct ccfb f;
    assert_false(reads("", &f));
    assert_false(reads("0000", &f));
    assert_false(reads("00000001 00100000", &f)); /* half of a block's head */
    assert_false(reads("00000001 0000 0003 8000 8000 00100000", &f));
    assert_false(reads("00000001 0000 0001 8000 00100000", &f)); /* not filled up */
    assert_false(reads("00000001 0000 ffff 8000 0000 00100000", &f));
}

static void every_prefix_ends_cleanly(void **state)
{
    (void)state;
    struct bytes b = hex("00000001 ffff 0003 a400 0000 e000 0000 00000002 0007 0001 8200 0000 000a8000");
    for (size_t n = 0; n < b.len; n++) {
        struct ccfb f;
        struct sent_history_told t;
        uint32_t ssrc;
        uint8_t *copy = exact_copy(slice_of(b.data, n));
        if (ccfb_read(slice_of(copy, n), &f)) {
            struct ccfb_iterator it = ccfb_packets(&f, 0);
            while (ccfb_next(&it, &ssrc, &t))
                ;
        }
        free(copy);
    }
}

static void the_peers_clock_goes_around(void **state)
{
    (void)state;
    static const uint32_t stamps[] = {0xffff0000, 0x10000, 0xfffe0000, 0x70000000, 0xe0000000, 0x50000000};
    static const int64_t seconds[] = {0xffff, 0x10001, 0xfffe, 0x17000, 0x1e000, 0x25000};
    struct ccfb_clock clock = {0};
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        struct ccfb f = {.timestamp = stamps[i]};
        assert_int_equal(ccfb_time(&clock, &f), seconds[i] * SECOND);
    }
}

static void what_is_written_comes_back(void **state)
{
    (void)state;
    static struct sent_history_told told[MAX];
    const rtc_time_t now = 100 * SECOND;
    uint8_t buffer[1200];
    uint32_t x = 3;
    for (size_t i = 0; i < MAX; i++) {
        x = x * 1664525 + 1013904223;
        bool received = x >> 30 != 0;
        told[i] = (struct sent_history_told){.number = (uint16_t)(65000 + i), .received = received, .arrived = RTC_TIME_NEVER};
        if (received) {
            told[i].ecn = (enum congestion_ecn)(x >> 20 & 3);
            told[i].arrived = now - (x >> 8) % (9 * SECOND) + (i % 100 == 0 ? 9 * SECOND : 0);
        }
    }
    for (size_t at = 0, round = 0; at < MAX; round++) {
        struct writer w = writer_of(buffer, 60 + round * 31 % 1100);
        struct ccfb_writer cw;
        ccfb_write_begin(&cw, &w, 0x1234, now);
        size_t first = ccfb_write_block(&cw, 1, told + at, MAX - at < 11 ? MAX - at : 11);
        size_t second = ccfb_write_block(&cw, 2, told + at + first, MAX - at - first);
        ccfb_write_end(&cw, 0x640000);
        assert_true(writer_ok(&w) && first > 0);
        struct rtcp_iterator messages = rtcp_packets(slice_of(buffer, writer_len(&w)));
        struct rtcp_packet p;
        struct ccfb f;
        struct ccfb_clock clock = {0};
        assert_true(rtcp_next(&messages, &p));
        assert_int_equal(p.kind, RTCP_CONGESTION_FEEDBACK);
        assert_int_equal(p.ssrc, 0x1234);
        assert_true(ccfb_read(p.body, &f));
        struct ccfb_iterator it = ccfb_packets(&f, ccfb_time(&clock, &f));
        for (size_t i = 0; i < first + second; i++) {
            struct sent_history_told t;
            const struct sent_history_told *wanted = &told[at + i];
            uint32_t ssrc;
            assert_true(ccfb_next(&it, &ssrc, &t));
            assert_int_equal(ssrc, i < first ? 1 : 2);
            assert_true(t.number == wanted->number && t.received == wanted->received && t.ecn == wanted->ecn);
            if (!t.received)
                continue;
            rtc_time_t truth = wanted->arrived > now ? now : wanted->arrived < now - 7998 * 1000 ? now - 7998 * 1000 : wanted->arrived;
            assert_in_range(t.arrived - truth + 1000, 0, 2000); /* a half of 1/1024 s, and the end of what can be told */
        }
        at += first + second;
    }
}

static void without_room(void **state)
{
    (void)state;
    const struct sent_history_told told = {.number = 5, .received = true, .arrived = 1};
    uint8_t buffer[24];
    struct ccfb_writer cw;
    struct writer w = writer_of(buffer, 23);
    ccfb_write_begin(&cw, &w, 1, 2);
    assert_int_equal(ccfb_write_block(&cw, 1, &told, 1), 0);
    ccfb_write_end(&cw, 7);
    assert_true(writer_ok(&w));
    assert_int_equal(writer_len(&w), 12);
    w = writer_of(buffer, 24);
    ccfb_write_begin(&cw, &w, 1, 2);
    assert_int_equal(ccfb_write_block(&cw, 1, &told, 1), 1);
    ccfb_write_end(&cw, 7);
    assert_true(writer_ok(&w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_two_streams),
        cmocka_unit_test(times_that_are_not_told),
        cmocka_unit_test(of_nothing),
        cmocka_unit_test(what_is_malformed),
        cmocka_unit_test(every_prefix_ends_cleanly),
        cmocka_unit_test(the_peers_clock_goes_around),
        cmocka_unit_test(what_is_written_comes_back),
        cmocka_unit_test(without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
