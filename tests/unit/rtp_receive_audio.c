/* SPDX-License-Identifier: MIT */
/* The audio jitter buffer: what is played when. */
#include "audio_buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { MS = 1000, SECOND = 1000000, RATE = 48000, PACKET = 960 };

static struct audio_buffer buffer;
static rtc_time_t now;
static unsigned actions[4];
static int64_t played; /* the timestamp after what was played last; -1: nothing */
static unsigned gaps;  /* packets that did not follow each other */

static int begin(void **state)
{
    (void)state;
    audio_buffer_init(&buffer, RATE, 1000);
    now = SECOND;
    played = -1;
    gaps = 0;
    memset(actions, 0, sizeof actions);
    return 0;
}

static int end(void **state)
{
    (void)state;
    audio_buffer_reset(&buffer);
    return 0;
}

static enum audio_insert insert_long(uint32_t timestamp, uint32_t duration, bool fec, bool quiet)
{
    struct audio_packet p = {.duration = duration, .fec = fec, .quiet = quiet, .arrival = now};
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_AUDIO,
                                         .codec = "opus",
                                         .data = "x",
                                         .data_len = 1,
                                         .rtp_timestamp = timestamp,
                                         .capture_time_us = 1};
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &p.frame), RTC_OK);
    return audio_buffer_insert(&buffer, now, timestamp, p);
}

static enum audio_insert insert(uint32_t timestamp)
{
    return insert_long(timestamp, PACKET, true, false);
}

static void play(void)
{
    struct audio_decision d;
    while (audio_buffer_next(&buffer, now, &d)) {
        actions[d.action]++;
        assert_true((d.action == RTP_AUDIO_CONCEAL) == (d.frame == NULL));
        if (d.action == RTP_AUDIO_PACKET || d.action == RTP_AUDIO_ACCELERATE) {
            gaps += played >= 0 && d.timestamp != played;
            assert_int_equal((uint32_t)d.timestamp, rtc_encoded_frame_rtp_timestamp(d.frame));
        }
        if (d.action != RTP_AUDIO_CONCEAL)
            played = d.timestamp + d.samples;
        rtc_encoded_frame_unref(d.frame);
    }
}

static void run_until(rtc_time_t until)
{
    while (audio_buffer_deadline(&buffer) <= until) {
        if (audio_buffer_deadline(&buffer) > now)
            now = audio_buffer_deadline(&buffer);
        play();
    }
    now = until;
}

/* The packet of this index, sent at its place in time, arriving `delay` later. */
static void arrive(uint32_t index, rtc_time_t delay)
{
    run_until(2 * SECOND + (rtc_time_t)index * 20 * MS + delay);
    (void)insert(index * PACKET);
}

static void steady(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 500; i++)
        arrive(i, 0);
    run_until(now + 15 * MS);
    assert_int_equal(actions[RTP_AUDIO_CONCEAL], 0);
    assert_int_equal(actions[RTP_AUDIO_FEC], 0);
    assert_int_equal(gaps, 0);
    assert_true(actions[RTP_AUDIO_PACKET] > 490);
    const struct audio_buffer_stats *s = &buffer.stats; /* delays are summed in thousandths */
    assert_int_equal(s->emitted_samples, actions[RTP_AUDIO_PACKET] * PACKET);
    assert_in_range(s->target_sum * 1000 / (int64_t)s->emitted_samples, 20 * MS, 45 * MS);
    assert_int_equal(s->own_target_sum, s->target_sum);
    assert_int_equal(s->inserted_samples, 0);
    assert_int_equal(s->fec_packets, 500); /* nothing was lost: nobody needed it */
    assert_int_equal(s->fec_unused, actions[RTP_AUDIO_PACKET]);
    assert_in_range(audio_buffer_delay(&buffer), 20 * MS, 46 * MS);
}

static void a_lost_packet_is_recovered(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        if (i != 50)
            arrive(i, 0);
    assert_int_equal(actions[RTP_AUDIO_FEC], 1);
    assert_int_equal(actions[RTP_AUDIO_CONCEAL], 0);
    assert_int_equal(buffer.stats.fec_samples, PACKET);
    assert_int_equal(buffer.stats.concealed_samples, 0);
    assert_int_equal(buffer.stats.fec_packets, 99);
    assert_int_equal(buffer.stats.fec_unused, actions[RTP_AUDIO_PACKET] - 1);
}

