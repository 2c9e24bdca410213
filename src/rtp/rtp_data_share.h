/* SPDX-License-Identifier: MIT */
/* The part of a transport's budget that data channels have: a leaky bucket, as the pacer's. While media are sent and the peer gives
 * feedback, an association's packets wait for it, so that a file that is sent does not fill the queue in which sound and pictures stand.
 * Data that wait get their part by weight (rtp_allocation.h) whatever the media want, and what the media leave; and until the path was full
 * for the first time, twice as much with each second: nobody knows yet what it takes. Data that never wait (a channel that is opened, a
 * chat) get what they take and leave the rest of their part to the media. A pure state machine. */
#ifndef CRTC_RTP_DATA_SHARE_H
#define CRTC_RTP_DATA_SHARE_H

#include <crtc/base.h>

/* Embedded in the sending half of a session (rtp_sending.h); written by rtp_data_share.c. */
struct rtp_data_share {
    uint32_t rate_bps;
    int64_t credit;      /* millionths of a bit */
    rtc_time_t time;     /* when it was last filled */
    rtc_time_t waited;   /* when something waited last; RTC_TIME_NEVER: never */
    uint64_t taken;      /* bytes, those of long ago counting less: about what the last second took */
    rtc_time_t counted;  /* when that was last brought up to date */
    rtc_time_t grown;    /* when the rate was last raised by what follows */
    uint32_t found_bps;  /* what the path was found to take before it was full; 0: it was */
    uint32_t before_bps; /* the target, as it was then */
    bool waits;          /* something was refused, and not let through since */
    uint32_t weight;     /* by the priority of channels (RFC 8831 section 6.4); 0: as the least */
};

void rtp_data_share_init(struct rtp_data_share *share);
/* The path is another one. */
void rtp_data_share_path_changed(struct rtp_data_share *share);
/* What data want of the budget, in bits per second: UINT32_MAX, all that they can get, while something waits or did a moment ago; else what
 * they take now and a quarter more; 0: they take nothing. */
uint32_t rtp_data_share_wants(struct rtp_data_share *share, rtc_time_t now);
/* What it is given, what media leave of `target_bps`, and that: the rate follows. */
void rtp_data_share_set(struct rtp_data_share *share, rtc_time_t now, uint32_t given_bps, uint32_t left_bps, uint32_t target_bps);
/* Whether a packet of so many bytes may leave now; then it counts as left. */
bool rtp_data_share_take(struct rtp_data_share *share, rtc_time_t now, uint32_t bytes);
/* How many bytes may wait: more is to be dropped, so that the association sees that it sends too much. */
uint32_t rtp_data_share_room(const struct rtp_data_share *share);
/* When what waits may leave. */
rtc_time_t rtp_data_share_deadline(const struct rtp_data_share *share);

#endif
