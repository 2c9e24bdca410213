/* SPDX-License-Identifier: MIT */
/* Extended reports: RFC 3611 sections 2, 3, 4.4 and 4.5. */
#include "rtp_test.h"

#include "rtcp.h"
#include "rtcp_extended.h"
#include "rtp_reference_times.h"

static bool read_one(struct slice s, struct rtcp_packet *out, bool *malformed)
{
    struct rtcp_iterator it = rtcp_packets(s);
    bool got = rtcp_next(&it, out);
    *malformed = it.malformed;
    return got;
}

static void reads_both_and_skips_others(void **state)
{
    struct rtcp_packet p;
    struct rtcp_extended_block block;
    bool malformed;
    (void)state;
    struct bytes b = hex("80 cf 000e 11111111"
                         "01 00 0002 22222222 00010002" /* runs of losses */
                         "04 00 0002 e0000001 80000000"
                         "05 00 0006 33333333 abcd1234 00018000 44444444 00000000 00000001");
    assert_true(read_one(view(&b), &p, &malformed));
    assert_int_equal(p.kind, RTCP_EXTENDED);
    assert_int_equal(p.ssrc, 0x11111111);
    struct reader blocks = reader_of(p.body);
    assert_true(rtcp_extended_next(&blocks, &block));
    assert_int_equal(block.type, RTCP_EXTENDED_REFERENCE_TIME);
    assert_int_equal(block.ntp, 0xe000000180000000);
    assert_int_equal(block.count, 0);
    assert_true(rtcp_extended_next(&blocks, &block));
    assert_int_equal(block.type, RTCP_EXTENDED_DELAYS);
    assert_int_equal(block.count, 2);
    struct rtcp_delay delay = rtcp_delay_at(&block, 0);
    assert_int_equal(delay.ssrc, 0x33333333);
    assert_int_equal(delay.last_rr, 0xabcd1234);
    assert_int_equal(delay.since, 0x18000);
    delay = rtcp_delay_at(&block, 1);
    assert_int_equal(delay.ssrc, 0x44444444);
    assert_int_equal(delay.last_rr, 0);
    assert_int_equal(delay.since, 1);
    assert_false(rtcp_extended_next(&blocks, &block));
    assert_true(reader_ok(&blocks));
}

static void refuses_lengths_that_do_not_fit(void **state)
{
    static const char *const broken[] = {
        "80 cf 0000",                                                /* no SSRC */
        "80 cf 0002 11111111 04 00 0002",                            /* a block that is longer than the packet */
        "80 cf 0003 11111111 04 00 0001 e0000001",                   /* half a time */
        "80 cf 0005 11111111 04 00 0003 e0000001 80000000 00000000", /* more than a time */
        "80 cf 0004 11111111 05 00 0002 33333333 abcd1234",          /* a delay without its end */
    };
    struct rtcp_packet p;
    bool malformed;
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct bytes b = hex(broken[i]);
        assert_false(read_one(view(&b), &p, &malformed));
        assert_true(malformed);
    }
    struct bytes empty = hex("80 cf 0001 11111111");
    assert_true(read_one(view(&empty), &p, &malformed));
    struct bytes none = hex("80 cf 0002 11111111 05 00 0000");
    assert_true(read_one(view(&none), &p, &malformed));
}

static void what_is_written_is_read(void **state)
{
    static const struct rtcp_delay delays[RTCP_EXTENDED_DELAYS_MAX + 1] = {{1, 2, 3}, {4, 5, 6}, [15] = {7, 8, 9}};
    (void)state;
    for (size_t count = 0; count <= RTCP_EXTENDED_DELAYS_MAX; count++)
        for (uint64_t ntp = 0; ntp < 2; ntp++) {
            uint8_t buffer[RTCP_EXTENDED_BYTES_MAX];
            struct writer w = writer_of(buffer, sizeof buffer);
            struct rtcp_extended_block block;
            struct rtcp_packet p;
            bool malformed;
            rtcp_write_extended(&w, 77, ntp * 0xe000000180000000, delays, count);
            assert_true(writer_ok(&w));
            if (ntp == 0 && count == 0) {
                assert_int_equal(writer_len(&w), 0);
                continue;
            }
            assert_true(read_one(slice_of(buffer, writer_len(&w)), &p, &malformed));
            assert_int_equal(p.ssrc, 77);
            struct reader blocks = reader_of(p.body);
            if (ntp) {
                assert_true(rtcp_extended_next(&blocks, &block));
                assert_int_equal(block.ntp, 0xe000000180000000);
            }
            assert_int_equal(rtcp_extended_next(&blocks, &block), count > 0);
            assert_int_equal(block.count, count);
            for (size_t i = 0; i < count; i++) {
                struct rtcp_delay delay = rtcp_delay_at(&block, i);
                assert_memory_equal(&delay, &delays[i], sizeof delay);
            }
            for (size_t len = 0; len < writer_len(&w); len++)
                assert_false(read_one(slice_of(buffer, len), &p, &malformed));
        }
    uint8_t buffer[2 * RTCP_EXTENDED_BYTES_MAX];
    struct writer w = writer_of(buffer, sizeof buffer);
    rtcp_write_extended(&w, 77, 0, delays, RTCP_EXTENDED_DELAYS_MAX + 1);
    assert_false(writer_ok(&w));
}

