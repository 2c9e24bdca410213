/* SPDX-License-Identifier: MIT */
/* The sending rate of all video of a session while there is no congestion control: the least of the configured cap, the peer's REMB and
 * a rule on the loss that receiver reports tell (the loss-based half of draft-ietf-rmcat-gcc-02, section 6). */
#ifndef CRTC_RTP_RATE_H
#define CRTC_RTP_RATE_H

#include <crtc/base.h>

enum { RTP_RATE_DEFAULT_CAP_BPS = 1500000, RTP_RATE_MIN_BPS = 50000 };

struct rtp_rate {
    uint32_t cap_bps;
    uint32_t remb_bps;    /* 0: none received, or long ago */
    rtc_time_t remb_time;
    uint32_t loss_bps;    /* what the loss rule allows */
    rtc_time_t increased; /* or held or lowered: when the time to the next increase began */
    rtc_time_t decreased;
};

/* cap_bps 0: the default. */
void rtp_rate_init(struct rtp_rate *rate, uint32_t cap_bps, rtc_time_t now);
void rtp_rate_set_cap(struct rtp_rate *rate, uint32_t cap_bps);
void rtp_rate_remb(struct rtp_rate *rate, rtc_time_t now, uint64_t bitrate_bps);
/* Peers that limit us say so about every second. A limit that was not repeated for ten is void: from it the rate climbs by the loss
 * rule. */
void rtp_rate_tick(struct rtp_rate *rate, rtc_time_t now);
/* A receiver report about one of our video streams; `round_trip_us` 0 when unknown. */
void rtp_rate_report(struct rtp_rate *rate, rtc_time_t now, uint8_t fraction_lost, rtc_time_t round_trip_us);
uint32_t rtp_rate_target(const struct rtp_rate *rate);
/* Divides a target among streams: equally, but none gets more than its cap (0: none), what it can not use goes to the others. */
void rtp_rate_share(uint32_t target_bps, const uint32_t *caps_bps, size_t count, uint32_t *shares_bps);

#endif
