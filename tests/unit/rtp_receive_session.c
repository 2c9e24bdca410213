/* SPDX-License-Identifier: MIT */
/* The session against a scripted peer that speaks packets: what it takes, what it refuses, what it answers. */
#include "rtp_scripted_peer.h"

#include "rtcp_extended.h"

static void before_keys(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0x80, 96};
    for (size_t len = 0; len <= sizeof bytes; len++)
        give(packet_copy(out.pool, slice_of(bytes, len)));
    assert_int_equal(rtp_session_counters(session)->before_keys, 65);
    assert_int_equal(sent().media, 0);
    wait_until(now + 10 * SECOND);
    struct sent s = sent();
    assert_int_equal(s.kinds[RTCP_RR] + s.kinds[RTCP_SR], 0);
    give_keys();
    wait_until(now + 10 * SECOND);
    s = sent();
    assert_true(s.kinds[RTCP_RR] >= 6);
    assert_int_equal(s.last[RTCP_SDES].cname.len, 2);
}

/* Every length of everything that looks like RTP or RTCP. */
static void garbage(void **state)
{
    (void)state;
    static const uint8_t heads[][2] = {{0x80, 96},  {0x8f, 96},  {0x90, 97},  {0xa0, 111}, {0xbf, 255},
                                       {0x81, 200}, {0x9f, 201}, {0x8f, 206}, {0x41, 96}};
    uint64_t given = 0;
    for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++)
        for (size_t len = 0; len <= 64; len++, given++) {
            uint8_t bytes[64] = {heads[h][0], heads[h][1], 0xff, 0xff};
            give(packet_copy(out.pool, slice_of(bytes, len)));
        }
    const struct rtp_counters *c = rtp_session_counters(session);
    assert_int_equal(c->malformed + c->unauthenticated + c->unknown, given);
    assert_true(c->unauthenticated > 100);
    assert_int_equal(events(RTP_EVENT_UNMUTE, video), 0);
}

static void replay(void **state)
{
    (void)state;
    static const uint8_t no_ids[RTP_EXTENSIONS];
    struct packet *packet = packet_new(out.pool);
    const struct rtp_header header = {.payload_type = 111, .sequence = 5, .ssrc = VOICE};
    assert_true(rtp_write_header(packet, &header, no_ids));
    assert_int_equal(srtp_protect_packet(peer, packet), RTC_OK);
    struct packet *again = packet_copy(out.pool, packet_slice(packet));
    give(packet);
    give(again);
    assert_int_equal(rtp_session_counters(session)->replayed, 1);
}

static void a_gap_is_asked_for(void **state)
{
    (void)state;
    show(10, true);
    show(11, false);
    (void)sent();
    show(14, false);
    struct sent s = sent();
    assert_int_equal(s.kinds[RTCP_NACK], 1);
    assert_int_equal(s.first, RTCP_NACK); /* reduced size */
    assert_int_equal(s.last[RTCP_NACK].ssrc, OURS);
    assert_int_equal(s.last[RTCP_NACK].media_ssrc, MEDIA);
    assert_int_equal(s.nack, 12);
    assert_int_equal(s.nack_mask, 1);
    /* RTX brings them: payload type 97, the original number in front. */
    for (uint8_t n = 12; n < 14; n++) {
        uint8_t payload[14] = {0, n};
        memcpy(payload + 2, picture(false).data, 12);
        say(RTX, 97, n, n * 3000u, true, slice_of(payload, sizeof payload));
    }
    wait_until(now + SECOND);
    assert_int_equal(events(RTP_EVENT_VIDEO_FRAME, video), 5);
    assert_int_equal(sent().kinds[RTCP_PLI], 0);
}

/* What is asked for follows the description, also of a stream that is there already. */
static void feedback_follows_the_description(void **state)
{
    struct rtp_section v = video_section();
    uint32_t handle;
    (void)state;
    show(10, true);
    v.receive_codecs[0].nack = v.receive_codecs[0].pli = false;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    (void)sent();
    show(11, false);
    show(13, false);
    wait_until(now + SECOND);
    struct sent s = sent();
    assert_int_equal(s.kinds[RTCP_NACK] + s.kinds[RTCP_PLI], 0);
    v.receive_codecs[0].nack = v.receive_codecs[0].pli = true;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    show(14, true);
    (void)sent();
    show(15, false);
    show(17, false);
    wait_until(now + SECOND);
    s = sent();
    assert_true(s.kinds[RTCP_NACK] > 0 && s.kinds[RTCP_PLI] > 0);
    assert_int_equal(s.nack, 16);
}

