/* SPDX-License-Identifier: MIT */
/* See candidate_object.h. The members that are words of the text are copied behind it. */
#include "candidate_object.h"

#include "error.h"
#include "context.h"
#include "ice_candidate.h"
#include "memory.h"
#include "options.h"
#include "references.h"

#include <stdatomic.h>

/* Counted. Written where it is made; after that only the count changes, on any thread. */
struct candidate_object {
    rtc_ice_candidate face; /* first: what users hold */
    atomic_uint references;
    rtc_context *context; /* a reference */
    char text[];
};

static struct candidate_object *inner(const rtc_ice_candidate *candidate)
{
    return (struct candidate_object *)(uintptr_t)candidate;
}

/* Appends a copy to the block; NULL stays NULL. */
static const char *keep(char **at, const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* The same with a word of the text; NULL when there is none. */
static const char *keep_word(char **at, struct slice word)
{
    if (word.len == 0)
        return NULL;
    char *copy = memcpy(*at, word.data, word.len);
    copy[word.len] = 0;
    *at += word.len + 1;
    return copy;
}

/* What the text says. */
struct members {
    bool readable;
    struct ice_candidate c;
    struct ice_candidate_words words;
};

static void read_members(struct slice text, struct members *out)
{
    out->readable = !ice_candidate_parse(text, &out->c) && ice_candidate_split(text, &out->words);
}

static size_t size_of_words(const struct members *m)
{
    return m->readable ? m->words.foundation.len + m->words.address.len + m->words.related_address.len + 3 : 0;
}

static void keep_members(rtc_ice_candidate *face, const struct members *m, char **at)
{
    const struct ice_candidate *c = &m->c;
    if (!m->readable)
        return;
    face->foundation = keep_word(at, m->words.foundation);
    face->component = c->component == 1 ? "rtp" : c->component == 2 ? "rtcp" : NULL;
    face->priority = c->priority;
    face->address = keep_word(at, m->words.address);
    face->protocol = c->protocol == PATH_TCP ? "tcp" : "udp";
    face->port = c->address.port;
    face->type = ice_candidate_type_name((enum ice_candidate_type)c->type);
    face->tcp_type = c->tcp_type != ICE_TCP_NONE ? ice_tcp_type_name((enum ice_tcp_type)c->tcp_type) : NULL;
    face->related_address = keep_word(at, m->words.related_address);
    uint64_t port;
    if (slice_to_u64(m->words.related_port, UINT16_MAX, &port))
        face->related_port = (int)port;
}

const rtc_ice_candidate *candidate_object_new(rtc_context *context, const rtc_ice_candidate_init *init)
{
    const char *text = init->candidate ? init->candidate : "";
    struct members members;
    read_members(slice_str(text), &members);
    size_t size = size_of(text) + size_of_words(&members) + size_of(init->sdp_mid) + size_of(init->username_fragment) +
                  size_of(init->relay_protocol) + size_of(init->url);
    struct candidate_object *c = memory_alloc(context, sizeof *c + size);
    if (!c)
        return NULL;
    char *at = c->text;
    atomic_init(&c->references, 1);
    c->context = rtc_context_ref(context);
    c->face = (rtc_ice_candidate){.size = sizeof c->face, .related_port = -1};
    c->face.sdp_m_line_index = init->has_sdp_m_line_index ? init->sdp_m_line_index : -1;
    c->face.candidate = keep(&at, text);
    c->face.sdp_mid = keep(&at, init->sdp_mid);
    c->face.username_fragment = keep(&at, init->username_fragment);
    c->face.relay_protocol = keep(&at, init->relay_protocol);
    c->face.url = keep(&at, init->url);
    keep_members(&c->face, &members, &at);
    return &c->face;
}

void candidate_object_hold(void *candidate)
{
    (void)rtc_ice_candidate_ref(candidate);
}

int rtc_ice_candidate_new(rtc_context *context, const rtc_ice_candidate_init *given, const rtc_ice_candidate **out)
{
    rtc_ice_candidate_init init;
    context = context_resolve(context);
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_ice_candidate_new: out is NULL");
    int error = options_take(&init, sizeof init, given, "rtc_ice_candidate_init");
    if (error)
        return error;
    init.has_sdp_m_line_index = init.has_sdp_m_line_index || init.sdp_m_line_index > 0;
    if (!init.sdp_mid && !init.has_sdp_m_line_index)
        return error_say(RTC_ERR_TYPE, "rtc_ice_candidate_new: neither sdp_mid nor sdp_m_line_index");
    const rtc_ice_candidate *made = context ? candidate_object_new(context, &init) : NULL;
    if (!made)
        return error_plain(RTC_ERR_NO_MEMORY);
    *out = made;
    return RTC_OK;
}

const rtc_ice_candidate *rtc_ice_candidate_ref(const rtc_ice_candidate *candidate)
{
    if (candidate)
        references_take(&inner(candidate)->references);
    return candidate;
}

void rtc_ice_candidate_unref(const rtc_ice_candidate *candidate)
{
    struct candidate_object *c = inner(candidate);
    if (!c || !references_drop(&c->references))
        return;
    context_free(c->context, c);
}
