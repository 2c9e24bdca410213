/* SPDX-License-Identifier: MIT */
/* RTCDTMFSender as the connection sees it: tones that wait, and the playout task of webrtc-pc 7.2, which is a deadline here. */
#ifndef CRTC_DTMF_SENDER_H
#define CRTC_DTMF_SENDER_H

#include "transceiver.h"

/* When the playout task runs next; RTC_TIME_NEVER. */
rtc_time_t dtmf_sender_deadline(const rtc_rtp_transceiver *transceiver);
/* Runs it if it is due. */
void dtmf_sender_tick(rtc_rtp_transceiver *transceiver, rtc_time_t now);

#endif
