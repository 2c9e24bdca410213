/* SPDX-License-Identifier: MIT */
/* What packets are marked with for networks that tell urgent ones from others: differentiated services as RFC 8837 wants them. */
#ifndef CRTC_TRANSPORT_DSCP_H
#define CRTC_TRANSPORT_DSCP_H

#include "transport.h"

#include <crtc/rtp.h>

enum { DSCP_NOTHING = 0xff }; /* in place of a mark: nothing is sent */

/* RFC 8837 table 1, with interactive video. Unmarked (0) for low, which is what nobody asked for. */
uint8_t dscp_of_media(rtc_media_kind kind, rtc_priority priority);
uint8_t dscp_of_channel(uint16_t priority); /* RFC 8831 section 6.4; 0: there is no channel */
/* The more urgent of two; DSCP_NOTHING gives way. */
uint8_t dscp_more(uint8_t a, uint8_t b);

/* Looks again what channels there are. */
void dscp_update(struct transport *t);
/* For a packet on its way out, before a relay's header is put before it. RTP that the session marked stays as it is. */
void dscp_mark(const struct transport *t, struct packet *packet);

#endif
