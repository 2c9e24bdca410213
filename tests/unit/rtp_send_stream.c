/* SPDX-License-Identifier: MIT */
/* One outgoing stream: packets, extensions, RTX, feedback, reports. */
#include "rtp_test.h"

#include "rtp_extensions.h"
#include "rtp_send_feedback.h"
#include "rtp_send_stream.h"
#include "vp8_payload.h"

enum { MS = 1000, SECOND = 1000000, VP8 = 96, VP8_RTX = 97, OPUS = 111, VIDEO_SSRC = 0x1000, RTX_SSRC = 0x1001, AUDIO_SSRC = 0x2000 };

static const uint8_t ids[RTP_EXTENSIONS] = {1, 0, 0, 2, 3};

struct fixture {
    struct world world;
    struct rtp_section section;
    struct rtp_send_stream *sender;
    struct rtp_pacer pacer;
    rtc_time_t now;
};

static void fixture_init(struct fixture *f, bool video)
{
    *f = (struct fixture){.now = 10 * SECOND};
    world_init(&f->world, NULL);
    struct rtp_section *s = &f->section;
    memcpy(s->mid, "m0", 3);
    memcpy(s->extension_ids, ids, sizeof ids);
    s->send = true;
    if (video) {
        s->kind = RTC_MEDIA_VIDEO;
        s->encodings[0] = (struct rtp_encoding){.ssrc = VIDEO_SSRC, .rtx_ssrc = RTX_SSRC};
        s->send_codec = (struct rtp_codec){
            .payload_type = VP8, .rtx_payload_type = VP8_RTX, .name = "VP8", .clock_rate = 90000, .nack = true, .pli = true};
    } else {
        s->kind = RTC_MEDIA_AUDIO;
        s->encodings[0].ssrc = AUDIO_SSRC;
        s->send_codec = (struct rtp_codec){
            .payload_type = OPUS, .rtx_payload_type = RTP_NO_PAYLOAD_TYPE, .name = "opus", .clock_rate = 48000, .channels = 2};
    }
    rtp_pacer_init(&f->pacer, 100000000, f->now);
    assert_int_equal(rtp_send_stream_new(f->world.context, s, &s->encodings[0], PACKET_MTU - 10, &f->sender), RTC_OK);
}

static void fixture_fini(struct fixture *f)
{
    rtp_send_stream_free(f->sender);
    rtp_pacer_fini(&f->pacer);
    world_fini(&f->world);
}

static int send_frame(struct fixture *f, const char *codec, struct slice data, bool keyframe, uint32_t timestamp)
{
    rtc_encoded_frame *frame = NULL;
    const rtc_encoded_frame_options options = {.size = sizeof options,
                                               .kind = f->section.kind,
                                               .codec = codec,
                                               .data = data.data,
                                               .data_len = data.len,
                                               .keyframe = keyframe,
                                               .rtp_timestamp = timestamp,
                                               .capture_time_us = f->now - 5 * MS};
    assert_int_equal(rtc_encoded_frame_new(f->world.context, &options, &frame), RTC_OK);
    int error = rtp_send_stream_frame(f->sender, f->now, frame, 0x80 | 30, f->world.pool, &f->pacer);
    rtc_encoded_frame_unref(frame);
    return error;
}

static int send_video(struct fixture *f, size_t len, uint32_t timestamp)
{
    static uint8_t bytes[100000];
    assert_true(len <= sizeof bytes);
    return send_frame(f, "VP8", slice_of(bytes, len), true, timestamp);
}

/* The next packet on the wire, stamped; NULL when none is due. The caller frees it. */
static struct packet *leave(struct fixture *f, struct rtp_header *h)
{
    struct packet *packet = rtp_pacer_pop(&f->pacer, f->now);
    if (!packet)
        return NULL;
    assert_true(rtp_send_stream_owns(f->sender, rtp_ssrc(packet_slice(packet))));
    rtp_send_stream_leaving(f->sender, f->now, 0, packet);
    assert_true(rtp_parse(packet_slice(packet), f->section.extension_ids, h));
    return packet;
}

