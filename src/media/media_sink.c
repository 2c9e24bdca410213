/* SPDX-License-Identifier: MIT */
/* Sinks: what a user hangs on a track (<crtc/media.h>). Pictures and sound are carried to a worker thread, one at a time; what waits is
 * bounded, and the oldest goes first when the user is slow. */
#include "context.h"
#include "error.h"
#include "executor.h"
#include "list.h"
#include "media_track.h"
#include "memory.h"
#include "options.h"
#include "references.h"

#include <pthread.h>
#include <stdatomic.h>

/* Waiting frames: pictures get old, sound must not get holes. */
enum { VIDEO_WAITING_MAX = 2, AUDIO_WAITING_MAX = 50 };

/* One of the two, a reference of the sink's. */
struct waiting {
    rtc_video_frame *video;
    rtc_audio_frame *audio;
};

/* Owner: its consumer, which its track's source owns, and a job under way. What changes is read and written with the lock held, `consumer`
 * by add_sink alone. */
struct rtc_media_sink {
    atomic_uint references; /* the consumer's, and that of a submitted job */
    rtc_context *context;
    rtc_media_stream_track *track; /* valid until `removed`, which is set before the track goes */
    struct media_consumer *consumer;
    rtc_media_sink_ops ops;
    void *user;
    bool raw; /* wants decoded frames */
    pthread_mutex_t lock;
    pthread_cond_t idle; /* a call has ended */
    struct job job;      /* submitted while something waits */
    bool submitted, removed;
    bool calling; /* `caller` is in a callback */
    pthread_t caller;
    uint32_t first, count, capacity;
    struct waiting waiting[AUDIO_WAITING_MAX];
};

static void unref(rtc_media_sink *sink)
{
    if (!references_drop(&sink->references))
        return;
    pthread_cond_destroy(&sink->idle);
    pthread_mutex_destroy(&sink->lock);
    context_free(sink->context, sink);
}

static struct waiting take_first(rtc_media_sink *sink)
{
    struct waiting w = {0};
    if (sink->count > 0) {
        w = sink->waiting[sink->first];
        sink->first = (sink->first + 1) % sink->capacity;
        sink->count--;
    }
    return w;
}

static void drop(struct waiting w)
{
    rtc_video_frame_unref(w.video);
    rtc_audio_frame_unref(w.audio);
}

static void submit(rtc_media_sink *sink)
{
    executor_submit(context_executor(sink->context), NULL, &sink->job, 0);
}

static void call(rtc_media_sink *sink, struct waiting w)
{
    if (w.video)
        sink->ops.on_video(sink->user, w.video);
    else if (w.audio)
        sink->ops.on_audio(sink->user, w.audio);
    drop(w);
}

/* One frame per turn: a busy sink must not keep a worker from others. */
static void run(struct job *job)
{
    rtc_media_sink *sink = link_owner(job, rtc_media_sink, job);
    pthread_mutex_lock(&sink->lock);
    struct waiting w = take_first(sink);
    sink->calling = true;
    sink->caller = pthread_self();
    pthread_mutex_unlock(&sink->lock);
    call(sink, w);
    pthread_mutex_lock(&sink->lock);
    sink->calling = false;
    sink->submitted = sink->count > 0;
    bool again = sink->submitted;
    pthread_cond_broadcast(&sink->idle);
    pthread_mutex_unlock(&sink->lock);
    if (again)
        submit(sink);
    else
        unref(sink);
}

/* Takes the references in `w`. */
static void enqueue(rtc_media_sink *sink, struct waiting w)
{
    struct waiting lost = {0};
    pthread_mutex_lock(&sink->lock);
    if (sink->removed) {
        pthread_mutex_unlock(&sink->lock);
        drop(w);
        return;
    }
    if (sink->count == sink->capacity) {
        lost = take_first(sink);
        media_track_count_dropped(sink->track);
    }
    sink->waiting[(sink->first + sink->count++) % sink->capacity] = w;
    bool first = !sink->submitted;
    sink->submitted = true;
    if (first)
        references_take(&sink->references);
    pthread_mutex_unlock(&sink->lock);
    if (first)
        submit(sink);
    drop(lost);
}

static void pass_video(void *user, rtc_video_frame *frame)
{
    enqueue(user, (struct waiting){.video = rtc_video_frame_ref(frame)});
}

static void pass_audio(void *user, rtc_audio_frame *frame)
{
    enqueue(user, (struct waiting){.audio = rtc_audio_frame_ref(frame)});
}

static void pass_encoded(void *user, rtc_encoded_frame *frame)
{
    rtc_media_sink *sink = user;
    sink->ops.on_encoded(sink->user, frame);
}

