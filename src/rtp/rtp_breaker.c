/* SPDX-License-Identifier: MIT */
/* The circuit breakers: see rtp_breaker.h. */
#include "rtp_breaker.h"

#include <math.h>

enum { US_PER_S = 1000000, TD_MIN_US = 5 * US_PER_S /* RFC 3550 section 6.2: the fixed minimum */, PAUSE_US = 2 * US_PER_S };
/* RFC 8083: so many intervals without a report (section 4.1), so many times the rate of TCP (section 4.3). In less than the least interval
 * there are too few packets to say what was lost of them. */
enum { INTERVAL_MIN_US = 50000, INTERVALS = 3, TCP_FACTOR = 10 };

void rtp_breaker_init(struct rtp_breaker *b)
{
    *b = (struct rtp_breaker){.interval_us = TD_MIN_US, .last_report = RTC_TIME_NEVER};
    rtp_breaker_pause(b);
}

void rtp_breaker_pause(struct rtp_breaker *b)
{
    b->sending_since = RTC_TIME_NEVER;
    b->stalled_reports = b->congested_reports = 0;
    b->packets = b->bytes = 0;
}

void rtp_breaker_sent(struct rtp_breaker *b, rtc_time_t now, size_t bytes)
{
    if (b->sending_since == RTC_TIME_NEVER || now - b->last_sent > PAUSE_US) {
        rtp_breaker_pause(b);
        b->sending_since = now;
    }
    b->last_sent = now;
    b->packets++;
    b->bytes += bytes;
}

static rtc_time_t larger(rtc_time_t a, rtc_time_t b)
{
    return a > b ? a : b;
}

static rtc_time_t smaller(rtc_time_t a, rtc_time_t b)
{
    return a < b ? a : b;
}

/* CB_INTERVAL of RFC 8083 section 4.3 with Td = Tdr: how many reports in a row must be bad. */
static uint32_t reports_needed(const struct rtp_breaker *b, rtc_time_t round_trip_us, rtc_time_t frame_us)
{
    rtc_time_t shortest = larger(larger(10 * frame_us, 10 * round_trip_us), INTERVALS * b->interval_us);
    rtc_time_t longest = larger(15 * US_PER_S, INTERVALS * b->interval_us);
    rtc_time_t window = INTERVALS * smaller(shortest, longest);
    rtc_time_t unit = INTERVALS * b->interval_us;
    return (uint32_t)((window + unit - 1) / unit);
}

/* What TCP would reach (the simplified equation of RFC 8083 section 4.3), in bytes per second. */
static double tcp_rate(double packet_bytes, double round_trip_s, double loss)
{
    return packet_bytes / (round_trip_s * sqrt(2 * loss / 3));
}

static bool is_congested(const struct rtp_breaker *b, rtc_time_t passed, uint8_t fraction_lost, rtc_time_t round_trip_us)
{
    if (fraction_lost == 0 || round_trip_us <= 0 || b->packets == 0 || passed < INTERVAL_MIN_US)
        return false;
    double rate = (double)b->bytes * US_PER_S / (double)passed;
    double packet_bytes = (double)b->bytes / (double)b->packets;
    return rate > TCP_FACTOR * tcp_rate(packet_bytes, (double)round_trip_us / US_PER_S, fraction_lost / 256.0);
}

/* RFC 8083 counts in the intervals that RTCP timing rules give; peers report more often than those, so it is measured. */
static void measure_interval(struct rtp_breaker *b, rtc_time_t passed)
{
    if (passed < INTERVAL_MIN_US)
        passed = INTERVAL_MIN_US;
    b->interval_us = smaller((7 * b->interval_us + passed) / 8, TD_MIN_US);
}

static void check_progress(struct rtp_breaker *b, rtc_time_t now, uint32_t highest)
{
    if (highest != b->highest_sequence) {
        b->stalled_reports = 0;
    } else if (b->packets > 0 && b->stalled_reports++ == 0) {
        b->stalled_since = now;
    }
    b->highest_sequence = highest;
}

static void check_congestion(struct rtp_breaker *b, rtc_time_t now, bool congested)
{
    if (!congested)
        b->congested_reports = 0;
    else if (b->congested_reports++ == 0)
        b->congested_since = now;
}

void rtp_breaker_report(struct rtp_breaker *b, rtc_time_t now, const struct rtcp_report *report, rtc_time_t round_trip_us,
                        rtc_time_t frame_us)
{
    bool first = b->last_report == RTC_TIME_NEVER;
    rtc_time_t passed = first ? 0 : now - b->last_report;
    b->last_report = now;
    if (first) {
        b->highest_sequence = report->highest_sequence;
    } else {
        measure_interval(b, passed);
        check_progress(b, now, report->highest_sequence);
        check_congestion(b, now, !b->excused && is_congested(b, passed, report->fraction_lost, round_trip_us));
    }
    b->packets = b->bytes = 0;
    uint32_t needed = reports_needed(b, round_trip_us, frame_us);
    if (b->reason != RTP_BREAKER_CLOSED)
        return;
    if (b->stalled_reports >= needed && now - b->stalled_since >= TD_MIN_US)
        b->reason = RTP_BREAKER_MEDIA_TIMEOUT;
    else if (b->congested_reports >= needed && now - b->congested_since >= TD_MIN_US)
        b->reason = RTP_BREAKER_CONGESTION;
}

rtc_time_t rtp_breaker_deadline(const struct rtp_breaker *b)
{
    if (b->reason != RTP_BREAKER_CLOSED || b->sending_since == RTC_TIME_NEVER)
        return RTC_TIME_NEVER;
    rtc_time_t since = b->sending_since;
    if (b->last_report != RTC_TIME_NEVER)
        since = larger(since, b->last_report);
    return since + INTERVALS * larger(b->interval_us, TD_MIN_US);
}

enum rtp_breaker_reason rtp_breaker_tick(struct rtp_breaker *b, rtc_time_t now)
{
    if (now < rtp_breaker_deadline(b))
        return b->reason;
    if (now - b->last_sent > PAUSE_US)
        rtp_breaker_pause(b);
    else
        b->reason = RTP_BREAKER_RTCP_TIMEOUT;
    return b->reason;
}
