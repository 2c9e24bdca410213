/* SPDX-License-Identifier: MIT */
/* What a connection would write into an offer, or an answer to `offer`. */
#ifndef CRTC_SNAPSHOT_H
#define CRTC_SNAPSHOT_H

#include "peer.h"
#include "text.h"

int snapshot_offer(rtc_peer_connection *pc, bool ice_restart, struct text *out);
int snapshot_answer(rtc_peer_connection *pc, const struct session_description *offer, struct text *out);

#endif
