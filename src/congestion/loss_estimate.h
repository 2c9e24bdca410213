/* SPDX-License-Identifier: MIT */
/* What losses say of the bandwidth. Some are the path's own, at whatever rate (radio); others are what is sent beyond what the path takes.
 * Of the last stretches of time it is known how much was sent and how much of it was lost: the two are told apart by whether more is lost
 * of more. A limit is believed when the losses are much likelier with it than without. */
#ifndef CRTC_LOSS_ESTIMATE_H
#define CRTC_LOSS_ESTIMATE_H

#include <crtc/base.h>

enum { LOSS_STRETCHES = 24 };

struct loss_stretch {
    double packets, lost, bps;
};

/* Embedded. */
struct loss_estimate {
    struct loss_stretch stretches[LOSS_STRETCHES]; /* the newest first */
    unsigned count;
    uint64_t packets, lost, bytes; /* of the one that is not over; it began and ended with packets that left then */
    rtc_time_t first_sent, last_sent;
    double limit_bps; /* 0: none */
    double inherent;  /* the part that is lost at any rate */
};

void loss_estimate_init(struct loss_estimate *estimate);
/* A packet, in the order in which they left. */
void loss_estimate_add(struct loss_estimate *estimate, rtc_time_t sent, uint32_t bytes, bool lost);
/* One that was added as lost has arrived after all. */
void loss_estimate_take_back(struct loss_estimate *estimate);
/* After the packets of a message: the limit and the inherent loss are anew when a stretch has ended. */
void loss_estimate_judge(struct loss_estimate *estimate);

#endif
