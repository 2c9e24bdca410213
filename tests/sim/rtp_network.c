/* SPDX-License-Identifier: MIT */
/* Calls over each kind of trouble alone, and what happens around a call: silence, goodbyes, a path that goes away. */
#include "rtp_sim.h"

static rtc_context *context;
static struct rtp_sim sim;

static int begin(void **state)
{
    (void)state;
    return rtc_context_new(NULL, &context);
}

static int end(void **state)
{
    (void)state;
    rtp_sim_fini(&sim);
    rtc_context_unref(context);
    return 0;
}

static void call(const struct rtp_sim_options *o, rtc_time_t duration)
{
    assert_int_equal(rtp_sim_init(&sim, context, o), RTC_OK);
    rtp_sim_run(&sim, sim.now + duration);
}

/* Every frame but those under way was shown, decodable and in order, and the sound was whole. */
static void expect(double decodable, double concealed, rtc_time_t freeze)
{
    struct rtp_sim_peer *peers[] = {&sim.a, &sim.b};
    for (int i = 0; i < 2; i++) {
        const struct rtp_sim_seen *s = &peers[i]->seen;
        double sent = (double)peers[i]->other->video_sent - 12; /* under way */
        uint64_t decisions = s->packets + s->fec + s->concealed;
        if ((double)s->decodable < decodable * sent || (double)s->concealed > concealed * (double)decisions || s->longest_freeze > freeze)
            fail_msg("decodable %llu of %.0f, concealed %llu of %llu, longest freeze %lld ms", (unsigned long long)s->decodable, sent,
                     (unsigned long long)s->concealed, (unsigned long long)decisions, (long long)(s->longest_freeze / MS));
        assert_int_equal(s->misplaced, 0);
        assert_int_equal(s->breakers, 0);
        assert_true(decisions > 100);
        const struct rtp_counters *c = rtp_session_counters(peers[i]->session);
        assert_int_equal(c->malformed + c->unauthenticated + c->unknown + c->before_keys, 0);
    }
}

static void clean(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 1, .link = {.delay_us = 20 * MS}, .settle = SECOND};
    call(&o, 20 * SECOND);
    expect(1, 0.002, 60 * MS);
    assert_int_equal(sim.b.seen.fec, 0);
    assert_int_equal(rtp_sim_inbound(&sim.b, sim.b.video).nack_count, 0);
    assert_true(rtp_sim_inbound(&sim.b, sim.b.video).pli_count <= 1);
    assert_int_equal(rtp_sim_inbound(&sim.b, sim.b.video).packets_lost, 0);
    assert_true(sim.b.seen.worst_skew <= 45 * MS);
    assert_true(sim.b.seen.video_latency <= 75 * MS);
    assert_true(sim.b.seen.audio_latency <= 75 * MS);
    assert_int_equal(sim.b.seen.unmutes, 2);
    assert_int_equal(sim.b.seen.mutes, 0);
}

/* Reports go both ways: each side knows the round trip, the loss and the rate. */
static void reports(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 2, .link = {.delay_us = 40 * MS, .loss = 0.05}, .full_size_rtcp = true};
    call(&o, 20 * SECOND);
    struct rtp_outbound_stats video = rtp_sim_outbound(&sim.a, sim.a.video), audio = rtp_sim_outbound(&sim.a, sim.a.audio);
    assert_true(video.heard.any && audio.heard.any);
    assert_true(video.heard.round_trip_time_s > 0.079 && video.heard.round_trip_time_s < 0.095);
    assert_true(video.heard.packets_lost > 50 && audio.heard.packets_lost > 10);
    assert_true(video.nack_count > 10 && video.retransmitted_packets_sent > 50);
    assert_int_equal(video.target_bitrate_bps, sim.a.seen.target_bps);
    assert_true(video.target_bitrate_bps > 500000);
    struct rtp_inbound_stats in = rtp_sim_inbound(&sim.b, sim.b.video);
    assert_true(in.retransmitted_packets_received > 50);
    assert_true(in.packets_lost > 50);
    assert_true(in.current_delay_us > 0);
    in = rtp_sim_inbound(&sim.b, sim.b.audio);
    assert_true(in.audio.audio_level > 0.03 && in.audio.audio_level < 0.033); /* -30 dBov */
    expect(0.99, 0.02, 400 * MS);
}

