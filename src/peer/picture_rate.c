/* SPDX-License-Identifier: MIT */
/* See picture_rate.h. */
#include "picture_rate.h"

enum { US_PER_S = 1000000, DOWN_AFTER_US = US_PER_S, UP_AFTER_US = 4 * US_PER_S, LEAST_PER_S = 5 };
/* Thousandths of a bit for each pixel, as in video_scale.h. */
enum { ENOUGH = 30, TOO_FEW = 20 };
/* Four pictures of five, over two seconds. */
enum { COUNTED_US = 2 * US_PER_S, COUNTED_MIN = 8 };

/* Of those that come, in hundredths. */
static const uint32_t shares[] = {100, 67, 50, 33, 20};
enum { LAST = sizeof shares / sizeof shares[0] - 1 };

static bool has_bits(const struct picture_rate_limits *limits, uint32_t step, uint32_t thousandths)
{
    return (uint64_t)limits->bitrate_bps * 1000 * 100 >= limits->pixels * thousandths * limits->frames_per_second * shares[step];
}

static bool is_coarse(const struct picture_rate *r, rtc_time_t now)
{
    return r->made >= COUNTED_MIN && now - r->counting >= COUNTED_US && r->coarse * 5 >= r->made * 4;
}

static void move(struct picture_rate *r, rtc_time_t now, uint32_t step)
{
    *r = (struct picture_rate){.step = step, .changed = now};
}

double picture_rate_choose(struct picture_rate *r, rtc_time_t now, const struct picture_rate_limits *limits)
{
    rtc_time_t passed = now >= r->changed ? now - r->changed : UP_AFTER_US;
    bool may_sink = r->step < LAST && limits->frames_per_second * shares[r->step + 1] >= LEAST_PER_S * 100;
    bool few = !has_bits(limits, r->step, TOO_FEW) && passed >= DOWN_AFTER_US, coarse = is_coarse(r, now);
    if ((few || coarse) && may_sink)
        move(r, now, r->step + 1);
    else if (r->step > 0 && !coarse && has_bits(limits, r->step - 1, ENOUGH) && passed >= UP_AFTER_US)
        move(r, now, r->step - 1);
    return r->step > 0 && limits->frames_per_second > 0 ? 1e8 / ((double)limits->frames_per_second * shares[r->step]) : 0;
}

void picture_rate_made(struct picture_rate *r, rtc_time_t now, bool coarse)
{
    if (r->made == 0 || now < r->counting || now - r->counting >= 2 * COUNTED_US) {
        r->counting = now;
        r->made = r->coarse = 0;
    }
    r->made++;
    r->coarse += coarse;
}
