/* SPDX-License-Identifier: MIT */
/* Reference times (RFC 3611 sections 4.4 and 4.5): which the peer told us and is to be answered, and under which of our names we told ours.
 */
#ifndef CRTC_RTP_REFERENCE_TIMES_H
#define CRTC_RTP_REFERENCE_TIMES_H

#include "rtcp_extended.h"

#include <crtc/base.h>

/* One who told its time. Part of the table. */
struct rtp_reference_time {
    uint32_t ssrc;
    uint32_t middle; /* of it, 32 bits */
    rtc_time_t arrived;
    uint64_t turn; /* the greater, the later, also of those that came at once */
    bool answered;
};

/* Owned by whoever reports; written by rtp_reference_times.c. Zeroed at first. A peer that goes by more names than there is room for is
 * answered under the latest ones. */
struct rtp_reference_times {
    struct rtp_reference_time heard[RTCP_EXTENDED_DELAYS_MAX];
    size_t count;
    uint64_t turn;
    uint32_t told_as; /* our SSRC; meaningful when `told` */
    bool told;
};

void rtp_reference_times_hear(struct rtp_reference_times *times, rtc_time_t arrived, uint32_t ssrc, uint64_t ntp);
/* What is to be answered now; so many. */
size_t rtp_reference_times_answers(const struct rtp_reference_times *times, rtc_time_t now,
                                   struct rtcp_delay out[RTCP_EXTENDED_DELAYS_MAX]);
/* All of them were. */
void rtp_reference_times_answered(struct rtp_reference_times *times);
void rtp_reference_times_tell(struct rtp_reference_times *times, uint32_t as);
/* An answer that is ours. */
bool rtp_reference_times_is_ours(const struct rtp_reference_times *times, const struct rtcp_delay *delay);

#endif