static void loss(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 3, .link = {.delay_us = 25 * MS, .loss = 0.05}};
    call(&o, 30 * SECOND);
    expect(0.99, 0.01, 400 * MS);
}

static void reordering(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 4, .link = {.delay_us = 25 * MS, .reorder = 0.2, .reorder_us = 15 * MS}};
    call(&o, 30 * SECOND);
    expect(1, 0.005, 120 * MS);
    for (int i = 0; i < 20 && rtp_sim_inbound(&sim.b, sim.b.video).packets_lost > 0; i++)
        rtp_sim_run(&sim, sim.now + 5 * MS); /* what others overtook counts as lost until it is there */
    assert_int_equal(rtp_sim_inbound(&sim.b, sim.b.video).packets_lost, 0);
}

static void duplication(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 5, .link = {.delay_us = 25 * MS, .duplicate = 0.3}};
    call(&o, 20 * SECOND);
    expect(1, 0.005, 60 * MS);
    assert_true(rtp_session_counters(sim.b.session)->replayed > 200);
    assert_int_equal(rtp_sim_inbound(&sim.b, sim.b.video).packets_lost, 0);
}

static void long_way(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 6, .link = {.delay_us = 150 * MS, .loss = 0.02}};
    call(&o, 40 * SECOND);
    expect(0.97, 0.03, 900 * MS);
    assert_true(rtp_sim_outbound(&sim.a, sim.a.video).heard.round_trip_time_s >= 0.3);
}

static void unknown_sources(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 7, .link = {.delay_us = 25 * MS, .loss = 0.05}, .anonymous = true};
    call(&o, 20 * SECOND);
    expect(0.99, 0.01, 400 * MS);
    assert_true(rtp_sim_inbound(&sim.b, sim.b.video).retransmitted_packets_received > 50);
}

/* How far the stream's random start moves the timestamps of its frames. */
static uint32_t offset_of(uint64_t seed, bool video)
{
    const struct rtp_sim_options o = {.seed = seed, .link = {.delay_us = 25 * MS}};
    call(&o, SECOND);
    uint32_t offset = video ? sim.b.seen.first_timestamp_video : sim.b.seen.timestamp_audio - 960 * sim.b.seen.audio_serial;
    rtp_sim_fini(&sim);
    return offset;
}

static void timestamps_wrap(void **state)
{
    (void)state;
    const uint64_t seed = 8;
    struct rtp_sim_options o = {.seed = seed, .link = {.delay_us = 25 * MS, .jitter_us = 20 * MS, .loss = 0.02}};
    o.video_timestamp = 0u - offset_of(seed, true) - 90000 * 5;
    o.audio_timestamp = 0u - offset_of(seed, false) - 48000 * 7;
    call(&o, 20 * SECOND);
    assert_in_range(sim.b.seen.timestamp_video, 90000, 90000 * 20);
    assert_in_range(sim.b.seen.timestamp_audio, 48000, 48000 * 20);
    expect(0.98, 0.01, 300 * MS);
}

/* Enough packets for every sequence number of the video stream, and half of them once more. */
static void sequence_wraps(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 9, .link = {.delay_us = 10 * MS, .loss = 0.01}};
    call(&o, SECOND);
    sim.a.frame_rate = sim.b.frame_rate = 90;
    while (rtp_sim_outbound(&sim.a, sim.a.video).packets_sent < 100000) {
        sim.a.bitrate_bps = sim.b.bitrate_bps = 2500000;
        rtp_sim_run(&sim, sim.now + SECOND);
    }
    expect(0.995, 0.01, 300 * MS);
}