/* RTX for a packet far ahead of the stream is nonsense: nothing is given up for it, nothing asked for. */
static void repair_far_ahead(void **state)
{
    (void)state;
    uint8_t payload[14] = {0x10, 0};
    memcpy(payload + 2, picture(false).data, 12);
    show(10, true);
    (void)sent();
    say(RTX, 97, 1, 1, true, slice_of(payload, sizeof payload));
    for (uint16_t i = 11; i < 20; i++, wait_until(now + 33 * MS))
        show(i, false);
    wait_until(now + 100 * MS);
    assert_int_equal(events(RTP_EVENT_VIDEO_FRAME, video), 10);
    struct sent s = sent();
    assert_int_equal(s.kinds[RTCP_NACK] + s.kinds[RTCP_PLI], 0);
}

static void compound_feedback(void **state)
{
    (void)state;
    struct rtp_section v = video_section();
    uint32_t handle;
    v.reduced_size = false;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(handle, video);
    show(10, true);
    (void)sent();
    show(12, false);
    struct sent s = sent();
    assert_int_equal(s.kinds[RTCP_NACK], 1);
    assert_int_equal(s.first, RTCP_RR);
    assert_int_equal(s.kinds[RTCP_SDES], 1);
}

static void a_keyframe_is_asked_for(void **state)
{
    (void)state;
    unsigned plis = 0;
    rtc_time_t from = now;
    uint16_t sequence = 10;
    for (; now < from + SECOND; wait_until(now + 33 * MS)) {
        show(sequence++, false);
        plis += sent().kinds[RTCP_PLI];
    }
    assert_in_range(plis, 4, 5);
    assert_int_equal(events(RTP_EVENT_VIDEO_FRAME, video), 0);
    show(sequence++, true);
    wait_until(now + SECOND);
    assert_int_equal(sent().kinds[RTCP_PLI], 0);
    assert_int_equal(events(RTP_EVENT_VIDEO_FRAME, video), 1);
}

/* Browsers probe with RTX packets of padding only, even before any video. */
static void probing(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 20; i++)
        say(RTX, 97, i, 0, false, slice_of("\0", i % 3));
    wait_until(now + SECOND);
    struct sent s = sent();
    assert_int_equal(s.kinds[RTCP_NACK] + s.kinds[RTCP_PLI], 0);
    assert_int_equal(events(RTP_EVENT_UNMUTE, video), 0);
    show(10, true);
    wait_until(now + 100 * MS);
    assert_int_equal(events(RTP_EVENT_VIDEO_FRAME, video), 1);
}

static void the_latest_source_plays(void **state)
{
    (void)state;
    struct rtp_inbound_stats stats;
    show(10, true);
    say(MEDIA + 0x50, 96, 500, 1000, true, picture(true));
    assert_true(rtp_session_inbound_stats(session, rtp_session_receive_stream(session, video, ""), now, &stats));
    assert_int_equal(stats.ssrc, MEDIA + 0x50);
    assert_int_equal(events(RTP_EVENT_VIDEO_FRAME, video), 2);
    show(11, true);
    wait_until(now + 100 * MS);
    assert_int_equal(events(RTP_EVENT_VIDEO_FRAME, video), 0);
    for (uint16_t i = 0; i < 90; i++, wait_until(now + 33 * MS))
        show((uint16_t)(12 + i), i % 20 == 0);
    assert_true(rtp_session_inbound_stats(session, rtp_session_receive_stream(session, video, ""), now, &stats));
    assert_int_equal(stats.ssrc, MEDIA);
}

static void write_report(struct writer *w)
{
    const struct rtcp_sender_info info = {.ntp = rtcp_ntp(1000000), .timestamp = 5, .packets = 1, .octets = 1};
    rtcp_write_sr(w, MEDIA, &info, NULL, 0);
}

