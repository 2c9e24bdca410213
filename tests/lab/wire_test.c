/* SPDX-License-Identifier: MIT */
/* What one direction of the emulated link does to packets, exactly, in virtual time. */
#include "packet_log.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PACKET_LEN 1000
#define MANY 20000

struct outcome {
    uint32_t given;
    uint32_t out_of_order;
    int64_t first_us, last_us;
    int64_t shortest_us, longest_us; /* from going in to coming out */
    uint32_t longest_loss;           /* packets lost in a row */
};

static void take_out(struct wire *wire, int64_t now_us, int64_t interval_us, struct outcome *outcome, uint32_t *expected)
{
    for (int64_t due_us = wire_next_us(wire); due_us <= now_us; due_us = wire_next_us(wire)) {
        uint32_t number = 0;
        const struct wire_packet *packet = wire_give(wire, due_us);
        assert_non_null(packet);
        assert_int_equal(packet->len, PACKET_LEN);
        memcpy(&number, packet->bytes, sizeof(number));
        int64_t spent_us = due_us - number * interval_us;
        outcome->first_us = outcome->given++ == 0 ? due_us : outcome->first_us;
        outcome->last_us = due_us;
        outcome->shortest_us = spent_us < outcome->shortest_us ? spent_us : outcome->shortest_us;
        outcome->longest_us = spent_us > outcome->longest_us ? spent_us : outcome->longest_us;
        outcome->out_of_order += number < *expected;
        if (number >= *expected) {
            outcome->longest_loss = number - *expected > outcome->longest_loss ? number - *expected : outcome->longest_loss;
            *expected = number + 1;
        }
    }
}

/* Sends `count` numbered packets of 1000 bytes, one each interval. */
static struct outcome pass(const char *settings, uint32_t count, int64_t interval_us, struct wire_counts *counts)
{
    struct wire wire;
    struct outcome outcome = {.shortest_us = INT64_MAX};
    uint8_t bytes[PACKET_LEN] = {0};
    uint32_t expected = 0;
    assert_true(wire_init(&wire, 1));
    assert_true(wire_set(&wire.settings, settings));
    for (uint32_t number = 0; number < count; number++) {
        take_out(&wire, number * interval_us, interval_us, &outcome, &expected);
        memcpy(bytes, &number, sizeof(number));
        wire_take(&wire, bytes, sizeof(bytes), number * interval_us);
    }
    take_out(&wire, WIRE_NEVER - 1, interval_us, &outcome, &expected);
    assert_null(wire_give(&wire, WIRE_NEVER));
    *counts = wire.counts;
    wire_fini(&wire);
    return outcome;
}

static void a_bare_wire_passes_everything_at_once(void **state)
{
    struct wire_counts counts;
    (void)state;
    struct outcome outcome = pass("", MANY, 100, &counts);
    assert_int_equal(outcome.given, MANY);
    assert_int_equal(outcome.longest_us, 0);
    assert_int_equal(outcome.out_of_order, 0);
}

static void delay_is_exact_and_jitter_keeps_the_order(void **state)
{
    struct wire_counts counts;
    (void)state;
    struct outcome outcome = pass("delay_ms=25", MANY, 100, &counts);
    assert_int_equal(outcome.shortest_us, 25000);
    assert_int_equal(outcome.longest_us, 25000);
    outcome = pass("delay_ms=25 jitter_ms=10", MANY, 1000, &counts);
    assert_in_range(outcome.shortest_us, 25000, 25500);
    assert_in_range(outcome.longest_us, 34500, 35000);
    assert_int_equal(outcome.out_of_order, 0);
}

static void loss_has_its_share_and_comes_in_bursts_when_told(void **state)
{
    struct wire_counts counts;
    (void)state;
    struct outcome single = pass("loss_percent=2", MANY, 100, &counts);
    assert_in_range(counts.lost, MANY * 17 / 1000, MANY * 23 / 1000);
    assert_int_equal(counts.lost + single.given, MANY);
    assert_true(single.longest_loss <= 4);
    struct outcome bursts = pass("bad_begin_percent=0.5 bad_end_percent=10 bad_loss_percent=100", MANY, 100, &counts);
    assert_in_range(counts.lost, MANY * 3 / 100, MANY * 7 / 100);
    assert_true(bursts.longest_loss > 20);
}

/* 1000 bytes take 8 ms at 1 Mbit/s; what comes faster waits, and more than 100 ms worth of it is dropped. */
static void rate_spaces_packets_and_the_queue_is_bounded(void **state)
{
    struct wire_counts counts;
    (void)state;
    struct outcome outcome = pass("rate_kbps=1000", 100, 1000, &counts);
    assert_int_equal(outcome.given, 100);
    assert_int_equal(outcome.first_us, 8000);
    assert_int_equal(outcome.last_us, 800000);
    outcome = pass("rate_kbps=1000 queue_ms=100", 1000, 4000, &counts);
    assert_in_range(outcome.longest_us, 100000, 108000);
    assert_in_range(counts.overflowed, 480, 500);
    assert_int_equal(outcome.given + counts.overflowed, 1000);
}

