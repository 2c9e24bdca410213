/* SPDX-License-Identifier: MIT */
/* Why a connection is not connected, in words. */
#ifndef CRTC_EXPLAIN_H
#define CRTC_EXPLAIN_H

#include "peer.h"
#include "text.h"

/* One sentence, without an end of line: what stands in the way, or how the connection is. */
void explain_conclusion(const rtc_peer_connection *pc, struct text *out);

#endif
