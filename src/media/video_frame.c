/* SPDX-License-Identifier: MIT */
/* Pictures: how many planes a format has, how large they are, whose memory they are in (<crtc/media.h>). */
#include "frame.h"

#include "context.h"
#include "error.h"
#include "memory.h"
#include "options.h"
#include "references.h"

#include <stdatomic.h>

enum { PLANES_MAX = 3, ROW_ALIGNMENT = 64, SIDE_MAX = 16384 };

/* Counted. Written by whoever made it until it is pushed or handed on; nobody writes it after that, but for the count. Wrapped planes are
 * the program's, which `release` gives back. */
struct rtc_video_frame {
    atomic_uint references;
    rtc_context *context;
    rtc_video_format format;
    uint32_t width, height, rotation, rtp_timestamp;
    rtc_time_t capture_time_us;
    bool wrapped;
    uint8_t *planes[PLANES_MAX];
    size_t strides[PLANES_MAX];
    void (*release)(void *release_user);
    void *release_user;
    uint8_t memory[];
};

size_t video_format_planes(rtc_video_format format)
{
    switch (format) {
    case RTC_VIDEO_I420:
        return 3;
    case RTC_VIDEO_NV12:
        return 2;
    default:
        return 1;
    }
}

size_t video_format_row_bytes(rtc_video_format format, uint32_t width, size_t plane)
{
    size_t half = (width + 1) / 2;
    switch (format) {
    case RTC_VIDEO_I420:
        return plane == 0 ? width : half;
    case RTC_VIDEO_NV12:
        return plane == 0 ? width : half * 2;
    case RTC_VIDEO_YUYV:
        return half * 4;
    case RTC_VIDEO_RGB24:
        return (size_t)width * 3;
    case RTC_VIDEO_BGRA:
    case RTC_VIDEO_RGBA:
        return (size_t)width * 4;
    default:
        return 0; /* compressed: it has no rows */
    }
}

uint32_t video_format_rows(rtc_video_format format, uint32_t height, size_t plane)
{
    if (format == RTC_VIDEO_MJPEG)
        return 1;
    return plane == 0 ? height : (height + 1) / 2;
}

static int check(const rtc_video_frame_options *o, bool wrapped)
{
    if (o->format < RTC_VIDEO_I420 || o->format > RTC_VIDEO_RGBA)
        return error_say(RTC_ERR_TYPE, "unknown format of pictures %d", (int)o->format);
    if (o->format == RTC_VIDEO_MJPEG && !wrapped)
        return error_say(RTC_ERR_TYPE, "a JPEG picture needs its bytes, planes[0]");
    if (o->width < 1 || o->width > SIDE_MAX || o->height < 1 || o->height > SIDE_MAX)
        return error_say(RTC_ERR_RANGE, "a picture of %ux%u: both must be 1 to %d", o->width, o->height, SIDE_MAX);
    if (o->rotation != 0 && o->rotation != 90 && o->rotation != 180 && o->rotation != 270)
        return error_say(RTC_ERR_RANGE, "a rotation of %u degrees: it must be 0, 90, 180 or 270", o->rotation);
    return RTC_OK;
}

static int check_wrapped(const rtc_video_frame_options *o)
{
    for (size_t i = 0; i < video_format_planes(o->format); i++) {
        size_t row = video_format_row_bytes(o->format, o->width, i);
        if (!o->planes[i])
            return error_say(RTC_ERR_TYPE, "planes[%zu] is NULL, which the format needs", i);
        if (o->strides[i] < (row > 0 ? row : 1) || o->strides[i] > INT32_MAX)
            return error_say(RTC_ERR_RANGE, "strides[%zu] is %zu: a row has %zu bytes", i, o->strides[i], row > 0 ? row : 1);
    }
    return RTC_OK;
}

