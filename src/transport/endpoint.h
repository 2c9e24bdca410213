/* SPDX-License-Identifier: MIT */
/* Which connection does a packet belong to? An endpoint (<crtc/endpoint.h>) is a UDP port that many connections share; this is its core,
 * without I/O.
 *
 *   Binding requests           by the first half of USERNAME, which is the user name fragment of one of our agents
 *   Binding responses          by their transaction: requests that leave are remembered
 *   everything else            by the path, which is learned from what an agent authenticated and from nothing else
 *
 * To a connection, or rather to each of its ICE agents, the port is an alias per local address: the agent's request to open a socket is
 * answered with the endpoint's port, and the id of that request then stands for the port in the agent's paths. Whoever carries packets sees
 * such a path with socket 0.
 */
#ifndef CRTC_TRANSPORT_ENDPOINT_H
#define CRTC_TRANSPORT_ENDPOINT_H

#include "context.h"
#include "driver.h"
#include "ice_agent.h"
#include "list.h"
#include "packet.h"
#include "stun_message.h"
#include "reaper.h"
#include "table.h"

#include <crtc/endpoint.h>
#include <stdatomic.h>

enum {
    ENDPOINT_ADDRESSES_MAX = 64,
    ENDPOINT_ALIASES_MAX = 160, /* per connection: the five agents that can have sockets at once, each with as many addresses as it takes */
    ENDPOINT_USERS_MAX = 16,    /* per connection: its ICE generations */
    ENDPOINT_PATHS_MAX = 16     /* per connection */
};

/* The structs of this file are written by endpoint.c (members, users, aliases, paths), endpoint_route.c (transactions, answers) and
 * endpoint_api.c (what the application set), on the thread of the endpoint's loop. */

/* An agent of a connection, by its user name fragment. Not in the table while it has no alias. A
 * part of its member; written by endpoint.c alone. */
struct endpoint_user {
    struct table_entry entry;
    struct endpoint_member *member;
    uint32_t aliases;
    char ufrag[ICE_LOCAL_UFRAG_LEN + 1];
};

/* A socket that an agent asked for and the endpoint stands for. Owned by its member; written by endpoint.c alone. */
struct endpoint_alias {
    uint32_t socket; /* the id of the agent's request */
    struct address local;
    struct endpoint_user *user;
};

/* A path that belongs to a connection: something authenticated came on it. That proves nothing about the address it came from, so that a
 * connection whose own question was answered from there takes it from one whose was not. Owned by its member; written by endpoint.c alone.
 */
struct endpoint_path {
    struct table_entry entry;
    struct endpoint_path *next; /* of the same connection */
    struct endpoint_member *member;
    uint32_t socket; /* the alias */
    struct address local, remote;
    rtc_time_t heard;    /* when something authenticated came last */
    rtc_time_t answered; /* when one of its requests was answered from there last; -1: never */
};

/* A connection on an endpoint. Owned by the connection, which has it from endpoint_admit() until endpoint_member_free().
 * Written by endpoint.c alone. */
struct endpoint_member {
    struct link link;         /* in the endpoint's list */
    struct table_entry entry; /* by its tag */
    uint32_t tag;
    rtc_endpoint *endpoint;  /* NULL once it has left */
    rtc_endpoint *reference; /* kept until it is freed: its last packets still go out through the port */
    void *owner;             /* whose it is; told by `lost` that the endpoint was closed */
    void (*lost)(void *owner);
    struct endpoint_user users[ENDPOINT_USERS_MAX];
    struct endpoint_alias *aliases;
    size_t alias_count, alias_capacity;
    struct endpoint_path *paths;
    size_t path_count;
};

/* A request that left. Its connection is named by its tag, and may be gone. A part of the sets below. */
struct endpoint_transaction {
    uint8_t id[STUN_TRANSACTION_LEN];
    uint32_t tag; /* 0: unused */
    uint32_t socket;
    uint32_t serial; /* the oldest of a set makes room */
};

/* Sets of a few places each, chosen by the transaction id; no entry is ever looked for elsewhere. A part of the endpoint,
 * which owns the places; written by endpoint_route.c alone. */
struct endpoint_transactions {
    struct endpoint_transaction *places;
    size_t sets; /* a power of two, or 0 */
    uint32_t serial;
};

/* Owned by who has references; ended on its loop's thread. */
struct rtc_endpoint {
    rtc_context *context;
    atomic_uint references;
    struct reaper *reaper; /* its loop's, which ends it; a reference; NULL without a loop */
    struct reaper_entry grave;
    rtc_loop *loop; /* NULL: sans I/O */
    void *port;     /* the loop's, NULL without one and when closed */
    bool closed;
    bool answer_stun;
    struct address addresses[ENDPOINT_ADDRESSES_MAX]; /* what it is bound to, with its port */
    size_t address_count;
    struct link members;
    uint32_t last_tag;
    struct table tags, users, paths;
    struct endpoint_transactions transactions;
    struct packet_pool *pool;
    struct packet_queue answers; /* to plain STUN clients, waiting to be fetched */
    rtc_time_t answers_since;    /* the second that `answered` counts in */
    uint32_t answered;
    rtc_endpoint_stats stats;
};

/* endpoint.c */
int endpoint_admit(rtc_endpoint *endpoint, void *owner, void (*lost)(void *owner), struct endpoint_member **out);
/* The endpoint forgets the connection, which still knows its own aliases by what it asked for. Once. */
void endpoint_leave(struct endpoint_member *member);
/* After that. NULL is legal. */
void endpoint_member_free(struct endpoint_member *member);
/* The agent with this user name fragment asks for a socket on `local`; its request has the id `socket`. *bound is what it gets: the address
 * with the endpoint's port. RTC_ERR_NETWORK when the endpoint is not bound to that address or is closed. */
int endpoint_open(struct endpoint_member *member, const char *ufrag, uint32_t socket, const struct address *local, struct address *bound);
/* That socket is closed; false when it was none of the endpoint's. */
bool endpoint_release(struct endpoint_member *member, uint32_t socket);
const struct endpoint_alias *endpoint_alias(const struct endpoint_member *member, uint32_t socket);
/* Something authenticated came on this path; it answered a request of the connection, which shows that the peer is there, or not. Nothing
 * is done unless its socket is an alias. */
void endpoint_learn(struct endpoint_member *member, rtc_time_t now, const struct path *path, bool answered);
/* It belongs to another connection. */
bool endpoint_contested(const struct endpoint_member *member, rtc_time_t now, const struct path *path);
/* Whom a path belongs to now; NULL when nobody. */
struct endpoint_path *endpoint_find_path(rtc_endpoint *endpoint, rtc_time_t now, const struct address *local, const struct address *remote);
/* Whose user name begins so; NULL when nobody's. */
struct endpoint_user *endpoint_find_user(const rtc_endpoint *endpoint, struct slice ufrag);

/* endpoint_route.c */
/* The connection that a datagram belongs to, with its alias in path->socket; NULL when it is nobody's. */
struct endpoint_member *endpoint_route(rtc_endpoint *endpoint, rtc_time_t now, struct path *path, struct slice datagram);
/* What a connection sends, before it leaves: an alias in its path becomes 0, a request's answer will find back. False when the path is none
 * of the endpoint's. */
bool endpoint_sends(struct endpoint_member *member, struct packet *packet);
void endpoint_transactions_fini(rtc_endpoint *endpoint);

#endif
