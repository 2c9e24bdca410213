/* SPDX-License-Identifier: MIT */
/* Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1): which of the numbers that a sender wrote into
 * its packets arrived, and when, in quarters of a millisecond of the receiver's clock. The message is a head, chunks that say of each
 * number in turn whether it arrived, and a delta for each that did. It is read where it lies. */
#ifndef CRTC_TRANSPORT_FEEDBACK_H
#define CRTC_TRANSPORT_FEEDBACK_H

#include "reader.h"
#include "sent_history.h"
#include "writer.h"

/* Numbers that one message of ours tells of: as many as are remembered (arrivals.h). */
enum { TRANSPORT_FEEDBACK_WRITTEN_MAX = 2048 };

struct transport_feedback {
    uint16_t base;      /* the first number that it tells of, */
    uint16_t count;     /* and of how many; 1 at least */
    uint32_t reference; /* what the deltas begin from: 24 bits of 64 ms each */
    uint8_t message;    /* counts the messages */
    struct slice chunks, deltas;
};

/* What follows the SSRCs of the message. False when it tells of no number, its chunks or deltas end too early, or a status is one that is
 * reserved. */
bool transport_feedback_read(struct slice body, struct transport_feedback *out);

/* The peer's clock: references go around every twelve days. Zeroed at first. */
struct transport_feedback_clock {
    bool known;
    int64_t last; /* of 64 ms */
};
/* When the deltas begin, in microseconds: the one of all such times that is nearest to the one before. */
rtc_time_t transport_feedback_reference(struct transport_feedback_clock *clock, const struct transport_feedback *feedback);

/* Walks a message that was read, one number after the other. */
struct transport_feedback_iterator {
    struct reader chunks, deltas;
    uint16_t number, left;
    uint16_t chunk, symbols; /* the chunk at hand, and how many symbols of it are left */
    rtc_time_t at;
};
struct transport_feedback_iterator transport_feedback_numbers(const struct transport_feedback *feedback, rtc_time_t reference);
/* False at the end. Nothing is known of marks. */
bool transport_feedback_next(struct transport_feedback_iterator *it, struct sent_history_told *out);

/* Appends a message about these numbers, which follow each other, or as many of the first of them as there is room for and deltas can
 * bridge, up to one that was received unless none was: that many it returns. 0: not even one, and nothing is written. */
size_t transport_feedback_write(struct writer *w, uint32_t ssrc, uint32_t media_ssrc, uint8_t message, const struct sent_history_told *told,
                                size_t count);

#endif
