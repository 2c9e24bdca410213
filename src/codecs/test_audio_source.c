/* SPDX-License-Identifier: MIT */
/* A source of a sine tone or a voice (<crtc/media.h>, rtc_test_audio_source_new). */
#include "context.h"
#include "error.h"
#include "memory.h"
#include "options.h"
#include "test_source.h"
#include "test_voice.h"

#include <math.h>

enum { RATE = 48000, PER_SECOND = 100, SAMPLES = RATE / PER_SECOND };

/* Owner: its test source. The thread that makes the frames alone writes `voice`. */
struct maker {
    rtc_context *context; /* borrowed from the source */
    rtc_test_audio_options options;
    struct test_voice voice; /* with options.voice */
};

/* The phase follows from the sample's number alone, in whole periods per second, so that it never drifts. */
static double tone_at(uint32_t frequency_hz, uint64_t number)
{
    uint64_t turns = number % RATE * frequency_hz % RATE;
    return sin(2 * 3.14159265358979323846 * (double)turns / RATE);
}

static void fill(struct maker *m, uint64_t number, int16_t *to)
{
    const rtc_test_audio_options *o = &m->options;
    double amplitude = 32767.0 * o->level_percent / 100;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        double sample = o->voice ? test_voice_next(&m->voice) : tone_at(o->frequency_hz, number * SAMPLES + i);
        int16_t value = (int16_t)lrint(amplitude * sample);
        for (uint32_t c = 0; c < o->channels; c++)
            *to++ = value;
    }
}

static void push(void *user, rtc_media_source *source, uint64_t number, rtc_time_t at)
{
    struct maker *m = user;
    const rtc_audio_frame_options o = {
        .size = sizeof o,
        .format = RTC_AUDIO_S16,
        .sample_rate = RATE,
        .channels = m->options.channels,
        .samples = SAMPLES,
        .capture_time_us = at,
    };
    rtc_audio_frame *frame;
    if (rtc_audio_frame_new(m->context, &o, &frame) != RTC_OK)
        return;
    fill(m, number, rtc_audio_frame_writable_data(frame));
    (void)rtc_media_source_push_audio(source, frame);
    rtc_audio_frame_unref(frame);
}

static void release(rtc_context *context, void *maker)
{
    memory_free(context, maker);
}

static const struct test_source_ops ops = {push, release};

static bool in_range(const rtc_test_audio_options *o)
{
    return o->frequency_hz >= 20 && o->frequency_hz <= 20000 && o->channels <= 2 && o->level_percent <= 100;
}

static void take_defaults(rtc_test_audio_options *o)
{
    if (o->frequency_hz == 0)
        o->frequency_hz = o->voice ? 120 : 440;
    if (o->channels == 0)
        o->channels = 1;
    if (o->level_percent == 0)
        o->level_percent = 30;
}

int rtc_test_audio_source_new(rtc_context *context, const rtc_test_audio_options *given, rtc_media_source **out)
{
    rtc_test_audio_options o;
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_test_audio_source_new: out is NULL");
    int error = options_take(&o, sizeof o, given, "rtc_test_audio_options");
    if (error)
        return error;
    take_defaults(&o);
    if (!in_range(&o))
        return error_say(RTC_ERR_RANGE, "a test tone of %u Hz, %u channels, level %u: they must be 20 to 20000, 1 or 2, up to 100",
                         o.frequency_hz, o.channels, o.level_percent);
    context = context_resolve(context);
    struct maker *m = context ? memory_alloc(context, sizeof *m) : NULL;
    if (!m)
        return error_plain(RTC_ERR_NO_MEMORY);
    *m = (struct maker){.context = context, .options = o};
    test_voice_init(&m->voice, o.voice, o.frequency_hz);
    error = test_source_new(context, RTC_MEDIA_AUDIO, o.voice ? "test voice" : "test tone", PER_SECOND, &ops, m, out);
    if (error)
        memory_free(context, m);
    return error_plain(error);
}
