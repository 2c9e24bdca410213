/* SPDX-License-Identifier: MIT */
/* The budget of a transport: probes, padding and the window of the pacer, numbers of what leaves, what a controller is told and what
 * follows from its word. The controller is a script. */
#include "rtp_budget_scene.h"

#include "ccfb.h"
#include "counting_allocator.h"
#include "gcc.h"
#include "memory.h"
#include "rtp_budget.h"
#include "rtp_pacer.h"
#include "rtp_rate_control.h"
#include "transport_feedback.h"

#include <stdio.h>

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

/* Sound is too little for a burst: the first one waits for pictures. */
static void no_probe_of_sound_alone(void **state)
{
    (void)state;
    script.probe = (struct congestion_probe){.id = 7, .bps = 2000000, .bytes = 5000, .packets = 5};
    for (int i = 0; i < 50; i++) {
        send_sound();
        (void)run(now + 20 * MS);
    }
    assert_int_equal(script.probe.id, 7);
    size_t before = script.sent;
    assert_int_equal(before, 50);
    send_picture(3000);
    (void)run(now + SECOND / 2);
    assert_int_equal(script.packets[before].probe, 7);
    assert_int_equal(script.packets[before - 1].probe, 0);
}

static bool asks(struct rtp_budget *b, rtc_time_t at)
{
    struct congestion_probe probe;
    const struct rtp_leaving leaving = {.bytes = 1000, .numbered = true};
    rtp_budget_left(b, at, &leaving);
    return rtp_budget_next_probe(b, at, &probe);
}

