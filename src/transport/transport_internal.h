/* SPDX-License-Identifier: MIT */
/* The inside of a transport, shared by the files of this folder. Nothing is called here: who does what with it stands in their headers. */
#ifndef CRTC_TRANSPORT_INTERNAL_H
#define CRTC_TRANSPORT_INTERNAL_H

#include "list.h"
#include "transport_types.h"

enum { TRANSPORT_HELD_MAX = 16 /* datagrams from paths that are not validated yet */, TRANSPORT_ERRORS_KEPT_MAX = 8 };

/* An ICE agent, owned, and how far the parent knows of its states: its events may be behind it. A part of the generations. */
struct generation {
    struct ice_agent *agent;
    enum ice_state told;
};

/* A generation left behind: it receives and answers until the peer is done with it. Owns its agent. A part of the generations. */
struct retiring_agent {
    struct ice_agent *agent;
    rtc_time_t heard; /* when something above ICE came on it */
    rtc_time_t since;
};

/* A part of the transport. Written to by transport_ice.c alone. */
struct generations {
    struct generation current; /* whose selected path is used; never NULL */
    struct generation next;    /* negotiated, looking for a path; NULL without a restart */
    struct ice_agent *pending; /* of an offer that restarts and is not answered yet, or NULL */
    struct retiring_agent retiring[TRANSPORT_RETIRING_MAX];
    struct ice_agent
        *closing[TRANSPORT_CLOSING_MAX]; /* the newest first: those that were just dropped, and those that give their relays back */
    uint32_t newest;                     /* the number of the newest agent */
    uint32_t gatherer;                   /* that of the one whose candidates the parent is told */
    bool regains;                        /* the one before it stopped in the middle: the parent is to hear how it stands */
    uint32_t outdated;                   /* generations up to this one are not to be offered any more */
    bool restart_declined;               /* the last restart that was offered */
    uint64_t misdirected_before;         /* counters.misdirected when the one that was negotiated last began */
};

/* A candidate pool: what is gathered before a local description is not told (RFC 9429 section 3.5.4).
 *
 *   NONE --transport_pool--> WITHHELD --transport_begin_surfacing--> SURFACING --all of it is told--> NONE
 *                               '-----transport_abandon_pool-------------'----------------------------^
 *
 * Written to by transport_pool.c alone. */
enum pool_state { POOL_NONE, POOL_WITHHELD, POOL_SURFACING };
extern const struct moves transport_pool_moves;

struct candidate_pool {
    enum pool_state state;       /* set_state() in transport_pool.c */
    size_t told;                 /* events, while SURFACING */
    struct ice_candidate *shown; /* owned: what the last of them is about; NULL: there was none */
    struct ice_candidate_error *errors[TRANSPORT_ERRORS_KEPT_MAX];
    size_t error_count;
};

/* The SCTP association.
 *
 *   NONE --offer and answer have one--> AGREED --DTLS is up--> STARTED
 *    '-------they do not any more---------'--- or another -------'--> ENDING --it is closed--> ENDED --its channels were told--> NONE
 *                                                                        ^                      | '----- another follows ------> AGREED
 *                                                                        '-- changed again -----'
 *
 * Written to by transport_due.c and transport_upper.c alone, by its setter in the latter. */
enum association_state { ASSOCIATION_NONE, ASSOCIATION_AGREED, ASSOCIATION_STARTED, ASSOCIATION_ENDING, ASSOCIATION_ENDED };
extern const struct moves transport_sctp_moves;

struct transport_sctp {
    enum association_state state; /* transport_sctp_set_state() */
    uint16_t remote_port;         /* once agreed, as the next */
    uint64_t remote_max_message;
    bool outlives;      /* DTLS, when the peer ends that: for a moment, in which a description may begin it anew */
    rtc_time_t ends_at; /* the end of a moment in which a description may give the channels new ground; 0: it is not waited for */
};

/* Marks of packets (transport_marks.h), written to there alone, but for `stale`. */
struct transport_marks {
    uint8_t media; /* the most urgent one of what the parent sends; DSCP_NOTHING: it sends nothing */
    uint8_t data;  /* of channels */
    uint8_t most;  /* of what serves everybody */
    bool stale;    /* the channels' are to be looked at again */
};

/* What was agreed on and waits to be carried out. Written to by transport_due.c alone. */
struct transport_due {
    bool surface, gather;
    struct transport_remote *remote; /* owned, as the next two; NULL: nothing new */
    struct transport_identity *identity;
    struct data_channels *channels; /* in place of those that end */
};

/* Owner: the parent, by transport_new and transport_free. Its fields are read and written to in this folder alone. */
struct transport {
    const struct transport_settings *settings;
    void *user; /* the parent's */
    rtc_context *context;
    struct generations ice;
    struct transport_due due;
    struct candidate_pool pool;
    struct dtls *dtls;
    struct data_channels *channels; /* NULL until a channel or an application section needs it */
    struct rtp_session *rtp;        /* NULL until a media section needs it */
    struct out out;                 /* ICE and DTLS: packets, requests and events */
    struct out sctp_out;            /* SCTP packets on their way into DTLS; channel events. The parent calls the channels with it. */
    struct out rtp_out;             /* protected RTP and RTCP; media events. The parent calls the session with it. */
    struct packet_queue ready;      /* packets with their paths, waiting to be fetched */
    struct packet_queue held;
    struct link tls; /* secure streams to TURN servers */
    bool dtls_started;
    struct transport_sctp sctp;
    bool writable;     /* there is a selected pair */
    uint32_t overhead; /* what a relay adds to each datagram now */
    struct transport_marks marks;
    bool full;    /* so much waits for the application that media are dropped */
    bool starved; /* memory ran out where nothing may be lost */
    bool ended;   /* transport_close */
    rtc_time_t last_traffic;
    struct transport_counters counters;
};

/* transport_upper.c */
void transport_sctp_set_state(struct transport *t, enum association_state state);

#endif
