/* SPDX-License-Identifier: MIT */
/* See rtp_budget.h. */
#include "rtp_budget.h"

#include "rtp_rate_control.h"

enum { US_PER_S = 1000000, STEP_US = 10000, CALM_US = 5 * US_PER_S };

/* ---- Meters ---- */

static void refresh(struct rtp_meter *m, rtc_time_t now)
{
    rtc_time_t passed = now - m->time;
    if (passed < STEP_US)
        return;
    if (passed > US_PER_S)
        passed = US_PER_S;
    m->bytes -= m->bytes * (uint64_t)passed / US_PER_S;
    m->time = now;
}

void rtp_meter_add(struct rtp_meter *m, rtc_time_t now, uint32_t bytes)
{
    refresh(m, now);
    m->bytes += bytes;
}

uint32_t rtp_meter_bps(struct rtp_meter *m, rtc_time_t now)
{
    refresh(m, now);
    return m->bytes > UINT32_MAX / 8 ? UINT32_MAX : (uint32_t)(m->bytes * 8);
}

/* ---- Controllers ---- */

int rtp_budget_init(struct rtp_budget *b, rtc_context *context, const struct congestion_limits *limits,
                    const struct congestion_controller *controller)
{
    *b = (struct rtp_budget){.context = context,
                             .controller = controller,
                             .limits.start_bps = limits->start_bps ? limits->start_bps : RTP_RATE_START_BPS,
                             .packet_overhead = RTP_IP_UDP_BYTES,
                             .first = RTC_TIME_NEVER,
                             .numbered = RTC_TIME_NEVER};
    rtp_ecn_init(&b->ecn, context);
    int error = congestion_new(context, &rtp_rate_controller, limits, 0, &b->by_reports);
    if (!error)
        b->rule = rtp_rate_control_rule(b->by_reports);
    return error;
}

void rtp_budget_fini(struct rtp_budget *b)
{
    congestion_free(b->by_reports);
    congestion_free(b->by_feedback);
    sent_history_free(b->history);
    *b = (struct rtp_budget){0};
}

void rtp_budget_start(struct rtp_budget *b, rtc_time_t now)
{
    rtp_rate_init(b->rule, b->rule->cap_bps, b->rule->start_bps, now);
}

int rtp_budget_prepare_feedback(struct rtp_budget *b, rtc_time_t now)
{
    if (!b->controller || b->by_feedback)
        return RTC_OK;
    struct sent_history *history = NULL;
    int error = sent_history_new(b->context, &history);
    if (!error)
        error = congestion_new(b->context, b->controller, &b->limits, now, &b->by_feedback);
    if (error) {
        sent_history_free(history);
        return error;
    }
    b->history = history;
    return RTC_OK;
}

static void begin_at(struct rtp_budget *b, rtc_time_t now, uint32_t start_bps)
{
    const struct congestion_limits limits = {.min_bps = b->limits.min_bps, .start_bps = start_bps, .max_bps = b->limits.max_bps};
    congestion_set_limits(b->by_feedback, now, &limits);
    congestion_path_changed(b->by_feedback, now);
    congestion_set_limits(b->by_feedback, now, &b->limits);
}

void rtp_budget_set_feedback(struct rtp_budget *b, rtc_time_t now, bool feedback, bool of_marks)
{
    bool has = feedback && b->by_feedback;
    rtp_ecn_want(&b->ecn, now, has && of_marks && b->controller->l4s);
    if (has == b->has_feedback)
        return;
    b->has_feedback = has;
    if (!has)
        return;
    sent_history_clear(b->history);
    b->first = RTC_TIME_NEVER;
    begin_at(b, now, rtp_rate_target(b->rule)); /* what was learnt without it */
}

struct congestion *rtp_budget_congestion(const struct rtp_budget *b)
{
    return b->has_feedback ? b->by_feedback : b->by_reports;
}

void rtp_budget_set_limits(struct rtp_budget *b, rtc_time_t now, uint32_t min_bps, uint32_t max_bps)
{
    if (!b->has_feedback || (b->limits.max_bps == max_bps && b->limits.min_bps == min_bps))
        return;
    b->limits.min_bps = min_bps;
    b->limits.max_bps = max_bps;
    congestion_set_limits(b->by_feedback, now, &b->limits);
}

bool rtp_budget_cut(struct rtp_budget *b, rtc_time_t now)
{
    if (!b->has_feedback)
        return rtp_rate_cut(b->rule, now);
    uint32_t before = congestion_target(b->by_feedback).target_bps;
    b->calm_until = now + CALM_US;
    begin_at(b, now, before / 10 > CONGESTION_MIN_BPS ? before / 10 : CONGESTION_MIN_BPS);
    return before > CONGESTION_MIN_BPS;
}

void rtp_budget_begin_low(struct rtp_budget *b, rtc_time_t now)
{
    if (b->has_feedback)
        begin_at(b, now, CONGESTION_MIN_BPS);
    else
        rtp_rate_probe(b->rule, now);
}

void rtp_budget_path_changed(struct rtp_budget *b, rtc_time_t now)
{
    congestion_path_changed(b->by_reports, now);
    if (b->by_feedback)
        congestion_path_changed(b->by_feedback, now);
    b->calm_until = 0;
    rtp_ecn_path_changed(&b->ecn, now);
    rtp_budget_forget(b);
}

void rtp_budget_forget(struct rtp_budget *b)
{
    if (b->history)
        sent_history_clear(b->history);
}

bool rtp_budget_next_probe(struct rtp_budget *b, rtc_time_t now, struct congestion_probe *out)
{
    bool calm = now < b->calm_until, any;
    while ((any = congestion_next_probe(rtp_budget_congestion(b), now, out)) && calm)
        ; /* it is not asked for again */
    return any;
}

/* ---- Packets ---- */

bool rtp_budget_marks(struct rtp_budget *b, rtc_time_t now)
{
    return rtp_ecn_leaving(&b->ecn, now);
}

uint16_t rtp_budget_next_number(const struct rtp_budget *b)
{
    return b->history ? (uint16_t)sent_history_next(b->history) : 0;
}

void rtp_budget_left(struct rtp_budget *b, rtc_time_t now, const struct rtp_leaving *leaving)
{
    if (!b->has_feedback)
        return;
    if (leaving->numbered)
        b->numbered = now;
    if (leaving->numbered && b->first == RTC_TIME_NEVER)
        b->first = now;
    if (leaving->numbered) {
        sent_history_add(b->history, now, leaving->bytes, leaving->probe);
        sent_history_describe(b->history, leaving->source, leaving->ect1);
    } else {
        sent_history_add_unnumbered(b->history, leaving->bytes);
    }
    const struct congestion_packet packet = {.sent = now,
                                             .bytes = leaving->bytes,
                                             .in_flight = sent_history_in_flight(b->history),
                                             .probe = leaving->probe,
                                             .limited = leaving->limited};
    congestion_sent(b->by_feedback, &packet);
}

size_t rtp_budget_feedback(struct rtp_budget *b, rtc_time_t now, const struct sent_history_told *told, size_t count,
                           struct congestion_feedback *out)
{
    *out = (struct congestion_feedback){.now = now};
    if (!b->has_feedback)
        return count;
    size_t taken = sent_history_take(b->history, now, told, count, out);
    if (out->count > 0) {
        congestion_feedback(b->by_feedback, out);
        rtp_ecn_feedback(&b->ecn, out);
    }
    return taken;
}

uint32_t rtp_budget_in_flight(const struct rtp_budget *b)
{
    return b->history ? sent_history_in_flight(b->history) : 0;
}
