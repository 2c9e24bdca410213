/* SPDX-License-Identifier: MIT */
/* MediaStreamTrack (mediacapture-streams 4.3): a source as one user sees it, with its own enabled, muted and ended. */
#include "media_track.h"

#include "context.h"
#include "error.h"
#include "event_listeners.h"
#include "executor.h"
#include "list.h"
#include "media_id.h"
#include "memory.h"
#include "options.h"
#include "references.h"

#include <stdatomic.h>

/* Counted. `enabled` and the hint are the program's to write, `muted` and `ended` are written by what the source says, and by the
 * connection that receives it; `ended` by stop(), too. */
struct rtc_media_stream_track {
    atomic_uint references;
    rtc_context *context;
    rtc_media_source *source; /* a reference */
    struct media_source_track member;
    char *id;
    atomic_bool enabled, muted, ended;
    atomic_int hint; /* rtc_content_hint */
    atomic_ullong dropped;
    const struct media_track_events *events; /* NULL: nobody listens. The maker's thread alone. */
    void *events_user;
    struct event_listeners listeners;
    struct job ending;        /* submitted once: tells them on a worker that it ended */
    atomic_bool ended_untold; /* by the connection, which will tell */
    /* Of a connection's track and its clones: how often it was muted or not, and (its own alone) how many of these changes were told. A
     * clone hears of those from `first` on. */
    atomic_uint changes, told;
    unsigned first;
};

struct told {
    rtc_media_stream_track *track;
    enum track_event event;
};

static void call(const void *listener, void *user, const void *what)
{
    const rtc_track_callbacks *c = listener;
    const struct told *told = what;
    void (*const callbacks[])(void *, rtc_media_stream_track *) = {
        [TRACK_EVENT_MUTE] = c->on_mute,
        [TRACK_EVENT_UNMUTE] = c->on_unmute,
        [TRACK_EVENT_ENDED] = c->on_ended,
    };
    if (callbacks[told->event])
        callbacks[told->event](user, told->track);
}

void media_track_tell(rtc_media_stream_track *track, enum track_event event)
{
    const struct told told = {track, event};
    (void)rtc_media_stream_track_ref(track); /* a callback may drop the last one */
    event_listeners_tell(&track->listeners, track->context, call, &told);
    rtc_media_stream_track_unref(track);
}

/* On a worker; the reference is the job's. */
static void tell_ended(struct job *job)
{
    rtc_media_stream_track *track = link_owner(job, rtc_media_stream_track, ending);
    media_track_tell(track, TRACK_EVENT_ENDED);
    rtc_media_stream_track_unref(track);
}

/* ---- What its source says ---- */

static bool hold(struct media_source_track *member)
{
    rtc_media_stream_track *track = link_owner(member, rtc_media_stream_track, member);
    unsigned count = atomic_load(&track->references);
    while (count > 0 && !atomic_compare_exchange_weak(&track->references, &count, count + 1))
        ;
    return count > 0;
}

static void drop(struct media_source_track *member)
{
    rtc_media_stream_track_unref(link_owner(member, rtc_media_stream_track, member));
}

static void source_says(struct media_source_track *member, bool muted, bool ended)
{
    rtc_media_stream_track *track = link_owner(member, rtc_media_stream_track, member);
    if (ended && media_track_end(track))
        media_track_tell(track, TRACK_EVENT_ENDED);
    else if (!atomic_load(&track->ended) && atomic_exchange(&track->muted, muted) != muted)
        media_track_tell(track, muted ? TRACK_EVENT_MUTE : TRACK_EVENT_UNMUTE);
}

static const struct media_source_track_ops member_ops = {.hold = hold, .drop = drop, .says = source_says};

/* ---- Making ---- */

