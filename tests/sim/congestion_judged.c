/* SPDX-License-Identifier: MIT */
/* The scenarios: see congestion_judged.h. */
#include "congestion_judged.h"
#include "gcc.h"
#include "scream.h"

#include <stdlib.h>

enum { MS = 1000, SECOND = 1000000, MOST_BPS = 3000000, SETTLED = 5 * SECOND };

static struct flow *add(struct congestion_scene *s, size_t i, rtc_context *context, uint64_t seed, rtc_time_t begins)
{
    const struct flow_options options = {.controller = &gcc_controller,
                                         .limits = {.max_bps = MOST_BPS},
                                         .encoder_max_bps = MOST_BPS,
                                         .feedback_us = 50 * MS + (rtc_time_t)(seed * 13 % 50) * MS,
                                         .begins = begins,
                                         .waits_from = SETTLED,
                                         .seed = seed};
    s->flows[i] = flow_new(context, &options, &s->forward, &s->back);
    return s->flows[i];
}

static struct flow *add_scream(struct congestion_scene *s, rtc_context *context, uint64_t seed, bool ect)
{
    const struct flow_options options = {.controller = &scream_controller,
                                         .limits = {.max_bps = MOST_BPS},
                                         .encoder_max_bps = MOST_BPS,
                                         .feedback_us = 50 * MS,
                                         .waits_from = SETTLED,
                                         .ect = ect,
                                         .seed = seed};
    s->flows[0] = flow_new(context, &options, &s->forward, &s->back);
    return s->flows[0];
}

static double seconds(rtc_time_t us)
{
    return us == RTC_TIME_NEVER ? 1e6 : (double)us / SECOND;
}

static void one_megabit(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 1000000, .queue_us = 300 * MS, .delay_us = 25 * MS};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    const struct flow *f = add(&s, 0, context, seed, 0);
    congestion_scene_run(&s, 60 * SECOND);
    v[0] = scene_used(&s, f, SETTLED, 60 * SECOND);
    v[1] = scene_queue_ms(f, 0.95);
    v[2] = seconds(scene_reaches(f, 0, 850000));
    congestion_scene_fini(&s);
}

static double least_target(const struct flow *f, rtc_time_t from, rtc_time_t to)
{
    double least = 1e9;
    for (rtc_time_t i = from / FLOW_BIN_US; i < to / FLOW_BIN_US; i++)
        least = f->bins[i].target_bps < least ? f->bins[i].target_bps : least;
    return least;
}

/* An encoder that changes the size of its pictures: nothing leaves, and then a keyframe as fast as the pacer lets it go. What arrived just
 * before it does not tell what the path takes. */
static void uneven(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 1000000, .queue_us = 300 * MS, .delay_us = 25 * MS};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    struct flow *f = add(&s, 0, context, seed, 0);
    f->options.uneven = true;
    congestion_scene_run(&s, 60 * SECOND);
    v[0] = scene_used(&s, f, SETTLED, 60 * SECOND);
    v[1] = least_target(f, SETTLED, 60 * SECOND) / 1000;
    v[2] = scene_queue_ms(f, 0.95);
    congestion_scene_fini(&s);
}

static void drop_and_back(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 2500000, .queue_us = 300 * MS, .delay_us = 25 * MS};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    s.changes[0] = (struct scene_change){20 * SECOND, 600000};
    s.changes[1] = (struct scene_change){40 * SECOND, 2500000};
    const struct flow *f = add(&s, 0, context, seed, 0);
    congestion_scene_run(&s, 60 * SECOND);
    v[0] = scene_used(&s, f, 0, 60 * SECOND);
    v[1] = seconds(scene_queue_over(f, 20 * SECOND, 40 * SECOND, 100 * MS));
    v[2] = seconds(scene_reaches(f, 40 * SECOND, 2000000));
    congestion_scene_fini(&s);
}

static void random_loss(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 3000000, .queue_us = 300 * MS, .delay_us = 25 * MS, .loss = 0.05};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    const struct flow *f = add(&s, 0, context, seed, 0);
    congestion_scene_run(&s, 60 * SECOND);
    v[0] = scene_media(&s, f, SETTLED, 60 * SECOND) / 3e6;
    v[1] = scene_queue_ms(f, 0.95);
    congestion_scene_fini(&s);
}

