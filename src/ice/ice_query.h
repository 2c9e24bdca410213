/* SPDX-License-Identifier: MIT */
/* Server-reflexive candidates (RFC 8445 section 5.1.1.2): from each socket a Binding request to every server of its family, and again while
 * the NAT's mapping is to be kept. The agent owns them; only ice_query.c writes to them. */
#ifndef CRTC_ICE_QUERY_H
#define CRTC_ICE_QUERY_H

#include "ice_gathering.h"
#include "ice_local.h"
#include "ice_server.h"
#include "ice_transaction.h"

enum { ICE_QUERIES_MAX = 128 };

/*   WAITING --its time has come--> ACTIVE --answered--> MAPPED, asked again from time to time
 *      ^  +---------given up----------+--refused, no answer--> FAILED
 *      +---all but MAPPED, when the base's address is back---+ */
enum ice_query_state { ICE_QUERY_WAITING, ICE_QUERY_ACTIVE, ICE_QUERY_MAPPED, ICE_QUERY_FAILED };

extern const struct moves ice_query_moves;

/* Binding requests from one base to one address of a server. */
struct ice_query {
    struct ice_base *base;
    uint32_t server;
    struct address address;
    enum ice_query_state state; /* set_state() in ice_query.c */
    uint8_t again;              /* MAPPED: ask so often at `at`, whether or not a refresh is needed, for the network changed */
    struct ice_transaction transaction;
    rtc_time_t at; /* WAITING: when to start; MAPPED: when to refresh the NAT's mapping */
};

struct ice_queries {
    struct ice_common *common;
    const struct ice_servers *servers;
    struct ice_gathering *gathering;
    struct ice_locals *locals;
    struct ice_query *list;
    size_t count, capacity;
    rtc_time_t paced; /* when the last query was scheduled */
};

void ice_queries_fini(struct ice_queries *queries);
/* Gathering begins: nothing was scheduled yet. */
void ice_queries_begin(struct ice_queries *queries, rtc_time_t now);
/* From an open base to an address of a server. */
void ice_queries_add(struct ice_queries *queries, struct ice_base *base, uint32_t server, const struct address *address, rtc_time_t now,
                     struct out *out);
/* Asks the servers again how the network shows our addresses. */
void ice_queries_refresh(struct ice_queries *queries, rtc_time_t now);
/* Asks again from this base what got no answer. */
void ice_queries_retry(struct ice_queries *queries, const struct ice_base *base, rtc_time_t now);
/* The base is no more. */
void ice_queries_forget(struct ice_queries *queries, const struct ice_base *base);
/* What has no answer yet gets none. */
void ice_queries_give_up(struct ice_queries *queries, struct out *out);
/* Answers are awaited. */
bool ice_queries_pending(const struct ice_queries *queries);
/* A response whose transaction may be a query's; false when it is not. */
bool ice_queries_response(struct ice_queries *queries, rtc_time_t now, const struct path *from, const struct stun_message *message,
                          struct out *out);
/* `keeps`: mappings are refreshed, since no pair carries traffic yet (section 5.1.1.4). */
void ice_queries_run(struct ice_queries *queries, bool keeps, rtc_time_t now, struct out *out);
void ice_queries_deadline(const struct ice_queries *queries, bool keeps, rtc_time_t *best, enum timer_reason *why);

#endif
