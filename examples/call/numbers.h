/* SPDX-License-Identifier: MIT */
/* The live numbers of a call: bit rates, round trip, loss and picture size, out of the connection's statistics. */
#ifndef CALL_NUMBERS_H
#define CALL_NUMBERS_H

#include <crtc/crtc.h>

/* What was counted at the last look; zeroed at first. */
struct numbers {
    double time_us, bytes_sent, bytes_received, packets_received, packets_lost;
};

/* Writes one line about the time since the last look. */
void numbers_read(struct numbers *numbers, rtc_peer_connection *connection, char *text, size_t size);

#endif
