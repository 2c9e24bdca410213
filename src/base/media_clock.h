/* SPDX-License-Identifier: MIT */
/* Times by a clock of so many units a second (of an RTP stream, of a header extension): without the product of a time and a rate, which
 * does not fit once a machine has run for some years. A pure function. */
#ifndef CRTC_MEDIA_CLOCK_H
#define CRTC_MEDIA_CLOCK_H

#include <crtc/base.h>

static inline int64_t media_clock(rtc_time_t us, uint32_t rate)
{
    return us / 1000000 * rate + us % 1000000 * rate / 1000000;
}

#endif
