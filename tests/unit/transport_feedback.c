/* SPDX-License-Identifier: MIT */
/* Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1): messages bit by bit, what is malformed, and
 * what is written. */
#include "rtp_test.h"

#include "rtcp.h"
#include "transport_feedback.h"

enum { MAX = 3000 };

struct story {
    struct sent_history_told told[MAX];
    size_t count;
};

static void tell(struct story *s, rtc_time_t arrived)
{
    uint16_t number = s->count == 0 ? 0xfff0 : (uint16_t)(s->told[s->count - 1].number + 1);
    s->told[s->count++] = (struct sent_history_told){.number = number, .received = arrived != RTC_TIME_NEVER, .arrived = arrived};
}

static size_t walk(const struct transport_feedback *f, rtc_time_t reference, struct sent_history_told *out, size_t max)
{
    struct transport_feedback_iterator it = transport_feedback_numbers(f, reference);
    size_t n = 0;
    while (n < max && transport_feedback_next(&it, &out[n]))
        n++;
    return n;
}

static bool reads(const char *text, struct transport_feedback *f)
{
    static struct bytes b;
    b = hex(text);
    return transport_feedback_read(view(&b), f);
}

static void assert_told(const struct sent_history_told *told, uint16_t number, rtc_time_t arrived)
{
    assert_int_equal(told->number, number);
    assert_int_equal(told->received, arrived != RTC_TIME_NEVER);
    assert_int_equal(told->arrived, arrived);
    assert_int_equal(told->ecn, CONGESTION_ECN_NOT);
}

/* ---- Reading ---- */

static void a_run_and_a_vector_of_two_bits(void **state)
{
    (void)state;
    struct sent_history_told told[20];
    struct transport_feedback f;
    /* Two small ones; a large one backwards, a lost one, a small one, and four symbols beyond the count. */
    assert_true(reads("fffe 0005 000001 09 2002 e100 00 04 ff38 08", &f));
    assert_int_equal(f.message, 9);
    assert_int_equal(walk(&f, 64000, told, 20), 5);
    assert_told(&told[0], 0xfffe, 64000);
    assert_told(&told[1], 0xffff, 65000);
    assert_told(&told[2], 0, 15000);
    assert_told(&told[3], 1, RTC_TIME_NEVER);
    assert_told(&told[4], 2, 17000);
}

static void a_vector_of_one_bit(void **state)
{
    (void)state;
    struct sent_history_told told[20];
    struct transport_feedback f;
    /* 10 1000 0000 0001: the first and the last of fourteen; padding follows. */
    assert_true(reads("0000 000e 000000 00 a001 ff 01 0000", &f));
    assert_int_equal(f.deltas.len, 2);
    assert_int_equal(walk(&f, 0, told, 20), 14);
    assert_told(&told[0], 0, 255 * 250);
    for (uint16_t i = 1; i < 13; i++)
        assert_told(&told[i], i, RTC_TIME_NEVER);
    assert_told(&told[13], 13, 256 * 250);
}

static void a_run_beyond_the_count_and_one_of_nothing(void **state)
{
    (void)state;
    struct sent_history_told told[20];
    struct transport_feedback f;
    assert_true(reads("0001 0003 000000 00 2000 3fff 01 02 03", &f));
    assert_int_equal(walk(&f, 0, told, 20), 3);
    assert_told(&told[2], 3, 6 * 250);
}

static void the_most_that_one_message_may_tell(void **state)
{
    (void)state;
    struct transport_feedback f;
    struct sent_history_told told;
    assert_true(reads("0001 ffff 000000 00 1fff 1fff 1fff 1fff 1fff 1fff 1fff 1fff 0007", &f));
    struct transport_feedback_iterator it = transport_feedback_numbers(&f, 0);
    size_t n = 0;
    while (transport_feedback_next(&it, &told)) {
        assert_false(told.received);
        n++;
    }
    assert_int_equal(n, 0xffff);
    assert_int_equal(told.number, 0xffff);
}

static void what_is_malformed(void **state)
{
    (void)state;
    struct transport_feedback f;
    assert_false(reads("0001 0000 000000 00 2001 01", &f));       /* of no number */
    assert_false(reads("0001 0003 000000 00 2002 01 02", &f));    /* chunks for two of three */
    assert_false(reads("0001 0003 000000 00 2003 01 02", &f));    /* deltas for two of three */
    assert_false(reads("0001 0002 000000 00 4002 0102 03", &f));  /* half of a delta */
    assert_false(reads("0001 0002 000000 00 6002 0102 03", &f));  /* a run of reserved ones */
    assert_false(reads("0001 0002 000000 00 dc00 01020304", &f)); /* small, reserved */
    assert_true(reads("0001 0001 000000 00 dc00 01", &f));        /* reserved ones that are beyond the count */
    assert_false(reads("0001 0001 000000 00 2000 2000 2000", &f));
}

