/* SPDX-License-Identifier: MIT */
/* A voice that says nothing: syllables of a hiss and a vowel, with a melody, and a pause now and then. What it shares with speech is what
 * encoders of speech look for: activity that comes and goes, a pitch, formants. The same seed gives the same samples. */
#ifndef CRTC_TEST_VOICE_H
#define CRTC_TEST_VOICE_H

#include <stdint.h>

enum { TEST_VOICE_RATE = 48000, TEST_VOICE_FORMANTS = 3 };

/* Two poles: lets pass what is around one frequency. Part of a voice. */
struct test_resonator {
    double gain, first, second; /* factors of the input and of the last two outputs */
    double last, before_last;
};

/* A value of its maker's, written by test_voice.c. */
struct test_voice {
    uint32_t seed, pitch_hz;
    uint64_t number; /* of the next sample */
    uint32_t syllable, noise;
    double phase; /* of the pitch: 0 to 1 */
    struct test_resonator formants[TEST_VOICE_FORMANTS], hiss;
};

void test_voice_init(struct test_voice *voice, uint32_t seed, uint32_t pitch_hz);
/* The next sample, between -1 and 1; loud ones are around a half. */
double test_voice_next(struct test_voice *voice);

#endif
