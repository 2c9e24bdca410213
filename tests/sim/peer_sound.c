/* SPDX-License-Identifier: MIT */
/* Calls with sound by Opus in virtual time: silence that is left out (RFC 7587 section 3.1.3), and what becomes of sound on links that are
 * hardly wide enough for it. */
#include "peer_scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 48000, STRETCH = 480 };

/* What was heard of a call. */
struct heard {
    double seconds, energy; /* of one channel */
    int largest_step, last; /* from one sample to the next */
    uint32_t channels;
};

/* Peer 0 sends to peer 1. */
static struct call {
    struct sim_peers p;
    rtc_media_source *source;
    rtc_media_stream_track *track, *seen;
    rtc_media_sink *sink;
    rtc_rtp_sender *sender;
    rtc_time_t next;
    uint64_t samples;
    uint32_t random;
    bool silent;
    double gain; /* follows that within a stretch */
    int noise;   /* in silence, too */
    struct heard heard;
} call;

static double voice(uint64_t sample)
{
    double t = (double)sample / RATE, phase = 2 * M_PI * (140 * t + 6 * sin(3 * t)), sum = 0;
    for (int h = 1; h < 12; h++)
        sum += sin(h * phase) / h;
    return 4000 * sum * (0.6 + 0.4 * sin(2 * M_PI * 4 * t));
}

static int noise(void)
{
    call.random = call.random * 1664525u + 1013904223u;
    return call.noise ? (int)(call.random >> 8) % (2 * call.noise + 1) - call.noise : 0;
}

static void speak(struct sim_peers *p, void *user)
{
    (void)user;
    for (; call.next <= p->now; call.next += 10 * MS) {
        int16_t samples[STRETCH];
        const rtc_audio_frame_options o = {.size = sizeof o,
                                           .format = RTC_AUDIO_S16,
                                           .sample_rate = RATE,
                                           .channels = 1,
                                           .samples = STRETCH,
                                           .capture_time_us = call.next,
                                           .data = samples};
        rtc_audio_frame *frame;
        for (int i = 0; i < STRETCH; i++, call.samples++) {
            call.gain = call.silent ? fmax(0, call.gain - 1.0 / STRETCH) : fmin(1, call.gain + 1.0 / STRETCH);
            samples[i] = (int16_t)(call.gain * voice(call.samples) + noise());
        }
        assert_int_equal(rtc_audio_frame_new(p->context, &o, &frame), RTC_OK);
        assert_int_equal(rtc_media_source_push_audio(call.source, frame), RTC_OK);
        rtc_audio_frame_unref(frame);
    }
}

static rtc_time_t next_stretch(struct sim_peers *p, void *user)
{
    (void)p;
    (void)user;
    return call.next;
}

static void hear(void *user, rtc_audio_frame *frame)
{
    struct heard *h = user;
    const int16_t *s = rtc_audio_frame_data(frame);
    uint32_t n = rtc_audio_frame_samples(frame), channels = rtc_audio_frame_channels(frame);
    for (uint32_t i = 0; i < n; i++) {
        int value = s[i * channels], step = abs(value - h->last);
        h->largest_step = step > h->largest_step ? step : h->largest_step;
        h->last = value;
        h->energy += (double)value * value / RATE;
    }
    h->seconds += (double)n / rtc_audio_frame_sample_rate(frame);
    h->channels = channels;
}

/* What a kind of statistics of a peer says. */
static double stat(int peer, const char *type, const char *name)
{
    rtc_stats_report *report;
    double value = 0;
    assert_int_equal(rtc_peer_connection_get_stats(call.p.peer[peer].pc, &report), RTC_OK);
    (void)rtc_stats_number(rtc_stats_report_find_type(report, type), name, &value);
    rtc_stats_report_unref(report);
    return value;
}

static void begin(uint64_t seed, const struct sim_link *link, const rtc_configuration *sends, const rtc_configuration *receives)
{
    memset(&call, 0, sizeof call);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&call.p, seed, link, NULL, sends));
    if (receives)
        sim_peers_replace(&call.p, 1, receives);
    call.p.manual = true;
    call.next = MS;
    call.p.on_step = speak;
    call.p.next_step = next_stretch;
    assert_int_equal(rtc_media_source_new(call.p.context, RTC_MEDIA_AUDIO, "voice", NULL, NULL, &call.source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(call.source, &call.track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(call.p.peer[0].pc, call.track, NULL, 0, &call.sender), RTC_OK);
}

static void connect(void)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_audio = hear};
    peer_exchange(&call.p, 0);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(call.p.peer[1].pc, 0);
    call.seen = rtc_media_stream_track_ref(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t)));
    assert_int_equal(rtc_media_stream_track_add_sink(call.seen, &ops, &call.heard, &call.sink), RTC_OK);
    peer_connect(&call.p, 5 * SECOND);
}