/* The first of two is concealed, the second recovered. */
static void two_lost_packets(void **state)
{
    (void)state;
    audio_buffer_set_minimum_delay(&buffer, 60 * MS);
    for (uint32_t i = 0; i < 100; i++)
        if (i != 50 && i != 51)
            arrive(i, 0);
    assert_int_equal(actions[RTP_AUDIO_FEC], 1);
    assert_int_equal(actions[RTP_AUDIO_CONCEAL], 1);
    assert_int_equal(buffer.stats.concealment_events, 1);
    assert_int_equal(buffer.stats.concealed_samples, PACKET);
}

/* The packet of this index again, with the one that came last (RFC 2198). */
static enum audio_insert again(uint32_t index)
{
    struct audio_packet p = {.duration = PACKET, .arrival = now};
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_AUDIO,
                                         .codec = "opus",
                                         .data = "x",
                                         .data_len = 1,
                                         .rtp_timestamp = index * PACKET,
                                         .capture_time_us = 1};
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &p.frame), RTC_OK);
    return audio_buffer_insert_redundant(&buffer, now, index * PACKET, p);
}

/* Two in a row, which the third has with it: both are played as if they had come. */
static void a_lost_packet_comes_again(void **state)
{
    (void)state;
    audio_buffer_set_minimum_delay(&buffer, 60 * MS);
    for (uint32_t i = 0; i < 100; i++) {
        if (i == 50 || i == 51)
            continue;
        arrive(i, 0);
        enum audio_insert expected = i == 52 ? AUDIO_INSERTED : AUDIO_DUPLICATE;
        if (i > 2) {
            assert_int_equal(again(i - 1), i == 53 ? AUDIO_DUPLICATE : expected);
            assert_int_equal(again(i - 2), expected);
        }
    }
    assert_int_equal(actions[RTP_AUDIO_CONCEAL] + actions[RTP_AUDIO_FEC], 0);
    assert_int_equal(gaps, 0);
    assert_int_equal(buffer.stats.concealed_samples, 0);
    assert_int_equal(buffer.stats.late_packets + buffer.stats.duplicate_packets, 0); /* nothing of it is a packet that came twice */
    assert_int_equal(buffer.stats.fec_packets, 98 + 2 * 95);
    assert_true(buffer.stats.fec_unused < buffer.stats.fec_packets);
    assert_int_equal(buffer.repair.wait, 40 * MS); /* so long after its time came what was lost */
}

/* It says nothing of how late packets are, and where there is no stream yet there is none after it. */
static void what_comes_again_begins_nothing(void **state)
{
    (void)state;
    assert_int_equal(again(3), AUDIO_LATE);
    assert_int_equal(buffer.state, AUDIO_BUFFER_IDLE);
    arrive(10, 0);
    assert_int_equal(again(9), AUDIO_LATE);
    assert_int_equal(again(4000), AUDIO_LATE); /* of later than the packet that it came with */
    for (uint32_t i = 11; i < 300; i++) {
        arrive(i, 0);
        (void)again(i - 1);
    }
    assert_in_range(audio_buffer_delay(&buffer), 20 * MS, 46 * MS);
    assert_int_equal(gaps, 0);
}

/* The packet itself comes after what came in its stead. */
static void what_comes_again_is_overtaken(void **state)
{
    (void)state;
    audio_buffer_set_minimum_delay(&buffer, 60 * MS);
    for (uint32_t i = 0; i < 20; i++)
        arrive(i, 0);
    run_until(now + 20 * MS);
    (void)insert(21 * PACKET);
    uint64_t unused = buffer.stats.fec_unused;
    assert_int_equal(again(20), AUDIO_INSERTED);
    assert_int_equal(insert(20 * PACKET), AUDIO_INSERTED);
    assert_int_equal(buffer.stats.fec_unused, unused + 1);
    assert_int_equal(insert(20 * PACKET), AUDIO_DUPLICATE);
    run_until(now + 60 * MS);
    assert_int_equal(actions[RTP_AUDIO_CONCEAL], 0);
    assert_int_equal(gaps, 0);
}

static void reordering(void **state)
{
    (void)state;
    arrive(1, 0); /* even the very first ones */
    (void)insert(0);
    for (uint32_t i = 2; i < 300; i += 2) {
        arrive(i + 1, 0);
        (void)insert(i * PACKET);
    }
    assert_int_equal(actions[RTP_AUDIO_CONCEAL] + actions[RTP_AUDIO_FEC], 0);
    assert_int_equal(gaps, 0);
}

