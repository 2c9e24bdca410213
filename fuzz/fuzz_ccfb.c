/* SPDX-License-Identifier: MIT */
/* Congestion control feedback: every packet that a report tells of is read; written anew, it says the same. */
#include "ccfb.h"
#include "rtcp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* One packet in a report of its own. */
static void comes_back(uint32_t ssrc, const struct sent_history_told *told, rtc_time_t time)
{
    uint8_t buffer[32];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct ccfb_writer cw;
    struct sent_history_told again;
    struct rtcp_packet p;
    struct ccfb f;
    uint32_t whose;
    ccfb_write_begin(&cw, &w, 9, time);
    must(ccfb_write_block(&cw, ssrc, told, 1) == 1);
    ccfb_write_end(&cw, 0);
    must(writer_ok(&w));
    struct rtcp_iterator messages = rtcp_packets(slice_of(buffer, writer_len(&w)));
    must(rtcp_next(&messages, &p) && p.kind == RTCP_CONGESTION_FEEDBACK && ccfb_read(p.body, &f));
    struct ccfb_iterator it = ccfb_packets(&f, time);
    must(ccfb_next(&it, &whose, &again) && whose == ssrc && again.number == told->number && again.received == told->received &&
         again.ecn == told->ecn && again.arrived == told->arrived && !ccfb_next(&it, &whose, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ccfb_clock clock = {true, 1000000};
    struct ccfb f;
    struct sent_history_told told;
    uint32_t ssrc;
    if (!ccfb_read(slice_of(data, size), &f))
        return 0;
    rtc_time_t time = ccfb_time(&clock, &f);
    struct ccfb_iterator it = ccfb_packets(&f, time);
    while (ccfb_next(&it, &ssrc, &told)) {
        must(told.received == (told.arrived != RTC_TIME_NEVER) && (!told.received || told.arrived <= time));
        comes_back(ssrc, &told, time);
    }
    must(reader_ok(&it.blocks) && reader_ok(&it.metrics));
    return 0;
}