/* A policer lets a burst through at once, as much as its rate carries in the time of its queue, and drops what comes beyond. */
static void a_policer_drops_and_never_delays(void **state)
{
    struct wire_counts counts;
    (void)state;
    struct outcome outcome = pass("rate_kbps=1000 queue_ms=100 policing=1 delay_ms=5", 1000, 4000, &counts);
    assert_int_equal(outcome.shortest_us, 5000);
    assert_int_equal(outcome.longest_us, 5000);
    assert_in_range(counts.overflowed, 480, 500);
}

/* The second packet of 1000 bytes waits the 8 ms that the first one takes, the third would wait 16. */
static void what_became_of_a_packet_is_told(void **state)
{
    struct wire wire;
    const uint8_t bytes[PACKET_LEN] = {0};
    (void)state;
    assert_true(wire_init(&wire, 1));
    assert_true(wire_set(&wire.settings, "rate_kbps=1000 queue_ms=10"));
    struct wire_passage first = wire_take(&wire, bytes, sizeof(bytes), 0), second = wire_take(&wire, bytes, sizeof(bytes), 0);
    assert_int_equal(first.fate, WIRE_GIVEN);
    assert_int_equal(first.queue_us, 0);
    assert_int_equal(second.queue_us, 8000);
    assert_int_equal(wire_take(&wire, bytes, sizeof(bytes), 0).fate, WIRE_OVERFLOWED);
    assert_true(wire_set(&wire.settings, "loss_percent=100"));
    assert_int_equal(wire_take(&wire, bytes, sizeof(bytes), 20000).fate, WIRE_LOST);
    assert_true(wire_set(&wire.settings, "down=1"));
    assert_int_equal(wire_take(&wire, bytes, sizeof(bytes), 40000).fate, WIRE_DOWN);
    wire_fini(&wire);
}

/* An IPv4 header without options, UDP from port 5000 to 6000; what is no IPv4 has neither. */
static void a_log_has_a_line_for_each_packet(void **state)
{
    static const char expected[] = "us,way,bytes,protocol,from,to,first,queue_us,fate\n"
                                   "7,ab,29,17,5000,6000,128,42,given\n"
                                   "8,ba,3,0,0,0,0,0,overflowed\n";
    const uint8_t udp[29] = {0x45, [9] = 17, [20] = 5000 >> 8, 5000 & 255, 6000 >> 8, 6000 & 255, [28] = 128};
    char path[] = "/tmp/packet_log_XXXXXX", text[256] = "";
    struct packet_log log = {0};
    (void)state;
    close(mkstemp(path));
    assert_true(packet_log_begin(&log, path));
    packet_log_write(&log, 0, udp, sizeof(udp), (struct wire_passage){WIRE_GIVEN, 42}, 7);
    packet_log_write(&log, 1, (const uint8_t *)"abc", 3, (struct wire_passage){WIRE_OVERFLOWED, 0}, 8);
    assert_true(packet_log_begin(&log, ""));
    packet_log_write(&log, 0, udp, sizeof(udp), (struct wire_passage){WIRE_GIVEN, 0}, 9);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    (void)fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    unlink(path);
    assert_string_equal(text, expected);
    assert_false(packet_log_begin(&log, "/nowhere/log"));
}

static void packets_fall_behind_and_come_twice(void **state)
{
    struct wire_counts counts;
    (void)state;
    struct outcome outcome = pass("late_percent=5 late_ms=3", MANY, 1000, &counts);
    assert_in_range(outcome.out_of_order, MANY * 4 / 100, MANY * 6 / 100);
    assert_int_equal(outcome.longest_us, 3000);
    outcome = pass("twice_percent=5 delay_ms=1", MANY, 1000, &counts);
    assert_in_range(outcome.given, MANY + MANY * 4 / 100, MANY + MANY * 6 / 100);
}

static void nothing_passes_a_wire_that_is_down(void **state)
{
    struct wire_counts counts;
    (void)state;
    struct outcome outcome = pass("down=1 delay_ms=25", 100, 1000, &counts);
    assert_int_equal(outcome.given, 0);
    assert_int_equal(counts.down, 100);
}

static void words_that_are_no_settings_are_refused(void **state)
{
    static const char *const words[] = {"delay",       "delay_ms",     "delay_ms=",          "delay_ms=x", "delay_ms=1x",
                                        "delay_ms=-1", "delay_ms=nan", "delay_ms=1 speed=2", "=1",         "down=1e12"};
    struct wire_settings settings = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_false(wire_set(&settings, words[i]));
    }
    assert_true(wire_set(&settings, "  delay_ms=2.5\tdown=1\n"));
    assert_true(settings.delay_ms == 2.5 && settings.down == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_wire_passes_everything_at_once),
        cmocka_unit_test(delay_is_exact_and_jitter_keeps_the_order),
        cmocka_unit_test(loss_has_its_share_and_comes_in_bursts_when_told),
        cmocka_unit_test(rate_spaces_packets_and_the_queue_is_bounded),
        cmocka_unit_test(a_policer_drops_and_never_delays),
        cmocka_unit_test(what_became_of_a_packet_is_told),
        cmocka_unit_test(a_log_has_a_line_for_each_packet),
        cmocka_unit_test(packets_fall_behind_and_come_twice),
        cmocka_unit_test(nothing_passes_a_wire_that_is_down),
        cmocka_unit_test(words_that_are_no_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
