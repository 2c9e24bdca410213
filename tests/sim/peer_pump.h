/* SPDX-License-Identifier: MIT */
/* Scripted media for whole connections: sources that push encoded frames as virtual time passes, and sinks that judge what arrives. */
#ifndef CRTC_PEER_PUMP_H
#define CRTC_PEER_PUMP_H

#include "peer_scene.h"

struct peer_pump {
    rtc_context *context;
    rtc_media_kind kind;
    rtc_media_source *source;
    rtc_media_stream_track *track;
    bool running;
    uint32_t serial;
    rtc_time_t next;
    bool wants_keyframe;
    uint32_t bitrate_bps;                           /* what the connection said */
    bool follows;                                   /* pictures are no larger than that */
    size_t frame_bytes;                             /* video: average */
    uint64_t key_frames, keyframe_requests, unmade; /* unmade: there was no memory for the frame */
    uint64_t random;
};

/* A source of raw pictures, one each PEER_CAMERA_US, whose track the first peer sends. */
enum { PEER_CAMERA_US = 33333 };
struct peer_camera {
    rtc_media_source *source;
    rtc_time_t next; /* RTC_TIME_NEVER: it rests */
    uint32_t pushed;
};
void peer_camera_new(struct peer_camera *camera, struct sim_peers *peers);
/* From the next interval on, by the pair's steps. */
void peer_camera_start(struct peer_camera *camera, struct sim_peers *peers);
/* One picture now; then it rests. */
void peer_camera_push(struct peer_camera *camera, struct sim_peers *peers);

/* What an on_encoded sink saw. A video frame is decodable when it is a keyframe or follows the last decodable one; the first one
 * is, because the connection passes on none that is not. */
struct peer_sink {
    rtc_media_stream_track *track;
    rtc_media_sink *sink;
    struct sim_peers *peers;
    uint64_t frames, decodable, out_of_order;
    bool any, broken;
    uint32_t serial;
    rtc_time_t last_at, longest_gap;
    rtc_time_t latency; /* arrival minus capture, of the last */
};

enum { PEER_PUMPS = 4 };
struct peer_pumps {
    struct peer_pump pump[PEER_PUMPS];
    size_t count;
    void (*on_step)(struct sim_peers *peers); /* the test's own, after the pumps */
};

/* Hooks the pumps into the pair's steps. */
void peer_pumps_attach(struct peer_pumps *pumps, struct sim_peers *peers);
struct peer_pump *peer_pump_new(struct peer_pumps *pumps, struct sim_peers *peers, rtc_media_kind kind);
void peer_pumps_fini(struct peer_pumps *pumps);
int peer_sink_attach(struct peer_sink *sink, struct sim_peers *peers, rtc_media_stream_track *track);
void peer_sink_fini(struct peer_sink *sink);
/* The receiver's track of a peer's n-th transceiver. */
rtc_media_stream_track *peer_remote_track(struct sim_peers *peers, int index, size_t n);

#endif
