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
    rtc_media_source *camera; /* and its track; NULL: none */
    rtc_media_stream_track *pictures;
    rtc_time_t next_picture;
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

/* Grain, which is hard to encode. */
static void show(struct sim_peers *p)
{
    enum { WIDTH = 320, HEIGHT = 180, INTERVAL_US = 66667 };
    const rtc_video_frame_options o = {
        .size = sizeof o, .format = RTC_VIDEO_I420, .width = WIDTH, .height = HEIGHT, .capture_time_us = call.next_picture};
    rtc_video_frame *frame;
    assert_int_equal(rtc_video_frame_new(p->context, &o, &frame), RTC_OK);
    for (size_t plane = 0; plane < 3; plane++) {
        size_t rows = plane ? HEIGHT / 2 : HEIGHT, width = plane ? WIDTH / 2 : WIDTH;
        for (size_t row = 0; row < rows; row++)
            for (size_t i = 0; i < width; i++) {
                call.random = call.random * 1664525u + 1013904223u;
                rtc_video_frame_writable_plane(frame, plane)[row * rtc_video_frame_stride(frame, plane) + i] =
                    (uint8_t)(110 + (call.random >> 28));
            }
    }
    assert_int_equal(rtc_media_source_push_video(call.camera, frame), RTC_OK);
    rtc_video_frame_unref(frame);
    call.next_picture += INTERVAL_US;
}

static void speak(struct sim_peers *p, void *user)
{
    (void)user;
    while (call.camera && call.next_picture <= p->now)
        show(p);
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
    return call.camera && call.next_picture < call.next ? call.next_picture : call.next;
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

/* What such statistics of a peer's sound say. */
static double stat(int peer, const char *type, const char *name)
{
    rtc_stats_report *report;
    double value = 0;
    assert_int_equal(rtc_peer_connection_get_stats(call.p.peer[peer].pc, &report), RTC_OK);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        const char *kind = rtc_stats_string(s, "kind");
        if (strcmp(rtc_stats_type(s), type) == 0 && kind && strcmp(kind, "audio") == 0)
            (void)rtc_stats_number(s, name, &value);
    }
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

/* Before it is connected. */
static void add_camera(void)
{
    rtc_rtp_sender *sender;
    call.next_picture = call.next;
    assert_int_equal(rtc_media_source_new(call.p.context, RTC_MEDIA_VIDEO, "grain", NULL, NULL, &call.camera), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(call.camera, &call.pictures), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(call.p.peer[0].pc, call.pictures, NULL, 0, &sender), RTC_OK);
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
    rtc_media_stream_track_unref(call.pictures);
    rtc_media_source_unref(call.camera);
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

/* ---- Slow links ---- */

enum { WAITS_MAX = 20000 };

/* What waited before the bottleneck of who sends. */
static struct line {
    rtc_time_t free_at;
    float waits[WAITS_MAX]; /* milliseconds, of RTP */
    size_t count, dropped;
} line;

static void see(void *user, const struct sim_host *from, struct slice datagram)
{
    (void)user;
    if (from != call.p.peer[0].host || datagram.len == 0)
        return;
    const struct sim_link *link = sim_host_link(call.p.peer[0].host);
    rtc_time_t now = call.p.now, begins = line.free_at > now ? line.free_at : now;
    rtc_time_t leaves = begins + (rtc_time_t)((uint64_t)datagram.len * 8 * 1000000 / link->rate_bps);
    bool dropped = leaves - now > link->queue_us, media = datagram.data[0] >= 128 && datagram.data[0] <= 191;
    line.free_at = dropped ? line.free_at : leaves;
    line.dropped += dropped;
    if (media && !dropped && line.count < WAITS_MAX)
        line.waits[line.count++] = (float)(begins - now) / 1000;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double wait_of(size_t per_cent)
{
    qsort(line.waits, line.count, sizeof line.waits[0], ascending);
    return line.count > 0 ? (double)line.waits[(line.count - 1) * per_cent / 100] : 0;
}

static void adapt_packets(bool adaptive)
{
    rtc_rtp_parameters *parameters;
    assert_int_equal(rtc_rtp_sender_get_parameters(call.sender, &parameters), RTC_OK);
    parameters->encodings[0]->adaptive_ptime = adaptive;
    assert_int_equal(rtc_rtp_sender_set_parameters(call.sender, parameters), RTC_OK);
    rtc_rtp_parameters_free(parameters);
}

struct slow {
    struct counted c;
    double payload_bps, per_second, waits_ms;
};

static struct slow speak_slowly(uint32_t bps, bool adaptive, bool pictures)
{
    enum { S = 30 };
    const struct sim_link link = {.delay_us = 25 * MS, .rate_bps = bps, .queue_us = 1000 * MS};
    struct slow s;
    memset(&line, 0, sizeof line);
    begin(6, &link, &plain, &plain);
    sim_network_tap(call.p.net, see, NULL);
    adapt_packets(adaptive);
    if (pictures)
        add_camera();
    connect();
    peer_run(&call.p, 15 * SECOND);
    line.count = line.dropped = 0;
    s.c = count_in(S * SECOND);
    s.payload_bps = s.c.bytes * 8 / S;
    s.per_second = s.c.packets / S;
    s.waits_ms = wait_of(95);
    print_message(
        "%u kbit/s%s%s: %.0f bit/s of sound in %.1f packets a second, waits %.0f and %.0f ms, %zu dropped, %.2f %% concealed, delay "
        "%.0f ms\n",
        bps / 1000, adaptive ? "" : ", fixed packets", pictures ? ", with pictures" : "", s.payload_bps, s.per_second, wait_of(50),
        s.waits_ms, line.dropped, s.c.concealed / s.c.samples * 100, s.c.delay * 1000);
    assert_true(s.c.concealed < 0.03 * s.c.samples);
    end();
    return s;
}

/* The slower, the longer packets, for what is around them is most of it. */
static void sound_on_slow_links(void **state)
{
    static const struct {
        uint32_t bps, least_bps, packets_least, packets_most;
    } links[] = {{24000, 8000, 16, 26}, {32000, 12000, 16, 26}, {48000, 25000, 20, 35}, {64000, 36000, 40, 51}};
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct slow s = speak_slowly(links[i].bps, true, false);
        assert_true(s.payload_bps > links[i].least_bps);
        assert_in_range(s.per_second, links[i].packets_least, links[i].packets_most);
        assert_true(s.waits_ms < 250);
        assert_int_equal(line.dropped, 0);
    }
}

/* webrtc-extensions 4.2, adaptivePtime: as long as nobody allows it packets keep their length, and the encoder alone makes less. */
static void fixed_packets_on_slow_links(void **state)
{
    static const struct {
        uint32_t bps, least_bps;
    } links[] = {{40000, 9000}, {48000, 16000}, {64000, 36000}, {128000, 47000}};
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct slow s = speak_slowly(links[i].bps, false, false);
        assert_true(s.payload_bps > links[i].least_bps);
        assert_in_range(s.per_second, 49, 51);
        assert_true(s.waits_ms < 150);
        assert_int_equal(line.dropped, 0);
    }
}

/* Pictures get what speech leaves. */
static void sound_comes_first(void **state)
{
    static const struct {
        uint32_t bps, least_bps;
    } links[] = {{64000, 13000}, {100000, 25000}, {200000, 45000}};
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct slow s = speak_slowly(links[i].bps, true, true);
        assert_true(s.payload_bps > links[i].least_bps);
        assert_true(s.c.concealed < 0.02 * s.c.samples);
        assert_true(s.waits_ms < 200);
        assert_int_equal(line.dropped, 0);
    }
}