static void jitter(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 3000000, .queue_us = 300 * MS, .delay_us = 25 * MS, .jitter_us = 30 * MS};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    const struct flow *f = add(&s, 0, context, seed, 0);
    congestion_scene_run(&s, 60 * SECOND);
    v[0] = scene_used(&s, f, SETTLED, 60 * SECOND);
    v[1] = seconds(scene_reaches(f, 0, 2400000));
    congestion_scene_fini(&s);
}

/* The same of an encoder that sends nothing now and then: jitter that looks like a queue just after that must not cost much. */
static void uneven_jitter(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 3000000, .queue_us = 300 * MS, .delay_us = 25 * MS, .jitter_us = 30 * MS};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    struct flow *f = add(&s, 0, context, seed, 0);
    f->options.uneven = true;
    congestion_scene_run(&s, 60 * SECOND);
    v[0] = scene_used(&s, f, SETTLED, 60 * SECOND);
    v[1] = least_target(f, SETTLED, 60 * SECOND) / 1000;
    v[2] = seconds(scene_reaches(f, 0, 2400000));
    congestion_scene_fini(&s);
}

static void beside_tcp(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 1500000, .queue_us = 300 * MS, .delay_us = 25 * MS};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    const struct flow *f = add(&s, 0, context, seed, 0);
    s.cubic = malloc(sizeof *s.cubic);
    if (!s.cubic)
        abort();
    cubic_init(s.cubic, &s.forward, 25 * SECOND, 50 * SECOND, 25 * MS);
    congestion_scene_run(&s, 70 * SECOND);
    v[0] = scene_rate(&s, f, 25 * SECOND, 50 * SECOND) / 1000;
    v[1] = seconds(scene_reaches(f, 50 * SECOND, 1200000));
    v[2] = scene_used(&s, f, SETTLED, 25 * SECOND);
    congestion_scene_fini(&s);
}

/* A radio cell is left, and the next takes half as much. */
static void handover(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 3000000, .queue_us = 300 * MS, .delay_us = 25 * MS};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    s.changes[0] = (struct scene_change){20 * SECOND, 0};
    s.changes[1] = (struct scene_change){22 * SECOND, 1500000};
    const struct flow *f = add(&s, 0, context, seed, 0);
    congestion_scene_run(&s, 50 * SECOND);
    v[0] = scene_used(&s, f, 25 * SECOND, 50 * SECOND);
    v[1] = seconds(scene_reaches(f, 22 * SECOND, 1200000));
    congestion_scene_fini(&s);
}

static void policer(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 1000000, .queue_us = 30 * MS, .delay_us = 25 * MS, .polices = true};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    const struct flow *f = add(&s, 0, context, seed, 0);
    congestion_scene_run(&s, 60 * SECOND);
    v[0] = scene_used(&s, f, SETTLED, 60 * SECOND);
    v[1] = (double)f->lost_packets / (double)f->sent_packets;
    double lost = 0, sent = 0;
    for (size_t i = SETTLED / FLOW_BIN_US; i < 60 * SECOND / FLOW_BIN_US; i++) {
        lost += f->bins[i].lost;
        sent += f->bins[i].sent;
    }
    v[2] = lost / sent;
    congestion_scene_fini(&s);
}

static void three_calls(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 3000000, .queue_us = 300 * MS, .delay_us = 25 * MS};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < 3; i++)
        (void)add(&s, i, context, seed * 3 + i, (rtc_time_t)i * 10 * SECOND);
    congestion_scene_run(&s, 90 * SECOND);
    for (size_t i = 0; i < 3; i++) {
        double bps = scene_rate(&s, s.flows[i], 40 * SECOND, 90 * SECOND);
        sum += bps;
        squares += bps * bps;
    }
    v[0] = sum * sum / (3 * squares);
    v[1] = sum / 3e6;
    v[2] = scene_queue_ms(s.flows[0], 0.95);
    congestion_scene_fini(&s);
}

static void scream(rtc_context *context, uint64_t seed, bool marks, double *v)
{
    const struct congestion_link link = {.rate_bps = 1000000, .queue_us = 300 * MS, .mark_us = marks ? 5 * MS : 0, .delay_us = 25 * MS};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    const struct flow *f = add_scream(&s, context, seed, marks);
    congestion_scene_run(&s, 60 * SECOND);
    v[0] = scene_used(&s, f, SETTLED, 60 * SECOND);
    v[1] = scene_queue_ms(f, 0.95);
    v[2] = seconds(scene_reaches(f, 0, 850000));
    congestion_scene_fini(&s);
}

