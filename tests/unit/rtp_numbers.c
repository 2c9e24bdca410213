/* SPDX-License-Identifier: MIT */
/* Sequence numbers are given when a packet leaves (RFC 3550 section 5.1): what is dropped before leaves no hole that a peer would take for
 * loss, and requests for repair (RFC 4588) find what they name. In virtual time, against a scripted peer. */
#include "rtp_scripted_peer.h"

#include "rtp_extensions.h"
#include "rtp_pacer.h"

#include <stdio.h>

enum { PACKETS_MAX = 256, FULL = 1100, TIME_ID = 3, RTX_PT = 97 };

/* What was on the wire since the last call, in its order. */
struct wire_packet {
    uint32_t ssrc;
    uint16_t sequence, repairs; /* repairs: of an RTX packet, the original number */
    bool marker;
    char rid[RTP_RID_MAX + 2]; /* of a repair packet, after a sign */
    uint8_t stamp[RTP_ABS_SEND_TIME_LEN];
    uint8_t payload[1400];
    size_t payload_len;
};
static struct wire_packet wire[PACKETS_MAX];
static size_t wire_count;
static const char *wire_mid;

static uint8_t ids[RTP_EXTENSIONS] = {
    [RTP_EXTENSION_MID] = 1, [RTP_EXTENSION_RID] = 4, [RTP_EXTENSION_REPAIRED_RID] = 5, [RTP_EXTENSION_ABS_SEND_TIME] = TIME_ID};

static void keep(struct packet *packet)
{
    struct wire_packet *w = &wire[wire_count];
    struct rtp_header h;
    if (rtp_is_rtcp(packet_slice(packet)))
        return;
    assert_true(wire_count++ < PACKETS_MAX);
    assert_int_equal(srtp_unprotect_packet(peer, packet), RTC_OK);
    assert_true(rtp_parse(packet_slice(packet), ids, &h));
    assert_true(slice_is(h.extensions[RTP_EXTENSION_MID], wire_mid));
    *w = (struct wire_packet){.ssrc = h.ssrc, .sequence = h.sequence, .marker = h.marker};
    memcpy(w->stamp, h.extensions[RTP_EXTENSION_ABS_SEND_TIME].data, sizeof w->stamp);
    for (int i = RTP_EXTENSION_RID; i <= RTP_EXTENSION_REPAIRED_RID; i++)
        if (h.extensions[i].data)
            (void)snprintf(w->rid, sizeof w->rid, "%s%.*s", i == RTP_EXTENSION_RID ? "" : "=", (int)h.extensions[i].len,
                           (const char *)h.extensions[i].data);
    size_t skip = h.payload_type == RTX_PT ? 2 : 0;
    if (skip)
        w->repairs = (uint16_t)(h.payload.data[0] << 8 | h.payload.data[1]);
    w->payload_len = h.payload.len - skip;
    memcpy(w->payload, h.payload.data + skip, w->payload_len);
}

static void look(void)
{
    wire_count = 0;
    for (struct packet *packet; (packet = packet_queue_pop(&out.tx)) != NULL; packet_free(packet))
        keep(packet);
}

static void section_with_extensions(void)
{
    struct rtp_section v = video_section();
    uint32_t handle;
    memcpy(v.extension_ids, ids, sizeof ids);
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
}

static int begin_numbers(void **state)
{
    (void)begin_call(state);
    section_with_extensions();
    wire_mid = "v";
    return 0;
}

