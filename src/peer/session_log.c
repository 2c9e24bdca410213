/* SPDX-License-Identifier: MIT */
/* What a session dump holds: see session_log.h. */
#include "session_log.h"

#include "hash.h"
#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <time.h>

enum { DEFAULT_INTERVAL_MS = 1000, DEFAULT_BYTES = 8 << 20, NAME_MAX_BYTES = 256 };

int session_log_new(rtc_context *context, const rtc_session_dump_options *options, uint32_t number, rtc_session_dump **out)
{
    const char *name = options->name ? options->name : "libcrtc";
    rtc_session_dump *log = memory_zeroed(context, sizeof *log);
    char *copy = log ? memory_text(context, name, strlen(name)) : NULL;
    if (!copy) {
        memory_free(context, log);
        return RTC_ERR_NO_MEMORY;
    }
    log->context = rtc_context_ref(context);
    log->references = 1;
    log->interval_us = (rtc_time_t)(options->interval_ms ? options->interval_ms : DEFAULT_INTERVAL_MS) * 1000;
    log->most = options->max_bytes ? options->max_bytes : DEFAULT_BYTES;
    log->name = copy;
    log->number = number;
    log->entries_end = &log->entries;
    *out = log;
    return RTC_OK;
}

static size_t entry_bytes(const struct log_entry *e)
{
    return sizeof *e + strlen(e->value) + 1;
}

static void drop_entry(rtc_session_dump *log)
{
    struct log_entry *e = log->entries;
    log->entries = e->next;
    if (!log->entries)
        log->entries_end = &log->entries;
    log->bytes -= entry_bytes(e);
    memory_free(log->context, e->value);
    memory_free(log->context, e);
}

static bool is_text(const struct log_series *s)
{
    return s->type == RTC_STATS_STRING;
}

static size_t slots(const struct log_series *s)
{
    return is_text(s) ? s->capacity * sizeof *s->runs : s->capacity * sizeof *s->numbers;
}

static void free_series(rtc_session_dump *log, struct log_series *s)
{
    for (size_t i = 0; is_text(s) && i < s->count; i++)
        memory_free(log->context, s->runs[i].text);
    memory_free(log->context, s->runs);
    memory_free(log->context, s->numbers);
    memory_free(log->context, s->name);
}

void session_log_unref(rtc_session_dump *log)
{
    if (!log || --log->references > 0)
        return;
    while (log->entries)
        drop_entry(log);
    for (size_t i = 0; i < log->series_count; i++)
        free_series(log, &log->series[i]);
    rtc_context *context = log->context;
    memory_free(context, log->series);
    memory_free(context, log->name);
    memory_free(context, log->configuration);
    memory_free(context, log);
    rtc_context_unref(context);
}

/* ---- Bounds ---- */

/* The older half of a text's values: runs, and a part of the one that lasts. */
static void halve_runs(rtc_session_dump *log, struct log_series *s)
{
    size_t values = 0, gone = 0, left = 0;
    for (size_t i = 0; i < s->count; i++)
        values += s->runs[i].count;
    left = values / 2;
    s->first_ms += values > 1 ? (s->last_ms - s->first_ms) * (double)left / (double)(values - 1) : 0;
    for (; gone < s->count && s->runs[gone].count <= left; gone++) {
        left -= s->runs[gone].count;
        log->bytes -= strlen(s->runs[gone].text) + 1;
        memory_free(log->context, s->runs[gone].text);
    }
    if (gone < s->count)
        s->runs[gone].count -= left;
    memmove(s->runs, s->runs + gone, (s->count - gone) * sizeof *s->runs);
    s->count -= gone;
}

/* The older half of a series; its times are even. */
static void halve(rtc_session_dump *log, struct log_series *s)
{
    size_t gone = s->count / 2;
    if (is_text(s)) {
        halve_runs(log, s);
        return;
    }
    double step = s->count > 1 ? (s->last_ms - s->first_ms) / (double)(s->count - 1) : 0;
    memmove(s->numbers, s->numbers + gone, (s->count - gone) * sizeof *s->numbers);
    s->first_ms += step * (double)gone;
    s->count -= gone;
}

/* Gives memory back that halving left empty: what is not given back would count for ever. */
static void shrink(rtc_session_dump *log, struct log_series *s)
{
    size_t size = is_text(s) ? sizeof *s->runs : sizeof *s->numbers, before = slots(s), capacity = s->count ? s->count : 1;
    void *smaller = memory_realloc(log->context, is_text(s) ? (void *)s->runs : (void *)s->numbers, capacity * size);
    if (!smaller)
        return;
    if (is_text(s))
        s->runs = smaller;
    else
        s->numbers = smaller;
    s->capacity = capacity;
    log->bytes -= before - slots(s);
}

