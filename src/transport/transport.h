/* SPDX-License-Identifier: MIT */
/* A transport: ICE, DTLS, SCTP and RTP composed, a core like those. It knows no connection and no description: whoever owns it gives it
 * packets, time, results and what was negotiated, and takes events, packets and requests. A packet goes straight up through it and another
 * straight down; the cores append to its queues, and transport_next_event() walks what they appended into the next layer until nothing is
 * left. */
#ifndef CRTC_TRANSPORT_TRANSPORT_H
#define CRTC_TRANSPORT_TRANSPORT_H

#include "data_channels.h"
#include "dtls.h"
#include "ice_agent.h"
#include "list.h"
#include "log.h"
#include "rtp_session.h"

enum {
    TRANSPORT_HELD_MAX = 16,    /* datagrams from paths that are not validated yet */
    TRANSPORT_RETIRING_MAX = 2, /* two: the peer may still use what a second restart replaced before it had a path here */
    TRANSPORT_CLOSING_MAX = 4,
    TRANSPORT_AGENTS_MAX = 3 + TRANSPORT_RETIRING_MAX + TRANSPORT_CLOSING_MAX,
    TRANSPORT_ERRORS_KEPT_MAX = 8
};

struct endpoint_member;

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
    char cname[25];
    struct packet_pool *pool;
    void (*wake)(void *user); /* on any thread: a tick is due; NULL: nobody wants to know. Must not call back in. */
    void *wake_user;
    uint32_t log_number; /* what lines of the log name the parent by */
};

/* An ICE agent, and how far the parent knows of its states: its events may be behind it. */
struct generation {
    struct ice_agent *agent;
    enum ice_state told;
};

/* A generation left behind: it receives and answers until the peer is done with it. */
struct retiring_agent {
    struct ice_agent *agent;
    rtc_time_t heard; /* when something above ICE came on it */
    rtc_time_t since;
};

/* Written to by transport_ice.c alone. */
struct generations {
    struct generation current; /* whose selected path is used; never NULL */
    struct generation next;    /* negotiated, looking for a path; NULL without a restart */
    struct ice_agent *pending; /* of an offer that restarts and is not answered yet, or NULL */
    struct retiring_agent retiring[TRANSPORT_RETIRING_MAX];
    struct ice_agent *closing[TRANSPORT_CLOSING_MAX]; /* they give their relays back */
    uint32_t newest;                                  /* the number of the newest agent */
    uint32_t gatherer;                                /* that of the one whose candidates the parent is told */
    bool regains;                                     /* the one before it stopped in the middle: the parent is to hear how it stands */
    bool restart_declined;                            /* the last restart that was offered */
    uint64_t misdirected_before;                      /* counters.misdirected when the one that was negotiated last began */
};

/* A candidate pool: what is gathered before a local description is not told (RFC 9429 section 3.5.4).
 *
 *   NONE --transport_pool--> WITHHELD --transport_surface--> SURFACING --all of it is told--> NONE
 *                               \-----transport_discard_pool------------------------------------^
 *
 * Written to by transport_events.c alone. */
enum pool_state { POOL_NONE, POOL_WITHHELD, POOL_SURFACING };

struct candidate_pool {
    enum pool_state state;
    size_t told; /* events, while SURFACING */
    struct ice_candidate_error *errors[TRANSPORT_ERRORS_KEPT_MAX];
    size_t error_count;
};

/* The SCTP association.
 *
 *   NONE --offer and answer have one--> AGREED --DTLS is up--> STARTED
 *     ^-----------------transport_drop_channels-------------------'
 *
 * Written to by transport.c alone. */
enum association_state { ASSOCIATION_NONE, ASSOCIATION_AGREED, ASSOCIATION_STARTED };

struct transport_sctp {
    enum association_state state;
    uint16_t remote_port; /* once agreed, as the next */
    uint64_t remote_max_message;
};

