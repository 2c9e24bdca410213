/* SPDX-License-Identifier: MIT */
/* See description.h. */
#include "description.h"

#include "memory.h"

int description_new(rtc_context *context, rtc_sdp_type type, const char *sdp, struct description **out, struct sdp_error *why)
{
    struct session_description *parsed;
    int error = session_description_parse(context, slice_str(sdp), &parsed, why);
    if (error)
        return error;
    struct description *d = memory_zeroed(context, sizeof *d);
    if (!d) {
        session_description_free(context, parsed);
        return RTC_ERR_NO_MEMORY;
    }
    if (type == RTC_SDP_OFFER)
        session_description_give_mids(parsed);
    *d = (struct description){.references = 1, .type = type, .text = parsed->sdp->text, .parsed = parsed};
    *out = d;
    return RTC_OK;
}

struct description *description_ref(struct description *d)
{
    if (d)
        d->references++;
    return d;
}

void description_unref(rtc_context *context, struct description *d)
{
    if (!d || --d->references > 0)
        return;
    while (d->added) {
        struct added_candidate *next = d->added->next;
        memory_free(context, d->added);
        d->added = next;
    }
    memory_free(context, d->shown);
    session_description_free(context, d->parsed);
    memory_free(context, d);
}

bool description_rejects_all(const struct session_description *d)
{
    bool all = d != NULL;
    for (size_t i = 0; d && i < d->section_count; i++)
        all = all && d->sections[i].rejected;
    return all;
}

struct added_candidate *added_candidate_new(rtc_context *context, size_t section, struct slice text)
{
    struct added_candidate *c = memory_alloc(context, sizeof *c + text.len + 1);
    if (!c)
        return NULL;
    c->next = NULL;
    c->section = section;
    if (text.len > 0)
        memcpy(c->text, text.data, text.len);
    c->text[text.len] = 0;
    return c;
}

void description_add(rtc_context *context, struct description *d, struct added_candidate *candidate)
{
    struct added_candidate **last = &d->added;
    for (; *last; last = &(*last)->next)
        if ((*last)->section == candidate->section && strcmp((*last)->text, candidate->text) == 0) {
            memory_free(context, candidate);
            return;
        }
    *last = candidate;
    d->added_count++;
    description_forget_shown(context, d);
}

void description_forget_shown(rtc_context *context, struct description *d)
{
    if (!d)
        return;
    memory_free(context, d->shown);
    d->shown = NULL;
}

/* Those of one section folded into a text. RTC_ERR_NOT_FOUND: there are none. */
static int fold_section(rtc_context *context, const struct description *d, const char *text, size_t section, char **out)
{
    size_t count = 0;
    bool complete = false;
    struct slice *lines = memory_zeroed(context, (d->added_count + 1) * sizeof *lines);
    if (!lines)
        return RTC_ERR_NO_MEMORY;
    for (const struct added_candidate *c = d->added; c; c = c->next) {
        complete = complete || (c->section == section && !c->text[0]);
        if (c->section == section && c->text[0])
            lines[count++] = slice_str(c->text);
    }
    struct text folded = text_new(context);
    int error = RTC_ERR_NOT_FOUND;
    if (count > 0 || complete)
        error = jsep_with_candidates(context, slice_str(text), section, lines, count, complete, &folded);
    *out = error ? NULL : text_take(&folded);
    if (!*out)
        text_fini(&folded);
    memory_free(context, lines);
    return error || *out ? error : RTC_ERR_NO_MEMORY;
}

static char *show(rtc_context *context, const struct description *d)
{
    char *text = NULL, *next = NULL;
    for (size_t i = 0; i < d->parsed->section_count; i++) {
        int error = fold_section(context, d, text ? text : d->text, i, &next);
        if (error == RTC_ERR_NOT_FOUND)
            continue;
        memory_free(context, text);
        text = next;
        if (error)
            break;
    }
    return text;
}

const char *description_show(rtc_context *context, struct description *d)
{
    if (!d->shown && d->added)
        d->shown = show(context, d);
    return d->shown ? d->shown : d->text;
}
