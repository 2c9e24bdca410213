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

void jsep_numbers_note(struct jsep_numbers *n, const struct session_description *d, bool foreign)
{
    for (size_t i = 0; d && i < d->section_count; i++) {
        const struct jsep_section *s = &d->sections[i];
        for (size_t k = 0; !s->rejected && k < s->rtp.codec_count; k++) {
            note(n, &s->rtp.codecs[k], s->rtp.codecs[k].payload_type, false, foreign);
            note(n, &s->rtp.codecs[k], s->rtp.codecs[k].rtx_payload_type, true, foreign);
        }
        for (size_t k = 0; !s->rejected && k < s->rtp.extension_count; k++)
            if (s->rtp.extensions[k].id < NUMBERS_EXTENSIONS && !n->extensions[s->rtp.extensions[k].id])
                n->extensions[s->rtp.extensions[k].id] = s->rtp.extensions[k].uri;
    }
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

/* RFC 5761 section 4: with rtcp-mux 64-95 look like RTCP; 96-127 are the dynamic ones, 35-63 the next choice. */
static uint8_t pick_free(const struct jsep_numbers *n, bool foreign_too)
{
    for (unsigned number = 96; number <= 127; number++)
        if (is_free(n, number, foreign_too))
            return (uint8_t)number;
    for (unsigned number = 35; number <= 63; number++)
        if (is_free(n, number, foreign_too))
            return (uint8_t)number;
    return JSEP_NO_PAYLOAD_TYPE;
}

static uint8_t pick(const struct jsep_numbers *n, const struct jsep_codec *codec, uint8_t previous, uint8_t wish, bool rtx)
{
    if (previous < NUMBERS_PAYLOAD_TYPES && (is_free(n, previous, false) || means(n, previous, codec, rtx)))
        return previous;
    if (wish < NUMBERS_PAYLOAD_TYPES && means(n, wish, codec, rtx))
        return wish;
    for (unsigned number = 0; number < NUMBERS_PAYLOAD_TYPES; number++)
        if (means(n, number, codec, rtx))
            return (uint8_t)number;
    if (is_free(n, wish, false))
        return wish;
    uint8_t found = pick_free(n, false);
    return found != JSEP_NO_PAYLOAD_TYPE ? found : pick_free(n, true);
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
    codec->payload_type = pick(n, codec, before ? before->payload_type : JSEP_NO_PAYLOAD_TYPE, wish, false);
    if (codec->payload_type == JSEP_NO_PAYLOAD_TYPE)
        return false;
    take(n, codec, codec->payload_type, false);
    if (rtx_wish == JSEP_NO_PAYLOAD_TYPE)
        return true;
    codec->rtx_payload_type = pick(n, codec, before ? before->rtx_payload_type : JSEP_NO_PAYLOAD_TYPE, rtx_wish, true);
    if (codec->rtx_payload_type != JSEP_NO_PAYLOAD_TYPE)
        take(n, codec, codec->rtx_payload_type, true);
    return true;
}

static uint16_t pick_extension(const struct jsep_numbers *n, const struct jsep_extension *e)
{
    enum { RESERVED = 15 }; /* in the one-byte form */
    for (unsigned id = 1; id < NUMBERS_EXTENSIONS; id++)
        if (id != RESERVED && n->extensions[id] && strcmp(n->extensions[id], e->uri) == 0)
            return (uint16_t)id;
    if (e->id >= 1 && e->id < RESERVED && !n->extensions[e->id])
        return e->id;
    for (unsigned id = 1; id < NUMBERS_EXTENSIONS; id++)
        if (id != RESERVED && !n->extensions[id])
            return (uint16_t)id;
    return 0;
}

bool jsep_numbers_extension(struct jsep_numbers *n, struct jsep_extension *e)
{
    e->id = pick_extension(n, e);
    if (e->id == 0)
        return false;
    n->extensions[e->id] = e->uri;
    return true;
}
