/* SPDX-License-Identifier: MIT */
/* See fec_writer.h. */
#include "fec_writer.h"

bool fec_writer_fits(const struct fec_writer *w, uint16_t sequence)
{
    return w->count == 0 || (uint16_t)(sequence - w->base) < FEC_SPAN_MAX;
}

void fec_writer_add(struct fec_writer *w, uint32_t ssrc, uint16_t sequence, struct slice packet)
{
    if (w->count == 0)
        w->base = sequence;
    size_t at = w->count % FEC_SUMS;
    if (!fec_sum_add(&w->sums[at], packet))
        return;
    w->ssrc = ssrc;
    w->masks[at] |= 1ull << (63 - (uint16_t)(sequence - w->base));
    w->count++;
}

size_t fec_writer_parities(const struct fec_writer *w, size_t wanted)
{
    size_t n = wanted < w->count ? wanted : w->count;
    n = n < FEC_SUMS ? n : FEC_SUMS;
    while (n > 0 && FEC_SUMS % n != 0)
        n--;
    return n;
}

void fec_writer_parity(struct fec_writer *w, size_t i, size_t parities, struct fec_header *out)
{
    *out = (struct fec_header){.ssrc = w->ssrc, .base = w->base};
    fec_sum_clear(&w->joined);
    for (size_t k = i; k < FEC_SUMS; k += parities) {
        fec_sum_join(&w->joined, &w->sums[k]);
        out->mask[0] |= w->masks[k];
    }
    out->flags[0] = w->joined.flags[0];
    out->flags[1] = w->joined.flags[1];
    out->length = w->joined.length;
    out->timestamp = w->joined.timestamp;
    out->body = slice_of(w->joined.body, w->joined.body_len);
}

void fec_writer_clear(struct fec_writer *w)
{
    w->count = 0;
    for (size_t i = 0; i < FEC_SUMS; i++) {
        w->masks[i] = 0;
        fec_sum_clear(&w->sums[i]);
    }
}
