/* SPDX-License-Identifier: MIT */
/* RTCStatsReport (webrtc-pc 8, webrtc-stats): what is known of a connection at one moment, as standard dictionaries with members by their
 * W3C names. */
#ifndef CRTC_STATS_H
#define CRTC_STATS_H

#include <crtc/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCStatsReport: what is known of a connection at one moment.
 *
 * Owner: reference-counted; rtc_peer_connection_get_stats gives one of the caller's. It needs its connection no more.
 * Thread: any; it never changes.
 * Valid: while a reference is held, with all the dictionaries, names and texts that it gives.
 * Errors: none: what is not there is NULL or false.
 * Section: webrtc-pc 8, webrtc-stats. */
typedef struct rtc_stats_report rtc_stats_report;
/* One dictionary of a report; borrowed while the report's reference is held. */
typedef struct rtc_stats rtc_stats;

/* What a member of a dictionary is: a NUMBER (double), a STRING or a BOOLEAN. */
typedef enum rtc_stats_value_type { RTC_STATS_NUMBER = 1, RTC_STATS_STRING = 2, RTC_STATS_BOOLEAN = 3 } rtc_stats_value_type;

/* Takes or drops a reference. NULL is legal. */
RTC_EXPORT rtc_stats_report *rtc_stats_report_ref(rtc_stats_report *report);
RTC_EXPORT void rtc_stats_report_unref(rtc_stats_report *report);
/* The dictionaries, one after the other; NULL beyond the last. */
RTC_EXPORT size_t rtc_stats_report_count(const rtc_stats_report *report);
RTC_EXPORT const rtc_stats *rtc_stats_report_at(const rtc_stats_report *report, size_t index);
/* The dictionary with this id; NULL when there is none. */
RTC_EXPORT const rtc_stats *rtc_stats_report_find(const rtc_stats_report *report, const char *id);
/* The first dictionary of this type, such as "transport"; NULL when there is none. */
RTC_EXPORT const rtc_stats *rtc_stats_report_find_type(const rtc_stats_report *report, const char *type);

/* Its name in this report and in all others of the connection. */
RTC_EXPORT const char *rtc_stats_id(const rtc_stats *stats);
/* "inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair", "local-candidate", "remote-candidate", "certificate", "transport",
 * "data-channel", ... and, beyond the standard, "ice-server": "url", "state", how many "candidates" came of it, and the last "errorCode". A
 * candidate pair or server that is of no use says why in "failureReason", and inbound-rtp counts in "framesRefused" which of its "framesDropped" were over
 * a limit (rtc_limits). */
RTC_EXPORT const char *rtc_stats_type(const rtc_stats *stats);
/* Milliseconds since 1970. */
RTC_EXPORT double rtc_stats_timestamp_ms(const rtc_stats *stats);
/* The members that it has beside id, type and timestamp, one after the other; the name is NULL beyond the last. */
RTC_EXPORT size_t rtc_stats_member_count(const rtc_stats *stats);
RTC_EXPORT const char *rtc_stats_member_name(const rtc_stats *stats, size_t index);
RTC_EXPORT rtc_stats_value_type rtc_stats_member_type(const rtc_stats *stats, size_t index);
/* By W3C name, such as "bytesSent". False (and *out untouched) when the member is absent or of another type. */
RTC_EXPORT bool rtc_stats_number(const rtc_stats *stats, const char *name, double *out);
RTC_EXPORT bool rtc_stats_boolean(const rtc_stats *stats, const char *name, bool *out);
/* By W3C name; NULL when absent. */
RTC_EXPORT const char *rtc_stats_string(const rtc_stats *stats, const char *name);

#ifdef __cplusplus
}
#endif
#endif
