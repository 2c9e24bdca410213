/* SPDX-License-Identifier: MIT */
/* Encoded pictures and packets of sound (<crtc/media.h>). */
#include "frame.h"

#include "context.h"
#include "error.h"
#include "memory.h"
#include "options.h"
#include "references.h"

#include <stdatomic.h>

enum { CODEC_NAME_MAX = 15, ENCODED_BYTES_MAX = 8 * 1024 * 1024, LAYER_MAX = 7, SIMULCAST_MAX = 3 };

/* A program of before had a struct as large as all that is in front of the layers. */
_Static_assert(offsetof(rtc_encoded_frame_options, spatial_id) % sizeof(size_t) == 0, "the layers lie in no padding");

/* Counted. Written by whoever made it until it is pushed or handed on; nobody writes it after that, but for the count. */
struct rtc_encoded_frame {
    atomic_uint references;
    rtc_context *context;
    rtc_media_kind kind;
    char codec[CODEC_NAME_MAX + 1];
    bool keyframe;
    uint32_t rtp_timestamp, duration, width, height, spatial_id, temporal_id, simulcast_index, layer_flags, rotation;
    rtc_time_t capture_time_us;
    struct frame_origin origin;
    size_t len;
    uint8_t data[];
};

static int check(const rtc_encoded_frame_options *o)
{
    if (o->kind != RTC_MEDIA_AUDIO && o->kind != RTC_MEDIA_VIDEO)
        return error_say(RTC_ERR_TYPE, "unknown kind of media %d", (int)o->kind);
    if (!o->codec)
        return error_say(RTC_ERR_TYPE, "rtc_encoded_frame_options.codec is NULL");
    size_t name_len = strnlen(o->codec, CODEC_NAME_MAX + 1);
    if (name_len == 0 || name_len > CODEC_NAME_MAX)
        return error_say(RTC_ERR_TYPE, "a codec's name has 1 to %d characters, and '%.40s' has not", CODEC_NAME_MAX, o->codec);
    if (o->data_len < 1 || o->data_len > ENCODED_BYTES_MAX)
        return error_say(RTC_ERR_RANGE, "an encoded frame of %zu bytes: there must be 1 to %d", o->data_len, ENCODED_BYTES_MAX);
    if (o->spatial_id > LAYER_MAX || o->temporal_id > LAYER_MAX)
        return error_say(RTC_ERR_RANGE, "layers %u and %u of an encoded frame: they are numbered 0 to %d", o->spatial_id, o->temporal_id,
                         LAYER_MAX);
    if (o->simulcast_index > SIMULCAST_MAX)
        return error_say(RTC_ERR_RANGE, "simulcast_index %u of an encoded frame: a sender has encodings 0 to %d", o->simulcast_index,
                         SIMULCAST_MAX);
    if (o->layer_flags & ~(uint32_t)(RTC_LAYER_TEMPORAL | RTC_LAYER_SYNC))
        return error_say(RTC_ERR_TYPE, "layer_flags 0x%x of an encoded frame: not all of them are known", o->layer_flags);
    if (o->rotation > 270 || o->rotation % 90 != 0)
        return error_say(RTC_ERR_RANGE, "a rotation of %u degrees: it must be 0, 90, 180 or 270", o->rotation);
    return RTC_OK;
}

static int make(rtc_context *context, const rtc_encoded_frame_options *o, rtc_encoded_frame **out)
{
    rtc_encoded_frame *frame = memory_alloc(context, sizeof *frame + o->data_len);
    if (!frame)
        return RTC_ERR_NO_MEMORY;
    memset(frame, 0, sizeof *frame);
    atomic_init(&frame->references, 1);
    frame->context = rtc_context_ref(context);
    frame->kind = o->kind;
    memcpy(frame->codec, o->codec, strlen(o->codec));
    frame->keyframe = o->keyframe;
    frame->rtp_timestamp = o->rtp_timestamp;
    frame->capture_time_us = o->capture_time_us ? o->capture_time_us : rtc_now();
    frame->duration = o->duration;
    frame->width = o->width;
    frame->height = o->height;
    frame->spatial_id = o->spatial_id;
    frame->temporal_id = o->temporal_id;
    frame->simulcast_index = o->simulcast_index;
    frame->layer_flags = o->layer_flags;
    frame->rotation = o->rotation;
    frame->len = o->data_len;
    if (o->data)
        memcpy(frame->data, o->data, o->data_len);
    *out = frame;
    return RTC_OK;
}

