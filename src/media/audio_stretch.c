/* SPDX-License-Identifier: MIT */
/* Joining two stretches of sound into the time of one; see audio_stretch.h. */
#include "audio_stretch.h"

#include "frame.h"

#include <string.h>

/* In samples at the frame's rate. A value. */
struct plan {
    const int16_t *first, *second;
    uint32_t channels, second_samples;
    uint32_t fade; /* length of the cross-fade */
    uint32_t at;   /* where in `first` it begins */
    uint32_t from; /* where in `second` it begins, chosen by best_start() */
};

static int check(rtc_audio_frame *a, rtc_audio_frame *b)
{
    if (rtc_audio_frame_format(a) != RTC_AUDIO_S16 || rtc_audio_frame_format(b) != RTC_AUDIO_S16)
        return RTC_ERR_TYPE;
    uint32_t rate = rtc_audio_frame_sample_rate(a);
    if (rate != rtc_audio_frame_sample_rate(b) || rtc_audio_frame_channels(a) != rtc_audio_frame_channels(b))
        return RTC_ERR_TYPE;
    uint32_t least = rate / 80; /* the fade, and something before it */
    return rtc_audio_frame_samples(a) < least || rtc_audio_frame_samples(b) < least ? RTC_ERR_TYPE : RTC_OK;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How alike the ends of the fade are when `second` is taken from `from`: the correlation, set against the energy, so that loud places do
 * not win. Every other sample of the first channel says enough. */
static double likeness(const struct plan *p, uint32_t from)
{
    double product = 0, energy = 1;
    for (uint32_t i = 0; i < p->fade; i += 2) {
        double x = p->first[(size_t)(p->at + i) * p->channels], y = p->second[(size_t)(from + i) * p->channels];
        product += x * y;
        energy += y * y;
    }
    return product > 0 ? product * product / energy : 0;
}

/* Looks within 6 ms to both sides of `middle`, coarsely and then around the best; equally good ones leave the length as it is. */
static uint32_t best_start(const struct plan *p, uint32_t middle, uint32_t range)
{
    uint32_t best = middle;
    double most = likeness(p, middle);
    for (uint32_t step = 8; step > 0; step /= 8) {
        uint32_t centre = best, reach = step == 8 ? range : 8;
        for (uint32_t from = centre < reach ? 0 : centre - reach; from <= centre + reach && from + p->fade <= p->second_samples;
             from += step) {
            double l = likeness(p, from);
            if (l > most) {
                most = l;
                best = from;
            }
        }
    }
    return best;
}

static void write_joined(const struct plan *p, int16_t *to)
{
    uint32_t n = p->channels;
    memcpy(to, p->first, (size_t)p->at * n * sizeof *to);
    for (uint32_t i = 0; i < p->fade * n; i++) {
        int32_t w = (int32_t)(i / n * 4096 / p->fade); /* 12 bits of fraction: the products fit in 32 */
        int32_t x = p->first[p->at * n + i], y = p->second[p->from * n + i];
        to[p->at * n + i] = (int16_t)((x * (4096 - w) + y * w) / 4096);
    }
    uint32_t rest = p->from + p->fade;
    memcpy(to + (size_t)(p->at + p->fade) * n, p->second + (size_t)rest * n, (size_t)(p->second_samples - rest) * n * sizeof *to);
}

int audio_stretch_join(rtc_context *context, rtc_audio_frame *first, rtc_audio_frame *second, rtc_audio_frame **out)
{
    int error = check(first, second);
    if (error)
        return error;
    /* Searched over 6 ms, in which a voice repeats itself, and faded over 10. */
    uint32_t rate = rtc_audio_frame_sample_rate(first), fade = rate / 100, range = rate * 6 / 1000;
    uint32_t shorter = smaller(rtc_audio_frame_samples(first), rtc_audio_frame_samples(second));
    struct plan p = {
        .first = rtc_audio_frame_data(first),
        .second = rtc_audio_frame_data(second),
        .channels = rtc_audio_frame_channels(first),
        .second_samples = rtc_audio_frame_samples(second),
        .fade = fade,
        .at = smaller(range, shorter - fade),
    };
    p.from = best_start(&p, p.at, range);
    rtc_audio_frame_options o = {
        .size = sizeof o,
        .format = RTC_AUDIO_S16,
        .sample_rate = rate,
        .channels = p.channels,
        .samples = p.at + p.second_samples - p.from,
        .capture_time_us = rtc_audio_frame_capture_time_us(second),
    };
    if (o.samples > rate)
        return RTC_ERR_TYPE;
    error = rtc_audio_frame_new(context, &o, out);
    if (error)
        return error;
    write_joined(&p, rtc_audio_frame_writable_data(*out));
    rtc_audio_frame_set_rtp_timestamp(*out, rtc_audio_frame_rtp_timestamp(second));
    return RTC_OK;
}
