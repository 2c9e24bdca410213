/* SPDX-License-Identifier: MIT */
/* The live numbers of a call out of its statistics. */
#include "numbers.h"

#include <stdio.h>
#include <string.h>

static double number_of(const rtc_stats *stats, const char *name)
{
    double value = 0;
    rtc_stats_number(stats, name, &value);
    return value;
}

struct moment {
    struct numbers counts;
    double rtt_ms, width, height;
};

static void add_stats(struct moment *moment, const rtc_stats *stats)
{
    const char *type = rtc_stats_type(stats);
    if (strcmp(type, "outbound-rtp") == 0) {
        moment->counts.bytes_sent += number_of(stats, "bytesSent");
    } else if (strcmp(type, "inbound-rtp") == 0) {
        moment->counts.bytes_received += number_of(stats, "bytesReceived");
        moment->counts.packets_received += number_of(stats, "packetsReceived");
        moment->counts.packets_lost += number_of(stats, "packetsLost");
        moment->width += number_of(stats, "frameWidth");
        moment->height += number_of(stats, "frameHeight");
    } else if (strcmp(type, "candidate-pair") == 0) {
        bool nominated = false;
        rtc_stats_boolean(stats, "nominated", &nominated);
        moment->rtt_ms = nominated ? number_of(stats, "currentRoundTripTime") * 1000 : moment->rtt_ms;
    }
}

void numbers_read(struct numbers *numbers, rtc_peer_connection *connection, char *text, size_t size)
{
    struct moment now = {.counts.time_us = (double)rtc_now()};
    rtc_stats_report *report = NULL;
    text[0] = '\0';
    if (rtc_peer_connection_get_stats(connection, &report) != RTC_OK) {
        return;
    }
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        add_stats(&now, rtc_stats_report_at(report, i));
    }
    rtc_stats_report_unref(report);
    double milliseconds = (now.counts.time_us - numbers->time_us) / 1000;
    double lost = now.counts.packets_lost - numbers->packets_lost, got = now.counts.packets_received - numbers->packets_received;
    if (numbers->time_us > 0 && milliseconds > 0) {
        snprintf(text, size, "sending %.0f kbit/s, receiving %.0f kbit/s, round trip %.1f ms, loss %.1f %%, picture %.0fx%.0f",
                 (now.counts.bytes_sent - numbers->bytes_sent) * 8 / milliseconds,
                 (now.counts.bytes_received - numbers->bytes_received) * 8 / milliseconds, now.rtt_ms,
                 lost > 0 ? 100 * lost / (lost + got) : 0.0, now.width, now.height);
    }
    *numbers = now.counts;
}
