/* SPDX-License-Identifier: MIT */
/* Whole connections that send pictures over one bottleneck in virtual time, with an encoder that costs nothing (peer_encoder.h): what they
 * make of a link is seen in a fraction of a second, so that it can be seen with many seeds. Beside them may be a TCP flow. */
#ifndef CRTC_PEER_PATHS_SCENE_H
#define CRTC_PEER_PATHS_SCENE_H

#include "congestion_cubic.h"
#include "peer_encoder.h"
#include "peer_scene.h"

enum { PATHS_CALLS = 3, PATHS_CHANGES = 4, PATHS_BINS = 1200, PATHS_BIN_US = 100000, PATHS_WAITS = 1000, PATHS_MOST_BPS = 3000000 };

struct paths_change {
    int second; /* of the first picture */
    struct sim_link link;
};

struct paths_bin {
    uint64_t bits; /* of what passed */
    uint32_t dropped, pictures;
    rtc_time_t queue; /* longest wait */
    double freezes, frozen_s;
    uint32_t target_bps, left_out; /* of the encoder */
};

struct paths_call {
    struct sim_peers peers;
    struct peer_encoder encoder;
    rtc_media_source *camera;
    rtc_media_stream_track *track, *seen;
    rtc_media_sink *sink;
    rtc_time_t next_picture, begins;
    struct paths *paths;
    struct paths_bin bins[PATHS_BINS];
};

struct paths {
    struct paths_call call[PATHS_CALLS];
    int calls, tcp_from, tcp_until;             /* seconds; no TCP when they are the same */
    struct paths_change changes[PATHS_CHANGES]; /* the first at 0; until a rate of 0 that is not down */
    rtc_time_t free_at, began;
    struct congestion_link wire; /* of the TCP flow */
    struct cubic cubic;
    uint64_t rates[PATHS_BINS];
    uint32_t waits[PATHS_WAITS]; /* packets by the milliseconds that they waited before the bottleneck, after ten seconds */
};

/* Runs tell what went on in each fifth of a second. */
extern bool paths_verbose;

/* Runs so many seconds. The rest of `paths` is set before. */
void paths_run(struct paths *paths, uint64_t seed, int seconds);

/* Of the bins from and to a second. */
double paths_share(const struct paths *paths, int call, double from, double until); /* of the link */
double paths_bps(const struct paths *paths, int call, double from, double until);
double paths_reached(const struct paths *paths, int call, double from, double until); /* how long half a second takes to carry 80 % */
double paths_queue_over(const struct paths *paths, double from, double until, rtc_time_t queue);
double paths_queue_ms(const struct paths *paths, double percentile);
double paths_freezes(const struct paths *paths, int call, double from, double until);
double paths_frozen(const struct paths *paths, int call, double from, double until); /* seconds */

#endif
