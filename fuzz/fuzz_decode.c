/* SPDX-License-Identifier: MIT */
/* The codecs as a connection finds them, in the context's table: packets of any bytes in any order into every decoder,
 * pictures and sound into the encoders, and what the encoders made, whole or spoiled, into the decoders. The first byte picks the codec and
 * its channels; then a row of steps: one byte of what, two of length, that many bytes. Pictures are small, so that a
 * run is short: none is larger than the limit, whatever it claims. */
#include "codec_registry.h"
#include "opus_payload.h"
#include "reader.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 24, PIXELS_MAX = 128 * 128, KEPT = 16384 };

struct run {
    rtc_context *context;
    const rtc_codec_ops *codec;
    void *encoder, *decoder;
    uint32_t channels, sample_rate, number;
    uint8_t kept[KEPT]; /* what the encoder made last */
    size_t kept_len;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool video(const struct run *run)
{
    return run->codec->kind == RTC_MEDIA_VIDEO;
}

static rtc_encoded_frame *encoded(struct run *run, struct slice bytes)
{
    rtc_encoded_frame *frame;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = run->codec->kind,
                                         .codec = run->codec->name,
                                         .data = bytes.data,
                                         .data_len = bytes.len,
                                         .rtp_timestamp = run->number * 960,
                                         .capture_time_us = 1 + run->number * 20000};
    require(rtc_encoded_frame_new(run->context, &o, &frame) == RTC_OK);
    return frame;
}

static void decode_video(struct run *run, struct slice bytes)
{
    rtc_video_frame *picture = NULL;
    if (bytes.len == 0)
        return;
    rtc_encoded_frame *frame = encoded(run, bytes);
    int error = run->codec->decode_video(run->decoder, frame, &picture);
    require(error == RTC_OK || error == RTC_ERR_ENCODING);
    if (!error && picture)
        require(rtc_video_frame_format(picture) == RTC_VIDEO_I420 &&
                rtc_video_frame_width(picture) * rtc_video_frame_height(picture) <= PIXELS_MAX);
    rtc_video_frame_unref(picture);
    rtc_encoded_frame_unref(frame);
}

static void decode_audio(struct run *run, uint8_t how, struct slice bytes)
{
    static const uint32_t wanted[] = {0, 1, 120, 480, 960, 1000, 5760, 100000};
    rtc_audio_decode what = (rtc_audio_decode)(1 + how % 3);
    struct opus_payload payload;
    rtc_audio_frame *sound = NULL;
    if (bytes.len == 0 && what != RTC_AUDIO_DECODE_CONCEAL)
        return;
    (void)opus_payload_parse(bytes, &payload);
    rtc_encoded_frame *frame = what == RTC_AUDIO_DECODE_CONCEAL ? NULL : encoded(run, bytes);
    int error = run->codec->decode_audio(run->decoder, what, frame, wanted[how / 3 % 8], &sound);
    require(error == RTC_OK || error == RTC_ERR_ENCODING);
    if (!error)
        require(sound && rtc_audio_frame_channels(sound) == run->channels && rtc_audio_frame_samples(sound) <= 5760);
    rtc_audio_frame_unref(sound);
    rtc_encoded_frame_unref(frame);
}

static void begin(struct run *run)
{
    const rtc_codec_parameters agreed = {.size = sizeof agreed, .name = run->codec->name, .fmtp = ""};
    int error = run->codec->decoder_new_with ? run->codec->decoder_new_with(run->context, &agreed, &run->decoder)
                                             : run->codec->decoder_new(run->context, run->channels, &run->decoder);
    require(error == RTC_OK);
}

/* A step of its own makes the decoder anew. */
static void renew(struct run *run)
{
    run->codec->decoder_free(run->decoder);
    run->decoder = NULL;
    begin(run);
}

static void configure(struct run *run, struct slice bytes)
{
    struct reader r = reader_of(bytes);
    const rtc_encoder_settings settings = {.size = sizeof settings,
                                           .width = 1 + reader_u8(&r) % 128,
                                           .height = 1 + reader_u8(&r) % 128,
                                           .frames_per_second = reader_u8(&r),
                                           .sample_rate = run->sample_rate,
                                           .channels = run->channels,
                                           .bitrate_bps = reader_u16(&r) * 100u,
                                           .packet_loss_percent = reader_u8(&r),
                                           .inband_fec = reader_u8(&r) & 1,
                                           .speed = reader_u8(&r) % 6};
    if (!run->encoder)
        (void)run->codec->encoder_new(run->context, &settings, &run->encoder);
    else
        (void)run->codec->encoder_configure(run->encoder, &settings);
}

static void keep(struct run *run, rtc_encoded_frame *frame)
{
    if (!frame)
        return;
    run->kept_len = rtc_encoded_frame_len(frame) < KEPT ? rtc_encoded_frame_len(frame) : KEPT;
    memcpy(run->kept, rtc_encoded_frame_data(frame), run->kept_len);
    rtc_encoded_frame_unref(frame);
}

