/* SPDX-License-Identifier: MIT */
/* MediaStream (mediacapture-streams 4.2), as far as signalling knows it: a name that tracks share; and the making of such names. */
#include "context.h"
#include "error.h"
#include "media_id.h"
#include "memory.h"

#include <crtc/media.h>
#include <stdatomic.h>
#include <stdio.h>

/* Counted. Nobody writes it once it is made, but for the count. */
struct rtc_media_stream {
    atomic_uint references;
    rtc_context *context;
    char id[MEDIA_ID_MAX + 1];
};

void media_id_random(rtc_context *context, char id[MEDIA_ID_CAPACITY])
{
    uint8_t b[16];
    char *at = id;
    context_random(context, b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    for (int i = 0; i < 16; i++)
        at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", b[i]);
}

bool media_id_valid(const char *id)
{
    size_t len = strspn(id, "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~");
    return len > 0 && len <= MEDIA_ID_MAX && id[len] == 0;
}

int rtc_media_stream_new(rtc_context *context, const char *id, rtc_media_stream **out)
{
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_new: out is NULL");
    if (id && !media_id_valid(id))
        return error_say(RTC_ERR_SYNTAX, "a stream's id has 1 to %d token characters, and '%.80s' has not", MEDIA_ID_MAX, id);
    context = context_resolve(context);
    rtc_media_stream *stream = context ? memory_zeroed(context, sizeof *stream) : NULL;
    if (!stream)
        return error_plain(RTC_ERR_NO_MEMORY);
    atomic_init(&stream->references, 1);
    stream->context = rtc_context_ref(context);
    if (id)
        memcpy(stream->id, id, strlen(id));
    else
        media_id_random(context, stream->id);
    *out = stream;
    return RTC_OK;
}

rtc_media_stream *rtc_media_stream_ref(rtc_media_stream *stream)
{
    if (stream)
        atomic_fetch_add_explicit(&stream->references, 1, memory_order_relaxed);
    return stream;
}

void rtc_media_stream_unref(rtc_media_stream *stream)
{
    if (!stream || atomic_fetch_sub_explicit(&stream->references, 1, memory_order_acq_rel) > 1)
        return;
    rtc_context *context = stream->context;
    memory_free(context, stream);
    rtc_context_unref(context);
}

const char *rtc_media_stream_id(const rtc_media_stream *stream)
{
    return stream->id;
}