/* Marks of packets (dscp.h), written to there alone. */
struct transport_marks {
    uint8_t media; /* the most urgent one of what the parent sends; DSCP_NOTHING: it sends nothing */
    uint8_t data;  /* of channels */
    uint8_t most;  /* of what serves everybody */
    bool stale;    /* the channels' are to be looked at again */
};

/* Its fields are written to in this folder alone; the parent may read them. */
struct transport {
    const struct transport_settings *settings;
    rtc_context *context;
    struct generations ice;
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

enum transport_event_type {
    TRANSPORT_ICE_STATE = 1,   /* transport_ice_told() is another one */
    TRANSPORT_DTLS_STATE,      /* dtls, already stored. CLOSED, FAILED: what stood on it ends with it, and never comes back. */
    TRANSPORT_GATHERING,       /* gathering, which goes on anew: NEW or ACTIVE */
    TRANSPORT_CANDIDATE,       /* candidate: a new local one */
    TRANSPORT_CANDIDATE_ERROR, /* error */
    TRANSPORT_CANDIDATES_END,  /* ufrag: of the generation that has gathered all */
    TRANSPORT_CANDIDATES_LOST, /* local ones went with their address */
    TRANSPORT_CHANNEL,         /* sctp: one of CHANNEL_EVENT_*. A message may be taken out of it. */
    TRANSPORT_MEDIA            /* rtp. Frames are borrowed. */
};

/* What a transport tells its parent. Everything in it is borrowed until transport_free_event. */
struct transport_event {
    enum transport_event_type type;
    union {
        enum dtls_state dtls;
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

int transport_new(rtc_context *context, const struct transport_settings *settings, bool controlling, struct transport **out);
void transport_free(struct transport *t);

/* ---- Packets, time, the world. After each of these, and after calls of the cores: transport_next_event until it is false. ---- */

/* So much may be told by messages and new channels, in bytes of memory and in events (data_channels_set_room). Without any, media that
 * arrive are dropped. To be said before packets are given, ticks, and questions for the deadline. */
void transport_set_room(struct transport *t, uint64_t bytes, uint32_t events);
void transport_receive(struct transport *t, rtc_time_t now, struct packet *packet);
/* A packet that came was dropped unseen. */
void transport_count_over_limit(struct transport *t);
void transport_tick(struct transport *t, rtc_time_t now);
rtc_time_t transport_deadline(const struct transport *t, enum timer_reason *why);
/* Walks what the cores appended into the next layer, up to the first thing that the parent is to know. False: nothing is left to be told,
 * and what is to be sent is ready. The event is to be freed. */
bool transport_next_event(struct transport *t, rtc_time_t now, struct transport_event *event);
void transport_free_event(struct transport *t, struct transport_event *event);
/* Memory ran out where nothing may be lost: the parent is to end it. */
bool transport_is_starved(const struct transport *t);
struct packet *transport_next_packet(struct transport *t);
/* What is asked of the world; NULL: nothing more. What the endpoint and secure streams see to is not told, or in its real form. */
struct request *transport_next_request(struct transport *t, rtc_time_t now);
void transport_free_request(struct transport *t, struct request *request);
/* The answer. False: nobody here asked. */
bool transport_result(struct transport *t, rtc_time_t now, const struct io_result *result);
/* Asks for a socket to be closed that nobody wants. */
void transport_refuse_socket(struct transport *t, uint32_t socket);
/* Says goodbye on every layer, without a word to the parent; what it has to send is ready afterwards. While there is a deadline yet, relays
 * are being given back: ticks and packets go on for that moment. Harmless when repeated. */
void transport_close(struct transport *t, rtc_time_t now);

/* ---- What was negotiated ---- */

int transport_need_channels(struct transport *t);
int transport_need_rtp(struct transport *t, rtc_time_t now);
/* The negotiated role and the peer's fingerprints; once. */
int transport_start_dtls(struct transport *t, rtc_time_t now, enum dtls_role role, const struct dtls_fingerprint *fingerprints,
                         size_t count);
/* An association was agreed on. */
void transport_start_sctp(struct transport *t, rtc_time_t now, uint16_t remote_port, uint64_t remote_max_message);
/* It ends, which its channels are told; when they have been, and are forgotten, it can be dropped. transport_need_channels begins anew. */
void transport_close_channels(struct transport *t, rtc_time_t now);
void transport_drop_channels(struct transport *t);
/* The most urgent mark of the media that the parent sends (dscp.h). */
void transport_set_media_mark(struct transport *t, uint8_t mark);
/* DTLS is closed or failed: nothing above it comes back. */
bool transport_is_over(const struct transport *t);

/* transport_ice.c: the generations. */
/* A new generation with `credentials`, or ones of its own when NULL; it belongs to nobody yet (ice_agent_free). */
int transport_ice_make(struct transport *t, const struct ice_credentials *credentials, bool controlling, struct ice_agent **out);
/* The generation of the offer that was set, which restarts; takes the agent. NULL: that offer does not. */
void transport_ice_set_pending(struct transport *t, rtc_time_t now, struct ice_agent *agent);
/* Offer and answer are both known: the pending generation, if any, becomes the one that is negotiated, which is returned. */
struct ice_agent *transport_ice_agree(struct transport *t, rtc_time_t now);
/* In place of the current one, which the peer knows nothing of, another with the same credentials that can gather anew. */
int transport_ice_renew(struct transport *t, rtc_time_t now);
/* The answer had the peer's old credentials although our offer was to restart, or not. */
void transport_ice_note_answer(struct transport *t, bool declined);
/* The generation that both sides agreed on last. */
struct ice_agent *transport_ice_negotiated(const struct transport *t);
/* The one that the local description which counts speaks of, or the answer to the pending offer will. */
struct ice_agent *transport_ice_latest(const struct transport *t);
/* All that there are; returns how many. */
size_t transport_ice_agents(const struct transport *t, struct ice_agent *out[TRANSPORT_AGENTS_MAX]);
void transport_ice_gather(struct transport *t, rtc_time_t now, struct ice_agent *agent);
/* iceTransportState of the generations together, as it is, and as far as it was told. */
enum ice_state transport_ice_state(const struct transport *t);
enum ice_state transport_ice_told(const struct transport *t);
/* An agent's event; true: transport_ice_told() may be another one. */
bool transport_ice_tell(struct transport *t, uint32_t generation, enum ice_state state);
/* How gathering stands, when a generation was dropped in the middle of it. */
bool transport_ice_regain(struct transport *t, struct transport_event *told);
/* Changes over to the next generation once it has a path, and says so. */
bool transport_ice_follow(struct transport *t, rtc_time_t now, struct transport_event *told);
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

/* transport_events.c: what the cores say, and the candidate pool. */
/* What the cores said, up to the first thing for the parent: ICE and DTLS; channels; media. */
bool transport_events_below(struct transport *t, rtc_time_t now, struct transport_event *told, bool *progress);
bool transport_events_channels(struct transport *t, struct transport_event *told, bool *progress);
bool transport_events_media(struct transport *t, struct transport_event *told);
/* The association may begin, if it was agreed on and DTLS is up. */
void transport_run_sctp(struct transport *t, rtc_time_t now);
/* DTLS is up: the RTP session, if there is one, gets its keys. */
void transport_take_keys(struct transport *t);
/* Gathers before there is a description. */
void transport_pool(struct transport *t, rtc_time_t now);
/* What a pool gathered is told now: a local description was set. Everything else must have been told, and this is to be before anything
 * else happens. */
void transport_surface(struct transport *t);
/* What was pooled does not fit the settings any more. On failure it stays. */
int transport_discard_pool(struct transport *t, rtc_time_t now);
bool transport_surface_next(struct transport *t, struct transport_event *told);
void transport_forget_errors(struct transport *t);
/* A datagram that waited for its path may be taken now (transport.c). */
void transport_release_held(struct transport *t, rtc_time_t now);
/* A line of the log that names the parent (transport_log.c). */
void transport_log(const struct transport *t, rtc_log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
