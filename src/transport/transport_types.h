/* SPDX-License-Identifier: MIT */
/* What a transport and its parent both see of its life: what it is made with, what it counts, what it tells. */
#ifndef CRTC_TRANSPORT_TYPES_H
#define CRTC_TRANSPORT_TYPES_H

#include "certificate.h"
#include "data_channels.h"
#include "dtls.h"
#include "ice_agent.h"
#include "rtp_session.h"

enum {
    TRANSPORT_RETIRING_MAX = 2,  /* two: the peer may still use what a second restart replaced before it had a path here */
    TRANSPORT_RELEASING_MAX = 4, /* generations that give their relays back */
    TRANSPORT_CLOSING_MAX = TRANSPORT_RELEASING_MAX + TRANSPORT_RETIRING_MAX + 3 /* an exchange drops as many at once */,
    TRANSPORT_AGENTS_MAX = 3 + TRANSPORT_RETIRING_MAX + TRANSPORT_CLOSING_MAX
};

struct endpoint_member;

/* Since the transport was made. Its part; written by whichever file of this folder counts. */
struct transport_counters {
    uint64_t packets_sent, bytes_sent, packets_received, bytes_received; /* of DTLS, RTP and RTCP: no checks, no relay's wrapping */
    uint64_t arrived;                                                    /* whatever came, from whomever */
    uint64_t selected_pair_changes;
    uint64_t unknown;      /* datagrams of no protocol of ours (RFC 7983) */
    uint64_t misdirected;  /* Binding requests for a user that no ICE generation of ours is */
    uint64_t unclaimed;    /* other STUN that none of them knows */
    uint64_t unvalidated;  /* from paths that ICE does not know, beyond the hold */
    uint64_t no_path;      /* produced while nothing could be sent */
    uint64_t data_dropped; /* packets of the association that waited too long for their part of the budget */
    uint64_t over_limit;   /* dropped because the application does not dispatch */
    uint64_t misdated;     /* were said to have arrived in the future, or long ago: taken for now */
    uint64_t congested;    /* of packets_received: a router marked them in place of dropping them (RFC 3168) */
};

/* What a transport is made with. The parent's, borrowed for the transport's life: its ICE settings are read whenever a generation begins,
 * so that the parent may change them, and the bitrates when media come. Several transports may share one. */
struct transport_settings {
    struct ice_server *servers; /* NULL when there are none */
    uint32_t server_count;
    bool relay_only, include_loopback, hide_addresses, gather_once, ice_lite; /* struct ice_options */
    enum ice_tcp_policy tcp_policy;
    struct ice_rules *rules; /* NULL: none */
    uint16_t port_min, port_max;
    char *authorities_pem;          /* whom TURN servers over TLS are certified by; NULL: the system's */
    struct endpoint_member *member; /* the parent's place on an endpoint; NULL without one */
    uint32_t *next_request_id;      /* ids of requests are unique for the parent */
    struct certificate *certificate;
    uint16_t max_channels;
    uint32_t max_message_size;
    uint32_t max_bitrate_bps, start_bitrate_bps;
    const struct congestion_controller *controller; /* of peers that give feedback of each packet; NULL: by reports alone */
    char cname[25];
    struct packet_pool *pool;
    void (*wake)(void *user); /* on any thread: a tick is due; NULL: nobody wants to know. Must not call back in. */
    void *wake_user;
    uint32_t log_number; /* what lines of the log name the parent by */
};

enum transport_event_type {
    TRANSPORT_ICE_STATE = 1,   /* transport_ice_told() is another one */
    TRANSPORT_SELECTED_PAIR,   /* the current generation's */
    TRANSPORT_SCTP_STATE,      /* association, already stored */
    TRANSPORT_DTLS_STATE,      /* dtls, already stored. CLOSED, FAILED: what stood on it ends with it, and never comes back. */
    TRANSPORT_GATHERING,       /* gathering, which goes on anew: NEW or ACTIVE */
    TRANSPORT_CANDIDATE,       /* candidate: a new local one */
    TRANSPORT_CANDIDATE_ERROR, /* error */
    TRANSPORT_CANDIDATES_END,  /* ufrag: of the generation that has gathered all */
    TRANSPORT_CANDIDATES_LOST, /* local ones went with their address */
    TRANSPORT_CHANNEL,         /* sctp: one of CHANNEL_EVENT_*. A message may be taken out of it. */
    TRANSPORT_MEDIA            /* rtp. Frames are borrowed. */
};

/* What a transport tells its parent, who has it on its stack for transport_next_event to fill. Everything in it is borrowed until
 * transport_free_event. */
struct transport_event {
    enum transport_event_type type;
    union {
        enum dtls_state dtls;
        enum sctp_state association;
        enum ice_gathering_state gathering;
        const struct ice_candidate *candidate;
        const struct ice_candidate_error *error;
        const char *ufrag;
        struct sctp_event *sctp;
        const struct rtp_event *rtp;
    };
    struct out *out; /* whose it is; NULL: nobody's */
    void *core;      /* the event of a core that it stands on */
};

#endif