static void encode_video(struct run *run, struct slice bytes)
{
    struct reader r = reader_of(bytes);
    rtc_video_frame_options o = {.size = sizeof o, .format = RTC_VIDEO_I420, .capture_time_us = 1 + run->number * 33000};
    rtc_video_frame *picture;
    rtc_encoded_frame *frame = NULL;
    o.width = 1 + reader_u8(&r) % 128;
    o.height = 1 + reader_u8(&r) % 128;
    uint8_t flags = reader_u8(&r);
    o.rotation = (flags & 3) * 90u;
    o.format = flags & 64 ? RTC_VIDEO_NV12 : RTC_VIDEO_I420;
    require(rtc_video_frame_new(run->context, &o, &picture) == RTC_OK);
    size_t room = rtc_video_frame_stride(picture, 0) * o.height;
    for (size_t i = 0; i < room; i++)
        rtc_video_frame_writable_plane(picture, 0)[i] = (uint8_t)(bytes.len ? bytes.data[i % bytes.len] + i / 64 : 0);
    if (run->encoder && run->codec->encode_video(run->encoder, picture, flags & 4, &frame) == RTC_OK)
        keep(run, frame);
    rtc_video_frame_unref(picture);
}

static void encode_audio(struct run *run, struct slice bytes)
{
    rtc_audio_frame *sound;
    rtc_encoded_frame *frame = NULL;
    const rtc_audio_frame_options o = {.size = sizeof o,
                                       .format = RTC_AUDIO_S16,
                                       .sample_rate = run->sample_rate,
                                       .channels = run->channels,
                                       .samples = 960,
                                       .capture_time_us = 1 + run->number * 20000};
    require(rtc_audio_frame_new(run->context, &o, &sound) == RTC_OK);
    int16_t *samples = rtc_audio_frame_writable_data(sound);
    for (size_t i = 0; bytes.len && i < 960 * run->channels; i++)
        samples[i] = (int16_t)((bytes.data[i % bytes.len] - 128) * 200);
    if (run->encoder && run->codec->encode_audio(run->encoder, sound, &frame) == RTC_OK)
        keep(run, frame);
    rtc_audio_frame_unref(sound);
}

static void decode(struct run *run, uint8_t how, struct slice bytes)
{
    if (video(run))
        decode_video(run, bytes);
    else
        decode_audio(run, how, bytes);
}

/* The bytes are pairs: where, and what is changed there. */
static void decode_kept(struct run *run, uint8_t how, struct slice changes)
{
    for (size_t i = 0; i + 1 < changes.len && run->kept_len > 0; i += 2)
        run->kept[changes.data[i] % run->kept_len] ^= changes.data[i + 1];
    decode(run, how, slice_of(run->kept, how & 64 ? run->kept_len / 2 : run->kept_len));
}

static void step(struct run *run, uint8_t what, struct slice bytes)
{
    run->number++;
    switch (what & 7) {
    case 0:
        configure(run, bytes);
        break;
    case 1:
        if (video(run))
            encode_video(run, bytes);
        else
            encode_audio(run, bytes);
        break;
    case 2:
    case 3:
        decode_kept(run, what >> 2, bytes);
        break;
    case 4:
        renew(run);
        break;
    default:
        decode(run, what >> 2, bytes);
        break;
    }
}

static const char *const names[2][4] = {{"VP8", "VP9", "H264", "VP8"}, {"opus", "PCMU", "PCMA", "opus"}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(slice_of(data, size));
    static struct run run;
    uint8_t flags = reader_u8(&r);
    run = (struct run){.channels = 1 + (flags >> 1 & 1)};
    const rtc_limits limits = {.size = sizeof limits, .picture_pixels = PIXELS_MAX};
    const rtc_context_options options = {.size = sizeof options, .limits = &limits};
    require(rtc_context_new(&options, &run.context) == RTC_OK);
    bool sound = flags & 1;
    run.codec = codec_find_decoder(run.context, sound ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO, names[sound][flags >> 2 & 3]);
    if (!run.codec) { /* left out of this build */
        rtc_context_unref(run.context);
        return 0;
    }
    run.sample_rate = sound && strcmp(run.codec->name, "opus") != 0 ? 8000 : 48000;
    run.channels = run.sample_rate == 8000 ? 1 : run.channels;
    begin(&run);
    for (unsigned steps = 0; reader_left(&r) >= 3 && steps < STEPS_MAX; steps++) {
        uint8_t what = reader_u8(&r);
        size_t len = reader_u16(&r) % 2048;
        step(&run, what, reader_bytes(&r, len < reader_left(&r) ? len : reader_left(&r)));
    }
    run.codec->decoder_free(run.decoder);
    if (run.encoder)
        run.codec->encoder_free(run.encoder);
    rtc_context_unref(run.context);
    return 0;
}