static void every_prefix_ends_cleanly(void **state)
{
    (void)state;
    struct bytes b = hex("fffe 0005 000001 09 2002 e100 00 04 ff38 08");
    for (size_t n = 0; n < b.len; n++) {
        struct transport_feedback f;
        uint8_t *copy = exact_copy(slice_of(b.data, n));
        assert_false(transport_feedback_read(slice_of(copy, n), &f));
        free(copy);
    }
}

static void the_peers_clock_goes_around(void **state)
{
    (void)state;
    struct transport_feedback_clock clock = {0};
    static const uint32_t references[] = {0xfffffe, 1, 0xffffff, 5, 0x700000, 0xe00000, 0x500000, 0x4fffff};
    static const int64_t wanted[] = {0xfffffe, 0x1000001, 0xffffff, 0x1000005, 0x1700000, 0x1e00000, 0x2500000, 0x24fffff};
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
        struct transport_feedback f = {.reference = references[i]};
        assert_int_equal(transport_feedback_reference(&clock, &f), wanted[i] * 64000);
    }
    /* Backwards beyond the beginning. */
    clock = (struct transport_feedback_clock){0};
    struct transport_feedback first = {.reference = 0}, before = {.reference = 0xffffff};
    assert_int_equal(transport_feedback_reference(&clock, &first), 0);
    assert_int_equal(transport_feedback_reference(&clock, &before), -64000);
}

/* ---- Writing ---- */

/* Reads a message of ours, as it lies in a datagram. */
static void read_back(const struct writer *w, struct transport_feedback *f)
{
    struct rtcp_iterator it = rtcp_packets(slice_of(w->start, writer_len(w)));
    struct rtcp_packet p;
    assert_true(writer_ok(w));
    assert_true(rtcp_next(&it, &p));
    assert_int_equal(p.kind, RTCP_TRANSPORT_FEEDBACK);
    assert_int_equal(p.ssrc, 0x11111111);
    assert_int_equal(p.media_ssrc, 0x22222222);
    assert_true(transport_feedback_read(p.body, f));
    assert_false(rtcp_next(&it, &p));
    assert_false(it.malformed);
}

/* The nearest quarter of a millisecond. */
static rtc_time_t rounded(rtc_time_t t)
{
    return (t + 125) / 250 * 250;
}

/* Writes the story into messages of this size, and reads all of it back. */
static size_t comes_back(const struct story *s, size_t room)
{
    struct transport_feedback_clock clock = {0};
    static struct sent_history_told told[MAX];
    size_t messages = 0;
    for (size_t at = 0; at < s->count; messages++) {
        struct transport_feedback f;
        uint8_t buffer[1500];
        struct writer w = writer_of(buffer, room);
        size_t n = transport_feedback_write(&w, 0x11111111, 0x22222222, (uint8_t)messages, s->told + at, s->count - at);
        assert_true(n > 0);
        read_back(&w, &f);
        assert_int_equal(f.message, messages & 0xff);
        assert_int_equal(f.base, s->told[at].number);
        assert_int_equal(walk(&f, transport_feedback_reference(&clock, &f), told, MAX), n);
        for (size_t i = 0; i < n; i++) {
            const struct sent_history_told *wanted = &s->told[at + i];
            assert_told(&told[i], wanted->number, wanted->received ? rounded(wanted->arrived) : RTC_TIME_NEVER);
        }
        at += n;
    }
    return messages;
}

static void what_is_written_comes_back(void **state)
{
    (void)state;
    static struct story s;
    s.count = 0;
    for (unsigned i = 0; i < 100; i++)
        tell(&s, 100000 + i * 333);
    assert_int_equal(comes_back(&s, 1100), 1);
    for (unsigned i = 0; i < 40; i++) /* lost, late, and out of order */
        tell(&s, i % 3 == 0 ? RTC_TIME_NEVER : i % 5 == 0 ? 700000 : 300000 - i * 1000);
    for (unsigned i = 0; i < 30; i++)
        tell(&s, RTC_TIME_NEVER);
    tell(&s, 900000);
    assert_int_equal(comes_back(&s, 1100), 1);
}