/* Dictionaries that were gone before the middle of what there is. */
static void forget_series(rtc_session_dump *log, double before_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->series_count; i++) {
        struct log_series *s = &log->series[i];
        if (s->last_ms >= before_ms) {
            log->series[kept++] = *s;
            continue;
        }
        log->bytes -= slots(s) + strlen(s->name) + 1 + sizeof *s;
        for (size_t k = 0; is_text(s) && k < s->count; k++)
            log->bytes -= strlen(s->runs[k].text) + 1;
        free_series(log, s);
    }
    log->series_count = kept;
}

static void make_room(rtc_session_dump *log)
{
    double first = 1e300, last = 0; /* later than any time, and earlier */
    size_t count = 0;
    if (log->bytes <= log->most)
        return;
    for (const struct log_entry *e = log->entries; e; e = e->next)
        count++;
    for (size_t i = 0; i < count / 2; i++)
        drop_entry(log);
    for (size_t i = 0; i < log->series_count; i++) {
        first = log->series[i].first_ms < first ? log->series[i].first_ms : first;
        last = log->series[i].last_ms > last ? log->series[i].last_ms : last;
    }
    forget_series(log, (first + last) / 2);
    for (size_t i = 0; i < log->series_count; i++) {
        halve(log, &log->series[i]);
        shrink(log, &log->series[i]);
    }
}

/* ---- Recording ---- */

void session_log_add(rtc_session_dump *log, double time_ms, const char *type, const char *value)
{
    struct log_entry *e = memory_alloc(log->context, sizeof *e);
    char *copy = e ? memory_text(log->context, value, strlen(value)) : NULL;
    if (!copy) {
        memory_free(log->context, e);
        return;
    }
    *e = (struct log_entry){.time_ms = time_ms, .type = type, .value = copy};
    *log->entries_end = e;
    log->entries_end = &e->next;
    log->bytes += entry_bytes(e);
    make_room(log);
}

static struct log_series *find_series(rtc_session_dump *log, const char *name, uint32_t hash, rtc_stats_value_type type)
{
    for (size_t i = 0; i < log->series_count; i++)
        if (log->series[i].hash == hash && log->series[i].type == type && strcmp(log->series[i].name, name) == 0)
            return &log->series[i];
    return NULL;
}

static struct log_series *series_of(rtc_session_dump *log, const rtc_stats *stats, const char *member, rtc_stats_value_type type)
{
    char name[NAME_MAX_BYTES];
    (void)snprintf(name, sizeof name, "%s-%s", rtc_stats_id(stats), member);
    uint32_t hash = hash_crc32(slice_str(name));
    struct log_series *s = find_series(log, name, hash, type);
    void *array = log->series;
    if (s)
        return s;
    char *copy = memory_text(log->context, name, strlen(name));
    if (!copy || !memory_grow(log->context, &array, &log->series_capacity, log->series_count + 1, sizeof *log->series)) {
        memory_free(log->context, copy);
        return NULL;
    }
    log->series = array;
    s = &log->series[log->series_count++];
    *s = (struct log_series){
        .name = copy, .stats_type = rtc_stats_type(stats), .hash = hash, .type = type, .first_ms = rtc_stats_timestamp_ms(stats)};
    log->bytes += strlen(name) + 1 + sizeof *s;
    return s;
}

static void add_number(rtc_session_dump *log, struct log_series *s, double value)
{
    void *array = s->numbers;
    size_t before = slots(s);
    if (!memory_grow(log->context, &array, &s->capacity, s->count + 1, sizeof *s->numbers))
        return;
    s->numbers = array;
    s->numbers[s->count++] = value;
    log->bytes += slots(s) - before;
}

static void add_text(rtc_session_dump *log, struct log_series *s, const char *value)
{
    void *array = s->runs;
    size_t before = slots(s);
    if (s->count > 0 && strcmp(s->runs[s->count - 1].text, value) == 0) {
        s->runs[s->count - 1].count++;
        return;
    }
    char *copy = memory_text(log->context, value, strlen(value));
    if (!copy || !memory_grow(log->context, &array, &s->capacity, s->count + 1, sizeof *s->runs)) {
        memory_free(log->context, copy);
        return;
    }
    s->runs = array;
    s->runs[s->count++] = (struct log_run){copy, 1};
    log->bytes += slots(s) - before + strlen(value) + 1;
}

static void sample_member(rtc_session_dump *log, const rtc_stats *stats, const char *name, rtc_stats_value_type type)
{
    double number = 0;
    bool truth = false;
    struct log_series *s = series_of(log, stats, name, type);
    if (!s)
        return;
    s->last_ms = rtc_stats_timestamp_ms(stats);
    if (type == RTC_STATS_STRING)
        add_text(log, s, rtc_stats_string(stats, name));
    else if (type == RTC_STATS_NUMBER && rtc_stats_number(stats, name, &number))
        add_number(log, s, number);
    else if (type == RTC_STATS_BOOLEAN && rtc_stats_boolean(stats, name, &truth))
        add_number(log, s, truth);
}

