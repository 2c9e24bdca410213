/* SPDX-License-Identifier: MIT */
/* The made-up voice: the same from the same seed, within bounds, and speech to Opus, which protects it. */
#include "codec_registry.h"
#include "test_voice.h"
#include "tone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PACKET = 960, PACKETS = 1000, BITRATE_BPS = 48000, LOSS_PERCENT = 10 /* as a connection sends */ };

static void the_same_from_the_same_seed(void **state)
{
    (void)state;
    struct test_voice voices[3];
    double difference = 0;
    for (uint32_t i = 0; i < 3; i++)
        test_voice_init(&voices[i], i == 2 ? 8 : 7, 120);
    for (int i = 0; i < 10 * TEST_VOICE_RATE; i++) {
        double a = test_voice_next(&voices[0]);
        assert_true(a == test_voice_next(&voices[1]));
        difference += fabs(a - test_voice_next(&voices[2]));
    }
    assert_true(difference / (10 * TEST_VOICE_RATE) > 0.05);
}

/* Whatever the pitch: loud enough to be heard, and never beyond the scale. */
static void it_is_bounded(void **state)
{
    (void)state;
    static const uint32_t pitches[] = {20, 120, 400, 20000};
    for (size_t p = 0; p < sizeof pitches / sizeof *pitches; p++) {
        struct test_voice voice;
        double largest = 0;
        test_voice_init(&voice, 1, pitches[p]);
        for (int i = 0; i < 10 * TEST_VOICE_RATE; i++)
            largest = fmax(largest, fabs(test_voice_next(&voice)));
        assert_true(largest > 0.3 && largest <= 1);
    }
}

/* Whether the frame before can be had from the packet: LBRR flag of a mono SILK or hybrid packet of one frame (RFC 6716
 * section 4.2.3). */
static bool has_redundancy(const rtc_encoded_frame *frame)
{
    const uint8_t *data = rtc_encoded_frame_data(frame);
    bool is_speech = rtc_encoded_frame_len(frame) > 1 && data[0] >> 3 < 16;
    return is_speech && (data[1] & 0x40) != 0;
}

/* Packets with redundancy in a thousand, of a voice or a tone. */
static int protected_packets(struct test_voice *voice)
{
    const rtc_codec_ops *opus = codec_find_encoder(NULL, RTC_MEDIA_AUDIO, "opus");
    const rtc_encoder_settings settings = {.size = sizeof settings,
                                           .sample_rate = TEST_VOICE_RATE,
                                           .channels = 1,
                                           .bitrate_bps = BITRATE_BPS,
                                           .packet_loss_percent = LOSS_PERCENT,
                                           .inband_fec = true};
    void *encoder;
    int count = 0;
    assert_int_equal(opus->encoder_new(NULL, &settings, &encoder), RTC_OK);
    for (int i = 0; i < PACKETS; i++) {
        static int16_t samples[PACKET];
        rtc_audio_frame *sound;
        rtc_encoded_frame *packet;
        if (voice)
            for (int n = 0; n < PACKET; n++)
                samples[n] = (int16_t)(9000 * test_voice_next(voice));
        else
            tone_make(samples, PACKET, 1, TEST_VOICE_RATE, 440, 9000, (uint64_t)i * PACKET);
        const rtc_audio_frame_options o = {
            .size = sizeof o, .format = RTC_AUDIO_S16, .sample_rate = TEST_VOICE_RATE, .channels = 1, .samples = PACKET, .data = samples};
        assert_int_equal(rtc_audio_frame_new(NULL, &o, &sound), RTC_OK);
        assert_int_equal(opus->encode_audio(encoder, sound, &packet), RTC_OK);
        count += has_redundancy(packet);
        rtc_encoded_frame_unref(packet);
        rtc_audio_frame_unref(sound);
    }
    opus->encoder_free(encoder);
    return count;
}

static void opus_takes_it_for_speech(void **state)
{
    (void)state;
    struct test_voice voice;
    for (uint32_t seed = 1; seed <= 2; seed++) {
        test_voice_init(&voice, seed, 120);
        int of_voice = protected_packets(&voice);
        print_message("seed %u: %d of %d packets are protected\n", seed, of_voice, PACKETS);
        assert_in_range(of_voice, PACKETS * 85 / 100, PACKETS);
    }
    int of_tone = protected_packets(NULL);
    print_message("a tone: %d\n", of_tone);
    assert_in_range(of_tone, 0, PACKETS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_from_the_same_seed),
        cmocka_unit_test(it_is_bounded),
        cmocka_unit_test(opus_takes_it_for_speech),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