static int send_frame(size_t len, bool keyframe)
{
    static uint8_t bytes[(RTP_PACER_PACKETS_MAX + 1) * 1200];
    static uint8_t serial;
    rtc_encoded_frame *frame = NULL;
    const rtc_encoded_frame_options options = {.size = sizeof options,
                                               .kind = RTC_MEDIA_VIDEO,
                                               .codec = "VP8",
                                               .data = bytes,
                                               .data_len = len,
                                               .keyframe = keyframe,
                                               .capture_time_us = now,
                                               .rtp_timestamp = (uint32_t)(now * 9 / 100)};
    memset(bytes, ++serial, len < 100000 ? len : 100000);
    assert_int_equal(rtc_encoded_frame_new(context, &options, &frame), RTC_OK);
    int error = rtp_session_send_frame(session, now, video_stream, frame, RTP_NO_AUDIO_LEVEL, &out);
    rtc_encoded_frame_unref(frame);
    return error;
}

/* Until nothing waits any more; the last packet has just left. */
static void let_go(void)
{
    while (rtp_session_backlog(session) > 0)
        wait_until(rtp_session_deadline(session, NULL));
}

static void lose_path(void)
{
    rtp_session_set_writable(session, now, false, &out);
    rtp_session_set_writable(session, now, true, &out);
    assert_true(rtp_session_backlog(session) == 0);
}

static void media_follows(const struct wire_packet *w, uint16_t sequence)
{
    assert_int_equal(w->ssrc, OURS);
    assert_int_equal(w->sequence, sequence);
}

/* Frames that waited as a whole are gone without a trace; those after them must not refer to them. */
static void dropped_frames_leave_no_hole(void **state)
{
    (void)state;
    assert_int_equal(send_frame(8 * FULL, true), RTC_OK);
    let_go(); /* and the budget is used up */
    look();
    uint16_t last = wire[wire_count - 1].sequence;
    assert_true(wire[wire_count - 1].marker);
    assert_int_equal(send_frame(3 * FULL, false), RTC_OK);
    assert_int_equal(send_frame(3 * FULL, false), RTC_OK);
    (void)events(0, 0);
    lose_path();
    assert_int_equal(send_frame(100, false), RTC_ERR_INVALID_STATE);
    assert_int_equal(events(RTP_EVENT_KEYFRAME_REQUEST, video), 1);
    assert_int_equal(send_frame(100, true), RTC_OK);
    wait_until(now + SECOND);
    look();
    assert_int_equal(wire_count, 1);
    media_follows(&wire[0], (uint16_t)(last + 1));
}

static void number_extensions(const uint8_t new_ids[RTP_EXTENSIONS])
{
    memcpy(ids, new_ids, sizeof ids);
    section_with_extensions();
}

/* What waits while an offer numbers the extensions anew (RFC 8285 section 6) leaves with the new ids, whether they take more room or less,
 * and so does what is sent again. */
static void extensions_are_numbered_anew(void **state)
{
    (void)state;
    static const uint8_t first[RTP_EXTENSIONS] = {
        [RTP_EXTENSION_MID] = 1, [RTP_EXTENSION_RID] = 4, [RTP_EXTENSION_REPAIRED_RID] = 5, [RTP_EXTENSION_ABS_SEND_TIME] = TIME_ID};
    static const uint8_t others[RTP_EXTENSIONS] = {
        [RTP_EXTENSION_MID] = 200, [RTP_EXTENSION_RID] = 6, [RTP_EXTENSION_REPAIRED_RID] = 4, [RTP_EXTENSION_ABS_SEND_TIME] = 1};
    static uint8_t before[1400];
    assert_int_equal(send_frame(8 * FULL, true), RTC_OK);
    let_go();
    look();
    uint16_t last = wire[wire_count - 1].sequence;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(send_frame(3 * FULL, false), RTC_OK);
        assert_true(rtp_session_backlog(session) > 0);
        number_extensions(i % 2 == 0 ? others : first);
        let_go();
        look(); /* sees the mid by the new ids */
        assert_true(wire_count >= 3);
        for (size_t k = 0; k < wire_count; k++) {
            media_follows(&wire[k], ++last);
            memset(before, wire[k].payload[wire[k].payload_len - 1], sizeof before);
            assert_memory_equal(wire[k].payload + 20, before, wire[k].payload_len - 20);
        }
        assert_true(wire[wire_count - 1].marker);
    }
    number_extensions(first);
}

