/* SPDX-License-Identifier: MIT */
/* What offers and answers made of a connection. `stable` is what both sides agreed on last; `pending` stands beside it while an offer waits
 * for its answer, and dropping it is all that undoing takes. */
#ifndef CRTC_NEGOTIATION_STATE_H
#define CRTC_NEGOTIATION_STATE_H

#include "ice_agent.h"
#include "jsep.h"

#include <crtc/peer_connection.h>

/* A session description that was set: its text and what it says. Shared by the states that have it, on one thread, and never changed. */
struct description {
    uint32_t references;
    rtc_sdp_type type;
    char *text;
    struct session_description *parsed;
};

/* RTC_ERR_NO_MEMORY, or what session_description_parse gives, with *why filled. */
int description_new(rtc_context *context, rtc_sdp_type type, const char *sdp, struct description **out, struct jsep_error *why);
struct description *description_ref(struct description *d);
void description_unref(rtc_context *context, struct description *d);
/* What it says; NULL without one. */
static inline const struct session_description *description_says(const struct description *d)
{
    return d ? d->parsed : NULL;
}

/* A state of the exchange, as a value. */
struct negotiation_state {
    struct description *local, *remote; /* references; NULL: none was set (webrtc-pc 4.4.1.5: current and pending descriptions) */
};

void negotiation_state_fini(rtc_context *context, struct negotiation_state *state);

/* The connection's part of it. Owner: the connection; written by description.c, negotiation.c and restart.c only. */
struct negotiation {
    rtc_signaling_state signaling; /* peer_set_signaling_state() */
    struct negotiation_state stable, pending;
    char transport_mid[JSEP_ID_MAX]; /* the section that carries the transport's candidates */
    char *last_offer, *last_answer;  /* as they were created, until they are set */
    char *shown_local;               /* local description with its candidates, made on demand */
    uint64_t session_id, session_version;
    /* [[LocalIceCredentialsToReplace]]: those of the current and the pending description when a restart was asked for. */
    struct ice_credentials to_replace[2];
    size_t to_replace_count;
    struct ice_credentials fresh; /* of an offer that was made and not set yet; an empty ufrag: none */
    uint32_t stale_generation; /* ICE generations up to this one gathered with other servers or another policy: the next offer restarts */
    bool wants_data;           /* a channel was made: an application section is needed */
    bool needed;               /* [[NegotiationNeeded]] */
    int asked;                 /* counts the events that say so */
};

/* The descriptions that count now: pending ones before current ones; NULL when there are none. */
const struct description *negotiation_local(const struct negotiation *n);
const struct description *negotiation_remote(const struct negotiation *n);
void negotiation_fini(rtc_context *context, struct negotiation *n);

#endif