static void duplicates_and_late_ones(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 50; i++)
        arrive(i, 0);
    assert_int_equal(insert(49 * PACKET), AUDIO_DUPLICATE);
    assert_int_equal(insert(10 * PACKET), AUDIO_LATE);
    assert_int_equal(buffer.stats.late_packets, 1);
    assert_int_equal(buffer.stats.duplicate_packets, 1);
}

static uint32_t random_state;
static uint32_t chance(uint32_t below)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % below;
}

static void delay_rises_and_falls(void **state)
{
    (void)state;
    random_state = 7;
    uint32_t i = 0;
    for (; i < 500; i++)
        arrive(i, 0);
    for (; i < 1000; i++)
        arrive(i, (rtc_time_t)chance(15) * MS + (i % 25 == 0 ? 120 * MS : 0));
    assert_true(audio_buffer_delay(&buffer) >= 115 * MS);
    unsigned concealed = actions[RTP_AUDIO_CONCEAL];
    assert_true(concealed < 20);
    for (; i < 1500; i++)
        arrive(i, 0);
    assert_in_range(audio_buffer_delay(&buffer), 20 * MS, 46 * MS);
    assert_int_equal(actions[RTP_AUDIO_CONCEAL], concealed);
    assert_true(actions[RTP_AUDIO_ACCELERATE] >= 3);
    assert_int_equal(buffer.stats.accelerated_samples, actions[RTP_AUDIO_ACCELERATE] * PACKET);
}

/* Silence stands for silence: it is neither concealment nor loss, and what follows it plays with the usual delay. */
static void silence(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        arrive(i, 0);
    for (uint32_t i = 100; i < 500; i += 20) {
        run_until(2 * SECOND + (rtc_time_t)i * 20 * MS);
        assert_in_range(audio_buffer_delay(&buffer), 20 * MS, 66 * MS); /* by which lips are kept together */
        (void)insert_long(i * PACKET, PACKET, false, true);
    }
    for (uint32_t i = 500; i < 600; i++)
        arrive(i, 0);
    assert_int_equal(buffer.stats.concealed_samples, 0);
    assert_in_range(actions[RTP_AUDIO_CONCEAL], 370, 385); /* for each that was left out one that is made up */
    assert_int_equal(buffer.stats.accelerated_samples + buffer.stats.inserted_samples, 0);
    assert_int_equal(buffer.stats.late_packets, 0);
    assert_in_range(audio_buffer_delay(&buffer), 20 * MS, 66 * MS);
}

/* The end of silence comes later than usual: it is played, as other sound that comes late is. */
static void silence_ends_late(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        arrive(i, 0);
    (void)insert_long(100 * PACKET, PACKET, false, true);
    arrive(115, 150 * MS);
    assert_int_equal(buffer.stats.late_packets, 0);
    for (uint32_t i = 123; i < 200; i++) /* those between them are lost */
        arrive(i, 0);
    run_until(now + 300 * MS);
    assert_int_equal(buffer.stats.late_packets, 0);
    assert_true(buffer.stats.concealed_samples > 0);
    assert_int_equal(actions[RTP_AUDIO_PACKET] + actions[RTP_AUDIO_ACCELERATE], 179);
}

/* Without the packet that begins it nobody knows that it is silence, and it counts as lost; for ever nobody waits for its end. */
static void silence_without_its_ends(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        arrive(i, 0);
    arrive(120, 0);
    assert_in_range(buffer.stats.concealed_samples / PACKET, 10, 20);
    uint64_t concealed = buffer.stats.concealed_samples;
    run_until(now + 20 * MS);
    (void)insert_long(121 * PACKET, PACKET, false, true);
    run_until(now + 1500 * MS);
    assert_int_equal(buffer.state, AUDIO_BUFFER_PLAYING);
    run_until(now + 5 * SECOND);
    assert_int_equal(buffer.state, AUDIO_BUFFER_IDLE);
    assert_in_range(buffer.stats.concealed_samples, concealed, concealed + PACKET);
}

static void falls_idle(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        arrive(i, 0);
    run_until(now + 5 * SECOND);
    assert_int_equal(audio_buffer_deadline(&buffer), RTC_TIME_NEVER);
    assert_in_range(actions[RTP_AUDIO_CONCEAL], 45, 55);
    for (uint32_t i = 400; i < 500; i++)
        arrive(i, 0);
    assert_in_range(actions[RTP_AUDIO_PACKET], 190, 200);
}