/* The answer says how long packets should be, and may be. */
static void answer_with(const char *lines)
{
    rtc_peer_connection *a = call.p.peer[0].pc, *b = call.p.peer[1].pc;
    char with[128];
    (void)snprintf(with, sizeof with, "a=rtcp-mux\r\n%s", lines);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&call.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    char *text = text_replace(peer_description(&call.p, 1), "a=rtcp-mux\r\n", with);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, text), RTC_OK);
    free(text);
}

/* RFC 8866 section 6.4; what can not be understood asks for nothing. */
static void packets_as_long_as_the_peer_asks(void **state)
{
    static const struct {
        const char *lines;
        uint32_t per_second;
    } cases[] = {{"a=ptime:40\r\n", 25},
                 {"a=ptime:60\r\na=maxptime:120\r\n", 17},
                 {"a=maxptime:40\r\na=ptime:60\r\n", 25},
                 {"a=ptime:10\r\n", 100},
                 {"a=ptime:soon\r\na=maxptime:\r\n", 50},
                 {"a=maxptime:60\r\n", 50},
                 {"a=ptime:99999999999999999999\r\n", 50}};
    (void)state;
    begin(7, &clean, &plain, &plain);
    connect();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer_with(cases[i].lines);
        peer_run(&call.p, 5 * SECOND);
        struct counted c = count_in(3 * SECOND);
        assert_in_range(c.packets, cases[i].per_second * 3 - 3, cases[i].per_second * 3 + 3);
        assert_int_equal(c.concealed, 0);
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_left_out),
        cmocka_unit_test(silence_is_sent_to_who_does_not_ask),
        cmocka_unit_test(preferred_codecs_ask),
        cmocka_unit_test(silence_on_a_bad_network),
        cmocka_unit_test(lost_silence_is_silent),
        cmocka_unit_test(sound_on_slow_links),
        cmocka_unit_test(fixed_packets_on_slow_links),
        cmocka_unit_test(sound_comes_first),
        cmocka_unit_test(packets_as_long_as_the_peer_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
