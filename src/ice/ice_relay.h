/* SPDX-License-Identifier: MIT */
/* Relayed candidates (RFC 8445 section 5.1.1.2): an allocation per TURN server and interface over UDP, per server over a stream, each with
 * a transport of its own. A relayed address is a base like any other; its socket id stands for no socket, and what is sent from it goes
 * through the TURN client (ice_send.c). Servers are tried in parallel, and one that does not answer costs only its own candidates. A relay
 * that is lost in the middle of a call is allocated again, on a new transport, with longer and longer waits between the attempts; its new
 * address is a new candidate. The agent owns them; only ice_relay.c writes to them, and to their bases but for what follows the system's
 * list of interfaces (ice_interfaces.c). */
#ifndef CRTC_ICE_RELAY_H
#define CRTC_ICE_RELAY_H

#include "ice_gathering.h"
#include "ice_local.h"
#include "ice_pairing.h"
#include "ice_server.h"
#include "ice_session.h"
#include "turn_client.h"
#include "turn_stream.h"

enum { ICE_RELAYS_MAX = 16 };

/*   OPENING --transport is there--> ALLOCATING --allocated--> OPEN
 *    ^   ^                             |  |  |                 |
 *    |   +---- 437, 300 ---------------+  |  +--> FAILED       | lost
 *    |                                    v                    v
 *    +------- after a while ---------- WAITING <---------------+
 * One that never was OPEN ends FAILED; one that was is allocated again until the agent ends, which makes it FAILED. OPENING again is
 * another attempt before it was. */
enum ice_relay_state { ICE_RELAY_OPENING, ICE_RELAY_ALLOCATING, ICE_RELAY_OPEN, ICE_RELAY_WAITING, ICE_RELAY_FAILED };

extern const struct moves ice_relay_moves;

/* An allocation on a TURN server, or the attempt at one. */
struct ice_relay {
    uint32_t server;
    uint32_t socket;            /* the id of the request that opened its transport; 0: closed */
    enum ice_relay_state state; /* set_state() of ice_relay.c */
    uint16_t preference;
    uint8_t attempts;
    uint8_t losses;             /* in a row, each followed by a longer wait */
    rtc_time_t opened;          /* when it became OPEN last; RTC_TIME_NEVER: it never was */
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

struct ice_relays {
    struct ice_common *common;
    const struct ice_session *session;
    struct ice_servers *servers;
    struct ice_gathering *gathering;
    struct ice_bases *bases;
    struct ice_locals *locals;
    const struct ice_pairing *pairing;
    struct ice_relay **list;
    size_t count, capacity;
};

void ice_relays_fini(struct ice_relays *relays);
/* Tries for an allocation at one address of a server from the interface of `base`, unless there is one, or enough. */
void ice_relays_start(struct ice_relays *relays, const struct ice_base *base, uint32_t server, const struct address *address,
                      struct out *out);
bool ice_relays_result(struct ice_relays *relays, rtc_time_t now, const struct io_result *result, struct out *out);
/* One of their transports is that socket, which is not 0. */
bool ice_relays_have_socket(const struct ice_relays *relays, uint32_t socket);
/* What came on a relay's transport: what peers sent through it is appended to `inner`. False: on none of these. */
bool ice_relays_unwrap(struct ice_relays *relays, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out);
/* A first attempt is under way. */
bool ice_relays_pending(const struct ice_relays *relays);
void ice_relays_give_up(struct ice_relays *relays, rtc_time_t now, struct out *out);
void ice_relays_run(struct ice_relays *relays, rtc_time_t now, struct out *out);
void ice_relays_deadline(const struct ice_relays *relays, rtc_time_t *best, enum timer_reason *why);
void ice_relays_close(struct ice_relays *relays, rtc_time_t now, struct out *out);
/* Goes on giving allocations back after ice_relays_close. */
void ice_relays_linger(struct ice_relays *relays, rtc_time_t now, struct out *out);
/* Closes the transports that ice_relays_linger() still waits for. */
void ice_relays_abandon(struct ice_relays *relays, struct out *out);
/* Those that were reached from this interface address are no more. */
void ice_relays_forget(struct ice_relays *relays, const struct address *interface, rtc_time_t now, struct out *out);
/* The network changed: what may be reached now from another address is tried at once. */
void ice_relays_hurry(struct ice_relays *relays, rtc_time_t now);
/* The address that its transport stands on is gone. True when any other will do: it is allocated again from there. */
bool ice_relay_unground(struct ice_relays *relays, struct ice_relay *relay, rtc_time_t now, struct out *out);
/* The relay with all of its bases, pairs and candidates is no more. */
void ice_relay_remove(struct ice_relays *relays, struct ice_relay *relay, rtc_time_t now, struct out *out);

#endif
