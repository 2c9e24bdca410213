/* SPDX-License-Identifier: MIT */
/* The part of the budget that data channels have beside media. */
#include "rtp_budget_scene.h"

/* A second of data that always wait, beside pictures as large as the target and sound: what leaves of data, in bits per second. */
static uint32_t data_beside(bool pictures, rtc_time_t lasts)
{
    uint64_t bytes = 0;
    for (rtc_time_t end = now + lasts, next_picture = now; now < end;) {
        struct rtp_outbound_stats stats;
        assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
        if (pictures && now >= next_picture) {
            send_picture(stats.target_bitrate_bps / 8 / 25 > 100 ? stats.target_bitrate_bps / 8 / 25 : 100);
            next_picture += 40 * MS;
            send_sound();
        }
        for (int i = 0; i < 1000 && rtp_session_takes_data(session, now, 1163); i++)
            bytes += 1163 + WIRE;
        rtc_time_t at = rtp_session_deadline(session, &(enum timer_reason){0});
        at = at < now + MS ? now + MS : at;
        (void)run(pictures && next_picture < at ? next_picture : at);
    }
    return (uint32_t)(bytes * 8 * SECOND / (uint64_t)lasts);
}

static void the_path_was_full(void)
{
    script.target.target_bps = 600000;
    rtp_session_tick(session, now, &out);
    script.target.target_bps = 500000;
    rtp_session_tick(session, now, &out);
}

static void data_have_their_part(void **state)
{
    static const struct {
        uint32_t weight, least, most;
    } parts[] = {{2, 190000, 260000},
                 {1, 120000, 175000},
                 {8, 320000, 400000}}; /* beside pictures of 2, of 500 less sound; a burst in 2 s is up to 20000 */
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        (void)end_numbered(state);
        (void)begin_numbered(state);
        the_path_was_full();
        struct rtp_section v = numbered(video_section());
        v.encodings[0].weight = 2;
        assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
        rtp_session_set_data_weight(session, parts[i].weight);
        (void)data_beside(true, 2 * SECOND);
        assert_in_range(data_beside(true, 2 * SECOND), parts[i].least, parts[i].most);
        assert_int_equal(script.limits.max_bps, 0); /* as much as there is */
    }
}

static uint32_t pictures_target(void)
{
    struct rtp_outbound_stats stats;
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
    return stats.target_bitrate_bps;
}

/* Pictures and sound, and `packets` of data a second of so many bytes; the least that pictures were given. */
static uint32_t pictures_beside(uint32_t packets, uint32_t bytes, rtc_time_t lasts)
{
    uint32_t least = UINT32_MAX;
    for (rtc_time_t end = now + lasts, picture = now, data = now; now < end; (void)run(now + MS)) {
        if (now >= picture) {
            send_picture(pictures_target() / 8 / 25);
            send_sound();
            picture += 40 * MS;
        }
        if (packets > 0 && now >= data) {
            assert_true(rtp_session_takes_data(session, now, bytes));
            data += SECOND / packets;
        }
        least = pictures_target() < least ? pictures_target() : least;
    }
    return least;
}

/* The association's handshake, a channel that is opened, SACKs: pictures do not notice. */
static void an_idle_channel_takes_nothing(void **state)
{
    (void)state;
    the_path_was_full();
    uint32_t before = pictures_beside(0, 0, 2 * SECOND);
    assert_in_range(before, 400000, 500000);
    for (int i = 0; i < 12; i++)
        assert_true(rtp_session_takes_data(session, now, 150));
    assert_true(pictures_beside(2, 100, 3 * SECOND) > before * 94 / 100);
}

/* 64 kbit/s of short messages get what they take and no more, without waiting. */
static void a_chat_takes_what_it_takes(void **state)
{
    (void)state;
    the_path_was_full();
    uint32_t before = pictures_beside(0, 0, 2 * SECOND), beside;
    (void)data_beside(true, SECOND); /* a transfer, and then none */
    (void)pictures_beside(0, 0, 2 * SECOND);
    for (int i = 0; i < 3; i++)
        beside = pictures_beside(20, 400, SECOND);
    assert_in_range(beside, before - 120000, before - 60000);
    assert_true(script.limits.max_bps > 0);
}

static void what_data_do_not_want_media_have(void **state)
{
    (void)state;
    (void)data_beside(true, SECOND);
    (void)run(now + 1500 * MS);
    send_picture(100);
    (void)run(now + SECOND / 10);
    assert_true(script.limits.max_bps > 0);
    struct rtp_outbound_stats stats;
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
    assert_in_range(stats.target_bitrate_bps, 400000, 500000);
}

/* What pictures could have and do not take is not lost. */
static void data_have_what_media_leave(void **state)
{
    (void)state;
    the_path_was_full();
    uint64_t bytes = 0;
    for (int i = 0; i < 500; i++) {
        if (i % 50 == 0)
            send_picture(100);
        while (rtp_session_takes_data(session, now, 1163))
            bytes += i >= 200 ? 1163 + WIRE : 0;
        (void)run(now + 20 * MS);
    }
    assert_in_range(bytes * 8 / 6, 400000, 500000);
}

static void data_alone_are_free(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++)
        assert_true(rtp_session_takes_data(session, now, 1163)); /* no media have left yet */
    assert_true(rtp_session_data_room(session, now) == UINT32_MAX);
    send_picture(1000);
    (void)run(now + 100 * MS);
    int taken = 0;
    while (rtp_session_takes_data(session, now, 1163))
        taken++;
    assert_true(taken < 100);
    assert_true(rtp_session_data_room(session, now) < 100000);
    assert_true(rtp_session_deadline(session, &(enum timer_reason){0}) != RTC_TIME_NEVER);
    (void)run(now + 3 * SECOND);
    for (int i = 0; i < 10000; i++)
        assert_true(rtp_session_takes_data(session, now, 1163));
    struct rtp_section v = video_section(); /* without feedback it is as ever */
    assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
    send_picture(1000);
    for (int i = 0; i < 10000; i++)
        assert_true(rtp_session_takes_data(session, now, 1163));
}

/* A path that was never full takes more than pictures show: data find out, and stop when the target falls. */
static void data_find_what_the_path_takes(void **state)
{
    (void)state;
    uint32_t first = data_beside(true, SECOND), later;
    (void)data_beside(true, 4 * SECOND);
    later = data_beside(true, SECOND);
    assert_true(later > 8 * first);
    the_path_was_full();
    (void)data_beside(true, 2 * SECOND);
    assert_true(data_beside(true, SECOND) < 600000);
    rtp_session_path_changed(session, now, &out);
    (void)data_beside(true, 4 * SECOND);
    assert_true(data_beside(true, SECOND) > 1000000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_numbered, end_numbered)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(data_have_their_part),          TEST(an_idle_channel_takes_nothing),
        TEST(a_chat_takes_what_it_takes),    TEST(what_data_do_not_want_media_have),
        TEST(data_have_what_media_leave),    TEST(data_alone_are_free),
        TEST(data_find_what_the_path_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
