/* SPDX-License-Identifier: MIT */
/* The trend of the delay: see trendline.h. Times in milliseconds, as the draft's constants have them. */
#include "trendline.h"

#include <math.h>

enum { DELTAS_MAX = 60, STEP_MAX_MS = 100 };
static const double smoothing = 0.9, gain = 4.0, threshold_first_ms = 12.5, threshold_least_ms = 6, threshold_most_ms = 600;
static const double follow_up = 0.0087, follow_down = 0.039, outlier_ms = 15, over_for_least_ms = 10;

void trendline_init(struct trendline *trendline)
{
    *trendline = (struct trendline){.threshold_ms = threshold_first_ms};
}

static double slope(const struct trendline *t)
{
    double x = 0, y = 0, above = 0, below = 0;
    for (unsigned i = 0; i < t->count; i++) {
        x += t->points[i].arrived_ms / t->count;
        y += t->points[i].delay_ms / t->count;
    }
    for (unsigned i = 0; i < t->count; i++) {
        double dx = t->points[i].arrived_ms - x;
        above += dx * (t->points[i].delay_ms - y);
        below += dx * dx;
    }
    return below > 0 ? above / below : 0;
}

static void follow(struct trendline *t, double value_ms, double step_ms)
{
    double size = fabs(value_ms);
    if (size > t->threshold_ms + outlier_ms)
        return;
    double k = size < t->threshold_ms ? follow_down : follow_up;
    t->threshold_ms += k * (size - t->threshold_ms) * fmin(step_ms, STEP_MAX_MS);
    t->threshold_ms = fmin(fmax(t->threshold_ms, threshold_least_ms), threshold_most_ms);
}

static void judge(struct trendline *t, double value_ms, double step_ms)
{
    if (value_ms > t->threshold_ms) {
        t->over_for_ms += t->over_count == 0 ? step_ms / 2 : step_ms;
        t->over_count++;
        if (t->over_for_ms > over_for_least_ms && t->over_count > 1 && value_ms >= t->before_ms)
            t->trend = TREND_GROWS;
    } else {
        t->over_for_ms = 0;
        t->over_count = 0;
        t->trend = value_ms < -t->threshold_ms ? TREND_SHRINKS : TREND_LEVEL;
    }
    t->before_ms = value_ms;
}

void trendline_add(struct trendline *trendline, const struct group_delta *delta)
{
    struct trendline *t = trendline;
    if (t->deltas == 0)
        t->began = delta->arrived;
    t->deltas += t->deltas < DELTAS_MAX;
    t->sum_ms += (double)(delta->arrived_us - delta->sent_us) / 1000;
    t->smoothed_ms = smoothing * t->smoothed_ms + (1 - smoothing) * t->sum_ms;
    if (t->count == TRENDLINE_POINTS) {
        t->count--;
        for (unsigned i = 0; i < t->count; i++)
            t->points[i] = t->points[i + 1];
    }
    t->points[t->count].arrived_ms = (double)(delta->arrived - t->began) / 1000;
    t->points[t->count++].delay_ms = t->smoothed_ms;
    double step_ms = (double)(delta->sent_us > 0 ? delta->sent_us : 0) / 1000;
    double value_ms = t->count == TRENDLINE_POINTS ? slope(t) * t->deltas * gain : 0;
    judge(t, value_ms, step_ms);
    follow(t, value_ms, (double)(delta->arrived_us > 0 ? delta->arrived_us : 0) / 1000);
}
