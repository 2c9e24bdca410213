/* SPDX-License-Identifier: MIT */
/* Opus: tones survive, lost packets come back from the next one's FEC or are concealed, settings follow, broken packets are errors. */
#include "codec_registry.h"
#include "context.h"
#include "failing_memory.h"
#include "tone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, PACKET = 960, PACKETS = 100 };

struct pair {
    const rtc_codec_ops *ops;
    void *encoder, *decoder;
    rtc_encoder_settings settings;
    uint64_t samples;
};

static void pair_init(struct pair *p, uint32_t channels, uint32_t bitrate_bps)
{
    memset(p, 0, sizeof *p);
    p->ops = codec_find_encoder(NULL, RTC_MEDIA_AUDIO, "OPUS");
    assert_non_null(p->ops);
    p->settings = (rtc_encoder_settings){.size = sizeof p->settings,
                                         .sample_rate = RATE,
                                         .channels = channels,
                                         .bitrate_bps = bitrate_bps,
                                         .packet_loss_percent = 20,
                                         .inband_fec = true};
    assert_int_equal(p->ops->encoder_new(NULL, &p->settings, &p->encoder), RTC_OK);
    assert_int_equal(p->ops->decoder_new(NULL, channels, &p->decoder), RTC_OK);
}

static void pair_fini(struct pair *p)
{
    p->ops->encoder_free(p->encoder);
    p->ops->decoder_free(p->decoder);
}

/* The next packet; `data` overrides the tone. NULL: it need not be sent. */
static rtc_encoded_frame *encode(struct pair *p, double frequency, const int16_t *data)
{
    static int16_t samples[2 * PACKET];
    tone_make(samples, PACKET, p->settings.channels, RATE, frequency, 9000, p->samples);
    const rtc_audio_frame_options o = {.size = sizeof o,
                                       .format = RTC_AUDIO_S16,
                                       .sample_rate = RATE,
                                       .channels = p->settings.channels,
                                       .samples = PACKET,
                                       .capture_time_us = 7000000 + (rtc_time_t)p->samples * 1000000 / RATE,
                                       .data = data ? data : samples};
    rtc_audio_frame *f;
    rtc_encoded_frame *e;
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &f), RTC_OK);
    rtc_audio_frame_set_rtp_timestamp(f, (uint32_t)p->samples);
    assert_int_equal(p->ops->encode_audio(p->encoder, f, &e), RTC_OK);
    rtc_audio_frame_unref(f);
    p->samples += PACKET;
    if (!e) {
        assert_non_null(p->settings.parameters);
        return NULL;
    }
    assert_int_equal(rtc_encoded_frame_rtp_timestamp(e), (uint32_t)(p->samples - PACKET));
    assert_int_equal(rtc_encoded_frame_duration(e), PACKET);
    assert_string_equal(rtc_encoded_frame_codec(e), "opus");
    return e;
}

static void decode(struct pair *p, rtc_audio_decode what, rtc_encoded_frame *e, int16_t *to)
{
    rtc_audio_frame *f;
    assert_int_equal(p->ops->decode_audio(p->decoder, what, e, PACKET, &f), RTC_OK);
    assert_int_equal(rtc_audio_frame_samples(f), PACKET);
    assert_int_equal(rtc_audio_frame_channels(f), p->settings.channels);
    if (what == RTC_AUDIO_DECODE_FRAME)
        assert_int_equal(rtc_audio_frame_rtp_timestamp(f), rtc_encoded_frame_rtp_timestamp(e));
    if (what == RTC_AUDIO_DECODE_FEC)
        assert_int_equal(rtc_audio_frame_rtp_timestamp(f), rtc_encoded_frame_rtp_timestamp(e) - PACKET);
    memcpy(to, rtc_audio_frame_data(f), (size_t)PACKET * p->settings.channels * sizeof *to);
    rtc_audio_frame_unref(f);
}

static void test_tone_survives(void **state)
{
    (void)state;
    for (uint32_t channels = 1; channels <= 2; channels++) {
        static int16_t sound[2 * PACKET * PACKETS];
        struct pair p;
        pair_init(&p, channels, 64000);
        for (size_t i = 0; i < PACKETS; i++) {
            rtc_encoded_frame *e = encode(&p, 700, NULL);
            decode(&p, RTC_AUDIO_DECODE_FRAME, e, sound + i * PACKET * channels);
            rtc_encoded_frame_unref(e);
        }
        const int16_t *settled = sound + 20 * PACKET * channels;
        for (uint32_t c = 0; c < channels; c++) {
            double amplitude = tone_amplitude(settled, 40 * PACKET, channels, c, RATE, 700);
            assert_true(amplitude > 9000 * 0.8 && amplitude < 9000 * 1.2);
            assert_true(tone_amplitude(settled, 40 * PACKET, channels, c, RATE, 1300) < amplitude / 30);
        }
        pair_fini(&p);
    }
}