/* A row of an own plane: I420 and NV12 are padded for vector code, the others are packed. */
static size_t own_stride(const rtc_video_frame_options *o, size_t plane)
{
    size_t row = video_format_row_bytes(o->format, o->width, plane);
    if (o->format != RTC_VIDEO_I420 && o->format != RTC_VIDEO_NV12)
        return row;
    return (row + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT;
}

static size_t own_bytes(const rtc_video_frame_options *o)
{
    size_t total = ROW_ALIGNMENT - 1;
    for (size_t i = 0; i < video_format_planes(o->format); i++)
        total += own_stride(o, i) * video_format_rows(o->format, o->height, i);
    return total;
}

static void place_planes(rtc_video_frame *frame, const rtc_video_frame_options *o)
{
    uint8_t *at = frame->memory + (ROW_ALIGNMENT - (uintptr_t)frame->memory % ROW_ALIGNMENT) % ROW_ALIGNMENT;
    for (size_t i = 0; i < video_format_planes(o->format); i++) {
        frame->planes[i] = at;
        frame->strides[i] = own_stride(o, i);
        at += frame->strides[i] * video_format_rows(o->format, o->height, i);
    }
}

static void wrap_planes(rtc_video_frame *frame, const rtc_video_frame_options *o)
{
    frame->wrapped = true;
    frame->release = o->release;
    frame->release_user = o->release_user;
    for (size_t i = 0; i < video_format_planes(o->format); i++) {
        frame->planes[i] = o->planes[i];
        frame->strides[i] = o->strides[i];
    }
}

static int make(rtc_context *context, const rtc_video_frame_options *o, bool wrapped, rtc_video_frame **out)
{
    rtc_video_frame *frame = memory_alloc(context, sizeof *frame + (wrapped ? 0 : own_bytes(o)));
    if (!frame)
        return RTC_ERR_NO_MEMORY;
    memset(frame, 0, sizeof *frame);
    atomic_init(&frame->references, 1);
    frame->context = rtc_context_ref(context);
    frame->format = o->format;
    frame->width = o->width;
    frame->height = o->height;
    frame->rotation = o->rotation;
    frame->capture_time_us = o->capture_time_us ? o->capture_time_us : rtc_now();
    if (wrapped)
        wrap_planes(frame, o);
    else
        place_planes(frame, o);
    *out = frame;
    return RTC_OK;
}

int rtc_video_frame_new(rtc_context *context, const rtc_video_frame_options *given, rtc_video_frame **out)
{
    rtc_video_frame_options o;
    if (!given || !out)
        return error_say(RTC_ERR_TYPE, "rtc_video_frame_new: %s is NULL", given ? "out" : "options");
    int error = options_take(&o, sizeof o, given, "rtc_video_frame_options");
    if (error)
        return error;
    bool wrapped = o.planes[0] != NULL;
    error = check(&o, wrapped);
    if (!error && wrapped)
        error = check_wrapped(&o);
    if (error)
        return error;
    context = context_resolve(context);
    return error_plain(context ? make(context, &o, wrapped, out) : RTC_ERR_NO_MEMORY);
}

rtc_video_frame *rtc_video_frame_ref(rtc_video_frame *frame)
{
    if (frame)
        references_take(&frame->references);
    return frame;
}

void rtc_video_frame_unref(rtc_video_frame *frame)
{
    if (!frame || !references_drop(&frame->references))
        return;
    if (frame->release)
        frame->release(frame->release_user);
    context_free(frame->context, frame);
}

rtc_video_format rtc_video_frame_format(const rtc_video_frame *frame)
{
    return frame->format;
}

uint32_t rtc_video_frame_width(const rtc_video_frame *frame)
{
    return frame->width;
}

uint32_t rtc_video_frame_height(const rtc_video_frame *frame)
{
    return frame->height;
}

uint32_t rtc_video_frame_rotation(const rtc_video_frame *frame)
{
    return frame->rotation;
}

rtc_time_t rtc_video_frame_capture_time_us(const rtc_video_frame *frame)
{
    return frame->capture_time_us;
}

uint32_t rtc_video_frame_rtp_timestamp(const rtc_video_frame *frame)
{
    return frame->rtp_timestamp;
}

void rtc_video_frame_set_rtp_timestamp(rtc_video_frame *frame, uint32_t rtp_timestamp)
{
    frame->rtp_timestamp = rtp_timestamp;
}

const uint8_t *rtc_video_frame_plane(const rtc_video_frame *frame, size_t index)
{
    return index < PLANES_MAX ? frame->planes[index] : NULL;
}

size_t rtc_video_frame_stride(const rtc_video_frame *frame, size_t index)
{
    return index < PLANES_MAX ? frame->strides[index] : 0;
}

uint8_t *rtc_video_frame_writable_plane(rtc_video_frame *frame, size_t index)
{
    return index < PLANES_MAX && !frame->wrapped ? frame->planes[index] : NULL;
}

rtc_context *video_frame_context(const rtc_video_frame *frame)
{
    return frame->context;
}

void video_frame_set_rotation(rtc_video_frame *frame, uint32_t rotation)
{
    frame->rotation = rotation;
}
