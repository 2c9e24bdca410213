/* SPDX-License-Identifier: MIT */
/* The transport of a BUNDLE group: ICE, DTLS, SCTP and RTP composed. A packet goes straight up through it and another straight down; the
 * cores append to its queues and transport_settle() walks what they appended into the next layer until nothing is left. */
#ifndef CRTC_PEER_TRANSPORT_H
#define CRTC_PEER_TRANSPORT_H

#include "data_channels.h"
#include "dtls.h"
#include "ice_agent.h"
#include "peer.h"
#include "rtp_session.h"

enum {
    TRANSPORT_HELD_MAX = 16,    /* datagrams from paths that are not validated yet */
    TRANSPORT_RETIRING_MAX = 2, /* two: the peer may still use what a second restart replaced before it had a path here */
    TRANSPORT_CLOSING_MAX = 4,
    TRANSPORT_AGENTS_MAX = 3 + TRANSPORT_RETIRING_MAX + TRANSPORT_CLOSING_MAX,
    TRANSPORT_ERRORS_KEPT_MAX = 8
};

struct transport_counters {
    uint64_t packets_sent, bytes_sent, packets_received, bytes_received; /* of DTLS, RTP and RTCP: no checks, no relay's wrapping */
    uint64_t arrived;                                                    /* whatever came, from whomever */
    uint64_t selected_pair_changes;
    uint64_t unknown;     /* datagrams of no protocol of ours (RFC 7983) */
    uint64_t misdirected; /* Binding requests for a user that no ICE generation of ours is */
    uint64_t unclaimed;   /* other STUN that none of them knows */
    uint64_t unvalidated; /* from paths that ICE does not know, beyond the hold */
    uint64_t no_path;     /* produced while nothing could be sent */
    uint64_t over_limit;  /* dropped because the application does not dispatch */
};

/* A generation left behind: it receives and answers until the peer is done with it. */
struct retiring_agent {
    struct ice_agent *agent;
    rtc_time_t heard; /* when something above ICE came on it */
    rtc_time_t since;
};

struct transport {
    rtc_peer_connection *pc;
    rtc_context *context;
    struct ice_agent *ice;     /* the generation whose selected path is used; never NULL */
    struct ice_agent *next;    /* negotiated, looking for a path; NULL without a restart */
    struct ice_agent *pending; /* of an offer that restarts and is not answered yet, or NULL */
    struct retiring_agent retiring[TRANSPORT_RETIRING_MAX];
    struct ice_agent *closing[TRANSPORT_CLOSING_MAX]; /* they give their relays back */
    enum ice_state ice_told, next_told;               /* the states of `ice` and `next` as their events gave them */
    uint32_t generation;                              /* of the newest agent */
    uint32_t gatherer;                                /* the generation whose candidates the application is told */
    bool withheld;                                    /* a pool: what is gathered waits for the local description */
    struct ice_candidate_error *errors_kept[TRANSPORT_ERRORS_KEPT_MAX];
    size_t errors_kept_count;
    struct dtls *dtls;
    struct data_channels *channels; /* NULL until a channel or an application section needs it */
    struct rtp_session *rtp;        /* NULL until a media section needs it */
    struct out out;                 /* ICE and DTLS: packets, requests and events */
    struct out sctp_out;            /* SCTP packets on their way into DTLS; channel events */
    struct out rtp_out;             /* protected RTP and RTCP; media events */
    struct packet_queue ready;      /* packets with their paths, waiting to be fetched */
    struct packet_queue held;
    struct link tls; /* secure streams to TURN servers */
    bool dtls_started;
    bool sctp_wanted, sctp_started;
    bool writable;                /* there is a selected pair */
    uint32_t overhead;            /* what a relay adds to each datagram now */
    uint8_t dscp_data, dscp_most; /* marks of packets: of channels, and of what serves everybody */
    bool dscp_stale;              /* they are to be looked at again */
    bool full;                    /* so much waits for the application that media are dropped */
    bool ended;                   /* transport_fail or transport_close */
    uint64_t remote_max_message;
    uint16_t remote_sctp_port; /* once sctp_wanted */
    rtc_time_t last_traffic;
    struct transport_counters counters;
    bool restart_declined;       /* the last restart that was offered */
    uint64_t misdirected_before; /* counters.misdirected when the generation that was negotiated last began */
};

