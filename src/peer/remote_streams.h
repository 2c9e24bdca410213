/* SPDX-License-Identifier: MIT */
/* The streams of what a connection receives (webrtc-pc 4.4.1.5, "set the associated remote streams"): one object for each id that the peer
 * names, the same for as long as the connection lives, or nobody has any use for it. */
#ifndef CRTC_REMOTE_STREAMS_H
#define CRTC_REMOTE_STREAMS_H

#include "peer.h"
#include "transceiver.h"

/* Makes the streams that this state names and that are not there yet, with room for the tracks of so many transceivers. What nobody has any
 * use for may go. RTC_ERR_NO_MEMORY. */
int remote_streams_prepare(rtc_peer_connection *pc, const struct negotiation_state *next, size_t transceivers);
/* How many events remote_streams_set() appends at most. */
size_t remote_streams_changes(const rtc_peer_connection *pc, const struct negotiation_state *next);
/* Tracks leave streams, then come into others, as `state` says, and both is told; what it names was prepared. */
void remote_streams_set(rtc_peer_connection *pc, const struct negotiation_state *state);
void remote_streams_fini(rtc_peer_connection *pc);

#endif