static void scream_at_loss(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 3000000, .queue_us = 300 * MS, .delay_us = 25 * MS, .loss = 0.05};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    const struct flow *f = add_scream(&s, context, seed, false);
    congestion_scene_run(&s, 60 * SECOND);
    v[0] = scene_media(&s, f, SETTLED, 60 * SECOND) / 3e6;
    v[1] = scene_queue_ms(f, 0.95);
    congestion_scene_fini(&s);
}

static void scream_policed(rtc_context *context, uint64_t seed, double *v)
{
    const struct congestion_link link = {.rate_bps = 1000000, .queue_us = 30 * MS, .delay_us = 25 * MS, .polices = true};
    struct congestion_scene s;
    congestion_scene_init(&s, &link, seed);
    const struct flow *f = add_scream(&s, context, seed, false);
    congestion_scene_run(&s, 60 * SECOND);
    v[0] = scene_used(&s, f, SETTLED, 60 * SECOND);
    v[1] = (double)f->lost_packets / (double)f->sent_packets;
    congestion_scene_fini(&s);
}

static void scream_by_queue(rtc_context *context, uint64_t seed, double *v)
{
    scream(context, seed, false, v);
}

/* A bottleneck that marks what waits longer than five milliseconds. */
static void scream_by_marks(rtc_context *context, uint64_t seed, double *v)
{
    scream(context, seed, true, v);
}

const struct judged_scenario congestion_scenarios[] = {
    {"1 Mbit/s", {{"used", false, 0.93, 0.9}, {"queue p95 ms", true, 40, 60}, {"start s", true, 1.5, 1.5}}, one_megabit},
    {"1 Mbit/s, uneven", {{"used", false, 0.9, 0.85}, {"least target kbit/s", false, 700, 500}, {"queue p95 ms", true, 70, 120}}, uneven},
    {"2.5, 0.6, 2.5 Mbit/s", {{"used", false, 0.9, 0.85}, {"queue over 100 ms s", true, 1.5, 6}, {"back s", true, 5, 8}}, drop_and_back},
    {"3 Mbit/s, 5 % lost", {{"media", false, 0.8, 0.7}, {"queue p95 ms", true, 40, 60}}, random_loss},
    {"3 Mbit/s, 30 ms jitter", {{"used", false, 0.93, 0.85}, {"start s", true, 2, 5}}, jitter},
    {"3 Mbit/s, 30 ms jitter, uneven",
     {{"used", false, 0.81, 0.72}, {"least target kbit/s", false, 1500, 1000}, {"start s", true, 2, 5}},
     uneven_jitter},
    {"1.5 Mbit/s beside TCP", {{"kbit/s", false, 500, 300}, {"back s", true, 5, 8}, {"used alone", false, 0.93, 0.9}}, beside_tcp},
    {"handover", {{"used", false, 0.93, 0.9}, {"back s", true, 2, 4}}, handover},
    {"policer", {{"used", false, 0.9, 0.8}, {"lost", true, 0.15, 0.25}, {"lost once settled", true, 0.05, 0.1}}, policer},
    {"three calls", {{"Jain", false, 0.88, 0.7}, {"used", false, 0.93, 0.9}, {"queue p95 ms", true, 60, 100}}, three_calls},
    {"SCReAM, 1 Mbit/s", {{"used", false, 0.93, 0.9}, {"queue p95 ms", true, 80, 120}, {"start s", true, 2, 3}}, scream_by_queue},
    {"SCReAM, 3 Mbit/s, 5 % lost", {{"media", false, 0.77, 0.7}, {"queue p95 ms", true, 50, 70}}, scream_at_loss},
    {"SCReAM, policer", {{"used", false, 0.93, 0.9}, {"lost", true, 0.17, 0.2}}, scream_policed},
    {"SCReAM, marks", {{"used", false, 0.85, 0.8}, {"queue p95 ms", true, 15, 25}, {"start s", true, 2, 3}}, scream_by_marks},
};
const size_t congestion_scenario_count = sizeof congestion_scenarios / sizeof *congestion_scenarios;