static size_t leave_all(struct fixture *f)
{
    struct rtp_header h;
    size_t count = 0;
    for (;; count++) {
        struct packet *packet = leave(f, &h);
        if (!packet && rtp_pacer_deadline(&f->pacer) == RTC_TIME_NEVER)
            return count;
        if (!packet) {
            f->now = rtp_pacer_deadline(&f->pacer);
            count--;
        }
        packet_free(packet);
    }
}

/* ---- Packets ---- */

static void a_video_frame_becomes_packets(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    assert_int_equal(send_video(&f, 5000, 9000), RTC_OK);
    size_t bytes = 0;
    size_t count = 0;
    struct rtp_header first = {0};
    bool marker = false;
    while (rtp_pacer_deadline(&f.pacer) != RTC_TIME_NEVER) {
        struct rtp_header h;
        f.now = f.now < rtp_pacer_deadline(&f.pacer) ? rtp_pacer_deadline(&f.pacer) : f.now;
        struct packet *packet = leave(&f, &h);
        assert_non_null(packet);
        if (count == 0)
            first = h;
        assert_false(marker);
        marker = h.marker;
        assert_true(packet->len <= PACKET_MTU - 10 - 2);
        assert_int_equal(h.payload_type, VP8);
        assert_int_equal(h.ssrc, VIDEO_SSRC);
        assert_int_equal(h.timestamp, first.timestamp);
        assert_int_equal(h.sequence, (uint16_t)(first.sequence + count));
        assert_true(slice_is(h.extensions[RTP_EXTENSION_MID], "m0"));
        uint8_t stamp[3];
        rtp_abs_send_time_write(stamp, f.now);
        assert_bytes(h.extensions[RTP_EXTENSION_ABS_SEND_TIME], slice_of(stamp, 3));
        assert_null(h.extensions[RTP_EXTENSION_AUDIO_LEVEL].data);
        struct vp8_payload p;
        assert_true(vp8_payload_parse(h.payload, &p));
        assert_int_equal(p.start_of_frame, count == 0);
        bytes += p.data.len;
        count++;
        packet_free(packet);
    }
    assert_true(marker);
    assert_int_equal(bytes, 5000);
    assert_int_equal(count, 5);
    fixture_fini(&f);
}

static void frames_count_up(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    int32_t last_id = 0;
    uint32_t last_timestamp = 0;
    for (uint32_t i = 0; i < 3; i++) {
        f.now += 33 * MS;
        assert_int_equal(send_video(&f, 100, i * 3000), RTC_OK);
        struct rtp_header h;
        struct packet *packet = leave(&f, &h);
        assert_non_null(packet);
        struct vp8_payload p;
        assert_true(vp8_payload_parse(h.payload, &p));
        if (i > 0) {
            assert_int_equal(p.picture_id, (last_id + 1) & 0x7fff);
            assert_int_equal(h.timestamp, last_timestamp + 3000);
        }
        last_id = p.picture_id;
        last_timestamp = h.timestamp;
        packet_free(packet);
    }
    fixture_fini(&f);
}

static void audio_is_one_packet_with_its_level(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, false);
    static const uint8_t opus[] = {0x78, 1, 2, 3}; /* 20 ms */
    const bool markers[] = {true, false, true};
    const uint32_t timestamps[] = {960, 1920, 9600}; /* a silence before the third */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(send_frame(&f, "OPUS", slice_of(opus, sizeof opus), false, timestamps[i]), RTC_OK);
        assert_true(rtp_pacer_deadline(&f.pacer) <= f.now);
        struct rtp_header h;
        struct packet *packet = leave(&f, &h);
        assert_int_equal(h.marker, markers[i]);
        assert_int_equal(h.payload_type, OPUS);
        assert_bytes(h.payload, slice_of(opus, sizeof opus));
        assert_int_equal(h.extensions[RTP_EXTENSION_AUDIO_LEVEL].data[0], 0x80 | 30);
        packet_free(packet);
    }
    fixture_fini(&f);
}