/* RFC 8083 section 4.5: a tenth of what was sent is not made up for by bursts, which another path may have at once. */
static void no_probes_after_a_cut(void **state)
{
    (void)state;
    struct rtp_budget b;
    const struct congestion_limits limits = {.start_bps = 1500000};
    assert_int_equal(rtp_budget_init(&b, context, &limits, &gcc_controller), RTC_OK);
    rtp_budget_start(&b, now);
    assert_int_equal(rtp_budget_prepare_feedback(&b, now), RTC_OK);
    rtp_budget_set_feedback(&b, now, true, false);
    assert_true(asks(&b, now));
    assert_true(rtp_budget_cut(&b, now));
    assert_int_equal(congestion_target(rtp_budget_congestion(&b)).target_bps, 150000);
    for (int i = 0; i < 60; i++)
        assert_false(asks(&b, now + i * 100 * MS));
    assert_true(rtp_budget_cut(&b, now + 6 * SECOND));
    rtp_budget_path_changed(&b, now + 7 * SECOND);
    assert_true(asks(&b, now + 7 * SECOND));
    rtp_budget_fini(&b);
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

static uint16_t apart;

/* The first and the last of very many arrived. */
static void write_two_of_many(struct writer *w)
{
    static struct sent_history_told told[2000];
    for (uint16_t i = 0; i <= apart; i++)
        told[i] = (struct sent_history_told){.number = i, .received = i == 0 || i == apart, .arrived = 77 * SECOND};
    assert_int_equal(transport_feedback_write(w, MEDIA, OURS, 0, told, apart + 1U), apart + 1U);
}

/* However much one message tells, all of it is told. */
static void a_message_of_very_many_numbers(void **state)
{
    (void)state;
    script.target = (struct congestion_target){.target_bps = 50000000, .pacing_bps = 50000000};
    rtp_session_tick(session, now, &out);
    while (script.sent < 1500) {
        send_picture(60000);
        (void)run(now + 50 * MS);
    }
    apart = (uint16_t)(script.sent - 1);
    tell(write_two_of_many);
    assert_int_equal(script.told, script.sent);
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

static uint32_t target_of_video(void)
{
    struct rtp_outbound_stats stats;
    assert_true(rtp_session_outbound_stats(session, video_stream, now, &stats));
    return stats.target_bitrate_bps;
}

static void set_rate(uint32_t bps)
{
    script.target = (struct congestion_target){bps, bps, 0};
    rtp_session_tick(session, now, &out);
}

/* What was sent around pictures at another rate says how large a part it is, and no more. */
static void headers_are_a_part(void **state)
{
    (void)state;
    set_rate(2400000);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(i == 0 ? (send_picture(8000), RTC_OK) : send_delta(8000), RTC_OK);
        (void)run(now + 33 * MS);
    }
    set_rate(200000);
    (void)run(now + 1 * MS);
    assert_in_range(target_of_video(), 180000, 190000);
}

/* The rate falls to a fraction: what waits was made for another one, and would take a second to leave. */
static void what_is_too_late_is_given_up(void **state)
{
    (void)state;
    set_rate(2400000);
    send_picture(8000);
    (void)run(now + 2 * SECOND);
    assert_int_equal(send_delta(30000), RTC_OK);
    (void)events(0, 0);
    set_rate(240000);
    assert_int_equal(events(RTP_EVENT_KEYFRAME_REQUEST, video), 1);
    (void)run(now + MS);
    assert_int_equal(run(now + SECOND).count, 0);
    assert_int_equal(send_delta(500), RTC_ERR_INVALID_STATE);       /* it refers to what is missing, */
    assert_int_equal(events(RTP_EVENT_KEYFRAME_REQUEST, video), 1); /* and the encoder still owes */
    send_picture(3000);
    assert_in_range(run(now + 150 * MS).bytes, 3000, 3600); /* and somebody waits for it */
    assert_int_equal(send_delta(15000), RTC_OK);            /* 500 ms, but right behind a keyframe */
    assert_in_range(run(now + 600 * MS).bytes, 15000, 17000);
    (void)run(now + SECOND);
    assert_int_equal(send_delta(15000), RTC_OK); /* an encoder that makes far too much */
    assert_int_equal(events(RTP_EVENT_KEYFRAME_REQUEST, video), 1);
    assert_true(run(now + SECOND).bytes < 2000);
}

/* A keyframe leaves before what waits for long, of which who gets it needs nothing. */
static void a_keyframe_overtakes(void **state)
{
    (void)state;
    set_rate(400000);
    send_picture(1000);
    (void)run(now + 2 * SECOND);
    assert_int_equal(send_delta(10000), RTC_OK); /* 200 ms */
    (void)run(now + 20 * MS);
    send_picture(2000);
    assert_in_range(run(now + SECOND).bytes, 2000, 3600); /* and no more than what was on its way */
    assert_int_equal(send_delta(3000), RTC_OK);           /* 60 ms are waited for */
    send_picture(2000);
    assert_in_range(run(now + SECOND).bytes, 5000, 6000);
}

static void limits_are_what_can_be_sent(void **state)
{
    (void)state;
    assert_int_equal(script.limits.max_bps, 0); /* sections come one after another, and the first one's alone is no limit */
    send_picture(100);
    (void)run(now + 20 * MS);
    rtp_session_tick(session, now, &out);
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

/* However little it was limited to, it becomes what the path takes again when it is not limited any more. */
static void sound_rises_from_next_to_nothing(void **state)
{
    (void)state;
    struct rtp_outbound_stats stats;
    uint32_t stream = rtp_session_send_stream(session, audio, "");
    rtp_session_set_stream_bitrate(session, now, stream, 10, &out);
    (void)run(now + SECOND);
    assert_true(rtp_session_outbound_stats(session, stream, now, &stats));
    assert_int_equal(stats.target_bitrate_bps, 10);
    rtp_session_set_stream_bitrate(session, now, stream, 0, &out);
    for (int i = 0; i < 300; i++) {
        rtp_session_tick(session, now, &out);
        (void)run(now + 100 * MS);
    }
    assert_true(rtp_session_outbound_stats(session, stream, now, &stats));
    assert_int_equal(stats.target_bitrate_bps, RTP_SOUND_BPS);
}

/* So many packets of a picture that is sent on. */
static void forward_picture(uint16_t count, bool keyframe)
{
    static const uint8_t bytes[1000] = {0x10};
    static uint16_t sequence;
    for (uint16_t i = 0; i < count; i++) {
        struct forward_packet *p = forward_packet_new(context, slice_of(bytes, sizeof bytes));
        assert_non_null(p);
        p->codec = codec_row_carried(RTC_MEDIA_VIDEO, "VP8");
        const struct forward_leaving l = {.verdict = FORWARD_SEND,
                                          .sequence = sequence++,
                                          .timestamp = (uint32_t)(now * 9 / 100),
                                          .marker = i + 1 == count,
                                          .begins_keyframe = keyframe && i == 0};
        assert_int_equal(rtp_session_forward(session, now, video_stream, p, &l, &out), RTC_OK);
        forward_packet_unref(p);
    }
}

/* What was given up of a stream that is sent on is made up for by the next keyframe: whatever waits of another one, none is asked for. */
static void a_keyframe_that_is_sent_on_is_asked_for_once(void **state)
{
    struct rtp_section v = numbered(video_section());
    uint32_t second;
    struct forward_start start;
    (void)state;
    (void)snprintf(v.mid, sizeof v.mid, "w");
    v.encodings[0] = (struct rtp_encoding){.ssrc = OURS + 16};
    assert_int_equal(rtp_session_set_section(session, now, &v, &second, &out), RTC_OK);
    assert_true(rtp_session_begin_forward(session, now, video_stream, &start));
    set_rate(2400000);
    forward_picture(3, true);
    (void)run(now + 2 * SECOND);
    forward_picture(30, false);
    (void)events(0, 0);
    set_rate(240000);
    assert_int_equal(events(RTP_EVENT_KEYFRAME_REQUEST, video), 1);
    forward_picture(3, true);
    (void)run(now + 2 * SECOND);
    (void)events(0, 0);
    video_stream = rtp_session_send_stream(session, second, "");
    send_picture(30000);
    rtp_session_tick(session, now, &out);
    (void)run(now + SECOND / 2);
    assert_int_equal(events(RTP_EVENT_KEYFRAME_REQUEST, video), 0);
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
        TEST(no_probe_of_sound_alone),
        TEST(no_probes_after_a_cut),
        TEST(a_probe_ends_with_its_path),
        TEST(a_probe_without_memory_ends),
        TEST(a_datagram_tells_of_so_many_numbers),
        TEST(a_message_of_very_many_numbers),
        TEST(no_more_than_the_window_is_in_flight),
        TEST(sound_comes_first),
        TEST(sound_rises_from_next_to_nothing),
        TEST(headers_are_a_part),
        TEST(what_is_too_late_is_given_up),
        TEST(a_keyframe_overtakes),
        TEST(a_keyframe_that_is_sent_on_is_asked_for_once),
        TEST(limits_are_what_can_be_sent),
        TEST(what_was_learnt_is_given_on),
        TEST(hostile_feedback),
        TEST(the_rule_is_a_controller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
