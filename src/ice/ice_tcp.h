/* SPDX-License-Identifier: MIT */
/* Candidates for TCP (RFC 6544): what the agent listens on, what it connects to, and the connections. A connection is a base of its own
 * with exactly one remote candidate. Inside the agent its packets are datagrams of that base: only ice_tcp_unwrap() and ice_wrap() know
 * of streams and of framing (RFC 4571).
 *
 * Connections are made late: while a direct pair over UDP works, or may yet begin to, nothing is connected to, so that a call over UDP
 * costs none. All of it is bounded: what the peer's candidates can make us connect to, and what strangers can make us hold. The agent owns
 * it; only ice_tcp.c writes to it, and to its bases. */
#ifndef CRTC_ICE_TCP_H
#define CRTC_ICE_TCP_H

#include "ice_consent.h"
#include "ice_gathering.h"
#include "ice_names.h"
#include "ice_pairing.h"
#include "tcp_framing.h"

enum { ICE_TCP_ATTEMPTS_MAX = 32, ICE_TCP_CONNECTING_MAX = 8, ICE_TCP_ACCEPTED_MAX = 32, ICE_TCP_STRANGERS_MAX = 16 };

/*   OPENING --bound--> OPEN --its interface is gone--> CLOSED, its place free for another
 *      +--refused, too late------------------------------^ */
enum ice_listener_state { ICE_LISTENER_CLOSED, ICE_LISTENER_OPENING, ICE_LISTENER_OPEN };

extern const struct moves ice_listener_moves;

/* A listening socket, whose address is a passive host candidate. */
struct ice_listener {
    uint32_t socket;               /* 0: CLOSED */
    enum ice_listener_state state; /* set_listener() in ice_tcp.c */
    struct address address;
};

/*   WAITING --its time has come--> CONNECTING --connected--> OPEN --something authenticated came--> PROVEN
 *      ^                               |                      |                                     |
 *      +-----------tried again---------+----------------------+--failed, ended--> CLOSED <----------+
 *
 *   An accepted connection is OPEN at first, and gone when it ends. */
enum ice_connection_state {
    ICE_CONNECTION_WAITING,
    ICE_CONNECTION_CONNECTING,
    ICE_CONNECTION_OPEN,
    ICE_CONNECTION_PROVEN,
    ICE_CONNECTION_CLOSED
};

extern const struct moves ice_connection_moves;

struct ice_connection {
    uint32_t socket; /* 0: none */
    enum ice_connection_state state;
    bool accepted;
    uint8_t tries_left;        /* of an attempt */
    rtc_time_t opened;         /* OPEN and PROVEN: since when */
    rtc_time_t at;             /* WAITING: when to begin; CONNECTING and OPEN: when to give up */
    struct address local;      /* an attempt's has port 0 while it is not OPEN */
    struct address address;    /* the peer's */
    struct ice_remote *remote; /* what an attempt connects to */
    struct ice_base *base;     /* while OPEN or PROVEN */
    struct tcp_framing framing;
};

struct ice_tcp {
    struct ice_common *common;
    const struct ice_session *session;
    const struct ice_gathering *gathering;
    struct ice_bases *bases;
    struct ice_names *names;
    const struct ice_pairing *pairing;
    const struct ice_consent *consent;
    bool active, passive; /* what is offered and done */
    struct ice_listener *listeners;
    size_t listener_count, listener_capacity;
    struct ice_connection **connections;
    size_t connection_count, connection_capacity;
    uint32_t offers;                                    /* interfaces that TCP was offered on */
    uint32_t attempts, connecting, accepted, strangers; /* how many of the connections are that; strangers: accepted and not proven */
};

/* The local side of a pair on a connection whose address, as the peer sees it, is none that was announced. */
void ice_tcp_describe(const struct ice_tcp *tcp, const struct ice_base *base, struct ice_candidate *out);
/* Whether this agent would connect to a candidate of the peer. */
bool ice_tcp_is_reachable(const struct ice_tcp *tcp, const struct ice_candidate *candidate);

/* Announces what the interfaces of new host bases offer over TCP, once all of them have their UDP sockets. */
void ice_tcp_offer(struct ice_tcp *tcp, struct out *out);
/* Listeners are still to be opened. */
bool ice_tcp_gathers(const struct ice_tcp *tcp);
/* Attempts: from a new host base's interface to every candidate of the peer, to a new candidate from every interface. */
void ice_tcp_pair_base(struct ice_tcp *tcp, const struct ice_base *base);
void ice_tcp_pair_remote(struct ice_tcp *tcp, struct ice_remote *remote);
/* The interface is gone: it is listened on and connected from no more, and its connections are over. */
void ice_tcp_drop_interface(struct ice_tcp *tcp, const struct address *interface, rtc_time_t now, struct out *out);
/* Something authenticated came over this base's connection. */
void ice_tcp_prove(struct ice_tcp *tcp, const struct ice_base *base);

bool ice_tcp_result(struct ice_tcp *tcp, rtc_time_t now, const struct io_result *result, struct out *out);
/* One of its connections is that socket, which is not 0. */
bool ice_tcp_has_socket(const struct ice_tcp *tcp, uint32_t socket);
/* For packets of streams (PATH_TCP); false: this is none of ours. */
bool ice_tcp_unwrap(struct ice_tcp *tcp, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out);
/* Connections are being made, or will be. */
bool ice_tcp_undecided(const struct ice_tcp *tcp);
/* The same for those that were not tried yet: further tries come later. */
bool ice_tcp_untried(const struct ice_tcp *tcp);
/* Gives connections up whose time is over. */
void ice_tcp_run(struct ice_tcp *tcp, rtc_time_t now, struct out *out);
/* Begins the attempts whose time has come: once the state and the pairs are what they are. */
void ice_tcp_connect(struct ice_tcp *tcp, rtc_time_t now, struct out *out);
void ice_tcp_deadline(const struct ice_tcp *tcp, rtc_time_t *best, enum timer_reason *why);
void ice_tcp_close(struct ice_tcp *tcp, struct out *out);
void ice_tcp_fini(struct ice_tcp *tcp);

#endif