static void times_are_answered_once(void **state)
{
    struct rtp_reference_times times = {0};
    struct rtcp_delay answers[RTCP_EXTENDED_DELAYS_MAX];
    (void)state;
    assert_int_equal(rtp_reference_times_answers(&times, 0, answers), 0);
    rtp_reference_times_hear(&times, 1000000, 5, 0xe000000180000000);
    rtp_reference_times_hear(&times, 2000000, 6, 0xe000000280000000);
    rtp_reference_times_hear(&times, 2500000, 5, 0xe000000300000000); /* the later one counts */
    assert_int_equal(rtp_reference_times_answers(&times, 3000000, answers), 2);
    assert_int_equal(answers[0].ssrc, 5);
    assert_int_equal(answers[0].last_rr, 0x00030000);
    assert_int_equal(answers[0].since, 0x8000);
    assert_int_equal(answers[1].ssrc, 6);
    assert_int_equal(answers[1].last_rr, 0x00028000);
    assert_int_equal(answers[1].since, 0x10000);
    rtp_reference_times_answered(&times);
    assert_int_equal(rtp_reference_times_answers(&times, 3000000, answers), 0);
    for (uint32_t ssrc = 100; ssrc < 200; ssrc++) /* a peer of many names is answered under the latest of them */
        rtp_reference_times_hear(&times, 4000000, ssrc, 0xe000000300000000);
    assert_int_equal(rtp_reference_times_answers(&times, 4000000, answers), RTCP_EXTENDED_DELAYS_MAX);
    for (size_t i = 0; i < RTCP_EXTENDED_DELAYS_MAX; i++)
        assert_true(answers[i].ssrc >= 200 - RTCP_EXTENDED_DELAYS_MAX);
}

/* Of more names than there is room for, the one that was silent for longest gives its place, wherever that is. */
static void the_longest_silent_gives_way(void **state)
{
    struct rtp_reference_times times = {0};
    struct rtcp_delay answers[RTCP_EXTENDED_DELAYS_MAX];
    (void)state;
    for (uint32_t i = 0; i < RTCP_EXTENDED_DELAYS_MAX; i++)
        rtp_reference_times_hear(&times, 1000000 + i, 100 + i, 0xe000000100000000);
    rtp_reference_times_hear(&times, 2000000, 100, 0xe000000200000000);
    rtp_reference_times_hear(&times, 2000001, 102, 0xe000000200000000);
    for (uint32_t i = 0; i < 3; i++) /* in the places of 101, 103 and 104 */
        rtp_reference_times_hear(&times, 3000000 + i, 200 + i, 0xe000000300000000);
    assert_int_equal(rtp_reference_times_answers(&times, 4000000, answers), RTCP_EXTENDED_DELAYS_MAX);
    for (size_t i = 0; i < RTCP_EXTENDED_DELAYS_MAX; i++)
        assert_int_equal(answers[i].ssrc, i == 1 ? 200 : i == 3 ? 201 : i == 4 ? 202 : 100 + i);
}

static void answers_to_others_are_not_ours(void **state)
{
    struct rtp_reference_times times = {0};
    (void)state;
    assert_false(rtp_reference_times_is_ours(&times, &(struct rtcp_delay){.ssrc = 0, .last_rr = 1}));
    rtp_reference_times_tell(&times, 9);
    assert_true(rtp_reference_times_is_ours(&times, &(struct rtcp_delay){.ssrc = 9, .last_rr = 1}));
    assert_false(rtp_reference_times_is_ours(&times, &(struct rtcp_delay){.ssrc = 9, .last_rr = 0}));
    assert_false(rtp_reference_times_is_ours(&times, &(struct rtcp_delay){.ssrc = 8, .last_rr = 1}));
}

static void round_trips(void **state)
{
    (void)state;
    assert_int_equal(rtcp_round_trip_us(0x00038000, 0x00010000, 0x00020000), 500000);
    assert_int_equal(rtcp_round_trip_us(0x00008000, 0xffff8000, 0x00008000), 500000); /* over the turn of the clock */
    assert_int_equal(rtcp_round_trip_us(0x00010000, 0x00010000, 0), 1);
    assert_int_equal(rtcp_round_trip_us(0x00010000, 0x00010000, 0x00010000), 1); /* held longer than it was away: clocks differ */
    assert_int_equal(rtcp_round_trip_us(61 << 16, 0, 0), 0);                     /* no measurement */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_and_skips_others),
        cmocka_unit_test(refuses_lengths_that_do_not_fit),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_longest_silent_gives_way),
        cmocka_unit_test(times_are_answered_once),
        cmocka_unit_test(answers_to_others_are_not_ours),
        cmocka_unit_test(round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
