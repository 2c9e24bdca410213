/* SPDX-License-Identifier: MIT */
/* One direction of a path: see congestion_link.h. */
#include "congestion_link.h"

double congestion_chance(uint64_t *seed)
{
    uint64_t bits = *seed += 0x9e3779b97f4a7c15;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
    return (double)((bits ^ bits >> 31) >> 11) / 9007199254740992.0;
}

static bool happens(struct congestion_link *l, double chance)
{
    return chance > 0 && congestion_chance(&l->seed) < chance;
}

static bool loses(struct congestion_link *l)
{
    if (happens(l, l->bad ? l->bad_ends : l->bad_begins))
        l->bad = !l->bad;
    bool in_burst = l->bad && happens(l, l->bad_loss);
    return happens(l, l->loss) || in_burst;
}

static rtc_time_t due(struct congestion_link *l, rtc_time_t left)
{
    rtc_time_t at = left + l->delay_us + (rtc_time_t)((double)l->jitter_us * congestion_chance(&l->seed));
    at = at < l->last_due ? l->last_due : at;
    if (happens(l, l->late))
        return at + l->late_us;
    l->last_due = at;
    return at;
}

rtc_time_t congestion_link_queue(const struct congestion_link *link, rtc_time_t now)
{
    return link->idle > now ? link->idle - now : 0;
}

struct congestion_passage congestion_link_take(struct congestion_link *link, rtc_time_t now, uint32_t bytes, bool ect)
{
    struct congestion_passage p = {.waits = congestion_link_queue(link, now)};
    if (link->down)
        return p;
    p.overflowed = p.waits > link->queue_us;
    if (p.overflowed)
        return p;
    link->idle = now + p.waits + (rtc_time_t)(bytes * 8000000ULL / link->rate_bps);
    if (link->polices)
        p.waits = 0;
    p.marked = ect && link->mark_us > 0 && p.waits > link->mark_us;
    p.arrives = !loses(link);
    p.due = due(link, link->polices ? now : link->idle);
    return p;
}
