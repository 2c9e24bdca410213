/* SPDX-License-Identifier: MIT */
/* Two peer connections over the simulated network in virtual time: the whole library but its loop, driven through the sans-I/O face.
 * Signalling is a function call with a delay of its own. */
#ifndef CRTC_SIM_PEERS_H
#define CRTC_SIM_PEERS_H

#include "sim_network.h"

#include <crtc/crtc.h>

enum { SIM_JOB_COST = 2000 }; /* microseconds that each job of a worker takes, unless a test says otherwise */

enum sim_packet_kind { SIM_STUN, SIM_DTLS, SIM_DATA, SIM_RTP, SIM_RTCP };

struct sim_peer {
    struct sim_peers *peers;
    rtc_peer_connection *pc; /* NULL once the test freed it */
    struct sim_host *host;
    int index;                                                   /* 0 or 1 */
    rtc_peer_connection_callbacks extra;                         /* the test's own, called after the harness's */
    void (*on_dtls)(void *user, rtc_dtls_transport_state state); /* of the first transport; the test's own */
    void *dtls_user;
    void *extra_user;
    bool busy;                                           /* the application dispatches nothing */
    rtc_data_channel *remote_channel;                    /* the first the peer opened; a reference */
    rtc_time_t connected_at, failed_at, disconnected_at; /* RTC_TIME_NEVER before */
    uint32_t tracks, negotiations_needed;
    uint64_t marked[5][64]; /* packets sent, by enum sim_packet_kind and codepoint */
};

struct sim_peers {
    rtc_context *context;
    struct sim_network *net;
    rtc_time_t now;
    uint64_t seed;
    bool trickle;             /* candidates are signalled as they come; else descriptions wait for all of them */
    bool manual;              /* the test carries descriptions and candidates itself */
    rtc_time_t signalling_us; /* delay of every signalled message */
    struct sim_peer peer[2];
    struct signal *signals;                               /* on their way */
    void (*on_step)(struct sim_peers *peers, void *user); /* called whenever time moved; may push frames */
    rtc_time_t (*next_step)(struct sim_peers *peers, void *user);
    void *step_user;
    void (*serve)(struct sim_peers *peers, const struct packet *packet);            /* takes what arrives at hosts that are no peer's */
    bool (*loses)(struct sim_peers *peers, int index, const struct packet *packet); /* what that peer sends and never leaves; may be NULL */
    struct out scratch;
    rtc_context *own; /* the harness's, whose memory does not run out */
    int error;        /* the first error of a call that the harness made; the test may clear it */
};

/* `allocator` may be NULL. Zero when memory ran out. */
bool sim_peers_init(struct sim_peers *peers, uint64_t seed, const struct sim_link *link, const rtc_allocator *allocator,
                    const rtc_configuration *configuration);
/* The same with other limits than the defaults. */
bool sim_peers_init_limited(struct sim_peers *peers, uint64_t seed, const struct sim_link *link, const rtc_allocator *allocator,
                            const rtc_configuration *configuration, const rtc_limits *limits);
/* Another connection takes the place of this peer's, which goes without a word. */
void sim_peers_replace(struct sim_peers *peers, int index, const rtc_configuration *configuration);
void sim_peers_fini(struct sim_peers *peers);
/* Peer 0 makes an offer; answer and candidates follow by themselves as time passes. */
int sim_peers_negotiate(struct sim_peers *peers, int offerer);
/* Runs until `done` says so or `until` is reached; true when done. `done` NULL: until the time. */
bool sim_peers_run(struct sim_peers *peers, rtc_time_t until, bool (*done)(struct sim_peers *peers, void *user), void *user);
/* The transport of the first section, or of data; NULL before there is one. */
rtc_dtls_transport *sim_dtls(const rtc_peer_connection *pc);
/* Both are connected. */
bool sim_peers_connected(struct sim_peers *peers, void *user);

#endif