static void wrong_frames_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    assert_int_equal(send_frame(&f, "opus", slice_str("abc"), false, 0), RTC_ERR_NOT_SUPPORTED);
    rtp_send_stream_set_max_rtp(f.sender, 20);
    assert_int_equal(send_video(&f, 100, 0), RTC_ERR_RANGE);
    rtp_send_stream_set_max_rtp(f.sender, 60);
    assert_int_equal(send_video(&f, 100000, 0), RTC_ERR_QUOTA_EXCEEDED); /* over the pacer's queue */
    f.section.send_codec.payload_type = RTP_NO_PAYLOAD_TYPE;
    rtp_send_stream_configure(f.sender, &f.section, &f.section.encodings[0]);
    assert_int_equal(send_video(&f, 100, 0), RTC_ERR_NOT_SUPPORTED);
    assert_true(rtp_pacer_deadline(&f.pacer) == RTC_TIME_NEVER);
    fixture_fini(&f);
    fixture_init(&f, false);
    static uint8_t big[1270];
    big[0] = 0x78;
    assert_int_equal(send_frame(&f, "opus", slice_of(big, sizeof big), false, 0), RTC_ERR_RANGE);
    assert_int_equal(send_frame(&f, "opus", slice_of("\x7b\0", 2), false, 0), RTC_ERR_ENCODING);
    fixture_fini(&f);
}

/* However large the limit, a packet stays in its buffer with room for protection. */
static void the_buffer_is_the_limit(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    rtp_send_stream_set_max_rtp(f.sender, 100000);
    assert_int_equal(send_video(&f, 9000, 0), RTC_OK);
    struct packet *packet;
    while ((packet = rtp_pacer_pop(&f.pacer, f.now += SECOND)) != NULL) {
        assert_true(packet_tailroom(packet) >= 20);
        packet_free(packet);
    }
    fixture_fini(&f);
}

/* A frame leaves as a whole or not at all: the peer sees no gap, and no part that it would take for the whole. */
static void lack_of_memory_takes_the_whole_frame(void **state)
{
    (void)state;
    struct fixture f;
    struct rtp_header h;
    fixture_init(&f, true);
    rtc_encoded_frame *frame = NULL;
    static const uint8_t bytes[3000];
    const rtc_encoded_frame_options options = {
        .size = sizeof options, .kind = RTC_MEDIA_VIDEO, .codec = "VP8", .data = bytes, .data_len = sizeof bytes, .capture_time_us = 1};
    assert_int_equal(rtc_encoded_frame_new(f.world.context, &options, &frame), RTC_OK);
    assert_int_equal(send_video(&f, 100, 0), RTC_OK);
    struct packet *packet = leave(&f, &h); /* held: the frame needs three more */
    for (long n = 0; n < 3; n++) {
        f.world.allocations_left = n;
        assert_int_equal(rtp_send_stream_frame(f.sender, f.now, frame, 0, f.world.pool, &f.pacer), RTC_ERR_NO_MEMORY);
        f.world.allocations_left = -1;
        assert_true(rtp_pacer_deadline(&f.pacer) == RTC_TIME_NEVER);
        packet_pool_trim(f.world.pool, 0);
    }
    packet_free(packet);
    uint16_t last = h.sequence;
    rtc_encoded_frame_unref(frame);
    struct rtp_outbound_stats stats = {0};
    rtp_send_stream_stats(f.sender, 0, &stats);
    assert_int_equal(stats.frames_sent, 1);
    f.now += 33 * MS;
    assert_int_equal(send_video(&f, 100, 0), RTC_OK);
    packet = leave(&f, &h);
    assert_non_null(packet);
    assert_int_equal(h.sequence, (uint16_t)(last + 1));
    packet_free(packet);
    fixture_fini(&f);
}

static void out_of_memory(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    struct rtp_send_stream *sender = NULL;
    for (long n = 0; n < 2; n++) {
        f.world.allocations_left = n;
        assert_int_equal(rtp_send_stream_new(f.world.context, &f.section, &f.section.encodings[0], 1200, &sender), RTC_ERR_NO_MEMORY);
        assert_null(sender);
    }
    f.world.allocations_left = 2;
    assert_int_equal(rtp_send_stream_new(f.world.context, &f.section, &f.section.encodings[0], 1200, &sender), RTC_OK);
    rtp_send_stream_free(sender);
    rtp_send_stream_free(NULL);
    f.world.allocations_left = -1;
    fixture_fini(&f);
}

