/* SPDX-License-Identifier: MIT */
/* How many events there were in the last second: ten whole slots of a tenth each, and the one that is being filled. */
#ifndef CRTC_EVENT_RATE_H
#define CRTC_EVENT_RATE_H

#include <crtc/base.h>

enum { EVENT_RATE_SLOTS = 11, EVENT_RATE_SLOT_US = 100000 };

/* Embedded in what counts, whose lock guards it if it has one; written by event_rate_add() alone. Zeroed: nothing happened yet. Times do
 * not go back. */
struct event_rate {
    int64_t slot; /* the number of the one that is being filled */
    uint16_t counts[EVENT_RATE_SLOTS];
};

static inline void event_rate_add(struct event_rate *r, rtc_time_t at)
{
    int64_t slot = at / EVENT_RATE_SLOT_US;
    for (int64_t i = 0; r->slot < slot && i < EVENT_RATE_SLOTS; i++)
        r->counts[(slot - i) % EVENT_RATE_SLOTS] = (uint16_t)(slot - i > r->slot ? 0 : r->counts[(slot - i) % EVENT_RATE_SLOTS]);
    r->slot = r->slot < slot ? slot : r->slot;
    r->counts[r->slot % EVENT_RATE_SLOTS]++;
}

/* Of the last ten slots that are over. */
static inline uint32_t event_rate_per_second(const struct event_rate *r, rtc_time_t at)
{
    int64_t current = at / EVENT_RATE_SLOT_US;
    uint32_t sum = 0;
    for (int64_t slot = current - 1; slot >= 0 && slot >= current - (EVENT_RATE_SLOTS - 1); slot--)
        if (slot <= r->slot && slot > r->slot - EVENT_RATE_SLOTS)
            sum += r->counts[slot % EVENT_RATE_SLOTS];
    return sum;
}

#endif
