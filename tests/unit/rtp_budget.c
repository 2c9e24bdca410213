/* SPDX-License-Identifier: MIT */
/* The budget of a transport: probes, padding and the window of the pacer, numbers of what leaves, what a controller is told and what
 * follows from its word. The controller is a script. */
#include "rtp_scripted_peer.h"

#include "ccfb.h"
#include "counting_allocator.h"
#include "gcc.h"
#include "memory.h"
#include "rtp_pacer.h"
#include "rtp_rate_control.h"
#include "transport_feedback.h"

/* ---- A controller that says what it is told to say ---- */

static struct script {
    struct congestion face;
    struct congestion_target target;
    struct congestion_probe probe; /* id 0: none */
    struct congestion_limits limits;
    struct congestion_packet packets[256];
    struct congestion_result results[256];
    size_t sent, told, paths, ticks;
    uint64_t remb;
    bool alive;
} script;

static int make(rtc_context *c, const struct congestion_limits *limits, rtc_time_t at, struct congestion **made)
{
    (void)c;
    (void)at;
    script.limits = *limits;
    script.alive = true;
    *made = &script.face;
    return RTC_OK;
}

static void release(struct congestion *c)
{
    (void)c;
    script.alive = false;
}

static void set_limits(struct congestion *c, rtc_time_t at, const struct congestion_limits *limits)
{
    (void)c;
    (void)at;
    script.limits = *limits;
}

static void path_changed(struct congestion *c, rtc_time_t at)
{
    (void)c;
    (void)at;
    script.paths++;
}

static void packet_sent(struct congestion *c, const struct congestion_packet *packet)
{
    (void)c;
    script.packets[script.sent++ % 256] = *packet;
}

static void feedback(struct congestion *c, const struct congestion_feedback *f)
{
    (void)c;
    for (size_t i = 0; i < f->count; i++)
        script.results[script.told++ % 256] = f->results[i];
}

static void report(struct congestion *c, const struct congestion_report *r)
{
    (void)c;
    (void)r;
}

static void remb(struct congestion *c, rtc_time_t at, uint64_t bps)
{
    (void)c;
    (void)at;
    script.remb = bps;
}

static void tick(struct congestion *c, rtc_time_t at)
{
    (void)c;
    (void)at;
    script.ticks++;
}

static rtc_time_t deadline(const struct congestion *c)
{
    (void)c;
    return RTC_TIME_NEVER;
}

static struct congestion_target target(const struct congestion *c)
{
    (void)c;
    return script.target;
}

static bool next_probe(struct congestion *c, rtc_time_t at, struct congestion_probe *probe)
{
    (void)c;
    (void)at;
    *probe = script.probe;
    script.probe.id = 0;
    return probe->id != 0;
}

static const struct congestion_controller scripted = {"script", make, release, set_limits, path_changed, packet_sent, feedback,
                                                      report,   remb, tick,    deadline,   target,       next_probe};

/* ---- A call with feedback ---- */

enum { NUMBER_ID = 3, WIRE = 28 };

static struct rtp_section numbered(struct rtp_section section)
{
    section.extension_ids[RTP_EXTENSION_TRANSPORT_SEQUENCE] = NUMBER_ID;
    section.send_codec.transport_cc = true;
    return section;
}

static int begin_numbered(void **state)
{
    const struct rtp_session_options options = {.cname = "us", .controller = &scripted};
    script = (struct script){.face.controller = &scripted, .target = {500000, 600000, 0}};
    (void)begin(state);
    rtp_session_free(session);
    assert_int_equal(rtp_session_new(context, &options, &session), RTC_OK);
    const struct rtp_section v = numbered(video_section()), a = audio_section();
    assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
    assert_int_equal(rtp_session_set_section(session, now, &a, &audio, &out), RTC_OK);
    video_stream = rtp_session_send_stream(session, video, "");
    give_keys();
    (void)events(0, 0);
    return 0;
}

static int end_numbered(void **state)
{
    (void)end(state); /* a test may have another controller in its session */
    assert_false(script.alive);
    return 0;
}

