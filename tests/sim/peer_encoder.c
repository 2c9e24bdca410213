/* SPDX-License-Identifier: MIT */
/* See peer_encoder.h. */
#include "peer_encoder.h"

#include <stdlib.h>
#include <string.h>

enum { MS = 1000, SECOND = 1000000, PICTURE_US = 33333, BYTES_LEAST = 120, BYTES_MOST = 200000, WIDTH = 160, HEIGHT = 90 };
enum { KEYFRAME_TIMES = 7, KEYFRAME_BYTES = 5000, SUDDEN_ONE_IN = 200, SUDDEN_TIMES = 4 };
static const double spread = 0.3, debt_most_s = 0.35, paid_by = 0.6, follows = 0.5;

struct instance {
    struct peer_encoder *shared;
    double bps, debt; /* debt: bytes beyond what the target was */
    rtc_time_t last;
};

static struct peer_encoder *all[PEER_ENCODERS];
static size_t count;

static struct peer_encoder *of_context(const rtc_context *context)
{
    for (size_t i = count; i > 0; i--)
        if (all[(i - 1) % PEER_ENCODERS]->context == context)
            return all[(i - 1) % PEER_ENCODERS];
    abort();
}

static double chance(struct peer_encoder *e)
{
    e->random = e->random * 6364136223846793005u + 1442695040888963407u;
    return (double)(e->random >> 40) / (double)(1 << 24);
}

static int encoder_configure(void *encoder, const rtc_encoder_settings *settings)
{
    struct instance *e = encoder;
    e->shared->bitrate_bps = settings->bitrate_bps;
    e->bps = e->bps > 0 ? e->bps : settings->bitrate_bps;
    return RTC_OK;
}

static int encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    struct instance *e = calloc(1, sizeof *e);
    if (!e)
        return RTC_ERR_NO_MEMORY;
    e->shared = of_context(context);
    *out = e;
    return encoder_configure(e, settings);
}

/* How large the next picture is; 0: it is left out. */
static double size_of(struct instance *e, rtc_time_t now, bool keyframe)
{
    double passed = e->last > 0 && now > e->last ? (double)(now - e->last) / SECOND : (double)PICTURE_US / SECOND;
    e->last = now;
    e->bps += (e->shared->bitrate_bps - e->bps) * follows;
    double budget = e->bps / 8 * PICTURE_US / SECOND, most = e->bps / 8 * debt_most_s;
    e->debt -= e->bps / 8 * passed;
    e->debt = e->debt < -2 * budget ? -2 * budget : e->debt;
    if (e->debt > most && !keyframe)
        return 0;
    double bytes = budget * (1 + spread * (2 * chance(e->shared) - 1));
    if (e->debt > 0)
        bytes *= 1 - paid_by * (e->debt < most ? e->debt / most : 1);
    if (keyframe)
        bytes = bytes * KEYFRAME_TIMES > KEYFRAME_BYTES ? bytes * KEYFRAME_TIMES : KEYFRAME_BYTES;
    else if (chance(e->shared) * SUDDEN_ONE_IN < 1)
        bytes *= SUDDEN_TIMES;
    bytes = bytes < BYTES_LEAST ? BYTES_LEAST : bytes > BYTES_MOST ? BYTES_MOST : bytes;
    e->debt += bytes;
    return bytes;
}

/* RFC 6386 section 9.1. */
static int made(struct peer_encoder *e, rtc_time_t at, bool keyframe, size_t len, rtc_encoded_frame **out)
{
    const uint8_t head[] = {keyframe ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a, WIDTH, 0, HEIGHT, 0};
    const rtc_encoded_frame_options options = {.size = sizeof options,
                                               .kind = RTC_MEDIA_VIDEO,
                                               .codec = "VP8",
                                               .data_len = len,
                                               .keyframe = keyframe,
                                               .rtp_timestamp = (uint32_t)((uint64_t)at * 9 / 100),
                                               .capture_time_us = at,
                                               .width = WIDTH,
                                               .height = HEIGHT};
    int error = rtc_encoded_frame_new(e->context, &options, out);
    if (error)
        return error;
    memset(rtc_encoded_frame_writable_data(*out), 0, len);
    memcpy(rtc_encoded_frame_writable_data(*out), head, sizeof head);
    return RTC_OK;
}

static int encode(void *encoder, rtc_video_frame *frame, bool keyframe, rtc_encoded_frame **out)
{
    struct instance *e = encoder;
    rtc_time_t at = rtc_video_frame_capture_time_us(frame);
    double bytes = size_of(e, at, keyframe);
    *out = NULL;
    e->shared->left_out += bytes <= 0;
    if (bytes <= 0)
        return RTC_OK;
    e->shared->pictures++;
    e->shared->keyframes += keyframe;
    return made(e->shared, at, keyframe, (size_t)bytes, out);
}

static int decoder_new(rtc_context *context, uint32_t channels, void **out)
{
    (void)channels;
    *out = context;
    return RTC_OK;
}

static void decoder_free(void *decoder)
{
    (void)decoder;
}

static int decode(void *decoder, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    const rtc_video_frame_options options = {.size = sizeof options, .format = RTC_VIDEO_I420, .width = 16, .height = 16};
    (void)frame;
    return rtc_video_frame_new(decoder, &options, out);
}

int peer_encoder_add(rtc_context *context, struct peer_encoder *encoder, uint64_t seed)
{
    static const rtc_codec_ops codec = {.size = sizeof codec,
                                        .kind = RTC_MEDIA_VIDEO,
                                        .name = "VP8",
                                        .encoder_new = encoder_new,
                                        .encoder_free = free,
                                        .encoder_configure = encoder_configure,
                                        .encode_video = encode,
                                        .decoder_new = decoder_new,
                                        .decoder_free = decoder_free,
                                        .decode_video = decode};
    *encoder = (struct peer_encoder){.context = context, .random = seed * 2862933555777941757u + 3037000493u};
    all[count++ % PEER_ENCODERS] = encoder;
    return rtc_context_add_codec(context, &codec);
}