static void what_is_written_is_short(void **state)
{
    (void)state;
    static struct story s;
    struct transport_feedback f;
    uint8_t buffer[1500];
    s.count = 0;
    for (unsigned i = 0; i < 500; i++)
        tell(&s, 64000 * 3 + i * 1000);
    struct writer w = writer_of(buffer, sizeof buffer);
    assert_int_equal(transport_feedback_write(&w, 0x11111111, 0x22222222, 0, s.told, s.count), 500);
    read_back(&w, &f);
    assert_int_equal(f.chunks.len, 2);
    assert_int_equal(f.deltas.len, 500);
    assert_int_equal(f.reference, 3);
}

/* What is missing is told of with what came after it, however much it is: no message says that and nothing else. */
static void no_message_is_of_missing_ones_alone(void **state)
{
    (void)state;
    static struct story s;
    struct transport_feedback f;
    uint8_t buffer[1500];
    s.count = 0;
    for (unsigned i = 0; i < TRANSPORT_FEEDBACK_WRITTEN_MAX - 1; i++)
        tell(&s, RTC_TIME_NEVER);
    tell(&s, 64000 * 3);
    struct writer w = writer_of(buffer, 32);
    assert_int_equal(transport_feedback_write(&w, 0x11111111, 0x22222222, 0, s.told, s.count), s.count);
    read_back(&w, &f);
    assert_int_equal(f.reference, 3);
    s.count = 0;
    tell(&s, 64000 * 3);
    for (unsigned i = 0; i < 100; i++)
        tell(&s, RTC_TIME_NEVER);
    tell(&s, 64000 * 5);
    w = writer_of(buffer, 40); /* which has room for some of those that are missing */
    assert_int_equal(transport_feedback_write(&w, 0x11111111, 0x22222222, 0, s.told, s.count), 1);
    assert_int_equal(comes_back(&s, 40), 2);
}

static void little_room_makes_more_messages(void **state)
{
    (void)state;
    static struct story s;
    s.count = 0;
    for (unsigned i = 0; i < 2000; i++)
        tell(&s, i % 7 == 0 ? RTC_TIME_NEVER : (rtc_time_t)1000000 + i * 900 - (i % 4) * 1500);
    assert_in_range(comes_back(&s, 1150), 3, 4);
    assert_in_range(comes_back(&s, 28), 200, 2000);
    uint8_t buffer[24];
    struct writer w = writer_of(buffer, 23);
    assert_int_equal(transport_feedback_write(&w, 1, 2, 0, s.told, s.count), 0);
    assert_int_equal(writer_len(&w), 0);
    assert_true(writer_ok(&w));
}

static void what_deltas_can_not_bridge_is_another_message(void **state)
{
    (void)state;
    static struct story s;
    s.count = 0;
    tell(&s, 100000);
    tell(&s, 100000 + 32767 * 250);
    tell(&s, RTC_TIME_NEVER);
    tell(&s, 100000 + 65535 * (rtc_time_t)250); /* a tick too far */
    tell(&s, 100000 + 65535 * (rtc_time_t)250 - 32768 * 250);
    assert_int_equal(comes_back(&s, 1100), 2);
}

static void random_stories_come_back(void **state)
{
    (void)state;
    static struct story s;
    uint32_t x = 1;
    for (unsigned round = 0; round < 300; round++) {
        rtc_time_t at = 5000000;
        s.count = 0;
        for (unsigned i = 0, n = 1 + round * 5; i < n; i++) {
            x = x * 1664525 + 1013904223;
            unsigned kind = (x >> 24) % (2 + round % 9);
            at += (x >> 8) % 3000;
            tell(&s, kind == 0 ? RTC_TIME_NEVER : kind == 1 ? at - (x >> 4) % 90000 : at);
        }
        (void)comes_back(&s, 60 + (round * 37) % 1140);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_and_a_vector_of_two_bits),
        cmocka_unit_test(a_vector_of_one_bit),
        cmocka_unit_test(a_run_beyond_the_count_and_one_of_nothing),
        cmocka_unit_test(the_most_that_one_message_may_tell),
        cmocka_unit_test(what_is_malformed),
        cmocka_unit_test(every_prefix_ends_cleanly),
        cmocka_unit_test(the_peers_clock_goes_around),
        cmocka_unit_test(what_is_written_comes_back),
        cmocka_unit_test(what_is_written_is_short),
        cmocka_unit_test(no_message_is_of_missing_ones_alone),
        cmocka_unit_test(little_room_makes_more_messages),
        cmocka_unit_test(what_deltas_can_not_bridge_is_another_message),
        cmocka_unit_test(random_stories_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
