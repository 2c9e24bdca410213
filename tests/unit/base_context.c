/* SPDX-License-Identifier: MIT */
/* The context: options, limits, log, randomness, slots, the default. */
#include "context.h"

#include "counting_allocator.h"
#include "executor.h"
#include "log.h"
#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void options_are_checked(void **state)
{
    rtc_context *context = NULL;
    rtc_context_options options = {.size = 0};
    (void)state;
    assert_int_equal(rtc_context_new(NULL, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_context_new(&options, &context), RTC_ERR_TYPE);
    options.size = 5000;
    assert_int_equal(rtc_context_new(&options, &context), RTC_ERR_TYPE);
    assert_null(context);
    struct counting_allocator counter = {.fail_at = 1};
    const rtc_allocator allocator = counting_allocator_of(&counter);
    options = (rtc_context_options){.size = sizeof options, .allocator = &allocator};
    assert_int_equal(rtc_context_new(&options, &context), RTC_ERR_NO_MEMORY);
    assert_null(context);
    rtc_context_unref(NULL);
    assert_null(rtc_context_ref(NULL));
}

static void limits_have_defaults(void **state)
{
    const rtc_limits given = {.size = sizeof given, .ssrcs = 5};
    const rtc_context_options options = {.size = sizeof options, .limits = &given};
    rtc_context *context;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    const rtc_limits *limits = context_limits(context);
    assert_int_equal(limits->ssrcs, 5);
    assert_int_equal(limits->remote_candidates, 64);
    assert_int_equal(limits->candidate_pairs, 128);
    assert_int_equal(limits->sdp_bytes, 256 * 1024);
    assert_int_equal(limits->sdp_media_sections, 128);
    assert_int_equal(limits->event_queue, 65536);
    assert_int_equal(limits->send_queue_bytes, 16 * 1024 * 1024);
    assert_int_equal(limits->jitter_buffer_packets, 2048);
    assert_int_equal(limits->waiting_bytes, 16 * 1024 * 1024);
    assert_int_equal(limits->jitter_buffer_bytes, 32 * 1024 * 1024);
    rtc_context_unref(context);
    const rtc_limits shorter = {
        .size = offsetof(rtc_limits, ssrcs), .remote_candidates = 3, .candidate_pairs = 4, .ssrcs = 5}; /* an older program's */
    const rtc_context_options with = {.size = sizeof with, .limits = &shorter};
    assert_int_equal(rtc_context_new(&with, &context), RTC_OK);
    assert_int_equal(context_limits(context)->remote_candidates, 3);
    assert_int_equal(context_limits(context)->candidate_pairs, 4);
    assert_int_equal(context_limits(context)->ssrcs, 256);
    rtc_context_unref(context);
}

static void remember(void *user, rtc_log_level level, const char *module, const char *text)
{
    (void)snprintf(user, 2000, "%d %s %s", (int)level, module, text);
}

static void log_is_filtered(void **state)
{
    char last[2000] = "";
    char huge[3000];
    const rtc_context_options options = {.size = sizeof options, .log = remember, .log_user = last, .log_level = RTC_LOG_WARNING};
    rtc_context *context;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    log_write(context, RTC_LOG_INFO, "x", "quiet");
    assert_string_equal(last, "");
    log_write(context, RTC_LOG_WARNING, "ice", "%d of %s", 3, "them");
    assert_string_equal(last, "2 ice 3 of them");
    log_write(context, RTC_LOG_WARNING, "ice", "%s", "not a candidate: '\033[2J\n2 ice connected\xff'"); /* a stranger's */
    assert_string_equal(last, "2 ice not a candidate: '?[2J?2 ice connected?'");
    memset(huge, 'a', sizeof huge);
    huge[sizeof huge - 1] = 0;
    log_write(context, RTC_LOG_ERROR, "x", "%s", huge);
    assert_true(strlen(last) < 1100);
    rtc_context_unref(context);
}

static void random_is_random_unless_seeded(void **state)
{
    rtc_context *a, *b;
    char text[49], other[49];
    (void)state;
    assert_int_equal(rtc_context_new(NULL, &a), RTC_OK);
    assert_int_equal(rtc_context_new(NULL, &b), RTC_OK);
    assert_true(context_random_u64(a) != context_random_u64(b));
    context_random_text(a, text, 48);
    assert_int_equal(strlen(text), 48);
    assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"), 48);
    context_random_text(a, other, 48);
    assert_string_not_equal(text, other);
    context_seed(a, 42);
    context_seed(b, 42);
    for (int i = 0; i < 100; i++)
        assert_true(context_random_u64(a) == context_random_u64(b));
    uint32_t seen[62] = {0};
    for (int i = 0; i < 6200; i++) {
        context_random_text(a, text, 1);
        seen[text[0] >= 'a' ? text[0] - 'a' + 26 : text[0] >= 'A' ? text[0] - 'A' : text[0] - '0' + 52]++;
    }
    for (size_t i = 0; i < 62; i++)
        assert_in_range(seen[i], 50, 160); /* 100 each, were it perfect; five sigma either way */
    rtc_context_unref(a);
    rtc_context_unref(b);
}

static int slots_released;

static void release_slot(rtc_context *context, void *value)
{
    slots_released++;
    memory_free(context, value);
}

static void slot_keeps_the_first(void **state)
{
    rtc_context *context;
    (void)state;
    slots_released = 0;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_null(context_slot_get(context, CONTEXT_SLOT_CODECS));
    void *first = memory_alloc(context, 1), *second = memory_alloc(context, 1);
    assert_ptr_equal(context_slot_set(context, CONTEXT_SLOT_CODECS, first, release_slot), first);
    assert_ptr_equal(context_slot_set(context, CONTEXT_SLOT_CODECS, second, release_slot), first);
    memory_free(context, second);
    assert_ptr_equal(context_slot_get(context, CONTEXT_SLOT_CODECS), first);
    rtc_context_unref(rtc_context_ref(context));
    assert_int_equal(slots_released, 0);
    rtc_context_unref(context);
    assert_int_equal(slots_released, 1);
}

static void nobody_means_the_default(void **state)
{
    rtc_context *context;
    (void)state;
    assert_non_null(context_resolve(NULL));
    assert_ptr_equal(context_resolve(NULL), context_resolve(NULL));
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_ptr_equal(context_resolve(context), context);
    assert_true(context_start_time(context) > 0);
    context_simulate(context, 1000);
    assert_true(context_start_time(context) == 0);
    rtc_context_unref(context);
}

static void time_bases(void **state)
{
    rtc_context *context;
    (void)state;
    rtc_time_t a = rtc_now(), b = rtc_now();
    assert_true(a > 0 && b >= a);
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    int64_t wall = context_wall_us(context, rtc_now());
    assert_true(wall > 1700000000000000ll);
    assert_true(context_wall_us(context, 5) - context_wall_us(context, 0) == 5);
    rtc_context_unref(context);
}

/* Each limit that is given is taken, and 0 is its default. */
static void limits_are_taken(void **state)
{
    const rtc_limits given = {.size = sizeof given,
                              .remote_candidates = 11,
                              .candidate_pairs = 12,
                              .ssrcs = 13,
                              .sdp_bytes = 14,
                              .sdp_media_sections = 15,
                              .event_queue = 16,
                              .send_queue_bytes = 17,
                              .jitter_buffer_packets = 18,
                              .picture_pixels = 19,
                              .decoded_pixels_per_second = 20,
                              .decoder_bytes = 21,
                              .waiting_bytes = 22,
                              .jitter_buffer_bytes = 23};
    const rtc_limits none = {.size = sizeof none};
    rtc_context_options options = {.size = sizeof options, .limits = &given};
    rtc_context *limited, *plain, *zeros;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &limited), RTC_OK);
    options.limits = &none;
    assert_int_equal(rtc_context_new(&options, &zeros), RTC_OK);
    assert_int_equal(rtc_context_new(NULL, &plain), RTC_OK);
    const uint32_t *a = &context_limits(limited)->remote_candidates, *b = &context_limits(plain)->remote_candidates;
    const uint32_t *c = &context_limits(zeros)->remote_candidates;
    for (uint32_t i = 0; i < 13; i++) {
        assert_int_equal(a[i], 11 + i);
        assert_true(b[i] > 23);
        assert_int_equal(b[i], c[i]);
    }
    rtc_context_unref(limited);
    rtc_context_unref(plain);
    rtc_context_unref(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(limits_are_taken),
        cmocka_unit_test(limits_have_defaults),
        cmocka_unit_test(log_is_filtered),
        cmocka_unit_test(random_is_random_unless_seeded),
        cmocka_unit_test(slot_keeps_the_first),
        cmocka_unit_test(nobody_means_the_default),
        cmocka_unit_test(time_bases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
