/* SPDX-License-Identifier: MIT */
/* Converting, turning and scaling pictures; the only file that includes libyuv. */
#include "convert.h"

#include "frame.h"

#include <libyuv/convert.h>
#include <libyuv/convert_argb.h>
#include <libyuv/convert_from.h>
#include <libyuv/rotate.h>
#include <libyuv/scale.h>

/* A view, which owns nothing. */
struct planes {
    uint8_t *y, *u, *v;
    int stride_y, stride_u, stride_v;
};

static struct planes planes_of(rtc_video_frame *frame)
{
    return (struct planes){
        rtc_video_frame_writable_plane(frame, 0), rtc_video_frame_writable_plane(frame, 1), rtc_video_frame_writable_plane(frame, 2),
        (int)rtc_video_frame_stride(frame, 0),    (int)rtc_video_frame_stride(frame, 1),    (int)rtc_video_frame_stride(frame, 2),
    };
}

/* An empty I420 picture with the times of `like`. */
static int new_i420(rtc_context *context, const rtc_video_frame *like, uint32_t width, uint32_t height, uint32_t rotation,
                    rtc_video_frame **out)
{
    rtc_video_frame_options o = {
        .size = sizeof o,
        .format = RTC_VIDEO_I420,
        .width = width,
        .height = height,
        .capture_time_us = rtc_video_frame_capture_time_us(like),
        .rotation = rotation,
    };
    int error = rtc_video_frame_new(context, &o, out);
    if (!error)
        rtc_video_frame_set_rtp_timestamp(*out, rtc_video_frame_rtp_timestamp(like));
    return error;
}

static void map_plane(uint8_t *plane, int stride, size_t width, size_t height, const uint8_t map[256])
{
    for (size_t y = 0; y < height; y++, plane += stride)
        for (size_t x = 0; x < width; x++)
            plane[x] = map[plane[x]];
}

/* JPEG uses all 256 values (JFIF), everything else here the studio range of BT.601. */
static void narrow_range(const struct planes *to, int width, int height)
{
    uint8_t luma[256], chroma[256];
    for (int i = 0; i < 256; i++) {
        luma[i] = (uint8_t)(16 + (i * 219 + 127) / 255);
        chroma[i] = (uint8_t)(16 + (i * 224 + 127) / 255);
    }
    size_t w = (size_t)width, h = (size_t)height;
    map_plane(to->y, to->stride_y, w, h, luma);
    map_plane(to->u, to->stride_u, (w + 1) / 2, (h + 1) / 2, chroma);
    map_plane(to->v, to->stride_v, (w + 1) / 2, (h + 1) / 2, chroma);
}

static int decode_jpeg(const rtc_video_frame *frame, const struct planes *to, int width, int height)
{
    int w = 0, h = 0;
    const uint8_t *data = rtc_video_frame_plane(frame, 0);
    size_t len = rtc_video_frame_stride(frame, 0);
    if (MJPGSize(data, len, &w, &h) != 0 || w != width || h != height)
        return -1;
    if (MJPGToI420(data, len, to->y, to->stride_y, to->u, to->stride_u, to->v, to->stride_v, width, height, width, height) != 0)
        return -1;
    narrow_range(to, width, height);
    return 0;
}

static int fill(const rtc_video_frame *frame, const struct planes *to, int width, int height)
{
    const uint8_t *a = rtc_video_frame_plane(frame, 0), *b = rtc_video_frame_plane(frame, 1);
    int sa = (int)rtc_video_frame_stride(frame, 0), sb = (int)rtc_video_frame_stride(frame, 1);
    switch (rtc_video_frame_format(frame)) {
    case RTC_VIDEO_NV12:
        return NV12ToI420(a, sa, b, sb, to->y, to->stride_y, to->u, to->stride_u, to->v, to->stride_v, width, height);
    case RTC_VIDEO_YUYV:
        return YUY2ToI420(a, sa, to->y, to->stride_y, to->u, to->stride_u, to->v, to->stride_v, width, height);
    case RTC_VIDEO_RGB24: /* libyuv names this one by its bytes, and the others by their little-endian words */
        return RAWToI420(a, sa, to->y, to->stride_y, to->u, to->stride_u, to->v, to->stride_v, width, height);
    case RTC_VIDEO_BGRA:
        return ARGBToI420(a, sa, to->y, to->stride_y, to->u, to->stride_u, to->v, to->stride_v, width, height);
    case RTC_VIDEO_RGBA:
        return ABGRToI420(a, sa, to->y, to->stride_y, to->u, to->stride_u, to->v, to->stride_v, width, height);
    case RTC_VIDEO_MJPEG:
        return decode_jpeg(frame, to, width, height);
    default:
        return -1;
    }
}

/* Each step takes the picture's reference and gives another. */
static int change_format(rtc_context *context, rtc_video_frame **picture)
{
    rtc_video_frame *to, *from = *picture;
    if (rtc_video_frame_format(from) == RTC_VIDEO_I420)
        return RTC_OK;
    uint32_t width = rtc_video_frame_width(from), height = rtc_video_frame_height(from);
    int error = new_i420(context, from, width, height, rtc_video_frame_rotation(from), &to);
    if (error)
        return error;
    struct planes p = planes_of(to);
    *picture = to;
    error = fill(from, &p, (int)width, (int)height) == 0 ? RTC_OK : RTC_ERR_ENCODING;
    rtc_video_frame_unref(from);
    return error;
}

