/* SPDX-License-Identifier: MIT */
/* See rtp_rate_control.h. */
#include "rtp_rate_control.h"

#include "memory.h"

/* Owner: who made it. The rule is written to by rtp_rate.c. */
struct rule {
    struct congestion face; /* first */
    rtc_context *context;   /* no reference: it does not outlive its maker */
    struct rtp_rate rate;
};

static struct rule *rule_of(struct congestion *congestion)
{
    return (struct rule *)congestion;
}

static int make(const struct congestion_controller *self, rtc_context *context, const struct congestion_limits *limits, rtc_time_t now,
                struct congestion **out)
{
    struct rule *rule = memory_zeroed(context, sizeof *rule);
    if (!rule)
        return RTC_ERR_NO_MEMORY;
    rule->face.controller = self;
    rule->context = context;
    rtp_rate_init(&rule->rate, limits->max_bps, limits->start_bps, now);
    *out = &rule->face;
    return RTC_OK;
}

static void release(struct congestion *congestion)
{
    memory_free(rule_of(congestion)->context, rule_of(congestion));
}

static void set_limits(struct congestion *congestion, rtc_time_t now, const struct congestion_limits *limits)
{
    (void)now;
    rtp_rate_set_cap(&rule_of(congestion)->rate, limits->max_bps);
}

static void path_changed(struct congestion *congestion, rtc_time_t now)
{
    rtp_rate_path_changed(&rule_of(congestion)->rate, now);
}

static void sent(struct congestion *congestion, const struct congestion_packet *packet)
{
    (void)congestion;
    (void)packet;
}

static void feedback(struct congestion *congestion, const struct congestion_feedback *told)
{
    (void)congestion;
    (void)told;
}

static void report(struct congestion *congestion, const struct congestion_report *r)
{
    const struct rtp_rate_sample sample = {.expected = r->expected,
                                           .lost = r->lost,
                                           .received_bytes = r->received_bytes,
                                           .round_trip_us = r->round_trip_us,
                                           .jitter_us = r->jitter_us};
    rtp_rate_report(&rule_of(congestion)->rate, r->now, &sample);
}

static void remb(struct congestion *congestion, rtc_time_t now, uint64_t bps)
{
    rtp_rate_remb(&rule_of(congestion)->rate, now, bps);
}

static void tick(struct congestion *congestion, rtc_time_t now)
{
    rtp_rate_tick(&rule_of(congestion)->rate, now);
}

static rtc_time_t deadline(const struct congestion *congestion)
{
    (void)congestion;
    return RTC_TIME_NEVER; /* what it forgets is seen whenever the session ticks */
}

/* A keyframe is many times as large as what follows: it leaves at two and a half times the rate, and in between there is silence. */
static struct congestion_target target(const struct congestion *congestion)
{
    uint32_t bps = rtp_rate_target(&((const struct rule *)congestion)->rate);
    uint64_t pacing = (uint64_t)bps * 5 / 2;
    return (struct congestion_target){.target_bps = bps, .pacing_bps = pacing > UINT32_MAX ? UINT32_MAX : (uint32_t)pacing};
}

static bool next_probe(struct congestion *congestion, rtc_time_t now, struct congestion_probe *out)
{
    (void)congestion;
    (void)now;
    (void)out;
    return false;
}

const struct congestion_controller rtp_rate_controller = {
    .name = "reports",
    .make = make,
    .free = release,
    .set_limits = set_limits,
    .path_changed = path_changed,
    .sent = sent,
    .feedback = feedback,
    .report = report,
    .remb = remb,
    .tick = tick,
    .deadline = deadline,
    .target = target,
    .next_probe = next_probe,
};

struct rtp_rate *rtp_rate_control_rule(struct congestion *congestion)
{
    return &rule_of(congestion)->rate;
}
