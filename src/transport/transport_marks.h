/* SPDX-License-Identifier: MIT */
/* With which marks (dscp.h) a transport's packets leave. */
#ifndef CRTC_TRANSPORT_MARKS_H
#define CRTC_TRANSPORT_MARKS_H

#include "packet.h"

struct transport;

/* The most urgent mark of the media that the parent sends. */
void transport_set_media_mark(struct transport *t, uint8_t mark);

/* ---- For this folder ---- */

/* Looks again what channels there are. */
void transport_update_marks(struct transport *t);
/* For a packet on its way out, before a relay's header is put before it. RTP that the session marked stays as it is. */
void transport_mark(const struct transport *t, struct packet *packet);

#endif
