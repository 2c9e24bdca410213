/* SPDX-License-Identifier: MIT */
/* What a session dump holds: the calls and events of a connection, and one series of values for each member of its statistics. Knows no
 * connection; times are milliseconds since 1970. Bounded: when it is full the older half of everything goes. What finds no memory is left
 * out. */
#ifndef CRTC_SESSION_LOG_H
#define CRTC_SESSION_LOG_H

#include "text.h"

#include <crtc/session_dump.h>
#include <crtc/stats.h>

/* One call or event. Owner: the log. */
struct log_entry {
    struct log_entry *next;
    double time_ms;
    const char *type; /* static */
    char *value;      /* JSON, or nothing; owned */
};

/* A text that stood there `count` times in a row. Owner: its series. */
struct log_run {
    char *text; /* owned */
    size_t count;
};

/* The values of one member of one dictionary, one for each report that had it. Owner: the log. */
struct log_series {
    char *name;             /* "id-member", owned */
    const char *stats_type; /* static */
    uint32_t hash;          /* of the name */
    rtc_stats_value_type type;
    double first_ms, last_ms;
    double *numbers;      /* NUMBER, BOOLEAN */
    struct log_run *runs; /* STRING */
    size_t count, capacity;
};

/* Counted: whoever made it, and the connection. On the connection's thread. Written by session_log.c; `next_sample` by session_dump.c. */
struct rtc_session_dump {
    rtc_context *context;
    uint32_t references;
    bool ended; /* nobody will read it */
    rtc_time_t interval_us, next_sample;
    char *name, *configuration; /* owned */
    uint32_t number;            /* tells connections apart */
    size_t bytes, most;
    struct log_entry *entries, **entries_end;
    struct log_series *series;
    size_t series_count, series_capacity;
};

int session_log_new(rtc_context *context, const rtc_session_dump_options *options, uint32_t number, rtc_session_dump **out);
void session_log_unref(rtc_session_dump *log);
/* `type` is static; the value is copied. */
void session_log_add(rtc_session_dump *log, double time_ms, const char *type, const char *value);
void session_log_sample(rtc_session_dump *log, const rtc_stats_report *report);
void session_log_print(const rtc_session_dump *log, struct text *text);

#endif
