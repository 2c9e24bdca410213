/* SPDX-License-Identifier: MIT */
/* Streams of one section that rids tell apart (RFC 8852): each with its own pictures, repairs, feedback and numbers. */
#include "rtp_scripted_peer.h"

#include <stdio.h>

enum { HIGH = 0x3000, HIGH_RTX = 0x3001, LOW = 0x3100, LOW_RTX = 0x3101, VP8 = 96, VP8_RTX = 97 };

static const uint8_t ids[RTP_EXTENSIONS] = {[RTP_EXTENSION_MID] = 1, [RTP_EXTENSION_RID] = 2, [RTP_EXTENSION_REPAIRED_RID] = 3};
static uint32_t high, low;

static void section_with_rids(const char *first, const char *second)
{
    struct rtp_section v = video_section();
    uint32_t handle;
    memcpy(v.extension_ids, ids, sizeof ids);
    (void)strncpy(v.receive_rids[v.receive_rid_count++], first, RTP_RID_MAX);
    if (second)
        (void)strncpy(v.receive_rids[v.receive_rid_count++], second, RTP_RID_MAX);
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(handle, video);
}

static int begin_rids(void **state)
{
    (void)begin_call(state);
    section_with_rids("h", "l");
    high = rtp_session_receive_stream(session, video, "h");
    low = rtp_session_receive_stream(session, video, "l");
    return 0;
}

/* A packet of the section; `rid` NULL: it says none, as senders do once they were heard. */
static void say_rid(uint32_t ssrc, uint16_t sequence, const char *rid, bool key_frame)
{
    struct packet *packet = packet_new(out.pool);
    struct rtp_header header = {.payload_type = VP8, .marker = true, .sequence = sequence, .timestamp = sequence * 3000u, .ssrc = ssrc};
    header.extensions[RTP_EXTENSION_MID] = slice_str("v");
    header.extensions[RTP_EXTENSION_RID] = rid ? slice_str(rid) : slice_of(NULL, 0);
    assert_true(rtp_write_header(packet, &header, ids));
    memcpy(packet_data(packet) + packet->len, picture(key_frame).data, picture(key_frame).len);
    packet->len += (uint32_t)picture(key_frame).len;
    assert_int_equal(srtp_protect_packet(peer, packet), RTC_OK);
    give(packet);
}

/* `original` of the stream again, by its RTX stream. */
static void repair(uint32_t ssrc, uint16_t sequence, const char *repaired_rid, uint16_t original)
{
    struct packet *packet = packet_new(out.pool);
    struct rtp_header header = {.payload_type = VP8_RTX, .marker = true, .sequence = sequence, .timestamp = original * 3000u, .ssrc = ssrc};
    header.extensions[RTP_EXTENSION_MID] = slice_str("v");
    header.extensions[RTP_EXTENSION_REPAIRED_RID] = repaired_rid ? slice_str(repaired_rid) : slice_of(NULL, 0);
    assert_true(rtp_write_header(packet, &header, ids));
    struct writer w = writer_of(packet_data(packet) + packet->len, 100);
    writer_u16(&w, original);
    writer_bytes(&w, picture(false));
    packet->len += (uint32_t)writer_len(&w);
    assert_int_equal(srtp_protect_packet(peer, packet), RTC_OK);
    give(packet);
}

static struct rtp_inbound_stats numbers(uint32_t stream)
{
    struct rtp_inbound_stats stats = {0};
    (void)rtp_session_inbound_stats(session, stream, now, &stats);
    return stats;
}

struct told {
    unsigned frames, unmutes, mutes;
};

static struct told told_of(uint32_t stream)
{
    struct told told = {0};
    for (struct rtp_event *e; (e = out_pop_event(&out)) != NULL; out_free_event(&out, e)) {
        assert_int_equal(e->member, video);
        told.frames += e->head.type == RTP_EVENT_VIDEO_FRAME && e->stream == stream;
        told.unmutes += e->head.type == RTP_EVENT_UNMUTE && e->stream == stream;
        told.mutes += e->head.type == RTP_EVENT_MUTE && e->stream == stream;
    }
    return told;
}

static void drain_events(void)
{
    for (struct rtp_event *e; (e = out_pop_event(&out)) != NULL;)
        out_free_event(&out, e);
}

/* Both play at once, and what is told and counted names the one that it is about. */
static void each_plays(void **state)
{
    (void)state;
    assert_true(high != 0 && low != 0 && high != low && high != video && low != video_stream);
    drain_events();
    for (uint16_t i = 0; i < 10; i++)
        say_rid(HIGH, i, i < 3 ? "h" : NULL, i == 0); /* named at first only (RFC 8852 section 4.1): its SSRC is known then */
    wait_until(now + SECOND);
    struct told told = told_of(high);
    assert_int_equal(told.frames, 10);
    assert_int_equal(told.unmutes, 1);
    for (uint16_t i = 0; i < 4; i++)
        say_rid(LOW, (uint16_t)(500 + i), "l", i == 0);
    wait_until(now + SECOND);
    told = told_of(low);
    assert_int_equal(told.frames, 4);
    assert_int_equal(told.unmutes, 1);
    assert_int_equal(numbers(high).ssrc, HIGH);
    assert_int_equal(numbers(high).packets_received, 10);
    assert_int_equal(numbers(low).ssrc, LOW);
    assert_int_equal(numbers(low).packets_received, 4);
    assert_int_equal(numbers(rtp_session_receive_stream(session, video, "")).packets_received, 0);
    assert_int_equal(numbers(video).packets_received, 0); /* a section is no stream */
}

