/* SPDX-License-Identifier: MIT */
/* The numbers of one BUNDLE group: a payload type means one codec and an extension id one URI in all of its sections (RFC 8843 sections 9.1
 * and 9.2; RFC 8285 section 5), and neither changes its meaning while the session lasts (RFC 3264 section 8.3.2). */
#ifndef CRTC_JSEP_NUMBERS_H
#define CRTC_JSEP_NUMBERS_H

#include "jsep_internal.h"

enum { NUMBERS_PAYLOAD_TYPES = 128, NUMBERS_EXTENSIONS = 256 };

/* Owner: an offer in the making (jsep_offer.c). Written by jsep_numbers.c alone. Codecs and URIs are borrowed from the sections that were
 * noted. */
struct jsep_numbers {
    struct {
        const struct jsep_codec *codec; /* NULL: free */
        bool rtx;                       /* its retransmissions, not itself */
        bool foreign;                   /* only the peer named it: may be taken when nothing else is left */
    } payload_types[NUMBERS_PAYLOAD_TYPES];
    const char *extensions[NUMBERS_EXTENSIONS]; /* URI, NULL: free */
};

/* Notes what a section uses that was negotiated before; of a rejected one nothing. `foreign`: it is the peer's. */
void jsep_numbers_note(struct jsep_numbers *numbers, const struct jsep_section *section, bool foreign);
/* Gives *codec its numbers (payload type and rtx) and notes them: those it had in `previous` (may be NULL), else those it has elsewhere in
 * the group, else the ones it wishes, else free ones. False when none is left. *codec must stay in its place. */
bool jsep_numbers_codec(struct jsep_numbers *numbers, const struct jsep_section *previous, struct jsep_codec *codec);
/* The same for an extension. */
bool jsep_numbers_extension(struct jsep_numbers *numbers, const struct jsep_section *previous, struct jsep_extension *extension);

#endif
