/* SPDX-License-Identifier: MIT */
/* See ice_doubt.h. */
#include "ice_doubt.h"

enum { QUESTIONS = 3 };

static const rtc_time_t settled = 2 * ICE_SECOND; /* before that pairs come and go anyway */
/* How long each question waits for its answer follows from the measured round trip, between these. */
static const rtc_time_t patience_least = 50 * ICE_MS;
static const rtc_time_t patience_most = 300 * ICE_MS;
static const rtc_time_t margin = 30 * ICE_MS; /* for what the peer itself takes */

void ice_doubt_start(struct ice_doubt *doubt, rtc_time_t now)
{
    const struct ice_pair *selected = doubt->checks->selected;
    if (ice_is_lite(doubt->session) || !selected || now < selected->chosen + settled || doubt->since != RTC_TIME_NEVER)
        return;
    doubt->since = doubt->next = now;
    doubt->asked = 0;
}

void ice_doubt_end(struct ice_doubt *doubt)
{
    doubt->since = RTC_TIME_NEVER;
}

/* Data says as much as an answer does, but for what was on its way before. */
static bool is_alive(const struct ice_doubt *doubt)
{
    const struct ice_pair *s = doubt->checks->selected;
    bool data = s->counts.packets_received > 0 && s->counts.last_received > doubt->since + margin;
    return data || s->consent.heard > doubt->since;
}

static rtc_time_t answer_takes(const struct ice_pair *pair)
{
    rtc_time_t time = pair->rtt.smoothed + margin;
    return time < patience_least ? patience_least : time > patience_most ? patience_most : time;
}

void ice_doubt_run(struct ice_doubt *doubt, rtc_time_t now, struct out *out)
{
    if (doubt->since == RTC_TIME_NEVER)
        return;
    if (!doubt->checks->selected || is_alive(doubt)) {
        ice_doubt_end(doubt); /* even if it was confirmed, with nothing to go to: the next doubt begins anew */
        return;
    }
    if (now < doubt->next || doubt->asked > QUESTIONS)
        return;
    if (doubt->asked < QUESTIONS)
        ice_consent_ask(doubt->consent, doubt->checks->selected, now, out);
    doubt->asked++;
    doubt->next = now + answer_takes(doubt->checks->selected);
}

bool ice_doubt_confirmed(const struct ice_doubt *doubt)
{
    return doubt->since != RTC_TIME_NEVER && doubt->asked > QUESTIONS && doubt->checks->selected && !is_alive(doubt);
}

void ice_doubt_deadline(const struct ice_doubt *doubt, rtc_time_t *best, enum timer_reason *why)
{
    if (doubt->since != RTC_TIME_NEVER && doubt->asked <= QUESTIONS)
        deadline_min(best, why, doubt->next, TIMER_ICE_CONSENT);
}