/* Once buffers are pooled, nothing is allocated per packet. */
static void no_allocation_in_steady_state(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    rtc_encoded_frame *frame = NULL;
    static const uint8_t bytes[6000];
    const rtc_encoded_frame_options options = {
        .size = sizeof options, .kind = RTC_MEDIA_VIDEO, .codec = "VP8", .data = bytes, .data_len = sizeof bytes, .capture_time_us = 1};
    assert_int_equal(rtc_encoded_frame_new(f.world.context, &options, &frame), RTC_OK);
    for (int i = 0; i < 600; i++) {
        if (i == 200)
            f.world.allocations_left = 0;
        assert_int_equal(rtp_send_stream_frame(f.sender, f.now, frame, 0, f.world.pool, &f.pacer), RTC_OK);
        assert_int_equal(leave_all(&f), 6);
        f.now += 33 * MS;
        const struct rtcp_report report = {.ssrc = VIDEO_SSRC, .highest_sequence = (uint32_t)i};
        (void)rtp_send_stream_report(f.sender, f.now, f.now, &report);
    }
    f.world.allocations_left = -1;
    rtc_encoded_frame_unref(frame);
    fixture_fini(&f);
}

/* ---- Retransmission ---- */

static void nack(struct fixture *f, const uint16_t *sequences, size_t count)
{
    uint8_t room[256];
    struct writer w = writer_of(room, sizeof room);
    rtcp_write_nack(&w, 1, VIDEO_SSRC, sequences, count);
    struct rtcp_iterator it = rtcp_packets(slice_of(room, writer_len(&w)));
    struct rtcp_packet p;
    assert_true(rtcp_next(&it, &p));
    rtp_send_stream_nack(f->sender, f->now, &p, f->world.pool, &f->pacer);
}

static void nacks_are_answered_with_rtx(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    struct bytes payload = {{0}, 0};
    struct rtp_header original = {0};
    struct rtp_header h;
    assert_int_equal(send_video(&f, 900, 1234), RTC_OK);
    struct packet *packet = leave(&f, &original);
    memcpy(payload.data, original.payload.data, original.payload.len);
    payload.len = original.payload.len;
    packet_free(packet);
    f.now += 10 * MS;
    nack(&f, (const uint16_t[]){original.sequence, (uint16_t)(original.sequence + 1)}, 2);
    packet = leave(&f, &h);
    assert_non_null(packet);
    assert_int_equal(h.payload_type, VP8_RTX);
    assert_int_equal(h.ssrc, RTX_SSRC);
    assert_int_equal(h.timestamp, original.timestamp);
    assert_true(h.marker);
    assert_true(slice_is(h.extensions[RTP_EXTENSION_MID], "m0"));
    uint8_t stamp[3];
    rtp_abs_send_time_write(stamp, f.now);
    assert_bytes(h.extensions[RTP_EXTENSION_ABS_SEND_TIME], slice_of(stamp, 3));
    assert_int_equal(h.payload.data[0] << 8 | h.payload.data[1], original.sequence);
    assert_bytes(slice_of(h.payload.data + 2, h.payload.len - 2), view(&payload));
    uint16_t rtx_sequence = h.sequence;
    packet_free(packet);
    f.now += 10 * MS;
    nack(&f, &original.sequence, 1); /* again soon: it is on its way */
    assert_true(rtp_pacer_deadline(&f.pacer) == RTC_TIME_NEVER);
    f.now += 50 * MS;
    nack(&f, &original.sequence, 1);
    packet = leave(&f, &h);
    assert_non_null(packet);
    assert_int_equal(h.sequence, (uint16_t)(rtx_sequence + 1)); /* a packet of its own */
    packet_free(packet);
    struct rtp_outbound_stats stats = {0};
    rtp_send_stream_stats(f.sender, 0, &stats);
    assert_int_equal(stats.nack_count, 3);
    assert_int_equal(stats.retransmitted_packets_sent, 2);
    assert_int_equal(stats.packets_sent, 3);
    fixture_fini(&f);
}

