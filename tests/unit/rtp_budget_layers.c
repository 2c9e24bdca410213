/* SPDX-License-Identifier: MIT */
/* Layers of a track in a session: what those that are not sent would need, when what is shown, or how large, changes. */
#include "rtp_budget_scene.h"

static void set_rate(uint32_t bps)
{
    script.target = (struct congestion_target){bps, bps, 0};
    rtp_session_tick(session, now, &out);
}

/* A picture of one of three streams, of which each has a half of the sides of the next. */
static int send_layer(const uint32_t streams[3], size_t i, uint32_t width)
{
    static const uint8_t bytes[100] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    rtc_encoded_frame *frame = NULL;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_VIDEO,
                                         .codec = "VP8",
                                         .data = bytes,
                                         .data_len = sizeof bytes,
                                         .keyframe = true,
                                         .rtp_timestamp = (uint32_t)(now * 9 / 100),
                                         .capture_time_us = now,
                                         .width = width >> (2 - i),
                                         .height = (width >> (2 - i)) * 9 / 16};
    assert_int_equal(rtc_encoded_frame_new(context, &o, &frame), RTC_OK);
    int error = rtp_session_send_frame(session, now, streams[i], frame, RTP_NO_AUDIO_LEVEL, &out);
    rtc_encoded_frame_unref(frame);
    return error;
}

/* Three streams, of 1280 and less, over a path that takes all and then only the smallest. */
static void fall_to_the_smallest(uint32_t streams[3])
{
    struct rtp_section v = numbered(video_section());
    v.encoding_count = 3;
    for (uint32_t i = 0; i < 3; i++)
        v.encodings[i] = (struct rtp_encoding){.rid = {(char)('a' + i)}, .ssrc = OURS + 16 + 2 * i, .scale = 4 >> i};
    assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
    set_rate(4000000);
    for (size_t i = 0; i < 3; i++) {
        streams[i] = rtp_session_send_stream(session, video, v.encodings[i].rid);
        assert_int_equal(send_layer(streams, i, 1280), RTC_OK);
    }
    (void)run(now + SECOND);
    set_rate(120000);
    (void)run(now + 2 * SECOND);
    set_rate(120000);
    assert_int_equal(send_layer(streams, 0, 1280), RTC_OK);
    for (size_t i = 1; i < 3; i++)
        assert_int_equal(send_layer(streams, i, 1280), RTC_ERR_INVALID_STATE);
}

static void expect_layers_within(const uint32_t streams[3], uint32_t width)
{
    for (int i = 0; i < 50; i++) {
        for (size_t k = 0; k < 3; k++)
            (void)send_layer(streams, k, width);
        (void)run(now + 100 * MS);
        rtp_session_tick(session, now, &out);
    }
    for (size_t i = 0; i < 3; i++) {
        struct rtp_outbound_stats stats;
        assert_true(rtp_session_outbound_stats(session, streams[i], now, &stats));
        assert_true(stats.target_bitrate_bps >= 30000);
        assert_int_equal(send_layer(streams, i, width), RTC_OK);
    }
}

/* A layer that is off needs what its pictures would need now: the track shows another source, */
static void layers_come_back_when_pictures_are_smaller(void **state)
{
    uint32_t streams[3];
    (void)state;
    fall_to_the_smallest(streams);
    set_rate(420000);
    expect_layers_within(streams, 320);
}

/* or they are to be made smaller. */
static void layers_come_back_when_scaled_down_more(void **state)
{
    uint32_t streams[3];
    (void)state;
    fall_to_the_smallest(streams);
    for (uint32_t i = 0; i < 3; i++)
        rtp_session_set_stream_scale(session, streams[i], 16 >> i);
    set_rate(420000);
    expect_layers_within(streams, 320);
}

/* What is said of it by one that is not to be sent at all is of before. */
static void layers_come_back_beside_one_that_is_inactive(void **state)
{
    uint32_t streams[3];
    (void)state;
    fall_to_the_smallest(streams);
    rtp_session_set_stream_bitrate(session, now, streams[0], 1, &out);
    set_rate(420000);
    for (int i = 0; i < 50; i++) {
        for (size_t k = 1; k < 3; k++)
            (void)send_layer(streams, k, 320);
        (void)run(now + 100 * MS);
        rtp_session_tick(session, now, &out);
    }
    assert_int_equal(send_layer(streams, 2, 320), RTC_OK);
}

/* Of those that are wanted the smallest is sent, however little there is. */
static void the_smallest_that_is_wanted_is_sent(void **state)
{
    uint32_t streams[3];
    struct rtp_outbound_stats stats;
    (void)state;
    fall_to_the_smallest(streams);
    rtp_session_set_stream_bitrate(session, now, streams[0], 1, &out);
    for (int i = 0; i < 50; i++) {
        (void)send_layer(streams, 1, 1280);
        (void)run(now + 100 * MS);
        rtp_session_tick(session, now, &out);
    }
    assert_int_equal(send_layer(streams, 1, 1280), RTC_OK);
    assert_int_equal(send_layer(streams, 2, 1280), RTC_ERR_INVALID_STATE);
    assert_true(rtp_session_outbound_stats(session, streams[1], now, &stats));
    assert_in_range(stats.target_bitrate_bps, 60000, 120000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(layers_come_back_when_pictures_are_smaller, begin_numbered, end_numbered),
        cmocka_unit_test_setup_teardown(layers_come_back_when_scaled_down_more, begin_numbered, end_numbered),
        cmocka_unit_test_setup_teardown(layers_come_back_beside_one_that_is_inactive, begin_numbered, end_numbered),
        cmocka_unit_test_setup_teardown(the_smallest_that_is_wanted_is_sent, begin_numbered, end_numbered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
