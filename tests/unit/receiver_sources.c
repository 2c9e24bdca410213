/* SPDX-License-Identifier: MIT */
/* Who was heard lately (webrtc-pc 5.3.1): order, the window of 10 seconds, levels, and the bound. */
#include "receiver_sources.h"

#include "context.h"
#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SECOND = 1000000 };

static struct receiver_sources *make(void)
{
    struct receiver_sources *s = NULL;
    assert_int_equal(receiver_sources_new(context_resolve(NULL), &s), RTC_OK);
    return s;
}

static uint32_t at(const struct receiver_sources *s, rtc_time_t now, bool contributing, size_t index)
{
    rtc_rtp_source source = {.size = sizeof source};
    return receiver_sources_at(s, now, contributing, index, &source) ? source.source : 0;
}

static void the_latest_first(void **state)
{
    struct receiver_sources *s = make();
    (void)state;
    receiver_sources_note(s, SECOND, &(struct frame_origin){.ssrc = 1, .level = 20, .csrc_count = 2, .csrcs = {7, 8}}, 100);
    receiver_sources_note(s, 2 * SECOND, &(struct frame_origin){.ssrc = 2, .level = 127}, 200);
    receiver_sources_note(s, 3 * SECOND, &(struct frame_origin){.ssrc = 1, .level = FRAME_NO_LEVEL, .csrc_count = 1, .csrcs = {8}}, 300);
    receiver_sources_note(s, 4 * SECOND, &(struct frame_origin){.ssrc = 0}, 400);
    assert_int_equal(at(s, 4 * SECOND, false, 0), 1);
    assert_int_equal(at(s, 4 * SECOND, false, 1), 2);
    assert_int_equal(at(s, 4 * SECOND, false, 2), 0);
    assert_int_equal(at(s, 4 * SECOND, true, 0), 8);
    assert_int_equal(at(s, 4 * SECOND, true, 1), 7);
    assert_int_equal(at(s, 12 * SECOND + 1, false, 1), 0); /* 2 was heard more than 10 s ago */
    assert_int_equal(at(s, 12 * SECOND, false, 1), 2);
    memory_free(context_resolve(NULL), s);
}

static void levels(void **state)
{
    struct receiver_sources *s = make();
    rtc_rtp_source source = {.size = sizeof source};
    (void)state;
    receiver_sources_note(s, SECOND, &(struct frame_origin){.ssrc = 1, .level = 20, .csrc_count = 1, .csrcs = {9}}, 77);
    assert_true(receiver_sources_at(s, SECOND, false, 0, &source));
    assert_true(source.has_audio_level && source.audio_level > 0.0999 && source.audio_level < 0.1001);
    assert_true(source.rtp_timestamp == 77 && source.timestamp_us == SECOND);
    assert_true(receiver_sources_at(s, SECOND, true, 0, &source) && !source.has_audio_level);
    receiver_sources_note(
        s, SECOND,
        &(struct frame_origin){.ssrc = 1, .csrc_count = 2, .csrcs = {9, 8}, .has_csrc_levels = true, .csrc_levels = {40, FRAME_NO_LEVEL}},
        78);
    assert_true(receiver_sources_at(s, SECOND, true, 0, &source) && source.source == 9 && source.audio_level > 0.0099 &&
                source.audio_level < 0.0101);
    assert_true(receiver_sources_at(s, SECOND, true, 1, &source) && source.source == 8 && !source.has_audio_level);
    receiver_sources_note(s, SECOND, &(struct frame_origin){.ssrc = 1, .level = 127}, 78);
    assert_true(receiver_sources_at(s, SECOND, false, 0, &source) && source.has_audio_level && source.audio_level == 0);
    receiver_sources_note(s, SECOND, &(struct frame_origin){.ssrc = 1, .level = 0}, 79);
    assert_true(receiver_sources_at(s, SECOND, false, 0, &source) && source.audio_level == 1);
    memory_free(context_resolve(NULL), s);
}

static void bounded(void **state)
{
    struct receiver_sources *s = make();
    (void)state;
    for (uint32_t i = 1; i <= 1000; i++)
        receiver_sources_note(s, i, &(struct frame_origin){.ssrc = i, .level = FRAME_NO_LEVEL}, i);
    assert_int_equal(at(s, 1000, false, 0), 1000);
    assert_int_equal(at(s, 1000, false, 31), 969);
    assert_int_equal(at(s, 1000, false, 32), 0);
    memory_free(context_resolve(NULL), s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_first),
        cmocka_unit_test(levels),
        cmocka_unit_test(bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