/* What is sent again is written as is agreed on now, not as it was when it left the first time. */
static void repairs_follow_the_description(void **state)
{
    (void)state;
    struct fixture f;
    struct rtp_header original = {0}, h;
    fixture_init(&f, true);
    assert_int_equal(send_video(&f, 900, 1234), RTC_OK);
    packet_free(leave(&f, &original));
    f.section.extension_ids[RTP_EXTENSION_MID] = ids[RTP_EXTENSION_ABS_SEND_TIME];
    f.section.extension_ids[RTP_EXTENSION_ABS_SEND_TIME] = ids[RTP_EXTENSION_MID];
    rtp_send_stream_configure(f.sender, &f.section, &f.section.encodings[0]);
    f.now += 10 * MS;
    nack(&f, &original.sequence, 1);
    struct packet *packet = leave(&f, &h);
    assert_non_null(packet);
    assert_true(slice_is(h.extensions[RTP_EXTENSION_MID], "m0"));
    uint8_t stamp[3];
    rtp_abs_send_time_write(stamp, f.now);
    assert_bytes(h.extensions[RTP_EXTENSION_ABS_SEND_TIME], slice_of(stamp, 3));
    assert_int_equal(h.timestamp, original.timestamp);
    assert_true(h.marker);
    packet_free(packet);
    fixture_fini(&f);
}

static void a_flood_of_nacks_is_bounded(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    struct rtp_header h;
    assert_int_equal(send_video(&f, 90000, 0), RTC_OK);
    struct packet *packet = leave(&f, &h);
    packet_free(packet);
    (void)leave_all(&f);
    for (int round = 0; round < 100; round++) {
        for (uint32_t i = 0; i < 65536; i += 1700) {
            uint16_t sequences[100];
            for (uint16_t j = 0; j < 100; j++)
                sequences[j] = (uint16_t)(h.sequence + i + j * 17u);
            nack(&f, sequences, 60);
        }
    }
    assert_true(f.pacer.queues[RTP_PRIORITY_REPAIR].count <= 90);
    fixture_fini(&f);
}

static void nothing_is_repaired_without_rtx(void **state)
{
    (void)state;
    struct fixture f;
    struct rtp_header h;
    fixture_init(&f, true);
    f.section.send_codec.rtx_payload_type = RTP_NO_PAYLOAD_TYPE;
    rtp_send_stream_configure(f.sender, &f.section, &f.section.encodings[0]);
    assert_int_equal(send_video(&f, 900, 0), RTC_OK);
    struct packet *packet = leave(&f, &h);
    nack(&f, &h.sequence, 1);
    packet_free(packet);
    assert_true(rtp_pacer_deadline(&f.pacer) == RTC_TIME_NEVER);
    fixture_fini(&f);
}

/* ---- Keyframes ---- */

static void keyframe_requests_are_limited(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    enum timer_reason why = TIMER_NONE;
    assert_true(rtp_send_stream_pli(f.sender, f.now));
    assert_false(rtp_send_stream_pli(f.sender, f.now + 20 * MS)); /* held back */
    assert_true(rtp_send_stream_deadline(f.sender, &why) == f.now + 100 * MS);
    assert_int_equal(why, TIMER_RTP_KEYFRAME);
    assert_false(rtp_send_stream_tick(f.sender, f.now + 99 * MS).keyframe);
    assert_true(rtp_send_stream_tick(f.sender, f.now + 100 * MS).keyframe);
    assert_true(rtp_send_stream_deadline(f.sender, &why) == RTC_TIME_NEVER);
    assert_true(rtp_send_stream_pli(f.sender, f.now + 300 * MS));
    fixture_fini(&f);
}

