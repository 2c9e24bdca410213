/* SPDX-License-Identifier: MIT */
/* The RTP payload format of Opus (RFC 7587): an RTP payload is one Opus packet, of which this reads the table of contents (RFC 6716
 * section 3). */
#ifndef CRTC_OPUS_PAYLOAD_H
#define CRTC_OPUS_PAYLOAD_H

#include "payload_format.h"

enum { OPUS_CLOCK_RATE = 48000, OPUS_SAMPLES_MAX = 5760 /* 120 ms */ };

/* A value, filled by opus_payload_parse(). */
struct opus_payload {
    uint32_t samples; /* per channel at 48 kHz, 120 to OPUS_SAMPLES_MAX */
    uint8_t frames;   /* 1 to 48 */
    bool stereo;
    bool has_fec; /* carries in-band FEC of the packet before it (RFC 6716 section 4.2.4) */
    bool dtx;     /* no frame has more than one byte: silence */
};

/* False for what RFC 6716 section 3.4 calls malformed: empty, code 3 with M = 0, more than 120 ms, lengths past the end. */
bool opus_payload_parse(struct slice payload, struct opus_payload *out);

extern const struct payload_format opus_payload_format;

#endif
