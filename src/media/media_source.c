/* SPDX-License-Identifier: MIT */
/* Where media comes from and who gets it (<crtc/media.h>, media_source.h).
 *
 * The list of consumers is walked under the source's lock, which is let go around every call. A consumer that is being called stays in the
 * list; who removes it waits for the calls to end, unless it is itself within one: then the last call that ends takes the consumer out. */
#include "media_source.h"

#include "context.h"
#include "error.h"
#include "list.h"
#include "media_substitute.h"
#include "memory.h"
#include "options.h"
#include "references.h"

#include <pthread.h>
#include <stdatomic.h>

/* Owner: its source, once it was added; its maker before. Read and written with the source's lock held, but for `track`, `ops` and `user`,
 * which are set before. */
struct media_consumer {
    struct link link;
    rtc_media_stream_track *track;
    struct media_consumer_ops ops;
    void *user;
    uint32_t running;     /* calls that are under way, on any thread */
    uint32_t bitrate_bps; /* what it can pass on; 0: it did not say */
    bool active;          /* counts as somebody who needs the source */
    bool removed;
    bool abandoned; /* nobody waits for its calls: the last one frees it */
};

/* Counted. What stands behind the lock is read and written with the lock held; all else is set when it is made. */
struct rtc_media_source {
    atomic_uint references;
    rtc_context *context;
    rtc_media_kind kind;
    char *label;
    rtc_media_source_ops ops;
    void *user;
    atomic_uint raw_sinks; /* of all its tracks */
    pthread_mutex_t lock;
    pthread_cond_t idle; /* a removed consumer's call has ended */
    struct link consumers;
    uint32_t active;
    bool started;
    bool switching; /* a thread is in start() or stop(), and will look again after it */
    bool telling;   /* a thread is in set_bitrate(), and will look again after it */
    bool knows_unlimited;
    uint32_t told_bps; /* what set_bitrate() last said */
    struct media_source_stats stats;
    struct link tracks; /* struct media_source_track.link */
    bool muted, ended;
    bool untold;       /* the tracks do not know of these two yet */
    bool telling_them; /* a thread tells them, and will look again after it */
};

/* Which consumers this thread is within, innermost first. On the stack of the call. */
struct delivery {
    const struct media_consumer *consumer;
    struct delivery *outer;
};
static _Thread_local struct delivery *deliveries;

static uint32_t own_calls(const struct media_consumer *c)
{
    uint32_t n = 0;
    for (const struct delivery *d = deliveries; d; d = d->outer)
        n += d->consumer == c;
    return n;
}

bool media_source_within(const struct media_consumer *consumer)
{
    return own_calls(consumer) > 0;
}

static int check_options(rtc_media_kind kind, const rtc_media_source_ops *given, rtc_media_source_ops *ops, rtc_media_source **out)
{
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_media_source_new: out is NULL");
    if (kind != RTC_MEDIA_AUDIO && kind != RTC_MEDIA_VIDEO)
        return error_say(RTC_ERR_TYPE, "unknown kind of media %d", (int)kind);
    return options_take(ops, sizeof *ops, given, "rtc_media_source_ops");
}

int rtc_media_source_new(rtc_context *context, rtc_media_kind kind, const char *label, const rtc_media_source_ops *given, void *user,
                         rtc_media_source **out)
{
    rtc_media_source_ops ops;
    int error = check_options(kind, given, &ops, out);
    if (error)
        return error;
    context = context_resolve(context);
    rtc_media_source *source = context ? memory_zeroed(context, sizeof *source) : NULL;
    if (!source)
        return error_plain(RTC_ERR_NO_MEMORY);
    source->label = memory_text(context, label ? label : "", label ? strlen(label) : 0);
    if (!source->label) {
        memory_free(context, source);
        return error_plain(RTC_ERR_NO_MEMORY);
    }
    atomic_init(&source->references, 1);
    source->context = rtc_context_ref(context);
    source->kind = kind;
    source->ops = ops;
    source->user = user;
    pthread_mutex_init(&source->lock, NULL);
    pthread_cond_init(&source->idle, NULL);
    list_init(&source->consumers);
    list_init(&source->tracks);
    *out = source;
    return RTC_OK;
}

rtc_media_source *rtc_media_source_ref(rtc_media_source *source)
{
    if (source)
        references_take(&source->references);
    return source;
}

