/* SPDX-License-Identifier: MIT */
/* A bottleneck whose rate follows a schedule, the calls and the TCP flow that share it, and what is measured of them. */
#ifndef CRTC_CONGESTION_SCENE_H
#define CRTC_CONGESTION_SCENE_H

#include "congestion_cubic.h"
#include "congestion_flow.h"

enum { SCENE_FLOWS = 4, SCENE_CHANGES = 4 };

struct scene_change {
    rtc_time_t at;
    uint64_t rate_bps; /* 0: the link is down */
};

struct congestion_scene {
    struct congestion_link forward, back;
    struct scene_change changes[SCENE_CHANGES];
    size_t changed;
    struct flow *flows[SCENE_FLOWS];
    struct cubic *cubic; /* NULL: none */
    rtc_time_t now;
    uint64_t rates[FLOW_BINS];
};

/* `forward` is copied, and the way back is like it without a bottleneck. */
void congestion_scene_init(struct congestion_scene *scene, const struct congestion_link *forward, uint64_t seed);
void congestion_scene_fini(struct congestion_scene *scene);
void congestion_scene_run(struct congestion_scene *scene, rtc_time_t to);

/* From, and to where not, in microseconds. */
double scene_rate(const struct congestion_scene *scene, const struct flow *flow, rtc_time_t from,
                  rtc_time_t to); /* of all that arrived, bits per second */
double scene_media(const struct congestion_scene *scene, const struct flow *flow, rtc_time_t from,
                   rtc_time_t to); /* of what is not padding nor repair */
double scene_used(const struct congestion_scene *scene, const struct flow *flow, rtc_time_t from, rtc_time_t to); /* the part of the link */
double scene_queue_ms(const struct flow *flow, double percentile);              /* of all packets from `waits_from` on */
rtc_time_t scene_reaches(const struct flow *flow, rtc_time_t from, double bps); /* how long half a second takes to carry it */
rtc_time_t scene_queue_over(const struct flow *flow, rtc_time_t from, rtc_time_t to, rtc_time_t queue_us); /* for how long */

#endif
