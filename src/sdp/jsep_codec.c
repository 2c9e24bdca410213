/* SPDX-License-Identifier: MIT */
/* Formats of a section as codecs: when two are the same one (RFC 3264 section 6.1 and each payload format's offer/answer rules), and their
 * parameters. */
#include "codec_table.h"
#include "fmtp.h"
#include "jsep_internal.h"

#include <string.h>

bool jsep_copy(char *out, size_t size, struct slice from)
{
    out[0] = 0;
    if (from.len >= size || (from.len > 0 && memchr(from.data, 0, from.len)))
        return false;
    if (from.len > 0)
        memcpy(out, from.data, from.len);
    out[from.len] = 0;
    return true;
}

static struct slice value_or(const char *fmtp, const char *name, const char *absent)
{
    struct slice value = fmtp_value(fmtp, name);
    return value.len > 0 ? value : slice_str(absent);
}

/* Whether the parameters that select a bit stream agree. */
static bool same_format(const struct jsep_codec *a, const struct jsep_codec *b)
{
    const struct codec_row *row = codec_row_named(a->name);
    if (row && row->same_parameters)
        return row->same_parameters(a->fmtp, b->fmtp);
    for (size_t i = 0; row && i < CODEC_DISTINCT_MAX && row->distinct[i].name; i++) {
        const struct codec_parameter *p = &row->distinct[i];
        struct slice x = value_or(a->fmtp, p->name, p->absent), y = value_or(b->fmtp, p->name, p->absent);
        if (p->compared && x.len > p->compared && y.len > p->compared)
            x.len = y.len = p->compared;
        if (!slice_eq_nocase(x, y))
            return false;
    }
    return true;
}

bool jsep_codec_same(const struct jsep_codec *a, const struct jsep_codec *b)
{
    return slice_eq_nocase(slice_str(a->name), slice_str(b->name)) && a->clock_rate == b->clock_rate && a->channels == b->channels &&
           same_format(a, b);
}

const struct jsep_codec *jsep_codec_find(const struct jsep_codec *codecs, size_t count, const struct jsep_codec *wanted)
{
    for (size_t i = 0; i < count; i++)
        if (jsep_codec_same(&codecs[i], wanted))
            return &codecs[i];
    return NULL;
}

void jsep_codec_restrict(struct jsep_codec *codec, const struct jsep_codec *other)
{
    codec->nack = codec->nack && other->nack;
    codec->nack_pli = codec->nack_pli && other->nack_pli;
    codec->ccm_fir = codec->ccm_fir && other->ccm_fir;
    codec->goog_remb = codec->goog_remb && other->goog_remb;
    bool transport_cc = codec->transport_cc && other->transport_cc;
    codec->ccfb = codec->ccfb && other->ccfb && (codec->ccfb_first || other->ccfb_first || !transport_cc);
    codec->transport_cc = transport_cc && !codec->ccfb; /* one of the two (RFC 8888 section 6) */
    if (other->rtx_payload_type == JSEP_NO_PAYLOAD_TYPE)
        codec->rtx_payload_type = JSEP_NO_PAYLOAD_TYPE;
}

void jsep_codec_answer(struct jsep_codec *codec, const struct jsep_codec *theirs)
{
    const struct codec_row *row = codec_row_named(codec->name);
    char ours[sizeof codec->fmtp];
    if (!row || !row->answer_parameters)
        return;
    memcpy(ours, codec->fmtp, sizeof ours);
    row->answer_parameters(theirs->fmtp, ours, codec->fmtp, sizeof codec->fmtp);
}

bool jsep_codec_is_auxiliary(const struct jsep_codec *codec)
{
    const struct codec_row *row = codec_row_named(codec->name);
    return row && row->auxiliary;
}

bool jsep_codec_is_flexfec(const struct jsep_codec *codec)
{
    const struct codec_row *row = codec_row_named(codec->name);
    return row && row->parity == CODEC_FLEXFEC;
}

bool jsep_codec_has_tones(const struct jsep_codec *codec)
{
    const struct codec_row *row = codec_row_named(codec->name);
    return row && row->tones;
}

bool jsep_codec_is_redundancy(const struct jsep_codec *codec)
{
    return slice_is_nocase(slice_str(codec->name), "red") && codec->channels == 2 && codec->clock_rate == 48000;
}

const struct jsep_codec *jsep_codec_wrapped(const struct jsep_codec *codecs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is_nocase(slice_str(codecs[i].name), "opus"))
            return &codecs[i];
    return NULL;
}

bool jsep_codec_is_beside(const struct jsep_codec *codec)
{
    return jsep_codec_is_auxiliary(codec);
}

size_t jsep_common_codecs(const struct jsep_section *theirs, const struct jsep_section *ours, struct jsep_codec *out, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < theirs->rtp.codec_count && count < max; i++) {
        const struct jsep_codec *known = jsep_codec_find(ours->rtp.codecs, ours->rtp.codec_count, &theirs->rtp.codecs[i]);
        if (!known)
            continue;
        out[count] = theirs->rtp.codecs[i];
        jsep_codec_restrict(&out[count++], known);
    }
    return count;
}

bool jsep_common_codec(const struct jsep_section *theirs, const struct jsep_section *ours, const struct jsep_codec *wanted,
                       struct jsep_codec *out)
{
    const struct jsep_codec *named = jsep_codec_find(theirs->rtp.codecs, theirs->rtp.codec_count, wanted);
    const struct jsep_codec *known = named ? jsep_codec_find(ours->rtp.codecs, ours->rtp.codec_count, wanted) : NULL;
    if (!known)
        return false;
    *out = *named;
    jsep_codec_restrict(out, known);
    return true;
}

bool jsep_codec_for_sending(const struct jsep_section *theirs, const struct jsep_codec *codecs, size_t count, struct jsep_codec *out)
{
    for (size_t i = 0; i < theirs->rtp.codec_count; i++) {
        const struct jsep_codec *known = jsep_codec_find(codecs, count, &theirs->rtp.codecs[i]);
        if (!known || known->receive_only || jsep_codec_is_beside(known))
            continue;
        *out = theirs->rtp.codecs[i];
        jsep_codec_restrict(out, known);
        return true;
    }
    return false;
}

bool jsep_codecs_meet(const struct jsep_codec *a, size_t a_count, const struct jsep_codec *b, size_t b_count)
{
    for (size_t i = 0; i < a_count; i++)
        if (!jsep_codec_is_auxiliary(&a[i]) && jsep_codec_find(b, b_count, &a[i]))
            return true;
    return false;
}

static bool is_named_before(const struct jsep_codec *codecs, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (slice_eq_nocase(slice_str(codecs[i].name), slice_str(codecs[index].name)))
            return true;
    return false;
}

void jsep_list_codecs(const struct jsep_codec *codecs, size_t count, struct text *out)
{
    const char *separator = "";
    for (size_t i = 0; i < count; i++) {
        if (jsep_codec_is_auxiliary(&codecs[i]) || is_named_before(codecs, i))
            continue;
        text_print(out, "%s%s", separator, codecs[i].name);
        separator = ", ";
    }
    if (!separator[0])
        text_print(out, "none");
}

const struct jsep_extension *jsep_extension_find(const struct jsep_extension *extensions, size_t count, const char *uri)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(extensions[i].uri, uri) == 0)
            return &extensions[i];
    return NULL;
}
