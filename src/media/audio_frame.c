/* SPDX-License-Identifier: MIT */
/* Stretches of sound (<crtc/media.h>). */
#include "frame.h"

#include "context.h"
#include "error.h"
#include "memory.h"
#include "options.h"
#include "references.h"

#include <stdatomic.h>
#include <stdalign.h>

/* Counted. Written by whoever made it until it is pushed or handed on; nobody writes it after that, but for the count. */
struct rtc_audio_frame {
    atomic_uint references;
    rtc_context *context;
    rtc_audio_format format;
    uint32_t sample_rate, channels, samples, rtp_timestamp;
    rtc_time_t capture_time_us;
    alignas(16) uint8_t data[];
};

size_t audio_format_sample_bytes(rtc_audio_format format)
{
    return format == RTC_AUDIO_F32 ? sizeof(float) : sizeof(int16_t);
}

static int check(const rtc_audio_frame_options *o)
{
    if (o->format != RTC_AUDIO_S16 && o->format != RTC_AUDIO_F32)
        return error_say(RTC_ERR_TYPE, "unknown format of samples %d", (int)o->format);
    if (o->sample_rate < 8000 || o->sample_rate > 192000)
        return error_say(RTC_ERR_RANGE, "a sample rate of %u Hz: it must be 8000 to 192000", o->sample_rate);
    if (o->channels < 1 || o->channels > 8)
        return error_say(RTC_ERR_RANGE, "%u channels: there must be 1 to 8", o->channels);
    if (o->samples < 1 || o->samples > o->sample_rate)
        return error_say(RTC_ERR_RANGE, "%u samples: there must be 1 to %u, a second", o->samples, o->sample_rate);
    return RTC_OK;
}

static int make(rtc_context *context, const rtc_audio_frame_options *o, rtc_audio_frame **out)
{
    size_t bytes = (size_t)o->samples * o->channels * audio_format_sample_bytes(o->format);
    rtc_audio_frame *frame = memory_alloc(context, sizeof *frame + bytes);
    if (!frame)
        return RTC_ERR_NO_MEMORY;
    memset(frame, 0, sizeof *frame);
    atomic_init(&frame->references, 1);
    frame->context = rtc_context_ref(context);
    frame->format = o->format;
    frame->sample_rate = o->sample_rate;
    frame->channels = o->channels;
    frame->samples = o->samples;
    frame->capture_time_us = o->capture_time_us ? o->capture_time_us : rtc_now();
    if (o->data)
        memcpy(frame->data, o->data, bytes);
    else
        memset(frame->data, 0, bytes);
    *out = frame;
    return RTC_OK;
}

int rtc_audio_frame_new(rtc_context *context, const rtc_audio_frame_options *given, rtc_audio_frame **out)
{
    rtc_audio_frame_options o;
    if (!given || !out)
        return error_say(RTC_ERR_TYPE, "rtc_audio_frame_new: %s is NULL", given ? "out" : "options");
    int error = options_take(&o, sizeof o, given, "rtc_audio_frame_options");
    if (error)
        return error;
    error = check(&o);
    if (error)
        return error;
    context = context_resolve(context);
    return error_plain(context ? make(context, &o, out) : RTC_ERR_NO_MEMORY);
}

rtc_audio_frame *rtc_audio_frame_ref(rtc_audio_frame *frame)
{
    if (frame)
        references_take(&frame->references);
    return frame;
}

void rtc_audio_frame_unref(rtc_audio_frame *frame)
{
    if (!frame || !references_drop(&frame->references))
        return;
    context_free(frame->context, frame);
}

rtc_audio_format rtc_audio_frame_format(const rtc_audio_frame *frame)
{
    return frame->format;
}

uint32_t rtc_audio_frame_sample_rate(const rtc_audio_frame *frame)
{
    return frame->sample_rate;
}

uint32_t rtc_audio_frame_channels(const rtc_audio_frame *frame)
{
    return frame->channels;
}

uint32_t rtc_audio_frame_samples(const rtc_audio_frame *frame)
{
    return frame->samples;
}

rtc_time_t rtc_audio_frame_capture_time_us(const rtc_audio_frame *frame)
{
    return frame->capture_time_us;
}

uint32_t rtc_audio_frame_rtp_timestamp(const rtc_audio_frame *frame)
{
    return frame->rtp_timestamp;
}

void rtc_audio_frame_set_rtp_timestamp(rtc_audio_frame *frame, uint32_t rtp_timestamp)
{
    frame->rtp_timestamp = rtp_timestamp;
}

const void *rtc_audio_frame_data(const rtc_audio_frame *frame)
{
    return frame->data;
}

void *rtc_audio_frame_writable_data(rtc_audio_frame *frame)
{
    return frame->data;
}

rtc_context *audio_frame_context(const rtc_audio_frame *frame)
{
    return frame->context;
}
