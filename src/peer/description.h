/* SPDX-License-Identifier: MIT */
/* A session description that was set: its text, what it says, and the candidates that were added to it since (webrtc-pc 4.4.2,
 * addIceCandidate). */
#ifndef CRTC_DESCRIPTION_H
#define CRTC_DESCRIPTION_H

#include "jsep.h"

#include <crtc/peer_connection.h>

/* A candidate of the peer's for one section; "" says that there are no more. Owner: its description, once it was added; its maker before.
 * Not written after that, but for `next`. */
struct added_candidate {
    struct added_candidate *next;
    size_t section;
    char text[];
};

/* Shared by the states that have it, on one thread. What it says never changes; candidates are added while it counts.
 * Written by description.c alone. */
struct description {
    uint32_t references;
    rtc_sdp_type type;
    const char *text;                   /* the copy that `parsed` points into */
    struct session_description *parsed; /* owned */
    struct added_candidate *added;      /* owned, in the order in which they came */
    size_t added_count;
    char *shown; /* the text with its candidates, made on demand: owned; NULL: not made yet */
};

/* RTC_ERR_NO_MEMORY, or what session_description_parse gives, with *why filled. */
int description_new(rtc_context *context, rtc_sdp_type type, const char *sdp, struct description **out, struct sdp_error *why);
struct description *description_ref(struct description *d);
void description_unref(rtc_context *context, struct description *d);
/* What it says; NULL without one. */
static inline const struct session_description *description_says(const struct description *d)
{
    return d ? d->parsed : NULL;
}

/* All of its sections are rejected; not so without a description. */
bool description_rejects_all(const struct session_description *d);

/* NULL when out of memory. `text` is a candidate without "a=", or "". */
struct added_candidate *added_candidate_new(rtc_context *context, size_t section, struct slice text);
/* Takes it; one that is there already is dropped. */
void description_add(rtc_context *context, struct description *d, struct added_candidate *candidate);
/* The text is to be made anew: a candidate came or went. NULL is legal. */
void description_forget_shown(rtc_context *context, struct description *d);
/* The text with the candidates that were added; the plain one when there are none, or no memory. Borrowed until the next change. */
const char *description_show(rtc_context *context, struct description *d);

#endif