void rtc_media_source_unref(rtc_media_source *source)
{
    if (!source || !references_drop(&source->references))
        return;
    if (source->ops.destroy)
        source->ops.destroy(source->user);
    pthread_cond_destroy(&source->idle);
    pthread_mutex_destroy(&source->lock);
    rtc_context *context = source->context;
    memory_free(context, source->label);
    memory_free(context, source);
    rtc_context_unref(context);
}

rtc_media_kind rtc_media_source_kind(const rtc_media_source *source)
{
    return source->kind;
}

const char *media_source_label(const rtc_media_source *source)
{
    return source->label;
}

rtc_context *media_source_context(const rtc_media_source *source)
{
    return source->context;
}

void media_source_count_raw(rtc_media_source *source, bool added)
{
    if (added)
        atomic_fetch_add(&source->raw_sinks, 1);
    else
        atomic_fetch_sub(&source->raw_sinks, 1);
}

bool media_source_wants_raw(const rtc_media_source *source)
{
    return atomic_load(&source->raw_sinks) > 0;
}

void media_source_request_keyframe(rtc_media_source *source)
{
    if (source->ops.request_keyframe)
        source->ops.request_keyframe(source->user);
}

static uint32_t least_bitrate(const rtc_media_source *source)
{
    uint32_t least = 0;
    for (struct link *l = source->consumers.next; l != &source->consumers; l = l->next) {
        const struct media_consumer *c = link_owner(l, struct media_consumer, link);
        if (c->active && c->bitrate_bps > 0 && (least == 0 || c->bitrate_bps < least))
            least = c->bitrate_bps;
    }
    return least;
}

/* Under the lock, which is let go around the calls: tells what the slowest consumer takes, if that is news. */
static void tell_bitrate(rtc_media_source *source)
{
    if (source->telling || !source->ops.set_bitrate)
        return;
    source->telling = true;
    for (uint32_t least; (least = least_bitrate(source)) != source->told_bps && (least > 0 || source->knows_unlimited);) {
        source->told_bps = least;
        pthread_mutex_unlock(&source->lock);
        source->ops.set_bitrate(source->user, least);
        pthread_mutex_lock(&source->lock);
    }
    source->telling = false;
}

void media_source_set_bitrate(rtc_media_source *source, struct media_consumer *consumer, uint32_t bitrate_bps)
{
    pthread_mutex_lock(&source->lock);
    consumer->bitrate_bps = bitrate_bps;
    tell_bitrate(source);
    pthread_mutex_unlock(&source->lock);
}

void media_source_understands_unlimited(rtc_media_source *source)
{
    source->knows_unlimited = true;
}

void media_source_stats(rtc_media_source *source, struct media_source_stats *out)
{
    pthread_mutex_lock(&source->lock);
    *out = source->stats;
    pthread_mutex_unlock(&source->lock);
}

/* Starts or stops the source, outside the lock. While one thread does so, others leave it to that thread: a source's own thread may come
 * here from a callback while stop() waits for it. */
static void settle(rtc_media_source *source)
{
    if (source->switching)
        return;
    source->switching = true;
    while (source->started != (source->active > 0)) {
        source->started = source->active > 0;
        if (source->started && !source->knows_unlimited)
            source->told_bps = 0; /* it begins anew, and is told anew */
        void (*change)(void *) = source->started ? source->ops.start : source->ops.stop;
        pthread_mutex_unlock(&source->lock);
        if (change)
            change(source->user);
        pthread_mutex_lock(&source->lock);
    }
    source->switching = false;
}

int media_consumer_new(rtc_context *context, const struct media_consumer_ops *ops, void *user, struct media_consumer **out)
{
    struct media_consumer *c = memory_zeroed(context, sizeof *c);
    if (!c)
        return RTC_ERR_NO_MEMORY;
    c->ops = *ops;
    c->user = user;
    *out = c;
    return RTC_OK;
}

void media_consumer_discard(rtc_context *context, struct media_consumer *c)
{
    memory_free(context, c);
}

void media_source_add_consumer(rtc_media_source *source, rtc_media_stream_track *track, struct media_consumer *c)
{
    c->track = track;
    pthread_mutex_lock(&source->lock);
    list_append(&source->consumers, &c->link);
    c->active = !source->ended && rtc_media_stream_track_ready_state(track) == RTC_TRACK_LIVE;
    source->active += c->active;
    settle(source);
    pthread_mutex_unlock(&source->lock);
}