/* What is held back is void once a keyframe was made meanwhile, whoever asked for that. */
static void a_keyframe_answers_what_is_held_back(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    assert_true(rtp_send_stream_pli(f.sender, f.now));
    assert_false(rtp_send_stream_pli(f.sender, f.now + 20 * MS));
    f.now += 40 * MS;
    assert_int_equal(send_video(&f, 100, 0), RTC_OK);
    assert_true(rtp_send_stream_deadline(f.sender, NULL) == RTC_TIME_NEVER);
    assert_false(rtp_send_stream_tick(f.sender, f.now + SECOND).keyframe);
    assert_true(rtp_send_stream_pli(f.sender, f.now + SECOND));
    fixture_fini(&f);
}

/* Receivers behind one peer that ask every 10 ms for ten seconds, by PLI and by FIR of two of them, over a round trip of 250 ms: at most
 * one request of a keyframe goes on in each round trip, and none is forgotten. */
static void a_storm_of_requests_is_one_in_a_round_trip(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    f.sender->heard.round_trip_us = 250 * MS;
    unsigned asked = 0;
    rtc_time_t last = 0;
    for (unsigned i = 0; i < 1000; i++, f.now += 10 * MS) {
        bool wanted = rtp_send_stream_tick(f.sender, f.now).keyframe;
        wanted = rtp_send_stream_pli(f.sender, f.now) || wanted;
        wanted = rtp_send_stream_fir(f.sender, f.now, 5 + i % 2, (uint8_t)i) || wanted;
        if (!wanted)
            continue;
        assert_true(asked++ == 0 || f.now - last >= 250 * MS);
        last = f.now;
    }
    assert_in_range(asked, 38, 41);
    fixture_fini(&f);
}

static void a_repeated_fir_is_one_request(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    assert_true(rtp_send_stream_fir(f.sender, f.now, 5, 1));
    assert_false(rtp_send_stream_fir(f.sender, f.now + SECOND, 5, 1));
    assert_true(rtp_send_stream_deadline(f.sender, NULL) == RTC_TIME_NEVER);
    assert_true(rtp_send_stream_fir(f.sender, f.now + SECOND, 5, 2));
    assert_true(rtp_send_stream_fir(f.sender, f.now + 2 * SECOND, 6, 2));
    struct rtp_outbound_stats stats = {0};
    rtp_send_stream_stats(f.sender, 0, &stats);
    assert_int_equal(stats.fir_count, 4);
    /* Each source numbers its own. */
    for (int i = 0; i < 4; i++)
        assert_false(rtp_send_stream_fir(f.sender, f.now + (3 + i) * SECOND, 5 + (uint32_t)i % 2, 2));
    for (uint32_t i = 0; i < 100; i++)
        assert_true(rtp_send_stream_fir(f.sender, f.now + (10 + i) * SECOND, 7 + i, 2)); /* any number of them */
    assert_true(rtp_send_stream_fir(f.sender, f.now + 200 * SECOND, 5, 2));
    fixture_fini(&f);
}

/* ---- Reports ---- */

/* The peer's report on the sender report made at `sent`, held for `held`, arriving now. */
static struct rtcp_report answer(struct fixture *f, rtc_time_t sent, rtc_time_t held, uint8_t lost)
{
    struct rtcp_report r = {.ssrc = f->section.encodings[0].ssrc, .fraction_lost = lost, .lost = 3, .highest_sequence = 77, .jitter = 900};
    r.last_sr = rtcp_ntp_middle(rtcp_ntp(context_wall_us(f->world.context, sent)));
    r.delay_since_last_sr = rtcp_us_middle(held);
    return r;
}

/* The octet count of sender reports has 32 bits (RFC 3550 section 6.4.1): hours of video are beyond it. What arrives does not shrink then.
 */