static void sample_value(rtc_session_dump *log, const rtc_stats *stats, const char *name, rtc_stats_value_type type, double value)
{
    struct log_series *s = series_of(log, stats, name, type);
    if (!s)
        return;
    s->last_ms = rtc_stats_timestamp_ms(stats);
    add_number(log, s, value);
}

/* That a candidate is the peer's is said by its type; readers of dumps look for a member of the name that it once had. */
static void sample_dictionary(rtc_session_dump *log, const rtc_stats *stats)
{
    bool local = strcmp(rtc_stats_type(stats), "local-candidate") == 0, remote = strcmp(rtc_stats_type(stats), "remote-candidate") == 0;
    sample_value(log, stats, "timestamp", RTC_STATS_NUMBER, rtc_stats_timestamp_ms(stats));
    if (local || remote)
        sample_value(log, stats, "isRemote", RTC_STATS_BOOLEAN, remote);
    for (size_t i = 0; i < rtc_stats_member_count(stats); i++)
        if (rtc_stats_member_type(stats, i) != RTC_STATS_RECORD)
            sample_member(log, stats, rtc_stats_member_name(stats, i), rtc_stats_member_type(stats, i));
}

void session_log_sample(rtc_session_dump *log, const rtc_stats_report *report)
{
    for (size_t i = 0; i < rtc_stats_report_count(report); i++)
        sample_dictionary(log, rtc_stats_report_at(report, i));
    make_room(log);
}

/* ---- As text ---- */

/* ISO 8601, as JavaScript writes a Date. */
static void print_time(struct text *text, double ms)
{
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);
    (void)gmtime_r(&seconds, &tm);
    text_print(text, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
               tm.tm_sec, (int)(ms - (double)seconds * 1000));
}

static void print_values(struct text *text, const struct log_series *s)
{
    size_t printed = 0;
    text_print(text, "[");
    for (size_t i = 0; i < s->count; i++)
        for (size_t n = is_text(s) ? s->runs[i].count : 1; n > 0; n--) {
            text_print(text, "%s", printed++ > 0 ? "," : "");
            if (is_text(s))
                json_string(text, slice_str(s->runs[i].text));
            else if (s->type == RTC_STATS_BOOLEAN)
                text_print(text, "%s", s->numbers[i] != 0 ? "true" : "false");
            else
                json_number(text, s->numbers[i]);
        }
    text_print(text, "]");
}

/* The values are a text that is JSON in its turn. */
static void print_series(struct text *text, rtc_context *context, const struct log_series *s)
{
    struct text values = text_new(context);
    print_values(&values, s);
    char *list = text_take(&values);
    json_string(text, slice_str(s->name));
    text_print(text, ":{\"startTime\":");
    print_time(text, s->first_ms);
    text_print(text, ",\"endTime\":");
    print_time(text, s->last_ms);
    text_print(text, ",\"statsType\":\"%s\",\"values\":", s->stats_type);
    json_string(text, slice_str(list ? list : "[]"));
    text_print(text, "}");
    text->failed = text->failed || !list;
    memory_free(context, list);
}

static void print_entry(struct text *text, const struct log_entry *e)
{
    text_print(text, "{\"time\":");
    print_time(text, e->time_ms);
    text_print(text, ",\"type\":\"%s\",\"value\":", e->type);
    json_string(text, slice_str(e->value));
    text_print(text, ",\"timestamp\":");
    json_number(text, e->time_ms);
    text_print(text, "}");
}

void session_log_print(const rtc_session_dump *log, struct text *text)
{
    text_print(text, "{\"getUserMedia\":[],\"PeerConnections\":{\"1-%u\":{\"pid\":1,\"rid\":%u,\"url\":", log->number, log->number);
    json_string(text, slice_str(log->name));
    text_print(text, ",\"rtcConfiguration\":");
    json_string(text, slice_str(log->configuration ? log->configuration : "{}"));
    text_print(text, ",\"constraints\":\"\",\"stats\":{");
    for (size_t i = 0; i < log->series_count; i++) {
        text_print(text, "%s", i > 0 ? ",\n" : "");
        print_series(text, log->context, &log->series[i]);
    }
    text_print(text, "},\"updateLog\":[");
    for (const struct log_entry *e = log->entries; e; e = e->next) {
        print_entry(text, e);
        text_print(text, "%s", e->next ? ",\n" : "");
    }
    text_print(text,
               "]}},\"UserAgent\":\"libcrtc "
               "%s\",\"UserAgentData\":{\"brands\":[{\"brand\":\"libcrtc\",\"version\":\"%s\"}],\"mobile\":false,\"platform\":\"Linux\"}}",
               rtc_version(), rtc_version());
}
