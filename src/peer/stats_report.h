/* SPDX-License-Identifier: MIT */
/* Building a stats report: dictionaries with members by their W3C names. */
#ifndef CRTC_STATS_REPORT_H
#define CRTC_STATS_REPORT_H

#include "text.h"

#include <crtc/context.h>
#include <crtc/stats.h>

/* Empty, one reference. */
int stats_report_new(rtc_context *context, rtc_stats_report **out);
/* Begins the next dictionary. Names and types are static texts; the id is copied. Failures are sticky: see stats_report_ok. */
void stats_report_begin(rtc_stats_report *report, const char *type, const char *id, double timestamp_ms);
/* Members of the dictionary begun last. A text that is NULL could not be made for want of memory. */
void stats_report_number(rtc_stats_report *report, const char *name, double value);
void stats_report_text(rtc_stats_report *report, const char *name, const char *value);
void stats_report_bytes(rtc_stats_report *report, const char *name, const char *value, size_t len);
void stats_report_boolean(rtc_stats_report *report, const char *name, bool value);
/* Copies the numbers; the names are static. */
void stats_report_record(rtc_stats_report *report, const char *name, const char *const *keys, const double *numbers, size_t count);
/* The dictionary begun last is of another time. */
void stats_report_stamp(rtc_stats_report *report, double timestamp_ms);
/* The dictionary begun last was chosen. */
void stats_report_choose(rtc_stats_report *report);
/* Drops all but those that were chosen and those that they refer to, directly or not. */
void stats_report_select(rtc_stats_report *report);
/* One dictionary as JSON. */
void stats_print(struct text *text, const rtc_stats *stats);
bool stats_report_ok(const rtc_stats_report *report);

#endif
