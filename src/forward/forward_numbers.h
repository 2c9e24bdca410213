/* SPDX-License-Identifier: MIT */
/* Numbers that come, and those that they are sent on with. What is left out on purpose leaves no gap; what is missing does, for it may
 * still come: then it has the number that was kept for it. */
#ifndef CRTC_FORWARD_NUMBERS_H
#define CRTC_FORWARD_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

enum { FORWARD_NUMBERS_KEPT = 512 }; /* how far back a number may come late */

enum forward_number {
    FORWARD_NUMBER_NEW,  /* after all that came */
    FORWARD_NUMBER_KEPT, /* it is missing, and has a number */
    FORWARD_NUMBER_SENT,
    FORWARD_NUMBER_LEFT_OUT,
    FORWARD_NUMBER_OLD /* too old for anything to be known of it */
};

/* Part of whoever sends on; written by forward_numbers.c. */
struct forward_numbers {
    bool started;
    int64_t highest; /* that came */
    int64_t first;   /* from here on something is known */
    int64_t behind;  /* the next one leaves as so much less */
    struct {
        int64_t behind;
        uint8_t state; /* enum forward_number: KEPT, SENT, LEFT_OUT */
    } at[FORWARD_NUMBERS_KEPT];
};

/* `next` is the next that comes, and leaves as `as`. What came before is forgotten. */
void forward_numbers_begin(struct forward_numbers *numbers, int64_t next, int64_t as);
enum forward_number forward_numbers_look(const struct forward_numbers *numbers, int64_t number);
/* A NEW, KEPT or SENT one is sent on: as what. */
int64_t forward_numbers_send(struct forward_numbers *numbers, int64_t number);
/* A NEW one is left out. */
void forward_numbers_leave_out(struct forward_numbers *numbers, int64_t number);
/* The newest, which was sent on, was not after all: nothing is missing. */
void forward_numbers_take_back(struct forward_numbers *numbers, int64_t number);
/* The highest number that was given to anything that was sent, or is kept for what is missing. */
int64_t forward_numbers_highest(const struct forward_numbers *numbers);

#endif
