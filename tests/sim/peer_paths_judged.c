/* SPDX-License-Identifier: MIT */
/* See peer_paths_judged.h. */
#include "peer_paths_judged.h"

#include "peer_paths_scene.h"

#include <stdlib.h>

#define LINK(bps) .delay_us = 25 * MS, .rate_bps = (bps), .queue_us = 300 * MS

static struct paths *paths_new(int calls)
{
    struct paths *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->calls = calls;
    return p;
}

static void narrow(rtc_context *context, uint64_t seed, double *v)
{
    (void)context;
    struct paths *p = paths_new(1);
    p->changes[0] = (struct paths_change){0, {LINK(1000000)}};
    paths_run(p, seed, 30);
    v[0] = paths_share(p, 0, 10, 30);
    v[1] = paths_queue_ms(p, 0.95);
    v[2] = paths_reached(p, 0, 0, 30);
    v[3] = paths_freezes(p, 0, 0, 30);
    v[4] = paths_frozen(p, 0, 0, 30);
    free(p);
}

static void drop(rtc_context *context, uint64_t seed, double *v)
{
    (void)context;
    struct paths *p = paths_new(1);
    p->changes[0] = (struct paths_change){0, {LINK(2500000)}};
    p->changes[1] = (struct paths_change){20, {LINK(600000)}};
    p->changes[2] = (struct paths_change){35, {LINK(2500000)}};
    paths_run(p, seed, 50);
    v[0] = paths_share(p, 0, 10, 50);
    v[1] = paths_queue_over(p, 20, 35, 100 * MS);
    v[2] = paths_reached(p, 0, 35, 50);
    v[3] = paths_freezes(p, 0, 0, 20);
    v[4] = paths_freezes(p, 0, 20, 50);
    v[5] = paths_frozen(p, 0, 20, 50);
    free(p);
}

static void loss(rtc_context *context, uint64_t seed, double *v)
{
    (void)context;
    struct paths *p = paths_new(1);
    p->changes[0] = (struct paths_change){0, {LINK(3000000), .loss = 0.05}};
    paths_run(p, seed, 30);
    v[0] = paths_share(p, 0, 10, 30);
    v[1] = paths_queue_ms(p, 0.95);
    v[2] = paths_reached(p, 0, 0, 30);
    v[3] = paths_freezes(p, 0, 0, 30);
    v[4] = paths_frozen(p, 0, 0, 30);
    free(p);
}

static void jitter(rtc_context *context, uint64_t seed, double *v)
{
    (void)context;
    struct paths *p = paths_new(1);
    p->changes[0] = (struct paths_change){0, {LINK(3000000), .jitter_us = 30 * MS}};
    paths_run(p, seed, 30);
    v[0] = paths_share(p, 0, 10, 30);
    v[1] = paths_queue_ms(p, 0.95);
    v[2] = paths_reached(p, 0, 0, 30);
    v[3] = paths_freezes(p, 0, 0, 30);
    v[4] = paths_frozen(p, 0, 0, 30);
    free(p);
}

static void tcp(rtc_context *context, uint64_t seed, double *v)
{
    (void)context;
    struct paths *p = paths_new(1);
    p->changes[0] = (struct paths_change){0, {LINK(1500000)}};
    p->tcp_from = 15;
    p->tcp_until = 35;
    paths_run(p, seed, 50);
    v[0] = paths_bps(p, 0, 15, 35) / 1000;
    v[1] = paths_reached(p, 0, 35, 50);
    v[2] = paths_share(p, 0, 5, 15);
    v[3] = paths_freezes(p, 0, 0, 50);
    v[4] = paths_frozen(p, 0, 0, 50);
    free(p);
}

static void handover(rtc_context *context, uint64_t seed, double *v)
{
    (void)context;
    struct paths *p = paths_new(1);
    p->changes[0] = (struct paths_change){0, {LINK(2000000)}};
    p->changes[1] = (struct paths_change){15, {LINK(2000000), .down = true}};
    p->changes[2] = (struct paths_change){17, {.delay_us = 60 * MS, .rate_bps = 1000000, .queue_us = 300 * MS}};
    paths_run(p, seed, 32);
    v[0] = paths_reached(p, 0, 17, 32);
    v[1] = paths_queue_over(p, 17, 32, 100 * MS);
    v[2] = paths_share(p, 0, 20, 32);
    v[3] = paths_freezes(p, 0, 0, 15) + paths_freezes(p, 0, 19, 32); /* that of the outage ends by then */
    v[4] = paths_frozen(p, 0, 0, 32);
    free(p);
}

