/* SPDX-License-Identifier: MIT */
/* TLS between the io's TCP streams and the ICE agent, which asked for some of them to be secure: neither of the two knows of it. */
#ifndef CRTC_TLS_STREAMS_H
#define CRTC_TLS_STREAMS_H

#include "list.h"
#include "out.h"

struct transport;

/* A request on its way out; true unless memory ran out. */
bool tls_streams_request(struct transport *t, const struct request *request);
/* A result on its way in. True: the agent is not to know of it yet. */
bool tls_streams_result(struct transport *t, rtc_time_t now, const struct io_result *result);
/* Bytes that arrived; true: they were a secure stream's, and what was in them is in `plain`. The packet is consumed. */
bool tls_streams_receive(struct transport *t, rtc_time_t now, struct packet *packet, struct packet_queue *plain);
/* A packet to be sent; true: it was for a secure stream and is consumed, what is to be sent in its place is appended to `tx`. */
bool tls_streams_send(struct transport *t, struct packet *packet, struct packet_queue *tx);
/* Says goodbye on all of them. */
void tls_streams_close(struct transport *t);
void tls_streams_free(struct transport *t);

#endif