static void test_bitrate_follows(void **state)
{
    (void)state;
    static const uint32_t rates[] = {64000, 20000, 48000};
    struct pair p;
    uint64_t seed = 7;
    pair_init(&p, 1, 32000);
    for (size_t r = 0; r < 3; r++) {
        double bits = 0;
        p.settings.bitrate_bps = rates[r];
        p.settings.inband_fec = false;
        assert_int_equal(p.ops->encoder_configure(p.encoder, &p.settings), RTC_OK);
        for (int i = 0; i < PACKETS; i++) {
            int16_t noise[PACKET];
            for (int n = 0; n < PACKET; n++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                noise[n] = (int16_t)((int)(seed >> 51) - 4096);
            }
            rtc_encoded_frame *e = encode(&p, 0, noise);
            bits += (double)rtc_encoded_frame_len(e) * 8;
            rtc_encoded_frame_unref(e);
        }
        double bps = bits * RATE / PACKET / PACKETS;
        if (bps < rates[r] * 0.7 || bps > rates[r] * 1.3)
            fail_msg("%.0f bit/s in place of %u", bps, rates[r]);
    }
    pair_fini(&p);
}

/* A hum with the harmonics of a voice, rising in pitch: something that concealment gets wrong and FEC right. */
static void voice(int16_t *to, uint64_t first)
{
    for (int i = 0; i < PACKET; i++) {
        double t = (double)(first + (uint64_t)i) / RATE, phase = 2 * TONE_PI * (120 * t + 60 * t * t), sum = 0;
        for (int h = 1; h < 12; h++)
            sum += sin(h * phase) / h;
        to[i] = (int16_t)lrint(5000 * sum * (0.6 + 0.4 * sin(2 * TONE_PI * 9 * t)));
    }
}

static double difference(const int16_t *a, const int16_t *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sqrt(sum / (double)n);
}

/* What every seventh packet sounds like when it is lost, against what it would have been. */
static double loss_error(rtc_audio_decode repair)
{
    struct pair lossy, whole;
    double sum = 0;
    int losses = 0;
    rtc_encoded_frame *before = NULL;
    pair_init(&lossy, 1, 32000);
    pair_init(&whole, 1, 32000);
    for (int i = 0; i < PACKETS; i++) {
        int16_t sound[PACKET], good[PACKET], repaired[PACKET];
        voice(sound, lossy.samples);
        rtc_encoded_frame *e = encode(&lossy, 0, sound);
        if (i % 7 == 6) { /* lost: its place is filled when the next one is there */
            before = e;
            continue;
        }
        if (before) {
            decode(&whole, RTC_AUDIO_DECODE_FRAME, before, good);
            decode(&lossy, repair, repair == RTC_AUDIO_DECODE_FEC ? e : NULL, repaired);
            if (i > 20) {
                sum += difference(good, repaired, PACKET) / tone_rms(good, PACKET);
                losses++;
            }
            rtc_encoded_frame_unref(before);
            before = NULL;
        }
        decode(&whole, RTC_AUDIO_DECODE_FRAME, e, good);
        decode(&lossy, RTC_AUDIO_DECODE_FRAME, e, sound);
        rtc_encoded_frame_unref(e);
    }
    rtc_encoded_frame_unref(before);
    pair_fini(&lossy);
    pair_fini(&whole);
    return sum / losses;
}

static void test_fec_recovers(void **state)
{
    (void)state;
    double fec = loss_error(RTC_AUDIO_DECODE_FEC), concealed = loss_error(RTC_AUDIO_DECODE_CONCEAL);
    if (fec > concealed * 0.7 || fec > 0.7)
        fail_msg("error with FEC %.2f, concealed %.2f", fec, concealed);
}

static void test_concealment_continues_and_fades(void **state)
{
    (void)state;
    struct pair p;
    int16_t sound[PACKET];
    double first = 0, last = 0;
    pair_init(&p, 1, 48000);
    for (int i = 0; i < 20; i++) {
        rtc_encoded_frame *e = encode(&p, 300, NULL);
        decode(&p, RTC_AUDIO_DECODE_FRAME, e, sound);
        rtc_encoded_frame_unref(e);
    }
    for (int i = 0; i < 50; i++) {
        decode(&p, RTC_AUDIO_DECODE_CONCEAL, NULL, sound);
        last = tone_rms(sound, PACKET);
        if (i == 0)
            first = last;
    }
    assert_true(first > 2000);
    assert_true(last < first / 10);
    pair_fini(&p);
}

