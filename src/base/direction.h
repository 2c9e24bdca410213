/* SPDX-License-Identifier: MIT */
/* Directions of media, as sets: a bit for sending and one for receiving (RFC 3264 section 5.1; the values are those of the public type).
 * A stopped transceiver's does neither. */
#ifndef CRTC_DIRECTION_H
#define CRTC_DIRECTION_H

#include <crtc/rtp.h>
#include <stdbool.h>

static inline bool direction_sends(rtc_rtp_direction d)
{
    return ((unsigned)d & RTC_DIRECTION_SENDONLY) != 0;
}

static inline bool direction_receives(rtc_rtp_direction d)
{
    return ((unsigned)d & RTC_DIRECTION_RECVONLY) != 0;
}

/* What the other side's direction means for this one. */
static inline rtc_rtp_direction direction_reverse(rtc_rtp_direction d)
{
    return (rtc_rtp_direction)(((unsigned)d & 1) << 1 | ((unsigned)d >> 1 & 1));
}

/* What both want. */
static inline rtc_rtp_direction direction_and(rtc_rtp_direction a, rtc_rtp_direction b)
{
    return (rtc_rtp_direction)((unsigned)a & (unsigned)b);
}

/* What either wants. */
static inline rtc_rtp_direction direction_or(rtc_rtp_direction a, rtc_rtp_direction b)
{
    return (rtc_rtp_direction)((unsigned)a | (unsigned)b);
}

#endif
