/* SPDX-License-Identifier: MIT */
/* A congestion controller driven by events: see congestion_events.h. */
#include "congestion_events.h"

#include <stdlib.h>
#include <string.h>

enum { EVENT = 16, RESULTS = 64 };

struct driven {
    struct congestion *c;
    struct congestion_limits limits;
    rtc_time_t now;
    uint8_t probe;
};

static rtc_context *context;

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void judge(struct driven *d)
{
    struct congestion_target t = congestion_target(d->c);
    struct congestion_probe p;
    require(t.target_bps >= d->limits.min_bps && t.target_bps <= d->limits.max_bps && t.pacing_bps > 0);
    for (int i = 0; i < 16 && congestion_next_probe(d->c, d->now, &p); i++) {
        require(p.id != 0 && p.bps > 0 && p.bps <= d->limits.max_bps);
        d->probe = p.id;
    }
    require(!congestion_next_probe(d->c, d->now, &p)); /* there is an end to them */
}

static void feedback(struct driven *d, const uint8_t *e)
{
    struct congestion_result results[RESULTS];
    int64_t sent, step;
    memcpy(&sent, e + 4, 8);
    memcpy(&step, e + 8, 8);
    size_t count = 1 + e[1] % RESULTS;
    if (e[2] & 1)
        sent = d->now - (uint16_t)sent; /* as it should be */
    if (e[2] & 2)
        step = (int16_t)step;
    for (size_t i = 0; i < count; i++) {
        uint64_t arrived = (uint64_t)sent + (uint64_t)step * i;
        results[i] = (struct congestion_result){.sent = sent + (rtc_time_t)i * 100 * ((e[2] & 1) != 0),
                                                .arrived = e[3] && i % e[3] == 1 ? RTC_TIME_NEVER : (rtc_time_t)arrived,
                                                .bytes = e[2] & 4 ? UINT32_MAX : 1200,
                                                .bytes_between = e[2] & 8 ? UINT32_MAX : 0,
                                                .probe = e[2] & 16 ? d->probe : 0,
                                                .ecn = e[2] >> 6};
    }
    const struct congestion_feedback f = {
        .now = d->now, .round_trip = e[2] & 32 ? sent : 50000, .results = results, .count = count, .in_flight = e[1]};
    congestion_feedback(d->c, &f);
}

static void set_limits(struct driven *d, const uint8_t *e)
{
    d->limits.min_bps = 1000U + e[1] * 1000U;
    d->limits.max_bps = d->limits.min_bps + e[2] * 100000U;
    d->limits.start_bps = d->limits.min_bps + e[3] * 10000U;
    congestion_set_limits(d->c, d->now, &d->limits);
}

static void event(struct driven *d, const uint8_t *e)
{
    uint32_t number;
    memcpy(&number, e + 4, 4);
    d->now += e[0] >> 3 == 31 ? 10000000 : (e[0] >> 3) * 5000;
    const struct congestion_packet packet = {
        .sent = d->now, .bytes = e[1] * 6U, .in_flight = number, .probe = e[2] & 1 ? d->probe : 0, .limited = e[3] & 1};
    const struct congestion_report report = {.now = d->now,
                                             .expected = number,
                                             .lost = number / (e[1] + 1U),
                                             .received_bytes = number,
                                             .round_trip_us = number,
                                             .jitter_us = number};
    switch (e[0] & 7) {
    case 0:
    case 1:
        congestion_sent(d->c, &packet);
        break;
    case 2:
    case 3:
    case 4:
        feedback(d, e);
        break;
    case 5:
        congestion_tick(d->c, d->now);
        break;
    case 6:
        e[1] & 1 ? congestion_report(d->c, &report) : congestion_remb(d->c, d->now, number);
        break;
    default:
        e[1] & 1 ? congestion_path_changed(d->c, d->now) : set_limits(d, e);
    }
}

void congestion_events(const struct congestion_controller *controller, const uint8_t *data, size_t size)
{
    struct driven d = {.limits = {.min_bps = 50000, .start_bps = 300000, .max_bps = 10000000}, .now = 1000000};
    if ((!context && rtc_context_new(NULL, &context) != RTC_OK) || congestion_new(context, controller, &d.limits, d.now, &d.c) != RTC_OK)
        abort();
    for (; size >= EVENT; data += EVENT, size -= EVENT) {
        event(&d, data);
        judge(&d);
    }
    congestion_free(d.c);
}
