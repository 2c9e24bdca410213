/* SPDX-License-Identifier: MIT */
/* Sources that come, change, fall silent and go, many at once: nobody who speaks goes unheard, and nothing grows. */
#include "rtp_scripted_peer.h"
#include "rtp_session_parts.h"

#include <stdio.h>

static struct slice sound(void)
{
    static const uint8_t bytes[] = {0x78, 0};
    return slice_of(bytes, sizeof bytes);
}

static uint32_t heard_ssrc(uint32_t member)
{
    struct rtp_inbound_stats stats = {0};
    (void)rtp_session_inbound_stats(session, rtp_session_receive_stream(session, member, ""), now, &stats);
    return stats.ssrc;
}

/* A peer may change its SSRC as often as it likes and is always heard. */
static void ten_thousand_sources(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10000; i++) {
        say(0x10000 + i, 111, 1, 1, false, sound());
        assert_int_equal(heard_ssrc(audio), 0x10000 + i);
    }
    const struct rtp_counters *c = rtp_session_counters(session);
    assert_int_equal(c->unknown + c->malformed + c->unauthenticated, 0);
    wait_until(now + 3 * SECOND);
    assert_true(sent().reports <= 10 * 3);
}

/* Who asks for a keyframe asks somebody who is there. */
static void no_requests_to_the_silent(void **state)
{
    (void)state;
    show(10, false);
    wait_until(now + 1900 * MS);
    assert_in_range(sent().kinds[RTCP_PLI], 8, 11);
    wait_until(now + 10 * SECOND);
    rtp_session_request_keyframe(session, now, rtp_session_receive_stream(session, video, ""), &out);
    wait_until(now + 10 * SECOND);
    assert_true(sent().kinds[RTCP_PLI] <= 1);
    show(11, false);
    assert_int_equal(sent().kinds[RTCP_PLI], 1);
    /* Nor is it owed when it could not be sent in time. */
    show(12, false);
    rtp_session_set_writable(session, now, false, &out);
    wait_until(now + 10 * SECOND);
    rtp_session_set_writable(session, now, true, &out);
    rtp_session_tick(session, now, &out);
    assert_true(rtp_session_deadline(session, NULL) > now);
    assert_int_equal(sent().kinds[RTCP_PLI], 0);
}

/* More sources than a report packet has blocks: all are told of their losses. */
static void many_reports(void **state)
{
    (void)state;
    enum { COUNT = 70 };
    for (uint32_t i = 0; i < COUNT; i++) {
        struct rtp_section s = audio_section();
        uint32_t handle;
        (void)snprintf(s.mid, sizeof s.mid, "a%u", i);
        s.send = false;
        s.encodings[0].ssrc = 0x5000 + i;
        s.remote_ssrc_count = 1;
        s.remote_ssrcs[0] = 0x70000 + i;
        assert_int_equal(rtp_session_set_section(session, now, &s, &handle, &out), RTC_OK);
    }
    wait_until(now + SECOND);
    (void)sent();
    for (uint16_t k = 0; k < 2; k++)
        for (uint32_t i = 0; i < COUNT; i++)
            say(0x70000 + i, 111, k, k * 960u, false, sound());
    unsigned reports = 0;
    for (int i = 0; i < 60 && reports == 0; i++) {
        wait_until(now + 100 * MS);
        struct sent s = sent();
        reports += s.reports;
        assert_true(s.largest <= 1200);
    }
    assert_int_equal(reports, COUNT);
}

/* Streams that no keyframe ever makes useful: together they hold no more than rtc_limits.jitter_buffer_bytes, and one that is whole is
 * seen. */
static void many_streams_wait(void **state)
{
    (void)state;
    enum { COUNT = 16, LIMIT = 2 * 1024 * 1024 };
    uint64_t most = 0;
    session->receiving.jitter.most = LIMIT;
    for (uint32_t i = 0; i < COUNT; i++) {
        struct rtp_section s = video_section();
        uint32_t handle;
        (void)snprintf(s.mid, sizeof s.mid, "v%u", i);
        s.send = false;
        s.encodings[0].ssrc = 0x5000 + i;
        s.remote_ssrc_count = 1;
        s.remote_ssrcs[0] = 0x70000 + i;
        assert_int_equal(rtp_session_set_section(session, now, &s, &handle, &out), RTC_OK);
    }
    for (uint16_t k = 0; k < 300; k++)
        for (uint32_t i = 0; i < COUNT; i++) {
            say(0x70000 + i, 96, k, k, true, picture(false));
            most = session->receiving.jitter.bytes > most ? session->receiving.jitter.bytes : most;
        }
    assert_in_range(most, LIMIT * 9 / 10, LIMIT);
    struct rtp_inbound_stats stats;
    say(0x70000, 96, 300, 300, true, picture(true));
    say(0x70000, 96, 301, 301, true, picture(true));
    assert_true(rtp_session_inbound_stats(
        session, rtp_session_receive_stream(session, rtp_demux_member_of(session->members.demux, 0x70000), ""), now, &stats));
    assert_true(stats.video.frames_received > 0);
}

static void many_goodbyes(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    const rtc_encoded_frame_options o = {
        .size = sizeof o, .kind = RTC_MEDIA_AUDIO, .codec = "opus", .data = sound().data, .data_len = 2, .capture_time_us = now};
    rtc_encoded_frame *frame;
    assert_int_equal(rtc_encoded_frame_new(context, &o, &frame), RTC_OK);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct rtp_section s = audio_section();
        uint32_t handle;
        (void)snprintf(s.mid, sizeof s.mid, "a%u", i);
        s.encodings[0].ssrc = 0x5000 + i;
        assert_int_equal(rtp_session_set_section(session, now, &s, &handle, &out), RTC_OK);
        assert_int_equal(
            rtp_session_send_frame(session, now, rtp_session_send_stream(session, handle, ""), frame, RTP_NO_AUDIO_LEVEL, &out), RTC_OK);
    }
    rtc_encoded_frame_unref(frame);
    (void)sent();
    rtp_session_close(session, now, &out);
    assert_int_equal(sent().byes, COUNT);
}

