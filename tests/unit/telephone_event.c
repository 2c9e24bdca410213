/* SPDX-License-Identifier: MIT */
/* Telephone events (RFC 4733): the payload there and back, the packets of one tone, and what a receiver makes of them when some are lost.
 */
#include "telephone_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void there_and_back(void **state)
{
    const struct telephone_event sent = {.event = 11, .end = true, .volume = 63, .duration = 0xfedc};
    struct telephone_event got;
    uint8_t bytes[TELEPHONE_EVENT_LEN];
    (void)state;
    telephone_event_write(&sent, bytes);
    for (size_t len = 0; len < sizeof bytes; len++)
        assert_false(telephone_event_read(slice_of(bytes, len), &got));
    assert_true(telephone_event_read(slice_of(bytes, sizeof bytes), &got));
    assert_true(got.event == 11 && got.end && got.volume == 63 && got.duration == 0xfedc);
    bytes[1] |= 0x40; /* reserved: not looked at (section 2.3.3) */
    assert_true(telephone_event_read(slice_of(bytes, sizeof bytes), &got));
    assert_int_equal(got.volume, 63);
}

/* Everything that is sent until it is over, handed to `tone` but for packet `lost`. */
struct run {
    unsigned packets, markers, ends, began, ended;
    uint32_t ended_ms;
    uint8_t event;
};
static struct run run(uint8_t event, rtc_time_t duration_us, uint32_t events, unsigned lost_from, unsigned lost_to)
{
    struct tone_sender sender = {.rate = 48000, .events = events};
    struct tone_receiver receiver = {0};
    struct tone_packet p;
    struct tone_news news;
    struct run r = {0};
    rtc_time_t now = 1000000;
    tone_sender_start(&sender, now, event, duration_us, 0xffffff00u); /* wraps around */
    assert_false(tone_sender_next(&sender, now, &p));
    for (; (now = tone_sender_deadline(&sender)) != RTC_TIME_NEVER;)
        while (tone_sender_next(&sender, now, &p)) {
            struct telephone_event e;
            assert_true(telephone_event_read(slice_of(p.payload, sizeof p.payload), &e));
            r.markers += p.marker;
            r.ends += e.end;
            unsigned n = r.packets++;
            if ((n >= lost_from && n < lost_to) || !tone_receiver_packet(&receiver, p.timestamp, 48000, events, &e, &news))
                continue;
            r.began += news.began;
            r.ended += news.ended;
            r.event = news.began ? news.began_event : news.ended_event;
            r.ended_ms = news.ended ? news.ended_ms : r.ended_ms;
        }
    return r;
}

static void one_tone(void **state)
{
    (void)state;
    struct run r = run(7, 100000, 48000, 0, 0);
    assert_int_equal(r.packets, 4 + 3); /* 20 to 80 ms, and three that say 100 */
    assert_int_equal(r.markers, 1);
    assert_int_equal(r.ends, 3);
    assert_int_equal(r.began, 1);
    assert_int_equal(r.ended, 1);
    assert_int_equal(r.ended_ms, 100);
    assert_int_equal(r.event, 7);
    r = run(0, 40000, 8000, 0, 0);
    assert_true(r.began == 1 && r.ended == 1 && r.ended_ms == 40 && r.packets == 4);
}

static void what_is_lost(void **state)
{
    (void)state;
    struct run r = run(15, 100000, 48000, 0, 4); /* all but the end */
    assert_true(r.began == 1 && r.ended == 1 && r.ended_ms == 100);
    r = run(15, 100000, 48000, 4, 6); /* one of three ends */
    assert_true(r.began == 1 && r.ended == 1 && r.ended_ms == 100);
    r = run(15, 100000, 48000, 4, 7);
    assert_true(r.began == 1 && r.ended == 0);
}

/* 6 seconds do not fit into 16 bits at 48000 Hz: segments (section 2.5.1.3). */
static void a_long_tone(void **state)
{
    (void)state;
    struct run r = run(3, 6000000, 48000, 0, 0);
    assert_int_equal(r.began, 1);
    assert_int_equal(r.ended, 1);
    assert_int_equal(r.markers, 1);
    assert_in_range(r.ended_ms, 5990, 6000);
    r = run(3, 6000000, 8000, 0, 0);
    assert_true(r.began == 1 && r.ended == 1 && r.ended_ms == 6000);
}

static bool packet(struct tone_receiver *tone, uint32_t timestamp, uint8_t event, bool end, uint16_t duration, struct tone_news *news)
{
    return tone_receiver_packet(tone, timestamp, 48000, 48000, &(struct telephone_event){event, end, 10, duration}, news);
}

/* Another tone, or sound, ends one whose own end was lost; what comes late says nothing. */
static void a_lost_end(void **state)
{
    struct tone_receiver tone = {0};
    struct tone_news news;
    (void)state;
    assert_false(tone_receiver_sound(&tone, 5, &news));
    assert_true(packet(&tone, 1000, 1, false, 960, &news) && news.began && !news.ended);
    assert_false(packet(&tone, 1000, 1, false, 1920, &news));
    assert_true(packet(&tone, 9000, 2, false, 960, &news) && news.began && news.ended);
    assert_true(news.ended_event == 1 && news.ended_ms == 40 && news.began_event == 2);
    assert_false(packet(&tone, 1000, 1, true, 2880, &news));
    assert_false(tone_receiver_sound(&tone, 8999, &news));
    assert_true(tone_receiver_sound(&tone, 12000, &news) && news.ended && news.ended_event == 2 && news.ended_ms == 20);
    assert_false(tone_receiver_sound(&tone, 13000, &news));
    assert_false(packet(&tone, 20000, 16, false, 960, &news)); /* a flash, and all that is no key */
    assert_false(tone_receiver_packet(&tone, 30000, 48000, 0, &(struct telephone_event){1, false, 10, 960}, &news));
}

/* Timestamps go around in a day at 48000 Hz: a tone that follows another one by more than half of that is no late one. */
static void hours_later(void **state)
{
    struct tone_receiver tone = {0};
    struct tone_news news;
    (void)state;
    assert_true(packet(&tone, 1000, 1, false, 960, &news) && news.began);
    assert_true(packet(&tone, 1000, 1, true, 1920, &news) && news.ended);
    assert_false(tone_receiver_sound(&tone, 4000, &news));
    assert_false(packet(&tone, 900, 2, false, 960, &news)); /* late */
    assert_false(tone_receiver_sound(&tone, 1000 + 0x50000000u, &news));
    assert_true(packet(&tone, 1000 + 0x90000000u, 2, false, 960, &news) && news.began);
}

/* A peer that never ends one: how long it lasted stays at the most there is. */
static void one_without_end(void **state)
{
    struct tone_receiver tone = {0};
    struct tone_news news;
    uint32_t timestamp = 0;
    (void)state;
    for (int i = 0; i < 100; i++, timestamp += 0xffff)
        (void)tone_receiver_packet(&tone, timestamp, 1, 1, &(struct telephone_event){5, false, 10, 0xffff}, &news);
    assert_true(tone_receiver_sound(&tone, timestamp, &news) && news.ended);
    assert_true(news.ended_ms == UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back), cmocka_unit_test(one_tone),    cmocka_unit_test(what_is_lost),    cmocka_unit_test(a_long_tone),
        cmocka_unit_test(a_lost_end),     cmocka_unit_test(hours_later), cmocka_unit_test(one_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
