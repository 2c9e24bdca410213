/* SPDX-License-Identifier: MIT */
/* PCMU and PCMA: the laws at their corners, every code there and back, sound through the codecs, and what is heard of a loss. */
#include "codecs.h"
#include "g711.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { RATE = 8000, PACKET = 160 };

/* The tables of G.711, at their ends and around 0. */
static void laws_at_their_corners(void **state)
{
    static const struct {
        int16_t sample;
        uint8_t ulaw, alaw;
    } known[] = {{0, 0xff, 0xd5},     {-1, 0x7f, 0x55},    {8, 0xfe, 0xd5},     {1000, 0xce, 0xfa},
                 {-1000, 0x4e, 0x7a}, {32767, 0x80, 0xaa}, {-32768, 0x00, 0x2a}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_int_equal(g711_to_ulaw(known[i].sample), known[i].ulaw);
        assert_int_equal(g711_to_alaw(known[i].sample), known[i].alaw);
    }
    assert_int_equal(g711_from_ulaw(0x00), -32124);
    assert_int_equal(g711_from_ulaw(0x80), 32124);
    assert_int_equal(g711_from_ulaw(0xff), 0);
    assert_int_equal(g711_from_alaw(0x2a), -32256);
    assert_int_equal(g711_from_alaw(0xaa), 32256);
    assert_int_equal(g711_from_alaw(0xd5), 8);
}

static void codes_come_back(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        assert_int_equal(g711_to_alaw(g711_from_alaw((uint8_t)code)), code);
        if (code != 0x7f) /* of the two zeros one is made */
            assert_int_equal(g711_to_ulaw(g711_from_ulaw((uint8_t)code)), code);
    }
}

/* Half a step of the segment that it lies in, or less. */
static void samples_stay_what_they_are(void **state)
{
    (void)state;
    for (int s = -32000; s <= 32000; s++) {
        int off = abs(s) / 32 + 8;
        assert_in_range(g711_from_ulaw(g711_to_ulaw((int16_t)s)) - s + off, 0, 2 * off);
        assert_in_range(g711_from_alaw(g711_to_alaw((int16_t)s)) - s + off, 0, 2 * off);
    }
}

static int16_t tone(uint32_t at)
{
    return (int16_t)(10000 * sin(2 * M_PI * 400 * at / RATE));
}

static rtc_encoded_frame *encode(const rtc_codec_ops *codec, void *encoder, uint32_t at)
{
    int16_t samples[PACKET];
    rtc_audio_frame *frame;
    rtc_encoded_frame *packet;
    for (uint32_t i = 0; i < PACKET; i++)
        samples[i] = tone(at + i);
    const rtc_audio_frame_options o = {.size = sizeof o,
                                       .format = RTC_AUDIO_S16,
                                       .sample_rate = RATE,
                                       .channels = 1,
                                       .samples = PACKET,
                                       .capture_time_us = 1 + at * 125,
                                       .data = samples};
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &frame), RTC_OK);
    rtc_audio_frame_set_rtp_timestamp(frame, at);
    assert_int_equal(codec->encode_audio(encoder, frame, &packet), RTC_OK);
    rtc_audio_frame_unref(frame);
    assert_int_equal(rtc_encoded_frame_len(packet), PACKET);
    assert_int_equal(rtc_encoded_frame_rtp_timestamp(packet), at);
    assert_string_equal(rtc_encoded_frame_codec(packet), codec->name);
    return packet;
}

/* The difference to the tone that it should be, in per cent of its loudness. */
static double distortion(const rtc_audio_frame *sound, uint32_t at)
{
    const int16_t *samples = rtc_audio_frame_data(sound);
    double error = 0, energy = 0;
    for (uint32_t i = 0; i < rtc_audio_frame_samples(sound); i++) {
        double wanted = tone(at + i);
        error += (samples[i] - wanted) * (samples[i] - wanted);
        energy += wanted * wanted;
    }
    return 100 * sqrt(error / energy);
}