static void send_picture(size_t len)
{
    static uint8_t bytes[100000] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    rtc_encoded_frame *frame = NULL;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_VIDEO,
                                         .codec = "VP8",
                                         .data = bytes,
                                         .data_len = len,
                                         .keyframe = true,
                                         .rtp_timestamp = (uint32_t)(now * 9 / 100),
                                         .capture_time_us = now};
    assert_int_equal(rtc_encoded_frame_new(context, &o, &frame), RTC_OK);
    assert_int_equal(rtp_session_send_frame(session, now, video_stream, frame, RTP_NO_AUDIO_LEVEL, &out), RTC_OK);
    rtc_encoded_frame_unref(frame);
}

static void send_sound(void)
{
    static const uint8_t bytes[90] = {0x78, 0xc0};
    rtc_encoded_frame *frame = NULL;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_AUDIO,
                                         .codec = "opus",
                                         .data = bytes,
                                         .data_len = sizeof bytes,
                                         .rtp_timestamp = (uint32_t)(now * 48 / 1000),
                                         .capture_time_us = now};
    assert_int_equal(rtc_encoded_frame_new(context, &o, &frame), RTC_OK);
    assert_int_equal(rtp_session_send_frame(session, now, rtp_session_send_stream(session, audio, ""), frame, 30, &out), RTC_OK);
    rtc_encoded_frame_unref(frame);
}

/* What left as RTP since the last call. */
struct on_wire {
    size_t count, bytes, padding;
    uint32_t numbers[256], ssrcs[256]; /* numbers: 0x10000 without */
};

static struct on_wire on_wire(void)
{
    static const uint8_t ids[RTP_EXTENSIONS] = {[RTP_EXTENSION_TRANSPORT_SEQUENCE] = NUMBER_ID};
    struct on_wire w = {0};
    for (struct packet *p; (p = packet_queue_pop(&out.tx)) != NULL; packet_free(p)) {
        struct rtp_header h;
        uint16_t number = 0;
        if (rtp_is_rtcp(packet_slice(p)))
            continue;
        w.bytes += p->len + WIRE;
        assert_int_equal(srtp_unprotect_packet(peer, p), RTC_OK);
        assert_true(rtp_parse(packet_slice(p), ids, &h));
        bool has = h.extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE].data != NULL;
        assert_true(!has || rtp_transport_sequence_read(h.extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE], &number));
        w.numbers[w.count] = has ? number : 0x10000;
        w.ssrcs[w.count++] = h.ssrc;
        w.padding += h.padding;
        assert_true(h.padding == 0 || h.payload.len == 0);
    }
    return w;
}

static struct on_wire run(rtc_time_t until)
{
    struct on_wire all = {0};
    for (;;) {
        enum timer_reason why;
        struct on_wire w = on_wire();
        for (size_t i = 0; i < w.count; i++) {
            all.numbers[all.count] = w.numbers[i];
            all.ssrcs[all.count++] = w.ssrcs[i];
        }
        all.bytes += w.bytes;
        all.padding += w.padding;
        rtc_time_t at = rtp_session_deadline(session, &why);
        if (at > until)
            break;
        now = at > now ? at : now;
        rtp_session_tick(session, now, &out);
    }
    now = until;
    return all;
}

static uint16_t first_told;
static size_t told_count;
static uint32_t told_lost; /* a bit for each */

static void write_feedback(struct writer *w)
{
    struct sent_history_told told[32];
    for (size_t i = 0; i < told_count; i++)
        told[i] = (struct sent_history_told){
            .number = (uint16_t)(first_told + i), .received = !(told_lost >> i & 1), .arrived = 77 * SECOND + (rtc_time_t)i * MS};
    assert_int_equal(transport_feedback_write(w, MEDIA, OURS, 0, told, told_count), told_count);
}

static uint64_t seed;

