/* SPDX-License-Identifier: MIT */
/* How much of a processor a video encoder may take: at most a share of the time, measured against what each picture took. A picture that
 * does not fit is dropped before it is encoded; an encoder that is short of time works with less care, then gets smaller pictures, and it
 * all comes back when there is plenty. A pure state machine. */
#ifndef CRTC_ENCODE_LOAD_H
#define CRTC_ENCODE_LOAD_H

#include <crtc/base.h>
#include <stdbool.h>
#include <stdint.h>

enum { ENCODE_SPEED_MAX = 4, ENCODE_SMALLER_MAX = 4 };

/* A part of a sending pipeline, read and written with its lock held; written by encode_load.c alone. Zeroed: nothing came yet. */
struct encode_load {
    rtc_time_t credit;   /* time that may be spent; below 0: the next picture waits for it to grow */
    rtc_time_t last;     /* when it last grew */
    rtc_time_t came;     /* the last picture */
    rtc_time_t interval; /* between pictures that come, smoothed; 0: unknown */
    rtc_time_t cost;     /* of one picture, smoothed; 0: unknown */
    rtc_time_t since;    /* when one of those below changed, or last had no reason to */
    uint32_t speed;      /* 0: usual care, to ENCODE_SPEED_MAX: the least */
    uint32_t smaller;    /* 0: pictures of any size, to ENCODE_SMALLER_MAX: so many steps below the full size */
};

/* Whether pictures are left out for want of time although no care is left to take back. */
bool encode_load_is_over(const struct encode_load *l);
/* A picture came, whatever becomes of it. */
void encode_load_came(struct encode_load *l, rtc_time_t now);
/* Whether one may be encoded now. */
bool encode_load_admits(struct encode_load *l, rtc_time_t now);
/* The same for the one that waited meanwhile, which may be the last for a while: a little may be borrowed for it. */
bool encode_load_admits_waiting(struct encode_load *l, rtc_time_t now);
/* One was, which took so long. True: the speed or the size changed. */
bool encode_load_spent(struct encode_load *l, rtc_time_t now, rtc_time_t took);

#endif
