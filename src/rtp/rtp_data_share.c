/* SPDX-License-Identifier: MIT */
/* See rtp_data_share.h. */
#include "rtp_data_share.h"

enum { US_PER_S = 1000000, BURST_US = 5000, RATE_LEAST_BPS = 16000, WAITED_FOR_US = US_PER_S, GROW_EVERY_US = 100000, STEP_US = 10000 };

/* What leaves at once after silence: a handshake or a few short messages do not wait beside a call. */
enum { BURST_LEAST_BYTES = 4 * 1200 };

/* What waits of data is a quarter of a second's, or as much as an association begins with. */
enum { ROOM_US = 250000, ROOM_LEAST_BYTES = 32 * 1200 };

static int64_t most_credit(const struct rtp_data_share *s)
{
    const int64_t least = (int64_t)BURST_LEAST_BYTES * 8 * US_PER_S, burst = (int64_t)s->rate_bps * BURST_US;
    return burst > least ? burst : least;
}

void rtp_data_share_init(struct rtp_data_share *s)
{
    *s = (struct rtp_data_share){.rate_bps = RATE_LEAST_BPS, .waited = RTC_TIME_NEVER, .found_bps = 1};
    s->credit = most_credit(s);
}

void rtp_data_share_path_changed(struct rtp_data_share *s)
{
    s->found_bps = 1;
    s->before_bps = 0;
}

static void count(struct rtp_data_share *s, rtc_time_t now)
{
    rtc_time_t passed = now - s->counted;
    if (passed < STEP_US)
        return;
    s->taken -= s->taken * (uint64_t)(passed < US_PER_S ? passed : US_PER_S) / US_PER_S;
    s->counted = now;
}

uint32_t rtp_data_share_wants(struct rtp_data_share *s, rtc_time_t now)
{
    if (s->waits || (s->waited != RTC_TIME_NEVER && now - s->waited < WAITED_FOR_US))
        return UINT32_MAX;
    count(s, now);
    uint64_t bps = s->taken * 8 + s->taken * 2;
    return bps < UINT32_MAX ? (uint32_t)bps : UINT32_MAX;
}

static void refill(struct rtp_data_share *s, rtc_time_t now)
{
    rtc_time_t passed = now - s->time;
    const int64_t most = most_credit(s);
    if (passed <= 0)
        return;
    s->credit += (int64_t)s->rate_bps * (passed < US_PER_S ? passed : US_PER_S);
    s->credit = s->credit < most ? s->credit : most;
    s->time = now;
}

/* A target that falls says that the path is full. As long as it never did, a seventh more each tenth of a second while all of it is used;
 * of what is not used nothing is known. */
static void find(struct rtp_data_share *s, rtc_time_t now, uint32_t target_bps)
{
    bool fell = s->before_bps > 0 && target_bps < s->before_bps - s->before_bps / 32;
    s->before_bps = target_bps;
    if (fell)
        s->found_bps = 0;
    if (s->found_bps == 0 || now - s->grown < GROW_EVERY_US)
        return;
    uint64_t more = s->waits ? (uint64_t)s->rate_bps + s->rate_bps / 14 : 1;
    s->found_bps = more < UINT32_MAX ? (uint32_t)more : UINT32_MAX;
    s->grown = now;
}

void rtp_data_share_set(struct rtp_data_share *s, rtc_time_t now, uint32_t given_bps, uint32_t left_bps, uint32_t target_bps)
{
    refill(s, now);
    find(s, now, target_bps);
    uint32_t rate = given_bps > left_bps ? given_bps : left_bps;
    rate = rate > s->found_bps ? rate : s->found_bps;
    s->rate_bps = rate > RATE_LEAST_BPS ? rate : RATE_LEAST_BPS;
    s->waits = s->waits && s->credit <= 0; /* else it is asked for again right now */
}

bool rtp_data_share_take(struct rtp_data_share *s, rtc_time_t now, uint32_t bytes)
{
    refill(s, now);
    s->waits = s->credit <= 0;
    if (s->waits)
        s->waited = now;
    if (s->waits)
        return false;
    count(s, now);
    s->taken += bytes;
    s->credit -= (int64_t)bytes * 8 * US_PER_S;
    return true;
}

uint32_t rtp_data_share_room(const struct rtp_data_share *s)
{
    uint32_t room = (uint32_t)((uint64_t)s->rate_bps / 8 * ROOM_US / US_PER_S);
    return room > ROOM_LEAST_BYTES ? room : ROOM_LEAST_BYTES;
}

rtc_time_t rtp_data_share_deadline(const struct rtp_data_share *s)
{
    if (!s->waits)
        return RTC_TIME_NEVER;
    return s->credit > 0 ? s->time : s->time + (-s->credit + s->rate_bps) / s->rate_bps;
}
