/* The transport of a BUNDLE group: ICE, DTLS, SCTP and RTP composed. A packet goes straight up through it and another straight down; the
 * cores append to its queues and transport_settle() walks what they appended into the next layer until nothing is left. */
#ifndef CRTC_PEER_TRANSPORT_H
#define CRTC_PEER_TRANSPORT_H

#include "data_channels.h"
#include "dtls.h"
#include "ice_agent.h"
#include "peer.h"
#include "rtp_session.h"

enum { TRANSPORT_HELD_MAX = 16 }; /* datagrams from paths that are not validated yet */

struct transport_counters {
    uint64_t packets_sent, bytes_sent, packets_received, bytes_received; /* of DTLS, RTP and RTCP: no checks, no relay's wrapping */
    uint64_t arrived; /* whatever came, from whomever */
    uint64_t selected_pair_changes;
    uint64_t unknown;     /* datagrams of no protocol of ours (RFC 7983) */
    uint64_t unvalidated; /* from paths that ICE does not know, beyond the hold */
    uint64_t no_path;     /* produced while nothing could be sent */
    uint64_t over_limit;  /* dropped because the application does not dispatch */
};

struct transport {
    rtc_peer_connection *pc;
    rtc_context *context;
    struct ice_agent *ice;
    struct dtls *dtls;
    struct data_channels *channels; /* NULL until a channel or an application section needs it */
    struct rtp_session *rtp;        /* NULL until a media section needs it */
    struct out out;                 /* ICE and DTLS: packets, requests and events */
    struct out sctp_out;            /* SCTP packets on their way into DTLS; channel events */
    struct out rtp_out;             /* protected RTP and RTCP; media events */
    struct packet_queue ready;      /* packets with their paths, waiting to be fetched */
    struct packet_queue held;
    struct link tls;                /* secure streams to TURN servers */
    bool dtls_started;
    bool sctp_wanted, sctp_started;
    bool writable; /* there is a selected pair */
    uint32_t overhead; /* what a relay adds to each datagram now */
    bool ended;    /* transport_fail or transport_close */
    uint64_t remote_max_message;
    rtc_time_t last_traffic;
    struct transport_counters counters;
};

int transport_new(rtc_peer_connection *pc, bool controlling, struct transport **out);
void transport_free(struct transport *t);
int transport_need_channels(struct transport *t);
int transport_need_rtp(struct transport *t);
/* The negotiated role and the peer's fingerprints. */
int transport_start_dtls(struct transport *t, rtc_time_t now, enum dtls_role role, const struct jsep_section *remote);
/* An application section was agreed on. */
void transport_start_sctp(struct transport *t, rtc_time_t now, uint64_t remote_max_message);
/* Starts the association if it was agreed on and DTLS is up. */
void transport_run_sctp(struct transport *t, rtc_time_t now);
void transport_receive(struct transport *t, rtc_time_t now, struct packet *packet);
void transport_tick(struct transport *t, rtc_time_t now);
rtc_time_t transport_deadline(struct transport *t, enum timer_reason *why);
/* Walks everything the cores appended into its next layer. */
void transport_settle(struct transport *t, rtc_time_t now);
/* Ends everything below while the connection stays: its channels are told. Harmless when repeated. */
void transport_fail(struct transport *t, rtc_time_t now);
/* Says goodbye on every layer; what it has to send is in `ready` afterwards. While there is a deadline yet, relays are being given back: ticks
 * and packets go on for that moment. */
void transport_close(struct transport *t, rtc_time_t now);

/* transport_events.c: what the cores say, told to the connection. */
void transport_ice_event(struct transport *t, rtc_time_t now, struct event *event);
void transport_dtls_event(struct transport *t, rtc_time_t now, struct event *event);
/* DTLS is up: the RTP session, if there is one, gets its keys. */
void transport_take_keys(struct transport *t);
void transport_sctp_event(struct transport *t, rtc_time_t now, struct event *event);
void transport_rtp_event(struct transport *t, rtc_time_t now, struct event *event);

#endif
