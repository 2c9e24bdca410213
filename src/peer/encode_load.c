/* SPDX-License-Identifier: MIT */
/* The share of time that encoding may take; see encode_load.h. */
#include "encode_load.h"

enum {
    SHARE_PERCENT = 70,    /* of one processor: the rest is the connection's, and the machine's */
    CREDIT_MAX_US = 50000, /* that a pause earns, or that is lent: about one picture */
    DEBT_MAX_US = 1000000, /* one picture that took for ever stops nothing for ever */
    GAP_MAX_US = 1000000,  /* between pictures; a longer one is a pause, not a rate */
    SHORT_PERCENT = 50,    /* of the interval: care is taken back above this, */
    LATE_PERCENT = 100,    /* pictures become smaller when a third of them has no time although no care is left, */
    PLENTY_PERCENT = 20,   /* and it all comes back below this: the next larger size takes 2.25 times as long */
    HURRY_AFTER_US = 500000,
    RELAX_AFTER_US = 10000000
};

static rtc_time_t smooth(rtc_time_t old, rtc_time_t fresh)
{
    return old == 0 ? fresh : (old * 7 + fresh) / 8;
}

static void grow(struct encode_load *l, rtc_time_t now)
{
    if (now <= l->last)
        return;
    if (l->last > 0)
        l->credit += (now - l->last) * SHARE_PERCENT / 100;
    if (l->credit > CREDIT_MAX_US)
        l->credit = CREDIT_MAX_US;
    l->last = now;
}

void encode_load_came(struct encode_load *l, rtc_time_t now)
{
    rtc_time_t gap = now - l->came;
    if (l->came > 0 && gap > 0 && gap < GAP_MAX_US)
        l->interval = smooth(l->interval, gap);
    l->came = now;
}

bool encode_load_admits(struct encode_load *l, rtc_time_t now)
{
    grow(l, now);
    return l->credit >= 0;
}

bool encode_load_admits_waiting(struct encode_load *l, rtc_time_t now)
{
    grow(l, now);
    return l->credit >= -CREDIT_MAX_US;
}

bool encode_load_is_over(const struct encode_load *l)
{
    return l->speed == ENCODE_SPEED_MAX && l->interval > 0 && l->cost * 100 > l->interval * SHARE_PERCENT;
}

static bool is_short(const struct encode_load *l)
{
    if (l->speed < ENCODE_SPEED_MAX)
        return l->cost * 100 > l->interval * SHORT_PERCENT;
    return l->cost * 100 > l->interval * LATE_PERCENT && l->smaller < ENCODE_SMALLER_MAX;
}

/* A step when there was reason for it all the time: first care goes, then size, and what went last comes back first. */
static bool adapt(struct encode_load *l, rtc_time_t now)
{
    bool hurry = is_short(l), relax = l->cost * 100 < l->interval * PLENTY_PERCENT && l->speed + l->smaller > 0;
    if (l->interval == 0 || (!hurry && !relax)) {
        l->since = now;
        return false;
    }
    if (now - l->since < (hurry ? HURRY_AFTER_US : RELAX_AFTER_US))
        return false;
    uint32_t *step = l->speed < ENCODE_SPEED_MAX || (relax && l->smaller == 0) ? &l->speed : &l->smaller;
    *step = hurry ? *step + 1 : *step - 1;
    l->since = now;
    l->cost = 0;
    return true;
}

bool encode_load_spent(struct encode_load *l, rtc_time_t now, rtc_time_t took)
{
    grow(l, now);
    l->credit -= took;
    if (l->credit < -DEBT_MAX_US)
        l->credit = -DEBT_MAX_US;
    l->cost = smooth(l->cost, took);
    return adapt(l, now);
}
