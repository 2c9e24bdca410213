/* SPDX-License-Identifier: MIT */
/* Sequence validation, loss and jitter of one source. */
#include "receive_stats.h"

#include "media_clock.h"
#include "sequence.h"

#include <string.h>

/* RFC 3550 appendix A.1, but for its MAX_MISORDER of 100: one keyframe is more packets than that. */
enum { MIN_SEQUENTIAL = 2, MAX_DROPOUT = 3000, MAX_MISORDER = 1000, SEQUENCES = 1 << 16 };

void receive_stats_init(struct receive_stats *s, uint32_t clock_rate)
{
    *s = (struct receive_stats){.clock_rate = clock_rate, .bad_sequence = -1};
}

static void begin(struct receive_stats *s, uint16_t sequence)
{
    s->base = s->highest = sequence;
    s->bad_sequence = -1;
    s->received = 0;
    s->expected_prior = s->received_prior = 0;
    s->has_transit = false;
}

static void count_jitter(struct receive_stats *s, rtc_time_t arrived, uint32_t timestamp)
{
    uint32_t transit = (uint32_t)media_clock(arrived, s->clock_rate) - timestamp;
    /* Packets of one frame share a timestamp although they leave one after the other: only the first one tells of the network. */
    if (s->has_transit && timestamp == s->last_timestamp)
        return;
    if (s->has_transit) {
        int64_t d = seq32_diff(transit, s->transit);
        uint32_t distance = (uint32_t)(d < 0 ? -d : d);
        /* A jump of the timestamps is no jitter. */
        if (distance < s->clock_rate * 5)
            s->jitter_q4 += distance - ((s->jitter_q4 + 8) >> 4); /* RFC 3550 A.8: J += (|D| - J) / 16, kept times 16 */
    }
    s->has_transit = true;
    s->transit = transit;
    s->last_timestamp = timestamp;
}

static enum receive_verdict probe(struct receive_stats *s, uint16_t sequence)
{
    int delta = seq16_diff(sequence, (uint16_t)s->highest);
    s->received++;
    if (delta >= MAX_DROPOUT || delta <= -MAX_MISORDER) {
        begin(s, sequence);
        s->received = 1;
        return RECEIVE_RESTART;
    }
    if (delta > 0)
        s->highest += delta;
    s->probation = delta == 1 ? s->probation - 1 : s->probation;
    s->valid = s->probation == 0;
    return s->valid ? RECEIVE_VALID : RECEIVE_PROBATION;
}

/* A very large jump: two in sequence from there are a restart, one is a stray. */
static enum receive_verdict jump(struct receive_stats *s, uint16_t sequence)
{
    if (sequence != s->bad_sequence) {
        s->bad_sequence = (sequence + 1) & (SEQUENCES - 1);
        return RECEIVE_STRAY;
    }
    begin(s, sequence);
    s->received = 1;
    return RECEIVE_RESTART;
}

static enum receive_verdict follow(struct receive_stats *s, uint16_t sequence)
{
    uint16_t delta = (uint16_t)(sequence - (uint16_t)s->highest);
    if (delta >= MAX_DROPOUT && delta <= SEQUENCES - MAX_MISORDER)
        return jump(s, sequence);
    if (delta < MAX_DROPOUT)
        s->highest += delta;
    s->bad_sequence = -1;
    s->received++;
    return RECEIVE_VALID;
}

static enum receive_verdict start(struct receive_stats *s, uint16_t sequence)
{
    s->started = true;
    s->probation = MIN_SEQUENTIAL - 1;
    begin(s, sequence);
    s->received = 1;
    return RECEIVE_PROBATION;
}

void receive_stats_set_clock(struct receive_stats *s, uint32_t clock_rate)
{
    if (s->clock_rate > 0)
        s->jitter_q4 = (uint32_t)((uint64_t)s->jitter_q4 * clock_rate / s->clock_rate);
    s->clock_rate = clock_rate;
    s->has_transit = false;
}

enum receive_verdict receive_stats_packet(struct receive_stats *s, rtc_time_t arrived, uint16_t sequence, uint32_t timestamp,
                                          int64_t *extended)
{
    enum receive_verdict verdict;
    if (!s->started)
        verdict = start(s, sequence);
    else
        verdict = s->valid ? follow(s, sequence) : probe(s, sequence);
    *extended = receive_stats_extend(s, sequence);
    if (verdict != RECEIVE_STRAY && *extended == s->highest)
        count_jitter(s, arrived, timestamp);
    return verdict;
}

int64_t receive_stats_extend(const struct receive_stats *s, uint16_t sequence)
{
    return unwrap16(s->highest, sequence);
}

static int64_t expected(const struct receive_stats *s)
{
    return s->started ? s->highest - s->base + 1 : 0;
}

int64_t receive_stats_lost(const struct receive_stats *s)
{
    return expected(s) - s->received;
}

bool receive_stats_report(struct receive_stats *s, struct receive_report *out)
{
    if (!s->started)
        return false;
    int64_t all = expected(s), interval = all - s->expected_prior;
    int64_t lost = interval - (s->received - s->received_prior), total = receive_stats_lost(s);
    s->expected_prior = all;
    s->received_prior = s->received;
    int64_t fraction = interval > 0 && lost > 0 ? lost * 256 / interval : 0;
    out->fraction_lost = (uint8_t)(fraction < 255 ? fraction : 255);
    /* 24 bits with a sign (RFC 3550 6.4.1); duplicates make it negative. */
    out->cumulative_lost = (int32_t)(total > 0x7fffff ? 0x7fffff : total < -0x800000 ? -0x800000 : total);
    out->highest_sequence = (uint32_t)s->highest;
    out->jitter = s->jitter_q4 >> 4;
    return true;
}

double receive_stats_jitter_s(const struct receive_stats *s)
{
    return s->clock_rate ? (double)(s->jitter_q4 >> 4) / s->clock_rate : 0;
}
