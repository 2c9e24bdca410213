/* SPDX-License-Identifier: MIT */
/* Two ICE agents in the simulated network, with signalling between them that takes time, in virtual time. */
#ifndef CRTC_ICE_SIM_H
#define CRTC_ICE_SIM_H

#include "ice_agent.h"
#include "sim_network.h"
#include "sim_turn_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define MS ((rtc_time_t)1000)
#define SECOND ((rtc_time_t)1000000)

struct ice_sim;

struct ice_peer {
    struct ice_sim *sim;
    struct ice_peer *other;
    struct sim_host *host;
    struct ice_agent *agent;
    struct out out;
    uint32_t next_id;
    bool mute_candidates; /* what it gathers is not signalled */
    bool mute_end;
    rtc_time_t state_at[8]; /* when each state was entered last; -1 never */
    rtc_time_t first_candidate_at, gathered_at, reflexive_at;
    unsigned tcp_candidates; /* the others are counted below */
    unsigned lost_candidates, states, candidates, reflexive, relayed, errors, validated, selections;
    struct ice_candidate_error last_error;
    unsigned data_received, data_refused;
    rtc_time_t data_at, data_gap; /* when data came last; the longest time without any since ice_sim_stream began */
    void (*script)(struct ice_peer *peer, const struct packet *packet); /* plays the peer when it has no agent */
};

struct ice_sim {
    rtc_context *context;
    struct sim_network *net;
    struct ice_peer a, b;
    struct sim_host *server; /* a STUN server at 198.51.100.1:3478 and [2001:db8:ffff::1]:3478 */
    uint16_t server_error;
    struct sim_turn *turn[2]; /* TURN servers, where the test has any */
    rtc_time_t now;
    rtc_time_t signalling; /* one way */
    struct signal *signals;
    bool failed; /* an agent said so: out of memory */
};

/* Both links are alike; addresses are added by the test. Returns non-zero when out of memory. */
int ice_sim_init(struct ice_sim *sim, rtc_context *context, uint64_t seed, const struct sim_link *link);
void ice_sim_fini(struct ice_sim *sim);
/* A default agent in each role; the options' next_request_id is filled in. */
int ice_sim_agents(struct ice_sim *sim, const struct ice_options *a, const struct ice_options *b);
/* Starts gathering at once and signals the credentials each way. */
void ice_sim_start(struct ice_sim *sim);
void ice_sim_gather(struct ice_peer *peer);
/* After a call to an agent: its events are taken, its packets and requests go out. */
void ice_sim_drain(struct ice_peer *peer);
void ice_sim_credentials(struct ice_peer *from);
void ice_sim_candidate(struct ice_peer *to, const struct ice_candidate *candidate);
void ice_sim_run(struct ice_sim *sim, rtc_time_t until);
/* Until both are connected (or completed), at most `limit`; the time it took, -1 when it did not happen. */
rtc_time_t ice_sim_connect(struct ice_sim *sim, rtc_time_t limit);
/* The candidates of its own, in a list that stays as it is until the fourth call after this one. */
size_t ice_sim_locals(const struct ice_agent *agent, const struct ice_candidate **out);
bool ice_sim_connected(const struct ice_peer *peer);
/* Sends a datagram of data each way every 5 ms until then, as media does. */
void ice_sim_stream(struct ice_sim *sim, rtc_time_t until);
/* Sends a datagram of data each way on the selected pairs and checks that it arrives and may be taken. */
bool ice_sim_data_flows(struct ice_sim *sim);

#endif
