/* SPDX-License-Identifier: MIT */
/* RTCStatsReport (webrtc-pc 8.3): an immutable list of dictionaries. */
#include "stats_report.h"

#include "memory.h"

#include <stdatomic.h>

struct member {
    const char *name;
    rtc_stats_value_type type;
    double number;
    char *text;
};

struct rtc_stats {
    const char *type;
    char *id;
    double timestamp_ms;
    struct member *members;
    size_t count, capacity;
};

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
        atomic_fetch_add_explicit(&r->references, 1, memory_order_relaxed);
    return r;
}

static void free_stats(rtc_context *context, rtc_stats *s)
{
    for (size_t i = 0; i < s->count; i++)
        memory_free(context, s->members[i].text);
    memory_free(context, s->members);
    memory_free(context, s->id);
}

void rtc_stats_report_unref(rtc_stats_report *r)
{
    if (!r || atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) > 1)
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
    struct member *m = add(r, name, RTC_STATS_STRING);
    if (m)
        m->text = value ? memory_text(r->context, value, strlen(value)) : NULL;
    if (m && !m->text)
        r->failed = true;
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
