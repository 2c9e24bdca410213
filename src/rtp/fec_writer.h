/* SPDX-License-Identifier: MIT */
/* Parity for a stream of video that is sent: packets are summed up as they leave, into twelve sums in turn, of which any number that
 * divides twelve can be made in the end. So who leaves need not be kept, and of a burst that is lost each packet is another sum's. */
#ifndef CRTC_FEC_WRITER_H
#define CRTC_FEC_WRITER_H

#include "fec_header.h"

enum { FEC_SUMS = 12 };

/* Owned by the stream; written by fec_writer.c. Zero is empty. */
struct fec_writer {
    size_t count;  /* of packets since the last parity */
    uint16_t base; /* the first one's number */
    uint32_t ssrc;
    uint64_t masks[FEC_SUMS]; /* the first packet is the highest bit */
    struct fec_sum sums[FEC_SUMS];
    struct fec_sum joined; /* of those that are written */
};

/* Whether a packet with this number can be added; else what there is has to be written, or cleared, first. */
bool fec_writer_fits(const struct fec_writer *writer, uint16_t sequence);
/* Adds a packet that fits, as it is protected. */
void fec_writer_add(struct fec_writer *writer, uint32_t ssrc, uint16_t sequence, struct slice packet);
/* How many there can be: what is wanted, or fewer. */
size_t fec_writer_parities(const struct fec_writer *writer, size_t wanted);
/* The i-th of so many, borrowed until the next call. */
void fec_writer_parity(struct fec_writer *writer, size_t i, size_t parities, struct fec_header *out);
void fec_writer_clear(struct fec_writer *writer);

#endif
