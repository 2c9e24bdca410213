/* SPDX-License-Identifier: MIT */
/* What was agreed on for a transport is carried out in two steps. First everything that takes memory is made ready, and whoever negotiates
 * may still think better of it; then it is given to the transport, which can not fail. What follows from it below (checks, a handshake, an
 * association, goodbyes) begins when events are asked for next, one after the other in the order of this header, and is then like anything
 * else that a transport does by itself: without memory for it the transport is starved. */
#ifndef CRTC_TRANSPORT_DUE_H
#define CRTC_TRANSPORT_DUE_H

#include "transport_types.h"

struct transport;
struct snap;

/* What the peer's description says of ICE. Its owner's, who made room for that many candidates, until a transport takes it. */
struct transport_remote {
    rtc_context *context;
    char ufrag[ICE_UFRAG_MAX + 1], password[ICE_PASSWORD_MAX + 1];
    bool lite, end_of_candidates;
    size_t candidate_count;
    struct ice_candidate candidates[];
};

/* What it says of DTLS, and what follows from both descriptions. Owned likewise. */
struct transport_identity {
    rtc_context *context;
    enum dtls_role role; /* ours */
    struct dtls *anew;   /* owned: takes the place of the association that there is; NULL: that goes on */
    size_t fingerprint_count;
    struct dtls_fingerprint fingerprints[DTLS_FINGERPRINTS_MAX];
};

/* ---- Made ready: RTC_ERR_NO_MEMORY ---- */

struct transport_remote *transport_remote_new(rtc_context *context, size_t candidates);
void transport_remote_free(struct transport_remote *remote);
/* With everything that a handshake in this role needs, unless there was one. `anew`: there is to be another association (RFC 8842 section
 * 3.1). */
int transport_prepare_dtls(struct transport *t, enum dtls_role role, bool anew, struct transport_identity **out);
void transport_identity_free(struct transport_identity *identity);
/* *out: what takes the place of the channels that there are, when the association must be another one (`anew`, or its port changes: RFC
 * 8841 section 9.3); else NULL. */
int transport_prepare_sctp(struct transport *t, uint16_t remote_port, bool anew, struct data_channels **out);

/* ---- Given: none of it fails ---- */

/* What a pool gathered is told: a local description was set. */
void transport_surface(struct transport *t);
/* The negotiated generation hears of the peer. Takes it. */
void transport_set_remote(struct transport *t, struct transport_remote *remote);
/* DTLS begins; once, and again when it was made ready anew: then what had its keys waits for others, and an association of SCTP goes on
 * over it. Takes it. */
void transport_start_dtls(struct transport *t, struct transport_identity *identity);
/* There is an association; with `next`, another one. `snap`: without a handshake, unless it is the one that there was; NULL: with one.
 * Takes both. */
void transport_start_sctp(struct transport *t, uint16_t remote_port, uint64_t remote_max_message, struct data_channels *next,
                          struct snap *snap);
/* The association and its channels go on over `to`, which has none. */
void transport_move_sctp(struct transport *from, struct transport *to);
/* There is none any more: its channels are told, and forgotten when they have been. transport_need_channels begins anew. */
void transport_end_sctp(struct transport *t);

/* ---- For this folder ---- */

/* Carries out the first that is due; false: nothing is. Everything that the cores said before must have been told. */
bool transport_carry_out(struct transport *t, rtc_time_t now);
void transport_forget_due(struct transport *t);

#endif
