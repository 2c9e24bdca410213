/* SPDX-License-Identifier: MIT */
/* The size of pictures: see video_scale.h. */
#include "video_scale.h"

/* Bits for each pixel, in thousandths: VP8 keeps a moving picture of a camera watchable with 30 and does not get below 15 at its coarsest.
 */
enum { ENOUGH = 30, TOO_FEW = 20, TOO_FEW_MOST = 60 /* with more, pictures are left out for other reasons: the path, not their size */ };
enum { SMALLEST_PIXELS = 160 * 120, FRAME_RATE_MIN = 10, FRAME_RATE_MAX = 30, US_PER_S = 1000000, PER_PIXEL_MAX = 1000000 };
enum { DOWN_AFTER_US = US_PER_S, UP_AFTER_US = 4 * US_PER_S };
enum { FIRST_UP_AFTER_US = US_PER_S /* the first size is chosen before it is known what the path takes */ };
/* One picture of five left out over a second, which does not count until the last keyframe is paid for; or nine of ten coarse. */
enum { COUNTED_US = US_PER_S, COUNTED_MIN = 8, LEFT_OUT_PARTS = 5, COARSE_PARTS = 9, COARSE_OF = 10, PAID_US = US_PER_S / 2 };
/* More than the worst noise takes at the coarsest: then something else was the reason. */
enum { TOO_FEW_MAX = 90, FORGOTTEN_US = 300 * US_PER_S };

/* After a steep fall somebody waits for the next picture: a keyframe, which has about half a bit for each pixel at its
 * coarsest, is to leave within a third of a second. */
enum { STEEP = 3, USUAL_OF = 16, KEYFRAME_PARTS = 3, KEYFRAME_BIT_PARTS = 2 };

/* What a picture is to be at most once it is larger, in percent of what is coarse; and so many say what they are now. */
enum { COARSE_AFTER = 75, SEEN_MIN = 15, SEEN_OF = 16 };

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

static uint32_t frame_rate(const struct video_scale_limits *limits)
{
    uint32_t rate = limits->frames_per_second;
    return rate < FRAME_RATE_MIN ? FRAME_RATE_MIN : rate > FRAME_RATE_MAX ? FRAME_RATE_MAX : rate;
}

/* The largest size that has so many thousandths of a bit for each pixel; else the smallest that is still a picture. */
static uint32_t largest(uint32_t width, uint32_t height, const struct video_scale_limits *limits, uint32_t thousandths)
{
    uint64_t frame_bits = limits->bitrate_bps / frame_rate(limits);
    uint32_t best = 8;
    for (size_t i = 0; i < STEPS && pixels(width, height, steps[i]) >= SMALLEST_PIXELS; i++) {
        best = steps[i];
        if (i >= limits->smaller && frame_bits * 1000 >= pixels(width, height, best) * thousandths)
            break;
    }
    return best;
}

static uint32_t per_pixel(uint32_t width, uint32_t height, const struct video_scale_limits *limits, uint32_t eighths)
{
    uint64_t all = (uint64_t)limits->bitrate_bps * 1000 / frame_rate(limits) / pixels(width, height, eighths);
    return all < PER_PIXEL_MAX ? (uint32_t)all : PER_PIXEL_MAX;
}

/* What shows too little motion now may show more of it later. */
static uint32_t too_few(const struct video_scale *s, rtc_time_t now)
{
    rtc_time_t passed = now - s->learnt;
    if (s->too_few == 0 || passed < 0 || passed >= FORGOTTEN_US)
        return TOO_FEW;
    uint32_t left = (uint32_t)(s->too_few * (FORGOTTEN_US - passed) / FORGOTTEN_US);
    return left > TOO_FEW ? left : TOO_FEW;
}

/* The next larger step: whether there is enough for one after that shows when it is reached. */
static uint32_t larger(uint32_t eighths)
{
    size_t i = STEPS - 1;
    while (i > 0 && steps[i] <= eighths)
        i--;
    return steps[i];
}

/* Of the same bits each pixel gets fewer; a picture becomes coarser by more than that, since the first of them are those that nothing can
 * be saved on: about as the cube of its sides. */