static void what_arrives_outlives_the_octet_count(void **state)
{
    (void)state;
    struct fixture f;
    struct rtp_header h;
    fixture_init(&f, true);
    const uint32_t count = 4000000;
    assert_int_equal(send_video(&f, 1000, 0), RTC_OK);
    packet_free(leave(&f, &h));
    f.sender->numbers.sr_packets = count;
    f.sender->numbers.sr_octets = (uint32_t)(count * 1100ull);
    f.sender->stats.packets_sent = count;
    f.sender->stats.bytes_sent = count * 1100ull;
    struct rtcp_report r = {.ssrc = VIDEO_SSRC, .highest_sequence = h.sequence};
    assert_true(rtp_send_stream_report(f.sender, f.now, f.now, &r));
    r.highest_sequence += 100;
    assert_true(rtp_send_stream_report(f.sender, f.now + SECOND, f.now + SECOND, &r));
    assert_int_equal(rtp_send_stream_sample(f.sender)->expected, 100);
    assert_in_range(rtp_send_stream_sample(f.sender)->received_bytes, 110000, 115000);
    fixture_fini(&f);
}

static void reports_give_the_round_trip(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    rtc_time_t sent = f.now;
    f.now += 300 * MS;
    struct rtcp_report r = answer(&f, sent, 250 * MS, 64);
    assert_int_equal(rtp_send_stream_round_trip_us(f.sender), 0);
    assert_true(rtp_send_stream_report(f.sender, f.now, f.now, &r));
    assert_in_range(rtp_send_stream_round_trip_us(f.sender), 49 * MS + 900, 50 * MS + 100);
    struct rtp_outbound_stats stats;
    rtp_send_stream_stats(f.sender, 0, &stats);
    assert_true(stats.heard.any);
    assert_true(stats.heard.fraction_lost == 0.25);
    assert_int_equal(stats.heard.packets_lost, 3);
    assert_true(stats.heard.jitter_s == 0.01);
    assert_int_equal(stats.heard.round_trip_time_measurements, 1);
    r.ssrc = RTX_SSRC;
    assert_false(rtp_send_stream_report(f.sender, f.now, f.now, &r)); /* tells the round trip, not the loss of media */
    r = answer(&f, f.now, SECOND, 0);                                 /* held for longer than it can be */
    assert_true(rtp_send_stream_report(f.sender, f.now, f.now, &r));
    assert_true(rtp_send_stream_round_trip_us(f.sender) > 0);
    r.last_sr = 0;
    assert_true(rtp_send_stream_report(f.sender, f.now, f.now, &r));
    fixture_fini(&f);
}

/* With a round trip known, a PLI that crossed our keyframe on the way is void. */
static void a_pli_that_crossed_a_keyframe_is_void(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    f.now += 200 * MS;
    struct rtcp_report r = answer(&f, f.now - 200 * MS, 0, 0);
    assert_true(rtp_send_stream_report(f.sender, f.now, f.now, &r));
    assert_int_equal(send_video(&f, 100, 0), RTC_OK);
    assert_false(rtp_send_stream_pli(f.sender, f.now + 150 * MS));
    assert_true(rtp_send_stream_deadline(f.sender, NULL) == RTC_TIME_NEVER);
    assert_true(rtp_send_stream_pli(f.sender, f.now + 250 * MS));
    fixture_fini(&f);
}

static void sender_reports_say_when_and_how_much(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    struct rtcp_sender_info info;
    struct rtp_header h;
    assert_false(rtp_send_stream_info(f.sender, f.now, &info));
    assert_false(rtp_send_stream_active_since(f.sender, 0));
    assert_int_equal(send_video(&f, 100, 90000), RTC_OK);
    assert_false(rtp_send_stream_info(f.sender, f.now, &info)); /* not yet on the wire */
    struct packet *packet = leave(&f, &h);
    rtc_time_t captured = f.now - 5 * MS;
    rtc_time_t left = f.now;
    size_t payload = h.payload.len;
    uint32_t timestamp = h.timestamp;
    packet_free(packet);
    nack(&f, &h.sequence, 1);
    assert_int_equal(leave_all(&f), 1);
    assert_true(rtp_send_stream_info(f.sender, captured + SECOND, &info));
    assert_int_equal(info.timestamp, timestamp + 90000);
    assert_true(info.ntp == rtcp_ntp(context_wall_us(f.world.context, captured + SECOND)));
    assert_int_equal(info.packets, 1); /* the RTX stream has a count of its own */
    assert_int_equal(info.octets, payload);
    assert_true(rtp_send_stream_active_since(f.sender, left));
    assert_false(rtp_send_stream_active_since(f.sender, left + 1)); /* nor is it media */
    fixture_fini(&f);
}

