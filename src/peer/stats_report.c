/* SPDX-License-Identifier: MIT */
/* RTCStatsReport (webrtc-pc 8.3): an immutable list of dictionaries. */
#include "stats_report.h"

#include "error.h"
#include "json.h"
#include "memory.h"
#include "references.h"

#include <stdatomic.h>

/* The numbers of a RECORD stand in one array, their names in a static one. Owner: its dictionary, with the id, texts and numbers. */
struct member {
    const char *name;
    rtc_stats_value_type type;
    double number;
    char *text;
    size_t text_len; /* it may have U+0000 within */
    const char *const *keys;
    double *numbers;
    size_t number_count;
};

/* Owner: its report. */
struct rtc_stats {
    const char *type;
    char *id;
    double timestamp_ms;
    struct member *members;
    size_t count, capacity;
    bool chosen; /* while it is made: it is to stay, with all that it leads to */
};

/* Counted. Written by this file alone, until it is handed on; only the count changes after that, on any thread. */
struct rtc_stats_report {
    atomic_uint references;
    rtc_context *context;
    rtc_stats *stats;
    size_t count, capacity;
    bool failed;
};

int stats_report_new(rtc_context *context, rtc_stats_report **out)
{
    rtc_stats_report *r = memory_zeroed(context, sizeof *r);
    if (!r)
        return RTC_ERR_NO_MEMORY;
    atomic_init(&r->references, 1);
    r->context = rtc_context_ref(context);
    *out = r;
    return RTC_OK;
}

rtc_stats_report *rtc_stats_report_ref(rtc_stats_report *r)
{
    if (r)
        references_take(&r->references);
    return r;
}

static void free_stats(rtc_context *context, rtc_stats *s)
{
    for (size_t i = 0; i < s->count; i++) {
        memory_free(context, s->members[i].text);
        memory_free(context, s->members[i].numbers);
    }
    memory_free(context, s->members);
    memory_free(context, s->id);
}

void rtc_stats_report_unref(rtc_stats_report *r)
{
    if (!r || !references_drop(&r->references))
        return;
    for (size_t i = 0; i < r->count; i++)
        free_stats(r->context, &r->stats[i]);
    rtc_context *context = r->context;
    memory_free(context, r->stats);
    memory_free(context, r);
    rtc_context_unref(context);
}

void stats_report_begin(rtc_stats_report *r, const char *type, const char *id, double timestamp_ms)
{
    void *array = r->stats;
    bool grown = !r->failed && memory_grow(r->context, &array, &r->capacity, r->count + 1, sizeof *r->stats);
    char *copy = grown ? memory_text(r->context, id, strlen(id)) : NULL;
    if (grown)
        r->stats = array;
    if (!copy) {
        r->failed = true;
        return;
    }
    r->stats[r->count++] = (rtc_stats){.type = type, .id = copy, .timestamp_ms = timestamp_ms};
}

static struct member *add(rtc_stats_report *r, const char *name, rtc_stats_value_type type)
{
    if (r->failed || r->count == 0)
        return NULL;
    rtc_stats *s = &r->stats[r->count - 1];
    void *array = s->members;
    if (!memory_grow(r->context, &array, &s->capacity, s->count + 1, sizeof *s->members)) {
        r->failed = true;
        return NULL;
    }
    s->members = array;
    struct member *m = &s->members[s->count++];
    *m = (struct member){.name = name, .type = type};
    return m;
}

void stats_report_number(rtc_stats_report *r, const char *name, double value)
{
    struct member *m = add(r, name, RTC_STATS_NUMBER);
    if (m)
        m->number = value;
}

void stats_report_boolean(rtc_stats_report *r, const char *name, bool value)
{
    struct member *m = add(r, name, RTC_STATS_BOOLEAN);
    if (m)
        m->number = value;
}

void stats_report_text(rtc_stats_report *r, const char *name, const char *value)
{
    stats_report_bytes(r, name, value, value ? strlen(value) : 0);
}

