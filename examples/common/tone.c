/* SPDX-License-Identifier: MIT */
/* The frequency and loudness of received audio, from zero crossings. */
#include "tone.h"

#include <math.h>

#define HYSTERESIS 0.01

static double sample_at(const rtc_audio_frame *frame, uint32_t index)
{
    size_t at = (size_t)index * rtc_audio_frame_channels(frame);
    if (rtc_audio_frame_format(frame) == RTC_AUDIO_F32) {
        return (double)((const float *)rtc_audio_frame_data(frame))[at];
    }
    return ((const int16_t *)rtc_audio_frame_data(frame))[at] / 32768.0;
}

static void begin_stretch(struct tone *tone)
{
    tone->samples = 0;
    tone->crossings = 0;
    tone->energy = 0;
}

static void end_stretch(struct tone *tone)
{
    tone->level = sqrt(tone->energy / tone->samples);
    tone->loudest = tone->level > tone->loudest ? tone->level : tone->loudest;
    tone->frequency_hz = tone->crossings > 1 ? (tone->crossings - 1) * (double)tone->sample_rate / (tone->last - tone->first) : 0;
    begin_stretch(tone);
}

static void push_sample(struct tone *tone, double value)
{
    tone->energy += value * value;
    if (tone->above && value < -HYSTERESIS) {
        tone->above = false;
    } else if (!tone->above && value > HYSTERESIS) {
        tone->above = true;
        tone->last = tone->samples;
        tone->first = tone->crossings == 0 ? tone->last : tone->first;
        tone->crossings++;
    }
    if (++tone->samples >= tone->sample_rate / 2) {
        end_stretch(tone);
    }
}

void tone_push(struct tone *tone, const rtc_audio_frame *frame)
{
    if (tone->sample_rate != rtc_audio_frame_sample_rate(frame)) {
        tone->sample_rate = rtc_audio_frame_sample_rate(frame);
        begin_stretch(tone);
    }
    uint32_t count = rtc_audio_frame_samples(frame);
    for (uint32_t i = 0; i < count; i++) {
        push_sample(tone, sample_at(frame, i));
    }
    tone->total_samples += count;
}
