/* SPDX-License-Identifier: MIT */
/* Bases (RFC 8445 section 4): local transport addresses that checks are sent from. There are three kinds: a UDP socket on an interface of
 * this host (ice_interfaces.c opens them, ice_gather.c takes the result), an address relayed by a TURN server (ice_relay.c), and a TCP
 * connection (ice_tcp.c). They write to those of their kind and remove them; of all kinds ice_interfaces.c says which are absent, and
 * ice_tcp.c which were offered. Everybody else reads. The agent owns the list. Each base is allocated by itself, so that pointers to it
 * stay while it is in the list. */
#ifndef CRTC_ICE_BASE_H
#define CRTC_ICE_BASE_H

#include "ice_common.h"
#include "moves.h"

struct ice_relay;
struct ice_connection;
struct turn_client;

enum { ICE_BASES_MAX = 32 /* sockets; the other kinds are bounded by those who make them */ };

/*   OPENING --bound--> OPEN --dropped---------------> CLOSED
 *      |                 ^                              ^ |
 *      |                 +--a relay, allocated again----+-+
 *      +--bound, and closed again: relays only--> PROBED, as good as CLOSED but for what its interface tells
 *   Each of them may be dropped. */
enum ice_base_state { ICE_BASE_OPENING, ICE_BASE_OPEN, ICE_BASE_PROBED, ICE_BASE_CLOSED };

struct ice_base {
    uint32_t socket;            /* the id of the request that opened it; a relayed address has one that no request has */
    enum ice_base_state state;  /* ice_base_set_state() */
    struct ice_relay *relay;    /* whose relayed address it is; NULL: none's */
    struct turn_client *turn;   /* of that relay, while packets may go through it; else NULL. Borrowed. */
    struct ice_connection *tcp; /* NULL: no TCP connection */
    uint8_t tcp_type;           /* enum ice_tcp_type: NONE, or who made that connection: ACTIVE, we did */
    uint8_t network;            /* enum rtc_network_type; of a relayed address UNKNOWN */
    uint8_t prefix_length;      /* of its network; 0: not known */
    bool absent;                /* its address is not on the system's list any more, and may come back */
    rtc_time_t since;           /* when it became so */
    uint32_t tcp_offer;         /* of a socket: when its interface offered TCP, counted from 1; 0: it did not yet */
    uint32_t interface;         /* its index */
    struct address listed;      /* as the system listed it, port 0; of a relayed address NONE */
    struct address address;
    struct address shown; /* what its host candidate says: another one behind a 1:1 NAT */
    uint16_t preference;  /* the local preference of RFC 8445 section 5.1.2.1 */
    uint32_t priority;    /* of its host or relayed candidate */
    uint32_t foundation;
};

struct ice_bases {
    rtc_context *context; /* the agent's */
    struct ice_base **list;
    size_t count, capacity;
};

void ice_bases_fini(struct ice_bases *bases);
/* A new one at the end of the list, all zero; NULL when out of memory. */
struct ice_base *ice_bases_add(struct ice_bases *bases);
/* Frees it; nothing may refer to it any more. */
void ice_bases_remove(struct ice_bases *bases, struct ice_base *base);
struct ice_base *ice_bases_find(const struct ice_bases *bases, uint32_t socket);

extern const struct moves ice_base_moves;
void ice_base_set_state(struct ice_base *base, rtc_context *context, enum ice_base_state state);
/* The priority that it would have as a peer-reflexive candidate (RFC 8445 section 7.1.1). */
uint32_t ice_base_reflexive_priority(const struct ice_base *base);
/* RFC 6544 section 4.2: over TCP after all that is direct over UDP, and before relays. `preference`: the interface's, counted from 0, the
 * best. */
uint32_t ice_tcp_priority(enum ice_candidate_type type, enum ice_tcp_type tcp_type, uint32_t preference);

/* A UDP socket on an interface, whatever became of it. */
static inline bool ice_base_is_socket(const struct ice_base *base)
{
    return !base->relay && !base->tcp;
}

/* One that can be used: open, and its address is there. */
static inline bool ice_base_is_interface(const struct ice_base *base)
{
    return base->state == ICE_BASE_OPEN && !base->absent && ice_base_is_socket(base);
}

#endif