static int make(rtc_media_source *source, const char *id, const rtc_media_stream_track *like, rtc_media_stream_track **out)
{
    rtc_context *context = media_source_context(source);
    rtc_media_stream_track *track = memory_zeroed(context, sizeof *track);
    char *own_id = memory_text(context, id, strlen(id));
    if (!track || !own_id) {
        memory_free(context, track);
        memory_free(context, own_id);
        return RTC_ERR_NO_MEMORY;
    }
    atomic_init(&track->references, 1);
    atomic_init(&track->enabled, like ? atomic_load(&like->enabled) : true);
    atomic_init(&track->hint, like ? atomic_load(&like->hint) : (int)RTC_CONTENT_HINT_NONE);
    event_listeners_init(&track->listeners);
    track->ending.run = tell_ended;
    track->ending.class = JOB_USER;
    track->context = rtc_context_ref(context);
    track->source = rtc_media_source_ref(source);
    track->id = own_id;
    track->member.ops = &member_ops;
    media_source_add_track(source, &track->member, &track->muted, &track->ended);
    if (like) { /* what happens to the other from now on is seen here too */
        track->first = atomic_load(&like->changes);
        atomic_store(&track->changes, track->first);
        atomic_store(&track->muted, atomic_load(&like->muted));
        if (atomic_load(&like->ended))
            atomic_store(&track->ended, true);
    }
    *out = track;
    return RTC_OK;
}

int rtc_media_stream_track_new(rtc_media_source *source, rtc_media_stream_track **out)
{
    char id[MEDIA_ID_CAPACITY];
    if (!source || !out)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_track_new: %s is NULL", source ? "out" : "source");
    media_id_random(media_source_context(source), id);
    return error_plain(make(source, id, NULL, out));
}

int rtc_media_stream_track_clone(rtc_media_stream_track *track, rtc_media_stream_track **out)
{
    char id[MEDIA_ID_CAPACITY];
    if (!track || !out)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_track_clone: %s is NULL", track ? "out" : "track");
    media_id_random(track->context, id);
    return error_plain(make(track->source, id, track, out));
}

int media_track_new_remote(rtc_context *context, rtc_media_kind kind, const char *id, const char *label, const rtc_media_source_ops *ops,
                           void *user, rtc_media_stream_track **out)
{
    rtc_media_source *source;
    int error = rtc_media_source_new(context, kind, label, ops, user, &source);
    if (error && ops && ops->destroy)
        ops->destroy(user);
    if (error)
        return error;
    media_source_understands_unlimited(source);
    error = make(source, id, NULL, out);
    rtc_media_source_unref(source);
    if (!error)
        atomic_store(&(*out)->muted, true);
    return error;
}

rtc_media_stream_track *rtc_media_stream_track_ref(rtc_media_stream_track *track)
{
    if (track)
        references_take(&track->references);
    return track;
}

void rtc_media_stream_track_unref(rtc_media_stream_track *track)
{
    if (!track || !references_drop(&track->references))
        return;
    media_source_remove_track(track->source, &track->member, track);
    rtc_media_source_unref(track->source);
    rtc_context *context = track->context;
    event_listeners_fini(&track->listeners, context);
    memory_free(context, track->id);
    memory_free(context, track);
    rtc_context_unref(context);
}

rtc_media_kind rtc_media_stream_track_kind(const rtc_media_stream_track *track)
{
    return rtc_media_source_kind(track->source);
}

const char *rtc_media_stream_track_id(const rtc_media_stream_track *track)
{
    return track->id;
}

const char *rtc_media_stream_track_label(const rtc_media_stream_track *track)
{
    return media_source_label(track->source);
}

bool rtc_media_stream_track_enabled(const rtc_media_stream_track *track)
{
    return atomic_load(&track->enabled);
}

void rtc_media_stream_track_set_enabled(rtc_media_stream_track *track, bool enabled)
{
    atomic_store(&track->enabled, enabled);
}

rtc_content_hint rtc_media_stream_track_content_hint(const rtc_media_stream_track *track)
{
    return (rtc_content_hint)atomic_load(&track->hint);
}

