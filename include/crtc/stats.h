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

/* What a member of a dictionary is: a NUMBER (double), a STRING, a BOOLEAN, or a RECORD of numbers by name (qualityLimitationDurations). */
typedef enum rtc_stats_value_type {
    RTC_STATS_NUMBER = 1,
    RTC_STATS_STRING = 2,
    RTC_STATS_BOOLEAN = 3,
    RTC_STATS_RECORD = 4
} rtc_stats_value_type;

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
/* The whole report as JSON (RFC 8259): an object whose members are the dictionaries by their ids, in this order, as JavaScript makes of a report's entries. Zero-terminated UTF-8, the
 * caller's, freed with rtc_stats_report_free_json.
 * Errors: RTC_ERR_TYPE (report or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_stats_report_json(const rtc_stats_report *report, char **out);
/* Frees what rtc_stats_report_json gave of this report. NULL is legal. */
RTC_EXPORT void rtc_stats_report_free_json(const rtc_stats_report *report, char *json);

/* Its name in this report and in all others of the connection. */
RTC_EXPORT const char *rtc_stats_id(const rtc_stats *stats);
/* The standard's: "codec", "media-source", "outbound-rtp", "remote-inbound-rtp", "inbound-rtp", "remote-outbound-rtp", "peer-connection", "data-channel", "transport", "candidate-pair",
 * "local-candidate", "remote-candidate", "certificate". A member whose name ends with "Id" is the id of another dictionary of the report. What can not be known is absent.
 *
 * Beyond the standard there are "ice-server", one for each: "transportId", "url", "state" ("unused", "resolving", "asked", "answered", "failed"), how many "candidates" came of it, and the last
 * "errorCode"; and "rejected-section", one for each of the peer's that has no codec in common with this side: "mid", "kind", "reason". A candidate pair or server that is of no use says why in
 * "failureReason". inbound-rtp counts in "framesRefused" which of its "framesDropped" were over a limit (rtc_limits), and says in "estimatedPlayoutDelay" how many seconds after its
 * earliest arrival media plays now; of simulcast each stream that comes has one, with its "rid", and those that are not shown have counts of packets only; outbound-rtp has "circuitBreaker" and "circuitBreakerOpenings" (rtc_circuit), and "framesDropped" of what was pushed and not sent; transport has
 * "candidatesLeftOut", which found no room within the limits. */
RTC_EXPORT const char *rtc_stats_type(const rtc_stats *stats);
/* Milliseconds since 1970, with their fraction, on a clock that never goes back: when it was true. That is when the report was made; of "remote-inbound-rtp" and "remote-outbound-rtp" when what the
 * peer said arrived. */
RTC_EXPORT double rtc_stats_timestamp_ms(const rtc_stats *stats);
/* The members that it has beside id, type and timestamp, one after the other; the name is NULL beyond the last. */
RTC_EXPORT size_t rtc_stats_member_count(const rtc_stats *stats);
RTC_EXPORT const char *rtc_stats_member_name(const rtc_stats *stats, size_t index);
RTC_EXPORT rtc_stats_value_type rtc_stats_member_type(const rtc_stats *stats, size_t index);
/* By W3C name, such as "bytesSent". False (and *out untouched) when the member is absent or of another type. */
RTC_EXPORT bool rtc_stats_number(const rtc_stats *stats, const char *name, double *out);
RTC_EXPORT bool rtc_stats_boolean(const rtc_stats *stats, const char *name, bool *out);
/* By W3C name, zero-terminated; NULL when absent. Labels and protocols of channels may have U+0000 within: the length counts all of it, and is 0 when absent. */
RTC_EXPORT const char *rtc_stats_string(const rtc_stats *stats, const char *name);
RTC_EXPORT size_t rtc_stats_string_length(const rtc_stats *stats, const char *name);
/* A record by its W3C name: its numbers and their names, one after the other; none and NULL beyond the last, or when absent. */
RTC_EXPORT size_t rtc_stats_record_count(const rtc_stats *stats, const char *name);
RTC_EXPORT const char *rtc_stats_record_key(const rtc_stats *stats, const char *name, size_t index);
/* One number of it. False (and *out untouched) when there is none. */
RTC_EXPORT bool rtc_stats_record_number(const rtc_stats *stats, const char *name, const char *key, double *out);

#ifdef __cplusplus
}
#endif
#endif
