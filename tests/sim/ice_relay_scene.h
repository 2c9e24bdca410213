/* SPDX-License-Identifier: MIT */
/* Two agents with hosts behind NATs, and two TURN servers. */
#ifndef CRTC_ICE_RELAY_SCENE_H
#define CRTC_ICE_RELAY_SCENE_H

#include "ice_sim.h"

#define RELAY_SERVER_IP "198.51.100.9"
#define RELAY_SERVER_IP6 "2001:db8:ffff::9"
#define RELAY_OTHER_IP "198.51.100.10"

struct relay_scene {
    struct ice_sim sim;
    struct sim_turn turn, other;
};

/* Of a group of tests: they share a context. */
int relay_scene_setup(void **state);
int relay_scene_teardown(void **state);

/* ip6: NULL, or where the first server has relays of that family, too. */
void relay_scene_begin(struct relay_scene *s, uint64_t seed, enum sim_nat nat, const char *ip6);
struct ice_server relay_scene_server(const char *host);
/* Both use the server at `host`, and start. */
void relay_scene_agents(struct relay_scene *s, bool relay_only, const char *host);
/* Its packets go over a relay. */
void relay_scene_require_relay(const struct ice_peer *p);
/* Closes both and sees the allocations given back. */
void relay_scene_end(struct relay_scene *s);

#endif