/* The sender begins anew with other timestamps, ahead or behind. */
static void timestamps_jump(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        arrive(i, 0);
    static const uint32_t jumps[] = {0x40000000u, 0x10000000u, 0xfffff000u};
    for (unsigned j = 0; j < 3; j++) {
        unsigned before = actions[RTP_AUDIO_PACKET];
        for (uint32_t i = 0; i < 100; i++) {
            run_until(now + 20 * MS);
            (void)insert(jumps[j] + i * PACKET);
        }
        assert_in_range(actions[RTP_AUDIO_PACKET] - before, 90, 100);
        played = -1;
    }
}

/* What came in a burst after a stall is not listened to late for long. */
static void burst_after_a_stall(void **state)
{
    (void)state;
    uint32_t i = 0;
    for (; i < 100; i++)
        arrive(i, 0);
    for (run_until(2 * SECOND + 200 * 20 * MS); i < 200; i++)
        (void)insert(i * PACKET);
    for (; i < 500; i++)
        arrive(i, 0);
    assert_in_range(audio_buffer_delay(&buffer), 20 * MS, 66 * MS);
}

/* Packets that claim to be longer than their timestamps leave room for. */
static void overlapping(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        run_until(2 * SECOND + (rtc_time_t)i * 10 * MS);
        (void)insert_long(i * PACKET / 2, PACKET, false, false);
    }
    assert_true(buffer.stats.late_packets > 50);
}

static void durations(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {120, 240, 480, 1920, 2880, 5760};
    for (unsigned d = 0; d < 6; d++) {
        end(state);
        begin(state);
        uint32_t timestamp = 0;
        for (unsigned i = 0; i < 400; i++, timestamp += lengths[d]) {
            run_until(2 * SECOND + (rtc_time_t)timestamp * 1000 / 48);
            (void)insert_long(timestamp, lengths[d], false, false);
        }
        assert_int_equal(gaps, 0);
        assert_int_equal(actions[RTP_AUDIO_CONCEAL], 0);
    }
}

static void bounded(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5000; i++)
        (void)insert_long(i * 120, 120, false, false);
    assert_true(buffer.count <= AUDIO_BUFFER_MAX);
    run_until(now + 2 * SECOND);
    assert_int_equal(buffer.count, 0);
}

static void waits_for_video(void **state)
{
    (void)state;
    uint32_t i = 0;
    for (; i < 100; i++)
        arrive(i, 0);
    audio_buffer_set_minimum_delay(&buffer, 200 * MS);
    for (; i < 400; i++)
        arrive(i, 0);
    assert_in_range(audio_buffer_delay(&buffer), 180 * MS, 225 * MS);
    audio_buffer_set_minimum_delay(&buffer, 0);
    for (; i < 700; i++)
        arrive(i, 0);
    assert_in_range(audio_buffer_delay(&buffer), 20 * MS, 46 * MS);
    assert_int_equal(gaps, 0);
    assert_true(buffer.stats.inserted_samples > 0); /* it is got by playing slower, which is no concealment */
    assert_int_equal(buffer.stats.concealed_samples, 0);
    assert_true(buffer.stats.target_sum > buffer.stats.own_target_sum);
}

/* Nobody came for three seconds (a stopped process): what was missed is not played all at once. */
static void a_late_tick(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        arrive(i, 0);
    unsigned before = actions[RTP_AUDIO_PACKET] + actions[RTP_AUDIO_CONCEAL];
    now += 3 * SECOND;
    play();
    assert_in_range(actions[RTP_AUDIO_PACKET] + actions[RTP_AUDIO_CONCEAL], before, before + 2);
    for (uint32_t i = 100 + 3 * 50; i < 500; i++)
        arrive(i, 0);
    assert_true(audio_buffer_delay(&buffer) <= 60 * MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steady),
        TEST(a_lost_packet_is_recovered),
        TEST(two_lost_packets),
        TEST(a_lost_packet_comes_again),
        TEST(what_comes_again_begins_nothing),
        TEST(what_comes_again_is_overtaken),
        TEST(reordering),
        TEST(duplicates_and_late_ones),
        TEST(delay_rises_and_falls),
        TEST(silence),
        TEST(silence_ends_late),
        TEST(silence_without_its_ends),
        TEST(falls_idle),
        TEST(timestamps_jump),
        TEST(burst_after_a_stall),
        TEST(durations),
        TEST(bounded),
        TEST(overlapping),
        TEST(waits_for_video),
        TEST(a_late_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
