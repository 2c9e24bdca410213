/* SPDX-License-Identifier: MIT */
/* The RTP payload format of PCMU and PCMA (RFC 3551 section 4.5.14; RFC 7874 section 3 wants both of everybody): a byte for each sample. */
#ifndef CRTC_G711_PAYLOAD_H
#define CRTC_G711_PAYLOAD_H

#include "payload_format.h"

enum { G711_CLOCK_RATE = 8000, PCMU_PAYLOAD_TYPE = 0, PCMA_PAYLOAD_TYPE = 8 /* static (RFC 3551 section 6) */ };
enum { G711_SAMPLES_MAX = 1600 /* 200 ms: no longer packet is made by anybody (RFC 3551 section 4.2) */ };

extern const struct payload_format g711_payload_format;

#endif