static void silent_peer(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 10, .link = {.delay_us = 25 * MS}};
    call(&o, 5 * SECOND);
    sim.a.sends_audio = sim.a.sends_video = false;
    rtp_sim_run(&sim, sim.now + 1900 * MS);
    assert_int_equal(sim.b.seen.mutes, 0);
    rtp_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.b.seen.mutes, 2);
    sim.a.sends_audio = sim.a.sends_video = true;
    sim.a.next_video = sim.a.next_audio = sim.now;
    sim.a.audio_timestamp += 48000 * 3;
    sim.a.video_timestamp += 90000 * 3;
    uint64_t frames = sim.b.seen.decodable, packets = sim.b.seen.packets;
    rtp_sim_run(&sim, sim.now + 2 * SECOND);
    assert_int_equal(sim.b.seen.unmutes, 4);
    assert_true(sim.b.seen.decodable >= frames + 50);
    assert_true(sim.b.seen.packets >= packets + 90);
}

static void goodbye(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 11, .link = {.delay_us = 25 * MS}};
    call(&o, 5 * SECOND);
    sim.a.sends_video = false;
    rtp_session_remove_member(sim.a.session, sim.now, sim.a.video, &sim.a.out);
    rtp_sim_drain(&sim.a);
    rtp_sim_run(&sim, sim.now + 100 * MS);
    assert_int_equal(sim.b.seen.mutes, 1);
    uint64_t packets = sim.b.seen.packets;
    rtp_sim_run(&sim, sim.now + SECOND);
    assert_true(sim.b.seen.packets > packets + 40);
    sim.a.sends_audio = false;
    rtp_session_close(sim.a.session, sim.now, &sim.a.out);
    rtp_sim_drain(&sim.a);
    uint64_t sent = sim_network_counters(sim.net)->sent;
    sim.b.sends_audio = sim.b.sends_video = false;
    rtp_session_close(sim.b.session, sim.now, &sim.b.out);
    rtp_sim_drain(&sim.b);
    rtp_sim_run(&sim, sim.now + 10 * SECOND);
    assert_true(sim_network_counters(sim.net)->sent <= sent + 1);
    assert_int_equal(rtp_session_deadline(sim.a.session, NULL), RTC_TIME_NEVER);
}

static void dtx(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 12, .link = {.delay_us = 25 * MS, .jitter_us = 10 * MS}};
    call(&o, 5 * SECOND);
    rtp_sim_forget(&sim.b);
    struct rtp_inbound_stats before = rtp_sim_inbound(&sim.b, sim.b.audio);
    sim.a.dtx = true;
    rtp_sim_run(&sim, sim.now + SECOND);
    struct rtp_inbound_stats paused = rtp_sim_inbound(&sim.b, sim.b.audio);
    for (int i = 0; i < 90; i++) {
        rtp_sim_run(&sim, sim.now + 97 * MS);
        assert_true(rtp_sim_inbound(&sim.b, sim.b.audio).current_delay_us < before.current_delay_us + 60 * MS);
    }
    sim.a.dtx = false;
    rtp_sim_run(&sim, sim.now + 5 * SECOND);
    struct rtp_inbound_stats after = rtp_sim_inbound(&sim.b, sim.b.audio);
    assert_true(after.audio.concealed_samples - before.audio.concealed_samples <= 960 * 25); /* only what came before the first silent packet */
    assert_int_equal(sim.b.seen.mutes, 0);
    assert_true(sim.b.seen.packets > 240 + 20);
    assert_true(sim.b.seen.audio_latency < 120 * MS);
    assert_true(sim.b.seen.video_latency < 140 * MS); /* pictures do not wait for silence */
    assert_int_equal(after.audio.removed_samples_for_acceleration, paused.audio.removed_samples_for_acceleration);
}

