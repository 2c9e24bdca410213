/* SPDX-License-Identifier: MIT */
/* See the header. */
#include "jsep_numbers.h"

static void note(struct jsep_numbers *n, const struct jsep_codec *codec, uint8_t payload_type, bool rtx, bool foreign)
{
    if (payload_type >= NUMBERS_PAYLOAD_TYPES || n->payload_types[payload_type].codec)
        return;
    n->payload_types[payload_type].codec = codec;
    n->payload_types[payload_type].rtx = rtx;
    n->payload_types[payload_type].foreign = foreign;
}

void jsep_numbers_note(struct jsep_numbers *n, const struct jsep_section *s, bool foreign)
{
    for (size_t k = 0; !s->rejected && k < s->rtp.codec_count; k++) {
        note(n, &s->rtp.codecs[k], s->rtp.codecs[k].payload_type, false, foreign);
        note(n, &s->rtp.codecs[k], s->rtp.codecs[k].rtx_payload_type, true, foreign);
    }
    for (size_t k = 0; !s->rejected && k < s->rtp.extension_count; k++)
        if (s->rtp.extensions[k].id < NUMBERS_EXTENSIONS && !n->extensions[s->rtp.extensions[k].id])
            n->extensions[s->rtp.extensions[k].id] = s->rtp.extensions[k].uri;
}

/* Whether the number means this codec already; for rtx, that of the same payload type. */
static bool means(const struct jsep_numbers *n, unsigned number, const struct jsep_codec *codec, bool rtx)
{
    const struct jsep_codec *owner = n->payload_types[number].codec;
    return owner && n->payload_types[number].rtx == rtx && jsep_codec_same(owner, codec) &&
           (!rtx || owner->payload_type == codec->payload_type);
}

static bool is_free(const struct jsep_numbers *n, unsigned number, bool foreign_too)
{
    return number < NUMBERS_PAYLOAD_TYPES && (!n->payload_types[number].codec || (foreign_too && n->payload_types[number].foreign));
}

/* What is to be numbered, and the section that had it before; NULL: none. */
struct wanted {
    const struct jsep_codec *codec;
    bool rtx;
    const struct jsep_section *previous;
};

/* The section had another codec under this number: it keeps that meaning there, whatever the group has. */
static bool was_another(const struct wanted *w, unsigned number)
{
    for (size_t i = 0; w->previous && i < w->previous->rtp.codec_count; i++) {
        const struct jsep_codec *c = &w->previous->rtp.codecs[i];
        if (c->payload_type == number || c->rtx_payload_type == number)
            return w->rtx != (c->rtx_payload_type == number) || !jsep_codec_same(c, w->codec) ||
                   (w->rtx && c->payload_type != w->codec->payload_type);
    }
    return false;
}

/* RFC 5761 section 4: with rtcp-mux 64-95 look like RTCP; 96-127 are the dynamic ones, 35-63 the next choice. */
static uint8_t pick_free(const struct jsep_numbers *n, const struct wanted *w, bool foreign_too)
{
    static const uint8_t ranges[][2] = {{96, 127}, {35, 63}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        for (unsigned number = ranges[i][0]; number <= ranges[i][1]; number++)
            if (is_free(n, number, foreign_too) && !was_another(w, number))
                return (uint8_t)number;
    return JSEP_NO_PAYLOAD_TYPE;
}

static uint8_t pick(const struct jsep_numbers *n, const struct wanted *w, uint8_t before, uint8_t wish)
{
    if (before < NUMBERS_PAYLOAD_TYPES && (is_free(n, before, false) || means(n, before, w->codec, w->rtx)) && !was_another(w, before))
        return before;
    if (wish < NUMBERS_PAYLOAD_TYPES && means(n, wish, w->codec, w->rtx) && !was_another(w, wish))
        return wish;
    for (unsigned number = 0; number < NUMBERS_PAYLOAD_TYPES; number++)
        if (means(n, number, w->codec, w->rtx) && !was_another(w, number))
            return (uint8_t)number;
    if (is_free(n, wish, false) && !was_another(w, wish))
        return wish;
    uint8_t found = pick_free(n, w, false);
    return found != JSEP_NO_PAYLOAD_TYPE ? found : pick_free(n, w, true);
}

static void take(struct jsep_numbers *n, const struct jsep_codec *codec, uint8_t payload_type, bool rtx)
{
    if (payload_type < NUMBERS_PAYLOAD_TYPES && n->payload_types[payload_type].foreign && !means(n, payload_type, codec, rtx))
        n->payload_types[payload_type].codec = NULL;
    note(n, codec, payload_type, rtx, false);
    n->payload_types[payload_type].foreign = false;
}

bool jsep_numbers_codec(struct jsep_numbers *n, const struct jsep_section *previous, struct jsep_codec *codec)
{
    const struct jsep_codec *before = previous ? jsep_codec_find(previous->rtp.codecs, previous->rtp.codec_count, codec) : NULL;
    uint8_t wish = codec->payload_type, rtx_wish = codec->rtx_payload_type;
    codec->payload_type = pick(n, &(struct wanted){codec, false, previous}, before ? before->payload_type : JSEP_NO_PAYLOAD_TYPE, wish);
    if (codec->payload_type == JSEP_NO_PAYLOAD_TYPE)
        return false;
    take(n, codec, codec->payload_type, false);
    if (rtx_wish == JSEP_NO_PAYLOAD_TYPE)
        return true;
    codec->rtx_payload_type =
        pick(n, &(struct wanted){codec, true, previous}, before ? before->rtx_payload_type : JSEP_NO_PAYLOAD_TYPE, rtx_wish);
    if (codec->rtx_payload_type != JSEP_NO_PAYLOAD_TYPE)
        take(n, codec, codec->rtx_payload_type, true);
    return true;
}

/* In the section the id belonged to another extension, or it is no id that can be given (15 is reserved in the one-byte form). */
static bool is_barred(const struct jsep_section *previous, unsigned id, const char *uri)
{
    bool barred = id < 1 || id >= NUMBERS_EXTENSIONS || id == 15;
    for (size_t i = 0; previous && i < previous->rtp.extension_count; i++)
        barred = barred || (previous->rtp.extensions[i].id == id && strcmp(previous->rtp.extensions[i].uri, uri) != 0);
    return barred;
}

static uint16_t pick_extension(const struct jsep_numbers *n, const struct jsep_section *previous, const struct jsep_extension *e)
{
    const struct jsep_extension *before =
        previous ? jsep_extension_find(previous->rtp.extensions, previous->rtp.extension_count, e->uri) : NULL;
    if (before && !is_barred(NULL, before->id, e->uri) && (!n->extensions[before->id] || strcmp(n->extensions[before->id], e->uri) == 0))
        return before->id;
    for (unsigned id = 1; id < NUMBERS_EXTENSIONS; id++)
        if (!is_barred(previous, id, e->uri) && n->extensions[id] && strcmp(n->extensions[id], e->uri) == 0)
            return (uint16_t)id;
    if (e->id < 15 && !is_barred(previous, e->id, e->uri) && !n->extensions[e->id])
        return e->id;
    for (unsigned id = 1; id < NUMBERS_EXTENSIONS; id++)
        if (!is_barred(previous, id, e->uri) && !n->extensions[id])
            return (uint16_t)id;
    return 0;
}

bool jsep_numbers_extension(struct jsep_numbers *n, const struct jsep_section *previous, struct jsep_extension *e)
{
    e->id = pick_extension(n, previous, e);
    if (e->id == 0)
        return false;
    n->extensions[e->id] = e->uri;
    return true;
}
