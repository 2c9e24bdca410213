/* SPDX-License-Identifier: MIT */
/* What a session tells of arrivals: when, of what, and to whom. */
#include "rtp_scripted_peer.h"

enum { NUMBERS = 3 };

static void agree(bool reduced_size)
{
    struct rtp_section v = video_section();
    uint32_t handle;
    v.reduced_size = reduced_size;
    v.extension_ids[RTP_EXTENSION_TRANSPORT_SEQUENCE] = NUMBERS;
    v.send_codec.transport_cc = v.receive_codecs[0].transport_cc = true;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
}

static int begin_told_call(void **state)
{
    (void)begin_call(state);
    agree(true);
    (void)arrivals_told();
    return 0;
}

/* A packet of the peer's with a number of the transport's, which arrived then and carries this much. */
static void numbered_as(uint32_t ssrc, uint8_t payload_type, uint16_t sequence, uint16_t number, rtc_time_t arrived, uint8_t ecn,
                        size_t len)
{
    static const uint8_t ids[RTP_EXTENSIONS] = {[RTP_EXTENSION_TRANSPORT_SEQUENCE] = NUMBERS};
    uint8_t value[RTP_TRANSPORT_SEQUENCE_LEN];
    struct packet *packet = packet_new(out.pool);
    struct rtp_header header = {
        .payload_type = payload_type, .marker = true, .sequence = sequence, .timestamp = sequence * 3000u, .ssrc = ssrc};
    rtp_transport_sequence_write(value, number);
    header.extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE] = slice_of(value, sizeof value);
    assert_true(rtp_write_header(packet, &header, ids));
    memset(packet_data(packet) + packet->len, 0, len);
    memcpy(packet_data(packet) + packet->len, picture(true).data, 12);
    packet->len += (uint32_t)len;
    assert_int_equal(srtp_protect_packet(peer, packet), RTC_OK);
    packet->arrived = arrived;
    packet->ecn = ecn;
    give(packet);
}

static void numbered(uint32_t ssrc, uint16_t sequence, uint16_t number, rtc_time_t arrived, uint8_t ecn, size_t len)
{
    numbered_as(ssrc, 96, sequence, number, arrived, ecn, len);
}

static void show_numbered(uint16_t number)
{
    numbered(MEDIA, number, number, now, 0, 1000);
}

static void it_is_told_what_came_and_when(void **state)
{
    (void)state;
    rtc_time_t start = now;
    numbered(MEDIA, 1, 65534, start - 7000, 0, 100);
    numbered(MEDIA, 2, 65535, start - 2000, 0, 100);
    numbered(MEDIA, 4, 1, start + 9000, 0, 100); /* no packet arrives later than now */
    assert_int_equal(arrivals_told()->messages, 0);
    wait_until(now + 100 * MS);
    const struct arrivals_told *t = arrivals_told();
    assert_int_equal(t->messages, 1);
    assert_int_equal(t->count, 4);
    static const uint16_t numbers[] = {65534, 65535, 0, 1};
    const rtc_time_t arrived[] = {start - 7000, start - 2000, RTC_TIME_NEVER, start};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(t->numbers[i].number, numbers[i]);
        assert_int_equal(t->numbers[i].arrived, arrived[i]);
    }
    wait_until(now + 5 * SECOND);
    assert_int_equal(arrivals_told()->messages, 0); /* nothing came */
}

static void whose_packet_it_is_does_not_matter(void **state)
{
    (void)state;
    uint64_t unknown = rtp_session_counters(session)->unknown;
    numbered_as(0x999, 50, 1, 10, now, 0, 100); /* a payload type that nobody has */
    wait_until(now + 100 * MS);
    assert_int_equal(rtp_session_counters(session)->unknown, unknown + 1);
    const struct arrivals_told *t = arrivals_told();
    assert_int_equal(t->count, 1);
    assert_int_equal(t->numbers[0].number, 10);
}

static void late_ones_are_told_and_none_twice(void **state)
{
    (void)state;
    show_numbered(1);
    show_numbered(4);
    wait_until(now + 100 * MS);
    assert_int_equal(arrivals_told()->count, 4);
    show_numbered(2);
    show_numbered(5);
    wait_until(now + 300 * MS);
    const struct arrivals_told *t = arrivals_told();
    assert_int_equal(t->messages, 2);
    assert_int_equal(t->count, 2);
    assert_true(t->numbers[0].number == 2 && t->numbers[1].number == 5);
}

