/* SPDX-License-Identifier: MIT */
/* How transceivers come into being, stop and go. */
#ifndef CRTC_TRANSCEIVER_LIFE_H
#define CRTC_TRANSCEIVER_LIFE_H

#include "moves.h"
#include "transceiver.h"

/* Drawn in transceiver.h. */
extern const struct moves transceiver_moves;

/* Not 0; and a UUID, as ids of tracks are. */
uint32_t transceiver_fresh_ssrc(rtc_context *context);
void transceiver_fresh_id(rtc_context *context, char id[JSEP_ID_MAX]);
int transceiver_new(rtc_peer_connection *pc, rtc_media_kind kind, rtc_rtp_direction direction, rtc_rtp_transceiver **out);
/* The same in two steps: one that is made is nobody's yet; it joins the connection, which can not fail, or is discarded. */
int transceiver_make(rtc_peer_connection *pc, rtc_media_kind kind, rtc_rtp_direction direction, rtc_rtp_transceiver **out);
void transceiver_join(rtc_rtp_transceiver *t);
/* Those that joined behind the one with this number are noted where the connection is recorded, which may allocate. */
void transceiver_record_added(rtc_peer_connection *pc, uint32_t last);
void transceiver_discard(rtc_rtp_transceiver *t);
/* It or the connection goes: everything stops, the handle stays inert. */
void transceiver_detach(rtc_rtp_transceiver *t);
/* Gives up those that were detached when the connection was closed: it is freed. */
void transceiver_forget_closed(rtc_peer_connection *pc);
/* stop() of webrtc-pc 5.4.1: nothing goes either way any more, which the peer is still to hear of. Harmless when repeated. */
void transceiver_begin_stop(rtc_rtp_transceiver *t);
/* The section was rejected: the same, for good. */
void transceiver_stop(rtc_rtp_transceiver *t);
/* After everything that was done together with it: the remote track ends, and its listeners are told (mediacapture-streams 4.3.1 queues a
 * task for both). Harmless when there is nothing to tell. */
void transceiver_tell_ended(rtc_rtp_transceiver *t);

#endif