static void deactivate(rtc_media_source *source, struct media_consumer *c)
{
    source->active -= c->active;
    c->active = false;
}

/* Under the lock: takes the consumer out of the list. bury() does the rest without the lock. */
static void retire(struct media_consumer *c, struct link *dead)
{
    list_remove(&c->link);
    list_append(dead, &c->link);
}

static void bury(rtc_media_source *source, struct link *dead)
{
    while (!list_empty(dead)) {
        struct media_consumer *c = link_owner(dead->next, struct media_consumer, link);
        list_remove(&c->link);
        if (c->ops.released)
            c->ops.released(c->user);
        memory_free(source->context, c);
    }
}

static void remove_locked(rtc_media_source *source, struct media_consumer *c, bool wait, struct link *dead)
{
    c->removed = true;
    deactivate(source, c);
    uint32_t own = own_calls(c);
    while (wait && c->running > own)
        pthread_cond_wait(&source->idle, &source->lock);
    if (c->running > 0)
        c->abandoned = true;
    else
        retire(c, dead);
}

void media_source_remove_consumer(rtc_media_source *source, struct media_consumer *c, bool wait)
{
    struct link dead;
    list_init(&dead);
    rtc_media_source_ref(source); /* released() may drop the last one */
    pthread_mutex_lock(&source->lock);
    remove_locked(source, c, wait, &dead);
    settle(source);
    tell_bitrate(source);
    pthread_mutex_unlock(&source->lock);
    bury(source, &dead);
    rtc_media_source_unref(source);
}

static struct media_consumer *consumer_of(rtc_media_source *source, const rtc_media_stream_track *track)
{
    for (struct link *l = source->consumers.next; l != &source->consumers; l = l->next) {
        struct media_consumer *c = link_owner(l, struct media_consumer, link);
        if (c->track == track && !c->removed)
            return c;
    }
    return NULL;
}

void media_source_end_track(rtc_media_source *source, const rtc_media_stream_track *track)
{
    pthread_mutex_lock(&source->lock);
    for (struct link *l = source->consumers.next; l != &source->consumers; l = l->next) {
        struct media_consumer *c = link_owner(l, struct media_consumer, link);
        if (c->track == track)
            deactivate(source, c);
    }
    settle(source);
    tell_bitrate(source);
    pthread_mutex_unlock(&source->lock);
}

void media_source_remove_track(rtc_media_source *source, struct media_source_track *member, const rtc_media_stream_track *track)
{
    struct media_consumer *c;
    struct link dead;
    list_init(&dead);
    pthread_mutex_lock(&source->lock);
    list_remove(&member->link);
    while ((c = consumer_of(source, track)) != NULL)
        remove_locked(source, c, true, &dead);
    settle(source);
    tell_bitrate(source);
    pthread_mutex_unlock(&source->lock);
    bury(source, &dead);
}

/* ---- Muted and ended ---- */

void media_source_add_track(rtc_media_source *source, struct media_source_track *member, atomic_bool *muted, atomic_bool *ended)
{
    pthread_mutex_lock(&source->lock);
    list_append(&source->tracks, &member->link);
    atomic_store(muted, source->muted);
    atomic_store(ended, source->ended);
    pthread_mutex_unlock(&source->lock);
}

/* Under the lock: the first of the tracks from here on that is not about to go, held. */
static struct media_source_track *hold_from(rtc_media_source *source, struct link *at)
{
    for (; at != &source->tracks; at = at->next) {
        struct media_source_track *member = link_owner(at, struct media_source_track, link);
        if (member->ops->hold(member))
            return member;
    }
    return NULL;
}

/* Under the lock, which is let go around every call. One that is held stays in the list. */
static void visit_each(rtc_media_source *source, void (*visit)(struct media_source_track *, void *user), void *user)
{
    struct media_source_track *member = hold_from(source, source->tracks.next), *next;
    for (; member; member = next) {
        pthread_mutex_unlock(&source->lock);
        visit(member, user);
        pthread_mutex_lock(&source->lock);
        next = hold_from(source, member->link.next);
        pthread_mutex_unlock(&source->lock);
        member->ops->drop(member); /* which may free it */
        pthread_mutex_lock(&source->lock);
    }
}

void media_source_visit_tracks(rtc_media_source *source, void (*visit)(struct media_source_track *, void *user), void *user)
{
    rtc_media_source_ref(source); /* its last track may go */
    pthread_mutex_lock(&source->lock);
    visit_each(source, visit, user);
    pthread_mutex_unlock(&source->lock);
    rtc_media_source_unref(source);
}

