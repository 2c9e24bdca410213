/* SPDX-License-Identifier: MIT */
/* A source of test pictures (<crtc/media.h>, rtc_test_video_source_new). */
#include "context.h"
#include "error.h"
#include "memory.h"
#include "options.h"
#include "test_picture.h"
#include "test_source.h"

/* Owner: its test source. Not written once it is made. */
struct maker {
    rtc_context *context; /* borrowed from the source */
    rtc_test_video_options options;
};

/* Cheap and the same in every run: it only has to be hard to predict from the last picture. */
static void add_grain(rtc_video_frame *frame, uint32_t amplitude, uint32_t seed)
{
    uint32_t width = rtc_video_frame_width(frame), x = seed * 2654435761u + 1;
    uint8_t *row = rtc_video_frame_writable_plane(frame, 0);
    for (uint32_t y = 0; y < rtc_video_frame_height(frame); y++, row += rtc_video_frame_stride(frame, 0)) {
        for (uint32_t i = 0; i < width; i++) {
            x = x * 1664525u + 1013904223u;
            int value = row[i] + (int)((x >> 16) % (2 * amplitude + 1)) - (int)amplitude;
            row[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}

static void push(void *user, rtc_media_source *source, uint64_t number, rtc_time_t at)
{
    const struct maker *m = user;
    const rtc_video_frame_options o = {
        .size = sizeof o,
        .format = RTC_VIDEO_I420,
        .width = m->options.width,
        .height = m->options.height,
        .capture_time_us = at,
    };
    const struct test_picture picture = {
        .number = (uint32_t)number,
        .time_us = (rtc_time_t)(number * 1000000 / m->options.frames_per_second),
        .colour = m->options.colour,
    };
    rtc_video_frame *frame;
    if (rtc_video_frame_new(m->context, &o, &frame) != RTC_OK)
        return;
    test_picture_draw(frame, &picture);
    if (m->options.grain > 0)
        add_grain(frame, m->options.grain, (uint32_t)number);
    (void)rtc_media_source_push_video(source, frame);
    rtc_video_frame_unref(frame);
}

static void release(rtc_context *context, void *maker)
{
    memory_free(context, maker);
}

static const struct test_source_ops ops = {push, release};

static bool in_range(const rtc_test_video_options *o)
{
    if (o->width < 16 || o->width > 4096 || o->width % 2 || o->height < 16 || o->height > 4096 || o->height % 2)
        return false;
    return o->frames_per_second <= 120 && o->colour <= 0xffffff && o->grain <= 64;
}

static void take_defaults(rtc_test_video_options *o)
{
    if (o->width == 0 && o->height == 0) {
        o->width = 640;
        o->height = 360;
    }
    if (o->frames_per_second == 0)
        o->frames_per_second = 30;
}

int rtc_test_video_source_new(rtc_context *context, const rtc_test_video_options *given, rtc_media_source **out)
{
    rtc_test_video_options o;
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_test_video_source_new: out is NULL");
    int error = options_take(&o, sizeof o, given, "rtc_test_video_options");
    if (error)
        return error;
    take_defaults(&o);
    if (!in_range(&o))
        return error_say(
            RTC_ERR_RANGE,
            "a test picture of %ux%u at %u a second in colour %06x with a grain of %u: sizes must be even, 16 to 4096, the rate 1 "
            "to 120, the colour at most ffffff, the grain at most 64",
            o.width, o.height, o.frames_per_second, o.colour, o.grain);
    context = context_resolve(context);
    struct maker *m = context ? memory_alloc(context, sizeof *m) : NULL;
    if (!m)
        return error_plain(RTC_ERR_NO_MEMORY);
    *m = (struct maker){context, o};
    error = test_source_new(context, RTC_MEDIA_VIDEO, "test picture", o.frames_per_second, &ops, m, out);
    if (error)
        memory_free(context, m);
    return error_plain(error);
}