/* Of a frame that was cut in two the peer must see that a part is missing: one number is left out. */
static void a_cut_frame_shows(void **state)
{
    (void)state;
    assert_int_equal(send_frame(20 * FULL, true), RTC_OK);
    wait_until(now + 20 * MS);
    look();
    assert_true(wire_count > 0 && !wire[wire_count - 1].marker);
    uint16_t last = wire[wire_count - 1].sequence;
    lose_path();
    assert_int_equal(send_frame(100, true), RTC_OK);
    wait_until(now + SECOND);
    look();
    assert_int_equal(wire_count, 1);
    media_follows(&wire[0], (uint16_t)(last + 2));
    lose_path(); /* nothing waits: nothing is left out */
    assert_int_equal(send_frame(100, true), RTC_OK);
    wait_until(now + SECOND);
    look();
    media_follows(&wire[0], (uint16_t)(last + 3));
}

/* What the pacer has no room for is refused as a whole. */
static void refused_frames_leave_no_hole(void **state)
{
    (void)state;
    assert_int_equal(send_frame(100, true), RTC_OK);
    wait_until(now + 100 * MS);
    look();
    uint16_t last = wire[0].sequence;
    assert_int_equal(send_frame(RTP_PACER_PACKETS_MAX * 1200, false), RTC_ERR_QUOTA_EXCEEDED);
    assert_int_equal(send_frame(100, false), RTC_ERR_INVALID_STATE); /* it would refer to that one */
    assert_int_equal(send_frame(100, true), RTC_OK);
    wait_until(now + 100 * MS);
    look();
    assert_int_equal(wire_count, 1);
    media_follows(&wire[0], (uint16_t)(last + 1));
}

/* ---- Repair ---- */

static uint16_t asked[PACKETS_MAX];
static size_t asked_count;
static uint32_t asked_ssrc = OURS;

static void write_nack(struct writer *w)
{
    rtcp_write_nack(w, MEDIA, asked_ssrc, asked, asked_count);
}

static const struct wire_packet *original(const struct wire_packet *sent_before, size_t count, uint16_t sequence)
{
    for (size_t i = 0; i < count; i++)
        if (sent_before[i].sequence == sequence)
            return &sent_before[i];
    return NULL;
}

/* RTX packets have numbers of their own, without holes where the budget of repairs ended, and say what they are in place of; all are
 * stamped with the time at which they left. */
static void repairs_that_are_dropped_leave_no_hole(void **state)
{
    (void)state;
    static struct wire_packet first[PACKETS_MAX];
    assert_int_equal(send_frame(30 * FULL, true), RTC_OK);
    let_go();
    look();
    size_t count = asked_count = wire_count, repaired = 0;
    memcpy(first, wire, sizeof first);
    for (size_t i = 0; i < count; i++) {
        asked[i] = first[i].sequence;
        media_follows(&first[i], (uint16_t)(first[0].sequence + i));
    }
    uint16_t next = 0;
    for (int round = 0; round < 3; round++) {
        tell(write_nack);
        for (rtc_time_t until = now + 60 * MS, at; (at = rtp_session_deadline(session, NULL)) <= until || now < until;) {
            uint8_t stamp[RTP_ABS_SEND_TIME_LEN];
            wait_until(at <= until ? at : until);
            rtp_abs_send_time_write(stamp, now);
            look();
            for (size_t i = 0; i < wire_count; i++, next++, repaired++) {
                const struct wire_packet *w = &wire[i], *o = original(first, count, w->repairs);
                assert_int_equal(w->ssrc, OURS_RTX);
                if (repaired == 0)
                    next = w->sequence;
                assert_int_equal(w->sequence, next);
                assert_non_null(o);
                assert_int_equal(w->marker, o->marker);
                assert_int_equal(w->payload_len, o->payload_len);
                assert_memory_equal(w->payload, o->payload, o->payload_len);
                assert_memory_equal(w->stamp, stamp, sizeof stamp);
            }
        }
    }
    assert_in_range(repaired, 4, 3 * count - 1); /* some, and some were not */
    struct rtp_outbound_stats stats;
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
    assert_int_equal(stats.retransmitted_packets_sent, repaired);
    assert_int_equal(stats.packets_sent, count + repaired);
}

