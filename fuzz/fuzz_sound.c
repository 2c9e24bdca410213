/* SPDX-License-Identifier: MIT */
/* Sound of any rate, length, format and channel count, on its way into packets and out of the buffer: framing with resampling, joining two
 * stretches, silence in its place. The first byte is the framer's channels and packets; then a row of frames: rate, flags, two bytes of
 * length, one of time, and the samples' pattern. */
#include "audio_framer.h"
#include "audio_stretch.h"
#include "media_substitute.h"
#include "reader.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES_MAX = 32, PATTERN = 16 };

struct run {
    struct audio_framer *framer;
    uint32_t channels, packet;
    rtc_time_t time;
    rtc_audio_frame *before; /* to be joined with what comes next */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void fill(rtc_audio_frame *frame, struct slice pattern, uint8_t flags)
{
    size_t count = (size_t)rtc_audio_frame_samples(frame) * rtc_audio_frame_channels(frame);
    void *samples = rtc_audio_frame_writable_data(frame);
    bool floats = rtc_audio_frame_format(frame) == RTC_AUDIO_F32;
    for (size_t i = 0; i < count && pattern.len > 0; i++) {
        uint8_t b = pattern.data[i * ((flags >> 5) + 1u) / 8 % pattern.len];
        if (floats)
            memcpy((float *)samples + i, &(float){(float)(b - 128) / 100.0f}, sizeof(float));
        else
            ((int16_t *)samples)[i] = (int16_t)((b - 128) * 256);
    }
    if (floats && pattern.len > 3)
        memcpy(samples, pattern.data, 4); /* any float: also none */
}

static rtc_audio_frame *next_frame(struct run *run, struct reader *r)
{
    static const uint32_t rates[] = {48000, 8000, 16000, 44100, 11025, 96000, 192000, 22050};
    uint8_t rate = reader_u8(r), flags = reader_u8(r);
    uint16_t length = reader_u16(r);
    int8_t passed = (int8_t)reader_u8(r);
    rtc_audio_frame *frame = NULL;
    run->time += (rtc_time_t)passed * (flags & 1 ? 5000 : 200000);
    rtc_audio_frame_options o = {.size = sizeof o, .format = flags & 2 ? RTC_AUDIO_F32 : RTC_AUDIO_S16, .capture_time_us = run->time};
    o.sample_rate = rate & 128 ? 8000u + rate * 37u : rates[rate % 8];
    o.channels = flags & 4 ? 1 + (flags >> 5) : 1 + (flags >> 3 & 1);
    o.samples = 1 + length % 4096u;
    size_t left = reader_left(r);
    struct slice pattern = reader_bytes(r, left < PATTERN ? left : PATTERN);
    require(rtc_audio_frame_new(NULL, &o, &frame) == RTC_OK);
    fill(frame, pattern, flags);
    return frame;
}

static void join(struct run *run, rtc_audio_frame *frame)
{
    rtc_audio_frame *joined = NULL;
    if (run->before && audio_stretch_join(NULL, run->before, frame, &joined) == RTC_OK) {
        uint32_t rate = rtc_audio_frame_sample_rate(frame), got = rtc_audio_frame_samples(joined), was = rtc_audio_frame_samples(frame);
        require(got + rate / 100 >= was && got <= was + rate / 100);
        rtc_audio_frame_unref(joined);
    }
    rtc_audio_frame_unref(run->before);
    run->before = rtc_audio_frame_ref(frame);
}

static void take(struct run *run, rtc_audio_frame *frame)
{
    rtc_audio_frame *silence, *packet;
    join(run, frame);
    if (media_substitute_silence(frame, &silence) == RTC_OK)
        rtc_audio_frame_unref(silence);
    if (audio_framer_push(run->framer, frame) != RTC_OK)
        return;
    for (unsigned packets = 0; audio_framer_pop(run->framer, &packet) == RTC_OK && packet; packets++) {
        require(packets < 4096);
        require(rtc_audio_frame_samples(packet) == run->packet && rtc_audio_frame_channels(packet) == run->channels);
        rtc_audio_frame_unref(packet);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t packets[] = {960, 480, 120, 2880};
    struct reader r = reader_of(slice_of(data, size));
    uint8_t flags = reader_u8(&r);
    struct run run = {.channels = 1 + (flags & 1), .packet = packets[flags >> 1 & 3], .time = 1000000000};
    require(audio_framer_new(NULL, 48000, run.channels, run.packet, &run.framer) == RTC_OK);
    for (unsigned frames = 0; reader_left(&r) >= 5 && frames < FRAMES_MAX; frames++) {
        rtc_audio_frame *frame = next_frame(&run, &r);
        take(&run, frame);
        rtc_audio_frame_unref(frame);
    }
    rtc_audio_frame_unref(run.before);
    audio_framer_free(run.framer);
    return 0;
}
