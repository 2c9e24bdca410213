/* SPDX-License-Identifier: MIT */
/* A peer whose feedback is wrong, absurd or missing, in calls of virtual time over a network that would carry everything. Whatever it says,
 * the rate stays between its least and its cap, the sound goes on, and once it says what is true the rate is back by itself. */
#include "rtp_breaker.h"
#include "rtp_rate.h"
#include "rtp_sim.h"
#include "rtcp.h"
#include "srtp.h"

enum { CAP = 2000000, EVERY_US = 400000, LIAR = 0x9999, HOSTILE_S = 60 };

static rtc_context *context;
static struct rtp_sim sim;
static struct srtp_transport *keys; /* the peer's, for what is forged */
static struct rtp_sim_options options;

static int begin(void **state)
{
    (void)state;
    options = (struct rtp_sim_options){.seed = 7, .link = {.delay_us = 25 * MS}, .max_bitrate_bps = CAP};
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_int_equal(rtp_sim_init(&sim, context, &options), RTC_OK);
    assert_int_equal(srtp_transport_new(context, SRTP_PROFILE_AES128_CM_SHA1_80, rtp_sim_key(1), rtp_sim_key(0), &keys), RTC_OK);
    sim.b.sends_video = false;
    rtp_sim_run(&sim, sim.now + 15 * SECOND);
    assert_int_equal(rtp_sim_outbound(&sim.a, sim.a.video).target_bitrate_bps, CAP);
    return 0;
}

static int end(void **state)
{
    (void)state;
    srtp_transport_free(keys);
    rtp_sim_fini(&sim);
    rtc_context_unref(context);
    return 0;
}

/* ---- What is forged ---- */

/* Says it to peer a as if b did. */
static void tell(void (*write)(struct writer *, unsigned), unsigned n)
{
    struct packet *packet = packet_new(sim.a.out.pool);
    assert_non_null(packet);
    struct writer w = writer_of(packet_data(packet), 1000);
    write(&w, n);
    assert_true(writer_ok(&w));
    packet->len = (uint32_t)writer_len(&w);
    assert_int_equal(srtcp_protect_packet(keys, packet), RTC_OK);
    rtp_session_input(sim.a.session, sim.now, packet, &sim.a.out);
    rtp_sim_drain(&sim.a);
}

static uint32_t ssrc(void)
{
    return rtp_sim_outbound(&sim.a, sim.a.video).ssrc;
}

/* Of a session whose streams began at unknown sequence numbers: what has been sent is as good as any. */
static struct rtcp_report report_of(unsigned n)
{
    return (struct rtcp_report){.ssrc = ssrc(), .highest_sequence = 1000000 + n * 40, .lost = 0, .jitter = 100};
}

static void write_report(struct writer *w, struct rtcp_report report)
{
    rtcp_write_rr(w, LIAR, &report, 1);
}

static void all_is_lost(struct writer *w, unsigned n)
{
    struct rtcp_report r = report_of(n);
    r.fraction_lost = 255;
    write_report(w, r);
}

static void more_is_lost_than_was_sent(struct writer *w, unsigned n)
{
    struct rtcp_report r = report_of(n);
    r.lost = 0x7fffff;
    r.fraction_lost = 255;
    write_report(w, r);
}

static void the_count_of_losses_jumps(struct writer *w, unsigned n)
{
    static const int32_t counts[] = {0, 0x7fffff, -0x800000, 1, -1, 5000000, -5000000};
    struct rtcp_report r = report_of(n);
    r.lost = counts[n % 7];
    r.fraction_lost = (uint8_t)(n * 37);
    write_report(w, r);
}

static void the_highest_sequence_jumps(struct writer *w, unsigned n)
{
    static const uint32_t highest[] = {0, 0xffffffff, 0x80000000, 1, 0x7fffffff, 70000, 65535};
    struct rtcp_report r = report_of(n);
    r.highest_sequence = highest[n % 7];
    write_report(w, r);
}

static void it_stands_still(struct writer *w, unsigned n)
{
    (void)n;
    write_report(w, report_of(0));
}