static int decode_bytes(struct pair *p, const void *data, size_t len, rtc_audio_decode what)
{
    const rtc_encoded_frame_options o = {.size = sizeof o, .kind = RTC_MEDIA_AUDIO, .codec = "opus", .data = data, .data_len = len};
    rtc_encoded_frame *e;
    rtc_audio_frame *f = NULL;
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &e), RTC_OK);
    int error = p->ops->decode_audio(p->decoder, what, e, PACKET, &f);
    assert_int_equal(error == RTC_OK, f != NULL);
    rtc_audio_frame_unref(f);
    rtc_encoded_frame_unref(e);
    return error;
}

static void test_broken_packets(void **state)
{
    (void)state;
    struct pair p;
    uint64_t seed = 99;
    rtc_audio_frame *f;
    pair_init(&p, 2, 48000);
    assert_int_equal(decode_bytes(&p, "\x03", 1, RTC_AUDIO_DECODE_FRAME), RTC_ERR_ENCODING);     /* code 3 without its count */
    assert_int_equal(decode_bytes(&p, "\x03\x00", 2, RTC_AUDIO_DECODE_FRAME), RTC_ERR_ENCODING); /* M = 0 */
    assert_int_equal(decode_bytes(&p, "\x03\x3f", 2, RTC_AUDIO_DECODE_FRAME), RTC_ERR_ENCODING); /* M = 63 */
    assert_int_equal(decode_bytes(&p, "\x1b\x07", 2, RTC_AUDIO_DECODE_FRAME), RTC_ERR_ENCODING); /* 7 x 60 ms */
    assert_int_equal(p.ops->decode_audio(p.decoder, RTC_AUDIO_DECODE_FRAME, NULL, PACKET, &f), RTC_ERR_TYPE);
    for (int i = 0; i < 3000; i++) {
        uint8_t bytes[128];
        for (size_t n = 0; n < sizeof bytes; n++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bytes[n] = (uint8_t)(seed >> 56);
        }
        (void)decode_bytes(&p, bytes, 1 + (size_t)(seed >> 33) % sizeof bytes, i % 4 ? RTC_AUDIO_DECODE_FRAME : RTC_AUDIO_DECODE_FEC);
    }
    /* Absurd lengths of what is wanted are brought within bounds. */
    static const uint32_t wanted[] = {0, 1, 119, 961, 5761, UINT32_MAX};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(p.ops->decode_audio(p.decoder, RTC_AUDIO_DECODE_CONCEAL, NULL, wanted[i], &f), RTC_OK);
        assert_in_range(rtc_audio_frame_samples(f), 120, 5760);
        rtc_audio_frame_unref(f);
    }
    pair_fini(&p);
}

/* ---- Silence (RFC 7587 section 3.1.3) ---- */

enum { SPOKEN = 75, SILENT = 250, SCENE = SPOKEN + SILENT + SPOKEN };

/* What became of a scene: speech, silence and speech. */
struct silence {
    int sent, longest_pause; /* packets of the silence, without its beginning, and how many in a row were not sent */
    size_t bytes;            /* of these */
    int16_t sound[SCENE * PACKET];
};

static void speak(int16_t *to, int i, int noise, uint64_t *seed)
{
    voice(to, (uint64_t)i * PACKET);
    for (int n = 0; n < PACKET; n++) {
        bool fades = i == SPOKEN || i == SPOKEN + SILENT - 1;
        double part = i < SPOKEN || i >= SPOKEN + SILENT ? 1 : fades ? (i == SPOKEN ? PACKET - n : n) / (double)PACKET : 0;
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        to[n] = (int16_t)(part * to[n] + (noise > 0 ? (int)(*seed >> 40) % (2 * noise + 1) - noise : 0));
    }
}

static void keep_silent(const char *fmtp, int noise, uint32_t loss, struct silence *out)
{
    const rtc_codec_parameters parameters = {sizeof parameters, "opus", RATE, 2, fmtp};
    struct pair p;
    uint64_t seed = 5;
    int pause = 0;
    memset(out, 0, sizeof *out);
    pair_init(&p, 1, 32000);
    p.settings.parameters = &parameters;
    p.settings.packet_loss_percent = loss;
    assert_int_equal(p.ops->encoder_configure(p.encoder, &p.settings), RTC_OK);
    for (int i = 0; i < SCENE; i++) {
        int16_t sound[PACKET];
        speak(sound, i, noise, &seed);
        rtc_encoded_frame *e = encode(&p, 0, sound);
        decode(&p, e ? RTC_AUDIO_DECODE_FRAME : RTC_AUDIO_DECODE_CONCEAL, e, out->sound + i * PACKET);
        pause = e ? 0 : pause + 1;
        out->longest_pause = pause > out->longest_pause ? pause : out->longest_pause;
        if (e && i >= SPOKEN + 25 && i < SPOKEN + SILENT) {
            out->sent++;
            out->bytes += rtc_encoded_frame_len(e);
        }
        assert_true(e || (i >= SPOKEN && i < SPOKEN + SILENT + 5)); /* speech is never left out */
        rtc_encoded_frame_unref(e);
    }
    pair_fini(&p);
}

