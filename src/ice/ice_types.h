/* SPDX-License-Identifier: MIT */
/* What an agent, its parts and its owner all speak of: states, events, servers, options, counters. Values only: nothing here is owned by
 * anybody, and no function takes one to change it. */
#ifndef CRTC_ICE_TYPES_H
#define CRTC_ICE_TYPES_H

#include "ice_candidate.h"
#include "ice_filter.h"
#include "out.h"

struct ice_agent;

enum ice_state { ICE_NEW, ICE_CHECKING, ICE_CONNECTED, ICE_COMPLETED, ICE_DISCONNECTED, ICE_FAILED, ICE_CLOSED };
enum ice_gathering_state { ICE_GATHERING_NEW, ICE_GATHERING_ACTIVE, ICE_GATHERING_COMPLETE };

enum ice_event_type {
    ICE_EVENT_STATE = EVENT_ICE, /* state, already stored */
    ICE_EVENT_GATHERING_STATE,   /* gathering */
    ICE_EVENT_CANDIDATE,         /* candidate: a new local one */
    ICE_EVENT_CANDIDATE_ERROR,   /* error */
    ICE_EVENT_SELECTED_PAIR,     /* the pair used for sending changed: ice_agent_selected() */
    ICE_EVENT_CANDIDATES_LOST,   /* local candidates went with their address */
    ICE_EVENT_VALIDATED          /* a path became good for receiving: what was held for it may be processed */
};

enum { ICE_URL_MAX = 272 };

struct ice_candidate_error {
    struct address local;
    char url[ICE_URL_MAX];
    uint16_t code; /* STUN error code, or 701: the server could not be reached (webrtc-pc 4.8.3) */
    char text[128];
};

struct ice_event {
    struct event head;
    uint32_t generation; /* of its agent */
    union {
        enum ice_state state;
        enum ice_gathering_state gathering;
        struct ice_candidate *candidate;
        struct ice_candidate_error *error; /* whoever takes it frees it: ice_candidate_error_free() */
    };
};
_Static_assert(sizeof(struct ice_event) <= EVENT_BYTES, "an event of this module fits");
void ice_candidate_error_free(struct ice_candidate_error *error);

enum ice_server_kind { ICE_SERVER_STUN, ICE_SERVER_TURN_UDP, ICE_SERVER_TURN_TCP, ICE_SERVER_TURN_TLS };

/* A STUN or TURN server. Its name is resolved by a request when it is not numeric. */
struct ice_server {
    char host[256];
    uint16_t port;
    uint8_t kind; /* enum ice_server_kind */
    char username[509], credential[509];
};

enum { ICE_SERVERS_MAX = 32, ICE_UFRAG_MAX = 256, ICE_PASSWORD_MAX = 256, ICE_LOCAL_UFRAG_LEN = 8, ICE_LOCAL_PASSWORD_LEN = 24 };

/* A username fragment and a password, made together. */
struct ice_credentials {
    char ufrag[ICE_LOCAL_UFRAG_LEN + 1];
    char password[ICE_LOCAL_PASSWORD_LEN + 1];
};

/* Candidates for TCP (RFC 6544): both ways, connecting only, none. */
enum ice_tcp_policy { ICE_TCP_ENABLED, ICE_TCP_ACTIVE_ONLY, ICE_TCP_DISABLED };

struct ice_options {
    struct ice_credentials credentials; /* an empty ufrag: new ones are made */
    uint32_t generation;                /* what its events are marked with */
    bool controlling;
    bool lite;                /* ICE-lite (RFC 8445 section 2.5): see ice_lite.c. No servers. */
    bool relay_only;          /* nothing but relayed candidates is gathered, used or told to the peer */
    bool hide_addresses;      /* host candidates are told as names, which multicast DNS resolves on the local networks */
    struct ice_agent *before; /* the agent of the generation before, whose names for our addresses stay; NULL: none. For the call only. */
    bool gather_once;         /* the network is looked at once; else its changes are followed */
    bool include_loopback;    /* gather 127.0.0.1 and ::1 as host candidates (tests, and peers on one host without a network) */
    enum ice_tcp_policy tcp_policy;
    struct ice_server servers[ICE_SERVERS_MAX];
    uint32_t server_count;
    const struct ice_rules *rules; /* borrowed for the agent's life; NULL: every interface, no 1:1 NAT */
    uint16_t port_min, port_max;   /* of sockets for UDP and of listeners, those to TURN servers included; both 0: any */
    uint32_t *next_request_id;     /* the connection's counter of request ids, shared with others; borrowed for the agent's life */
};

/* The pair in use; ice_report.h tells more of it and of the others. */
struct ice_selected {
    struct path path; /* where packets go */
    struct ice_candidate local;
    struct ice_candidate remote;
    rtc_time_t rtt_us; /* smoothed round trip of checks; 0 while unmeasured */
};

struct ice_counters {
    uint64_t malformed;       /* datagrams of STUN shape that did not parse */
    uint64_t unauthenticated; /* wrong or missing MESSAGE-INTEGRITY, unknown user on the peer's side */
    uint64_t over_limit;      /* candidates or pairs beyond a limit */
    uint64_t ignored;         /* responses that did not come back the way the request went, candidates of other kinds, ... */
    uint64_t left_out;        /* candidates and requests of peers from where nothing is sent to (ice_reach.h) */
    uint64_t names_resolved;  /* remote candidates with a name whose address was found */
    uint64_t names_failed;    /* and those without: ice_agent_name_failure() */
};

/* Packets and bytes are those of DTLS, RTP and RTCP; checks are counted apart. Times are RTC_TIME_NEVER while there was none. */
struct ice_pair_counts {
    uint64_t packets_sent, bytes_sent, packets_received, bytes_received, packets_discarded, bytes_discarded;
    uint64_t requests_sent, responses_received, requests_received, responses_sent, consent_requests_sent;
    rtc_time_t last_sent, last_received;
};

#endif