static uint32_t middle_now(void)
{
    return rtcp_ntp_middle(rtcp_ntp(context_wall_us(context, sim.now)));
}

/* LSR and DLSR that add up to the given round trip. */
static void write_round_trip(struct writer *w, unsigned n, rtc_time_t round_trip)
{
    struct rtcp_report r = report_of(n);
    r.delay_since_last_sr = rtcp_us_middle(100 * MS);
    r.last_sr = middle_now() - r.delay_since_last_sr - rtcp_us_middle(round_trip);
    write_report(w, r);
}

static void no_time_at_all(struct writer *w, unsigned n)
{
    write_round_trip(w, n, 0);
}

static void less_than_none(struct writer *w, unsigned n)
{
    struct rtcp_report r = report_of(n);
    r.last_sr = middle_now() + 0x10000;
    r.delay_since_last_sr = 0xffffffff;
    write_report(w, r);
}

static void half_a_minute(struct writer *w, unsigned n)
{
    write_round_trip(w, n, 29 * SECOND);
}

static void hours(struct writer *w, unsigned n)
{
    write_round_trip(w, n, (rtc_time_t)8 * 3600 * SECOND);
}

static void now_long_now_short(struct writer *w, unsigned n)
{
    write_round_trip(w, n, n % 2 ? 20 * SECOND : 1);
}

static void jitter_without_end(struct writer *w, unsigned n)
{
    struct rtcp_report r = report_of(n);
    r.jitter = 0xffffffff;
    write_report(w, r);
}

static void its_clock_jumps(struct writer *w, unsigned n)
{
    const struct rtcp_sender_info info = {.ntp = n % 3 == 0 ? 0 : n % 3 == 1 ? UINT64_MAX : (uint64_t)n << 40};
    struct rtcp_report r = report_of(n);
    rtcp_write_sr(w, LIAR, &info, &r, 1);
}

static void about_repairs(struct writer *w, unsigned n)
{
    const struct rtcp_report reports[2] = {report_of(n),
                                           {.ssrc = ssrc() + 1, .fraction_lost = 255, .lost = 0x7fffff, .highest_sequence = n * 7}};
    rtcp_write_rr(w, LIAR, reports, 2);
}

static void many_at_once(struct writer *w, unsigned n)
{
    struct rtcp_report reports[RTCP_REPORTS_MAX];
    for (unsigned i = 0; i < RTCP_REPORTS_MAX; i++) {
        reports[i] = report_of(n * RTCP_REPORTS_MAX + i);
        reports[i].fraction_lost = 255;
        reports[i].lost = (int32_t)(n * 1000 + i * 30);
    }
    rtcp_write_rr(w, LIAR, reports, RTCP_REPORTS_MAX);
}

static void a_limit_of_nothing(struct writer *w, unsigned n)
{
    (void)n;
    rtcp_write_remb(w, LIAR, 0, &(uint32_t){ssrc()}, 1);
}

static void a_limit_beyond_measure(struct writer *w, unsigned n)
{
    (void)n;
    rtcp_write_remb(w, LIAR, UINT64_MAX, &(uint32_t){ssrc()}, 1);
}

static void limits_in_turn(struct writer *w, unsigned n)
{
    rtcp_write_remb(w, LIAR, n % 2 ? UINT64_MAX : 1, &(uint32_t){ssrc()}, 1);
}

static void everything_again(struct writer *w, unsigned n)
{
    uint16_t sequences[64];
    for (unsigned i = 0; i < 64; i++)
        sequences[i] = (uint16_t)(n * 64 + i);
    rtcp_write_nack(w, LIAR, ssrc(), sequences, 64);
}

static void a_keyframe_each_time(struct writer *w, unsigned n)
{
    rtcp_write_fir(w, LIAR, ssrc(), (uint8_t)n);
    rtcp_write_pli(w, LIAR, ssrc());
}

/* ---- What must hold ---- */

static uint32_t target(void)
{
    return rtp_sim_outbound(&sim.a, sim.a.video).target_bitrate_bps;
}

static enum rtp_circuit circuit(uint32_t handle)
{
    return (enum rtp_circuit)rtp_sim_outbound(&sim.a, handle).circuit;
}

