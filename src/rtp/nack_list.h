/* SPDX-License-Identifier: MIT */
/* The sequence numbers a receiver misses and when to ask for each (RFC 4585 6.2.1). A gap is asked for after a short allowance for
 * reordering that adapts between 0 and 10 ms, then again when an answer should have come, until it is filled, too old, or tried too often.
 * When that is, answers teach: a repair takes a round trip and the while that it waits at its sender and on the way. Each request is made
 * twice, a quarter of a round trip apart, where that is no long way: it may be lost as well, and a sender does not answer twice within one.
 */
#ifndef CRTC_NACK_LIST_H
#define CRTC_NACK_LIST_H

#include <crtc/base.h>

enum { NACK_LIST_MAX = 512, NACK_TRIES = 10 };

/* A part of its list. */
struct nack_entry {
    int64_t sequence;
    rtc_time_t missed;        /* when the gap was seen */
    rtc_time_t asked, before; /* when it was asked for, the last time and the time before */
    rtc_time_t due;           /* when to ask (again) */
    uint32_t tries;
    bool repeat; /* then it is the same request once more */
};

/* Owned by struct rtp_receiver; written by nack_list.c. */
struct nack_list {
    bool started;
    int64_t highest;
    rtc_time_t allowance;  /* how long reordering lately took */
    rtc_time_t patience;   /* how long what repairs without being asked takes; its owner's */
    rtc_time_t round_trip; /* as it was told last */
    rtc_time_t answer;     /* how long an answer takes, smoothed, and how far it is from that; 0: none came yet */
    rtc_time_t answer_deviation;
    size_t count;
    struct nack_entry entries[NACK_LIST_MAX]; /* ascending */
};

void nack_list_reset(struct nack_list *list);
/* A packet came; `retransmitted` when it came as RTX. False: more is missing than can be kept, and everything was forgotten: ask for a
 * keyframe. */
bool nack_list_received(struct nack_list *list, rtc_time_t now, int64_t sequence, bool retransmitted);
/* Nothing before this is wanted any more. */
void nack_list_drop_before(struct nack_list *list, int64_t sequence);
/* The numbers to ask for now, ascending, at most `max`; they become due again to be said once more, and when an answer should have come: no
 * sooner than a round trip and no later than two. */
size_t nack_list_collect(struct nack_list *list, rtc_time_t now, rtc_time_t round_trip, uint16_t *sequences, size_t max);
rtc_time_t nack_list_deadline(const struct nack_list *list);

#endif
