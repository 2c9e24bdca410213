/* SPDX-License-Identifier: MIT */
/* Groups of packets: see packet_groups.h. */
#include "packet_groups.h"

enum { MS = 1000, BURST_US = 5 * MS, BURST_MAX_US = 100 * MS, GAP_MAX_US = 3000 * MS };

void packet_groups_init(struct packet_groups *groups)
{
    *groups = (struct packet_groups){.known = 0};
}

static bool belongs(const struct packet_group *g, rtc_time_t sent, rtc_time_t arrived)
{
    if (sent - g->first_sent <= BURST_US)
        return true;
    rtc_time_t between_arrivals = arrived - g->last_arrived;
    bool caught_up = between_arrivals < sent - g->last_sent;
    return caught_up && between_arrivals <= BURST_US && arrived - g->first_arrived < BURST_MAX_US;
}

/* After a silence, or when either clock was set, what was before says nothing. */
static bool is_torn(const struct packet_group *g, rtc_time_t sent, rtc_time_t arrived)
{
    rtc_time_t gap = arrived - g->last_arrived;
    return gap > GAP_MAX_US || gap < -GAP_MAX_US || sent - g->last_sent > GAP_MAX_US;
}

bool packet_groups_add(struct packet_groups *groups, rtc_time_t sent, rtc_time_t arrived, struct group_delta *out)
{
    struct packet_group *g = &groups->now;
    if (groups->known > 0 && is_torn(g, sent, arrived))
        groups->known = 0;
    if (groups->known > 0 && sent < g->first_sent)
        return false; /* told late */
    if (groups->known > 0 && belongs(g, sent, arrived)) {
        g->last_sent = sent > g->last_sent ? sent : g->last_sent;
        g->last_arrived = arrived > g->last_arrived ? arrived : g->last_arrived;
        return false;
    }
    bool two = groups->known == 2;
    if (two)
        *out = (struct group_delta){.sent_us = g->last_sent - groups->before.last_sent,
                                    .arrived_us = g->last_arrived - groups->before.last_arrived,
                                    .arrived = g->last_arrived};
    groups->before = *g;
    groups->known += groups->known < 2;
    *g = (struct packet_group){sent, sent, arrived, arrived};
    return two;
}
