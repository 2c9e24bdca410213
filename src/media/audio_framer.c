/* SPDX-License-Identifier: MIT */
/* Packets for an audio encoder out of whatever is pushed; see audio_framer.h. */
#include "audio_framer.h"

#include "context.h"
#include "media_tools.h"
#include "memory.h"

#include <math.h>

enum { GAP_US = 100000, FOLLOW = 64 /* of a difference to the clock, what part is made up for at once */, RESAMPLE_MARGIN = 64 };

/* Owner: the encoding part of a sending pipeline, on whose thread everything here is called and written. */
struct audio_framer {
    rtc_context *context;
    uint32_t rate, channels, packet_samples;
    struct audio_resampler *resampler; /* NULL while the rate in is that rate */
    uint32_t rate_in;
    int16_t *mixed; /* the pushed frame in S16 and our channels */
    size_t mixed_capacity;
    int16_t *ready; /* at `rate`, not yet in a packet */
    size_t ready_capacity;
    uint32_t ready_samples;
    bool started;
    rtc_time_t base_time; /* of the sample that `base_rtp` stands for */
    uint32_t base_rtp;
    int64_t popped; /* samples since then that went out in packets */
};

int audio_framer_new(rtc_context *context, uint32_t rate, uint32_t channels, uint32_t packet_samples, struct audio_framer **out)
{
    if (rate < 1000 || rate > AUDIO_FRAMER_RATE_MAX || rate % 1000 != 0 || channels < 1 || channels > 2 || packet_samples < 1 ||
        packet_samples > rate)
        return RTC_ERR_RANGE;
    context = context_resolve(context);
    struct audio_framer *f = context ? memory_zeroed(context, sizeof *f) : NULL;
    if (!f)
        return RTC_ERR_NO_MEMORY;
    f->context = rtc_context_ref(context);
    f->rate = f->rate_in = rate;
    f->channels = channels;
    f->packet_samples = packet_samples;
    *out = f;
    return RTC_OK;
}

static void free_resampler(struct audio_framer *f)
{
    if (f->resampler)
        builtin_media_tools->resampler_free(f->resampler);
    f->resampler = NULL;
}

void audio_framer_free(struct audio_framer *f)
{
    if (!f)
        return;
    free_resampler(f);
    rtc_context *context = f->context;
    memory_free(context, f->mixed);
    memory_free(context, f->ready);
    memory_free(context, f);
    rtc_context_unref(context);
}

void audio_framer_set_packet(struct audio_framer *f, uint32_t packet_samples)
{
    if (packet_samples >= 1 && packet_samples <= f->rate)
        f->packet_samples = packet_samples;
}

static rtc_time_t duration_us(const struct audio_framer *f, int64_t samples)
{
    return samples * 1000000 / f->rate;
}

/* The mean of every `every`-th channel from `first` on, in S16. */
static int16_t mix(const rtc_audio_frame *frame, uint32_t sample, uint32_t first, uint32_t every)
{
    uint32_t channels = rtc_audio_frame_channels(frame);
    const void *data = rtc_audio_frame_data(frame);
    float sum = 0;
    uint32_t n = 0;
    for (uint32_t c = first; c < channels; c += every, n++) {
        size_t i = (size_t)sample * channels + c;
        sum += rtc_audio_frame_format(frame) == RTC_AUDIO_F32 ? ((const float *)data)[i] * 32768.0f : (float)((const int16_t *)data)[i];
    }
    float mean = sum / (float)n;
    if (isnan(mean))
        return 0;
    return mean > 32767.0f ? 32767 : mean < -32768.0f ? -32768 : (int16_t)mean;
}

/* One channel goes to both; of more than two the even ones go left, the odd ones right. */
static bool mix_frame(struct audio_framer *f, const rtc_audio_frame *frame)
{
    uint32_t samples = rtc_audio_frame_samples(frame), channels = rtc_audio_frame_channels(frame);
    if (!memory_grow(f->context, (void **)&f->mixed, &f->mixed_capacity, (size_t)samples * f->channels, sizeof *f->mixed))
        return false;
    if (channels == f->channels && rtc_audio_frame_format(frame) == RTC_AUDIO_S16) {
        memcpy(f->mixed, rtc_audio_frame_data(frame), (size_t)samples * channels * sizeof *f->mixed);
        return true;
    }
    for (uint32_t i = 0; i < samples; i++)
        for (uint32_t c = 0; c < f->channels; c++)
            f->mixed[i * f->channels + c] = mix(frame, i, channels == 1 ? 0 : c, f->channels);
    return true;
}