static uint32_t random_u32(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

/* Of numbers that left, did not, or did long ago, and of times that can not be. */
static void write_lies(struct writer *w)
{
    struct sent_history_told told[32];
    uint16_t from = (uint16_t)random_u32();
    size_t count = 1 + random_u32() % 32;
    rtc_time_t at = (rtc_time_t)random_u32() * (random_u32() % 2000);
    if (random_u32() % 2)
        from = (uint16_t)(random_u32() % 64);
    for (size_t i = 0; i < count; i++) {
        at += (rtc_time_t)(random_u32() % 20000) - 10000;
        told[i] = (struct sent_history_told){.number = (uint16_t)(from + i), .received = random_u32() % 3 > 0, .arrived = at > 0 ? at : 0};
    }
    (void)transport_feedback_write(w, MEDIA, OURS, (uint8_t)random_u32(), told, count);
}

/* Of as many numbers as there are, none arrived: in runs of 8191. */
static void write_all_lost(struct writer *w)
{
    enum { RUNS = 8, RUN = 8191, FMT = 15, RTPFB = 205 };
    size_t start = writer_len(w);
    writer_u8(w, 0x80 | FMT);
    writer_u8(w, RTPFB);
    writer_u16(w, 0);
    writer_u32(w, MEDIA);
    writer_u32(w, OURS);
    writer_u16(w, 0);
    writer_u16(w, RUNS * RUN);
    writer_u32(w, 0x00000100);
    for (int i = 0; i < RUNS; i++)
        writer_u16(w, RUN);
    size_t words = (writer_len(w) - start) / 4 - 1;
    put_u16(w->start + start + 2, (uint16_t)words);
}

/* ---- Tests ---- */

static uint16_t first_video, first_sound;

/* Sound first, of which a number nobody has; one picture's packets with marks. */
static void write_ccfb(struct writer *w)
{
    const struct sent_history_told sound[] = {{.number = first_sound, .received = true, .arrived = 5 * SECOND},
                                              {.number = (uint16_t)(first_sound + 1), .received = true, .arrived = 5 * SECOND}};
    struct sent_history_told pictures[3];
    for (uint16_t i = 0; i < 3; i++)
        pictures[i] = (struct sent_history_told){.number = (uint16_t)(first_video + i),
                                                 .received = i != 1,
                                                 .ecn = i == 2 ? CONGESTION_ECN_CE : CONGESTION_ECN_NOT,
                                                 .arrived = 5 * SECOND + i * 125 * MS};
    struct ccfb_writer report;
    ccfb_write_begin(&report, w, MEDIA, 6 * SECOND);
    assert_int_equal(ccfb_write_block(&report, OURS + 2, sound, 2), 2);
    assert_int_equal(ccfb_write_block(&report, OURS, pictures, 3), 3);
    assert_int_equal(ccfb_write_block(&report, 0x777, pictures, 3), 3); /* nobody's */
    ccfb_write_end(&report, 6 << 16);
}

static void write_broken_ccfb(struct writer *w)
{
    struct ccfb_writer report;
    ccfb_write_begin(&report, w, MEDIA, 6 * SECOND);
    writer_u32(w, OURS);
    ccfb_write_end(&report, 6 << 16);
}

/* RFC 8888: nothing is written into packets; what is told of sequence numbers is told of what left, in the order in which it did. */
static void reports_by_source_are_understood(void **state)
{
    (void)state;
    struct rtp_section v = video_section(), a = audio_section();
    uint16_t sequences[256];
    size_t count = 0, at_sound = 0;
    v.send_codec.ccfb = a.send_codec.ccfb = true;
    assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
    assert_int_equal(rtp_session_set_section(session, now, &a, &audio, &out), RTC_OK);
    send_picture(3000);
    send_sound();
    for (rtc_time_t until = now + SECOND / 2; now < until; now = rtp_session_deadline(session, NULL)) {
        rtp_session_tick(session, now, &out);
        for (struct packet *p; (p = packet_queue_pop(&out.tx)) != NULL; packet_free(p)) {
            if (rtp_is_rtcp(packet_slice(p)))
                continue;
            if (rtp_ssrc(packet_slice(p)) == OURS + 2)
                at_sound = count;
            sequences[count++] = rtp_sequence(packet_slice(p));
        }
    }
    assert_true(count >= 4 && script.sent == count && at_sound > 0);
    first_video = sequences[0];
    first_sound = sequences[at_sound];
    tell(write_ccfb);
    assert_int_equal(script.told, 4);
    size_t sound = at_sound < 3 ? at_sound : 3, marked = sound == 3 ? 2 : 3, lost = sound == 1 ? 2 : 1;
    for (size_t i = 1; i < 4; i++)
        assert_true(script.results[i].sent >= script.results[i - 1].sent);
    assert_int_equal(script.results[sound].bytes, script.packets[at_sound].bytes);
    assert_int_equal(script.results[sound].arrived, script.results[0].arrived);
    assert_int_equal(script.results[marked].ecn, CONGESTION_ECN_CE);
    assert_int_equal(script.results[marked].arrived - script.results[0].arrived, 250 * MS);
    assert_int_equal(script.results[lost].arrived, RTC_TIME_NEVER);
    tell(write_ccfb);
    assert_int_equal(script.told, 4);
    uint64_t malformed = rtp_session_counters(session)->malformed;
    tell(write_broken_ccfb);
    assert_int_equal(rtp_session_counters(session)->malformed, malformed + 1);
    assert_int_equal(script.told, 4);
}

static void every_packet_is_numbered_and_told(void **state)
{
    (void)state;
    send_picture(5000);
    struct on_wire w = run(now + SECOND / 2);
    assert_true(w.count >= 5 && script.sent == w.count);
    size_t bytes = 0;
    for (size_t i = 0; i < w.count; i++) {
        assert_int_equal(w.numbers[i], i);
        bytes += script.packets[i].bytes;
        assert_int_equal(script.packets[i].in_flight, bytes);
        assert_int_equal(script.packets[i].limited, i + 1 == w.count);
    }
    assert_int_equal(bytes, w.bytes);
    first_told = 0;
    told_count = 4;
    told_lost = 2;
    tell(write_feedback);
    assert_int_equal(script.told, 4);
    assert_true(script.results[1].arrived == RTC_TIME_NEVER && script.results[0].arrived != RTC_TIME_NEVER);
    assert_int_equal(script.results[3].arrived - script.results[0].arrived, 3 * MS);
    assert_int_equal(script.results[2].bytes, script.packets[2].bytes);
    tell(write_feedback); /* again: nothing new */
    assert_int_equal(script.told, 4);
}

/* Sound has no number here: it is counted with what has one. */
static void sound_without_a_number_counts(void **state)
{
    (void)state;
    send_sound();
    send_picture(500);
    struct on_wire w = run(now + SECOND / 10);
    assert_int_equal(w.count, 2);
    assert_int_equal(w.numbers[0], 0x10000);
    assert_int_equal(w.numbers[1], 0);
    assert_int_equal(script.sent, 2);
    first_told = 0;
    told_count = 1;
    told_lost = 0;
    tell(write_feedback);
    assert_int_equal(script.results[0].bytes_between, script.packets[0].bytes);
}

static void a_probe_is_a_burst_of_media_then_of_padding(void **state)
{
    (void)state;
    send_picture(3000);
    (void)run(now + SECOND);
    size_t before = script.sent;
    script.probe = (struct congestion_probe){.id = 7, .bps = 2000000, .bytes = 5000, .packets = 5};
    send_picture(2000);
    rtc_time_t began = now;
    struct on_wire w = run(now + SECOND);
    size_t of_probe = 0, bytes = 0;
    for (size_t i = before; i < script.sent; i++) {
        of_probe += script.packets[i].probe == 7;
        bytes += script.packets[i].probe == 7 ? script.packets[i].bytes : 0;
        assert_true(script.packets[i].sent - began < 40 * MS); /* 5000 bytes at 2 Mbit/s take 20 ms */
    }
    assert_true(of_probe >= 5 && of_probe == script.sent - before);
    assert_in_range(bytes, 5000, 5000 + 1300);
    assert_true(w.padding > 1000);
    assert_int_equal(w.ssrcs[0], OURS);
    assert_int_equal(w.ssrcs[w.count - 1], OURS_RTX);
    struct rtp_outbound_stats stats;
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
    assert_int_equal(stats.retransmitted_packets_sent, 0);
}

/* Before any media nothing is known of the stream; without RTX there is nothing to pad with. */
static void no_padding_before_media_or_without_rtx(void **state)
{
    (void)state;
    script.probe = (struct congestion_probe){.id = 7, .bps = 2000000, .bytes = 5000, .packets = 5};
    struct on_wire w = run(now + SECOND);
    assert_int_equal(w.count, 0);
    assert_int_equal(script.probe.id, 7);
    struct rtp_section v = numbered(video_section());
    v.send_codec.rtx_payload_type = RTP_NO_PAYLOAD_TYPE;
    assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
    send_picture(3000);
    w = run(now + SECOND);
    assert_int_equal(w.padding, 0);
    assert_true(w.count >= 3);
    assert_int_equal(script.packets[0].probe, 7);
}

/* What is not known of one path is not asked of another. */
static void a_probe_ends_with_its_path(void **state)
{
    (void)state;
    send_picture(3000);
    (void)run(now + SECOND);
    script.probe = (struct congestion_probe){.id = 7, .bps = 1000000, .bytes = 20000, .packets = 5};
    rtp_session_tick(session, now, &out);
    (void)run(now + 20 * MS);
    size_t before = script.sent;
    assert_int_equal(script.packets[before - 1].probe, 7);
    rtp_session_path_changed(session, now, &out);
    send_picture(3000);
    (void)run(now + SECOND);
    assert_true(script.sent > before);
    for (size_t i = before; i < script.sent; i++)
        assert_int_equal(script.packets[i].probe, 0);
}

/* A burst that wants padding for which there is no memory does not wake the connection again and again. */
static void a_probe_without_memory_ends(void **state)
{
    (void)state;
    struct counting_allocator memory = {0};
    const rtc_allocator allocator = counting_allocator_of(&memory);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    rtc_context *poor;
    struct out none;
    enum timer_reason why;
    assert_int_equal(rtc_context_new(&options, &poor), RTC_OK);
    assert_int_equal(out_init(&none, poor), RTC_OK);
    send_picture(3000);
    (void)run(now + SECOND);
    script.probe = (struct congestion_probe){.id = 7, .bps = 2000000, .bytes = 5000, .packets = 5};
    memory.fail_at = memory.calls + 1;
    memory.fail_after = true;
    rtp_session_tick(session, now, &none);
    assert_true(memory.failed > 0);
    assert_int_equal(script.probe.id, 0);
    assert_true(rtp_session_deadline(session, &why) > now);
    out_fini(&none);
    rtc_context_unref(poor);
}

/* Twenty messages, each of which says of nearly all numbers that there are that they did not arrive. */
static void write_flood(struct writer *w)
{
    for (unsigned i = 0; i < 20; i++) {
        writer_u32(w, 0x8fcd0008); /* format 15, of nine words */
        writer_u32(w, MEDIA);
        writer_u32(w, OURS);
        writer_u16(w, 0);
        writer_u16(w, 8 * 0x1fff);
        writer_u32(w, 0);
        for (unsigned k = 0; k < 8; k++)
            writer_u16(w, 0x1fff);
    }
}

static void a_datagram_tells_of_so_many_numbers(void **state)
{
    (void)state;
    uint64_t malformed = rtp_session_counters(session)->malformed;
    tell(write_flood);
    assert_int_equal(rtp_session_counters(session)->malformed, malformed + 20);
    send_picture(3000);
    first_told = 0;
    told_count = run(now + SECOND).count;
    told_lost = 0;
    tell(write_feedback);
    assert_int_equal(script.told, told_count);
}

static void no_more_than_the_window_is_in_flight(void **state)
{
    (void)state;
    script.target.window = 3000;
    run(now + MS);
    send_picture(10000);
    rtc_time_t began = now;
    (void)run(now + 99 * MS);
    size_t sent = script.sent;
    assert_in_range(script.packets[sent - 1].in_flight, 3000, 3000 + 1300);
    send_sound(); /* is not held up */
    (void)run(began + 99 * MS);
    assert_int_equal(script.sent, sent + 1);
    (void)run(began + 400 * MS); /* one each 100 ms, so that there is something to speak of */
    assert_in_range(script.sent, sent + 3, sent + 5);
    first_told = 0;
    told_count = 4;
    told_lost = 0;
    sent = script.sent;
    tell(write_feedback);
    assert_true(script.sent >= sent + 1);
}

static void sound_comes_first(void **state)
{
    (void)state;
    for (int i = 0; i < 150; i++) {
        send_sound();
        (void)run(now + 20 * MS);
    }
    send_picture(100);
    (void)run(now + 20 * MS);
    struct rtp_outbound_stats stats;
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
    assert_in_range(stats.target_bitrate_bps, 400000, 440000); /* 500, less 51 of sound, less headers */
    script.target.target_bps = 60000;
    (void)run(now + SECOND / 2);
    rtp_session_tick(session, now, &out);
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
    assert_in_range(stats.target_bitrate_bps, 25000, 35000); /* and not nothing */
}

static void limits_are_what_can_be_sent(void **state)
{
    (void)state;
    assert_in_range(script.limits.max_bps, 1500000, 2000000);
    rtp_session_set_stream_bitrate(session, now, video_stream, 200000, &out);
    assert_in_range(script.limits.max_bps, 250000, 400000);
}

static void what_was_learnt_is_given_on(void **state)
{
    (void)state;
    size_t paths = script.paths;
    rtp_session_path_changed(session, now, &out);
    assert_int_equal(script.paths, paths + 1);
    struct rtp_section v = video_section(); /* without feedback the rule on reports is in charge again */
    assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
    assert_int_equal(rtp_session_sending_rate(session), RTP_RATE_START_BPS);
    send_picture(500);
    struct on_wire w = run(now + MS);
    assert_int_equal(w.numbers[0], 0x10000);
    assert_int_equal(script.sent, 0);
    v = numbered(v);
    assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
    assert_int_equal(rtp_session_sending_rate(session), 500000);
    assert_int_equal(script.paths, paths + 2);
}

/* Whatever a peer says of packets moves the rate between its limits, and nothing else. */
static void hostile_feedback(void **state)
{
    for (seed = 1; seed <= 50; seed++) {
        const struct rtp_session_options options = {.cname = "us", .controller = &gcc_controller};
        (void)state;
        rtp_session_free(session);
        assert_int_equal(rtp_session_new(context, &options, &session), RTC_OK);
        const struct rtp_section v = numbered(video_section());
        assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
        video_stream = rtp_session_send_stream(session, video, "");
        give_keys();
        size_t left = 0;
        for (int i = 0; i < 80; i++) {
            struct rtp_outbound_stats stats;
            send_picture(300);
            for (int k = 0; k < 10; k++)
                tell(random_u32() % 16 ? write_lies : write_all_lost);
            left += run(now + 40 * MS).count;
            assert_in_range(rtp_session_sending_rate(session), CONGESTION_MIN_BPS, 2000000);
            assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
            assert_in_range(stats.target_bitrate_bps, 1, 1500000);
            assert_int_equal(stats.circuit, 0);
        }
        assert_true(left >= 60); /* pictures go on leaving */
    }
}

/* ---- Data ---- */

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

/* The rule behind the table is the rule. */
static void the_rule_is_a_controller(void **state)
{
    (void)state;
    struct congestion *c = NULL;
    struct rtp_rate rate;
    const struct congestion_limits limits = {.start_bps = 400000, .max_bps = 2000000};
    assert_int_equal(congestion_new(context, &rtp_rate_controller, &limits, SECOND, &c), RTC_OK);
    rtp_rate_init(&rate, 2000000, 400000, SECOND);
    for (int i = 0; i < 200; i++) {
        rtc_time_t at = SECOND + i * 400 * MS;
        const struct congestion_report r = {at, 40, i % 50 == 49 ? 20 : 0, 40000, 50 * MS, 2 * MS};
        const struct rtp_rate_sample s = {40, r.lost, 40000, 50 * MS, 0, 2 * MS};
        congestion_report(c, &r);
        rtp_rate_report(&rate, at, &s);
        if (i % 60 == 30) {
            congestion_remb(c, at, 300000);
            rtp_rate_remb(&rate, at, 300000);
        }
        congestion_tick(c, at);
        rtp_rate_tick(&rate, at);
        struct congestion_target t = congestion_target(c);
        assert_int_equal(t.target_bps, rtp_rate_target(&rate));
        assert_int_equal(t.pacing_bps, t.target_bps * 5 / 2);
        assert_int_equal(t.window, 0);
    }
    congestion_path_changed(c, 90 * SECOND);
    rtp_rate_path_changed(&rate, 90 * SECOND);
    assert_int_equal(congestion_target(c).target_bps, rtp_rate_target(&rate));
    assert_true(congestion_deadline(c) == RTC_TIME_NEVER);
    congestion_free(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_numbered, end_numbered)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_packet_is_numbered_and_told),
        TEST(reports_by_source_are_understood),
        TEST(sound_without_a_number_counts),
        TEST(a_probe_is_a_burst_of_media_then_of_padding),
        TEST(no_padding_before_media_or_without_rtx),
        TEST(a_probe_ends_with_its_path),
        TEST(a_probe_without_memory_ends),
        TEST(a_datagram_tells_of_so_many_numbers),
        TEST(no_more_than_the_window_is_in_flight),
        TEST(sound_comes_first),
        TEST(limits_are_what_can_be_sent),
        TEST(what_was_learnt_is_given_on),
        TEST(hostile_feedback),
        TEST(data_have_their_part),
        TEST(what_data_do_not_want_media_have),
        TEST(data_have_what_media_leave),
        TEST(data_alone_are_free),
        TEST(data_find_what_the_path_takes),
        TEST(the_rule_is_a_controller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
