/* SPDX-License-Identifier: MIT */
/* What the agent has of TCP: listeners, attempts and connections. See ice_tcp.h. */
#ifndef CRTC_ICE_TCP_TYPES_H
#define CRTC_ICE_TCP_TYPES_H

#include "ice_consent.h"
#include "ice_gathering.h"
#include "ice_names.h"
#include "ice_pairing.h"
#include "tcp_framing.h"

enum { ICE_TCP_ATTEMPTS_MAX = 32, ICE_TCP_CONNECTING_MAX = 8, ICE_TCP_ACCEPTED_MAX = 32, ICE_TCP_STRANGERS_MAX = 16 };

/*   OPENING --bound--> OPEN --its interface is gone--> CLOSED, its place free for another
 *      +--refused, too late------------------------------^ */
enum ice_listener_state { ICE_LISTENER_CLOSED, ICE_LISTENER_OPENING, ICE_LISTENER_OPEN };

/* A listening socket, whose address is a passive host candidate. */
struct ice_listener {
    uint32_t socket;               /* 0: CLOSED */
    enum ice_listener_state state; /* set_listener() in ice_tcp_passive.c */
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

struct ice_connection {
    uint32_t socket;                 /* 0: none */
    enum ice_connection_state state; /* ice_connection_set_state() */
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

/* Owner: the agent. Written by ice_tcp.c and, each what is its own, ice_tcp_connection.c and ice_tcp_passive.c. */
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

#endif