/* Nothing leaves without a path, and the call goes on when there is one again. */
static void no_path(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 13, .link = {.delay_us = 25 * MS}};
    call(&o, 5 * SECOND);
    rtp_session_set_writable(sim.a.session, sim.now, false, &sim.a.out);
    rtp_session_set_writable(sim.b.session, sim.now, false, &sim.b.out);
    uint64_t sent = sim_network_counters(sim.net)->sent;
    rtp_sim_run(&sim, sim.now + 5 * SECOND);
    assert_int_equal(sim_network_counters(sim.net)->sent, sent);
    assert_true(sim.a.refused > 300);
    rtp_session_set_writable(sim.a.session, sim.now, true, &sim.a.out);
    rtp_session_set_writable(sim.b.session, sim.now, true, &sim.b.out);
    rtp_sim_drain(&sim.a);
    rtp_sim_drain(&sim.b);
    rtp_sim_forget(&sim.b);
    rtp_sim_run(&sim, sim.now + 5 * SECOND);
    assert_true(sim.b.seen.decodable > 110);
    assert_true(sim.b.seen.packets > 230);
    assert_int_equal(sim.b.seen.breakers, 0);
}

/* The decoder lost its thread: one PLI per 200 ms at most, until a keyframe came. */
static void decoder_lost(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 14, .link = {.delay_us = 25 * MS}};
    call(&o, 5 * SECOND);
    uint32_t plis = rtp_sim_inbound(&sim.b, sim.b.video).pli_count;
    uint64_t keys = sim.b.seen.key_frames;
    for (int i = 0; i < 10; i++)
        rtp_session_request_keyframe(sim.b.session, sim.now, rtp_session_receive_stream(sim.b.session, sim.b.video, ""), &sim.b.out);
    rtp_sim_drain(&sim.b);
    rtp_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(rtp_sim_inbound(&sim.b, sim.b.video).pli_count, plis + 1);
    assert_int_equal(sim.b.seen.key_frames, keys + 1);
}

/* A stall of a second and a half: video is asked for anew, sound goes on, and the delay does not stay. */
static void stall(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 15, .link = {.delay_us = 25 * MS}};
    call(&o, 5 * SECOND);
    rtc_time_t latency = sim.b.seen.audio_latency;
    sim_host_link(sim.a.host)->down = true;
    rtp_sim_run(&sim, sim.now + 1500 * MS);
    sim_host_link(sim.a.host)->down = false;
    rtp_sim_run(&sim, sim.now + 2 * SECOND);
    rtp_sim_forget(&sim.b);
    rtp_sim_run(&sim, sim.now + 8 * SECOND);
    assert_true(sim.b.seen.decodable >= 235);
    assert_in_range(sim.b.seen.packets + sim.b.seen.fec + sim.b.seen.accelerated, 390, 410);
    assert_true(sim.b.seen.audio_latency <= latency + 25 * MS);
    assert_true(sim.b.seen.video_latency <= latency + 45 * MS);
}

/* An outage that the circuit breaker takes for the end (RFC 8083) and ICE does not: when it is over the call goes on. */
static void outage(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 17, .link = {.delay_us = 25 * MS}};
    call(&o, 5 * SECOND);
    sim_host_link(sim.a.host)->down = sim_host_link(sim.b.host)->down = true;
    rtp_sim_run(&sim, sim.now + 18 * SECOND);
    assert_int_equal(sim.a.seen.breakers, 2);
    assert_int_equal(sim.b.seen.breakers, 2);
    uint64_t sent = sim_network_counters(sim.net)->sent;
    rtp_sim_run(&sim, sim.now + SECOND);
    assert_true(sim_network_counters(sim.net)->sent < sent + 10); /* reports alone */
    sim_host_link(sim.a.host)->down = sim_host_link(sim.b.host)->down = false;
    rtp_sim_run(&sim, sim.now + 4 * SECOND);
    rtp_sim_forget(&sim.a);
    rtp_sim_forget(&sim.b);
    rtp_sim_run(&sim, sim.now + 60 * SECOND);
    expect(1, 0.005, 60 * MS);
}

