/* SPDX-License-Identifier: MIT */
/* Which numbers of a sequence of packets arrived, when and with which marks, until their sender has been told: of a transport
 * (transport-wide feedback) or of one SSRC (RFC 8888). Of each number it tells once that it arrived. It remembers a window of the newest
 * numbers; what comes when its number is older than that counts as not arrived. */
#ifndef CRTC_ARRIVALS_H
#define CRTC_ARRIVALS_H

#include <crtc/context.h>

enum { ARRIVALS_WINDOW = 2048 };

struct arrivals;
struct sent_history_told;

/* RTC_ERR_NO_MEMORY. */
int arrivals_new(rtc_context *context, struct arrivals **out);
void arrivals_free(struct arrivals *arrivals); /* NULL is fine */

/* A packet with this number came; `ecn`: its two bits of IP. Of one that comes twice the first time counts (RFC 8888 section 3.1), and a
 * mark of congestion of either until it is told. Numbers may jump: ahead, and behind, when several in a row are older than the window.
 * False: it is known already, or too old. */
bool arrivals_add(struct arrivals *arrivals, uint16_t number, rtc_time_t at, uint8_t ecn);

/* How many arrived of which nothing was told. */
uint32_t arrivals_untold(const struct arrivals *arrivals);
/* How many numbers there are up to the newest of which nothing was told, those that did not arrive included. */
uint32_t arrivals_pending(const struct arrivals *arrivals);

/* What is to be told next, in the order of numbers, which follow each other: numbers that had been told of as missing and came after all,
 * as far as they lie together; else all from the first that was never told of to the newest. At most `max`; 0: nothing. */
size_t arrivals_next(const struct arrivals *arrivals, struct sent_history_told *out, size_t max);
/* The first `count` of those were told. */
void arrivals_were_told(struct arrivals *arrivals, size_t count);
/* Of how many it was told that they are missing, and of how many of these that they came after all. */
void arrivals_missing(const struct arrivals *arrivals, uint64_t *missing, uint64_t *recovered);

#endif
