/* SPDX-License-Identifier: MIT */
/* See rtp_send_feedback.h. */
#include "rtp_send_feedback.h"

#include "context.h"
#include "rtcp.h"
#include "rtp_send_redundancy.h"
#include "rtp_send_parity.h"
#include "rtx_cache.h"

/* The least between two keyframes that are asked for: who asks again sooner can not have seen what was sent. */
enum { US_PER_S = 1000000, KEYFRAME_GAP_US = 100000, KEYFRAME_GAP_MAX_US = 3 * US_PER_S };
/* What is no span of packets; and what a frame lasts when the capture times do not say. */
enum { EXPECTED_MAX = 1 << 16, AUDIO_FRAME_US = 20000, VIDEO_FRAME_US = 33000 };

/* How long the last keyframe occupies the stream, twice: the pictures between two of them need room, too. */
static rtc_time_t keyframe_gap(const struct rtp_send_stream *s)
{
    rtc_time_t gap = s->heard.round_trip_us > KEYFRAME_GAP_US ? s->heard.round_trip_us : KEYFRAME_GAP_US;
    rtc_time_t lasts = s->target_bps ? (rtc_time_t)((uint64_t)s->keyframes.bytes * 8 * 2 * US_PER_S / s->target_bps) : 0;
    lasts = lasts < KEYFRAME_GAP_MAX_US ? lasts : KEYFRAME_GAP_MAX_US;
    return gap > lasts ? gap : lasts;
}

static bool ask_keyframe(struct rtp_send_stream *s, rtc_time_t now)
{
    struct rtp_stream_keyframes *k = &s->keyframes;
    if (k->sent != RTC_TIME_NEVER && now - k->sent < s->heard.round_trip_us)
        return false; /* who asks can not have seen it */
    rtc_time_t gap = keyframe_gap(s);
    if (k->asked != RTC_TIME_NEVER && now - k->asked < gap) {
        k->due = k->asked + gap;
        return false;
    }
    k->asked = now;
    k->due = RTC_TIME_NEVER;
    return true;
}

bool rtp_send_stream_pli(struct rtp_send_stream *s, rtc_time_t now)
{
    s->stats.pli_count++;
    return ask_keyframe(s, now);
}

/* Whether it is the last request of its source once more; else it is the last one from now on. */
static bool repeats(struct rtp_stream_keyframes *k, uint32_t from_ssrc, uint8_t sequence)
{
    struct rtp_fir_source *source = NULL;
    for (size_t i = 0; i < k->fir_count && i < RTP_FIR_SOURCES_MAX && !source; i++)
        source = k->firs[i].ssrc == from_ssrc ? &k->firs[i] : NULL;
    if (source && source->sequence == sequence)
        return true;
    if (!source)
        source = &k->firs[k->fir_count++ % RTP_FIR_SOURCES_MAX];
    *source = (struct rtp_fir_source){from_ssrc, sequence};
    return false;
}

bool rtp_send_stream_fir(struct rtp_send_stream *s, rtc_time_t now, uint32_t from_ssrc, uint8_t sequence)
{
    s->stats.fir_count++;
    return !repeats(&s->keyframes, from_ssrc, sequence) && ask_keyframe(s, now);
}

/* RFC 3550 section 6.4.1: now, less when the SR left us, less how long the peer held it. */
static rtc_time_t measure_round_trip(struct rtp_send_stream *s, rtc_time_t arrived, const struct rtcp_report *report)
{
    if (report->last_sr == 0)
        return 0;
    uint32_t arrival = rtcp_ntp_middle(rtcp_ntp(context_wall_us(s->context, arrived)));
    rtc_time_t sample = rtcp_round_trip_us(arrival, report->last_sr, report->delay_since_last_sr);
    if (sample == 0)
        return 0;
    s->heard.round_trip_us = s->heard.round_trip_us ? (7 * s->heard.round_trip_us + sample) / 8 : sample;
    s->stats.heard.round_trip_time_s = (double)sample / US_PER_S;
    s->stats.heard.total_round_trip_time_s += s->stats.heard.round_trip_time_s;
    s->stats.heard.round_trip_time_measurements++;
    return sample;
}

/* A lost packet of a few tells nothing. */
static void note_loss(struct rtp_stream_heard *h, uint32_t expected, uint32_t lost)
{
    enum { LEAST = 50, STEP = 5, MOST = 50 };
    h->expected_lately = h->expected_lately / 2 + expected;
    h->lost_lately = h->lost_lately / 2 + lost;
    if (h->expected_lately < LEAST)
        return;
    uint64_t percent = (h->lost_lately * 100 / h->expected_lately + STEP / 2) / STEP * STEP;
    h->loss_percent = percent < MOST ? (uint8_t)percent : MOST;
}

