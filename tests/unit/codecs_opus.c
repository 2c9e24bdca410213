/* SPDX-License-Identifier: MIT */
/* Opus: tones survive, lost packets come back from the next one's FEC or are concealed, settings follow, broken packets are errors. */
#include "codec_registry.h"
#include "context.h"
#include "failing_memory.h"
#include "tone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
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

/* The next packet; `data` overrides the tone. */
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
    assert_non_null(e);
    assert_int_equal(rtc_encoded_frame_rtp_timestamp(e), (uint32_t)p->samples);
    assert_int_equal(rtc_encoded_frame_duration(e), PACKET);
    assert_string_equal(rtc_encoded_frame_codec(e), "opus");
    rtc_audio_frame_unref(f);
    p->samples += PACKET;
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
        cmocka_unit_test(test_tone_survives),  cmocka_unit_test(test_bitrate_follows),
        cmocka_unit_test(test_fec_recovers),   cmocka_unit_test(test_concealment_continues_and_fades),
        cmocka_unit_test(test_broken_packets), cmocka_unit_test(test_settings_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
