/* SPDX-License-Identifier: MIT */
/* What packets are marked with for networks that tell urgent ones from others: differentiated services as RFC 8837 wants them. */
#ifndef CRTC_TRANSPORT_DSCP_H
#define CRTC_TRANSPORT_DSCP_H

#include <crtc/rtp.h>

enum {
    DSCP_LEAST = 8,     /* CS1: of what gives way to everything else */
    DSCP_NOTHING = 0xff /* in place of a mark: nothing is sent */
};

/* RFC 8837 table 1, with interactive video. Unmarked (0) for low, which is what nobody asked for. */
uint8_t dscp_of_media(rtc_media_kind kind, rtc_priority priority);
uint8_t dscp_of_channel(uint16_t priority); /* RFC 8831 section 6.4; 0: there is no channel */
/* The more urgent of two; DSCP_NOTHING gives way. */
uint8_t dscp_more(uint8_t a, uint8_t b);

#endif
