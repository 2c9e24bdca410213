/* SPDX-License-Identifier: MIT */
/* A transport: ICE, DTLS, SCTP and RTP composed, a core like those. It knows no connection and no description: whoever owns it gives it
 * packets, time, results and what was negotiated, and takes events, packets and requests. A packet goes straight up through it and another
 * straight down; the cores append to its queues, and transport_next_event() walks what they appended into the next layer until nothing is
 * left. */
#ifndef CRTC_TRANSPORT_TRANSPORT_H
#define CRTC_TRANSPORT_TRANSPORT_H

#include "transport_due.h"
#include "transport_ice.h"
#include "transport_marks.h"
#include "transport_pool.h"
#include "transport_receive.h"
#include "transport_types.h"
#include "transport_upper.h"

struct transport;

/* `credentials`: of its first ICE generation, or NULL for ones of its own. */
int transport_new(rtc_context *context, const struct transport_settings *settings, const struct ice_credentials *credentials,
                  bool controlling, struct transport **out);
void transport_free(struct transport *t);
/* What the parent keeps with it; NULL at first. */
void transport_set_user(struct transport *t, void *user);
void *transport_user(const struct transport *t);

/* ---- Packets (transport_receive.h), time, the world. After each of these, and after calls of the cores: transport_next_event until it is
 * false. What was negotiated: transport_ice.h, transport_upper.h. ---- */

/* So much may be told by messages and new channels, in bytes of memory and in events (data_channels_set_room). Without any, media that
 * arrive are dropped. To be said before packets are given, ticks, and questions for the deadline. */
void transport_set_room(struct transport *t, uint64_t bytes, uint32_t events);
void transport_tick(struct transport *t, rtc_time_t now);
rtc_time_t transport_deadline(const struct transport *t, enum timer_reason *why);
/* Walks what the cores appended into the next layer, up to the first thing that the parent is to know. False: nothing is left to be told,
 * and what is to be sent is ready. The event is to be freed. */
bool transport_next_event(struct transport *t, rtc_time_t now, struct transport_event *event);
void transport_free_event(struct transport *t, struct transport_event *event);
/* Memory ran out where nothing may be lost: the parent is to end it. */
bool transport_is_starved(const struct transport *t);
/* It was closed. */
bool transport_is_closed(const struct transport *t);
/* It was closed, and has nothing left to say or to ask. */
bool transport_is_gone(const struct transport *t);
/* When anything was sent or received last. */
rtc_time_t transport_last_traffic(const struct transport *t);
const struct transport_counters *transport_counters(const struct transport *t);
struct packet *transport_next_packet(struct transport *t);
/* What is asked of the world; NULL: nothing more. What the endpoint and secure streams see to is not told, or in its real form. */
struct request *transport_next_request(struct transport *t, rtc_time_t now);
void transport_free_request(struct transport *t, struct request *request);
/* The answer. False: nobody here asked. */
bool transport_result(struct transport *t, rtc_time_t now, const struct io_result *result);
/* Asks for a socket to be closed that nobody wants. */
void transport_refuse_socket(struct transport *t, uint32_t socket);
/* Says goodbye on every layer, without a word to the parent; what it has to send is ready afterwards. While there is a deadline yet, relays
 * are being given back: ticks and packets go on for that moment. Harmless when repeated. */
void transport_close(struct transport *t, rtc_time_t now);
/* The same without a goodbye to the peer, who learns of it otherwise, and may need what is left of it until then. */
void transport_leave(struct transport *t, rtc_time_t now);

#endif
