/* SPDX-License-Identifier: MIT */
/* See dscp.h. */
#include "dscp.h"

enum { DF = 0, AF11 = 10, AF21 = 18, AF41 = 34, AF42 = 36, EF = 46 };

uint8_t dscp_of_media(rtc_media_kind kind, rtc_priority priority)
{
    bool audio = kind == RTC_MEDIA_AUDIO;
    switch (priority) {
    case RTC_PRIORITY_VERY_LOW:
        return DSCP_LEAST;
    case RTC_PRIORITY_MEDIUM:
        return audio ? EF : AF42;
    case RTC_PRIORITY_HIGH:
        return audio ? EF : AF41;
    default:
        return DF;
    }
}

uint8_t dscp_of_channel(uint16_t priority)
{
    if (priority == 0)
        return DF;
    return priority <= 128 ? DSCP_LEAST : priority <= 256 ? DF : priority <= 512 ? AF11 : AF21;
}

uint8_t dscp_more(uint8_t a, uint8_t b)
{
    static const uint8_t order[] = {EF, AF41, AF42, AF21, AF11, DF};
    for (size_t i = 0; i < sizeof order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return a == DSCP_NOTHING ? b : a;
}