/* Messages in two seconds of packets of this size, one every `every`. */
static unsigned messages(rtc_time_t every, size_t len)
{
    static uint16_t number = 100;
    rtc_time_t until = now + 2 * SECOND;
    (void)arrivals_told();
    unsigned all = 0;
    for (; now < until; wait_until(now + every), all += arrivals_told()->messages)
        numbered(MEDIA, number, number, now, 0, len), number++;
    return all;
}

static void how_often_is_a_matter_of_the_rate(void **state)
{
    (void)state;
    (void)messages(20 * MS, 60);
    assert_in_range(messages(20 * MS, 60), 7, 9); /* 30 kbit/s: every 250 ms */
    (void)messages(4 * MS, 1000);
    assert_in_range(messages(4 * MS, 1000), 35, 41); /* 2 Mbit/s: every 50 ms */
    (void)messages(60 * MS, 1000);
    assert_in_range(messages(60 * MS, 1000), 12, 26); /* 135 kbit/s: between */
}

static void much_does_not_wait(void **state)
{
    (void)state;
    show_numbered(1);
    wait_until(now + 60 * MS);
    assert_int_equal(arrivals_told()->count, 1);
    for (uint16_t n = 2; n < 102; n++)
        show_numbered(n);
    assert_int_equal(rtp_session_deadline(session, NULL), now);
    wait_until(now);
    assert_int_equal(arrivals_told()->count, 100);
}

static void more_than_one_datagram_is_several(void **state)
{
    (void)state;
    for (uint16_t n = 0; n < 2000; n++)
        numbered(MEDIA, n, n, now - 3000 * (n % 3), 0, 20);
    wait_until(now + 20 * MS);
    struct sent s = sent();
    assert_true(s.largest <= 1200);
    const struct arrivals_told *t = arrivals_told();
    assert_true(t->messages > 1);
    assert_int_equal(t->count, 2000);
    for (uint16_t n = 0; n < 2000; n++)
        assert_true(t->numbers[n].number == n && t->numbers[n].received);
}

static void who_speaks_of_what(void **state)
{
    (void)state;
    show_numbered(1);
    wait_until(now + 60 * MS);
    struct sent s = sent();
    assert_int_equal(s.kinds[RTCP_TRANSPORT_FEEDBACK], 1);
    assert_int_equal(s.last[RTCP_TRANSPORT_FEEDBACK].ssrc, OURS);
    assert_int_equal(s.last[RTCP_TRANSPORT_FEEDBACK].media_ssrc, MEDIA);
    agree(false);
    (void)arrivals_told();
    show_numbered(2);
    wait_until(now + 60 * MS);
    s = sent();
    assert_int_equal(s.kinds[RTCP_TRANSPORT_FEEDBACK], 1);
    assert_int_equal(s.first, RTCP_RR); /* RFC 4585 section 3.1 */
    assert_true(s.kinds[RTCP_SDES] >= 1);
}

static void without_a_path_it_waits(void **state)
{
    (void)state;
    rtp_session_set_writable(session, now, false, &out);
    show_numbered(1);
    wait_until(now + SECOND);
    assert_int_equal(arrivals_told()->messages, 0);
    rtp_session_set_writable(session, now, true, &out);
    wait_until(now);
    assert_int_equal(arrivals_told()->count, 1);
}

static void nobody_is_told_who_did_not_ask(void **state)
{
    (void)state;
    struct rtp_section v = video_section();
    uint32_t handle;
    show_numbered(1);
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    show_numbered(2);
    wait_until(now + SECOND);
    assert_int_equal(arrivals_told()->messages, 0);
}

static void another_peer_counts_anew(void **state)
{
    (void)state;
    show_numbered(30000);
    wait_until(now + 60 * MS);
    (void)arrivals_told();
    rtp_session_forget_keys(session);
    srtp_transport_free(peer);
    assert_int_equal(srtp_transport_new(context, SRTP_PROFILE_AES128_CM_SHA1_80, slice_str("fedcba9876543210saltSALTsalt10"),
                                        slice_str("0123456789abcdefSALTsaltSALT01"), &peer),
                     RTC_OK);
    give_keys();
    numbered(MEDIA, 30001, 200, now, 0, 100);
    wait_until(now + 300 * MS);
    const struct arrivals_told *t = arrivals_told();
    assert_int_equal(t->count, 1);
    assert_int_equal(t->numbers[0].number, 200);
}

/* ---- RFC 8888 ---- */

