/* SPDX-License-Identifier: MIT */
/* Congestion control feedback (RFC 8888 section 3.1): of each SSRC which of its packets arrived, when before the report in 1/1024 s, and
 * with which marks of congestion. It is read where it lies. */
#ifndef CRTC_CCFB_H
#define CRTC_CCFB_H

#include "reader.h"
#include "sent_history.h"
#include "writer.h"

enum { CCFB_NUMBERS_MAX = 16384 /* of one SSRC in one message */ };

struct ccfb {
    struct slice blocks;
    uint32_t timestamp; /* of the report: the middle of an NTP time of the peer's */
};

/* What follows the SSRC of who reports. False when a block ends too early or tells of more than CCFB_NUMBERS_MAX. */
bool ccfb_read(struct slice body, struct ccfb *out);

/* The peer's clock: timestamps go around every eighteen hours. Zeroed at first. */
struct ccfb_clock {
    bool known;
    int64_t last; /* 1/65536 s */
};
/* When the report was made, in microseconds: the one of all such times that is nearest to the one before. */
rtc_time_t ccfb_time(struct ccfb_clock *clock, const struct ccfb *ccfb);

/* Walks a report that was read, one packet after the other: of one SSRC the numbers follow each other. */
struct ccfb_iterator {
    struct reader blocks, metrics;
    rtc_time_t time;
    uint32_t ssrc;
    uint16_t number, left; /* in the block at hand */
};
struct ccfb_iterator ccfb_packets(const struct ccfb *ccfb, rtc_time_t time);
/* False at the end. What arrived at a time that is not told counts as of the report's. */
bool ccfb_next(struct ccfb_iterator *it, uint32_t *ssrc, struct sent_history_told *out);

/* A report in the making. */
struct ccfb_writer {
    struct writer *w;
    uint8_t *start; /* of the message */
    rtc_time_t now; /* by the clock of the arrivals */
};
void ccfb_write_begin(struct ccfb_writer *writer, struct writer *w, uint32_t ssrc, rtc_time_t now);
/* These packets of one SSRC, whose numbers follow each other, or as many of the first of them as there is room for: that many it returns.
 */
size_t ccfb_write_block(struct ccfb_writer *writer, uint32_t ssrc, const struct sent_history_told *told, size_t count);
/* `timestamp`: the middle of our NTP time `now`. */
void ccfb_write_end(struct ccfb_writer *writer, uint32_t timestamp);

#endif
