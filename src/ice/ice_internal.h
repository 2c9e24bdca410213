/* SPDX-License-Identifier: MIT */
/* What the files of the ICE agent share. Bases, remotes and pairs are allocated one by one, so that pointers to them stay; every list has a
 * limit. A base is a local transport address that checks are sent from: a UDP socket, a relayed address, or a TCP connection. */
#ifndef CRTC_ICE_INTERNAL_H
#define CRTC_ICE_INTERNAL_H

#include "ice_agent.h"
#include "ice_base.h"
#include "ice_common.h"
#include "ice_local.h"
#include "ice_reach.h"
#include "ice_lite.h"
#include "ice_lookup.h"
#include "ice_nominate.h"
#include "ice_pairing.h"
#include "ice_query.h"
#include "ice_report.h"
#include "ice_send.h"
#include "ice_session.h"
#include "ice_tcp.h"
#include "turn_client.h"
#include "turn_stream.h"

enum { ICE_RELAYS_MAX = 16 };

/*   OPENING --transport is there--> ALLOCATING --allocated--> OPEN
 *    ^   ^                             |  |  |                 |
 *    |   +---- 437, 300 ---------------+  |  +--> FAILED       | lost
 *    |                                    v                    v
 *    +------- after a while ---------- WAITING <---------------+
 * One that never was OPEN ends FAILED; one that was is allocated again until the agent ends. */
enum ice_relay_state { ICE_RELAY_OPENING, ICE_RELAY_ALLOCATING, ICE_RELAY_OPEN, ICE_RELAY_WAITING, ICE_RELAY_FAILED };

/* An allocation on a TURN server, or the attempt at one. */
struct ice_relay {
    uint32_t server;
    uint32_t socket; /* the id of the request that opened its transport; 0: closed */
    enum ice_relay_state state;
    uint16_t preference;
    uint8_t attempts;
    bool was_open;
    uint8_t losses;             /* in a row, each followed by a longer wait */
    rtc_time_t opened;          /* when it became OPEN last */
    rtc_time_t again;           /* WAITING: when to try again; then: when that has taken too long */
    char domain[256];           /* what the certificate of the server that was named instead is to say; empty: the server's name */
    struct address from;        /* the interface, port 0; of a stream that may use any only the family is set */
    struct address local;       /* what its transport is bound to */
    struct address first;       /* the server */
    struct address address;     /* the server, or the one it named instead */
    struct turn_client *client; /* once the transport is there */
    struct turn_stream *stream; /* NULL over UDP */
    struct ice_base *bases[STUN_RELAYED_MAX]; /* CLOSED while it is not OPEN */
    size_t base_count;
};

struct ice_agent {
    struct ice_common common;
    struct ice_session session;
    bool contested; /* the path of the message that is being handled is somebody else's, for all that is known */

    struct ice_servers servers;
    struct ice_gathering gathering;
    struct ice_queries queries;
    uint32_t interfaces_id;  /* the request for the list of interfaces; 0 unless it is open */
    bool interfaces_awaited; /* it was not answered yet */
    bool interfaces_known;   /* a list came */

    struct ice_names names;
    struct ice_lookups lookups;

    struct ice_relay **relays;
    size_t relay_count, relay_capacity;

    struct ice_tcp tcp;

    struct ice_locals locals;
    struct ice_bases bases;
    struct ice_remotes remotes;
    struct ice_check_list checks;
    struct ice_pairing pairing;
    struct ice_consent consent;
    struct ice_doubt doubt;
    struct ice_nominate nominate;
};

/* ice_agent.c */
void ice_run(struct ice_agent *agent, rtc_time_t now, struct out *out);

/* ice_trickle.c */
/* A candidate that the peer signals, by address or name. RTC_ERR_QUOTA_EXCEEDED beyond the limit. What can not be checked is counted. */
int ice_trickle(struct ice_agent *agent, const struct ice_candidate *candidate);
/* Those whose names were resolved just now. */
void ice_trickle_found(struct ice_agent *agent, struct out *out);

/* ice_gather.c */
void ice_gather_start(struct ice_agent *agent, rtc_time_t now, struct out *out);
bool ice_gather_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out);
void ice_gather_run(struct ice_agent *agent, rtc_time_t now, struct out *out);
void ice_gather_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why);

/* ice_interfaces.c */
/* Follows the system's list: a socket on each new address that the rules allow, none on those that are gone. */
void ice_interfaces_listed(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out);
void ice_interfaces_run(struct ice_agent *agent, rtc_time_t now, struct out *out);
void ice_interfaces_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why);
/* The base, its pairs, its queries and its candidates go. */
void ice_remove_base(struct ice_agent *agent, struct ice_base *base, rtc_time_t now, struct out *out);

/* ice_relay.c */
/* Tries for an allocation at one address of a server from the interface of `base`, unless there is one, or enough. */
void ice_relay_start(struct ice_agent *agent, const struct ice_base *base, uint32_t server, const struct address *address, struct out *out);
bool ice_relay_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out);
bool ice_relay_unwrap(struct ice_agent *agent, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out);
/* A first attempt is under way. */
bool ice_relay_pending(const struct ice_agent *agent);
void ice_relay_give_up(struct ice_agent *agent, rtc_time_t now, struct out *out);
void ice_relay_run(struct ice_agent *agent, rtc_time_t now, struct out *out);
void ice_relay_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why);
void ice_relay_close(struct ice_agent *agent, rtc_time_t now, struct out *out);
/* Goes on giving allocations back after ice_relay_close. */
void ice_relay_linger(struct ice_agent *agent, rtc_time_t now, struct out *out);
/* Closes the transports that ice_relay_linger() still waits for. */
void ice_relay_abandon(struct ice_agent *agent, struct out *out);
void ice_relay_free(struct ice_agent *agent);
/* Those that were reached from this interface address are no more. */
void ice_relay_forget(struct ice_agent *agent, const struct address *interface, rtc_time_t now, struct out *out);
/* The address that its transport stands on is gone. True when any other will do: it is allocated again from there. */
bool ice_relay_unground(struct ice_agent *agent, struct ice_relay *relay, rtc_time_t now, struct out *out);
/* The network changed: what may be reached now from another address is tried at once. */
void ice_relay_hurry(struct ice_agent *agent, rtc_time_t now);
/* The relay with all of its bases, pairs and candidates is no more. */
void ice_relay_remove(struct ice_agent *agent, struct ice_relay *relay, rtc_time_t now, struct out *out);

/* ice_report.c */
void ice_describe_local(const struct ice_agent *agent, const struct ice_pair *pair, struct ice_candidate *out);
void ice_describe_remote(const struct ice_agent *agent, const struct ice_remote *remote, struct ice_candidate *out);

/* ice_input.c */
/* False: it is for another agent. */
bool ice_input(struct ice_agent *agent, rtc_time_t now, const struct path *from, struct slice packet, struct out *out);

#endif
