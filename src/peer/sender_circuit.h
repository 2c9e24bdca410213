/* SPDX-License-Identifier: MIT */
/* The circuit breaker of what a sender sends (RFC 8083), as the application sees it. */
#ifndef CRTC_SENDER_CIRCUIT_H
#define CRTC_SENDER_CIRCUIT_H

#include "transceiver.h"

/* What the RTP session says about the breaker of what we send. */
void sender_circuit_changed(rtc_rtp_transceiver *t, struct sender_encoding *encoding, enum rtp_circuit circuit, uint32_t reason);
/* Why the last opening was, in words. Static. */
const char *sender_circuit_reason(const struct sender_encoding *encoding);

#endif
