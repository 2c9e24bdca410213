/* SPDX-License-Identifier: MIT */
/* Descriptions that are created and not set yet. */
#ifndef CRTC_CREATED_DESCRIPTIONS_H
#define CRTC_CREATED_DESCRIPTIONS_H

#include "peer.h"

/* The state must let one be set. *sdp is the connection's, until the next one of its kind is created; it is the text of before when only
 * its version would be another. */
int created_offer(rtc_peer_connection *pc, bool ice_restart, const char **sdp);
int created_answer(rtc_peer_connection *pc, const char **sdp);
/* offerToReceiveAudio and offerToReceiveVideo (webrtc-pc 4.4.3.2). On failure nothing has changed. */
int created_offer_receives(rtc_peer_connection *pc, const rtc_offer_options *options);

#endif