static void reception_report(void **state)
{
    (void)state;
    for (uint16_t i = 10; i < 30; i++)
        if (i != 15)
            show(i, i == 10);
    tell(write_report);
    (void)sent();
    wait_until(now + 3 * SECOND);
    struct sent s = sent();
    assert_true(s.kinds[RTCP_RR] >= 2);
    assert_int_equal(s.kinds[RTCP_SR], 0); /* nothing was sent */
    assert_true(s.kinds[RTCP_SDES] == s.kinds[RTCP_RR]);
    struct rtp_inbound_stats stats;
    assert_true(rtp_session_inbound_stats(session, rtp_session_receive_stream(session, video, ""), now, &stats));
    assert_int_equal(stats.packets_received, 19);
    assert_int_equal(stats.packets_lost, 1);
}

static void write_bye(struct writer *w)
{
    const uint32_t ssrcs[] = {MEDIA, 0x99999};
    rtcp_write_rr(w, MEDIA, NULL, 0);
    rtcp_write_bye(w, ssrcs, 2);
}

static void goodbye(void **state)
{
    (void)state;
    show(10, true);
    assert_int_equal(events(RTP_EVENT_UNMUTE, video), 1);
    tell(write_bye);
    assert_int_equal(events(RTP_EVENT_MUTE, video), 1);
    struct rtp_inbound_stats stats;
    assert_false(rtp_session_inbound_stats(session, rtp_session_receive_stream(session, video, ""), now, &stats));
    show(11, true);
    assert_int_equal(events(RTP_EVENT_UNMUTE, video), 1);
}

