/* SPDX-License-Identifier: MIT */
/* What left on a transport and is not yet known to have arrived: the transport-wide numbers
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2), with when each packet left and how large it was on the wire. What
 * feedback says of numbers becomes what a controller is told of packets. Bounded: the oldest is forgotten, and is in flight no more.
 *
 * The life of a number:
 *
 *     in flight --told as arrived-----------------------------> arrived, which is told to the controller once
 *         |  \--told as missing, something later has arrived--> missing, told once; it may still arrive, and then that is told as well
 *          \----feedback begins after it----------------------> given up: whoever knew of it was not heard; it may still become either
 */
#ifndef CRTC_SENT_HISTORY_H
#define CRTC_SENT_HISTORY_H

#include "congestion.h"

enum { SENT_HISTORY_MAX = 4096, SENT_HISTORY_RESULTS_MAX = 1024 };

struct sent_history;

/* Some 200 KiB: only where feedback was agreed upon. RTC_ERR_NO_MEMORY. */
int sent_history_new(rtc_context *context, struct sent_history **out);
void sent_history_free(struct sent_history *history); /* NULL is fine */
/* The number that the next packet gets, its low 16 bits being what is written. */
uint64_t sent_history_next(const struct sent_history *history);
/* A packet with that number left. */
void sent_history_add(struct sent_history *history, rtc_time_t now, uint32_t bytes, uint8_t probe);
/* Of the last one with a number: whose it is, and whether it left marked with ECT(1). */
void sent_history_describe(struct sent_history *history, uint32_t source, bool ect1);
/* One left that has no number. It goes with the next that has one: is in flight from when that leaves until that is not. */
void sent_history_add_unnumbered(struct sent_history *history, uint32_t bytes);
uint32_t sent_history_in_flight(const struct sent_history *history);

/* What one message of feedback says of a packet: its number as written, and whether and when it arrived by the peer's clock. */
struct sent_history_told {
    uint16_t number;
    bool received;
    enum congestion_ecn ecn;
    rtc_time_t arrived;
};
/* Turns what feedback tells, in the order of numbers, into results, of which there are up to SENT_HISTORY_RESULTS_MAX in *out: borrowed
 * until the next call. Returns how many of `told` it has taken: all of them, unless the results are full; then call again with the rest.
 * What is missing at the end of all that is known may be under way: it is a result as soon as something after it has arrived.
 * Numbers that never left, are forgotten, are out of order or of which this is known are left out, and counted. */
size_t sent_history_take(struct sent_history *history, rtc_time_t now, const struct sent_history_told *told, size_t count,
                         struct congestion_feedback *out);
/* How many were left out. */
uint64_t sent_history_ignored(const struct sent_history *history);
/* Packets take another path, or there are no keys any more: nothing is in flight. Numbers go on. */
void sent_history_clear(struct sent_history *history);

#endif