static int turn(rtc_context *context, rtc_video_frame **picture)
{
    rtc_video_frame *to, *f = *picture;
    uint32_t rotation = rtc_video_frame_rotation(f), width = rtc_video_frame_width(f), height = rtc_video_frame_height(f);
    if (rotation == 0)
        return RTC_OK;
    bool lies = rotation == 90 || rotation == 270;
    int error = new_i420(context, f, lies ? height : width, lies ? width : height, 0, &to);
    if (error)
        return error;
    struct planes p = planes_of(to);
    (void)I420Rotate(rtc_video_frame_plane(f, 0), (int)rtc_video_frame_stride(f, 0), rtc_video_frame_plane(f, 1),
                     (int)rtc_video_frame_stride(f, 1), rtc_video_frame_plane(f, 2), (int)rtc_video_frame_stride(f, 2), p.y, p.stride_y,
                     p.u, p.stride_u, p.v, p.stride_v, (int)width, (int)height, (enum RotationMode)rotation);
    rtc_video_frame_unref(f);
    *picture = to;
    return RTC_OK;
}

static void release_frame(void *user)
{
    rtc_video_frame_unref(user);
}

/* Leaves out a last column or row: a view, not a copy. */
static int crop(rtc_context *context, rtc_video_frame **picture, uint32_t width, uint32_t height)
{
    rtc_video_frame *to, *f = *picture;
    rtc_video_frame_options o = {
        .size = sizeof o,
        .format = RTC_VIDEO_I420,
        .width = width,
        .height = height,
        .capture_time_us = rtc_video_frame_capture_time_us(f),
        .release = release_frame,
        .release_user = f,
    };
    for (size_t i = 0; i < 3; i++) {
        o.planes[i] = (uint8_t *)(uintptr_t)rtc_video_frame_plane(f, i);
        o.strides[i] = rtc_video_frame_stride(f, i);
    }
    int error = rtc_video_frame_new(context, &o, &to);
    if (error)
        return error;
    rtc_video_frame_set_rtp_timestamp(to, rtc_video_frame_rtp_timestamp(f));
    *picture = to;
    return RTC_OK;
}

static int scale(rtc_context *context, rtc_video_frame **picture, uint32_t width, uint32_t height)
{
    rtc_video_frame *to, *f = *picture;
    int error = new_i420(context, f, width, height, 0, &to);
    if (error)
        return error;
    struct planes p = planes_of(to);
    (void)I420Scale(rtc_video_frame_plane(f, 0), (int)rtc_video_frame_stride(f, 0), rtc_video_frame_plane(f, 1),
                    (int)rtc_video_frame_stride(f, 1), rtc_video_frame_plane(f, 2), (int)rtc_video_frame_stride(f, 2),
                    (int)rtc_video_frame_width(f), (int)rtc_video_frame_height(f), p.y, p.stride_y, p.u, p.stride_u, p.v, p.stride_v,
                    (int)width, (int)height, kFilterBox);
    rtc_video_frame_unref(f);
    *picture = to;
    return RTC_OK;
}

static uint32_t even(uint32_t side)
{
    return side < 2 ? 2 : side & ~1u;
}

static int resize(rtc_context *context, rtc_video_frame **picture, uint32_t width, uint32_t height)
{
    uint32_t w = rtc_video_frame_width(*picture), h = rtc_video_frame_height(*picture);
    bool own = width == 0 || height == 0;
    uint32_t to_width = own ? even(w) : width, to_height = own ? even(h) : height;
    if (to_width == w && to_height == h)
        return RTC_OK;
    if (own && to_width <= w && to_height <= h)
        return crop(context, picture, to_width, to_height);
    return scale(context, picture, to_width, to_height);
}

int convert_to_i420(rtc_context *context, rtc_video_frame *frame, uint32_t width, uint32_t height, rtc_video_frame **out)
{
    rtc_video_frame *picture = rtc_video_frame_ref(frame);
    int error = change_format(context, &picture);
    if (!error)
        error = turn(context, &picture);
    if (!error)
        error = resize(context, &picture, width, height);
    if (error)
        rtc_video_frame_unref(picture);
    else
        *out = picture;
    return error;
}

int convert_upright(rtc_context *context, rtc_video_frame *frame, rtc_video_frame **out)
{
    if (rtc_video_frame_format(frame) != RTC_VIDEO_I420)
        return RTC_ERR_NOT_SUPPORTED;
    if (rtc_video_frame_rotation(frame) != 0)
        return convert_to_i420(context, frame, 0, 0, out);
    *out = rtc_video_frame_ref(frame);
    return RTC_OK;
}

int convert_from_i420(rtc_context *context, rtc_video_frame *frame, rtc_video_format format, rtc_video_frame **out)
{
    typedef int (*conversion)(const uint8_t *, int, const uint8_t *, int, const uint8_t *, int, uint8_t *, int, int, int);
    static const conversion conversions[] = {[RTC_VIDEO_RGB24] = I420ToRAW, [RTC_VIDEO_BGRA] = I420ToARGB, [RTC_VIDEO_RGBA] = I420ToABGR};
    const rtc_video_frame_options o = {
        .size = sizeof o,
        .format = format,
        .width = rtc_video_frame_width(frame),
        .height = rtc_video_frame_height(frame),
        .capture_time_us = rtc_video_frame_capture_time_us(frame),
    };
    rtc_video_frame *to;
    int error = rtc_video_frame_new(context, &o, &to);
    if (error)
        return error;
    rtc_video_frame_set_rtp_timestamp(to, rtc_video_frame_rtp_timestamp(frame));
    (void)conversions[format](rtc_video_frame_plane(frame, 0), (int)rtc_video_frame_stride(frame, 0), rtc_video_frame_plane(frame, 1),
                              (int)rtc_video_frame_stride(frame, 1), rtc_video_frame_plane(frame, 2), (int)rtc_video_frame_stride(frame, 2),
                              rtc_video_frame_writable_plane(to, 0), (int)rtc_video_frame_stride(to, 0), (int)o.width, (int)o.height);
    *out = to;
    return RTC_OK;
}
