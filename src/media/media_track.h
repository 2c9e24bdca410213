/* SPDX-License-Identifier: MIT */
/* A media track from the inside: what a connection does with the tracks it sends and the tracks it made. */
#ifndef CRTC_MEDIA_TRACK_H
#define CRTC_MEDIA_TRACK_H

#include "media_source.h"

/* A track that is fed from a connection, over a source of its own: push with rtc_media_source_push_*(media_track_source(track), ...). It
 * starts muted. `label` and `ops` may be NULL. `ops`: what its source is told; a rate of 0 then says that nobody limits it any more.
 * destroy() runs on failure, too. */
int media_track_new_remote(rtc_context *context, rtc_media_kind kind, const char *id, const char *label, const rtc_media_source_ops *ops,
                           void *user, rtc_media_stream_track **out);
/* Borrowed while the track is. */
rtc_media_source *media_track_source(const rtc_media_stream_track *track);

/* What a track tells whoever made it (mediacapture-streams 4.3.1, mute and unmute): once the change is stored, on the thread that made it.
 */
struct media_track_events {
    void (*muted)(void *user, bool muted);
};
/* `events` is borrowed; NULL: nobody listens any more. On the thread that mutes the track. */
void media_track_listen(rtc_media_stream_track *track, const struct media_track_events *events, void *user);
/* Whether something comes from the connection, to the track and its clones. One thread at a time; the same again is no event. */
void media_track_set_muted(rtc_media_stream_track *track, bool muted);
/* As rtc_media_stream_track_stop: harmless when repeated. True: it was live. */
bool media_track_end(rtc_media_stream_track *track);
/* The connection gives nothing any more, to the track and its clones, for good. True: the listeners of some are still to be told. */
bool media_track_end_all(rtc_media_stream_track *track);

enum track_event { TRACK_EVENT_MUTE, TRACK_EVENT_UNMUTE, TRACK_EVENT_ENDED };
/* Tells the listeners of this one, on this thread. */
void media_track_tell(rtc_media_stream_track *track, enum track_event event);
/* Tells the listeners of the track and its clones, once the change is stored, on this thread: of each change that was told to `events` in
 * turn; of the end those that did not hear of it. */
void media_track_tell_all(rtc_media_stream_track *track, enum track_event event);
/* That they ended, on a worker, where there is no better thread. */
void media_track_tell_end_elsewhere(rtc_media_stream_track *track);
/* That they ended will not be told. */
void media_track_end_quietly(rtc_media_stream_track *track);
/* Whether a sink of it or of a clone wants pictures or sound: a remote track without stays undecoded. Any thread; asked for every frame. */
bool media_track_wants_raw(const rtc_media_stream_track *track);

/* Subscribes to the track's frames; see media_consumer_ops. A disabled track passes black pictures and silence, and no encoded frames; an
 * ended one nothing. The consumer goes with the track at the latest. */
int media_track_add_consumer(rtc_media_stream_track *track, const struct media_consumer_ops *ops, void *user, struct media_consumer **out);
/* The same with one that was made before, which can not fail. */
void media_track_attach_consumer(rtc_media_stream_track *track, struct media_consumer *consumer);
/* Once this returns no function of the consumer runs, except from within one of them: then it returns at once and that call is the last.
 * NULL is legal. */
void media_track_remove_consumer(rtc_media_stream_track *track, struct media_consumer *consumer);

/* For sources of encoded frames: a receiver can not go on; what the network takes now. Others ignore it. */
void media_track_request_keyframe(rtc_media_stream_track *track);
void media_track_set_bitrate(rtc_media_stream_track *track, struct media_consumer *consumer, uint32_t bitrate_bps);
/* Frames that slow sinks of this track lost. */
uint64_t media_track_frames_dropped(const rtc_media_stream_track *track);

/* For the sinks of media_sink.c. */
void media_track_count_raw_sink(rtc_media_stream_track *track, bool added);
void media_track_count_dropped(rtc_media_stream_track *track);

#endif
