/* SPDX-License-Identifier: MIT */
/* The connection as the parent of its transports. */
#ifndef CRTC_PEER_TRANSPORT_H
#define CRTC_PEER_TRANSPORT_H

#include "peer.h"

/* The first transport, made at first need. */
int peer_need_transport(rtc_peer_connection *pc, bool controlling);
/* Frees those that left and have said all. Not while anything of a transport is in hand. */
void peer_forget_left(rtc_peer_connection *pc);
/* Takes what the transports have to tell until they are still, and what they have to send is ready. Harmless without any. */
void peer_run_transport(rtc_peer_connection *pc, rtc_time_t now);
/* What every public call ends with that may have made something to send or to tell: the same, and the loop is told. */
void peer_settle(rtc_peer_connection *pc);
/* The answer to a request, for the transport that made it. */
void peer_take_result(rtc_peer_connection *pc, const struct io_result *in);
/* Its endpoint was closed, and the aliases with it. */
void peer_lost_endpoint(void *pc);
/* To be called before packets, ticks, and questions for the deadline. */
void peer_give_room(rtc_peer_connection *pc);
/* Ends everything below while the connection stays: its channels are told. Harmless when repeated. */
void peer_end_transport(rtc_peer_connection *pc);

#endif