/* Each asks for what it misses, and RTX says by RepairedRtpStreamId whom it repairs, later by its SSRC alone. */
static void each_is_repaired(void **state)
{
    (void)state;
    say_rid(HIGH, 1, "h", true);
    say_rid(LOW, 501, "l", true);
    (void)sent();
    say_rid(LOW, 503, "l", false);
    wait_until(now + 20 * MS);
    struct sent s = sent();
    assert_int_equal(s.kinds[RTCP_NACK], 1);
    assert_int_equal(s.last[RTCP_NACK].media_ssrc, LOW);
    assert_int_equal(s.nack, 502);
    repair(LOW_RTX, 1, "l", 502);
    say_rid(HIGH, 3, NULL, false);
    repair(HIGH_RTX, 1, "h", 2);
    say_rid(HIGH, 5, NULL, false);
    repair(HIGH_RTX, 2, NULL, 4);
    wait_until(now + SECOND);
    assert_int_equal(numbers(low).retransmitted_packets_received, 1);
    assert_int_equal(numbers(low).video.frames_received, 3);
    assert_int_equal(numbers(high).retransmitted_packets_received, 2);
    assert_int_equal(numbers(high).video.frames_received, 5);
    rtp_session_request_keyframe(session, now, high, &out);
    s = sent();
    assert_int_equal(s.kinds[RTCP_PLI], 1);
    assert_int_equal(s.last[RTCP_PLI].media_ssrc, HIGH);
    assert_int_equal(numbers(high).pli_count, 1);
    assert_int_equal(numbers(low).pli_count, 0);
}

/* Whose repair it is can not be guessed where there are several: that of another would be taken for the packet that is missing. */
static void a_repair_without_a_name(void **state)
{
    (void)state;
    say_rid(HIGH, 1, "h", true);
    say_rid(LOW, 501, "l", true);
    say_rid(LOW, 503, "l", false);
    repair(HIGH_RTX, 1, NULL, 502);
    wait_until(now + 20 * MS);
    assert_int_equal(numbers(low).retransmitted_packets_received, 0);
    assert_int_equal(numbers(low).video.frames_received, 1);
    repair(LOW_RTX, 1, "l", 502);
    wait_until(now + 20 * MS);
    assert_int_equal(numbers(low).video.frames_received, 3);
}

/* A stream that changes its SSRC goes on, and repairs are the new one's. */
static void another_ssrc(void **state)
{
    (void)state;
    enum { OTHER = 0x3200, OTHER_RTX = 0x3201 };
    say_rid(HIGH, 1, "h", true);
    wait_until(now + 100 * MS);
    say_rid(OTHER, 7001, "h", true);
    say_rid(OTHER, 7003, "h", false);
    repair(OTHER_RTX, 1, "h", 7002);
    wait_until(now + SECOND);
    assert_int_equal(numbers(high).ssrc, OTHER);
    assert_int_equal(numbers(high).video.frames_received, 3);
    assert_int_equal(numbers(low).packets_received, 0);
}

/* What came before its name was known was taken for the section's nameless one. */
static void a_name_comes_late(void **state)
{
    (void)state;
    uint32_t nameless = rtp_session_receive_stream(session, video, "");
    say_rid(LOW, 1, NULL, true);
    assert_int_equal(numbers(nameless).packets_received, 1);
    drain_events();
    say_rid(LOW, 2, "l", true);
    assert_int_equal(told_of(nameless).mutes, 1); /* nothing is heard of that one any more */
    assert_int_equal(numbers(low).packets_received, 1);
    assert_false(rtp_session_inbound_stats(session, nameless, now, &(struct rtp_inbound_stats){0}));
}

/* A rid that was not agreed on is nobody's, nor is one that no longer is; its handle stays. */
static void names_that_are_not_agreed_on(void **state)
{
    (void)state;
    uint64_t before = rtp_session_counters(session)->unknown;
    say_rid(0x3300, 1, "x", true);
    assert_int_equal(rtp_session_counters(session)->unknown, before + 1);
    say_rid(LOW, 1, "l", true);
    assert_int_equal(numbers(low).packets_received, 1);
    section_with_rids("h", NULL);
    assert_int_equal(rtp_session_receive_stream(session, video, "l"), low);
    say_rid(LOW, 2, "l", true);
    assert_int_equal(rtp_session_counters(session)->unknown, before + 2);
    section_with_rids("h", "l");
    say_rid(LOW, 3, "l", true);
    assert_int_equal(rtp_session_counters(session)->unknown, before + 2);
    assert_int_equal(numbers(low).packets_received, 2); /* it goes on counting */
}

/* Rids that are never named again pile up no further than a section may have. */
static void names_come_and_go(void **state)
{
    char rid[RTP_RID_MAX + 1];
    (void)state;
    for (int i = 0; i < 40; i++) {
        (void)snprintf(rid, sizeof rid, "r%d", i);
        section_with_rids("h", rid);
        assert_true(rtp_session_receive_stream(session, video, rid) != 0);
    }
    assert_int_equal(rtp_session_receive_stream(session, video, "h"), high);
    assert_int_equal(rtp_session_receive_stream(session, video, "l"), 0);
    assert_int_equal(rtp_session_receive_stream(session, video, "r0"), 0);
    assert_true(rtp_session_receive_stream(session, video, "r38") != 0);
    say_rid(HIGH, 1, "h", true);
    assert_int_equal(numbers(high).packets_received, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_rids, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_plays),        TEST(each_is_repaired),  TEST(a_repair_without_a_name),
        TEST(another_ssrc),      TEST(a_name_comes_late), TEST(names_that_are_not_agreed_on),
        TEST(names_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
