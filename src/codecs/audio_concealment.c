/* SPDX-License-Identifier: MIT */
/* Concealment by repetition: see audio_concealment.h. */
#include "audio_concealment.h"

#include <string.h>

/* A voice repeats itself 66 to 200 times a second. The first 10 ms are as loud as what was heard, and then it takes 50 ms to silence. */
enum { PERIOD_MIN_US = 5000, PERIOD_MAX_US = 15000, COMPARED_US = 20000, LOUD_US = 10000, FADE_US = 50000, BLEND_US = 4000 };

static size_t samples_of(const struct audio_concealment *c, uint32_t us)
{
    return (size_t)c->rate * us / 1000000;
}

static size_t history_len(const struct audio_concealment *c)
{
    return samples_of(c, 45000);
}

void audio_concealment_init(struct audio_concealment *c, uint32_t rate)
{
    memset(c, 0, sizeof *c);
    c->rate = rate < CONCEALMENT_RATE_MAX ? rate : CONCEALMENT_RATE_MAX;
}

static void remember(struct audio_concealment *c, const int16_t *samples, size_t count)
{
    size_t len = history_len(c);
    if (count >= len) {
        memcpy(c->history, samples + (count - len), len * sizeof *samples);
        return;
    }
    memmove(c->history, c->history + count, (len - count) * sizeof *samples);
    memcpy(c->history + (len - count), samples, count * sizeof *samples);
}

/* How alike the end of the history is to what was `period` before it, set against how loud that was. */
static double likeness(const struct audio_concealment *c, size_t period)
{
    size_t len = history_len(c), compared = samples_of(c, COMPARED_US);
    double product = 0, energy = 1;
    for (size_t i = len - compared; i < len; i++) {
        product += (double)c->history[i] * c->history[i - period];
        energy += (double)c->history[i - period] * c->history[i - period];
    }
    return product > 0 ? product * product / energy : 0;
}

static size_t find_period(const struct audio_concealment *c)
{
    size_t best = samples_of(c, PERIOD_MAX_US), longest = best;
    double most = 0;
    for (size_t period = samples_of(c, PERIOD_MIN_US); period <= longest; period++) {
        double l = likeness(c, period);
        if (l > most) {
            most = l;
            best = period;
        }
    }
    return best;
}

/* In 15 bits of fraction. */
static int32_t loudness(const struct audio_concealment *c)
{
    size_t loud = samples_of(c, LOUD_US), fade = samples_of(c, FADE_US);
    if (c->invented <= loud)
        return 32768;
    size_t faded = c->invented - loud;
    return faded >= fade ? 0 : (int32_t)(32768 * (fade - faded) / fade);
}

/* The end of the period is blended into what lies before it, so that it goes on without a step. */
static int16_t next(struct audio_concealment *c)
{
    size_t len = history_len(c), blend = samples_of(c, BLEND_US), left = c->period - c->at;
    int32_t value = c->history[len - left];
    if (left <= blend)
        value = (value * (int32_t)left + c->history[len - left - c->period] * (int32_t)(blend - left)) / (int32_t)blend;
    c->at = (c->at + 1) % c->period;
    value = (int32_t)((int64_t)value * loudness(c) / 32768);
    c->invented++;
    return (int16_t)value;
}

/* The history stays as it was when the loss began: what is invented must not become its own model. */
void audio_concealment_invent(struct audio_concealment *c, int16_t *samples, size_t count)
{
    if (c->period == 0) {
        c->period = find_period(c);
        c->at = 0;
        c->invented = 0;
    }
    for (size_t i = 0; i < count; i++)
        samples[i] = next(c);
}

void audio_concealment_heard(struct audio_concealment *c, int16_t *samples, size_t count)
{
    size_t blend = samples_of(c, BLEND_US);
    for (size_t i = 0; c->period > 0 && i < count && i < blend; i++) {
        int32_t invented = next(c);
        samples[i] = (int16_t)((samples[i] * (int32_t)i + invented * (int32_t)(blend - i)) / (int32_t)blend);
    }
    c->period = 0;
    remember(c, samples, count);
}
