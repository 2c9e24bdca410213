/* SPDX-License-Identifier: MIT */
/* What the targets of parity share: what is read is written anew and says the same, and a window takes it without harm. */
#ifndef FUZZ_FEC_READ_H
#define FUZZ_FEC_READ_H

#include "fec_window.h"

#include <stdlib.h>

static inline void fec_must(bool holds)
{
    if (!holds)
        abort();
}

static inline void fec_comes_back(const struct fec_header *h, bool (*read)(struct slice, struct fec_header *),
                                  void (*write)(struct writer *, const struct fec_header *))
{
    uint8_t buffer[FEC_BODY_MAX + FLEXFEC_HEADER_MAX];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct fec_header again;
    write(&w, h);
    fec_must(writer_ok(&w) && read(slice_of(buffer, writer_len(&w)), &again));
    fec_must(again.base == h->base && again.length == h->length && again.timestamp == h->timestamp && again.ssrc == h->ssrc);
    fec_must(memcmp(again.mask, h->mask, sizeof h->mask) == 0 && slice_eq(again.body, h->body));
}

/* All that it protects but the first one came. */
static inline void fec_give_back(const struct fec_header *h)
{
    rtc_context *context;
    struct packet_pool *pool;
    struct fec_window *window;
    struct rtp_header header;
    bool first = true;
    fec_must(rtc_context_new(NULL, &context) == RTC_OK && packet_pool_new(context, &pool) == RTC_OK &&
             fec_window_new(context, &window) == RTC_OK);
    for (unsigned i = 0; i < FEC_MASK_BITS; i++) {
        uint8_t media[16] = {0x80, 96, (uint8_t)((h->base + i) >> 8), (uint8_t)(h->base + i), 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4};
        bool skip = first && fec_header_protects(h, i);
        first = first && !skip;
        fec_must(rtp_parse(slice_of(media, sizeof media), NULL, &header));
        if (!skip)
            fec_window_packet(window, slice_of(media, sizeof media), &header);
    }
    (void)fec_window_parity(window, 1, h);
    for (struct packet *p; (p = fec_window_next(window, pool)) != NULL;) {
        fec_must(rtp_parse(packet_slice(p), NULL, &header));
        packet_free(p);
    }
    fec_window_free(window);
    packet_pool_unref(pool);
    rtc_context_unref(context);
}

#endif
