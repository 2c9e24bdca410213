/* SPDX-License-Identifier: MIT */
/* See kernel_clock.h. */
#include "kernel_clock.h"

#include <time.h>

enum {
    APART_US = 200, /* readings that are further apart say too little: the thread had to wait between them */
    ATTEMPTS = 3,
    STEP_US = 2000 /* the wall clock was set: two good measurements differ by less */
};

void kernel_clock_note(struct kernel_clock *c, rtc_time_t before, int64_t wall_us, rtc_time_t after)
{
    int64_t ahead = wall_us - before - (after - before) / 2, moved = ahead - c->ahead_us;
    bool agrees = c->known && moved < STEP_US && moved > -STEP_US;
    c->believed = agrees;
    c->since = agrees ? c->since : after;
    c->ahead_us = ahead;
    c->known = true;
}

void kernel_clock_measure(struct kernel_clock *c)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        struct timespec wall;
        rtc_time_t before = rtc_now();
        (void)clock_gettime(CLOCK_REALTIME, &wall);
        rtc_time_t after = rtc_now();
        if (after - before <= APART_US) {
            kernel_clock_note(c, before, (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000, after);
            return;
        }
    }
    c->believed = false;
}

rtc_time_t kernel_clock_time(const struct kernel_clock *c, int64_t wall_us, rtc_time_t now)
{
    if (!c->believed)
        return RTC_TIME_NEVER;
    rtc_time_t at = wall_us - c->ahead_us;
    if (at < c->since)
        return RTC_TIME_NEVER;
    return at < now ? at : now;
}
