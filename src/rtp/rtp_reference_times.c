/* SPDX-License-Identifier: MIT */
/* See rtp_reference_times.h. */
#include "rtp_reference_times.h"

#include "rtcp.h"

/* Its own, a new one, or that of the one not heard of for longest. */
static struct rtp_reference_time *place_for(struct rtp_reference_times *times, uint32_t ssrc)
{
    struct rtp_reference_time *oldest = times->heard;
    for (size_t i = 0; i < times->count; i++) {
        if (times->heard[i].ssrc == ssrc)
            return &times->heard[i];
        if (times->heard[i].turn < oldest->turn)
            oldest = &times->heard[i];
    }
    return times->count < RTCP_EXTENDED_DELAYS_MAX ? &times->heard[times->count++] : oldest;
}

void rtp_reference_times_hear(struct rtp_reference_times *times, rtc_time_t arrived, uint32_t ssrc, uint64_t ntp)
{
    const struct rtp_reference_time heard = {.ssrc = ssrc, .middle = rtcp_ntp_middle(ntp), .arrived = arrived, .turn = times->turn++};
    *place_for(times, ssrc) = heard;
}

size_t rtp_reference_times_answers(const struct rtp_reference_times *times, rtc_time_t now, struct rtcp_delay out[RTCP_EXTENDED_DELAYS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < times->count; i++) {
        const struct rtp_reference_time *t = &times->heard[i];
        if (!t->answered)
            out[n++] = (struct rtcp_delay){.ssrc = t->ssrc, .last_rr = t->middle, .since = rtcp_us_middle(now - t->arrived)};
    }
    return n;
}

void rtp_reference_times_answered(struct rtp_reference_times *times)
{
    for (size_t i = 0; i < times->count; i++)
        times->heard[i].answered = true;
}

void rtp_reference_times_tell(struct rtp_reference_times *times, uint32_t as)
{
    times->told_as = as;
    times->told = true;
}

bool rtp_reference_times_is_ours(const struct rtp_reference_times *times, const struct rtcp_delay *delay)
{
    return times->told && delay->ssrc == times->told_as && delay->last_rr != 0;
}
