/* SPDX-License-Identifier: MIT */
/* A bottleneck and who shares it: see congestion_scene.h. */
#include "congestion_scene.h"

#include <stdlib.h>

void congestion_scene_init(struct congestion_scene *scene, const struct congestion_link *forward, uint64_t seed)
{
    *scene = (struct congestion_scene){.forward = *forward, .back = *forward};
    scene->forward.seed = seed * 2 + 1;
    scene->back.seed = seed * 2;
    scene->back.rate_bps = 100000000;
    scene->back.queue_us = 1000000;
    scene->back.mark_us = 0;
}

void congestion_scene_fini(struct congestion_scene *scene)
{
    for (size_t i = 0; i < SCENE_FLOWS; i++)
        if (scene->flows[i])
            flow_free(scene->flows[i]);
    free(scene->cubic);
}

static rtc_time_t sooner(rtc_time_t a, rtc_time_t b)
{
    return a < b ? a : b;
}

static rtc_time_t next(const struct congestion_scene *s)
{
    rtc_time_t at = s->cubic ? cubic_deadline(s->cubic) : RTC_TIME_NEVER;
    if (s->changed < SCENE_CHANGES && s->changes[s->changed].at > 0)
        at = sooner(at, s->changes[s->changed].at);
    for (size_t i = 0; i < SCENE_FLOWS; i++)
        if (s->flows[i])
            at = sooner(at, flow_deadline(s->flows[i]));
    return at;
}

static void change(struct congestion_scene *s)
{
    uint64_t rate = s->changes[s->changed++].rate_bps;
    s->forward.down = s->back.down = rate == 0;
    if (rate > 0)
        s->forward.rate_bps = rate;
}

static void note_rates(struct congestion_scene *s, rtc_time_t to)
{
    for (rtc_time_t at = s->now / FLOW_BIN_US; at <= to / FLOW_BIN_US && at < FLOW_BINS; at++)
        s->rates[at] = s->forward.down ? 0 : s->forward.rate_bps;
}

void congestion_scene_run(struct congestion_scene *scene, rtc_time_t to)
{
    struct congestion_scene *s = scene;
    for (rtc_time_t at = next(s); at <= to; at = next(s)) {
        if (at / FLOW_BIN_US > s->now / FLOW_BIN_US)
            note_rates(s, at);
        s->now = at > s->now ? at : s->now;
        while (s->changed < SCENE_CHANGES && s->changes[s->changed].at > 0 && s->changes[s->changed].at <= s->now)
            change(s);
        if (s->cubic && cubic_deadline(s->cubic) <= s->now)
            cubic_run(s->cubic, s->now);
        for (size_t i = 0; i < SCENE_FLOWS; i++)
            if (s->flows[i] && flow_deadline(s->flows[i]) <= s->now)
                flow_run(s->flows[i], s->now);
    }
    note_rates(s, to);
    s->now = to;
}

/* ---- What is measured ---- */

static double mean(const struct flow *f, rtc_time_t from, rtc_time_t to, bool media)
{
    double bytes = 0;
    for (rtc_time_t at = from / FLOW_BIN_US; at < to / FLOW_BIN_US && at < FLOW_BINS; at++)
        bytes += media ? f->bins[at].media : f->bins[at].arrived;
    return bytes * 8e6 / (double)(to - from);
}

double scene_rate(const struct congestion_scene *scene, const struct flow *flow, rtc_time_t from, rtc_time_t to)
{
    (void)scene;
    return mean(flow, from, to, false);
}

double scene_media(const struct congestion_scene *scene, const struct flow *flow, rtc_time_t from, rtc_time_t to)
{
    (void)scene;
    return mean(flow, from, to, true);
}

double scene_used(const struct congestion_scene *scene, const struct flow *flow, rtc_time_t from, rtc_time_t to)
{
    double bits = 0;
    for (rtc_time_t at = from / FLOW_BIN_US; at < to / FLOW_BIN_US && at < FLOW_BINS; at++)
        bits += (double)scene->rates[at] * FLOW_BIN_US / 1e6;
    return mean(flow, from, to, false) * (double)(to - from) / 1e6 / bits;
}

double scene_queue_ms(const struct flow *flow, double percentile)
{
    double all = 0, below = 0;
    for (size_t i = 0; i < FLOW_WAITS; i++)
        all += flow->waits[i];
    for (size_t i = 0; i < FLOW_WAITS; i++)
        if ((below += flow->waits[i]) >= all * percentile)
            return (double)i;
    return 0;
}

rtc_time_t scene_reaches(const struct flow *flow, rtc_time_t from, double bps)
{
    for (rtc_time_t at = from / FLOW_BIN_US; at + 5 < FLOW_BINS; at++)
        if (mean(flow, at * FLOW_BIN_US, (at + 5) * FLOW_BIN_US, false) >= bps)
            return (at + 5) * FLOW_BIN_US - from;
    return RTC_TIME_NEVER;
}

rtc_time_t scene_queue_over(const struct flow *flow, rtc_time_t from, rtc_time_t to, rtc_time_t queue_us)
{
    rtc_time_t over = 0;
    for (rtc_time_t at = from / FLOW_BIN_US; at < to / FLOW_BIN_US && at < FLOW_BINS; at++)
        over += flow->bins[at].queue > queue_us ? FLOW_BIN_US : 0;
    return over;
}