/* ---- The stream goes on ---- */

/* Whoever sends may stop and begin again, with another source: the stream's numbers and counters go on. */
static void a_pause_is_no_new_stream(void **state)
{
    (void)state;
    struct rtp_section v = video_section();
    struct rtp_outbound_stats before, after;
    uint32_t handle;
    memcpy(v.extension_ids, ids, sizeof ids);
    assert_int_equal(send_frame(6 * FULL, true), RTC_OK);
    v.send = false;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(send_frame(100, true), RTC_ERR_INVALID_STATE);
    wait_until(now + SECOND); /* what was accepted leaves */
    look();
    size_t count = wire_count;
    uint16_t last = wire[count - 1].sequence;
    assert_true(wire[count - 1].marker);
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &before));
    assert_int_equal(before.packets_sent, count);
    v.send = true;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(handle, video);
    assert_int_equal(send_frame(100, true), RTC_OK);
    wait_until(now + 100 * MS);
    look();
    assert_int_equal(wire_count, 1);
    media_follows(&wire[0], (uint16_t)(last + 1));
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &after));
    assert_int_equal(after.packets_sent, count + 1);
    assert_int_equal(after.frames_sent, 2);
}

/* Repair that is agreed on when the stream flows already. */
static void repair_comes_later(void **state)
{
    (void)state;
    struct rtp_section v = video_section();
    uint32_t handle;
    memcpy(v.extension_ids, ids, sizeof ids);
    (void)snprintf(v.mid, sizeof v.mid, "w");
    v.encodings[0] = (struct rtp_encoding){.ssrc = OURS + 0x100};
    v.send_codec.rtx_payload_type = RTP_NO_PAYLOAD_TYPE;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    video_stream = rtp_session_send_stream(session, handle, "");
    v.encodings[0] = (struct rtp_encoding){.ssrc = 1, .rtx_ssrc = OURS_RTX + 0x100};
    v.send_codec.rtx_payload_type = RTX_PT;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    wire_mid = "w";
    assert_int_equal(send_frame(100, true), RTC_OK);
    wait_until(now + 100 * MS);
    look();
    assert_int_equal(wire[0].ssrc, OURS + 0x100); /* as it was first given */
    asked[0] = wire[0].sequence;
    asked_count = 1;
    asked_ssrc = OURS + 0x100;
    tell(write_nack);
    wait_until(now + 100 * MS);
    look();
    asked_ssrc = OURS;
    assert_int_equal(wire_count, 1);
    assert_int_equal(wire[0].ssrc, OURS_RTX + 0x100);
    assert_int_equal(wire[0].repairs, asked[0]);
}

/* ---- More than one of a section (RFC 8853) ---- */

/* How many of the type since the last call are about this stream. */
static unsigned told_of(enum rtp_event_type type, uint32_t stream)
{
    unsigned n = 0;
    for (struct rtp_event *e; (e = out_pop_event(&out)) != NULL;) {
        n += e->head.type == (int)type && e->member == video && e->stream == stream;
        out_free_event(&out, e);
    }
    return n;
}

static void write_pli(struct writer *w)
{
    rtcp_write_pli(w, MEDIA, asked_ssrc);
}

static void sends_as(uint32_t stream, uint32_t ssrc, const char *rid, uint16_t *next)
{
    video_stream = stream;
    assert_int_equal(send_frame(100, true), RTC_OK);
    wait_until(now + 100 * MS);
    look();
    assert_int_equal(wire_count, 1);
    assert_int_equal(wire[0].ssrc, ssrc);
    assert_string_equal(wire[0].rid, rid);
    if (*next)
        assert_int_equal(wire[0].sequence, *next);
    *next = (uint16_t)(wire[0].sequence + 1);
}

