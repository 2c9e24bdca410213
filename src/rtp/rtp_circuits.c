/* SPDX-License-Identifier: MIT */
/* Circuits that open, reduce, stop and close: see rtp_circuits.h. */
#include "rtp_circuits.h"

#include "context.h"

enum { OUTAGE_US = 10000000 /* nothing at all was heard for this long */ };
/* One that stopped may try again by itself when congestion can be expected to have gone (RFC 8083 section 4.5): later each time, and as if
 * for the first time when all went well for long. */
enum { US_PER_S = 1000000, RETRY_US = 5 * US_PER_S, RETRY_MAX_US = 60 * US_PER_S, WELL_AFTER_US = 30 * US_PER_S, FLOWS_US = 5 * US_PER_S };

static void set_state(struct rtp_send_stream *st, enum rtp_circuit state, rtc_time_t next, struct out *out)
{
    st->circuit.state = state;
    st->circuit.next = next;
    struct rtp_event *e = rtp_member_event(out, RTP_EVENT_CIRCUIT_BREAKER, st);
    if (!e)
        return;
    e->circuit.state = state;
    e->circuit.reason = st->circuit.reason;
}

/* Twice as long as the last time, and up to a fifth more, so that two who share a link do not come back together. */
static rtc_time_t retry_after(const struct rtp_circuits *cs, const struct rtp_send_stream *st)
{
    uint32_t doublings = st->circuit.stops < 5 ? st->circuit.stops : 5;
    rtc_time_t wait = (rtc_time_t)RETRY_US << (doublings > 0 ? doublings - 1 : 0);
    if (wait > RETRY_MAX_US)
        wait = RETRY_MAX_US;
    return wait + (rtc_time_t)(context_random_u32(cs->context) % (uint32_t)(wait / 5));
}

static void stop(struct rtp_circuits *cs, rtc_time_t now, struct rtp_send_stream *st, struct out *out)
{
    bool silence = st->circuit.reason == RTP_BREAKER_RTCP_TIMEOUT;
    st->circuit.in_outage = silence && now - cs->last_heard >= OUTAGE_US;
    st->circuit.stops++;
    rtp_sending_drop(cs->sending, st);
    /* Who hears nothing at all waits for something. A peer that speaks, but not of this stream, may begin to once there is something to
     * report. */
    set_state(st, RTP_CIRCUIT_STOPPED, st->circuit.in_outage ? RTC_TIME_NEVER : now + retry_after(cs, st), out);
}

void rtp_circuits_open(struct rtp_circuits *cs, rtc_time_t now, struct rtp_send_stream *st, enum rtp_breaker_reason reason, struct out *out)
{
    bool may_reduce = reason == RTP_BREAKER_CONGESTION && st->kind == RTC_MEDIA_VIDEO && st->circuit.state == RTP_CIRCUIT_CLOSED;
    st->circuit.reason = reason;
    st->circuit.openings++;
    if (may_reduce && rtp_budget_cut(&cs->sending->budget, now)) {
        rtp_pacer_end_probe(&cs->sending->pacer);
        rtp_send_stream_resume(st);
        set_state(st, RTP_CIRCUIT_REDUCED, now + WELL_AFTER_US, out);
    } else {
        stop(cs, now, st, out);
    }
    rtp_sending_update_rate(cs->sending, now, out);
}

static void flow(rtc_time_t now, struct rtp_send_stream *st)
{
    st->circuit.in_outage = false;
    st->owes_keyframe = st->kind == RTC_MEDIA_VIDEO;
    st->next_ask = now;
    rtp_send_stream_resume(st);
}

/* Reports on other video tell what gets through, and nobody said that this stream was too much. */
static bool rate_is_known(const struct rtp_circuits *cs, rtc_time_t now, const struct rtp_send_stream *st)
{
    if (st->circuit.reason == RTP_BREAKER_CONGESTION)
        return false;
    for (struct rtp_send_stream *other = NULL; (other = rtp_members_next_stream(cs->members, other)) != NULL;)
        if (other != st && other->kind == RTC_MEDIA_VIDEO && !rtp_send_stream_is_stopped(other) && rtp_send_stream_is_heard_of(other) &&
            rtp_send_stream_active_since(other, now - FLOWS_US))
            return true;
    return false;
}

static void probe(struct rtp_circuits *cs, rtc_time_t now, const struct rtp_send_stream *st)
{
    if (st->kind == RTC_MEDIA_VIDEO)
        rtp_budget_begin_low(&cs->sending->budget, now);
}

void rtp_circuits_close(struct rtp_circuits *cs, rtc_time_t now, struct rtp_send_stream *st, struct out *out)
{
    flow(now, st);
    probe(cs, now, st);
    st->circuit.stops = 0;
    set_state(st, RTP_CIRCUIT_CLOSED, RTC_TIME_NEVER, out);
    rtp_sending_update_rate(cs->sending, now, out);
}

void rtp_circuits_heard(struct rtp_circuits *cs, rtc_time_t now, struct out *out)
{
    cs->last_heard = now;
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(cs->members, st)) != NULL;)
        if (st->circuit.in_outage)
            rtp_circuits_close(cs, now, st, out);
}

void rtp_circuits_tick(struct rtp_circuits *cs, rtc_time_t now, struct rtp_send_stream *st, struct out *out)
{
    if (now < st->circuit.next)
        return;
    if (st->circuit.state == RTP_CIRCUIT_STOPPED) {
        flow(now, st);
        if (!rate_is_known(cs, now, st))
            probe(cs, now, st);
        set_state(st, RTP_CIRCUIT_REDUCED, now + WELL_AFTER_US, out);
    } else {
        st->circuit.stops = 0;
        set_state(st, RTP_CIRCUIT_CLOSED, RTC_TIME_NEVER, out);
    }
    rtp_sending_update_rate(cs->sending, now, out);
}

void rtp_circuits_excuse_sound(const struct rtp_circuits *cs, rtc_time_t now)
{
    bool video = false;
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(cs->members, st)) != NULL;)
        video = video || (st->kind == RTC_MEDIA_VIDEO && rtp_send_stream_active_since(st, now - FLOWS_US));
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(cs->members, st)) != NULL;)
        if (st->kind == RTC_MEDIA_AUDIO)
            rtp_send_stream_excuse(st, video);
}
