/* SPDX-License-Identifier: MIT */
/* MediaStream (mediacapture-streams 4.2): an id and a set of tracks, in the order in which they came; and the making of such ids. */
#include "media_stream.h"

#include "context.h"
#include "error.h"
#include "event_listeners.h"
#include "media_id.h"
#include "memory.h"
#include "options.h"
#include "references.h"

#include <crtc/media.h>
#include <stdatomic.h>
#include <stdio.h>

/* Counted. The tracks are read and written with the lock held; all else is set when it is made. */
struct rtc_media_stream {
    atomic_uint references;
    rtc_context *context;
    char *id;
    pthread_mutex_t lock;
    rtc_media_stream_track **tracks; /* references */
    size_t track_count, track_capacity;
    struct event_listeners listeners;
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

/* ---- Making ---- */

int media_stream_new_remote(rtc_context *context, const char *id, rtc_media_stream **out)
{
    rtc_media_stream *stream = memory_zeroed(context, sizeof *stream);
    char *own_id = memory_text(context, id, strlen(id));
    if (!stream || !own_id) {
        memory_free(context, stream);
        memory_free(context, own_id);
        return RTC_ERR_NO_MEMORY;
    }
    atomic_init(&stream->references, 1);
    stream->context = rtc_context_ref(context);
    stream->id = own_id;
    pthread_mutex_init(&stream->lock, NULL);
    event_listeners_init(&stream->listeners);
    *out = stream;
    return RTC_OK;
}

static int make(rtc_context *context, rtc_media_stream **out)
{
    char id[MEDIA_ID_CAPACITY];
    context = context_resolve(context);
    if (!context)
        return RTC_ERR_NO_MEMORY;
    media_id_random(context, id);
    return media_stream_new_remote(context, id, out);
}

int rtc_media_stream_new(rtc_context *context, const char *id, rtc_media_stream **out)
{
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_new: out is NULL");
    if (id && !media_id_valid(id))
        return error_say(RTC_ERR_SYNTAX, "a stream's id has 1 to %d token characters, and '%.80s' has not", MEDIA_ID_MAX, id);
    if (!id)
        return error_plain(make(context, out));
    context = context_resolve(context);
    return error_plain(context ? media_stream_new_remote(context, id, out) : RTC_ERR_NO_MEMORY);
}

/* Takes what is in it, or nothing. */
static int add_all(rtc_media_stream *stream, rtc_media_stream_track *const *tracks, size_t count)
{
    int error = media_stream_reserve(stream, count);
    for (size_t i = 0; i < count && !error; i++)
        error = rtc_media_stream_add_track(stream, tracks[i]);
    return error;
}

static int make_of(rtc_context *context, rtc_media_stream_track *const *tracks, size_t count, rtc_media_stream **out)
{
    rtc_media_stream *stream = NULL;
    int error = make(context, &stream);
    if (!error)
        error = add_all(stream, tracks, count);
    if (error)
        rtc_media_stream_unref(stream);
    else
        *out = stream;
    return error_plain(error);
}

int rtc_media_stream_new_from_tracks(rtc_context *context, rtc_media_stream_track *const *tracks, size_t count, rtc_media_stream **out)
{
    if (!out || (count > 0 && !tracks))
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_new_from_tracks: %s is NULL", out ? "tracks" : "out");
    for (size_t i = 0; i < count; i++)
        if (!tracks[i])
            return error_say(RTC_ERR_TYPE, "rtc_media_stream_new_from_tracks: track %zu is NULL", i);
    return make_of(context, tracks, count, out);
}

/* What is in it now: *tracks is the caller's to free, with a reference to each. */
static int copy_tracks(rtc_media_stream *stream, rtc_media_stream_track ***tracks, size_t *count)
{
    int error = RTC_OK;
    pthread_mutex_lock(&stream->lock);
    *count = stream->track_count;
    *tracks = memory_zeroed(stream->context, (*count + 1) * sizeof **tracks);
    for (size_t i = 0; *tracks && i < *count; i++)
        (*tracks)[i] = rtc_media_stream_track_ref(stream->tracks[i]);
    if (!*tracks)
        error = RTC_ERR_NO_MEMORY;
    pthread_mutex_unlock(&stream->lock);
    return error;
}

static void free_tracks(rtc_context *context, rtc_media_stream_track **tracks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rtc_media_stream_track_unref(tracks[i]);
    memory_free(context, tracks);
}

int rtc_media_stream_new_from_stream(rtc_media_stream *stream, rtc_media_stream **out)
{
    rtc_media_stream_track **tracks;
    size_t count;
    if (!stream || !out)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_new_from_stream: %s is NULL", stream ? "out" : "stream");
    int error = copy_tracks(stream, &tracks, &count);
    if (error)
        return error_plain(error);
    error = make_of(stream->context, tracks, count, out);
    free_tracks(stream->context, tracks, count);
    return error;
}

int rtc_media_stream_clone(rtc_media_stream *stream, rtc_media_stream **out)
{
    rtc_media_stream_track **tracks, *clone;
    size_t count;
    if (!stream || !out)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_clone: %s is NULL", stream ? "out" : "stream");
    int error = copy_tracks(stream, &tracks, &count);
    if (error)
        return error_plain(error);
    for (size_t i = 0; i < count && !error; i++) {
        error = rtc_media_stream_track_clone(tracks[i], &clone);
        if (error)
            break;
        rtc_media_stream_track_unref(tracks[i]);
        tracks[i] = clone;
    }
    if (!error)
        error = make_of(stream->context, tracks, count, out);
    free_tracks(stream->context, tracks, count);
    return error;
}

rtc_media_stream *rtc_media_stream_ref(rtc_media_stream *stream)
{
    if (stream)
        references_take(&stream->references);
    return stream;
}

void rtc_media_stream_unref(rtc_media_stream *stream)
{
    if (!stream || !references_drop(&stream->references))
        return;
    rtc_context *context = stream->context;
    free_tracks(context, stream->tracks, stream->track_count);
    event_listeners_fini(&stream->listeners, context);
    pthread_mutex_destroy(&stream->lock);
    memory_free(context, stream->id);
    memory_free(context, stream);
    rtc_context_unref(context);
}

const char *rtc_media_stream_id(const rtc_media_stream *stream)
{
    return stream->id;
}

/* ---- Its tracks ---- */

/* With the lock held. */
static size_t position_of(const rtc_media_stream *stream, const rtc_media_stream_track *track)
{
    size_t i = 0;
    while (i < stream->track_count && stream->tracks[i] != track)
        i++;
    return i;
}

/* With the lock held. */
static int grow(rtc_media_stream *stream, size_t count)
{
    void *array = stream->tracks;
    if (!memory_grow(stream->context, &array, &stream->track_capacity, stream->track_count + count, sizeof *stream->tracks))
        return RTC_ERR_NO_MEMORY;
    stream->tracks = array;
    return RTC_OK;
}

int media_stream_reserve(rtc_media_stream *stream, size_t count)
{
    pthread_mutex_lock(&stream->lock);
    int error = grow(stream, count);
    pthread_mutex_unlock(&stream->lock);
    return error;
}

static int add(rtc_media_stream *stream, rtc_media_stream_track *track, bool *added)
{
    pthread_mutex_lock(&stream->lock);
    bool there = position_of(stream, track) < stream->track_count;
    int error = there ? RTC_OK : grow(stream, 1);
    *added = !there && !error;
    if (*added)
        stream->tracks[stream->track_count++] = rtc_media_stream_track_ref(track);
    pthread_mutex_unlock(&stream->lock);
    return error;
}

int rtc_media_stream_add_track(rtc_media_stream *stream, rtc_media_stream_track *track)
{
    bool added;
    if (!stream || !track)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_add_track: %s is NULL", stream ? "track" : "stream");
    return error_plain(add(stream, track, &added));
}

bool media_stream_put(rtc_media_stream *stream, rtc_media_stream_track *track)
{
    bool added;
    (void)add(stream, track, &added);
    return added;
}

bool media_stream_take(rtc_media_stream *stream, rtc_media_stream_track *track)
{
    pthread_mutex_lock(&stream->lock);
    size_t i = position_of(stream, track);
    bool there = i < stream->track_count;
    if (there)
        memmove(&stream->tracks[i], &stream->tracks[i + 1], (--stream->track_count - i) * sizeof *stream->tracks);
    pthread_mutex_unlock(&stream->lock);
    if (there)
        rtc_media_stream_track_unref(track);
    return there;
}

void rtc_media_stream_remove_track(rtc_media_stream *stream, rtc_media_stream_track *track)
{
    if (stream && track)
        (void)media_stream_take(stream, track);
}

size_t rtc_media_stream_get_tracks(rtc_media_stream *stream, rtc_media_kind kind, rtc_media_stream_track **tracks, size_t capacity)
{
    size_t count = 0;
    if (!stream)
        return 0;
    pthread_mutex_lock(&stream->lock);
    for (size_t i = 0; i < stream->track_count; i++) {
        if (kind && rtc_media_stream_track_kind(stream->tracks[i]) != kind)
            continue;
        if (count < capacity)
            tracks[count] = rtc_media_stream_track_ref(stream->tracks[i]);
        count++;
    }
    pthread_mutex_unlock(&stream->lock);
    return count;
}

rtc_media_stream_track *rtc_media_stream_get_track_by_id(rtc_media_stream *stream, const char *id)
{
    rtc_media_stream_track *found = NULL;
    if (!stream || !id)
        return NULL;
    pthread_mutex_lock(&stream->lock);
    for (size_t i = 0; i < stream->track_count && !found; i++)
        if (strcmp(rtc_media_stream_track_id(stream->tracks[i]), id) == 0)
            found = rtc_media_stream_track_ref(stream->tracks[i]);
    pthread_mutex_unlock(&stream->lock);
    return found;
}

bool rtc_media_stream_active(rtc_media_stream *stream)
{
    bool active = false;
    if (!stream)
        return false;
    pthread_mutex_lock(&stream->lock);
    for (size_t i = 0; i < stream->track_count; i++)
        active = active || rtc_media_stream_track_ready_state(stream->tracks[i]) == RTC_TRACK_LIVE;
    pthread_mutex_unlock(&stream->lock);
    return active;
}

/* ---- Who listens ---- */

int rtc_media_stream_add_listener(rtc_media_stream *stream, const rtc_media_stream_callbacks *given, void *user,
                                  rtc_media_stream_listener **out)
{
    rtc_media_stream_callbacks callbacks;
    if (!stream || !given || !out)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_add_listener: %s is NULL", !stream ? "stream" : !given ? "callbacks" : "listener");
    int error = options_take(&callbacks, sizeof callbacks, given, "rtc_media_stream_callbacks");
    return error ? error
                 : error_plain(event_listeners_add(&stream->listeners, stream->context, &callbacks, sizeof callbacks, user,
                                                   (struct event_listener **)out));
}

void rtc_media_stream_remove_listener(rtc_media_stream *stream, rtc_media_stream_listener *listener)
{
    if (stream && listener)
        event_listeners_remove(&stream->listeners, stream->context, (struct event_listener *)listener);
}

struct told {
    rtc_media_stream *stream;
    rtc_media_stream_track *track;
    bool added;
};

static void call(const void *listener, void *user, const void *what)
{
    const rtc_media_stream_callbacks *c = listener;
    const struct told *told = what;
    void (*callback)(void *, rtc_media_stream *, rtc_media_stream_track *) = told->added ? c->on_add_track : c->on_remove_track;
    if (callback)
        callback(user, told->stream, told->track);
}

void media_stream_tell(rtc_media_stream *stream, rtc_media_stream_track *track, bool added)
{
    const struct told told = {stream, track, added};
    (void)rtc_media_stream_ref(stream); /* a callback may drop the last ones */
    (void)rtc_media_stream_track_ref(track);
    event_listeners_tell(&stream->listeners, stream->context, call, &told);
    rtc_media_stream_track_unref(track);
    rtc_media_stream_unref(stream);
}
