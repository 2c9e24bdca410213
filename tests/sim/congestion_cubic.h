/* SPDX-License-Identifier: MIT */
/* A TCP flow that has always something to send, by the rules of CUBIC (RFC 9438) as far as they matter to who shares a queue with it: a
 * window that grows by the cube of time, by seven tenths less once per round trip in which something was lost, slow start, a timeout. */
#ifndef CRTC_CONGESTION_CUBIC_H
#define CRTC_CONGESTION_CUBIC_H

#include "congestion_link.h"

enum { CUBIC_MAX = 4096 };

struct cubic {
    struct congestion_link *forward;
    rtc_time_t begins, ends, back_us;
    double window, slow_start_to, window_max; /* packets */
    rtc_time_t epoch, round_trip, recovers_to;
    struct {
        rtc_time_t sent, acknowledged; /* RTC_TIME_NEVER: lost */
    } flying[CUBIC_MAX];
    size_t from, count;
    uint64_t arrived; /* bytes */
};

void cubic_init(struct cubic *cubic, struct congestion_link *forward, rtc_time_t begins, rtc_time_t ends, rtc_time_t back_us);
rtc_time_t cubic_deadline(const struct cubic *cubic);
void cubic_run(struct cubic *cubic, rtc_time_t now);

#endif
