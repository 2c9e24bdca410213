/* SPDX-License-Identifier: MIT */
/* Transport-wide feedback: the first byte says whether the rest is a message, or what one is to be written of. What was read is written
 * anew, and says the same. */
#include "rtcp.h"
#include "transport_feedback.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TOLD_MAX = 4096 };

static struct sent_history_told told[TOLD_MAX];

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Every number in a row, with times in quarters of a millisecond. */
static size_t walk(const struct transport_feedback *f, rtc_time_t reference)
{
    struct transport_feedback_iterator it = transport_feedback_numbers(f, reference);
    struct sent_history_told one;
    size_t n = 0;
    for (; transport_feedback_next(&it, &one); n++) {
        must(one.number == (uint16_t)(f->base + n) && one.received == (one.arrived != RTC_TIME_NEVER));
        if (n < TOLD_MAX)
            told[n] = one;
    }
    must(n == f->count && reader_ok(&it.chunks) && reader_ok(&it.deltas) && reader_left(&it.deltas) == 0);
    return n < TOLD_MAX ? n : TOLD_MAX;
}

/* Written in messages of this size, they are read as they were. */
static void comes_back(size_t count, size_t room)
{
    struct transport_feedback_clock clock = {0};
    for (size_t at = 0, n; at < count; at += n) {
        uint8_t buffer[1500];
        struct writer w = writer_of(buffer, room);
        n = transport_feedback_write(&w, 1, 2, 3, told + at, count - at);
        must(n > 0 && writer_ok(&w) && writer_len(&w) % 4 == 0);
        struct rtcp_iterator messages = rtcp_packets(slice_of(buffer, writer_len(&w)));
        struct rtcp_packet p;
        struct transport_feedback f;
        must(rtcp_next(&messages, &p) && p.kind == RTCP_TRANSPORT_FEEDBACK && transport_feedback_read(p.body, &f) && f.count == n);
        struct transport_feedback_iterator it = transport_feedback_numbers(&f, transport_feedback_reference(&clock, &f));
        int64_t shift = 0; /* whole turns of the clock */
        bool any = false;
        for (size_t i = 0; i < n; i++) {
            struct sent_history_told one;
            const struct sent_history_told *wanted = &told[at + i];
            must(transport_feedback_next(&it, &one) && one.number == wanted->number && one.received == wanted->received);
            if (!one.received)
                continue;
            must(!any || one.arrived - wanted->arrived == shift);
            shift = one.arrived - wanted->arrived;
            any = true;
        }
    }
}

/* Two bytes a number: it did not come, or how much later. */
static size_t story(struct slice s)
{
    rtc_time_t at = 0;
    size_t n = 0;
    for (; 2 * n + 1 < s.len && n < TOLD_MAX; n++) {
        int16_t step = (int16_t)(s.data[2 * n] << 8 | s.data[2 * n + 1]);
        bool received = step != 0;
        at += received ? (step % 2 ? step : step * 16) * (rtc_time_t)250 : 0;
        told[n] = (struct sent_history_told){.number = (uint16_t)(s.data[0] * 257 + n), .received = received, .arrived = at};
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct transport_feedback_clock clock = {true, 1000000};
    struct transport_feedback f;
    if (size < 2)
        return 0;
    struct slice rest = slice_of(data + 1, size - 1);
    size_t room = 40 + (size_t)data[0] * 4;
    if (data[0] % 2)
        comes_back(story(rest), room);
    else if (transport_feedback_read(rest, &f))
        comes_back(walk(&f, transport_feedback_reference(&clock, &f)), room);
    return 0;
}
