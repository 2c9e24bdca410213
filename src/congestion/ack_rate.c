/* SPDX-License-Identifier: MIT */
/* What arrives: see ack_rate.h. Bytes of each hundredth of a second. */
#include "ack_rate.h"

enum { LEAST_BINS = 8, LEAST_BUSY_BINS = 5 };

void ack_rate_init(struct ack_rate *rate)
{
    *rate = (struct ack_rate){.known = false};
}

static size_t place(int64_t bin)
{
    return (size_t)((uint64_t)bin % ACK_RATE_BINS);
}

/* Whole bins only: in the first the packet had not come yet. */
static void mark_busy(struct ack_rate *r, int64_t at, rtc_time_t arrived, rtc_time_t waited)
{
    int64_t waits = waited < (ACK_RATE_BINS - 1) * ACK_RATE_BIN_US ? waited : (ACK_RATE_BINS - 1) * ACK_RATE_BIN_US;
    int64_t from = (arrived - waits) / ACK_RATE_BIN_US + 1;
    int64_t kept = r->newest - ACK_RATE_BINS + 1;
    for (int64_t i = from > kept ? from : kept; i <= at; i++)
        r->busy[place(i)] = true;
}

void ack_rate_add(struct ack_rate *rate, rtc_time_t arrived, rtc_time_t waited, uint64_t bytes)
{
    int64_t at = arrived / ACK_RATE_BIN_US;
    if (!rate->known || at - rate->newest > ACK_RATE_BINS || rate->newest - at >= ACK_RATE_BINS) {
        *rate = (struct ack_rate){.first = at, .newest = at - 1, .known = true};
    }
    for (; rate->newest < at; rate->newest++) {
        rate->bytes[place(rate->newest + 1)] = 0;
        rate->busy[place(rate->newest + 1)] = false;
    }
    rate->bytes[place(at)] += bytes;
    if (at < rate->first)
        rate->first = at;
    if (waited > 0)
        mark_busy(rate, at, arrived, waited);
}

/* How many bins before the newest, which is not full yet, the window has; 0: too little is known. */
static int64_t bins_of(const struct ack_rate *rate, rtc_time_t window)
{
    int64_t bins = window / ACK_RATE_BIN_US, have = rate->newest - rate->first;
    if (!rate->known || have < LEAST_BINS)
        return 0;
    bins = bins > have ? have : bins;
    return bins >= ACK_RATE_BINS ? ACK_RATE_BINS - 1 : bins;
}

static double rate_of(uint64_t bytes, int64_t bins)
{
    return (double)bytes * 8e6 / (double)(bins * ACK_RATE_BIN_US);
}

double ack_rate_bps(const struct ack_rate *rate, rtc_time_t window)
{
    int64_t bins = bins_of(rate, window);
    uint64_t bytes = 0;
    for (int64_t i = 1; i <= bins; i++)
        bytes += rate->bytes[place(rate->newest - i)];
    return bins > 0 ? rate_of(bytes, bins) : 0;
}

double ack_rate_busy_bps(const struct ack_rate *rate, rtc_time_t window)
{
    int64_t bins = bins_of(rate, window), busy = 0;
    uint64_t bytes = 0;
    for (int64_t i = 1; i <= bins; i++) {
        size_t at = place(rate->newest - i);
        busy += rate->busy[at];
        bytes += rate->busy[at] ? rate->bytes[at] : 0;
    }
    return busy >= LEAST_BUSY_BINS ? rate_of(bytes, busy) : 0;
}