/* Pictures may be stopped by the breaker; while they are not, the target is in bounds. */
static void assert_bounds(const char *what)
{
    uint32_t bps = target();
    bool stopped = circuit(sim.a.video) == RTP_CIRCUIT_STOPPED;
    if (stopped ? bps != 0 : bps < RTP_RATE_MIN_BPS / 2 || bps > CAP) /* repairs may take half of it */
        fail_msg("%s: a target of %u", what, bps);
    if (sim.a.seen.sound_stopped)
        fail_msg("%s: the sound was stopped", what);
}

struct lie {
    const char *name;
    void (*write)(struct writer *, unsigned);
    bool harmless; /* the rate does not even change */
};

static void hear(const struct lie *lie, unsigned seconds)
{
    for (unsigned n = 0; n < seconds * SECOND / EVERY_US; n++) {
        tell(lie->write, n);
        rtp_sim_run(&sim, sim.now + EVERY_US);
        assert_bounds(lie->name);
        if (lie->harmless && target() < CAP / 2)
            fail_msg("%s: lowers the rate to %u", lie->name, target());
    }
}

/* Back where it was within two minutes, and the sound was never away. */
static void recover(const char *name)
{
    rtc_time_t began = sim.now;
    while (sim.now < began + 120 * SECOND && (target() < CAP * 9 / 10 || circuit(sim.a.video) != RTP_CIRCUIT_CLOSED)) {
        rtp_sim_run(&sim, sim.now + SECOND);
        assert_bounds(name);
    }
    print_message("%s: back after %lld s\n", name, (long long)((sim.now - began) / SECOND));
    if (target() < CAP * 9 / 10 || circuit(sim.a.video) != RTP_CIRCUIT_CLOSED)
        fail_msg("%s: two minutes later the target is %u", name, target());
    rtp_sim_forget(&sim.b);
    rtp_sim_run(&sim, sim.now + 5 * SECOND);
    assert_true(sim.b.seen.decodable > 5 * 25);
    assert_in_range(sim.b.seen.packets + sim.b.seen.accelerated, 245, 255);
}

static const struct lie lies[] = {
    {"all is lost", all_is_lost, false},
    {"more is lost than was sent", more_is_lost_than_was_sent, false},
    {"the count of losses jumps", the_count_of_losses_jumps, false},
    {"the highest sequence jumps", the_highest_sequence_jumps, false},
    {"it stands still", it_stands_still, false},
    {"no time at all", no_time_at_all, false},
    {"less than none", less_than_none, false},
    {"half a minute", half_a_minute, false},
    {"hours", hours, false},
    {"now long, now short", now_long_now_short, false},
    {"jitter without end", jitter_without_end, false},
    {"its clock jumps", its_clock_jumps, false},
    {"about repairs", about_repairs, false},
    {"many at once", many_at_once, false},
    {"a limit of nothing", a_limit_of_nothing, false},
    {"a limit beyond measure", a_limit_beyond_measure, true},
    {"limits in turn", limits_in_turn, false},
    {"everything again", everything_again, true},
    {"a keyframe each time", a_keyframe_each_time, true},
};

/* Beside what the peer truly says. */
static void lies_beside_the_truth(void **state)
{
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        hear(&lies[i], HOSTILE_S);
        recover(lies[i].name);
        (void)end(state);
        (void)begin(state);
    }
}

/* And in its place: nothing true arrives. As nobody speaks of the sound, its breaker opens (RFC 8083 section 4.1), and closes by itself. */
static void lies_alone(void **state)
{
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        sim_host_link(sim.b.host)->loss = 1;
        for (unsigned n = 0; n < HOSTILE_S * SECOND / EVERY_US; n++) {
            tell(lies[i].write, n);
            rtp_sim_run(&sim, sim.now + EVERY_US);
            sim.a.seen.sound_stopped = false; /* it has to be */
            assert_bounds(lies[i].name);
        }
        sim_host_link(sim.b.host)->loss = 0;
        for (int n = 0; n < 60 && circuit(sim.a.audio) == RTP_CIRCUIT_STOPPED; n++)
            rtp_sim_run(&sim, sim.now + SECOND);
        sim.a.seen.sound_stopped = false;
        recover(lies[i].name);
        (void)end(state);
        (void)begin(state);
    }
}