int rtc_media_stream_track_set_content_hint(rtc_media_stream_track *track, rtc_content_hint hint)
{
    if (!track)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_track_set_content_hint: track is NULL");
    bool sound = hint >= RTC_CONTENT_HINT_SPEECH && hint <= RTC_CONTENT_HINT_MUSIC;
    bool pictures = hint >= RTC_CONTENT_HINT_MOTION && hint <= RTC_CONTENT_HINT_TEXT;
    if (hint != RTC_CONTENT_HINT_NONE && !(rtc_media_stream_track_kind(track) == RTC_MEDIA_AUDIO ? sound : pictures))
        return error_say(RTC_ERR_TYPE, "the hint %d is none of %s", (int)hint,
                         rtc_media_stream_track_kind(track) == RTC_MEDIA_AUDIO ? "audio" : "video");
    atomic_store(&track->hint, (int)hint);
    return RTC_OK;
}

int rtc_media_stream_track_get_settings(const rtc_media_stream_track *track, rtc_track_settings *out)
{
    struct media_source_stats stats;
    if (!track || !out || out->size == 0)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_track_get_settings: %s",
                         !track ? "track is NULL"
                         : !out ? "out is NULL"
                                : "the size of out is not set");
    media_source_stats(track->source, &stats);
    const rtc_track_settings settings = {
        .size = out->size,
        .width = stats.width,
        .height = stats.height,
        .frame_rate = event_rate_per_second(&stats.rate, context_now(track->context, (stats.rate.slot + 1) * EVENT_RATE_SLOT_US)),
        .sample_rate = stats.sample_rate,
        .channels = stats.channels,
    };
    memcpy(out, &settings, out->size < sizeof settings ? out->size : sizeof settings);
    return RTC_OK;
}

bool rtc_media_stream_track_muted(const rtc_media_stream_track *track)
{
    return atomic_load(&track->muted);
}

void media_track_listen(rtc_media_stream_track *track, const struct media_track_events *events, void *user)
{
    track->events = events;
    track->events_user = user;
}

rtc_track_ready_state rtc_media_stream_track_ready_state(const rtc_media_stream_track *track)
{
    return atomic_load(&track->ended) ? RTC_TRACK_ENDED : RTC_TRACK_LIVE;
}

bool media_track_end(rtc_media_stream_track *track)
{
    bool live = !atomic_exchange(&track->ended, true);
    if (live)
        media_source_end_track(track->source, track);
    return live;
}

/* ---- Tracks of a connection, with their clones ---- */

static rtc_media_stream_track *of_member(struct media_source_track *member)
{
    return link_owner(member, rtc_media_stream_track, member);
}

static void store_muted(struct media_source_track *member, void *user)
{
    atomic_store(&of_member(member)->muted, *(const bool *)user);
    atomic_fetch_add(&of_member(member)->changes, 1);
}

void media_track_set_muted(rtc_media_stream_track *track, bool muted)
{
    if (atomic_load(&track->muted) == muted)
        return;
    media_source_visit_tracks(track->source, store_muted, &muted);
    if (track->events)
        track->events->muted(track->events_user, muted);
}

static void end_one(struct media_source_track *member, void *user)
{
    bool *any = user;
    if (!media_track_end(of_member(member)))
        return;
    atomic_store(&of_member(member)->ended_untold, true);
    *any = true;
}

bool media_track_end_all(rtc_media_stream_track *track)
{
    bool any = false;
    media_source_visit_tracks(track->source, end_one, &any);
    return any;
}

struct change {
    enum track_event event;
    unsigned number;
};

static void tell_change(struct media_source_track *member, void *user)
{
    const struct change *change = user;
    if (of_member(member)->first <= change->number)
        media_track_tell(of_member(member), change->event);
}

static void tell_end(struct media_source_track *member, void *user)
{
    (void)user;
    if (atomic_exchange(&of_member(member)->ended_untold, false))
        media_track_tell(of_member(member), TRACK_EVENT_ENDED);
}

void media_track_tell_all(rtc_media_stream_track *track, enum track_event event)
{
    struct change change = {.event = event};
    if (event == TRACK_EVENT_ENDED) {
        media_source_visit_tracks(track->source, tell_end, NULL);
        return;
    }
    change.number = atomic_fetch_add(&track->told, 1);
    media_source_visit_tracks(track->source, tell_change, &change);
}