static void end(void)
{
    rtc_media_stream_track_remove_sink(call.seen, call.sink);
    rtc_media_stream_track_unref(call.seen);
    rtc_media_stream_track_unref(call.track);
    rtc_media_source_unref(call.source);
    sim_peers_fini(&call.p);
}

static const struct sim_link clean = {.delay_us = 20 * MS};
static const rtc_configuration plain = {.size = sizeof plain}, asks = {.size = sizeof asks, .use_dtx = true};

/* ---- Silence ---- */

/* What was counted in a stretch of the call. */
struct counted {
    double packets, bytes, concealed, samples, delay, emitted, energy, removed, silent;
};

static struct counted counted_now(void)
{
    return (struct counted){.packets = stat(0, "outbound-rtp", "packetsSent"),
                            .bytes = stat(0, "outbound-rtp", "bytesSent"),
                            .concealed = stat(1, "inbound-rtp", "concealedSamples"),
                            .silent = stat(1, "inbound-rtp", "silentConcealedSamples"),
                            .samples = stat(1, "inbound-rtp", "totalSamplesReceived"),
                            .delay = stat(1, "inbound-rtp", "jitterBufferDelay"),
                            .emitted = stat(1, "inbound-rtp", "jitterBufferEmittedCount"),
                            .removed = stat(1, "inbound-rtp", "removedSamplesForAcceleration"),
                            .energy = call.heard.energy};
}

static struct counted count_in(rtc_time_t duration)
{
    struct counted before = counted_now();
    peer_run(&call.p, duration);
    struct counted after = counted_now();
    return (struct counted){.packets = after.packets - before.packets,
                            .bytes = after.bytes - before.bytes,
                            .concealed = after.concealed - before.concealed,
                            .silent = after.silent - before.silent,
                            .samples = after.samples - before.samples,
                            .delay = (after.delay - before.delay) / (after.emitted - before.emitted),
                            .emitted = after.emitted - before.emitted,
                            .removed = after.removed - before.removed,
                            .energy = after.energy - before.energy};
}

static void print(const char *what, const struct counted *c)
{
    print_message("%-8s %4.0f packets, %6.0f bytes, %6.0f samples, %5.0f concealed, %5.0f removed, delay %3.0f ms, energy %.0f\n", what,
                  c->packets, c->bytes, c->samples, c->concealed, c->removed, c->delay * 1000, c->energy);
}

static struct counted silence_of(rtc_time_t duration)
{
    call.silent = true;
    peer_run(&call.p, SECOND); /* it takes 200 ms to begin */
    struct counted c = count_in(duration);
    call.silent = false;
    peer_run(&call.p, 500 * MS);
    print("silence", &c);
    return c;
}

static void silence_is_left_out(void **state)
{
    (void)state;
    for (int noise = 0; noise <= 20; noise += 20) {
        begin(1, &clean, &plain, &asks);
        call.noise = noise;
        connect();
        assert_non_null(strstr(peer_description(&call.p, 1), "usedtx=1"));
        assert_null(strstr(peer_description(&call.p, 0), "usedtx"));
        peer_run(&call.p, 3 * SECOND);
        struct counted spoken = count_in(5 * SECOND);
        print("speech", &spoken);
        assert_in_range(spoken.packets, 248, 252);
        int step = call.heard.largest_step;
        for (int i = 0; i < 3; i++) {
            struct counted c = silence_of(4 * SECOND);
            assert_in_range(c.packets, 10, 24);
            assert_true(c.energy < spoken.energy / 1000);
            assert_in_range(c.samples, 4 * RATE - RATE / 10, 4 * RATE + RATE / 10); /* there is always something to hear */
            assert_int_equal(c.concealed, 0);
            assert_true(c.delay < spoken.delay + 0.03);
            struct counted again = count_in(2 * SECOND);
            print("speech", &again);
            assert_in_range(again.packets, 98, 102);
            assert_int_equal(again.concealed, 0);
            assert_true(again.delay < spoken.delay + 0.03);
        }
        assert_true(call.heard.largest_step <= step * 5 / 4); /* nothing clicks */
        assert_int_equal(stat(1, "inbound-rtp", "packetsLost"), 0);
        assert_int_equal(rtc_media_stream_track_muted(call.seen), false);
        end();
    }
}