static int begin_reported_call(void **state)
{
    struct rtp_section v = video_section();
    uint32_t handle;
    (void)begin_call(state);
    v.send_codec.ccfb = v.receive_codecs[0].ccfb = true;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    (void)arrivals_told();
    return 0;
}

static void each_source_is_reported_on(void **state)
{
    (void)state;
    numbered(MEDIA, 65535, 1, now, CONGESTION_ECN_ECT1, 100);
    numbered(MEDIA, 1, 2, now, CONGESTION_ECN_CE, 100);
    numbered_as(VOICE, 111, 7, 3, now - 250 * MS, 0, 100);
    wait_until(now + 100 * MS);
    struct sent s = sent();
    assert_int_equal(s.kinds[RTCP_CONGESTION_FEEDBACK], 1);
    assert_int_equal(s.kinds[RTCP_TRANSPORT_FEEDBACK], 0);
    const struct arrivals_told *t = arrivals_told();
    assert_int_equal(t->count, 4);
    static const uint16_t numbers[] = {65535, 0, 1, 7};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(t->ssrcs[i], i < 3 ? MEDIA : VOICE);
        assert_int_equal(t->numbers[i].number, numbers[i]);
        assert_int_equal(t->numbers[i].received, i != 1);
    }
    assert_int_equal(t->numbers[0].ecn, CONGESTION_ECN_ECT1);
    assert_int_equal(t->numbers[2].ecn, CONGESTION_ECN_CE);
    assert_in_range(t->numbers[0].arrived - t->numbers[3].arrived, 249 * MS, 251 * MS);
    wait_until(now + SECOND);
    assert_int_equal(arrivals_told()->messages, 0);
}

/* More SSRCs than there is room for: the one that was silent for longest makes room. */
static void sources_are_bounded(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++, wait_until(now + 60 * MS))
        numbered(0x5000 + i, 1, 1, now, 0, 50);
    wait_until(now + SECOND);
    assert_int_equal(arrivals_told()->count, 100);
    numbered(0x5000 + 99, 2, 1, now, 0, 50);
    wait_until(now + SECOND);
    assert_int_equal(arrivals_told()->count, 1);
}

static void much_of_it_is_several_datagrams(void **state)
{
    (void)state;
    for (uint16_t n = 0; n < 1500; n++)
        numbered(MEDIA, n, n, now, 0, 20);
    wait_until(now + 20 * MS);
    struct sent s = sent();
    assert_true(s.largest <= 1200 && s.kinds[RTCP_CONGESTION_FEEDBACK] >= 3);
    assert_int_equal(arrivals_told()->count, 1500);
}

/* ---- REMB ---- */

enum { SEND_TIME_ID = 2 };

static void agree_on_remb(bool transport_cc)
{
    struct rtp_section v = video_section();
    uint32_t handle;
    v.extension_ids[RTP_EXTENSION_ABS_SEND_TIME] = SEND_TIME_ID;
    v.extension_ids[RTP_EXTENSION_TRANSPORT_SEQUENCE] = NUMBERS;
    v.receive_codecs[0].transport_cc = transport_cc;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
}

static int begin_estimated_call(void **state)
{
    (void)begin_call(state);
    agree_on_remb(false);
    return 0;
}

/* Packets of a thousand bytes every ten milliseconds, of which each arrives so much later than the one before it. */
static struct sent stream_with_times(rtc_time_t duration, rtc_time_t later_each)
{
    static const uint8_t ids[RTP_EXTENSIONS] = {[RTP_EXTENSION_ABS_SEND_TIME] = SEND_TIME_ID};
    static uint16_t sequence = 1;
    rtc_time_t left = now;
    struct sent all = {0};
    for (rtc_time_t until = now + duration; now < until; left += 10 * MS) {
        uint8_t value[RTP_ABS_SEND_TIME_LEN];
        struct packet *packet = packet_new(out.pool);
        struct rtp_header header = {.payload_type = 96, .marker = true, .sequence = sequence, .timestamp = sequence * 900u, .ssrc = MEDIA};
        rtp_abs_send_time_write(value, left);
        header.extensions[RTP_EXTENSION_ABS_SEND_TIME] = slice_of(value, sizeof value);
        assert_true(rtp_write_header(packet, &header, ids));
        memset(packet_data(packet) + packet->len, 0, 1000);
        memcpy(packet_data(packet) + packet->len, picture(true).data, 12);
        packet->len += 1000;
        assert_int_equal(srtp_protect_packet(peer, packet), RTC_OK);
        give(packet);
        sequence++;
        wait_until(now + 10 * MS + later_each);
        struct sent s = sent();
        all.kinds[RTCP_REMB] += s.kinds[RTCP_REMB];
        if (s.kinds[RTCP_REMB] > 0)
            all.last[RTCP_REMB] = s.last[RTCP_REMB];
    }
    return all;
}

