/* SPDX-License-Identifier: MIT */
/* How loud a stretch of sound is: see audio_power.h. */
#include "audio_power.h"

#include <math.h>

double audio_power(const rtc_audio_frame *frame)
{
    size_t n = (size_t)rtc_audio_frame_samples(frame) * rtc_audio_frame_channels(frame);
    double sum = 0;
    if (rtc_audio_frame_format(frame) == RTC_AUDIO_F32) {
        const float *s = rtc_audio_frame_data(frame);
        for (size_t i = 0; i < n; i++)
            sum += (double)s[i] * (double)s[i];
    } else {
        const int16_t *s = rtc_audio_frame_data(frame);
        int64_t squares = 0;
        for (size_t i = 0; i < n; i++)
            squares += (int64_t)s[i] * s[i];
        sum = (double)squares / (32768.0 * 32768.0);
    }
    double power = n > 0 ? sum / (double)n : 0;
    return power <= 1 ? power : 1; /* floats may go beyond, or be no number */
}

double audio_level_power(uint8_t level)
{
    return level >= 127 ? 0 : pow(10, -(double)level / 10);
}

void audio_meter_add(struct audio_meter *m, double power, uint32_t samples, uint32_t sample_rate)
{
    double seconds = sample_rate > 0 ? (double)samples / sample_rate : 0;
    m->level = sqrt(power);
    m->energy += power * seconds;
    m->duration += seconds;
}
