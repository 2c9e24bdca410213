/* SPDX-License-Identifier: MIT */
/* What arrives: see ack_rate.h. Bytes of each hundredth of a second. */
#include "ack_rate.h"

enum { LEAST_BINS = 8 };

void ack_rate_init(struct ack_rate *rate)
{
    *rate = (struct ack_rate){.known = false};
}

static uint64_t *bin(struct ack_rate *r, int64_t at)
{
    return &r->bytes[(uint64_t)at % ACK_RATE_BINS];
}

void ack_rate_add(struct ack_rate *rate, rtc_time_t arrived, uint64_t bytes)
{
    int64_t at = arrived / ACK_RATE_BIN_US;
    if (!rate->known || at - rate->newest > ACK_RATE_BINS || rate->newest - at >= ACK_RATE_BINS) {
        *rate = (struct ack_rate){.first = at, .newest = at - 1, .known = true};
    }
    for (; rate->newest < at; rate->newest++)
        *bin(rate, rate->newest + 1) = 0;
    *bin(rate, at) += bytes;
    if (at < rate->first)
        rate->first = at;
}

/* The newest bin is not full yet. */
double ack_rate_bps(const struct ack_rate *rate, rtc_time_t window)
{
    int64_t bins = window / ACK_RATE_BIN_US, have = rate->newest - rate->first;
    if (!rate->known || have < LEAST_BINS)
        return 0;
    bins = bins > have ? have : bins;
    bins = bins >= ACK_RATE_BINS ? ACK_RATE_BINS - 1 : bins;
    uint64_t bytes = 0;
    for (int64_t i = 1; i <= bins; i++)
        bytes += rate->bytes[(uint64_t)(rate->newest - i) % ACK_RATE_BINS];
    return (double)bytes * 8e6 / (double)(bins * ACK_RATE_BIN_US);
}