static void what_the_path_takes_is_told_by_remb(void **state)
{
    (void)state;
    struct sent s = stream_with_times(3 * SECOND, 0);
    assert_true(s.kinds[RTCP_REMB] >= 4);
    uint64_t before = s.last[RTCP_REMB].bitrate_bps;
    assert_in_range(before, 800000, 1300000); /* 830 kbit/s arrive: half as much more at most */
    s = stream_with_times(2 * SECOND, 2 * MS);
    assert_true(s.last[RTCP_REMB].bitrate_bps < 700000); /* which is what arrives when each is 2 ms later */
    s = stream_with_times(10 * SECOND, 0);
    assert_true(s.last[RTCP_REMB].bitrate_bps > 700000);
    assert_true(rtp_session_receiving_rate(session) > 700000);
    wait_until(now + 3 * SECOND);
    assert_int_equal(rtp_session_receiving_rate(session), 0); /* nothing comes */
}

static void a_limit_of_ours_is_the_cap(void **state)
{
    (void)state;
    uint32_t stream = rtp_session_receive_stream(session, video, "");
    (void)stream_with_times(3 * SECOND, 0);
    rtp_session_set_receive_limit(session, now, stream, 200000);
    struct sent s = stream_with_times(SECOND, 0);
    assert_in_range(s.last[RTCP_REMB].bitrate_bps, 199000, 200000);
    rtp_session_set_receive_limit(session, now, stream, 90000000);
    s = stream_with_times(SECOND, 0);
    assert_in_range(s.last[RTCP_REMB].bitrate_bps, 800000, 1400000);
}

static void who_knows_better_is_told_nothing(void **state)
{
    (void)state;
    agree_on_remb(true);
    assert_int_equal(stream_with_times(5 * SECOND, 0).kinds[RTCP_REMB], 0);
    agree_on_remb(false);
    assert_true(stream_with_times(5 * SECOND, 0).kinds[RTCP_REMB] > 0);
}

/* Beside a report there is no room for it: it leaves in a packet of its own. */
static void a_limit_finds_room(void **state)
{
    (void)state;
    (void)stream_with_times(3 * SECOND, 0);
    rtp_session_set_max_packet(session, 8 + 24 + 12 + 20 + 20); /* a report with a name, protected, and less than REMB takes */
    assert_true(stream_with_times(3 * SECOND, 0).kinds[RTCP_REMB] >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_told_what_came_and_when, begin_told_call, end),
        cmocka_unit_test_setup_teardown(whose_packet_it_is_does_not_matter, begin_told_call, end),
        cmocka_unit_test_setup_teardown(late_ones_are_told_and_none_twice, begin_told_call, end),
        cmocka_unit_test_setup_teardown(how_often_is_a_matter_of_the_rate, begin_told_call, end),
        cmocka_unit_test_setup_teardown(much_does_not_wait, begin_told_call, end),
        cmocka_unit_test_setup_teardown(more_than_one_datagram_is_several, begin_told_call, end),
        cmocka_unit_test_setup_teardown(who_speaks_of_what, begin_told_call, end),
        cmocka_unit_test_setup_teardown(without_a_path_it_waits, begin_told_call, end),
        cmocka_unit_test_setup_teardown(nobody_is_told_who_did_not_ask, begin_told_call, end),
        cmocka_unit_test_setup_teardown(another_peer_counts_anew, begin_told_call, end),
        cmocka_unit_test_setup_teardown(each_source_is_reported_on, begin_reported_call, end),
        cmocka_unit_test_setup_teardown(sources_are_bounded, begin_reported_call, end),
        cmocka_unit_test_setup_teardown(much_of_it_is_several_datagrams, begin_reported_call, end),
        cmocka_unit_test_setup_teardown(what_the_path_takes_is_told_by_remb, begin_estimated_call, end),
        cmocka_unit_test_setup_teardown(a_limit_of_ours_is_the_cap, begin_estimated_call, end),
        cmocka_unit_test_setup_teardown(a_limit_finds_room, begin_estimated_call, end),
        cmocka_unit_test_setup_teardown(who_knows_better_is_told_nothing, begin_estimated_call, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
