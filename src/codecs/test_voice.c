/* SPDX-License-Identifier: MIT */
/* Synthesis by formants: a pulse at each period of the pitch and some noise pass three resonators. See test_voice.h. */
#include "test_voice.h"

#include <math.h>
#include <stdbool.h>

/* In samples: a fifth of a second, and for consonants 30 to 50 ms. */
enum { SYLLABLE = TEST_VOICE_RATE / 5, SYLLABLES_OF_A_PHRASE = 8, CONSONANT_MIN = 1440, CONSONANT_MAX = 2400 };

static const double PI = 3.14159265358979323846;

/* About where the vowels of "father", "bed", "see", "law" and "boot" have their formants, in Hz. */
static const double vowels[][TEST_VOICE_FORMANTS] = {
    {730, 1090, 2440}, {530, 1840, 2480}, {270, 2290, 3010}, {570, 840, 2410}, {300, 870, 2240}};

/* Each bit of the result depends on all of x. */
static uint32_t scramble(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

static void tune(struct test_resonator *r, double frequency_hz, double width_hz)
{
    double radius = exp(-PI * width_hz / TEST_VOICE_RATE);
    r->second = -radius * radius;
    r->first = 2 * radius * cos(2 * PI * frequency_hz / TEST_VOICE_RATE);
    r->gain = 1 - r->first - r->second; /* 1 at 0 Hz */
}

static double pass(struct test_resonator *r, double in)
{
    double out = r->gain * in + r->first * r->last + r->second * r->before_last;
    r->before_last = r->last;
    r->last = out;
    return out;
}

static void begin_syllable(struct test_voice *v)
{
    v->syllable = scramble(v->seed + (uint32_t)(v->number / SYLLABLE) * 2654435761u);
    const double *vowel = vowels[v->syllable % (sizeof vowels / sizeof *vowels)];
    for (int i = 0; i < TEST_VOICE_FORMANTS; i++)
        tune(&v->formants[i], vowel[i], 60 + 30 * i);
    tune(&v->hiss, 3000 + (v->syllable >> 8) % 2500, 800);
}

void test_voice_init(struct test_voice *voice, uint32_t seed, uint32_t pitch_hz)
{
    *voice = (struct test_voice){.seed = scramble(seed), .pitch_hz = pitch_hz, .noise = seed};
}

/* Noise between -1 and 1. */
static double next_noise(struct test_voice *v)
{
    v->noise = v->noise * 1664525u + 1013904223u;
    return v->noise / 2147483648.0 - 1;
}

/* 1 at the beginning of each period. `t` is the part of the syllable that is over: the melody rises and falls with it. */
static double next_pulse(struct test_voice *v, double t)
{
    double base = v->pitch_hz * (0.85 + (v->syllable >> 12) % 40 / 100.0);
    v->phase += base * (1 + 0.15 * sin(2 * PI * t) - 0.08 * t) / TEST_VOICE_RATE;
    if (v->phase < 1)
        return 0;
    v->phase -= 1;
    return 1;
}

double test_voice_next(struct test_voice *v)
{
    uint32_t at = (uint32_t)(v->number % SYLLABLE);
    if (at == 0)
        begin_syllable(v);
    bool speaks = v->number / SYLLABLE % SYLLABLES_OF_A_PHRASE != SYLLABLES_OF_A_PHRASE - 1;
    uint32_t consonant = CONSONANT_MIN + (v->syllable >> 5) % (CONSONANT_MAX - CONSONANT_MIN), vowel_from = consonant / 2;
    double noise = next_noise(v), pulse = next_pulse(v, (double)at / SYLLABLE);
    double hiss = speaks && at < consonant ? sin(PI * at / consonant) : 0;
    double open = speaks && at > vowel_from ? fmin(1, 2 * sin(PI * (at - vowel_from) / (SYLLABLE - vowel_from))) : 0;
    double throat = (18 * pulse + 0.1 * noise) * open;
    for (int i = 0; i < TEST_VOICE_FORMANTS; i++)
        throat = pass(&v->formants[i], throat);
    double out = throat + 0.2 * pass(&v->hiss, noise * hiss) + 0.0002 * noise; /* and the room that it is in */
    v->number++;
    return out / sqrt(1 + out * out);
}