void stats_report_bytes(rtc_stats_report *r, const char *name, const char *value, size_t len)
{
    struct member *m = add(r, name, RTC_STATS_STRING);
    if (!m)
        return;
    m->text = value ? memory_text(r->context, value, len) : NULL;
    m->text_len = len;
    if (!m->text)
        r->failed = true;
}

void stats_report_record(rtc_stats_report *r, const char *name, const char *const *keys, const double *numbers, size_t count)
{
    struct member *m = add(r, name, RTC_STATS_RECORD);
    if (!m)
        return;
    m->numbers = memory_alloc(r->context, count * sizeof *numbers);
    if (!m->numbers) {
        r->failed = true;
        return;
    }
    memcpy(m->numbers, numbers, count * sizeof *numbers);
    m->keys = keys;
    m->number_count = count;
}

void stats_report_stamp(rtc_stats_report *r, double timestamp_ms)
{
    if (!r->failed && r->count > 0)
        r->stats[r->count - 1].timestamp_ms = timestamp_ms;
}

/* ---- Selection (webrtc-pc 8.5) ---- */

void stats_report_choose(rtc_stats_report *r)
{
    if (!r->failed && r->count > 0)
        r->stats[r->count - 1].chosen = true;
}

static bool is_reference(const struct member *m)
{
    size_t len = strlen(m->name);
    return m->type == RTC_STATS_STRING && m->text && len > 2 && strcmp(m->name + len - 2, "Id") == 0;
}

/* What this one refers to is chosen, too. True: something was not before. */
static bool follow(rtc_stats_report *r, const rtc_stats *from)
{
    bool more = false;
    for (size_t i = 0; i < from->count; i++)
        for (size_t k = 0; is_reference(&from->members[i]) && k < r->count; k++)
            if (!r->stats[k].chosen && strcmp(r->stats[k].id, from->members[i].text) == 0)
                r->stats[k].chosen = more = true;
    return more;
}

void stats_report_select(rtc_stats_report *r)
{
    size_t kept = 0;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < r->count; i++)
            more = (r->stats[i].chosen && follow(r, &r->stats[i])) || more;
    }
    for (size_t i = 0; i < r->count; i++) {
        if (r->stats[i].chosen)
            r->stats[kept++] = r->stats[i];
        else
            free_stats(r->context, &r->stats[i]);
    }
    r->count = kept;
}

bool stats_report_ok(const rtc_stats_report *r)
{
    return !r->failed;
}

size_t rtc_stats_report_count(const rtc_stats_report *r)
{
    return r->count;
}

const rtc_stats *rtc_stats_report_at(const rtc_stats_report *r, size_t index)
{
    return index < r->count ? &r->stats[index] : NULL;
}

const rtc_stats *rtc_stats_report_find(const rtc_stats_report *r, const char *id)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->stats[i].id, id) == 0)
            return &r->stats[i];
    return NULL;
}

const rtc_stats *rtc_stats_report_find_type(const rtc_stats_report *r, const char *type)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->stats[i].type, type) == 0)
            return &r->stats[i];
    return NULL;
}

const char *rtc_stats_id(const rtc_stats *s)
{
    return s->id;
}

const char *rtc_stats_type(const rtc_stats *s)
{
    return s->type;
}

double rtc_stats_timestamp_ms(const rtc_stats *s)
{
    return s->timestamp_ms;
}

size_t rtc_stats_member_count(const rtc_stats *s)
{
    return s->count;
}

const char *rtc_stats_member_name(const rtc_stats *s, size_t index)
{
    return index < s->count ? s->members[index].name : NULL;
}

rtc_stats_value_type rtc_stats_member_type(const rtc_stats *s, size_t index)
{
    return index < s->count ? s->members[index].type : (rtc_stats_value_type)0;
}