/* No feedback at all: RFC 8083 section 4.3 wants both stopped; they are back as soon as there is some. */
static void no_feedback(void **state)
{
    (void)state;
    sim_host_link(sim.b.host)->loss = 1;
    rtp_sim_run(&sim, sim.now + 60 * SECOND);
    assert_int_equal(circuit(sim.a.video), RTP_CIRCUIT_STOPPED);
    assert_int_equal(rtp_sim_outbound(&sim.a, sim.a.video).circuit_reason, RTP_BREAKER_RTCP_TIMEOUT);
    assert_int_equal(target(), 0);
    sim_host_link(sim.b.host)->loss = 0;
    sim.a.seen.sound_stopped = false; /* it had to be */
    rtp_sim_run(&sim, sim.now + 5 * SECOND);
    assert_int_equal(circuit(sim.a.video), RTP_CIRCUIT_CLOSED);
    assert_int_equal(circuit(sim.a.audio), RTP_CIRCUIT_CLOSED);
    recover("no feedback");
}

/* Sections of a renegotiation while the rate is low: it neither jumps to the cap nor falls to nothing. */
static void configured_again(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 101; n++) {
        tell(a_limit_of_nothing, n);
        struct rtp_section section = rtp_sim_section(&options, RTC_MEDIA_VIDEO, 0, 1);
        section.send = n % 10 != 5; /* not for a moment */
        section.peer_max_bitrate_bps = n % 3 == 0 ? 1 : 0;
        assert_int_equal(rtp_session_set_section(sim.a.session, sim.now, &section, &sim.a.video, &sim.a.out), RTC_OK);
        rtp_sim_drain(&sim.a);
        rtp_sim_run(&sim, sim.now + 100 * MS);
        assert_in_range(target(), 1, RTP_RATE_MIN_BPS);
        assert_false(sim.a.seen.sound_stopped);
    }
    recover("configured again");
}

/* Limits of the peer's description that leave nothing to pictures: sound goes on, and what is left is not nothing for ever. */
static void a_peer_that_takes_nothing(void **state)
{
    (void)state;
    static const uint32_t limits[] = {1, 8, 47999, 48000, 48001, UINT32_MAX};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        rtp_session_set_peer_bitrate(sim.a.session, sim.now, limits[i], &sim.a.out);
        rtp_sim_drain(&sim.a);
        rtp_sim_forget(&sim.b);
        rtp_sim_run(&sim, sim.now + 10 * SECOND);
        assert_true(target() > 0 && target() <= CAP);
        assert_in_range(sim.b.seen.packets + sim.b.seen.accelerated, 480, 520);
        assert_false(sim.a.seen.sound_stopped);
    }
    rtp_session_set_peer_bitrate(sim.a.session, sim.now, 0, &sim.a.out);
    rtp_sim_drain(&sim.a);
    recover("a peer that takes nothing");
}

/* A picture of 1 kB on a stream that the peer knows nothing of, as it would be with a section that it drops. */
static void send_unheard(uint32_t stream, uint32_t serial, bool key)
{
    static uint8_t data[1000] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    rtc_encoded_frame *frame;
    data[0] = key ? 0x10 : 0x11;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_VIDEO,
                                         .codec = "VP8",
                                         .data = data,
                                         .data_len = sizeof data,
                                         .keyframe = key,
                                         .rtp_timestamp = serial * 9000,
                                         .capture_time_us = sim.now};
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &frame), RTC_OK);
    (void)rtp_session_send_frame(sim.a.session, sim.now, stream, frame, RTP_NO_AUDIO_LEVEL, &sim.a.out);
    rtc_encoded_frame_unref(frame);
    rtp_sim_drain(&sim.a);
}

/* One stream is never reported on: it is stopped and tried again, at the least rate until somebody speaks of it. The one beside it, of which
 * all is well, keeps what it has. */
