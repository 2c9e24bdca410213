/* SPDX-License-Identifier: MIT */
/* What the tests of ICE restarts share: two connections that talk all the time, and notice every gap. */
#ifndef CRTC_RESTART_SCENE_H
#define CRTC_RESTART_SCENE_H

#include "peer_pump.h"

#include "peer.h"
#include "transport.h"
#include "transport_internal.h"

/* Numbered messages each way on one reliable, ordered channel, and video each way. */
struct restart_scene {
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_sink sink[2];
    struct peer_log log[2];
    rtc_data_channel *channel;
    uint32_t sent[2], received[2]; /* by the peer of that index */
    rtc_time_t send_at;
    rtc_time_t heard_at[2], longest_silence[2];
    bool talking, media;
};

/* Two connections with a channel, and with video when `media`; nothing is negotiated. */
void restart_prepare(struct restart_scene *s, uint64_t seed, const struct sim_link *link, bool media);
/* Once the channel is open, messages begin; what is measured begins three seconds later. */
void restart_start_talking(struct restart_scene *s, rtc_time_t limit);
/* All of that. */
void restart_begin_over(struct restart_scene *s, uint64_t seed, const struct sim_link *link, bool media);
void restart_begin(struct restart_scene *s, uint64_t seed);
/* Nothing that was sent is missing. */
void restart_end(struct restart_scene *s);
struct transport *restart_transport(struct restart_scene *s, int index);
rtc_peer_connection *restart_pc(struct restart_scene *s, int index);
/* How many generations there are. */
size_t restart_agents(struct restart_scene *s, int index);
const char *restart_ufrag(struct restart_scene *s, int index);
/* Asks for a restart and offers it; the rest follows as time passes. */
void restart_now(struct restart_scene *s, int index);
/* Both sides are on the new generation within `limit`. */
void restart_expect_settled(struct restart_scene *s, rtc_time_t limit);

#endif