static void say(struct media_source_track *member, void *user)
{
    rtc_media_source *source = user;
    pthread_mutex_lock(&source->lock);
    bool muted = source->muted, ended = source->ended;
    pthread_mutex_unlock(&source->lock);
    member->ops->says(member, muted, ended);
}

/* Under the lock: what changed is told by one thread at a time, so that the last that a track hears is what its source is. Who comes
 * meanwhile, from within a callback too, leaves it to that thread. */
static void tell_tracks(rtc_media_source *source)
{
    source->untold = true;
    if (source->telling_them)
        return;
    source->telling_them = true;
    while (source->untold) {
        source->untold = false;
        visit_each(source, say, source);
    }
    source->telling_them = false;
}

void rtc_media_source_set_muted(rtc_media_source *source, bool muted)
{
    if (!source)
        return;
    rtc_media_source_ref(source); /* a callback may drop the last one */
    pthread_mutex_lock(&source->lock);
    if (!source->ended && source->muted != muted) {
        source->muted = muted;
        tell_tracks(source);
    }
    pthread_mutex_unlock(&source->lock);
    rtc_media_source_unref(source);
}

void rtc_media_source_end(rtc_media_source *source)
{
    if (!source)
        return;
    rtc_media_source_ref(source); /* a callback may drop the last one */
    pthread_mutex_lock(&source->lock);
    if (!source->ended) {
        source->ended = true;
        for (struct link *l = source->consumers.next; l != &source->consumers; l = l->next)
            deactivate(source, link_owner(l, struct media_consumer, link));
        settle(source);
        tell_bitrate(source);
        tell_tracks(source);
    }
    pthread_mutex_unlock(&source->lock);
    rtc_media_source_unref(source);
}

/* ---- Frames ---- */

/* One pushed frame, and what disabled tracks get in its place (made when the first is met). A value on the pushing thread's stack; the
 * substitutes are references of its own. */
struct pass {
    rtc_video_frame *video, *black;
    rtc_audio_frame *audio, *silence;
    rtc_encoded_frame *encoded;
};

static void call_video(const struct media_consumer *c, struct pass *p, bool enabled)
{
    if (!c->ops.on_video)
        return;
    if (!enabled && !p->black)
        (void)media_substitute_black(p->video, &p->black);
    rtc_video_frame *frame = enabled ? p->video : p->black;
    if (frame)
        c->ops.on_video(c->user, frame);
}

static void call_audio(const struct media_consumer *c, struct pass *p, bool enabled)
{
    if (!c->ops.on_audio)
        return;
    if (!enabled && !p->silence)
        (void)media_substitute_silence(p->audio, &p->silence);
    rtc_audio_frame *frame = enabled ? p->audio : p->silence;
    if (frame)
        c->ops.on_audio(c->user, frame);
}

static void call(const struct media_consumer *c, struct pass *p, bool enabled)
{
    if (p->video)
        call_video(c, p, enabled);
    else if (p->audio)
        call_audio(c, p, enabled);
    else if (enabled && c->ops.on_encoded)
        c->ops.on_encoded(c->user, p->encoded);
}

static void call_unlocked(rtc_media_source *source, struct media_consumer *c, struct pass *p)
{
    bool enabled = !source->muted && rtc_media_stream_track_enabled(c->track);
    struct delivery here = {c, deliveries};
    c->running++;
    pthread_mutex_unlock(&source->lock);
    deliveries = &here;
    call(c, p, enabled);
    deliveries = here.outer;
    pthread_mutex_lock(&source->lock);
    c->running--;
}

static void deliver(rtc_media_source *source, struct pass *p, struct link *dead)
{
    struct link *next;
    pthread_mutex_lock(&source->lock);
    for (struct link *l = source->consumers.next; l != &source->consumers; l = next) {
        struct media_consumer *c = link_owner(l, struct media_consumer, link);
        if (c->active)
            call_unlocked(source, c, p);
        next = l->next; /* only now: the list may have changed during the call */
        if (c->abandoned && c->running == 0)
            retire(c, dead);
        else if (c->removed)
            pthread_cond_broadcast(&source->idle);
    }
    pthread_mutex_unlock(&source->lock);
}