static void policer(rtc_context *context, uint64_t seed, double *v)
{
    (void)context;
    struct paths *p = paths_new(1);
    p->changes[0] = (struct paths_change){0, {.delay_us = 25 * MS, .rate_bps = 1500000, .queue_us = 30 * MS, .polices = true}};
    paths_run(p, seed, 40);
    v[0] = paths_share(p, 0, 10, 40);
    v[1] = paths_reached(p, 0, 0, 40);
    v[2] = paths_freezes(p, 0, 0, 40);
    v[3] = paths_frozen(p, 0, 0, 40);
    free(p);
}

static void three(rtc_context *context, uint64_t seed, double *v)
{
    (void)context;
    struct paths *p = paths_new(3);
    p->changes[0] = (struct paths_change){0, {LINK(3000000)}};
    for (int i = 0; i < 3; i++)
        p->call[i].begins = (rtc_time_t)(seed * 7919 % 1000) * MS * i;
    paths_run(p, seed, 45);
    double sum = 0, squares = 0;
    for (int i = 0; i < 3; i++) {
        double bps = paths_bps(p, i, 10, 45);
        sum += bps;
        squares += bps * bps;
        v[3] += paths_freezes(p, i, 0, 45);
        v[4] += paths_frozen(p, i, 0, 45);
    }
    v[0] = sum * sum / (3 * squares);
    v[1] = sum / 3000000;
    v[2] = paths_queue_ms(p, 0.95);
    free(p);
}

const struct judged_scenario paths_scenarios[] = {
    {"narrow",
     {{"used", false, 0.93, 0.9},
      {"queue p95 ms", true, 40, 60},
      {"start s", true, 1.5, 2.5},
      {"freezes", true, 0.1, 2},
      {"frozen s", true, 0.05, 1}},
     narrow},
    {"drop",
     {{"used", false, 0.87, 0.8},
      {"queue over 100 ms s", true, 1.5, 4},
      {"back s", true, 5, 8},
      {"freezes before", true, 0.1, 2},
      {"freezes", true, 2.5, 5},
      {"frozen s", true, 1.3, 2.5}},
     drop},
    {"loss",
     {{"used", false, 0.85, 0.75},
      {"queue p95 ms", true, 40, 60},
      {"start s", true, 2, 4},
      {"freezes", true, 1.5, 6},
      {"frozen s", true, 0.4, 1.5}},
     loss},
    {"jitter",
     {{"used", false, 0.84, 0.75},
      {"queue p95 ms", true, 40, 60},
      {"start s", true, 3, 12},
      {"freezes", true, 0.1, 2},
      {"frozen s", true, 0.05, 1}},
     jitter},
    {"beside TCP",
     {{"kbit/s", false, 500, 300},
      {"back s", true, 5, 8},
      {"used alone", false, 0.93, 0.9},
      {"freezes", true, 9, 15},
      {"frozen s", true, 3.5, 7}},
     tcp},
    {"handover",
     {{"back s", true, 2, 4},
      {"queue over 100 ms s", true, 0.6, 2},
      {"used", false, 0.93, 0.9},
      {"other freezes", true, 0.1, 2},
      {"frozen s", true, 3.3, 4}},
     handover},
    {"policer", {{"used", false, 0.9, 0.8}, {"start s", true, 2, 4}, {"freezes", true, 2, 6}, {"frozen s", true, 1.5, 3.5}}, policer},
    {"three calls",
     {{"Jain", false, 0.91, 0.8},
      {"used", false, 0.93, 0.9},
      {"queue p95 ms", true, 60, 100},
      {"freezes", true, 0.3, 3},
      {"frozen s", true, 0.2, 2}},
     three},
};
const size_t paths_scenario_count = sizeof paths_scenarios / sizeof *paths_scenarios;