static bool is_fine(const struct video_scale *s, uint32_t eighths)
{
    uint64_t then = (uint64_t)s->coarsely * eighths * eighths * eighths, now = (uint64_t)s->eighths * s->eighths * s->eighths;
    return s->coarsely == 0 || (s->seen >= SEEN_MIN && then <= now * COARSE_AFTER * 100);
}

static uint32_t quick(uint32_t width, uint32_t height, const struct video_scale_limits *limits, uint32_t eighths)
{
    size_t i = 0;
    while (i < STEPS && steps[i] > eighths)
        i++;
    uint32_t best = eighths;
    for (; i < STEPS && pixels(width, height, steps[i]) >= SMALLEST_PIXELS; i++) {
        best = steps[i];
        if (pixels(width, height, best) * KEYFRAME_PARTS <= (uint64_t)limits->bitrate_bps * KEYFRAME_BIT_PARTS)
            break;
    }
    return best;
}

static uint32_t next_step(const struct video_scale *s, rtc_time_t now, uint32_t width, uint32_t height,
                          const struct video_scale_limits *limits)
{
    uint32_t few = too_few(s, now);
    uint32_t comfortable = largest(width, height, limits, few * ENOUGH / TOO_FEW), bearable = largest(width, height, limits, few);
    if (s->eighths == 0)
        return comfortable;
    rtc_time_t passed = now - s->changed, patience = s->went_down ? UP_AFTER_US : FIRST_UP_AFTER_US;
    bool steep = (uint64_t)limits->bitrate_bps * STEEP < s->usual_bps;
    uint32_t smaller = steep ? quick(width, height, limits, comfortable) : bearable < s->eighths ? comfortable : s->eighths;
    if (smaller < s->eighths && (passed < 0 || passed >= DOWN_AFTER_US))
        return smaller;
    if (comfortable > s->eighths && (passed < 0 || passed >= patience) && is_fine(s, larger(s->eighths)))
        return larger(s->eighths);
    return s->eighths;
}

bool video_scale_choose(struct video_scale *s, rtc_time_t now, const struct video_scale_limits *limits, uint32_t *width, uint32_t *height)
{
    uint32_t step = next_step(s, now, *width, *height, limits);
    bool changes = step != s->eighths;
    if (changes) {
        s->went_down = s->went_down || step < s->eighths;
        s->eighths = step;
        s->changed = now;
        s->seen = s->coarsely = 0;
    }
    s->usual_bps = s->usual_bps == 0 || changes ? limits->bitrate_bps
                                                : (uint32_t)(((uint64_t)s->usual_bps * (USUAL_OF - 1) + limits->bitrate_bps) / USUAL_OF);
    s->spent = per_pixel(*width, *height, limits, step);
    *width = side(*width, step);
    *height = side(*height, step);
    return changes;
}

static void count_from(struct video_scale *s, rtc_time_t at)
{
    s->counting = at;
    s->offered = s->left_out = s->coarse = 0;
}

void video_scale_made(struct video_scale *s, rtc_time_t now, enum video_scale_made made)
{
    if (made == VIDEO_SCALE_KEYFRAME || now < s->counting - PAID_US)
        count_from(s, now + PAID_US);
    if (now < s->counting)
        return;
    s->offered++;
    s->left_out += made == VIDEO_SCALE_NOTHING;
    s->coarse += made == VIDEO_SCALE_COARSE;
    if (now - s->counting < COUNTED_US)
        return;
    uint32_t few = s->spent + s->spent / 10 + 1 < TOO_FEW_MAX ? s->spent + s->spent / 10 + 1 : TOO_FEW_MAX;
    bool bad = s->left_out * LEFT_OUT_PARTS > s->offered || s->coarse * COARSE_OF >= s->offered * COARSE_PARTS;
    if (few > TOO_FEW_MOST)
        few = TOO_FEW_MOST;
    if (s->offered >= COUNTED_MIN && bad && few > too_few(s, now)) {
        s->too_few = few;
        s->learnt = now;
    }
    count_from(s, now);
}

void video_scale_saw(struct video_scale *s, uint32_t coarseness_percent)
{
    if (coarseness_percent == 0)
        return;
    uint32_t fresh = coarseness_percent * 100;
    s->coarsely = s->seen == 0 ? fresh : (s->coarsely * (SEEN_OF - 1) + fresh) / SEEN_OF;
    s->seen += s->seen < SEEN_MIN;
}
