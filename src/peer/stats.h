/* SPDX-License-Identifier: MIT */
/* getStats for who is inside: as rtc_peer_connection_get_stats, but leaves no words. */
#ifndef CRTC_PEER_STATS_H
#define CRTC_PEER_STATS_H

#include "peer.h"

#include <crtc/stats.h>

/* Without a selector when both are NULL. RTC_ERR_NO_MEMORY. */
int stats_gather(rtc_peer_connection *pc, const rtc_rtp_sender *sender, const rtc_rtp_receiver *receiver, rtc_stats_report **out);

#endif
