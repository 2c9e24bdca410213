/* SPDX-License-Identifier: MIT */
/* Extended reports (RFC 3611): who only receives tells its time (section 4.4, RRTR), and who sends says when it had heard of that (section
 * 4.5, DLRR), so that round trips are known on both sides. Other blocks are skipped. */
#ifndef CRTC_RTCP_EXTENDED_H
#define CRTC_RTCP_EXTENDED_H

#include "reader.h"
#include "writer.h"

#include <crtc/base.h>

enum { RTCP_EXTENDED_DELAYS_MAX = 16, RTCP_EXTENDED_BYTES_MAX = 8 + 12 + 4 + 12 * RTCP_EXTENDED_DELAYS_MAX };

/* What a sender says to one who told its time. */
struct rtcp_delay {
    uint32_t ssrc;    /* whose time it was */
    uint32_t last_rr; /* middle 32 bits of it; 0: none was told */
    uint32_t since;   /* 1/65536 s */
};

enum rtcp_extended_type { RTCP_EXTENDED_REFERENCE_TIME, RTCP_EXTENDED_DELAYS };

struct rtcp_extended_block {
    enum rtcp_extended_type type;
    uint64_t ntp;      /* of a reference time: 32.32 seconds since 1900 */
    size_t count;      /* of delays */
    struct slice body; /* for the accessor below */
};

/* The blocks of a packet, which follow its SSRC, have lengths that fit. */
bool rtcp_extended_is_sound(struct slice blocks);
/* The next of those that are known; false at the end. */
bool rtcp_extended_next(struct reader *blocks, struct rtcp_extended_block *out);
/* The index-th of the delays (index < count). */
struct rtcp_delay rtcp_delay_at(const struct rtcp_extended_block *block, size_t index);

/* A packet with a reference time unless `ntp` is 0, and with delays unless `count` is; nothing without both. `count` is at most
 * RTCP_EXTENDED_DELAYS_MAX. */
void rtcp_write_extended(struct writer *w, uint32_t ssrc, uint64_t ntp, const struct rtcp_delay *delays, size_t count);

#endif