/* A second of tone, of which each tenth packet is lost: what takes its place is the tone as well, in step with it. */
static void sound_goes_through(const rtc_codec_ops *codec)
{
    const rtc_encoder_settings settings = {.size = sizeof settings, .sample_rate = RATE, .channels = 1};
    void *encoder, *decoder;
    assert_int_equal(codec->encoder_new(NULL, &settings, &encoder), RTC_OK);
    assert_int_equal(codec->decoder_new(NULL, 2, &decoder), RTC_OK);
    for (uint32_t n = 0; n < 50; n++) {
        rtc_encoded_frame *packet = encode(codec, encoder, n * PACKET);
        bool lost = n % 10 == 9;
        rtc_audio_frame *sound;
        assert_int_equal(
            codec->decode_audio(decoder, lost ? RTC_AUDIO_DECODE_CONCEAL : RTC_AUDIO_DECODE_FRAME, lost ? NULL : packet, PACKET, &sound),
            RTC_OK);
        assert_int_equal(rtc_audio_frame_samples(sound), PACKET);
        assert_int_equal(rtc_audio_frame_sample_rate(sound), RATE);
        assert_int_equal(rtc_audio_frame_channels(sound), 1);
        assert_int_equal(rtc_audio_frame_rtp_timestamp(sound), n * PACKET);
        assert_true(distortion(sound, n * PACKET) < (lost ? 20 : n % 10 == 0 ? 10 : 3));
        rtc_audio_frame_unref(sound);
        rtc_encoded_frame_unref(packet);
    }
    codec->encoder_free(encoder);
    codec->decoder_free(decoder);
}

static void both_laws(void **state)
{
    (void)state;
    sound_goes_through(&pcmu_codec);
    sound_goes_through(&pcma_codec);
}

/* A long loss ends in silence, and what follows it begins softly. */
static void a_long_loss_falls_silent(void **state)
{
    const rtc_encoder_settings settings = {.size = sizeof settings, .sample_rate = RATE, .channels = 1};
    void *encoder, *decoder;
    rtc_audio_frame *sound;
    (void)state;
    assert_int_equal(pcmu_codec.encoder_new(NULL, &settings, &encoder), RTC_OK);
    assert_int_equal(pcmu_codec.decoder_new(NULL, 1, &decoder), RTC_OK);
    for (uint32_t n = 0; n < 10; n++) {
        rtc_encoded_frame *packet = encode(&pcmu_codec, encoder, n * PACKET);
        bool lost = n >= 3 && n < 8;
        assert_int_equal(pcmu_codec.decode_audio(decoder, lost ? RTC_AUDIO_DECODE_CONCEAL : RTC_AUDIO_DECODE_FRAME, lost ? NULL : packet,
                                                 PACKET, &sound),
                         RTC_OK);
        const int16_t *samples = rtc_audio_frame_data(sound);
        if (n == 7)
            for (uint32_t i = 0; i < PACKET; i++)
                assert_int_equal(samples[i], 0);
        if (n == 8)
            assert_true(abs(samples[1]) < 1000);
        rtc_audio_frame_unref(sound);
        rtc_encoded_frame_unref(packet);
    }
    pcmu_codec.encoder_free(encoder);
    pcmu_codec.decoder_free(decoder);
}

static void what_does_not_fit_is_refused(void **state)
{
    void *encoder = NULL, *decoder;
    rtc_audio_frame *sound;
    (void)state;
    const rtc_encoder_settings fast = {.size = sizeof fast, .sample_rate = 48000, .channels = 1},
                               stereo = {.size = sizeof stereo, .sample_rate = RATE, .channels = 2};
    assert_int_equal(pcmu_codec.encoder_new(NULL, &fast, &encoder), RTC_ERR_NOT_SUPPORTED);
    assert_int_equal(pcma_codec.encoder_new(NULL, &stereo, &encoder), RTC_ERR_NOT_SUPPORTED);
    assert_null(encoder);
    assert_int_equal(pcma_codec.decoder_new(NULL, 1, &decoder), RTC_OK);
    assert_int_equal(pcma_codec.decode_audio(decoder, RTC_AUDIO_DECODE_FRAME, NULL, PACKET, &sound), RTC_ERR_TYPE);
    assert_null(sound);
    assert_int_equal(pcma_codec.decode_audio(decoder, RTC_AUDIO_DECODE_CONCEAL, NULL, 100000, &sound), RTC_OK);
    assert_int_equal(rtc_audio_frame_samples(sound), 1600);
    rtc_audio_frame_unref(sound);
    pcma_codec.decoder_free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laws_at_their_corners),      cmocka_unit_test(codes_come_back),
        cmocka_unit_test(samples_stay_what_they_are), cmocka_unit_test(both_laws),
        cmocka_unit_test(a_long_loss_falls_silent),   cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
