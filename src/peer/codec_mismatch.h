/* SPDX-License-Identifier: MIT */
/* Sections that come to nothing because the peer has no codec that this side has: what it offers instead, in words. */
#ifndef CRTC_CODEC_MISMATCH_H
#define CRTC_CODEC_MISMATCH_H

#include "peer.h"
#include "text.h"

/* "no codec in common: the peer offers H264, AV1; this side has VP8" when it is so with this section of the remote description that counts.
 * False, and nothing written, when it is not. `out` may be NULL. */
bool codec_mismatch(const rtc_peer_connection *pc, size_t section, struct text *out);
/* One line of the log for each such section. */
void codec_mismatch_log(const rtc_peer_connection *pc);

#endif
