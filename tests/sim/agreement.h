/* SPDX-License-Identifier: MIT */
/* Whether two connections that negotiated with each other agree. */
#ifndef CRTC_TEST_AGREEMENT_H
#define CRTC_TEST_AGREEMENT_H

#include <crtc/crtc.h>

/* Both are stable, and nothing is on its way. Fails the test with the seed; returns how many sections of media both have. */
uint64_t agreement_compare(rtc_peer_connection *const pc[2], uint64_t seed);

#endif
