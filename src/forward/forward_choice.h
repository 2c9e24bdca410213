/* SPDX-License-Identifier: MIT */
/* Which of a sender's streams a receiver is sent, and how many of its temporal layers, so that it is within what its path takes: the best
 * that is. Down at once when what is sent is too much, up when more has been possible for a while. */
#ifndef CRTC_FORWARD_CHOICE_H
#define CRTC_FORWARD_CHOICE_H

#include "forward_layers.h"
#include "forward_stream.h"

enum {
    FORWARD_UP_AFTER_US = 1000000,  /* for so long more must have been possible, */
    FORWARD_DOWN_AFTER_US = 300000, /* and what is sent too much */
    FORWARD_AFTER_DOWN_US = 4000000 /* after having gone down, up only after so long */
};

/* What the application asks for: a plain value. */
struct forward_bounds {
    char rid[FORWARD_RID_MAX + 1];
    bool has_rid;        /* not better than this one, */
    bool fixed;          /* or exactly this one */
    uint8_t temporal_id; /* the highest */
};

/* Embedded in whoever sends on; written by forward_choice.c. */
struct forward_choice {
    bool chosen;
    struct forward_wish now;
    rtc_time_t up_since, down_since; /* RTC_TIME_NEVER: not */
    rtc_time_t went_down;            /* likewise */
};

void forward_choice_init(struct forward_choice *choice);
/* `target_bps`: what the path takes of payloads; 0: nobody knows. False: nothing flows that could be sent; then what is wanted stays. */
bool forward_choice_update(struct forward_choice *choice, rtc_time_t now, const struct forward_layer *layers, size_t count,
                           const struct forward_bounds *bounds, uint32_t target_bps, struct forward_wish *out);

#endif