int transport_new(rtc_peer_connection *pc, bool controlling, struct transport **out);
void transport_free(struct transport *t);
int transport_need_channels(struct transport *t);
int transport_need_rtp(struct transport *t);
/* The negotiated role and the peer's fingerprints. */
int transport_start_dtls(struct transport *t, rtc_time_t now, enum dtls_role role, const struct jsep_section *remote);
/* An application section was agreed on. */
void transport_start_sctp(struct transport *t, rtc_time_t now, uint16_t remote_port, uint64_t remote_max_message);
/* The association and its channels end; transport_need_channels begins anew. */
void transport_end_sctp(struct transport *t, rtc_time_t now);
/* Starts the association if it was agreed on and DTLS is up. */
void transport_run_sctp(struct transport *t, rtc_time_t now);
void transport_receive(struct transport *t, rtc_time_t now, struct packet *packet);
void transport_tick(struct transport *t, rtc_time_t now);
rtc_time_t transport_deadline(struct transport *t, enum timer_reason *why);
/* Walks everything the cores appended into its next layer. */
void transport_settle(struct transport *t, rtc_time_t now);
/* Ends everything below while the connection stays: its channels are told. Harmless when repeated. */
void transport_fail(struct transport *t, rtc_time_t now);
/* Says goodbye on every layer; what it has to send is in `ready` afterwards. While there is a deadline yet, relays are being given back:
 * ticks and packets go on for that moment. */
void transport_close(struct transport *t, rtc_time_t now);

/* transport_ice.c: the generations. */
/* A new generation with `credentials`, or ones of its own when NULL; it belongs to nobody yet (ice_agent_free). */
int transport_ice_make(struct transport *t, const struct ice_credentials *credentials, bool controlling, struct ice_agent **out);
/* The generation of the offer that was set, which restarts; takes the agent. NULL: that offer does not. */
void transport_ice_set_pending(struct transport *t, rtc_time_t now, struct ice_agent *agent);
/* Offer and answer are both known: the pending generation, if any, becomes the one that is negotiated, which is returned. */
struct ice_agent *transport_ice_agree(struct transport *t, rtc_time_t now);
/* In place of the current one, which the peer knows nothing of, another with the same credentials that can gather anew. */
int transport_ice_renew(struct transport *t, rtc_time_t now);
/* The generation that both sides agreed on last. */
struct ice_agent *transport_ice_negotiated(const struct transport *t);
/* The one that the local description which counts speaks of, or the answer to the pending offer will. */
struct ice_agent *transport_ice_latest(const struct transport *t);
/* All that there are; returns how many. */
size_t transport_ice_agents(const struct transport *t, struct ice_agent *out[TRANSPORT_AGENTS_MAX]);
void transport_ice_gather(struct transport *t, rtc_time_t now, struct ice_agent *agent);
enum ice_state transport_ice_state(const struct transport *t);
/* An event said so. */
void transport_ice_tell_state(struct transport *t, uint32_t generation, enum ice_state state);
/* Changes over to the next generation once it has a path. */
void transport_ice_follow(struct transport *t, rtc_time_t now);
void transport_ice_input(struct transport *t, rtc_time_t now, struct packet *packet);
bool transport_ice_result(struct transport *t, rtc_time_t now, const struct io_result *result);
/* A datagram of this path and size may be taken, and is counted with its pair. */
bool transport_ice_receives(struct transport *t, rtc_time_t now, const struct path *path, size_t bytes);
bool transport_ice_unwrap(struct transport *t, rtc_time_t now, struct packet *packet, struct packet_queue *inner);
bool transport_ice_wrap(struct transport *t, rtc_time_t now, struct packet *packet);
void transport_ice_tick(struct transport *t, rtc_time_t now);
rtc_time_t transport_ice_deadline(const struct transport *t, enum timer_reason *why);
void transport_ice_close(struct transport *t, rtc_time_t now);
void transport_ice_free(struct transport *t);

/* transport_events.c: what the cores say, told to the connection. */
void transport_ice_event(struct transport *t, rtc_time_t now, struct ice_event *event);
/* What a pool gathered is told now: a local description was set. */
void transport_surface(struct transport *t, rtc_time_t now);
void transport_forget_errors(struct transport *t);
void transport_dtls_event(struct transport *t, rtc_time_t now, struct dtls_event *event);
/* DTLS is closed or failed: nothing above it comes back. */
bool transport_is_over(const struct transport *t);
/* DTLS is up: the RTP session, if there is one, gets its keys. */
void transport_take_keys(struct transport *t);
void transport_sctp_event(struct transport *t, rtc_time_t now, struct sctp_event *event);
void transport_rtp_event(struct transport *t, rtc_time_t now, struct rtp_event *event);

#endif