static void the_breaker_is_told_once(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, true);
    enum timer_reason why = TIMER_NONE;
    size_t told = 0;
    for (int i = 0; i < 40; i++) {
        f.now += 500 * MS;
        int error = send_video(&f, 100, 0);
        assert_int_equal(error, told ? RTC_ERR_INVALID_STATE : RTC_OK);
        (void)leave_all(&f);
        if (rtp_send_stream_deadline(f.sender, &why) <= f.now) {
            assert_int_equal(why, TIMER_RTP_RATE);
            told += rtp_send_stream_tick(f.sender, f.now).breaker == RTP_BREAKER_RTCP_TIMEOUT;
        }
    }
    assert_int_equal(told, 1);
    assert_true(rtp_send_stream_deadline(f.sender, NULL) == RTC_TIME_NEVER);
    fixture_fini(&f);
}

/* The peer takes no telephone events any more: the tone that plays is over, and asks for no time. */
static void a_tone_ends_with_its_payload_type(void **state)
{
    struct fixture f;
    enum timer_reason why = TIMER_NONE;
    (void)state;
    fixture_init(&f, false);
    f.section.tone_payload_type = 110;
    f.section.tone_clock_rate = 48000;
    f.now += (rtc_time_t)7 * 365 * 86400 * SECOND; /* the machine has run for long */
    rtp_send_stream_configure(f.sender, &f.section, &f.section.encodings[0]);
    assert_int_equal(rtp_send_stream_tone(f.sender, f.now, 5, SECOND), RTC_OK);
    assert_true(rtp_send_stream_deadline(f.sender, &why) == f.now + 20 * MS);
    f.section.tone_clock_rate = 0;
    rtp_send_stream_configure(f.sender, &f.section, &f.section.encodings[0]);
    f.now += 100 * MS;
    rtp_send_stream_tick_tone(f.sender, f.now, f.world.pool, &f.pacer);
    assert_true(rtp_pacer_deadline(&f.pacer) == RTC_TIME_NEVER);
    assert_true(rtp_send_stream_deadline(f.sender, &why) > f.now);
    f.section.tone_clock_rate = 48000;
    rtp_send_stream_configure(f.sender, &f.section, &f.section.encodings[0]);
    rtp_send_stream_tick_tone(f.sender, f.now, f.world.pool, &f.pacer);
    assert_true(rtp_pacer_deadline(&f.pacer) == RTC_TIME_NEVER); /* nor goes on later */
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_video_frame_becomes_packets),
        cmocka_unit_test(frames_count_up),
        cmocka_unit_test(audio_is_one_packet_with_its_level),
        cmocka_unit_test(wrong_frames_are_refused),
        cmocka_unit_test(the_buffer_is_the_limit),
        cmocka_unit_test(lack_of_memory_takes_the_whole_frame),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(no_allocation_in_steady_state),
        cmocka_unit_test(nacks_are_answered_with_rtx),
        cmocka_unit_test(repairs_follow_the_description),
        cmocka_unit_test(a_flood_of_nacks_is_bounded),
        cmocka_unit_test(nothing_is_repaired_without_rtx),
        cmocka_unit_test(keyframe_requests_are_limited),
        cmocka_unit_test(a_storm_of_requests_is_one_in_a_round_trip),
        cmocka_unit_test(a_keyframe_answers_what_is_held_back),
        cmocka_unit_test(a_repeated_fir_is_one_request),
        cmocka_unit_test(what_arrives_outlives_the_octet_count),
        cmocka_unit_test(reports_give_the_round_trip),
        cmocka_unit_test(a_pli_that_crossed_a_keyframe_is_void),
        cmocka_unit_test(sender_reports_say_when_and_how_much),
        cmocka_unit_test(the_breaker_is_told_once),
        cmocka_unit_test(a_tone_ends_with_its_payload_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
