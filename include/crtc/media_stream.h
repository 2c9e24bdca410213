/* SPDX-License-Identifier: MIT */
/* MediaStream (mediacapture-streams 4.2): tracks that belong together. */
#ifndef CRTC_MEDIA_STREAM_H
#define CRTC_MEDIA_STREAM_H

#include <crtc/media.h>

#ifdef __cplusplus
extern "C" {
#endif

/* MediaStream: a set of tracks with an id. A sender tells its peer the ids of streams, so that the peer plays what belongs together in step; what a peer sends comes in
 * streams of the connection, whose tracks follow what the peer says.
 *
 * Owner: reference-counted. It holds references to its tracks, a connection to the streams of what it receives; senders copy the id and hold no reference.
 * Thread: any.
 * Valid: while a reference is held; its id with it.
 * Errors: as each function says.
 * Section: mediacapture-streams 4.2, RFC 8830, webrtc-pc 9. */
typedef struct rtc_media_stream rtc_media_stream;

/* `id`: 1 to 64 token characters as a=msid takes them (RFC 8830); NULL: a random UUID. It has no tracks yet. *out is a reference of the caller's.
 * Errors: RTC_ERR_TYPE (out is NULL), RTC_ERR_SYNTAX (another id), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_media_stream_new(rtc_context *context, const char *id, rtc_media_stream **out);
/* new MediaStream(tracks): with a random id; a track that is named twice is in it once. `tracks` may be NULL when there are none.
 * Errors: RTC_ERR_TYPE (out or a track is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_media_stream_new_from_tracks(rtc_context *context, rtc_media_stream_track *const *tracks, size_t track_count, rtc_media_stream **out);
/* new MediaStream(stream): with a random id, and the tracks that the other one has now.
 * Errors: RTC_ERR_TYPE (stream or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_media_stream_new_from_stream(rtc_media_stream *stream, rtc_media_stream **out);
/* clone(): with a random id, and clones of its tracks (rtc_media_stream_track_clone).
 * Errors: RTC_ERR_TYPE (stream or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_media_stream_clone(rtc_media_stream *stream, rtc_media_stream **out);
/* Takes or drops a reference. NULL is legal. */
RTC_EXPORT rtc_media_stream *rtc_media_stream_ref(rtc_media_stream *stream);
RTC_EXPORT void rtc_media_stream_unref(rtc_media_stream *stream);
/* Of one that a connection made: what the peer named it. Borrowed while a reference is held. */
RTC_EXPORT const char *rtc_media_stream_id(const rtc_media_stream *stream);
/* active: one of its tracks has not ended. */
RTC_EXPORT bool rtc_media_stream_active(rtc_media_stream *stream);

/* addTrack: one that is in it already stays where it is. Who adds knows, and no event is told.
 * Errors: RTC_ERR_TYPE (stream or track is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_media_stream_add_track(rtc_media_stream *stream, rtc_media_stream_track *track);
/* removeTrack: one that is not in it does nothing, NULL neither. No event is told. */
RTC_EXPORT void rtc_media_stream_remove_track(rtc_media_stream *stream, rtc_media_stream_track *track);
/* getTracks with kind 0, getAudioTracks and getVideoTracks: how many there are, in the order in which they came. Up to `capacity` of them are put into `tracks`, which may be
 * NULL when that is 0: each is a new reference of the caller's. */
RTC_EXPORT size_t rtc_media_stream_get_tracks(rtc_media_stream *stream, rtc_media_kind kind, rtc_media_stream_track **tracks, size_t capacity);
/* getTrackById: a new reference of the caller's, or NULL. */
RTC_EXPORT rtc_media_stream_track *rtc_media_stream_get_track_by_id(rtc_media_stream *stream, const char *id);

/* What a stream tells (mediacapture-streams 4.2.3): that its connection put a track into it, or took one out, as the peer said. What a program does to it by itself is not
 * told. Every member but size may be NULL; stream and track are borrowed for the call. They run where the connection's callbacks do, in the order of those: what is
 * taken out before what is put in, and both before the track itself is told (webrtc-pc 4.4.1.5). Those of a stream that no connection made never run. */
typedef struct rtc_media_stream_callbacks {
    size_t size;
    void (*on_add_track)(void *user, rtc_media_stream *stream, rtc_media_stream_track *track);    /* it is in the stream now */
    void (*on_remove_track)(void *user, rtc_media_stream *stream, rtc_media_stream_track *track); /* and no more */
} rtc_media_stream_callbacks;

/* Who listens to a stream; as rtc_track_listener. */
typedef struct rtc_media_stream_listener rtc_media_stream_listener;

/* Adds one more who listens, for what happens from now on. The callbacks are copied; *listener goes with the last reference to the stream, if it is not removed before.
 * Any thread. Errors: RTC_ERR_TYPE (stream, callbacks or listener is NULL, a size that is not set), RTC_ERR_NOT_SUPPORTED (a callback that this version does not know),
 * RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_media_stream_add_listener(rtc_media_stream *stream, const rtc_media_stream_callbacks *callbacks, void *user,
                                             rtc_media_stream_listener **listener);
/* Once this returns none of its callbacks runs any more; from within one of them it returns at once, and that call is the last. It waits for a callback on another
 * thread: hold no lock (such as a loop's) that the callback wants. Any thread; NULL is legal. */
RTC_EXPORT void rtc_media_stream_remove_listener(rtc_media_stream *stream, rtc_media_stream_listener *listener);

#ifdef __cplusplus
}
#endif
#endif