static void a_section_has_any_number_of_streams(void **state)
{
    (void)state;
    struct rtp_section v = video_section();
    struct rtp_outbound_stats stats;
    uint32_t handle;
    uint16_t next[3] = {0};
    memcpy(v.extension_ids, ids, sizeof ids);
    v.encodings[0] = (struct rtp_encoding){.rid = "h", .ssrc = 0x1200, .rtx_ssrc = 0x1201};
    v.encodings[1] = (struct rtp_encoding){.rid = "l", .ssrc = 0x1300, .rtx_ssrc = 0x1301, .max_bitrate_bps = 50000};
    v.encoding_count = 2;
    sends_as(video_stream, OURS, "", &next[0]); /* the one without a name, until now */
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    uint32_t nameless = video_stream, high = rtp_session_send_stream(session, video, "h"),
             low = rtp_session_send_stream(session, video, "l");
    assert_true(high != low && high != 0 && low != 0 && high != nameless && low != nameless);
    assert_int_equal(rtp_session_send_stream(session, video, "m"), 0);
    assert_int_equal(send_frame(100, true), RTC_ERR_INVALID_STATE);
    for (int i = 0; i < 3; i++) {
        sends_as(high, 0x1200, "h", &next[1]);
        sends_as(low, 0x1300, "l", &next[2]);
    }
    assert_true(rtp_session_outbound_stats(session, low, now, &stats));
    assert_int_equal(stats.packets_sent, 3);
    assert_true(stats.target_bitrate_bps <= 50000);
    asked[0] = (uint16_t)(next[2] - 1);
    asked_count = 1;
    asked_ssrc = 0x1300;
    tell(write_nack);
    wait_until(now + 100 * MS);
    look();
    assert_int_equal(wire_count, 1);
    assert_int_equal(wire[0].ssrc, 0x1301);
    assert_string_equal(wire[0].rid, "=l"); /* the repaired one's */
    (void)told_of(RTP_EVENT_KEYFRAME_REQUEST, 0);
    tell(write_pli);
    assert_int_equal(told_of(RTP_EVENT_KEYFRAME_REQUEST, low), 1);
    asked_ssrc = 0x1200;
    tell(write_pli);
    assert_int_equal(told_of(RTP_EVENT_KEYFRAME_REQUEST, high), 1);
    asked_ssrc = OURS;
    /* One that is named no more sends nothing; when it comes back it goes on. */
    v.encoding_count = 1;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    video_stream = low;
    assert_int_equal(send_frame(100, true), RTC_ERR_INVALID_STATE);
    sends_as(high, 0x1200, "h", &next[1]);
    v.encoding_count = 2;
    assert_int_equal(rtp_session_set_section(session, now, &v, &handle, &out), RTC_OK);
    assert_int_equal(rtp_session_send_stream(session, video, "l"), low);
    sends_as(low, 0x1300, "l", &next[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(extensions_are_numbered_anew, begin_numbers, end),
        cmocka_unit_test_setup_teardown(dropped_frames_leave_no_hole, begin_numbers, end),
        cmocka_unit_test_setup_teardown(a_cut_frame_shows, begin_numbers, end),
        cmocka_unit_test_setup_teardown(refused_frames_leave_no_hole, begin_numbers, end),
        cmocka_unit_test_setup_teardown(repairs_that_are_dropped_leave_no_hole, begin_numbers, end),
        cmocka_unit_test_setup_teardown(a_pause_is_no_new_stream, begin_numbers, end),
        cmocka_unit_test_setup_teardown(repair_comes_later, begin_numbers, end),
        cmocka_unit_test_setup_teardown(a_section_has_any_number_of_streams, begin_numbers, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