/* ---- A sender that begins anew with the same SSRC ---- */

static uint16_t sequence;
static uint32_t timestamp;

static unsigned watch(rtc_time_t duration, bool key_frame)
{
    unsigned frames = 0;
    for (rtc_time_t until = now + duration; now < until; wait_until(now + 33 * MS)) {
        say(MEDIA, 96, sequence++, timestamp, true, picture(key_frame));
        timestamp += 2970;
        key_frame = false;
        frames += events(RTP_EVENT_VIDEO_FRAME, video);
        (void)sent();
    }
    return frames;
}

static void restart_at(uint16_t to_sequence, uint32_t to_timestamp)
{
    sequence = 1000;
    timestamp = 0x40000000;
    assert_in_range(watch(2 * SECOND, true), 58, 61);
    sequence = (uint16_t)(sequence + to_sequence);
    timestamp += to_timestamp;
    (void)watch(100 * MS, true);
    assert_true(watch(2 * SECOND, true) >= 57);
}

/* Who sends on what comes is told of numbers that go on, whatever those that come do: behind a gap of one, for something is missing. */
static void numbers_that_begin_anew_are_sent_on(void **state)
{
    static const uint16_t come[] = {65534, 65535, 0, 1, 30000, 30001, 30002, 50000, 50001, 4000, 4001};
    static const int64_t leave[] = {0, 1, 2, 3, 5, 6, 8, 10}; /* the first of each jump is none yet */
    size_t told = 0;
    int64_t first = 0;
    (void)state;
    rtp_session_set_member_forwards(session, video, true);
    for (size_t i = 0; i < sizeof come / sizeof *come; i++)
        show(come[i], true);
    for (struct rtp_event *e; (e = out_pop_event(&out)) != NULL;) {
        if (e->head.type == RTP_EVENT_FORWARD) {
            assert_true(told < sizeof leave / sizeof *leave);
            first = told > 0 ? first : e->forward->sequence;
            assert_int_equal(e->forward->sequence - first, leave[told++]);
        }
        out_free_event(&out, e);
    }
    assert_int_equal(told, sizeof leave / sizeof *leave);
}

static void clock_jumps_back(void **state)
{
    (void)state;
    restart_at(0, 0u - 90000 * 3600);
}

static void clock_jumps_ahead(void **state)
{
    (void)state;
    restart_at(0, 90000 * 3600);
}

static void clock_jumps_back_a_little(void **state)
{
    (void)state;
    restart_at(0, 0u - 90000 * 8);
}

static void begins_anew_behind(void **state)
{
    (void)state;
    restart_at(20000, 0u - 90000 * 3600);
}

static void begins_anew_ahead(void **state)
{
    (void)state;
    restart_at(40000, 90000 * 3600);
}

/* ---- Lip sync ---- */

static uint32_t voice_sequence;

static void write_reports(struct writer *w)
{
    /* By the sender's clock the voice that is sent now is 300 ms younger than the picture. */
    const struct rtcp_sender_info v = {.ntp = rtcp_ntp(now - 300 * MS), .timestamp = timestamp, .packets = 1, .octets = 1};
    const struct rtcp_sender_info a = {.ntp = rtcp_ntp(now), .timestamp = voice_sequence * 960, .packets = 1, .octets = 1};
    rtcp_write_sr(w, MEDIA, &v, NULL, 0);
    rtcp_write_sr(w, VOICE, &a, NULL, 0);
}

static rtc_time_t talk(rtc_time_t duration, bool pictures)
{
    struct rtp_inbound_stats stats;
    for (rtc_time_t until = now + duration; now < until; wait_until(now + 20 * MS)) {
        say(VOICE, 111, (uint16_t)voice_sequence, voice_sequence * 960, false, sound());
        voice_sequence++;
        if (pictures)
            say(MEDIA, 96, sequence++, timestamp, true, picture(true));
        timestamp += 1800;
        (void)events(0, 0);
        (void)sent();
    }
    assert_true(rtp_session_inbound_stats(session, rtp_session_receive_stream(session, audio, ""), now, &stats));
    return stats.current_delay_us;
}

/* The voice waits for the picture, but not for one that is not there any more. */
static void nobody_waits_for_the_gone(void **state)
{
    (void)state;
    struct rtp_section v = video_section(), a = audio_section();
    uint32_t handle;
    memcpy(v.remote_stream_id, "one", 4);
    memcpy(a.remote_stream_id, "one", 4);
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(rtp_session_set_section(session, now, &a, &handle, &out), RTC_OK);
    (void)talk(SECOND, true);
    tell(write_reports);
    assert_in_range(talk(6 * SECOND, true), 280 * MS, 360 * MS);
    assert_true(talk(8 * SECOND, false) < 60 * MS);
    assert_in_range(talk(6 * SECOND, true), 280 * MS, 360 * MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_call, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ten_thousand_sources),
        TEST(no_requests_to_the_silent),
        TEST(many_reports),
        TEST(many_streams_wait),
        TEST(many_goodbyes),
        TEST(numbers_that_begin_anew_are_sent_on),
        TEST(clock_jumps_back),
        TEST(clock_jumps_ahead),
        TEST(clock_jumps_back_a_little),
        TEST(begins_anew_behind),
        TEST(begins_anew_ahead),
        TEST(nobody_waits_for_the_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
