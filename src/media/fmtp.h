/* SPDX-License-Identifier: MIT */
/* The parameters of a format as text, "a=1;b=2" (RFC 8866 section 6.15, RFC 4855 section 3). */
#ifndef CRTC_FMTP_H
#define CRTC_FMTP_H

#include "slice.h"

/* A parameter's value, without spaces around it; empty when absent. Names are compared without case. Borrowed from the text. */
struct slice fmtp_value(const char *fmtp, const char *name);

#endif
