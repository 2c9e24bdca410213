/* SPDX-License-Identifier: MIT */
/* The circuit breakers of RFC 8083 for one outgoing stream: conditions under which media must stop, whatever the congestion control
 * believes.
 *   media timeout: reports arrive, but none of our packets do;
 *   RTCP timeout: no reports arrive at all;
 *   congestion: we send over ten times what TCP would with the reported loss and round trip.
 * Both timeouts are at the lenient end: a network that is gone for a few seconds is ICE's business. */
#ifndef CRTC_RTP_BREAKER_H
#define CRTC_RTP_BREAKER_H

#include "rtcp.h"

enum rtp_breaker_reason { RTP_BREAKER_CLOSED, RTP_BREAKER_MEDIA_TIMEOUT, RTP_BREAKER_RTCP_TIMEOUT, RTP_BREAKER_CONGESTION };

/* Embedded in the stream that it stops (rtp_send_stream.h); written by rtp_breaker.c, but for `excused`, which the stream is told. */
struct rtp_breaker {
    enum rtp_breaker_reason reason; /* RTP_BREAKER_CLOSED: media may flow */
    rtc_time_t interval_us;         /* Tdr: between the peer's reports, as measured */
    rtc_time_t sending_since;       /* RTC_TIME_NEVER while nothing is sent */
    rtc_time_t last_sent;
    rtc_time_t last_report; /* RTC_TIME_NEVER before the first */
    uint32_t highest_sequence;
    uint64_t packets, bytes; /* sent since the last report that counted */
    uint32_t stalled_reports, congested_reports;
    rtc_time_t stalled_since, congested_since;
    bool excused;            /* congestion is caused by others that give way first */
};

void rtp_breaker_init(struct rtp_breaker *breaker);
/* A packet left. */
void rtp_breaker_sent(struct rtp_breaker *breaker, rtc_time_t now, size_t bytes);
/* A report block about the stream. `frame_us` is the media framing interval (20 ms audio, 33 ms video). */
void rtp_breaker_report(struct rtp_breaker *breaker, rtc_time_t now, const struct rtcp_report *report, rtc_time_t round_trip_us,
                        rtc_time_t frame_us);
/* Looks at the clock; returns the state after it. Once open it stays open: see rtp_circuits.c for what follows. */
enum rtp_breaker_reason rtp_breaker_tick(struct rtp_breaker *breaker, rtc_time_t now);
/* Sending pauses by itself (not writable, section stopped): timeouts start over. */
void rtp_breaker_pause(struct rtp_breaker *breaker);
/* When tick() may find a timeout; RTC_TIME_NEVER. */
rtc_time_t rtp_breaker_deadline(const struct rtp_breaker *breaker);

#endif
