/* SPDX-License-Identifier: MIT */
/* Pictures of every format with odd sizes and strides, in memory of their own or somebody else's that ends where the picture does: turned,
 * scaled, converted and back, blackened, and how large they would be sent. A JPEG's bytes are the input's. */
#include "media_substitute.h"
#include "reader.h"
#include "test_picture.h"
#include "video_scale.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIDE = 200 };

struct memory {
    uint8_t *planes[4];
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void let_go(void *user)
{
    struct memory *m = user;
    for (int i = 0; i < 4; i++)
        free(m->planes[i]);
    free(m);
}

/* Counted here once more and not asked of the library: memory must end where the format says, whatever the library believes. */
static size_t row_bytes(rtc_video_format format, uint32_t width, int plane)
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
    default:
        return (size_t)width * 4;
    }
}

/* The last row ends with its last byte, not with its stride. */
static void wrap(rtc_video_frame_options *o, struct memory *m, struct slice bytes, size_t padding)
{
    int planes = o->format == RTC_VIDEO_I420 ? 3 : o->format == RTC_VIDEO_NV12 ? 2 : 1;
    for (int i = 0; i < planes; i++) {
        size_t rows = i == 0 ? o->height : (o->height + 1) / 2, row = row_bytes(o->format, o->width, i);
        size_t len = (rows - 1) * (row + padding) + row;
        if (o->format == RTC_VIDEO_MJPEG)
            len = bytes.len;
        o->strides[i] = o->format == RTC_VIDEO_MJPEG ? bytes.len : row + padding;
        o->planes[i] = m->planes[i] = malloc(len ? len : 1);
        require(m->planes[i] != NULL);
        for (size_t at = 0; at < len; at++)
            m->planes[i][at] = bytes.len ? bytes.data[at % bytes.len] : 0;
    }
    o->release = let_go;
    o->release_user = m;
}

static rtc_video_frame *make(rtc_video_frame_options *o, struct slice bytes, bool own, size_t padding)
{
    rtc_video_frame *frame = NULL;
    struct memory *m = own ? NULL : calloc(1, sizeof *m);
    if (!own)
        wrap(o, m, bytes, padding);
    int error = rtc_video_frame_new(NULL, o, &frame);
    if (error && m)
        let_go(m);
    if (error || !own)
        return frame;
    for (size_t i = 0; i < 3; i++) {
        uint8_t *plane = rtc_video_frame_writable_plane(frame, i);
        size_t rows = i == 0 ? o->height : (o->height + 1) / 2;
        for (size_t at = 0; plane && at < rows * rtc_video_frame_stride(frame, i); at++)
            plane[at] = bytes.len ? bytes.data[at % bytes.len] : 0;
    }
    return frame;
}

/* Every row of the result can be read, and the times are kept. */
static void look(const rtc_video_frame *from, rtc_video_frame *to, rtc_video_format format)
{
    volatile uint8_t sum = 0;
    require(rtc_video_frame_format(to) == format && rtc_video_frame_rotation(to) == 0);
    require(rtc_video_frame_capture_time_us(to) == rtc_video_frame_capture_time_us(from));
    for (size_t i = 0; rtc_video_frame_plane(to, i); i++)
        for (uint32_t y = 0; y < (i == 0 ? rtc_video_frame_height(to) : (rtc_video_frame_height(to) + 1) / 2); y++)
            sum = (uint8_t)(sum + rtc_video_frame_plane(to, i)[y * rtc_video_frame_stride(to, i)]);
}

static void convert(rtc_video_frame *frame, uint8_t format, uint32_t width, uint32_t height)
{
    rtc_video_frame *to = NULL, *back = NULL;
    int error = rtc_video_frame_convert(NULL, frame, (rtc_video_format)(format % 9), width, height, &to);
    require(error == RTC_OK || error == RTC_ERR_TYPE || error == RTC_ERR_ENCODING || error == RTC_ERR_RANGE);
    if (error)
        return;
    look(frame, to, (rtc_video_format)(format % 9));
    require(width == 0 || height == 0 || (rtc_video_frame_width(to) == width && rtc_video_frame_height(to) == height));
    require(rtc_video_frame_convert(NULL, to, RTC_VIDEO_I420, 0, 0, &back) == RTC_OK);
    look(to, back, RTC_VIDEO_I420);
    uint16_t number;
    (void)test_picture_read(back, &number);
    rtc_video_frame_unref(back);
    rtc_video_frame_unref(to);
}

static void blacken(const rtc_video_frame *frame)
{
    rtc_video_frame *black;
    if (media_substitute_black(frame, &black) == RTC_OK)
        rtc_video_frame_unref(black);
}

static void draw(const struct slice bytes)
{
    rtc_video_frame *frame;
    struct reader r = reader_of(bytes);
    const struct test_picture picture = {.number = reader_u32(&r), .time_us = (rtc_time_t)reader_u32(&r) * 1000, .colour = reader_u24(&r)};
    rtc_video_frame_options o = {
        .size = sizeof o, .format = RTC_VIDEO_I420, .width = 16u + 2u * reader_u8(&r) % SIDE, .height = 16u + 2u * reader_u8(&r) % SIDE};
    uint16_t number;
    require(rtc_video_frame_new(NULL, &o, &frame) == RTC_OK);
    test_picture_draw(frame, &picture);
    if (test_picture_read(frame, &number) && o.width >= TEST_PICTURE_READABLE_WIDTH)
        require(number == (uint16_t)picture.number);
    rtc_video_frame_unref(frame);
}

/* A row of pictures, each with its time, rate and bits. */
static void choose_sizes(struct slice bytes)
{
    struct video_scale scale = {0};
    struct reader r = reader_of(bytes);
    rtc_time_t now = 0;
    while (reader_left(&r) >= 9) {
        uint32_t width = 1 + reader_u16(&r) % 16384u, height = 1 + reader_u16(&r) % 16384u, w = width, h = height;
        now += (rtc_time_t)(int8_t)reader_u8(&r) * 1000000;
        uint32_t rate = reader_u8(&r);
        const struct video_scale_limits limits = {rate, reader_u24(&r), rate % 5};
        (void)video_scale_choose(&scale, now, &limits, &w, &h);
        require(w > 0 && h > 0 && w <= width && h <= height);
        require((w == width || w % 2 == 0) && (h == height || h % 2 == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(slice_of(data, size));
    rtc_video_frame_options o = {.size = sizeof o, .capture_time_us = 77};
    uint8_t format = reader_u8(&r), flags = reader_u8(&r), to = reader_u8(&r);
    o.format = (rtc_video_format)(1 + format % 7);
    o.rotation = (flags & 3) * 90u;
    o.width = 1 + reader_u8(&r) % SIDE;
    o.height = 1 + reader_u8(&r) % SIDE;
    uint32_t width = reader_u8(&r), height = reader_u8(&r);
    size_t padding = flags & 4 ? reader_u8(&r) : 0;
    struct slice rest = reader_bytes(&r, reader_left(&r));
    rtc_video_frame *frame = make(&o, rest, flags & 8, padding);
    if (frame) {
        convert(frame, to, width, height);
        blacken(frame);
        rtc_video_frame_unref(frame);
    }
    if (flags & 16)
        draw(rest);
    if (flags & 32)
        choose_sizes(rest);
    return 0;
}
