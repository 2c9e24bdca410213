/* SPDX-License-Identifier: MIT */
/* Text to lines: the only place that sees line ends. */
#ifndef CRTC_SDP_LEXER_H
#define CRTC_SDP_LEXER_H

#include "sdp.h"

/* Fills sdp->lines from sdp->text (`len` bytes). RTC_ERR_SYNTAX, RTC_ERR_NO_MEMORY; the caller frees sdp->lines in any case. */
int sdp_lex(struct sdp *sdp, size_t len, struct sdp_error *error);

#endif