static uint32_t room(void *user)
{
    rtc_media_sink *sink = user;
    pthread_mutex_lock(&sink->lock);
    uint32_t left = sink->raw && !sink->removed ? sink->capacity - sink->count : UINT32_MAX;
    pthread_mutex_unlock(&sink->lock);
    return left;
}

/* No callback of the sink begins on a worker after this; with `wait` none runs either, except one that this thread is in. */
static void silence(rtc_media_sink *sink, bool wait)
{
    struct waiting rest[AUDIO_WAITING_MAX];
    uint32_t n = 0;
    pthread_mutex_lock(&sink->lock);
    sink->removed = true;
    while (sink->count > 0)
        rest[n++] = take_first(sink);
    while (wait && sink->calling && !pthread_equal(sink->caller, pthread_self()))
        pthread_cond_wait(&sink->idle, &sink->lock);
    pthread_mutex_unlock(&sink->lock);
    while (n > 0)
        drop(rest[--n]);
}

/* The consumer is gone. When that is because the track went, nobody has ended the sink's callbacks yet. */
static void consumer_released(void *user)
{
    rtc_media_sink *sink = user;
    pthread_mutex_lock(&sink->lock);
    bool removed = sink->removed;
    pthread_mutex_unlock(&sink->lock);
    if (!removed && sink->raw) /* the track is still there: it goes after its consumers */
        media_track_count_raw_sink(sink->track, false);
    if (!removed)
        silence(sink, true);
    unref(sink);
}

/* Whether this thread is in one of the sink's callbacks. */
static bool within(rtc_media_sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    bool own = sink->calling && pthread_equal(sink->caller, pthread_self());
    pthread_mutex_unlock(&sink->lock);
    return own || media_source_within(sink->consumer);
}

static rtc_media_sink *make(rtc_media_stream_track *track, const rtc_media_sink_ops *ops, void *user)
{
    rtc_context *context = media_source_context(media_track_source(track));
    rtc_media_sink *sink = memory_zeroed(context, sizeof *sink);
    if (!sink)
        return NULL;
    atomic_init(&sink->references, 1);
    sink->context = rtc_context_ref(context);
    sink->track = track;
    sink->ops = *ops;
    sink->user = user;
    sink->capacity = rtc_media_stream_track_kind(track) == RTC_MEDIA_VIDEO ? VIDEO_WAITING_MAX : AUDIO_WAITING_MAX;
    sink->raw = sink->capacity == VIDEO_WAITING_MAX ? sink->ops.on_video != NULL : sink->ops.on_audio != NULL;
    sink->job.run = run;
    sink->job.class = JOB_USER;
    pthread_mutex_init(&sink->lock, NULL);
    pthread_cond_init(&sink->idle, NULL);
    return sink;
}

static int subscribe(rtc_media_sink *sink, rtc_media_stream_track *track, rtc_media_sink **out)
{
    const struct media_consumer_ops ops = {
        .on_video = sink->ops.on_video ? pass_video : NULL,
        .on_audio = sink->ops.on_audio ? pass_audio : NULL,
        .on_encoded = sink->ops.on_encoded ? pass_encoded : NULL,
        .room = room,
        .released = consumer_released,
    };
    bool raw = sink->raw;
    rtc_media_sink *before = *out;
    *out = sink; /* before the first callback, which may want to remove it */
    if (raw)
        media_track_count_raw_sink(track, true);
    int error = media_track_add_consumer(track, &ops, sink, &sink->consumer);
    if (!error)
        return RTC_OK;
    *out = before;
    if (raw)
        media_track_count_raw_sink(track, false);
    return error;
}

int rtc_media_stream_track_add_sink(rtc_media_stream_track *track, const rtc_media_sink_ops *given, void *user, rtc_media_sink **out)
{
    rtc_media_sink_ops ops;
    if (!track || !given || !out)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_track_add_sink: %s is NULL", !track ? "track" : !given ? "ops" : "out");
    int error = options_take(&ops, sizeof ops, given, "rtc_media_sink_ops");
    if (error)
        return error;
    rtc_media_sink *sink = make(track, &ops, user);
    if (!sink)
        return error_plain(RTC_ERR_NO_MEMORY);
    if (sink->raw && !context_executor(sink->context)) {
        unref(sink);
        return error_say(RTC_ERR_NO_MEMORY, "no worker thread can be had for the sink");
    }
    error = subscribe(sink, track, out);
    if (error)
        unref(sink);
    return error_plain(error);
}

void rtc_media_stream_track_remove_sink(rtc_media_stream_track *track, rtc_media_sink *sink)
{
    if (!track || !sink)
        return;
    if (sink->raw)
        media_track_count_raw_sink(track, false);
    bool wait = !within(sink);
    struct media_consumer *consumer = sink->consumer;
    silence(sink, wait);
    media_source_remove_consumer(media_track_source(track), consumer, wait);
}
