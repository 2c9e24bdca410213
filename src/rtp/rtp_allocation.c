/* SPDX-License-Identifier: MIT */
/* See rtp_allocation.h. */
#include "rtp_allocation.h"

/* The layers of one track: some of the demands. */
struct track {
    const struct rtp_demand *layers;
    uint32_t *given;
    size_t count;
};

/* VP8, in tenths of a bit for each pixel of a second: 720p is bearable from 550 kbit/s on and good with 2.5 Mbit/s. Small pictures need
 * more than their part. */
enum { LEAST_TENTHS = 6, ENOUGH_TENTHS = 27, LEAST_BPS = 30000, ENOUGH_BPS = 150000 };

static uint32_t by_pixels(uint32_t pixels, uint32_t tenths, uint32_t floor)
{
    uint64_t bps = (uint64_t)pixels * tenths / 10;
    return bps > UINT32_MAX ? UINT32_MAX : bps > floor ? (uint32_t)bps : floor;
}

uint32_t rtp_least_for(uint32_t pixels)
{
    return pixels > 0 ? by_pixels(pixels, LEAST_TENTHS, LEAST_BPS) : 0;
}

uint32_t rtp_enough_for(uint32_t pixels)
{
    return pixels > 0 ? by_pixels(pixels, ENOUGH_TENTHS, ENOUGH_BPS) : 0;
}

static struct track track_at(const struct rtp_demand *demands, uint32_t *given, size_t count, size_t first)
{
    struct track t = {&demands[first], &given[first], 1};
    while (first + t.count < count && demands[first + t.count].track == demands[first].track)
        t.count++;
    return t;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most_of(const struct rtp_demand *d)
{
    return d->most_bps ? d->most_bps : UINT32_MAX;
}

static uint64_t track_most(const struct track *t)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < t->count; i++)
        sum += most_of(&t->layers[i]);
    return least(sum, UINT32_MAX);
}

/* ---- Among tracks: the first layer's place holds what the whole track gets ---- */

/* Every round gives all that want more by their weights of what is left; a round in which nobody is full is the last. */
static void share(uint32_t target_bps, const struct rtp_demand *demands, size_t count, uint32_t *given)
{
    uint64_t left = target_bps;
    for (bool again = true; again && left > 0;) {
        uint64_t weights = 0, at_hand = left;
        again = false;
        for (size_t i = 0; i < count;) {
            struct track t = track_at(demands, given, count, i);
            weights += *t.given < track_most(&t) ? (t.layers->weight ? t.layers->weight : 1) : 0;
            i += t.count;
        }
        for (size_t i = 0; i < count && weights > 0;) {
            struct track t = track_at(demands, given, count, i);
            uint64_t part = at_hand * (t.layers->weight ? t.layers->weight : 1) / weights, most = track_most(&t);
            uint64_t more = *t.given < most ? least(part, most - *t.given) : 0;
            bool wants = *t.given < most;
            *t.given += (uint32_t)more;
            left -= more;
            again = again || (wants && *t.given == most);
            i += t.count;
        }
    }
}

/* ---- Within a track ---- */

static void share_equally(const struct track *t, uint64_t left)
{
    for (size_t i = 0; i < t->count; i++)
        t->given[i] = 0;
    for (size_t i = 0, n = t->count; i < n; i++) { /* the ones with the lowest limits first would be exact; a second round is */
        t->given[i] = (uint32_t)least(left / (n - i), most_of(&t->layers[i]));
        left -= t->given[i];
    }
    for (size_t i = 0; i < t->count && left > 0; i++) {
        uint64_t more = least(left, most_of(&t->layers[i]) - t->given[i]);
        t->given[i] += (uint32_t)more;
        left -= more;
    }
}

static bool is_known(const struct track *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->layers[i].enough_bps == 0)
            return false;
    return true;
}

bool rtp_demand_is_wanted(const struct rtp_demand *d)
{
    return d->most_bps != RTP_DEMAND_NOTHING;
}

static void share_upwards(const struct track *t, uint64_t left)
{
    size_t on = 0;
    bool below = false; /* there is a smaller one that is wanted */
    for (size_t i = 0; i < t->count; i++)
        t->given[i] = 0;
    for (; on < t->count; on++) {
        const struct rtp_demand *d = &t->layers[on];
        uint64_t needed = least(d->least_bps, most_of(d));
        if (below && (left == 0 || d->stays_off || left < (d->off ? needed + needed / 4 : needed / 2)))
            break;
        t->given[on] = (uint32_t)least(left, least(d->enough_bps > needed ? d->enough_bps : needed, most_of(d)));
        left -= t->given[on];
        below = below || rtp_demand_is_wanted(d);
    }
    for (; on > 0 && left > 0; on--) { /* from the topmost down: what it can not use is not lost */
        uint64_t more = least(left, most_of(&t->layers[on - 1]) - t->given[on - 1]);
        t->given[on - 1] += (uint32_t)more;
        left -= more;
    }
}

void rtp_allocate(uint32_t target_bps, const struct rtp_demand *demands, size_t count, uint32_t *given)
{
    for (size_t i = 0; i < count; i++)
        given[i] = 0;
    share(target_bps, demands, count, given);
    for (size_t i = 0; i < count;) {
        struct track t = track_at(demands, given, count, i);
        if (t.count > 1 && is_known(&t))
            share_upwards(&t, *t.given);
        else if (t.count > 1)
            share_equally(&t, *t.given);
        i += t.count;
    }
}
