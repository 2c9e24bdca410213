/* SPDX-License-Identifier: MIT */
/* What a description means for a connection, as a value: the next state, and a list of effects that lead to it. It is made by
 * negotiation_planning.h from a state, what there is beside it, and a description; negotiation.c carries it out. */
#ifndef CRTC_NEGOTIATION_PLAN_H
#define CRTC_NEGOTIATION_PLAN_H

#include "carriers.h"
#include "negotiation_state.h"
#include "rtp_session.h"
#include "signaling.h"

/* A transceiver as planning sees it: what the application wishes, and what can not be undone. */
struct transceiver_facts {
    uint32_t number; /* never used twice in a connection */
    enum transceiver_owner owner;
    rtc_media_kind kind;
    bool stopped;  /* [[Stopped]] */
    bool stopping; /* [[Stopping]], of stopped ones too */
    struct rtp_encoding encodings[RTP_ENCODINGS_MAX];
    size_t encoding_count;
    uint32_t own_caps[RTP_ENCODINGS_MAX];               /* that the application gave them */
    const struct jsep_codec *codecs[RTP_ENCODINGS_MAX]; /* that it wants for them; NULL: the first that is agreed on */
    bool widened;                                       /* they are those that the pending offer of the peer wants */
    uint8_t dscp;
    struct rtp_playout playout;
    const char *offered_mid; /* of the section that an offer was created with for it; NULL: none */
};

/* The ICE generations of one transport as planning sees them. */
struct ice_facts {
    bool pending;                      /* one was made for the pending offer, which restarts */
    struct ice_credentials negotiated; /* ours, of the generation that both sides agreed on last */
    struct ice_credentials latest;     /* of the one that the local description which counts speaks of */
};

/* On the stack of who plans; everything that it points to is borrowed, and nothing of it is written. */
struct negotiation_facts {
    rtc_signaling_state signaling;
    const struct negotiation_state *stable, *pending; /* pending counts when it has a description */
    const struct transceiver_facts *transceivers;     /* in order of creation */
    size_t transceiver_count;
    uint32_t next_number;        /* of the next transceiver that is made */
    const struct ice_facts *ice; /* of each transport that there is, by its number */
    size_t transport_count;
    struct carrier_rules rules;
};

enum effect_type {
    EFFECT_LET_GO,        /* transceiver: has no section any more */
    EFFECT_CREATE,        /* transceiver, kind: one is made for a section; its number is the next */
    EFFECT_ASSOCIATE,     /* transceiver: has the section that the next state says */
    EFFECT_TRACK_REMOVED, /* transceiver: the remote track is muted */
    EFFECT_REMOVE,        /* transceiver: is taken back */
    EFFECT_ENCODINGS,     /* transceiver, section; flag: it is to send the encodings that the remote section wants, else those of before */
    EFFECT_STREAMS,       /* remote tracks leave their streams and come into those that the next state says */
    EFFECT_TRACK_ADDED,   /* transceiver: the remote track is told, with its streams as the next state says */
    EFFECT_STOP,          /* transceiver: its section is rejected */
    EFFECT_GENERATION,    /* ICE: the offer restarts, with these credentials or new ones; takes the place of a pending generation */
    EFFECT_NO_GENERATION, /* ICE: there is no restart, and what was pending goes; flag: we had offered it, and it was answered */
    EFFECT_ANEW,          /* ICE: what was gathered, and told by the peer, for an offer that is undone goes; the credentials stay */
    EFFECT_CONTROLLING,   /* flag: which role the offerer, or the answerer, has (RFC 8445 section 6.1.1) */
    EFFECT_SIGNALING,     /* the state is told */
    EFFECT_GATHER,        /* local candidates are told, and gathered if they were not */
    EFFECT_MISMATCHES,    /* sections without a codec in common are logged */
    EFFECT_CREDENTIALS,   /* section: the peer's, with its candidates; flag: it declined our restart */
    EFFECT_DTLS,          /* the association, as the next state says; anew: another one */
    EFFECT_UNBUNDLED,     /* section: is given up, because the transport that it has is another group's */
    EFFECT_MEDIA,         /* transceiver, rtp: direction, codec and numbers as agreed */
    EFFECT_DATA,          /* section; the association of SCTP, as the next state says; anew: another one */
    EFFECT_CHANNEL_IDS,   /* channels for which the role of DTLS left no id fail; after the state was told */
    EFFECT_NO_DATA,       /* there is none */
    EFFECT_BANDWIDTH      /* of everything, as the peer's description limits it */
};

