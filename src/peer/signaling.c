/* SPDX-License-Identifier: MIT */
/* See signaling.h. */
#include "signaling.h"

static const struct {
    rtc_signaling_state from;
    enum signaling_side side;
    rtc_sdp_type type;
    rtc_signaling_state to;
} moves[] = {
    {RTC_SIGNALING_STABLE, SIGNALING_LOCAL, RTC_SDP_OFFER, RTC_SIGNALING_HAVE_LOCAL_OFFER},
    {RTC_SIGNALING_HAVE_LOCAL_OFFER, SIGNALING_LOCAL, RTC_SDP_OFFER, RTC_SIGNALING_HAVE_LOCAL_OFFER},
    {RTC_SIGNALING_HAVE_LOCAL_OFFER, SIGNALING_REMOTE, RTC_SDP_ANSWER, RTC_SIGNALING_STABLE},
    {RTC_SIGNALING_HAVE_LOCAL_OFFER, SIGNALING_LOCAL, RTC_SDP_ROLLBACK, RTC_SIGNALING_STABLE},
    {RTC_SIGNALING_STABLE, SIGNALING_REMOTE, RTC_SDP_OFFER, RTC_SIGNALING_HAVE_REMOTE_OFFER},
    {RTC_SIGNALING_HAVE_REMOTE_OFFER, SIGNALING_REMOTE, RTC_SDP_OFFER, RTC_SIGNALING_HAVE_REMOTE_OFFER},
    {RTC_SIGNALING_HAVE_REMOTE_OFFER, SIGNALING_LOCAL, RTC_SDP_ANSWER, RTC_SIGNALING_STABLE},
    {RTC_SIGNALING_HAVE_REMOTE_OFFER, SIGNALING_REMOTE, RTC_SDP_ROLLBACK, RTC_SIGNALING_STABLE},
};

bool signaling_move(rtc_signaling_state from, enum signaling_side side, rtc_sdp_type type, rtc_signaling_state *to)
{
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (moves[i].from != from || moves[i].side != side || moves[i].type != type)
            continue;
        if (to)
            *to = moves[i].to;
        return true;
    }
    return false;
}