static void pass_frame(rtc_media_source *source, struct pass *p)
{
    struct link dead;
    list_init(&dead);
    rtc_media_source_ref(source); /* a consumer may drop the last one */
    deliver(source, p, &dead);
    bury(source, &dead);
    rtc_video_frame_unref(p->black);
    rtc_audio_frame_unref(p->silence);
    rtc_media_source_unref(source);
}

/* Whether a frame of this kind may be pushed; `what` is the caller. */
static int check_push(const rtc_media_source *source, const void *frame, rtc_media_kind kind, const char *what)
{
    if (!source || !frame)
        return error_say(RTC_ERR_TYPE, "%s: %s is NULL", what, source ? "frame" : "source");
    if (source->kind != kind)
        return error_say(RTC_ERR_TYPE, "%s: the source is one of %s", what, source->kind == RTC_MEDIA_AUDIO ? "audio" : "video");
    return RTC_OK;
}

/* A remote track that is sent on passes its frames encoded, and decoded too while somebody watches it: decoded ones count. */
static void count_encoded(struct media_source_stats *stats, const rtc_encoded_frame *frame, rtc_time_t now)
{
    stats->encoded_frames++;
    if (stats->frames > 0 || rtc_encoded_frame_kind(frame) != RTC_MEDIA_VIDEO)
        return;
    event_rate_add(&stats->rate, now);
    if (rtc_encoded_frame_width(frame) > 0) {
        stats->width = rtc_encoded_frame_width(frame);
        stats->height = rtc_encoded_frame_height(frame);
    }
}

/* Under the lock. */
static void count(rtc_media_source *source, const struct pass *p, double power)
{
    struct media_source_stats *stats = &source->stats;
    if (p->encoded)
        count_encoded(stats, p->encoded, context_now(source->context, rtc_encoded_frame_capture_time_us(p->encoded)));
    stats->frames += p->video || p->audio;
    if (p->video) {
        stats->width = rtc_video_frame_width(p->video);
        stats->height = rtc_video_frame_height(p->video);
        event_rate_add(&stats->rate, context_now(source->context, rtc_video_frame_capture_time_us(p->video)));
    } else if (p->audio) {
        stats->audio_samples += rtc_audio_frame_samples(p->audio);
        stats->sample_rate = rtc_audio_frame_sample_rate(p->audio);
        stats->channels = rtc_audio_frame_channels(p->audio);
        audio_meter_add(&stats->meter, power, rtc_audio_frame_samples(p->audio), stats->sample_rate);
    }
}

static int push(rtc_media_source *source, struct pass p, const char *what)
{
    double power = p.audio ? audio_power(p.audio) : 0;
    pthread_mutex_lock(&source->lock);
    bool ended = source->ended;
    if (!ended)
        count(source, &p, power);
    pthread_mutex_unlock(&source->lock);
    if (ended)
        return error_say(RTC_ERR_INVALID_STATE, "%s: the source has ended", what);
    pass_frame(source, &p);
    return RTC_OK;
}

int rtc_media_source_push_video(rtc_media_source *source, rtc_video_frame *frame)
{
    int error = check_push(source, frame, RTC_MEDIA_VIDEO, __func__);
    return error ? error : push(source, (struct pass){.video = frame}, __func__);
}

int rtc_media_source_push_audio(rtc_media_source *source, rtc_audio_frame *frame)
{
    int error = check_push(source, frame, RTC_MEDIA_AUDIO, __func__);
    return error ? error : push(source, (struct pass){.audio = frame}, __func__);
}

int rtc_media_source_push_encoded(rtc_media_source *source, rtc_encoded_frame *frame)
{
    int error = check_push(source, frame, frame ? rtc_encoded_frame_kind(frame) : RTC_MEDIA_VIDEO, __func__);
    return error ? error : push(source, (struct pass){.encoded = frame}, __func__);
}

uint32_t rtc_media_source_room(rtc_media_source *source)
{
    uint32_t least = UINT32_MAX;
    if (!source)
        return 0;
    pthread_mutex_lock(&source->lock);
    for (struct link *l = source->consumers.next; l != &source->consumers; l = l->next) {
        const struct media_consumer *c = link_owner(l, struct media_consumer, link);
        uint32_t room = c->active && c->ops.room ? c->ops.room(c->user) : UINT32_MAX;
        least = room < least ? room : least;
    }
    uint32_t room = source->active > 0 ? least : 0;
    pthread_mutex_unlock(&source->lock);
    return room;
}