/* Counts of packets are cumulative, so that a report that is lost takes nothing away; a peer that counts anew is followed. */
static void note_sample(struct rtp_send_stream *s, rtc_time_t arrived, const struct rtcp_report *report, rtc_time_t round_trip_us)
{
    rtc_time_t left = s->cache ? rtx_cache_left(s->cache, (uint16_t)(report->highest_sequence + 1)) : RTC_TIME_NEVER;
    uint32_t expected = report->highest_sequence - s->heard.highest;
    int32_t lost = report->lost - s->heard.lost;
    if (expected > EXPECTED_MAX)
        expected = 0;
    if (lost < 0 || (uint32_t)lost > expected)
        lost = lost < 0 ? 0 : (int32_t)expected;
    const struct rtp_outbound_stats *sent = &s->stats; /* the octets of sender reports wrap around after some hours */
    uint64_t average = sent->packets_sent ? sent->bytes_sent / sent->packets_sent + RTP_HEADER_LEN : 0;
    s->heard.sample = (struct rtp_rate_sample){
        .expected = expected,
        .lost = (uint32_t)lost,
        .received_bytes = (uint32_t)(average * (expected - (uint32_t)lost)),
        .round_trip_us = round_trip_us,
        .under_way_us = left < arrived ? arrived - left : 0,
        .jitter_us = s->format.codec.clock_rate ? (rtc_time_t)report->jitter * US_PER_S / s->format.codec.clock_rate : 0,
    };
    note_loss(&s->heard, expected, (uint32_t)lost);
    if (s->format.redundancy)
        rtp_send_redundancy_report(s->format.redundancy, expected, (uint32_t)lost);
    s->heard.highest = report->highest_sequence;
    s->heard.lost = report->lost;
}

bool rtp_send_stream_report(struct rtp_send_stream *s, rtc_time_t now, rtc_time_t arrived, const struct rtcp_report *report)
{
    rtc_time_t round_trip_us = measure_round_trip(s, arrived, report);
    if (report->ssrc != s->encoding.ssrc)
        return false;
    note_sample(s, arrived, report, round_trip_us);
    if (s->parity)
        rtp_send_parity_report(s->parity, s->heard.sample.expected, s->heard.sample.lost, s->cache != NULL, s->heard.round_trip_us);
    int64_t received = (int64_t)(report->highest_sequence - s->heard.first) + 1 - report->lost;
    s->stats.heard.any = true;
    s->stats.heard.time = arrived;
    s->stats.heard.fraction_lost = report->fraction_lost / 256.0;
    s->stats.heard.packets_lost = report->lost;
    s->stats.heard.packets_received = received > 0 ? (uint64_t)received : 0;
    s->stats.heard.jitter_s = s->format.codec.clock_rate ? (double)report->jitter / s->format.codec.clock_rate : 0;
    rtp_breaker_report(&s->breaker, now, report, s->heard.round_trip_us, s->kind == RTC_MEDIA_AUDIO ? AUDIO_FRAME_US : VIDEO_FRAME_US);
    return true;
}

struct rtp_send_stream_due rtp_send_stream_tick(struct rtp_send_stream *s, rtc_time_t now)
{
    struct rtp_send_stream_due due = {false, RTP_BREAKER_CLOSED};
    if (now >= s->keyframes.due) {
        s->keyframes.due = RTC_TIME_NEVER;
        due.keyframe = ask_keyframe(s, now);
    }
    enum rtp_breaker_reason reason = rtp_breaker_tick(&s->breaker, now);
    if (!s->told_breaker) {
        due.breaker = reason;
        s->told_breaker = reason != RTP_BREAKER_CLOSED;
    }
    return due;
}

void rtp_send_stream_told(struct rtp_send_stream *s, const struct congestion_result *result)
{
    struct rtp_ecn_stats *e = &s->stats.heard.ecn;
    bool arrived = result->arrived != RTC_TIME_NEVER;
    e->reported_lost += !arrived;
    if (!arrived)
        return;
    e->reported_lost_but_recovered += result->was_missing;
    e->ect1 += result->ecn == CONGESTION_ECN_ECT1;
    e->ce += result->ecn == CONGESTION_ECN_CE;
    e->bleached += result->ect1 && result->ecn == CONGESTION_ECN_NOT;
}

/* ---- What was heard ---- */

bool rtp_send_stream_is_stopped(const struct rtp_send_stream *s)
{
    return s->circuit.state == RTP_CIRCUIT_STOPPED;
}

bool rtp_send_stream_is_on_trial(const struct rtp_send_stream *s)
{
    return s->circuit.state == RTP_CIRCUIT_REDUCED && s->circuit.stops > 0 && !rtp_send_stream_is_heard_of(s);
}

bool rtp_send_stream_is_heard_of(const struct rtp_send_stream *s)
{
    return s->breaker.last_report != RTC_TIME_NEVER;
}

const struct rtp_rate_sample *rtp_send_stream_sample(const struct rtp_send_stream *s)
{
    return &s->heard.sample;
}

void rtp_send_stream_excuse(struct rtp_send_stream *s, bool excused)
{
    s->breaker.excused = excused;
}

rtc_time_t rtp_send_stream_round_trip_us(const struct rtp_send_stream *s)
{
    return s->heard.round_trip_us;
}
