/* SPDX-License-Identifier: MIT */
/* What offers and answers made of a connection. `stable` is what both sides agreed on last; `pending` stands beside it while an offer waits
 * for its answer, and dropping it is all that undoing takes. */
#ifndef CRTC_NEGOTIATION_STATE_H
#define CRTC_NEGOTIATION_STATE_H

#include "description.h"
#include "ice_agent.h"

#include <crtc/peer_connection.h>

/* Transport attributes of one section, those of a tagged one: they count for its BUNDLE group (RFC 8843 section 7.1.3). It has the number
 * of the connection's transport (peer_transports.h) that carries them. */
struct agreed_transport {
    char mid[JSEP_ID_MAX];         /* of the section that names its candidates; "" before there is one */
    char ufrag[ICE_UFRAG_MAX + 1]; /* the peer's, as last agreed on; "" before */
    char password[ICE_PASSWORD_MAX + 1];
    enum setup_role role;                                        /* ours: active or passive; SETUP_NONE before */
    struct jsep_fingerprint fingerprints[JSEP_FINGERPRINTS_MAX]; /* the peer's certificate has one of them */
    size_t fingerprint_count;
    uint16_t sctp_port; /* the peer's; 0: no association is agreed on */
    uint64_t max_message_size;
    bool renewed;    /* the last exchange began another association, above which nothing goes on */
    bool taken_over; /* while an offer waits: its section goes with it, and another one gets it */
};
enum { TRANSPORT_NONE = UINT16_MAX };

/* One encoding that is sent, named by its mid and rid. */
struct agreed_encoding {
    char rid[JSEP_ID_MAX];         /* "": the only one */
    struct jsep_codec codec;       /* that one, or the one that is wanted for it */
    struct jsep_rid_limits limits; /* that the peer sets it */
};
enum { AGREED_ENCODINGS_MAX = 4 };

/* Whose a transceiver is: that says what a description may do with it. */
enum transceiver_owner {
    TRANSCEIVER_OF_APPLICATION, /* by addTransceiver */
    TRANSCEIVER_OF_TRACK,       /* by addTrack, or it was the offer's until addTrack gave it a track: a remote offer may take it over (RFC
                                   9429 5.10) */
    TRANSCEIVER_OF_OFFER        /* the peer's: it goes with that offer when it is undone (RFC 9429 5.7) */
};

/* A transceiver's section. */
struct agreed_media {
    uint32_t transceiver; /* its number */
    size_t transport;     /* the number of the one that carries it */
    char mid[JSEP_ID_MAX];
    char stream_ids[JSEP_STREAMS_MAX][JSEP_ID_MAX]; /* of the remote track */
    size_t stream_count;
    bool track_told; /* [[FiredDirection]] receives: the track was told, and not taken away since */
    bool answered;   /* what follows was agreed on */
    rtc_rtp_direction direction;
    struct jsep_codec codec; /* the first that both know; payload_type JSEP_NO_PAYLOAD_TYPE: none */
    struct agreed_encoding encodings[AGREED_ENCODINGS_MAX];
    size_t encoding_count;
};

/* A state of the exchange, as a value: nothing of it points into the connection. */
struct negotiation_state {
    struct description *local, *remote;  /* references; NULL: none was set (webrtc-pc 4.4.1.5: current and pending descriptions) */
    struct agreed_transport *transports; /* owned; none before the first description. Once agreed on in the order of sections. */
    size_t transport_count;
    uint16_t *carriers; /* owned: for each section of the descriptions the number of its transport, or TRANSPORT_NONE */
    size_t carrier_count;
    size_t data_transport;      /* the number of the one that carries the section of data */
    struct agreed_media *media; /* of transceivers with a section; owned */
    size_t media_count;
};

/* Copies what `from` has, with room for `media` more sections of media, and for `sections` in all, each with a transport; the descriptions
 * are left out. */
int negotiation_state_copy(rtc_context *context, const struct negotiation_state *from, size_t media, size_t sections,
                           struct negotiation_state *out);
/* Gives back the room that was not needed. */
void negotiation_state_trim(rtc_context *context, struct negotiation_state *state);
void negotiation_state_fini(rtc_context *context, struct negotiation_state *state);
/* What was agreed on for the transport with this number; nothing yet, of one that no description spoke of. */
const struct agreed_transport *negotiation_state_transport(const struct negotiation_state *state, size_t number);
/* An association is agreed on. */
bool negotiation_state_has_data(const struct negotiation_state *state);
struct agreed_media *negotiation_state_by_mid(const struct negotiation_state *state, const char *mid);
struct agreed_media *negotiation_state_of(const struct negotiation_state *state, uint32_t transceiver);

/* What was created last, which the application may read until the next one is. */
struct created_description {
    char *text;
    bool counts;   /* it may be set: nothing that it was made from is over */
    bool restarts; /* an offer that was asked to restart ICE, and was not set yet */
};

/* The connection's part of it. Owner: the connection. The states, `signaling` and `needed` are written where a plan is carried out
 * (negotiation.c), which is followed by negotiation_update_needed(), and whether created texts count; these by description_api.c, what
 * restarts need by restart.c, versions by snapshot.c; others only count (transceiver_life.c) or ask (data_channel_api.c), and an
 * answer refuses (negotiation_transport.c). */
struct negotiation {
    rtc_signaling_state signaling; /* signaling.h; closed from any state */
    struct negotiation_state stable, pending;
    struct created_description last_offer, last_answer;
    uint64_t session_id, session_version;
    /* [[LocalIceCredentialsToReplace]]: all of the current and the pending description when a restart was asked for. References. */
    struct description *to_replace[2];
    /* Of an offer that was made and not set yet, by the numbers of transports; an empty ufrag: none. Owned. */
    struct ice_credentials *fresh;
    size_t fresh_count;
    uint32_t transceivers_made; /* the number of the last one */
    bool wants_data;            /* a channel was made since there was an association last: a section of data is needed */
    bool needed;                /* [[NegotiationNeeded]] */
    int asked;                  /* counts the events that say so */
};

/* The state that counts: the pending one while there is one. */
const struct negotiation_state *negotiation_now(const struct negotiation *n);
/* The descriptions that count now: pending ones before current ones; NULL when there are none. */
const struct description *negotiation_local(const struct negotiation *n);
const struct description *negotiation_remote(const struct negotiation *n);
/* A candidate of ours was told, or is no more: the texts of local descriptions are to be made anew. */
void negotiation_forget_shown(rtc_context *context, struct negotiation *n);
/* Credentials of an offer that is set, or will not be. */
void negotiation_forget_fresh(rtc_context *context, struct negotiation *n);
void negotiation_fini(rtc_context *context, struct negotiation *n);

#endif
