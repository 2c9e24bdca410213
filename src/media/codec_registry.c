/* SPDX-License-Identifier: MIT */
/* The codecs of a context; see codec_registry.h. */
#include "codec_registry.h"

#include "codec_table.h"
#include "context.h"
#include "error.h"
#include "memory.h"
#include "options.h"

#include <pthread.h>
#include <strings.h>

/* Owner: the registry. Never written again, nor removed before the context goes: encoders and decoders keep pointers to `ops`. */
struct added {
    struct added *next;
    rtc_codec_ops ops; /* a copy, so that members which an older caller does not know are NULL */
};

/* Owner: its context. `first` is read and written with the lock held. */
struct registry {
    pthread_mutex_t lock;
    struct added *first;
};

static void release(rtc_context *context, void *value)
{
    struct registry *r = value;
    for (struct added *a = r->first, *next; a; a = next) {
        next = a->next;
        memory_free(context, a);
    }
    pthread_mutex_destroy(&r->lock);
    memory_free(context, r);
}

/* The context's registry, made at first use; NULL when out of memory. */
static struct registry *registry_of(rtc_context *context)
{
    struct registry *r = context_slot_get(context, CONTEXT_SLOT_CODECS);
    if (r)
        return r;
    r = memory_zeroed(context, sizeof *r);
    if (!r)
        return NULL;
    pthread_mutex_init(&r->lock, NULL);
    struct registry *kept = context_slot_set(context, CONTEXT_SLOT_CODECS, r, release);
    if (kept != r)
        release(context, r);
    return kept;
}

static bool makes_decoders(const rtc_codec_ops *o)
{
    return o->decoder_new || o->decoder_new_with;
}

/* Whatever it offers to do must be whole. */
static int check_complete(const rtc_codec_ops *o)
{
    bool video = o->kind == RTC_MEDIA_VIDEO;
    if (!o->name)
        return error_say(RTC_ERR_TYPE, "rtc_codec_ops.name is NULL");
    bool encodes = video ? o->encode_video || o->encode_layers : o->encode_audio != NULL;
    bool decodes = video ? o->decode_video != NULL : o->decode_audio != NULL;
    if (o->encoder_new && !(o->encoder_free && encodes))
        return error_say(RTC_ERR_TYPE, "the codec '%.40s' has encoder_new, but not all that encoding takes", o->name);
    if (makes_decoders(o) && !(o->decoder_free && decodes))
        return error_say(RTC_ERR_TYPE, "the codec '%.40s' has decoder_new, but not all that decoding takes", o->name);
    if (!o->encoder_new && !makes_decoders(o))
        return error_say(RTC_ERR_TYPE, "the codec '%.40s' can neither encode nor decode", o->name);
    if (o->temporal_layers > CODEC_TEMPORAL_LAYERS_MAX)
        return error_say(RTC_ERR_RANGE, "the codec '%.40s' has %u temporal layers, of at most %d", o->name, o->temporal_layers,
                         CODEC_TEMPORAL_LAYERS_MAX);
    return RTC_OK;
}

int rtc_context_add_codec(rtc_context *context, const rtc_codec_ops *given)
{
    rtc_codec_ops ops;
    if (!given)
        return error_say(RTC_ERR_TYPE, "rtc_context_add_codec: ops is NULL");
    int error = options_take(&ops, sizeof ops, given, "rtc_codec_ops");
    if (!error)
        error = check_complete(&ops);
    if (error)
        return error;
    if (!codec_row_carried(ops.kind, ops.name))
        return error_say(RTC_ERR_NOT_SUPPORTED, "there is no RTP payload format for a codec '%.40s' of that kind here", ops.name);
    context = context_resolve(context);
    struct registry *r = context ? registry_of(context) : NULL;
    struct added *a = r ? memory_alloc(context, sizeof *a) : NULL;
    if (!a)
        return error_plain(RTC_ERR_NO_MEMORY);
    a->ops = ops;
    pthread_mutex_lock(&r->lock);
    a->next = r->first;
    r->first = a;
    pthread_mutex_unlock(&r->lock);
    return RTC_OK;
}

enum ability { ENCODES, DECODES };

static bool suits(const rtc_codec_ops *ops, rtc_media_kind kind, const char *name, enum ability ability)
{
    if (ops->kind != kind || strcasecmp(ops->name, name) != 0)
        return false;
    return ability == ENCODES ? ops->encoder_new != NULL : makes_decoders(ops);
}

static const rtc_codec_ops *find_added(rtc_context *context, rtc_media_kind kind, const char *name, enum ability ability)
{
    struct registry *r = context ? context_slot_get(context, CONTEXT_SLOT_CODECS) : NULL;
    if (!r)
        return NULL;
    pthread_mutex_lock(&r->lock);
    const struct added *a = r->first;
    while (a && !suits(&a->ops, kind, name, ability))
        a = a->next;
    pthread_mutex_unlock(&r->lock);
    return a ? &a->ops : NULL;
}

static const rtc_codec_ops *find(rtc_context *context, rtc_media_kind kind, const char *name, enum ability ability)
{
    const rtc_codec_ops *found = find_added(context_resolve(context), kind, name, ability);
    for (const rtc_codec_ops *const *o = builtin_codecs; !found && *o; o++)
        if (suits(*o, kind, name, ability))
            found = *o;
    return found;
}

const rtc_codec_ops *codec_find_encoder(rtc_context *context, rtc_media_kind kind, const char *name)
{
    return find(context, kind, name, ENCODES);
}

const rtc_codec_ops *codec_find_decoder(rtc_context *context, rtc_media_kind kind, const char *name)
{
    return find(context, kind, name, DECODES);
}
