/* SPDX-License-Identifier: MIT */
/* A TURN server in the simulated network, as RFC 8656 has it, that can be told to misbehave: challenges, allocations of both families, permissions,
 * channels, indications and ChannelData. The test's network loop hands it every datagram that arrives at its host. */
#ifndef CRTC_SIM_TURN_SERVER_H
#define CRTC_SIM_TURN_SERVER_H

#include "sim_network.h"
#include "stun_message.h"

struct sim_turn_allocation {
    bool used;
    struct address client;  /* the 5-tuple: the server's side is the host's one address per family */
    struct path path;       /* to the client */
    struct address relayed[2];
    size_t relayed_count;
    rtc_time_t expires;
    struct address permitted[64];
    rtc_time_t permitted_until[64];
    size_t permission_count;
    struct address bound[32];
    uint16_t channels[32];
    size_t channel_count;
};

struct sim_turn_counters {
    unsigned allocations, refreshes, deallocations, permissions, binds, sends, datas, channel_in, channel_out, unauthorized, stale, refused, peerless;
    size_t largest; /* datagram to or from a client */
};

struct sim_turn {
    struct sim_host *host;
    struct packet_pool *pool;
    const char *ip4, *ip6;  /* NULL: no relays of that family */
    bool sha256;            /* offers password algorithms */
    bool unsigned_errors;
    uint16_t refuse_allocate; /* the code of every Allocate with credentials; 0 none */
    unsigned mismatches;    /* so many first Allocates with credentials are answered 437 */
    unsigned stale_every;   /* every n-th request with credentials meets a stale nonce */
    unsigned lose_first;    /* so many first datagrams are lost */
    uint16_t refuse_bind;   /* the code of every ChannelBind */
    uint32_t lifetime;      /* of allocations; 0: 600 */
    bool forgets;           /* loses each allocation at once: 437 for everything but Allocate */
    bool dead;              /* answers nothing */
    uint16_t refuse_refresh; /* the code of every Refresh of more than zero seconds */
    bool unsigned_mismatch; /* 437 without integrity */
    struct address alternate; /* where Allocate is sent instead */
    unsigned requests, nonce;
    uint16_t next_port;
    struct sim_turn_allocation allocations[16];
    struct sim_turn_counters counters;
};

/* A host with these addresses, listening on port 3478; user "user", password "secret", realm "sim". */
void sim_turn_init(struct sim_turn *turn, struct sim_network *net, struct packet_pool *pool, const char *ip4, const char *ip6);
void sim_turn_serve(struct sim_turn *turn, rtc_time_t now, const struct packet *packet);
/* The server starts again: allocations are gone, nonces of before are stale. */
void sim_turn_restart(struct sim_turn *turn);
unsigned sim_turn_allocated(const struct sim_turn *turn, rtc_time_t now);

#endif
