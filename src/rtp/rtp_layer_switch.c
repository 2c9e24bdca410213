/* SPDX-License-Identifier: MIT */
/* See rtp_layer_switch.h. */
#include "rtp_layer_switch.h"

/* How long it may get too little; how long there is to be enough for one that could not stay so long, at first and at most. */
enum { PATIENCE_US = 1000000, STAY_US = 10000000, WAIT_US = 1000000, WAIT_MAX_US = 32000000 };

void rtp_layer_switch_init(struct rtp_layer_switch *s)
{
    *s = (struct rtp_layer_switch){.since = RTC_TIME_NEVER, .came = RTC_TIME_NEVER};
}

static void go_off(struct rtp_layer_switch *s, rtc_time_t now)
{
    bool stayed = s->came == RTC_TIME_NEVER || now - s->came >= STAY_US;
    s->wait = stayed ? 0 : s->wait == 0 ? WAIT_US : s->wait * 2 < WAIT_MAX_US ? s->wait * 2 : WAIT_MAX_US;
    s->off = true;
    s->since = RTC_TIME_NEVER;
}

static void come_on(struct rtp_layer_switch *s, rtc_time_t now)
{
    s->off = false;
    s->came = now;
    s->since = RTC_TIME_NEVER;
}

bool rtp_layer_switch_follow(struct rtp_layer_switch *s, rtc_time_t now, enum rtp_layer_rate rate, bool below)
{
    bool calls = s->off ? rate == RTP_LAYER_ENOUGH : rate != RTP_LAYER_ENOUGH;
    if (!calls)
        s->since = RTC_TIME_NEVER;
    else if (s->since == RTC_TIME_NEVER)
        s->since = now;
    if (!s->off && (!below || rate == RTP_LAYER_NOTHING || (calls && now - s->since >= PATIENCE_US)))
        go_off(s, now);
    else if (s->off && below && calls && now - s->since >= s->wait)
        come_on(s, now);
    return !s->off;
}
