/* SPDX-License-Identifier: MIT */
/* From the kernel's stamps to the library's time. Datagrams are stamped by the wall clock (SO_TIMESTAMPNS), which somebody may set; the
 * library counts by the monotonic one. How far the two are apart only changes when that happens, for both are slewed alike: it is measured
 * once for each batch, and where two measurements do not agree, no stamp before the second one is believed: what waits in sockets then was
 * stamped by what the clock said before, however long it takes to read it. */
#ifndef CRTC_KERNEL_CLOCK_H
#define CRTC_KERNEL_CLOCK_H

#include <crtc/context.h>

/* Owned by who receives, and written by kernel_clock.c alone. */
struct kernel_clock {
    int64_t ahead_us; /* the wall clock, of the monotonic one */
    bool known;
    bool believed;    /* the last measurement */
    rtc_time_t since; /* the clock was not set after this: stamps of before are not believed */
};

/* `wall_us` was read between the other two readings. */
void kernel_clock_note(struct kernel_clock *clock, rtc_time_t before, int64_t wall_us, rtc_time_t after);
/* Reads the clocks. */
void kernel_clock_measure(struct kernel_clock *clock);
/* When that was, but not after `now`; RTC_TIME_NEVER when it can not be said. */
rtc_time_t kernel_clock_time(const struct kernel_clock *clock, int64_t wall_us, rtc_time_t now);

#endif
