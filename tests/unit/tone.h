/* SPDX-License-Identifier: MIT */
/* Making and measuring sine tones. */
#ifndef CRTC_TEST_TONE_H
#define CRTC_TEST_TONE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define TONE_PI 3.14159265358979323846

/* `count` samples per channel from sample number `first` on. */
static inline void tone_make(int16_t *to, size_t count, uint32_t channels, uint32_t rate, double frequency, double amplitude,
                             uint64_t first)
{
    for (size_t i = 0; i < count; i++)
        for (uint32_t c = 0; c < channels; c++)
            to[i * channels + c] = (int16_t)lrint(amplitude * sin(2 * TONE_PI * frequency * (double)(first + i) / rate));
}

/* The amplitude of one frequency in one channel (Goertzel's sum, with a Hann window against its neighbours). */
static inline double tone_amplitude(const int16_t *samples, size_t count, uint32_t channels, uint32_t channel, uint32_t rate,
                                    double frequency)
{
    double re = 0, im = 0, weight = 0;
    for (size_t i = 0; i < count; i++) {
        double w = 0.5 - 0.5 * cos(2 * TONE_PI * (double)i / (double)count), x = w * samples[i * channels + channel];
        re += x * cos(2 * TONE_PI * frequency * (double)i / rate);
        im += x * sin(2 * TONE_PI * frequency * (double)i / rate);
        weight += w;
    }
    return 2 * sqrt(re * re + im * im) / weight;
}

static inline double tone_rms(const int16_t *samples, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)samples[i] * samples[i];
    return sqrt(sum / (double)count);
}

/* The largest step between neighbouring samples of the first channel: a click is one that the tone itself does not make. */
static inline int tone_largest_step(const int16_t *samples, size_t count, uint32_t channels)
{
    int largest = 0;
    for (size_t i = 1; i < count; i++) {
        int step = samples[i * channels] - samples[(i - 1) * channels];
        step = step < 0 ? -step : step;
        if (step > largest)
            largest = step;
    }
    return largest;
}

#endif
