/* SPDX-License-Identifier: MIT */
/* A media source from the inside: who consumes it. Frames pass from the pushing thread to every consumer of every live track of the source.
 */
#ifndef CRTC_MEDIA_SOURCE_H
#define CRTC_MEDIA_SOURCE_H

#include "audio_power.h"
#include "event_rate.h"
#include "list.h"

#include <crtc/media.h>
#include <stdatomic.h>

/* One subscriber of one track. Every function may be NULL. All but room() run on the pushing thread, without any lock of the source, and
 * must not wait for a lock that the thread that removes the consumer may hold. Frames are borrowed for the call. */
struct media_consumer_ops {
    void (*on_video)(void *user, rtc_video_frame *frame);
    void (*on_audio)(void *user, rtc_audio_frame *frame);
    void (*on_encoded)(void *user, rtc_encoded_frame *frame);
    void (*released)(void *user); /* the consumer is gone: no other function runs now or later. Any thread. */
    uint32_t (*room)(void *user); /* how many frames it takes now without dropping one; under the source's lock */
};
struct media_consumer;

/* What has passed, for statistics (webrtc-stats RTCMediaSourceStats). Part of the source, written with its lock held; handed out as a copy.
 */
struct media_source_stats {
    uint64_t frames; /* raw pictures, or stretches of sound */
    uint32_t width, height;
    uint64_t audio_samples; /* per channel */
    uint32_t sample_rate, channels;
    uint64_t encoded_frames;
    struct event_rate rate;   /* of pictures: raw ones, else encoded ones */
    struct audio_meter meter; /* of raw sound */
};

/* A track, as its source knows it: part of the track. The link is the source's. Written by the track before it is added. */
struct media_source_track {
    struct link link;
    const struct media_source_track_ops *ops;
};
struct media_source_track_ops {
    bool (*hold)(struct media_source_track *); /* takes a reference, unless the track is about to go. Under the source's lock. */
    void (*drop)(struct media_source_track *); /* gives it back */
    void (*says)(struct media_source_track *, bool muted, bool ended); /* what its source is now, or was all the time. While it is held. */
};

/* In two steps, for who must not fail halfway: one that was made and not added yet is its maker's, and discarded without released(). Copies
 * `ops`. RTC_ERR_NO_MEMORY. */
int media_consumer_new(rtc_context *context, const struct media_consumer_ops *ops, void *user, struct media_consumer **out);
void media_consumer_discard(rtc_context *context, struct media_consumer *consumer);
/* Begins to pass frames of `track` (not referenced: it removes its consumers when it goes). The consumer is the source's from now on. */
void media_source_add_consumer(rtc_media_source *source, rtc_media_stream_track *track, struct media_consumer *consumer);
/* With `wait`: once this returns none of its functions runs, except the ones that this thread itself is in. */
void media_source_remove_consumer(rtc_media_source *source, struct media_consumer *consumer, bool wait);
/* Whether this thread is in one of the consumer's functions. */
bool media_source_within(const struct media_consumer *consumer);
/* The track ended: its consumers stay but no longer count, so that a source nobody needs is told to stop. */
void media_source_end_track(rtc_media_source *source, const rtc_media_stream_track *track);
/* From now on the track hears what becomes of its source. What that is already is stored in *muted and *ended. */
void media_source_add_track(rtc_media_source *source, struct media_source_track *member, atomic_bool *muted, atomic_bool *ended);
/* Calls `visit` for every track there is, held meanwhile, in order of making; outside of the source's lock. */
void media_source_visit_tracks(rtc_media_source *source, void (*visit)(struct media_source_track *, void *user), void *user);
/* The track goes: it hears nothing more, and its consumers are removed. */
void media_source_remove_track(rtc_media_source *source, struct media_source_track *member, const rtc_media_stream_track *track);

/* How many sinks of its tracks want pictures or sound. Any thread; asked for every frame. */
void media_source_count_raw(rtc_media_source *source, bool added);
bool media_source_wants_raw(const rtc_media_source *source);

void media_source_request_keyframe(rtc_media_source *source);
/* What this consumer's network takes: the source is told the least of all consumers', whenever that changes. With `consumer` removed, what
 * the others take; once nobody limits it any more only the library's own sources hear of that, as 0. */
void media_source_set_bitrate(rtc_media_source *source, struct media_consumer *consumer, uint32_t bitrate_bps);
/* Its set_bitrate() understands 0. */
void media_source_understands_unlimited(rtc_media_source *source);
const char *media_source_label(const rtc_media_source *source);
rtc_context *media_source_context(const rtc_media_source *source);
void media_source_stats(rtc_media_source *source, struct media_source_stats *out);

#endif