/* No worker is begun for nobody, nor the context kept until it had its turn. */
static void submit_end(struct media_source_track *member, void *user)
{
    rtc_media_stream_track *track = of_member(member);
    struct executor *executor = user;
    if (atomic_exchange(&track->ended_untold, false) && event_listeners_any(&track->listeners))
        executor_submit(executor, NULL, &rtc_media_stream_track_ref(track)->ending, 0);
}

static void forget_end(struct media_source_track *member, void *user)
{
    (void)user;
    atomic_store(&of_member(member)->ended_untold, false);
}

static void find_listener(struct media_source_track *member, void *user)
{
    bool *any = user;
    *any = *any || (atomic_load(&of_member(member)->ended_untold) && event_listeners_any(&of_member(member)->listeners));
}

void media_track_tell_end_elsewhere(rtc_media_stream_track *track)
{
    bool any = false;
    media_source_visit_tracks(track->source, find_listener, &any);
    struct executor *executor = any ? context_executor(track->context) : NULL;
    if (executor)
        media_source_visit_tracks(track->source, submit_end, executor);
}

void media_track_end_quietly(rtc_media_stream_track *track)
{
    media_source_visit_tracks(track->source, forget_end, NULL);
}

/* ---- Listeners, and what connections and sinks ask ---- */

int rtc_media_stream_track_add_listener(rtc_media_stream_track *track, const rtc_track_callbacks *given, void *user,
                                        rtc_track_listener **out)
{
    rtc_track_callbacks callbacks;
    if (!track || !given || !out)
        return error_say(RTC_ERR_TYPE, "rtc_media_stream_track_add_listener: %s is NULL",
                         !track   ? "track"
                         : !given ? "callbacks"
                                  : "listener");
    int error = options_take(&callbacks, sizeof callbacks, given, "rtc_track_callbacks");
    return error ? error
                 : error_plain(event_listeners_add(&track->listeners, track->context, &callbacks, sizeof callbacks, user,
                                                   (struct event_listener **)out));
}

void rtc_media_stream_track_remove_listener(rtc_media_stream_track *track, rtc_track_listener *listener)
{
    if (track && listener)
        event_listeners_remove(&track->listeners, track->context, (struct event_listener *)listener);
}

void rtc_media_stream_track_stop(rtc_media_stream_track *track)
{
    (void)media_track_end(track);
}

rtc_media_source *media_track_source(const rtc_media_stream_track *track)
{
    return track->source;
}

bool media_track_wants_raw(const rtc_media_stream_track *track)
{
    return media_source_wants_raw(track->source);
}

int media_track_add_consumer(rtc_media_stream_track *track, const struct media_consumer_ops *ops, void *user, struct media_consumer **out)
{
    struct media_consumer *consumer;
    int error = media_consumer_new(track->context, ops, user, &consumer);
    if (error)
        return error;
    *out = consumer; /* before the first call can come */
    media_track_attach_consumer(track, consumer);
    return RTC_OK;
}

void media_track_attach_consumer(rtc_media_stream_track *track, struct media_consumer *consumer)
{
    media_source_add_consumer(track->source, track, consumer);
}

void media_track_remove_consumer(rtc_media_stream_track *track, struct media_consumer *consumer)
{
    if (consumer)
        media_source_remove_consumer(track->source, consumer, true);
}

void media_track_request_keyframe(rtc_media_stream_track *track)
{
    media_source_request_keyframe(track->source);
}

void media_track_set_bitrate(rtc_media_stream_track *track, struct media_consumer *consumer, uint32_t bitrate_bps)
{
    media_source_set_bitrate(track->source, consumer, bitrate_bps);
}

uint64_t media_track_frames_dropped(const rtc_media_stream_track *track)
{
    return atomic_load(&track->dropped);
}

void media_track_count_raw_sink(rtc_media_stream_track *track, bool added)
{
    media_source_count_raw(track->source, added);
}

void media_track_count_dropped(rtc_media_stream_track *track)
{
    atomic_fetch_add(&track->dropped, 1);
}