static rtc_encoded_frame *frame_of(size_t len, bool keyframe)
{
    const uint8_t head[12] = {keyframe ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    rtc_encoded_frame *frame;
    const rtc_encoded_frame_options o = {
        .size = sizeof o, .kind = RTC_MEDIA_VIDEO, .codec = "VP8", .data_len = len, .keyframe = keyframe, .capture_time_us = now};
    assert_int_equal(rtc_encoded_frame_new(context, &o, &frame), RTC_OK);
    memset(rtc_encoded_frame_writable_data(frame), 1, len);
    memcpy(rtc_encoded_frame_writable_data(frame), head, sizeof head);
    return frame;
}

static int send_one(size_t len, bool keyframe)
{
    rtc_encoded_frame *frame = frame_of(len, keyframe);
    int error = rtp_session_send_frame(session, now, video_stream, frame, RTP_NO_AUDIO_LEVEL, &out);
    rtc_encoded_frame_unref(frame);
    wait_until(now + 200 * MS);
    return error;
}

static int send_frame(size_t len)
{
    return send_one(len, true);
}

/* A frame that was too much for the pacer is missing at the peer: what refers to it is not sent, and a keyframe asked for. */
static void after_a_frame_too_large(void **state)
{
    (void)state;
    assert_int_equal(send_one(1000, true), RTC_OK);
    assert_int_equal(send_one(1000, false), RTC_OK);
    (void)events(0, 0);
    assert_int_equal(send_one(4000000, false), RTC_ERR_QUOTA_EXCEEDED);
    assert_int_equal(send_one(1000, false), RTC_ERR_INVALID_STATE);
    assert_int_equal(events(RTP_EVENT_KEYFRAME_REQUEST, video), 1);
    assert_int_equal(send_one(1000, true), RTC_OK);
    assert_int_equal(send_one(1000, false), RTC_OK);
}

static void packet_sizes(void **state)
{
    (void)state;
    assert_int_equal(send_frame(10000), RTC_OK);
    struct sent s = sent();
    assert_true(s.media >= 9 && s.largest <= 1200 && s.largest > 1100);
    rtp_session_set_max_packet(session, 700);
    assert_int_equal(send_frame(10000), RTC_OK);
    s = sent();
    assert_true(s.media >= 15 && s.largest <= 700 && s.largest > 600);
}

static void write_reference(struct writer *w)
{
    rtcp_write_extended(w, MEDIA, rtcp_ntp(1000000), NULL, 0);
}

/* How many answers to reference times leave in the next second, in which a picture comes and one is sent. */
static unsigned answers(uint16_t sequence)
{
    (void)sent();
    show(sequence, true);
    assert_int_equal(send_frame(100), RTC_OK);
    wait_until(now + SECOND);
    return sent().kinds[RTCP_EXTENDED];
}

/* What has no room beside a report leaves in another packet; what fits into none is answered when it does. */
static void answers_find_room(void **state)
{
    (void)state;
    assert_int_equal(answers(10), 0);
    tell(write_reference);
    rtp_session_set_max_packet(session, 290);
    assert_int_equal(answers(11), 1);
    assert_int_equal(answers(12), 0); /* once is enough */
    tell(write_reference);
    rtp_session_set_max_packet(session, 200);
    assert_int_equal(answers(13), 0);
    rtp_session_set_max_packet(session, 1200);
    assert_int_equal(answers(14), 1);
    assert_int_equal(answers(15), 0);
}

static void write_requests(struct writer *w)
{
    rtcp_write_pli(w, MEDIA, OURS);
}

static void write_remb(struct writer *w)
{
    const uint32_t ssrcs[] = {OURS};
    rtcp_write_remb(w, MEDIA, 200000, ssrcs, 1);
}

static void write_nack(struct writer *w)
{
    for (unsigned i = 0; i < 0x10000; i += 0x1000) {
        uint16_t all[200];
        for (unsigned k = 0; k < 200; k++)
            all[k] = (uint16_t)(i + k);
        if (writer_left(w) > 100)
            rtcp_write_nack(w, MEDIA, OURS, all, 200);
    }
}

static void feedback_about_ours(void **state)
{
    (void)state;
    (void)events(0, 0);
    tell(write_requests);
    assert_int_equal(events(RTP_EVENT_KEYFRAME_REQUEST, video), 1);
    tell(write_remb);
    assert_int_equal(events(RTP_EVENT_TARGET_BITRATE, video), 1);
    struct rtp_outbound_stats stats;
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
    assert_int_equal(stats.target_bitrate_bps, 200000);
    assert_int_equal(stats.pli_count, 1);
    tell(write_nack); /* for packets that never were */
    wait_until(now + 100 * MS);
    assert_int_equal(sent().media, 0);
}

static void the_cap_can_change(void **state)
{
    (void)state;
    struct rtp_outbound_stats stats;
    wait_until(now + SECOND);
    (void)events(0, 0);
    rtp_session_set_max_bitrate(session, 100000);
    wait_until(now + 2 * SECOND);
    assert_int_equal(events(RTP_EVENT_TARGET_BITRATE, video), 1);
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
    assert_int_equal(stats.target_bitrate_bps, 100000);
}

static void write_empty_report(struct writer *w)
{
    rtcp_write_rr(w, MEDIA, NULL, 0);
}

/* A second of a stream that the peer, who is there, says nothing of. */
static bool flows_for_a_second(unsigned *breakers)
{
    for (int k = 0; k < 5; k++)
        (void)send_frame(100);
    tell(write_empty_report);
    *breakers += events(RTP_EVENT_CIRCUIT_BREAKER, video);
    return sent().media > 0;
}

/* It is stopped, and tried again after 5 and 10 seconds and a little more, or when it is wanted anew. */
static void nobody_receives(void **state)
{
    (void)state;
    unsigned breakers = 0, seconds = 0;
    for (int i = 0; i < 15; i++)
        assert_true(flows_for_a_second(&breakers));
    for (; !flows_for_a_second(&breakers); seconds++)
        assert_in_range(seconds, 0, 6);
    assert_in_range(seconds, 4, 6);
    for (seconds = 1; flows_for_a_second(&breakers); seconds++)
        assert_in_range(seconds, 0, 20);
    assert_in_range(seconds, 14, 18);
    assert_int_equal(breakers, 3); /* stopped, reduced, stopped */
    for (int i = 0; i < 8; i++)
        assert_false(flows_for_a_second(&breakers));
    struct rtp_section v = video_section();
    uint32_t handle;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(send_frame(100), RTC_ERR_INVALID_STATE);
    v.send = false;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    v.send = true;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(send_frame(100), RTC_OK);
    assert_int_equal(sent().media, 1);
}

static uint32_t nack_about;
static uint16_t nack_from;

static void write_one_nack(struct writer *w)
{
    rtcp_write_nack(w, MEDIA, nack_about, &nack_from, 1);
}

/* A request about the repair stream names its own numbers, not those of the media. */
static void repairs_are_not_repaired(void **state)
{
    (void)state;
    assert_int_equal(send_frame(100), RTC_OK);
    nack_from = sent().sequence;
    nack_about = OURS_RTX;
    tell(write_one_nack);
    wait_until(now + 100 * MS);
    assert_int_equal(sent().media, 0);
    nack_about = OURS;
    tell(write_one_nack);
    wait_until(now + 100 * MS);
    assert_int_equal(sent().media, 1);
}

static void refuses_to_send(void **state)
{
    (void)state;
    rtc_encoded_frame *frame = frame_of(100, true);
    assert_int_equal(rtp_session_send_frame(session, now, 77, frame, RTP_NO_AUDIO_LEVEL, &out), RTC_ERR_NOT_FOUND);
    rtp_session_set_writable(session, now, false, &out);
    assert_int_equal(rtp_session_send_frame(session, now, video_stream, frame, RTP_NO_AUDIO_LEVEL, &out), RTC_ERR_INVALID_STATE);
    rtp_session_set_writable(session, now, true, &out);
    assert_int_equal(rtp_session_send_frame(session, now, video_stream, frame, RTP_NO_AUDIO_LEVEL, &out), RTC_OK);
    struct rtp_section v = video_section();
    uint32_t handle;
    v.send = false;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(rtp_session_send_frame(session, now, video_stream, frame, RTP_NO_AUDIO_LEVEL, &out), RTC_ERR_INVALID_STATE);
    rtc_encoded_frame_unref(frame);
}

/* What a section was first given is its own, although it did not send then: others speak of it already. */
static void ssrcs_stay(void **state)
{
    (void)state;
    struct rtp_outbound_stats stats;
    struct rtp_section v = video_section();
    uint32_t handle, stream;
    memcpy(v.mid, "w", 2);
    v.encodings[0].ssrc = 0x7000;
    v.encodings[0].rtx_ssrc = 0x7001;
    v.send = false;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(rtp_session_send_stream(session, handle, ""), 0);
    v.encodings[0].ssrc = 0x7002;
    v.encodings[0].rtx_ssrc = 0x7003;
    v.send = true;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    stream = rtp_session_send_stream(session, handle, "");
    assert_true(rtp_session_outbound_stats(session, stream, now, &stats));
    assert_int_equal(stats.ssrc, 0x7000);
}

static void no_longer_receives(void **state)
{
    (void)state;
    show(10, true);
    struct rtp_section v = video_section();
    uint32_t handle;
    v.receive = false;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    (void)events(0, 0);
    show(11, true);
    wait_until(now + 100 * MS);
    assert_int_equal(events(RTP_EVENT_VIDEO_FRAME, video), 0);
    assert_int_equal(rtp_session_counters(session)->unknown, 1);
    rtp_session_remove_member(session, now, video, &out);
    rtp_session_remove_member(session, now, video, &out);
    show(12, true);
    assert_int_equal(rtp_session_counters(session)->unknown, 2);
}

static void says_goodbye(void **state)
{
    (void)state;
    assert_int_equal(send_frame(100), RTC_OK);
    (void)sent();
    rtp_session_close(session, now, &out);
    struct sent s = sent();
    assert_int_equal(s.kinds[RTCP_BYE], 1);
    assert_int_equal(s.last[RTCP_BYE].ssrc, OURS);
    assert_int_equal(s.first, RTCP_SR);
    show(10, true);
    wait_until(now + SECOND);
    rtp_session_close(session, now, &out);
    assert_null(out.tx.head);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_call, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_keys, begin, end),
        TEST(garbage),
        TEST(replay),
        TEST(a_gap_is_asked_for),
        TEST(feedback_follows_the_description),
        TEST(repair_far_ahead),
        TEST(compound_feedback),
        TEST(a_keyframe_is_asked_for),
        TEST(probing),
        TEST(the_latest_source_plays),
        TEST(reception_report),
        TEST(goodbye),
        TEST(after_a_frame_too_large),
        TEST(packet_sizes),
        TEST(answers_find_room),
        TEST(feedback_about_ours),
        TEST(the_cap_can_change),
        TEST(nobody_receives),
        TEST(repairs_are_not_repaired),
        TEST(refuses_to_send),
        TEST(ssrcs_stay),
        TEST(no_longer_receives),
        TEST(says_goodbye),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