static void a_stream_that_nobody_speaks_of(void **state)
{
    (void)state;
    struct rtp_section section = rtp_sim_section(&options, RTC_MEDIA_VIDEO, 0, 1);
    uint32_t handle;
    unsigned stops = 0, trials = 0;
    enum rtp_circuit before = RTP_CIRCUIT_CLOSED;
    section.mid[1] = 'x';
    section.encodings[0].ssrc = 0x5000;
    section.encodings[0].rtx_ssrc = 0x5001;
    section.receive = false;
    section.encodings[0].max_bitrate_bps = CAP / 4;
    assert_int_equal(rtp_session_set_section(sim.a.session, sim.now, &section, &handle, &sim.a.out), RTC_OK);
    uint32_t stream = rtp_session_send_stream(sim.a.session, handle, "");
    rtp_sim_drain(&sim.a);
    for (unsigned n = 0; n < 120 * 10; n++) {
        struct rtp_outbound_stats stats = rtp_sim_outbound(&sim.a, handle);
        send_unheard(stream, n, n % 10 == 0);
        rtp_sim_run(&sim, sim.now + 100 * MS);
        stops += before != RTP_CIRCUIT_STOPPED && stats.circuit == RTP_CIRCUIT_STOPPED;
        trials += before == RTP_CIRCUIT_STOPPED && stats.circuit == RTP_CIRCUIT_REDUCED;
        before = (enum rtp_circuit)stats.circuit;
        if (target() < CAP / 2)
            fail_msg("after %u tenths of a second the other one has %u", n, target());
        if (stats.circuit == RTP_CIRCUIT_REDUCED)
            assert_true(stats.target_bitrate_bps <= RTP_RATE_MIN_BPS);
    }
    assert_in_range(stops, 3, 5);
    assert_in_range(trials, 2, 5);
    assert_int_equal(rtp_sim_outbound(&sim.a, handle).circuit_reason, RTP_BREAKER_RTCP_TIMEOUT);
}

/* While the direction is inactive nothing is reported, and no breaker opens for that. */
static void inactive_for_a_while(void **state)
{
    (void)state;
    struct rtp_section section = rtp_sim_section(&options, RTC_MEDIA_VIDEO, 0, 1);
    section.send = false;
    assert_int_equal(rtp_session_set_section(sim.a.session, sim.now, &section, &sim.a.video, &sim.a.out), RTC_OK);
    rtp_sim_run(&sim, sim.now + 60 * SECOND);
    hear(&(struct lie){"inactive", all_is_lost, false}, 30);
    section.send = true;
    assert_int_equal(rtp_session_set_section(sim.a.session, sim.now, &section, &sim.a.video, &sim.a.out), RTC_OK);
    rtp_sim_drain(&sim.a);
    assert_int_equal(circuit(sim.a.video), RTP_CIRCUIT_CLOSED);
    recover("inactive for a while");
}

/* Calls of sound alone have no rate to lower. */
static void sound_alone(void **state)
{
    (void)state;
    sim.a.sends_video = false;
    rtp_sim_run(&sim, sim.now + 10 * SECOND);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        rtp_sim_forget(&sim.b);
        for (unsigned n = 0; n < 10; n++) {
            tell(lies[i].write, n);
            rtp_sim_run(&sim, sim.now + EVERY_US);
        }
        assert_false(sim.a.seen.sound_stopped);
        assert_in_range(sim.b.seen.packets + sim.b.seen.accelerated, 190, 210);
    }
    sim.a.sends_video = true;
    sim.a.next_video = sim.now;
    sim.a.wants_keyframe = true;
    recover("sound alone");
}

/* ---- Twenty senders ---- */

enum { SENDERS = 20, FRAME_US = 1000000 / 30, HEAD_BYTES = 64 };

static uint32_t senders[SENDERS];
static uint32_t serial;