/* The largest step from one sample to the next in some packets. */
static int step_in(const struct silence *s, int first, int count)
{
    int most = 0;
    for (int i = first * PACKET + 1; i < (first + count) * PACKET; i++)
        most = abs(s->sound[i] - s->sound[i - 1]) > most ? abs(s->sound[i] - s->sound[i - 1]) : most;
    return most;
}

/* A packet that says that silence begins, and one every 400 ms: 4.5 s have 11 of them with two each. Nothing clicks. */
static void test_silence_is_left_out(void **state)
{
    static struct silence with, without;
    (void)state;
    for (int noise = 0; noise <= 20; noise += 10) {
        keep_silent("minptime=10;usedtx=1", noise, 0, &with);
        keep_silent("minptime=10;useinbandfec=1", noise, 0, &without);
        print_message("noise %d: %d packets of %d bytes for %d of %d, longest pause %d, steps %d of %d, %d of %d\n", noise, with.sent,
                      (int)with.bytes, without.sent, (int)without.bytes, with.longest_pause, step_in(&with, SPOKEN + 1, SILENT - 2),
                      step_in(&without, SPOKEN + 1, SILENT - 2), step_in(&with, SPOKEN + SILENT - 2, 8),
                      step_in(&without, SPOKEN + SILENT - 2, 8));
        assert_int_equal(without.longest_pause, 0);
        assert_in_range(with.sent, 9, 24);
        assert_in_range(with.longest_pause, 15, 20);
        assert_true(step_in(&with, SPOKEN + 1, SILENT - 2) <= step_in(&without, SPOKEN + 1, SILENT - 2) + 2 * noise + 8);
        assert_true(step_in(&with, SPOKEN + SILENT - 2, 8) <= step_in(&without, SPOKEN + SILENT - 2, 8) * 5 / 4);
    }
    keep_silent("usedtx=1", 10, 10, &with); /* what is lost often is said twice */
    assert_in_range(with.sent, 27, 36);
    assert_in_range(with.longest_pause, 15, 20);
}

static int code_one(rtc_context *context, void *user)
{
    (void)user;
    const rtc_codec_ops *ops = codec_find_encoder(context, RTC_MEDIA_AUDIO, "opus");
    const rtc_encoder_settings settings = {.size = sizeof settings, .sample_rate = RATE, .channels = 1, .bitrate_bps = 32000};
    const rtc_audio_frame_options o = {.size = sizeof o, .format = RTC_AUDIO_S16, .sample_rate = RATE, .channels = 1, .samples = PACKET};
    void *encoder = NULL, *decoder = NULL;
    rtc_audio_frame *in = NULL, *back = NULL;
    rtc_encoded_frame *e = NULL;
    int error = ops->encoder_new(context, &settings, &encoder);
    if (!error)
        error = ops->decoder_new(context, 1, &decoder);
    if (!error)
        error = rtc_audio_frame_new(context, &o, &in);
    if (!error)
        error = ops->encode_audio(encoder, in, &e);
    if (!error)
        error = ops->decode_audio(decoder, RTC_AUDIO_DECODE_FRAME, e, PACKET, &back);
    rtc_audio_frame_unref(back);
    rtc_encoded_frame_unref(e);
    rtc_audio_frame_unref(in);
    ops->encoder_free(encoder);
    ops->decoder_free(decoder);
    return error;
}

static void test_settings_and_memory(void **state)
{
    (void)state;
    fail_each_allocation(code_one, NULL, 100);
    const rtc_codec_ops *ops = codec_find_encoder(NULL, RTC_MEDIA_AUDIO, "opus");
    rtc_encoder_settings settings = {.size = sizeof settings, .sample_rate = 44100, .channels = 1, .bitrate_bps = 32000};
    void *codec;
    assert_int_equal(ops->encoder_new(NULL, &settings, &codec), RTC_ERR_NOT_SUPPORTED);
    settings.sample_rate = RATE;
    settings.channels = 3;
    assert_int_equal(ops->encoder_new(NULL, &settings, &codec), RTC_ERR_NOT_SUPPORTED);
    assert_int_equal(ops->decoder_new(NULL, 0, &codec), RTC_ERR_NOT_SUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tone_survives),       cmocka_unit_test(test_bitrate_follows),
        cmocka_unit_test(test_fec_recovers),        cmocka_unit_test(test_concealment_continues_and_fades),
        cmocka_unit_test(test_silence_is_left_out), cmocka_unit_test(test_broken_packets),
        cmocka_unit_test(test_settings_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
