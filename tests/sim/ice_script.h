/* SPDX-License-Identifier: MIT */
/* A scripted peer for one ICE agent (a): what it answers and asks is the test's choice. */
#ifndef CRTC_ICE_SCRIPT_H
#define CRTC_ICE_SCRIPT_H

#include "ice_sim.h"
#include "stun_message.h"

/* What the scripted peer does and has seen. */
struct script {
    bool answers;
    uint16_t error;
    bool nominates_all; /* USE-CANDIDATE on every pair it hears of */
    bool controlling;
    uint32_t silent_socket; /* on which nothing is answered */
    uint32_t only_socket;   /* the one on which something is answered; 0: on all */
    uint32_t nominated_socket;
    unsigned requests, nominations, successes, errors;
    unsigned repeated; /* requests with the transaction of the one before */
    uint16_t last_error;
    struct stun_message last;
    uint8_t bytes[STUN_MESSAGE_MAX];
};
extern struct script script;
extern rtc_context *script_context;

extern const char script_ufrag[], script_password[];
extern const char script_four[], script_six[]; /* its candidates: sockets 1 and 2 */

int script_setup(void **state);
int script_teardown(void **state);
/* An agent with one address of each family, gathered, that knows the peer's credentials but no candidate. */
void script_begin(struct ice_sim *sim, uint64_t seed, bool controlling);
void script_begin_with(struct ice_sim *sim, uint64_t seed, struct ice_options options);
void script_candidate(struct ice_sim *sim, const char *text);
/* The path from the scripted peer to the agent's address of that family. */
struct path script_path(struct ice_sim *sim, uint8_t family);
/* A Binding request as the peer would make it. */
void script_request(struct ice_peer *peer, struct stun_message *m, char username[64]);
/* Sends a message with the integrity of that key; "" makes none. */
void script_send(struct ice_peer *peer, const struct path *path, const struct stun_message *m, const char *key);
/* Both at once, with more attributes. */
void script_ask(struct ice_peer *peer, const struct path *path, uint32_t has);

#endif
