/* The session against a scripted peer that speaks packets: what it takes, what it refuses, what it answers. */
#include "rtcp.h"
#include "rtp_packet.h"
#include "srtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { MS = 1000, SECOND = 1000000, MEDIA = 0x2000, RTX = 0x2001, VOICE = 0x2100, OURS = 0x1000, OURS_RTX = 0x1001 };

static rtc_context *context;
static struct rtp_session *session;
static struct srtp_transport *peer; /* the other end's keys */
static struct out out;
static rtc_time_t now;
static uint32_t video, audio;

static struct slice key(unsigned side)
{
    static const char keys[2][31] = {"0123456789abcdefSALTsaltSALT01", "fedcba9876543210saltSALTsalt10"};
    return slice_of(keys[side], 30);
}

static struct rtp_section video_section(void)
{
    struct rtp_section s = {.mid = "v",
                            .kind = RTC_MEDIA_VIDEO,
                            .send = true,
                            .receive = true,
                            .reduced_size = true,
                            .receive_codec_count = 1,
                            .ssrc = OURS,
                            .rtx_ssrc = OURS_RTX};
    s.send_codec = (struct rtp_codec){.payload_type = 96,
                                      .rtx_payload_type = 97,
                                      .name = "VP8",
                                      .clock_rate = 90000,
                                      .nack = true,
                                      .pli = true,
                                      .fir = true,
                                      .remb = true};
    s.receive_codecs[0] = s.send_codec;
    return s;
}

static struct rtp_section audio_section(void)
{
    struct rtp_section s = {.mid = "a", .kind = RTC_MEDIA_AUDIO, .send = true, .receive = true, .receive_codec_count = 1, .ssrc = OURS + 2};
    s.send_codec = (struct rtp_codec){
        .payload_type = 111, .rtx_payload_type = RTP_NO_PAYLOAD_TYPE, .name = "opus", .clock_rate = 48000, .channels = 2};
    s.receive_codecs[0] = s.send_codec;
    return s;
}

static void give_keys(void)
{
    assert_int_equal(rtp_session_set_keys(session, SRTP_PROFILE_AES128_CM_SHA1_80, key(0), key(1)), RTC_OK);
    rtp_session_set_writable(session, now, true, &out);
}

static int begin(void **state)
{
    (void)state;
    const struct rtp_session_options options = {.cname = "us"};
    now = SECOND;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    context_seed(context, 1);
    assert_int_equal(out_init(&out, context), RTC_OK);
    assert_int_equal(rtp_session_new(context, &options, &session), RTC_OK);
    assert_int_equal(srtp_transport_new(context, SRTP_PROFILE_AES128_CM_SHA1_80, key(1), key(0), &peer), RTC_OK);
    const struct rtp_section v = video_section(), a = audio_section();
    assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
    assert_int_equal(rtp_session_set_section(session, now, &a, &audio, &out), RTC_OK);
    assert_true(video != 0 && audio != 0 && video != audio);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rtp_session_free(session);
    srtp_transport_free(peer);
    out_fini(&out);
    rtc_context_unref(context);
    return 0;
}

static int begin_call(void **state)
{
    (void)begin(state);
    give_keys();
    return 0;
}

/* ---- The peer ---- */

static void give(struct packet *packet)
{
    rtp_session_input(session, now, packet, &out);
}

static void say(uint32_t ssrc, uint8_t payload_type, uint16_t sequence, uint32_t timestamp, bool marker, struct slice payload)
{
    static const uint8_t no_ids[RTP_EXTENSIONS];
    struct packet *packet = packet_new(out.pool);
    const struct rtp_header header = {
        .payload_type = payload_type, .marker = marker, .sequence = sequence, .timestamp = timestamp, .ssrc = ssrc};
    assert_true(rtp_write_header(packet, &header, no_ids));
    if (payload.len > 0)
        memcpy(packet_data(packet) + packet->len, payload.data, payload.len);
    packet->len += (uint32_t)payload.len;
    assert_int_equal(srtp_protect_packet(peer, packet), RTC_OK);
    give(packet);
}

static struct slice picture(bool key_frame)
{
    static uint8_t bytes[2][12] = {{0x10, 0x01, 0, 0, 0}, {0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}};
    return slice_of(bytes[key_frame], sizeof bytes[0]);
}

/* A video frame of one packet. */
static void show(uint16_t sequence, bool key_frame)
{
    say(MEDIA, 96, sequence, sequence * 3000u, true, picture(key_frame));
}

static void tell(void (*write)(struct writer *))
{
    struct packet *packet = packet_new(out.pool);
    struct writer w = writer_of(packet_data(packet), 1000);
    write(&w);
    assert_true(writer_ok(&w));
    packet->len = (uint32_t)writer_len(&w);
    assert_int_equal(srtcp_protect_packet(peer, packet), RTC_OK);
    give(packet);
}

/* ---- What comes out ---- */

static unsigned events(int type, uint32_t section)
{
    unsigned n = 0;
    for (struct event *e; (e = out_pop_event(&out)) != NULL;) {
        n += e->type == type && e->id == section;
        out_free_event(&out, e);
    }
    return n;
}

/* What was sent since the last call: how many packets of each kind, and the last one of each. */
struct sent {
    unsigned media, kinds[RTCP_REMB + 1];
    enum rtcp_kind first; /* of the last datagram */
    struct rtcp_packet last[RTCP_REMB + 1];
    uint16_t nack, nack_mask;
    uint32_t largest;
};