/* Who is not asked sends silence, and who asks gets it from who can not. */
static void silence_is_sent_to_who_does_not_ask(void **state)
{
    (void)state;
    begin(2, &clean, &asks, &plain);
    connect();
    assert_non_null(strstr(peer_description(&call.p, 0), "minptime=10;useinbandfec=1;usedtx=1"));
    peer_run(&call.p, 3 * SECOND);
    struct counted c = silence_of(4 * SECOND);
    assert_in_range(c.packets, 198, 202);
    end();
}

/* Preferred codecs ask, too, and a codec without silence of its own does not. */
static void preferred_codecs_ask(void **state)
{
    (void)state;
    rtc_rtp_capabilities *can;
    begin(3, &clean, &asks, &asks);
    assert_int_equal(rtc_rtp_sender_get_capabilities(NULL, RTC_MEDIA_AUDIO, &can), RTC_OK);
    for (size_t i = 0; i < can->codec_count; i++)
        assert_true(!can->codecs[i]->sdp_fmtp_line || !strstr(can->codecs[i]->sdp_fmtp_line, "dtx"));
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(rtc_peer_connection_transceiver(call.p.peer[0].pc, 0),
                                                               (const rtc_rtp_codec *const *)can->codecs, can->codec_count),
                     RTC_OK);
    connect();
    for (int peer = 0; peer < 2; peer++)
        assert_int_equal(text_count(peer_description(&call.p, peer), "usedtx"), 1);
    peer_run(&call.p, 3 * SECOND);
    struct counted c = silence_of(4 * SECOND);
    assert_in_range(c.packets, 10, 24);
    rtc_rtp_capabilities_free(can);
    end();
}

/* On a bad network: lost beginnings and ends of silence are concealment, the rest is silence, and the delay does not grow. */
static void silence_on_a_bad_network(void **state)
{
    static const struct sim_link bad = {.delay_us = 25 * MS, .jitter_us = 20 * MS, .loss = 0.1};
    (void)state;
    begin(4, &bad, &asks, &asks);
    call.noise = 10;
    connect();
    peer_run(&call.p, 8 * SECOND);
    struct counted spoken = count_in(5 * SECOND), all = {0};
    print("speech", &spoken);
    for (int i = 0; i < 5; i++) {
        struct counted c = silence_of(4 * SECOND);
        all.concealed += c.concealed;
        all.samples += c.samples;
        struct counted again = count_in(2 * SECOND);
        print("speech", &again);
        assert_true(again.delay < 0.1);
    }
    assert_true(all.concealed < all.samples * 0.05); /* where both packets that say that it begins are lost */
    assert_int_equal(rtc_media_stream_track_muted(call.seen), false);
    end();
}

/* webrtc-stats, silentConcealedSamples: what is made up of nothing but silence, and noise that stands for it. */
static void lost_silence_is_silent(void **state)
{
    (void)state;
    begin(5, &clean, &plain, &plain);
    call.noise = 4;
    connect();
    for (int silent = 0; silent < 2; silent++) {
        call.silent = silent;
        peer_run(&call.p, 3 * SECOND);
        struct counted before = counted_now();
        sim_host_link(call.p.peer[0].host)->down = true;
        peer_run(&call.p, 300 * MS);
        sim_host_link(call.p.peer[0].host)->down = false;
        struct counted after = counted_now();
        double concealed = after.concealed - before.concealed, nothing = after.silent - before.silent;
        print_message("%.0f concealed, of which %.0f silent\n", concealed, nothing);
        assert_true(concealed > 200 * RATE / 1000);
        assert_true(silent ? nothing > 0.9 * concealed : nothing < 0.6 * concealed);
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_left_out),    cmocka_unit_test(silence_is_sent_to_who_does_not_ask),
        cmocka_unit_test(preferred_codecs_ask),   cmocka_unit_test(silence_on_a_bad_network),
        cmocka_unit_test(lost_silence_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