int rtc_encoded_frame_new(rtc_context *context, const rtc_encoded_frame_options *given, rtc_encoded_frame **out)
{
    rtc_encoded_frame_options o;
    if (!given || !out)
        return error_say(RTC_ERR_TYPE, "rtc_encoded_frame_new: %s is NULL", given ? "out" : "options");
    int error = options_take(&o, sizeof o, given, "rtc_encoded_frame_options");
    if (error)
        return error;
    error = check(&o);
    if (error)
        return error;
    context = context_resolve(context);
    return error_plain(context ? make(context, &o, out) : RTC_ERR_NO_MEMORY);
}

rtc_encoded_frame *rtc_encoded_frame_ref(rtc_encoded_frame *frame)
{
    if (frame)
        references_take(&frame->references);
    return frame;
}

void rtc_encoded_frame_unref(rtc_encoded_frame *frame)
{
    if (!frame || !references_drop(&frame->references))
        return;
    context_free(frame->context, frame);
}

void encoded_frame_set_origin(rtc_encoded_frame *frame, const struct frame_origin *origin)
{
    frame->origin = *origin;
}

const struct frame_origin *encoded_frame_origin(const rtc_encoded_frame *frame)
{
    return &frame->origin;
}

rtc_media_kind rtc_encoded_frame_kind(const rtc_encoded_frame *frame)
{
    return frame->kind;
}

const char *rtc_encoded_frame_codec(const rtc_encoded_frame *frame)
{
    return frame->codec;
}

const uint8_t *rtc_encoded_frame_data(const rtc_encoded_frame *frame)
{
    return frame->data;
}

size_t rtc_encoded_frame_len(const rtc_encoded_frame *frame)
{
    return frame->len;
}

bool rtc_encoded_frame_keyframe(const rtc_encoded_frame *frame)
{
    return frame->keyframe;
}

uint32_t rtc_encoded_frame_rtp_timestamp(const rtc_encoded_frame *frame)
{
    return frame->rtp_timestamp;
}

rtc_time_t rtc_encoded_frame_capture_time_us(const rtc_encoded_frame *frame)
{
    return frame->capture_time_us;
}

uint32_t rtc_encoded_frame_duration(const rtc_encoded_frame *frame)
{
    return frame->duration;
}

uint32_t rtc_encoded_frame_width(const rtc_encoded_frame *frame)
{
    return frame->width;
}

uint32_t rtc_encoded_frame_height(const rtc_encoded_frame *frame)
{
    return frame->height;
}

uint32_t rtc_encoded_frame_spatial_id(const rtc_encoded_frame *frame)
{
    return frame->spatial_id;
}

uint32_t rtc_encoded_frame_temporal_id(const rtc_encoded_frame *frame)
{
    return frame->temporal_id;
}

uint32_t rtc_encoded_frame_simulcast_index(const rtc_encoded_frame *frame)
{
    return frame->simulcast_index;
}

uint32_t rtc_encoded_frame_layer_flags(const rtc_encoded_frame *frame)
{
    return frame->layer_flags;
}

uint8_t *rtc_encoded_frame_writable_data(rtc_encoded_frame *frame)
{
    return frame->data;
}

void rtc_encoded_frame_truncate(rtc_encoded_frame *frame, size_t data_len)
{
    if (data_len < frame->len)
        frame->len = data_len;
}

uint32_t rtc_encoded_frame_rotation(const rtc_encoded_frame *frame)
{
    return frame->rotation;
}
