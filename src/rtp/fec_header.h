/* SPDX-License-Identifier: MIT */
/* The headers of packets of parity: ULPFEC (RFC 5109 section 7.3; one level of protection, as all who speak it have) and FlexFEC-03
 * (draft-ietf-payload-flexible-fec-scheme-03 section 4.2; flexible masks of one stream), and RED around video (RFC 2198; one block). */
#ifndef CRTC_FEC_HEADER_H
#define CRTC_FEC_HEADER_H

#include "fec_sum.h"

enum { FEC_MASK_WORDS = 2, FEC_MASK_BITS = 109, ULPFEC_HEADER_MAX = 18, FLEXFEC_HEADER_MAX = 32 };

/* A value; `body` is borrowed from the payload. */
struct fec_header {
    uint8_t flags[2];
    uint16_t length;
    uint32_t timestamp;
    uint32_t ssrc;                 /* of the stream that it protects; ULPFEC does not say it: 0 */
    uint16_t base;                 /* the first number that it may protect, */
    uint64_t mask[FEC_MASK_WORDS]; /* and which of those behind it: the first one is the highest bit of the first word */
    struct slice body;
};

static inline bool fec_header_protects(const struct fec_header *h, unsigned offset)
{
    return h->mask[offset / 64] >> (63 - offset % 64) & 1;
}

/* Of a payload; false: it is no such thing, or of a kind that nobody sends. A mask without a bit is refused. */
bool ulpfec_read(struct slice payload, struct fec_header *out);
bool flexfec_read(struct slice payload, struct fec_header *out);
/* The header with the shortest mask that serves, and the body. Offsets of ULPFEC are below 48. */
void ulpfec_write(struct writer *w, const struct fec_header *header);
void flexfec_write(struct writer *w, const struct fec_header *header);

/* The type of the one block that a payload of RED is, which lies behind one byte; -1: it has others, or nothing. */
int red_read(struct slice payload);

#endif