/* Sound cards disagree about how long a second is. Ten minutes of a sender whose clock is fast or slow: what is left out or put in is the
 * drift itself, and the delay stays where it was. */
static void drift(int64_t fast_ppm, rtc_time_t jitter)
{
    const struct rtp_sim_options o = {.seed = 16, .link = {.delay_us = 25 * MS, .jitter_us = jitter}, .settle = 3 * SECOND};
    call(&o, SECOND);
    const struct rtp_sim_seen *s = &sim.b.seen;
    sim.a.frame_rate = 15;
    rtp_session_set_stream_bitrate(sim.a.session, sim.now, rtp_session_send_stream(sim.a.session, sim.a.video, ""), 100000,
                                   &sim.a.out); /* little to simulate */
    rtp_sim_drain(&sim.a);
    sim.b.sends_video = sim.b.sends_audio = false;
    rtp_sim_run(&sim, sim.now + 15 * SECOND);
    rtc_time_t start = s->audio_latency;
    sim.a.fast_ppm = fast_ppm;
    rtp_sim_forget(&sim.b);
    for (int i = 0; i < 600; i++) {
        rtp_sim_run(&sim, sim.now + SECOND);
        assert_in_range(s->audio_latency, 25 * MS, start + 45 * MS);
        assert_in_range(s->video_latency, 25 * MS, start + 45 * MS);
    }
    assert_in_range(s->accelerated, fast_ppm > 0 ? 4 : 0, fast_ppm > 0 ? 8 : 0); /* 120 ms are six packets */
    assert_in_range(s->concealed, fast_ppm < 0 ? 4 : 0, fast_ppm < 0 ? 8 : 0);
    assert_int_equal(s->fec + s->misplaced + s->skewed, 0);
    assert_in_range(s->decodable, 8950, 9010);
}

static void fast_clock(void **state)
{
    (void)state;
    drift(200, 20 * MS);
}

static void slow_clock(void **state)
{
    (void)state;
    drift(-200, 20 * MS);
}

static void slow_clock_without_jitter(void **state)
{
    (void)state;
    drift(-200, 0);
}

/* A loop that turns every 70 ms only is no jitter of the network, and no part of the round trip, for who knows when packets came. */
static void late_turns(void **state)
{
    (void)state;
    const struct rtp_sim_options o = {.seed = 22, .link = {.delay_us = 20 * MS}, .full_size_rtcp = true};
    struct rtp_inbound_stats in[2];
    struct rtp_outbound_stats out[2];
    for (int stamped = 0; stamped < 2; stamped++) {
        assert_int_equal(rtp_sim_init(&sim, context, &o), RTC_OK);
        sim.b.turn = 70 * MS;
        sim.b.stamped = stamped;
        rtp_sim_run(&sim, sim.now + 20 * SECOND);
        in[stamped] = rtp_sim_inbound(&sim.b, sim.b.audio);
        out[stamped] = rtp_sim_outbound(&sim.a, sim.a.audio);
        assert_int_equal(sim.b.seen.misplaced, 0);
        assert_in_range(sim.b.seen.concealed, 0, 8); /* at the beginning */
        if (!stamped)
            rtp_sim_fini(&sim);
    }
    assert_true(in[0].jitter_s > 0.01);
    assert_true(in[1].jitter_s < 0.001);
    assert_true(in[1].current_delay_us + 30 * MS < in[0].current_delay_us);
    assert_true(out[1].heard.round_trip_time_s > 0.039 && out[1].heard.round_trip_time_s < 0.042);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(clean),           TEST(reports),         TEST(loss),           TEST(reordering),  TEST(duplication), TEST(long_way),
        TEST(unknown_sources), TEST(timestamps_wrap), TEST(sequence_wraps), TEST(silent_peer), TEST(goodbye),     TEST(dtx),
        TEST(no_path),         TEST(decoder_lost),    TEST(stall),          TEST(outage),      TEST(fast_clock),  TEST(slow_clock),
        TEST(slow_clock_without_jitter), TEST(late_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
