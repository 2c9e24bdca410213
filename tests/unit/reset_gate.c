/* SPDX-License-Identifier: MIT */
/* When the engine is shown a request to reset streams. */
#include "reset_gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HEADER 0x13, 0x88, 0x13, 0x88, 1, 2, 3, 4, 0, 0, 0, 0
#define SACK(tsn) 3, 0, 0, 16, 0, 0, 0, tsn, 0, 16, 0, 0, 0, 0, 0, 0
#define DATA(tsn) 0, 3, 0, 17, 0, 0, 0, tsn, 0, 1, 0, 1, 0, 0, 0, 51, 42, 0, 0, 0
#define RESET(tsn) 130, 0, 0, 22, 0, 13, 0, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, tsn, 0, 7, 0, 0
#define SHOW(gate, bytes) reset_gate_admit(gate, slice_of(bytes, sizeof bytes), room)

static uint8_t room[RESET_GATE_PACKET_MAX];
static const uint8_t sack_9[] = {HEADER, SACK(9)}, sack_12[] = {HEADER, SACK(12)}, data_10[] = {HEADER, DATA(10)},
                     data_12[] = {HEADER, DATA(12)}, reset_12[] = {HEADER, RESET(12)}, reset_10[] = {HEADER, RESET(10)};

static struct reset_gate begin(rtc_context **context)
{
    struct reset_gate gate;
    assert_int_equal(rtc_context_new(NULL, context), RTC_OK);
    reset_gate_init(&gate, *context);
    return gate;
}

static void finish(struct reset_gate *gate, rtc_context *context)
{
    reset_gate_fini(gate);
    rtc_context_unref(context);
}

static void assert_whole(struct slice shown, const uint8_t *packet, size_t len)
{
    assert_ptr_equal(shown.data, packet);
    assert_int_equal(shown.len, len);
}

static void test_held_until_all_has_come(void **state)
{
    (void)state;
    rtc_context *context;
    struct reset_gate gate = begin(&context);
    assert_whole(SHOW(&gate, reset_12), reset_12, sizeof reset_12); /* nothing is known yet */
    reset_gate_sent(&gate, slice_of(sack_9, sizeof sack_9));
    assert_whole(SHOW(&gate, data_12), data_12, sizeof data_12);
    assert_int_equal(SHOW(&gate, reset_12).len, 0);
    assert_int_equal(SHOW(&gate, reset_12).len, 0); /* repeated */
    assert_whole(SHOW(&gate, data_10), data_10, sizeof data_10);
    assert_whole(SHOW(&gate, reset_10), reset_10, sizeof reset_10); /* in order, and not acknowledged yet */
    assert_int_equal(reset_gate_take(&gate, room).len, 0);
    reset_gate_sent(&gate, slice_of(sack_12, sizeof sack_12));
    struct slice taken = reset_gate_take(&gate, room);
    assert_int_equal(taken.len, sizeof reset_12);
    assert_memory_equal(taken.data, reset_12, sizeof reset_12);
    assert_int_equal(reset_gate_take(&gate, room).len, 0);
    reset_gate_sent(&gate, slice_of(sack_9, sizeof sack_9)); /* late */
    assert_whole(SHOW(&gate, reset_12), reset_12, sizeof reset_12);
    finish(&gate, context);
}

static void test_what_stands_around_it_is_shown(void **state)
{
    (void)state;
    static const uint8_t mixed[] = {HEADER, SACK(3), RESET(12), DATA(10)}, rest[] = {HEADER, SACK(3), DATA(10)};
    rtc_context *context;
    struct reset_gate gate = begin(&context);
    reset_gate_sent(&gate, slice_of(sack_9, sizeof sack_9));
    struct slice shown = SHOW(&gate, mixed);
    assert_int_equal(shown.len, sizeof rest);
    assert_memory_equal(shown.data, rest, sizeof rest);
    reset_gate_sent(&gate, slice_of(sack_12, sizeof sack_12));
    assert_memory_equal(reset_gate_take(&gate, room).data, reset_12, sizeof reset_12);
    finish(&gate, context);
}

static void test_answers_pass(void **state)
{
    (void)state;
    static const uint8_t answer[] = {HEADER, 130, 0, 0, 16, 0, 16, 0, 12, 0, 0, 0, 12, 0, 0, 0, 12};
    rtc_context *context;
    struct reset_gate gate = begin(&context);
    reset_gate_sent(&gate, slice_of(sack_9, sizeof sack_9));
    assert_whole(SHOW(&gate, answer), answer, sizeof answer);
    finish(&gate, context);
}

/* Cut off before it says what it waits for, it is left to the engine to refuse. */
static void test_broken(void **state)
{
    (void)state;
    rtc_context *context;
    struct reset_gate gate = begin(&context);
    reset_gate_sent(&gate, slice_of(sack_9, sizeof sack_9));
    for (size_t len = 0; len + 2 < sizeof reset_12; len++)
        assert_whole(reset_gate_admit(&gate, slice_of(reset_12, len), room), reset_12, len);
    uint8_t bytes[sizeof reset_12];
    for (uint8_t len = 0; len < 16; len++) { /* of the parameter */
        memcpy(bytes, reset_12, sizeof bytes);
        bytes[19] = len;
        assert_whole(SHOW(&gate, bytes), bytes, sizeof bytes);
    }
    assert_int_equal(reset_gate_take(&gate, room).len, 0);
    finish(&gate, context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held_until_all_has_come),
        cmocka_unit_test(test_what_stands_around_it_is_shown),
        cmocka_unit_test(test_answers_pass),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
