/* SPDX-License-Identifier: MIT */
/* A packet into a transport (RFC 7983). */
#ifndef CRTC_TRANSPORT_RECEIVE_H
#define CRTC_TRANSPORT_RECEIVE_H

#include "transport_types.h"

struct transport;

void transport_receive(struct transport *t, rtc_time_t now, struct packet *packet);
/* A packet that came was dropped unseen. */
void transport_count_over_limit(struct transport *t);

/* ---- For this folder ---- */

/* Datagrams that waited for their path may be taken now. */
void transport_release_held(struct transport *t, rtc_time_t now);

#endif
