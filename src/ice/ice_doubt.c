/* SPDX-License-Identifier: MIT */
/* Doubt about the selected pair: the network changed, or the peer turned up or nominates somewhere else. A path that still works answers
 * one of three questions within a few round trips; when it does not, another pair that was heard of since takes over, long before silence
 * alone would tell. */
#include "ice_internal.h"

enum { QUESTIONS = 3 };

static const rtc_time_t settled = 2 * ICE_SECOND; /* before that pairs come and go anyway */
static const rtc_time_t patience_least = 50 * ICE_MS;
static const rtc_time_t patience_most = 300 * ICE_MS;
static const rtc_time_t margin = 30 * ICE_MS;

void ice_doubt_start(struct ice_agent *agent, rtc_time_t now)
{
    if (!ice_is_lite(&agent->session) && agent->checks.selected && now >= agent->checks.selected->chosen + settled &&
        agent->doubt.since == RTC_TIME_NEVER)
        agent->doubt = (struct ice_doubt){.since = now, .next = now};
}

void ice_doubt_end(struct ice_agent *agent)
{
    agent->doubt = (struct ice_doubt){.since = RTC_TIME_NEVER};
}

/* Data says as much as an answer does, but for what was on its way before. */
static bool is_alive(const struct ice_agent *agent)
{
    const struct ice_pair *s = agent->checks.selected;
    bool data = s->counts.packets_received > 0 && s->counts.last_received > agent->doubt.since + margin;
    return data || s->consent.heard > agent->doubt.since;
}

static rtc_time_t answer_takes(const struct ice_pair *pair)
{
    rtc_time_t time = pair->rtt.smoothed + margin;
    return time < patience_least ? patience_least : time > patience_most ? patience_most : time;
}

void ice_doubt_run(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    struct ice_doubt *d = &agent->doubt;
    if (d->since == RTC_TIME_NEVER)
        return;
    if (!agent->checks.selected || is_alive(agent)) {
        ice_doubt_end(agent); /* even if it was confirmed, with nothing to go to: the next doubt begins anew */
        return;
    }
    if (now < d->next || d->asked > QUESTIONS)
        return;
    if (d->asked < QUESTIONS)
        ice_probe(agent, agent->checks.selected, now, out);
    d->asked++;
    d->next = now + answer_takes(agent->checks.selected);
}

bool ice_doubt_confirmed(const struct ice_agent *agent)
{
    const struct ice_doubt *d = &agent->doubt;
    return d->since != RTC_TIME_NEVER && d->asked > QUESTIONS && agent->checks.selected && !is_alive(agent);
}

void ice_doubt_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why)
{
    if (agent->doubt.since != RTC_TIME_NEVER && agent->doubt.asked <= QUESTIONS)
        deadline_min(best, why, agent->doubt.next, TIMER_ICE_CONSENT);
}
