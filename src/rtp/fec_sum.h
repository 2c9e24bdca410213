/* SPDX-License-Identifier: MIT */
/* The sum of RTP packets that parity protects, bit by bit modulo two: what ULPFEC (RFC 5109 section 8) and FlexFEC (flexible-fec-scheme-03
 * section 6.3) have in common. Of several packets all but one and their sum make the one that is missing. What a packet is that is
 * protected: as it left, but its abs-send-time and its transport-wide number are zero, since they are written later, or anew. */
#ifndef CRTC_FEC_SUM_H
#define CRTC_FEC_SUM_H

#include "rtp_packet.h"

/* What is behind the fixed header of a packet that can be protected; and how far apart the numbers of those in one sum are, as browsers
 * have it. */
enum { FEC_BODY_MAX = 1500, FEC_SPAN_MAX = 48 };

/* Plain data of whoever sums. */
struct fec_sum {
    uint8_t flags[2]; /* V, P, X, CC; M, PT */
    uint16_t length;  /* of what is behind the fixed headers */
    uint32_t timestamp;
    uint16_t body_len; /* the longest */
    uint8_t body[FEC_BODY_MAX];
};

void fec_sum_clear(struct fec_sum *sum);
/* Adds a packet of at least RTP_HEADER_LEN bytes. False, and nothing happens: it is too long. */
bool fec_sum_add(struct fec_sum *sum, struct slice packet);
/* Adds what was summed elsewhere. */
void fec_sum_join(struct fec_sum *sum, const struct fec_sum *other);
/* The packet that the sum is, of this stream and with this number, into a buffer of `room` bytes; its length, 0: it can not be one. */
size_t fec_sum_packet(const struct fec_sum *sum, uint32_t ssrc, uint16_t sequence, uint8_t *out, size_t room);
/* Makes of a copy of a packet that was parsed what is protected. */
void fec_blank(uint8_t *copy, struct slice original, const struct rtp_header *header);

#endif