static void hear(struct sent *s, struct packet *packet)
{
    struct rtcp_packet p;
    bool first = true;
    s->largest = packet->len > s->largest ? packet->len : s->largest;
    if (!rtp_is_rtcp(packet_slice(packet))) {
        assert_int_equal(srtp_unprotect_packet(peer, packet), RTC_OK);
        s->media++;
        return;
    }
    assert_int_equal(srtcp_unprotect_packet(peer, packet), RTC_OK);
    for (struct rtcp_iterator it = rtcp_packets(packet_slice(packet)); rtcp_next(&it, &p); first = false) {
        if (first)
            s->first = p.kind;
        s->kinds[p.kind]++;
        s->last[p.kind] = p;
        if (p.kind == RTCP_NACK)
            rtcp_nack_at(&p, 0, &s->nack, &s->nack_mask);
    }
}

static struct sent sent(void)
{
    struct sent s = {0};
    for (struct packet *packet; (packet = packet_queue_pop(&out.tx)) != NULL; packet_free(packet))
        hear(&s, packet);
    return s;
}

static void wait_until(rtc_time_t until)
{
    for (rtc_time_t at; (at = rtp_session_deadline(session, NULL)) <= until;) {
        now = at > now ? at : now;
        rtp_session_tick(session, now, &out);
    }
    now = until;
}

/* ---- Tests ---- */

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

static void ten_thousand_sources(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10000; i++)
        say(0x10000 + i, 111, 1, 1, false, slice_of("\x78\0", 2));
    const struct rtp_counters *c = rtp_session_counters(session);
    assert_true(c->unknown >= 10000 - 64);
    struct rtp_inbound_stats stats;
    assert_true(rtp_session_inbound_stats(session, audio, now, &stats));
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
    assert_true(rtp_session_inbound_stats(session, video, now, &stats));
    assert_int_equal(stats.ssrc, MEDIA + 0x50);
    assert_int_equal(events(RTP_EVENT_VIDEO_FRAME, video), 2);
    show(11, true);
    wait_until(now + 100 * MS);
    assert_int_equal(events(RTP_EVENT_VIDEO_FRAME, video), 0);
    for (uint16_t i = 0; i < 90; i++, wait_until(now + 33 * MS))
        show((uint16_t)(12 + i), i % 20 == 0);
    assert_true(rtp_session_inbound_stats(session, video, now, &stats));
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
    assert_true(rtp_session_inbound_stats(session, video, now, &stats));
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
    assert_false(rtp_session_inbound_stats(session, video, now, &stats));
    show(11, true);
    assert_int_equal(events(RTP_EVENT_UNMUTE, video), 1);
}

static rtc_encoded_frame *frame_of(size_t len)
{
    static const uint8_t head[12] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    rtc_encoded_frame *frame;
    const rtc_encoded_frame_options o = {.size = sizeof o, .kind = RTC_MEDIA_VIDEO, .codec = "VP8", .data_len = len, .keyframe = true,
                                         .capture_time_us = now};
    assert_int_equal(rtc_encoded_frame_new(context, &o, &frame), RTC_OK);
    memset(rtc_encoded_frame_writable_data(frame), 1, len);
    memcpy(rtc_encoded_frame_writable_data(frame), head, sizeof head);
    return frame;
}

static int send_frame(size_t len)
{
    rtc_encoded_frame *frame = frame_of(len);
    int error = rtp_session_send_frame(session, now, video, frame, RTP_NO_AUDIO_LEVEL, &out);
    rtc_encoded_frame_unref(frame);
    wait_until(now + 200 * MS);
    return error;
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

static void write_requests(struct writer *w)
{
    rtcp_write_pli(w, MEDIA, OURS);
}

static void write_remb(struct writer *w)
{
    const uint32_t ssrcs[] = {OURS};
    rtcp_write_remb(w, MEDIA, 300000, ssrcs, 1);
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
    assert_true(rtp_session_outbound_stats(session, video, &stats));
    assert_int_equal(stats.target_bitrate_bps, 300000);
    assert_int_equal(stats.pli_count, 1);
    tell(write_nack); /* for packets that never were */
    wait_until(now + 100 * MS);
    assert_int_equal(sent().media, 0);
}

static void refuses_to_send(void **state)
{
    (void)state;
    rtc_encoded_frame *frame = frame_of(100);
    assert_int_equal(rtp_session_send_frame(session, now, 77, frame, RTP_NO_AUDIO_LEVEL, &out), RTC_ERR_NOT_FOUND);
    rtp_session_set_writable(session, now, false, &out);
    assert_int_equal(rtp_session_send_frame(session, now, video, frame, RTP_NO_AUDIO_LEVEL, &out), RTC_ERR_INVALID_STATE);
    rtp_session_set_writable(session, now, true, &out);
    assert_int_equal(rtp_session_send_frame(session, now, video, frame, RTP_NO_AUDIO_LEVEL, &out), RTC_OK);
    struct rtp_section v = video_section();
    uint32_t handle;
    v.send = false;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(rtp_session_send_frame(session, now, video, frame, RTP_NO_AUDIO_LEVEL, &out), RTC_ERR_INVALID_STATE);
    rtc_encoded_frame_unref(frame);
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
    rtp_session_remove_section(session, now, video, &out);
    rtp_session_remove_section(session, now, video, &out);
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
        TEST(ten_thousand_sources),
        TEST(a_gap_is_asked_for),
        TEST(compound_feedback),
        TEST(a_keyframe_is_asked_for),
        TEST(probing),
        TEST(the_latest_source_plays),
        TEST(reception_report),
        TEST(goodbye),
        TEST(packet_sizes),
        TEST(feedback_about_ours),
        TEST(refuses_to_send),
        TEST(no_longer_receives),
        TEST(says_goodbye),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
