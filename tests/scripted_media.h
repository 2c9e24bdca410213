/* SPDX-License-Identifier: MIT */
/* Encoded frames without a codec: a plausible VP8 or Opus head, then a serial number and the capture time, so that what comes out can be
 * judged. */
#ifndef CRTC_SCRIPTED_MEDIA_H
#define CRTC_SCRIPTED_MEDIA_H

#include <crtc/media.h>
#include <string.h>

enum { SCRIPTED_HEAD = 10, SCRIPTED_LEAST = 32, SCRIPTED_AUDIO_BYTES = 90, SCRIPTED_VIDEO_MOST = 60000 };

static inline void scripted_put(uint8_t *p, uint32_t serial, rtc_time_t time)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(serial >> (24 - 8 * i));
    for (int i = 0; i < 8; i++)
        p[4 + i] = (uint8_t)((uint64_t)time >> (56 - 8 * i));
}

static inline uint32_t scripted_serial(const rtc_encoded_frame *frame)
{
    const uint8_t *p = rtc_encoded_frame_data(frame) + SCRIPTED_HEAD;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline rtc_time_t scripted_time(const rtc_encoded_frame *frame)
{
    const uint8_t *p = rtc_encoded_frame_data(frame) + SCRIPTED_HEAD + 4;
    uint64_t t = 0;
    for (int i = 0; i < 8; i++)
        t = t << 8 | p[i];
    return (rtc_time_t)t;
}

/* 640x360 (RFC 6386 9.1). */
static inline rtc_encoded_frame *scripted_video(rtc_context *context, uint32_t serial, rtc_time_t now, bool key, size_t len)
{
    static const uint8_t head[SCRIPTED_HEAD] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    rtc_encoded_frame *frame = NULL;
    len = len < SCRIPTED_LEAST ? SCRIPTED_LEAST : len > SCRIPTED_VIDEO_MOST ? SCRIPTED_VIDEO_MOST : len;
    const rtc_encoded_frame_options options = {.size = sizeof options,
                                               .kind = RTC_MEDIA_VIDEO,
                                               .codec = "VP8",
                                               .data_len = len,
                                               .keyframe = key,
                                               .rtp_timestamp = serial * 3000u,
                                               .capture_time_us = now,
                                               .width = 640,
                                               .height = 360};
    if (rtc_encoded_frame_new(context, &options, &frame))
        return NULL;
    uint8_t *data = rtc_encoded_frame_writable_data(frame);
    memset(data, (int)(serial & 0xff), len);
    memcpy(data, head, sizeof head);
    data[0] = key ? 0x10 : 0x11;
    if (!key)
        memset(data + 3, 0, SCRIPTED_HEAD - 3); /* the finest quantizer there is (9.6) */
    scripted_put(data + SCRIPTED_HEAD, serial, now);
    return frame;
}

/* 20 ms, hybrid mode, mono, with redundancy (RFC 6716 3.1, 4.2.3). */
static inline rtc_encoded_frame *scripted_audio(rtc_context *context, uint32_t serial, rtc_time_t now)
{
    uint8_t data[SCRIPTED_AUDIO_BYTES] = {0x78, 0xc0};
    rtc_encoded_frame *frame = NULL;
    scripted_put(data + SCRIPTED_HEAD, serial, now);
    const rtc_encoded_frame_options options = {.size = sizeof options,
                                               .kind = RTC_MEDIA_AUDIO,
                                               .codec = "opus",
                                               .data = data,
                                               .data_len = sizeof data,
                                               .rtp_timestamp = serial * 960u,
                                               .capture_time_us = now,
                                               .duration = 960};
    return rtc_encoded_frame_new(context, &options, &frame) ? NULL : frame;
}

#endif
