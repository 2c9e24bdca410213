/* SPDX-License-Identifier: MIT */
/* The parameters of a format as text, "a=1;b=2" (RFC 8866 section 6.15, RFC 4855 section 3). */
#ifndef CRTC_FMTP_H
#define CRTC_FMTP_H

#include "slice.h"

/* A parameter's value, without spaces around it; empty when absent. Names are compared without case. Borrowed from the text. */
struct slice fmtp_value(const char *fmtp, const char *name);
/* Adds those of `from` whose names begin like this, as they stand, to the ones in `to`; none of them when they have no room. */
void fmtp_add(char *to, size_t size, const char *from, const char *beginning);

#endif
