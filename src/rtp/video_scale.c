/* SPDX-License-Identifier: MIT */
/* The size of pictures: see video_scale.h. */
#include "video_scale.h"

/* Bits for each pixel, in thousandths: VP8 keeps a moving picture of a camera watchable with 30 and does not get below 15 at its coarsest.
 */
enum { ENOUGH = 30, TOO_FEW = 20 };
enum { SMALLEST_PIXELS = 160 * 120, FRAME_RATE_MIN = 10, FRAME_RATE_MAX = 30, US_PER_S = 1000000 };
enum { DOWN_AFTER_US = US_PER_S, UP_AFTER_US = 4 * US_PER_S };

static const uint32_t steps[] = {8, 6, 4, 3, 2};
enum { STEPS = sizeof steps / sizeof steps[0] };

/* A step that was chosen for large pictures leaves something of a thin one. */
static uint32_t side(uint32_t full, uint32_t eighths)
{
    uint32_t even = full * eighths / 8 / 2 * 2;
    return eighths == 8 || full < 2 ? full : even < 2 ? 2 : even;
}

static uint64_t pixels(uint32_t width, uint32_t height, uint32_t eighths)
{
    return (uint64_t)side(width, eighths) * side(height, eighths);
}

/* The largest size that has so many thousandths of a bit for each pixel; else the smallest that is still a picture. */
static uint32_t largest(uint32_t width, uint32_t height, const struct video_scale_limits *limits, uint32_t thousandths)
{
    uint32_t rate = limits->frames_per_second < FRAME_RATE_MIN   ? FRAME_RATE_MIN
                    : limits->frames_per_second > FRAME_RATE_MAX ? FRAME_RATE_MAX
                                                                 : limits->frames_per_second;
    uint64_t frame_bits = limits->bitrate_bps / rate;
    uint32_t best = 8;
    for (size_t i = 0; i < STEPS && pixels(width, height, steps[i]) >= SMALLEST_PIXELS; i++) {
        best = steps[i];
        if (i >= limits->smaller && frame_bits * 1000 >= pixels(width, height, best) * thousandths)
            break;
    }
    return best;
}

static uint32_t next_step(const struct video_scale *s, rtc_time_t now, uint32_t width, uint32_t height,
                          const struct video_scale_limits *limits)
{
    uint32_t comfortable = largest(width, height, limits, ENOUGH), bearable = largest(width, height, limits, TOO_FEW);
    if (s->eighths == 0)
        return comfortable;
    rtc_time_t passed = now - s->changed;
    if (bearable < s->eighths && (passed < 0 || passed >= DOWN_AFTER_US))
        return comfortable;
    if (comfortable > s->eighths && (passed < 0 || passed >= UP_AFTER_US))
        return comfortable;
    return s->eighths;
}

bool video_scale_choose(struct video_scale *s, rtc_time_t now, const struct video_scale_limits *limits, uint32_t *width, uint32_t *height)
{
    uint32_t step = next_step(s, now, *width, *height, limits);
    bool changes = step != s->eighths;
    if (changes) {
        s->eighths = step;
        s->changed = now;
    }
    *width = side(*width, step);
    *height = side(*height, step);
    return changes;
}