/* A part of its plan. */
struct effect {
    enum effect_type type;
    uint32_t transceiver;
    size_t transport; /* the number of the one that it is carried out on */
    size_t section;   /* index in both descriptions */
    rtc_media_kind kind;
    bool flag;
    bool anew;                          /* nothing of the transport goes on, but what is said of its layers */
    struct ice_credentials credentials; /* an empty ufrag: new ones */
    const struct rtp_section *rtp;
    void *ready; /* owned: what was made for it before anything changed (negotiation.c) */
};

/* A transport of the next state: one that there is, with the number that it had, or one that is made. */
struct planned_transport {
    size_t before;                      /* TRANSPORT_NONE: it is made */
    struct ice_credentials credentials; /* of one that is made; an empty ufrag: its own */
    bool idle;                          /* it carries nothing, and waits for the answer that settles it */
    bool alone;                         /* it is made in place of all that there were: with credentials of its own, and their role */
    struct transport *ready;            /* what it is: found or made before anything changed (negotiation.c); owned while it is made */
};

/* Owner: who had it made, until negotiation_plan_free(). Written by negotiation_plan*.c, negotiation_answer.c, negotiation_offer.c and
 * negotiation_carriers.c while it is made, then by negotiation.c, negotiation_apply.c and
 * negotiation_transport.c, which get ready what it takes and carry it out. */
struct negotiation_plan {
    rtc_context *context;
    enum signaling_side side;               /* of the description */
    rtc_signaling_state signaling;          /* afterwards */
    bool undoes;                            /* nothing was agreed on: the stable state is the next one */
    struct negotiation_state next;          /* takes the place of `stable` or of `pending`, as `signaling` says */
    struct transceiver_facts *transceivers; /* as they will be, with those that are made at the end */
    size_t transceiver_count;
    struct planned_transport *transports; /* those of the next state, and at least one; all others go */
    size_t transport_count;
    struct rtp_section *rtp; /* what effects point to */
    size_t rtp_count;
    struct effect *effects;
    size_t effect_count;
};

/* NULL is legal. What is ready for the effects must have been taken or given back. */
void negotiation_plan_free(struct negotiation_plan *plan);

/* ---- What the files of planning share ---- */

/* Never fails: the room was made with the plan. */
struct effect *negotiation_plan_add(struct negotiation_plan *plan, enum effect_type type, uint32_t transceiver);
/* The transports of an offer's plan: those that were agreed on, and as many more as its carriers need. */
void negotiation_plan_transports(const struct negotiation_facts *facts, struct negotiation_plan *plan);
/* Its generations; none of one that is made. */
const struct ice_facts *negotiation_facts_ice(const struct negotiation_facts *facts, size_t number);
struct transceiver_facts *negotiation_plan_transceiver(const struct negotiation_plan *plan, uint32_t number);
/* Its section is rejected; harmless when it was stopped before. */
void negotiation_plan_stop(struct negotiation_plan *plan, struct transceiver_facts *transceiver);
static inline bool negotiation_is_media(const struct jsep_section *section)
{
    return section->type == MEDIA_AUDIO || section->type == MEDIA_VIDEO;
}
/* The section has these credentials of ours; and reads them, which always fit: other local descriptions are refused. */
bool negotiation_section_has(const struct jsep_section *section, const struct ice_credentials *c);
void negotiation_read_credentials(const struct jsep_section *section, struct ice_credentials *out);
/* The state that counts before the plan. */
const struct negotiation_state *negotiation_facts_now(const struct negotiation_facts *facts);
/* The section's credentials are others than those that were agreed on for this transport. Changing only one of the two counts, as it does
 * for browsers. */
bool negotiation_restarts(const struct negotiation_state *now, size_t transport, const struct jsep_section *section);
/* Fills *why and returns `error`. */
int negotiation_refuse(struct sdp_error *why, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
