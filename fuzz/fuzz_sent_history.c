/* SPDX-License-Identifier: MIT */
/* The history of what left, driven by events of six bytes: packets that leave, with numbers or without, and feedback of any numbers.
 * Nothing is told twice, in the order in which it left, and no more is in flight than left. */
#include "sent_history.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TOLD_MAX = 5000 };

static rtc_context *context;
static struct sent_history_told told[TOLD_MAX];

static void require(bool condition)
{
    if (!condition)
        abort();
}

static size_t stretch(uint16_t from, uint16_t count, uint8_t mask)
{
    size_t n = count % TOLD_MAX;
    for (size_t i = 0; i < n; i++)
        told[i] = (struct sent_history_told){.number = (uint16_t)(from + (mask & 0x80 ? i * 3 : i)),
                                             .received = (mask >> (i % 7) & 1) != 0,
                                             .arrived = (rtc_time_t)from * 250};
    return n;
}

static void take_all(struct sent_history *h, rtc_time_t now, size_t count)
{
    struct congestion_feedback f;
    for (size_t taken = 0; taken < count;) {
        size_t step = sent_history_take(h, now, told + taken, count - taken, &f);
        require(step + f.count > 0 && f.count <= SENT_HISTORY_RESULTS_MAX && f.in_flight == sent_history_in_flight(h));
        for (size_t i = 1; i < f.count; i++)
            require(f.results[i - 1].sent < f.results[i].sent); /* each leaves at a time of its own */
        taken += step;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sent_history *h = NULL;
    rtc_time_t now = 0;
    uint64_t left = 0;
    if ((!context && rtc_context_new(NULL, &context) != RTC_OK) || sent_history_new(context, &h) != RTC_OK)
        abort();
    for (; size >= 6; data += 6, size -= 6) {
        uint16_t a = (uint16_t)(data[1] | data[2] << 8), b = (uint16_t)(data[3] | data[4] << 8);
        switch (data[0] % 5) {
        case 0:
        case 1:
            for (uint32_t i = 0; i <= a % 600U; i++, left += b)
                sent_history_add(h, ++now, b, data[5]);
            break;
        case 2:
            sent_history_add_unnumbered(h, b);
            left += b;
            break;
        case 3:
            take_all(h, now, stretch((uint16_t)(sent_history_next(h) - a), b, data[5]));
            break;
        default:
            if (data[5] == 0)
                sent_history_clear(h);
            take_all(h, now, stretch(a, b, data[5]));
        }
        require(sent_history_in_flight(h) <= left);
    }
    sent_history_free(h);
    return 0;
}
