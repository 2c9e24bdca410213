/* SPDX-License-Identifier: MIT */
/* Sender clocks and lip sync. */
#include "playout_sync.h"

#include "rtcp.h"
#include "sequence.h"

enum {
    EASE_US = 40000,        /* what was added to audio is taken back when it is this much too long, or a third: going to and fro is heard */
    MAX_ADDED_US = 1000000, /* beyond it, lips that do not fit are less of a nuisance than waiting */
    UNRELATED_US = 10000000 /* a difference like this is two clocks, not a delay */
};

void sender_clock_report(struct sender_clock *c, uint64_t ntp, uint32_t timestamp)
{
    if (ntp == 0)
        return; /* RFC 3550 6.4.1: the sender has no clock */
    c->known = true;
    c->wall_us = rtcp_ntp_wall_us(ntp);
    c->timestamp = timestamp;
}

int64_t sender_clock_time(const struct sender_clock *c, uint32_t timestamp)
{
    return c->wall_us + (int64_t)seq32_diff(timestamp, c->timestamp) * 1000000 / (int64_t)c->clock_rate;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Asks for more at once, for less only when it is less by `ease`. */
static void ask(struct playout_party *p, int64_t latency, rtc_time_t ease)
{
    rtc_time_t wanted = latency - p->base;
    if (wanted > MAX_ADDED_US)
        wanted = MAX_ADDED_US;
    if (ease > 0 && p->added / 3 > ease)
        ease = p->added / 3;
    if (wanted > p->added || wanted < p->added - ease)
        p->added = wanted > p->own_delay ? wanted : 0;
}

/* Audio moves in whole packets and is heard when it does; video follows where audio really is. */
int64_t playout_sync_step(struct playout_party *audio, struct playout_party *video)
{
    int64_t behind = audio->base + audio->delay - video->base - video->delay;
    if (!audio->known || !video->known || behind > UNRELATED_US || behind < -UNRELATED_US) {
        audio->added = video->added = 0;
        return 0;
    }
    int64_t common = later(audio->base + audio->own_delay, video->base + video->own_delay);
    ask(audio, common, EASE_US);
    ask(video, later(common, audio->base + audio->delay), 0);
    return behind;
}