static int use_rate(struct audio_framer *f, uint32_t rate)
{
    if (rate == f->rate_in)
        return RTC_OK;
    struct audio_resampler *resampler = NULL;
    if (rate != f->rate) {
        if (!builtin_media_tools)
            return RTC_ERR_NOT_SUPPORTED;
        int error = builtin_media_tools->resampler_new(f->context, f->channels, rate, f->rate, &resampler);
        if (error)
            return error;
    }
    free_resampler(f);
    f->resampler = resampler;
    f->rate_in = rate;
    return RTC_OK;
}

/* What has been cut so far ends where this frame begins, or nearly: sound is counted, not timed, and the time of its samples
 * follows the clock little by little, for a sound card's second is not quite one. Otherwise there was a pause: RTP time goes on with it. */
static void follow_time(struct audio_framer *f, rtc_time_t capture)
{
    rtc_time_t buffered_from = f->base_time + duration_us(f, f->popped);
    rtc_time_t off = capture - (buffered_from + duration_us(f, f->ready_samples));
    if (f->started && off <= GAP_US && off >= -GAP_US) {
        f->base_time += off / FOLLOW;
        return;
    }
    uint32_t ahead = f->popped > 0 ? (uint32_t)f->popped : 0;
    if (!f->started)
        f->base_rtp = (uint32_t)((uint64_t)capture * (f->rate / 1000) / 1000);
    else if (capture > buffered_from)
        f->base_rtp += ahead + (uint32_t)((uint64_t)(capture - buffered_from) * (f->rate / 1000) / 1000);
    else
        f->base_rtp += ahead + f->ready_samples;
    f->started = true;
    f->base_time = capture;
    f->popped = 0;
    f->ready_samples = 0;
}

static int append(struct audio_framer *f, uint32_t samples)
{
    uint32_t room = f->resampler ? (uint32_t)((uint64_t)samples * f->rate / f->rate_in) + RESAMPLE_MARGIN : samples;
    if (!memory_grow(f->context, (void **)&f->ready, &f->ready_capacity, ((size_t)f->ready_samples + room) * f->channels, sizeof *f->ready))
        return RTC_ERR_NO_MEMORY;
    int16_t *to = f->ready + (size_t)f->ready_samples * f->channels;
    if (f->resampler) {
        int error = builtin_media_tools->resampler_process(f->resampler, f->mixed, &samples, to, &room);
        if (error)
            return error;
    } else {
        memcpy(to, f->mixed, (size_t)samples * f->channels * sizeof *to);
    }
    f->ready_samples += room;
    return RTC_OK;
}

int audio_framer_push(struct audio_framer *f, rtc_audio_frame *frame)
{
    int error = use_rate(f, rtc_audio_frame_sample_rate(frame));
    if (error)
        return error;
    if (!mix_frame(f, frame))
        return RTC_ERR_NO_MEMORY;
    follow_time(f, rtc_audio_frame_capture_time_us(frame));
    return append(f, rtc_audio_frame_samples(frame));
}

static void consume(struct audio_framer *f)
{
    f->ready_samples -= f->packet_samples;
    f->popped += f->packet_samples;
    memmove(f->ready, f->ready + (size_t)f->packet_samples * f->channels, (size_t)f->ready_samples * f->channels * sizeof *f->ready);
}

int audio_framer_pop(struct audio_framer *f, rtc_audio_frame **out)
{
    *out = NULL;
    if (f->ready_samples < f->packet_samples)
        return RTC_OK;
    rtc_audio_frame_options o = {
        .size = sizeof o,
        .format = RTC_AUDIO_S16,
        .sample_rate = f->rate,
        .channels = f->channels,
        .samples = f->packet_samples,
        .capture_time_us = f->base_time + duration_us(f, f->popped),
        .data = f->ready,
    };
    int error = rtc_audio_frame_new(f->context, &o, out);
    if (!error)
        rtc_audio_frame_set_rtp_timestamp(*out, f->base_rtp + (uint32_t)f->popped);
    consume(f); /* lost when memory is: sound must not pile up */
    return error;
}