static void add_senders(void)
{
    senders[0] = sim.a.video;
    for (unsigned i = 1; i < SENDERS; i++) {
        uint32_t receiver;
        struct rtp_section from = rtp_sim_section(&options, RTC_MEDIA_VIDEO, 0, 1), to = rtp_sim_section(&options, RTC_MEDIA_VIDEO, 1, 0);
        from.mid[1] = to.mid[1] = (char)('a' + i);
        from.encodings[0].ssrc = to.remote_ssrcs[0] = 0x5000 + 2 * i;
        from.encodings[0].rtx_ssrc = to.remote_rtx_ssrcs[0] = from.encodings[0].ssrc + 1;
        from.receive = to.send = false;
        to.encodings[0].ssrc = 0x6000 + 2 * i;
        to.encodings[0].rtx_ssrc = 0;
        assert_int_equal(rtp_session_set_section(sim.a.session, sim.now, &from, &senders[i], &sim.a.out), RTC_OK);
        assert_int_equal(rtp_session_set_section(sim.b.session, sim.now, &to, &receiver, &sim.b.out), RTC_OK);
    }
    rtp_sim_drain(&sim.a);
    rtp_sim_drain(&sim.b);
}

static uint32_t target_of(unsigned i)
{
    return rtp_sim_outbound(&sim.a, senders[i]).target_bitrate_bps;
}

static void send_pictures(unsigned seconds, bool key)
{
    static uint8_t data[CAP / 8] = {0x11, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    for (unsigned n = 0; n < seconds * 30; n++) {
        for (unsigned i = 0; i < SENDERS; i++) {
            bool first = key && n == 0;
            size_t len = target_of(i) / 8 / 30;
            data[0] = first ? 0x10 : 0x11;
            const rtc_encoded_frame_options o = {.size = sizeof o,
                                                 .kind = RTC_MEDIA_VIDEO,
                                                 .codec = "VP8",
                                                 .data = data,
                                                 .data_len = len > HEAD_BYTES ? len : HEAD_BYTES,
                                                 .keyframe = first,
                                                 .rtp_timestamp = serial * 3000,
                                                 .capture_time_us = sim.now};
            rtc_encoded_frame *frame;
            assert_int_equal(rtc_encoded_frame_new(NULL, &o, &frame), RTC_OK);
            uint32_t stream = rtp_session_send_stream(sim.a.session, senders[i], "");
            (void)rtp_session_send_frame(sim.a.session, sim.now, stream, frame, RTP_NO_AUDIO_LEVEL, &sim.a.out);
            rtc_encoded_frame_unref(frame);
            rtp_sim_drain(&sim.a);
        }
        serial++;
        rtp_sim_run(&sim, sim.now + FRAME_US);
    }
}

static void assert_shared(uint64_t most)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < SENDERS; i++) {
        assert_true(target_of(i) > 0);
        sum += target_of(i);
    }
    if (sum > most)
        fail_msg("%llu are shared out of %llu", (unsigned long long)sum, (unsigned long long)most);
}

static void twenty_share_it(void **state)
{
    (void)state;
    sim.a.sends_video = false;
    add_senders();
    send_pictures(1, true);
    assert_shared(CAP);
    for (unsigned n = 0; n < 20; n++) {
        tell(a_limit_of_nothing, n);
        send_pictures(1, false);
        assert_shared(RTP_RATE_MIN_BPS);
    }
    rtp_session_set_peer_bitrate(sim.a.session, sim.now, 1, &sim.a.out);
    send_pictures(1, false);
    assert_shared(SENDERS);
    rtp_session_set_peer_bitrate(sim.a.session, sim.now, 0, &sim.a.out);
    for (unsigned n = 0; n < 100 && target_of(0) < CAP / SENDERS * 9 / 10; n++) {
        send_pictures(1, false);
        assert_shared(CAP);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        assert_in_range(target_of(i), CAP / SENDERS * 8 / 10, CAP / SENDERS);
    assert_false(sim.a.seen.sound_stopped);
    rtp_sim_forget(&sim.b);
    send_pictures(5, false);
    assert_in_range(sim.b.seen.packets + sim.b.seen.accelerated, 240, 255);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lies_beside_the_truth),
        TEST(lies_alone),
        TEST(no_feedback),
        TEST(configured_again),
        TEST(a_peer_that_takes_nothing),
        TEST(a_stream_that_nobody_speaks_of),
        TEST(inactive_for_a_while),
        TEST(sound_alone),
        TEST(twenty_share_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