static const struct member *find(const rtc_stats *s, const char *name, rtc_stats_value_type type)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->members[i].type == type && strcmp(s->members[i].name, name) == 0)
            return &s->members[i];
    return NULL;
}

bool rtc_stats_number(const rtc_stats *s, const char *name, double *out)
{
    const struct member *m = find(s, name, RTC_STATS_NUMBER);
    if (m)
        *out = m->number;
    return m != NULL;
}

bool rtc_stats_boolean(const rtc_stats *s, const char *name, bool *out)
{
    const struct member *m = find(s, name, RTC_STATS_BOOLEAN);
    if (m)
        *out = m->number != 0;
    return m != NULL;
}

const char *rtc_stats_string(const rtc_stats *s, const char *name)
{
    const struct member *m = find(s, name, RTC_STATS_STRING);
    return m ? m->text : NULL;
}

size_t rtc_stats_string_length(const rtc_stats *s, const char *name)
{
    const struct member *m = find(s, name, RTC_STATS_STRING);
    return m ? m->text_len : 0;
}

size_t rtc_stats_record_count(const rtc_stats *s, const char *name)
{
    const struct member *m = find(s, name, RTC_STATS_RECORD);
    return m ? m->number_count : 0;
}

const char *rtc_stats_record_key(const rtc_stats *s, const char *name, size_t index)
{
    const struct member *m = find(s, name, RTC_STATS_RECORD);
    return m && index < m->number_count ? m->keys[index] : NULL;
}

bool rtc_stats_record_number(const rtc_stats *s, const char *name, const char *key, double *out)
{
    const struct member *m = find(s, name, RTC_STATS_RECORD);
    for (size_t i = 0; m && i < m->number_count; i++)
        if (strcmp(m->keys[i], key) == 0) {
            *out = m->numbers[i];
            return true;
        }
    return false;
}

/* ---- JSON ---- */

static void print_record(struct text *text, const struct member *m)
{
    text_print(text, "{");
    for (size_t i = 0; i < m->number_count; i++) {
        text_print(text, "%s\"%s\":", i > 0 ? "," : "", m->keys[i]);
        json_number(text, m->numbers[i]);
    }
    text_print(text, "}");
}

static void print_member(struct text *text, const struct member *m)
{
    text_print(text, ",\"%s\":", m->name);
    if (m->type == RTC_STATS_NUMBER)
        json_number(text, m->number);
    else if (m->type == RTC_STATS_BOOLEAN)
        text_print(text, "%s", m->number != 0 ? "true" : "false");
    else if (m->type == RTC_STATS_STRING)
        json_string(text, slice_of(m->text, m->text_len));
    else
        print_record(text, m);
}

void stats_print(struct text *text, const rtc_stats *s)
{
    text_print(text, "{\"id\":");
    json_string(text, slice_str(s->id));
    text_print(text, ",\"timestamp\":");
    json_number(text, s->timestamp_ms);
    text_print(text, ",\"type\":\"%s\"", s->type);
    for (size_t i = 0; i < s->count; i++)
        print_member(text, &s->members[i]);
    text_print(text, "}");
}

int rtc_stats_report_json(const rtc_stats_report *r, char **out)
{
    if (!r || !out)
        return error_say(RTC_ERR_TYPE, "rtc_stats_report_json: %s is NULL", r ? "out" : "report");
    struct text text = text_new(r->context);
    text_print(&text, "{");
    for (size_t i = 0; i < r->count; i++) {
        text_print(&text, "%s", i > 0 ? "," : "");
        json_string(&text, slice_str(r->stats[i].id));
        text_print(&text, ":");
        stats_print(&text, &r->stats[i]);
    }
    text_print(&text, "}");
    char *json = text_take(&text);
    if (!json)
        return error_plain(RTC_ERR_NO_MEMORY);
    *out = json;
    return RTC_OK;
}

void rtc_stats_report_free_json(const rtc_stats_report *r, char *json)
{
    if (r)
        memory_free(r->context, json);
}
