/* SPDX-License-Identifier: MIT */
/* The receiving pipeline; see receive_pipeline.h. The lock guards what the worker and the connection's thread share. */
#include "receive_pipeline.h"

#include "audio_stretch.h"
#include "codec_registry.h"
#include "codec_table.h"
#include "context.h"
#include "frame.h"
#include "peer.h"
#include "references.h"
#include "transport.h"

#include <pthread.h>
#include <strings.h>

enum { WAITING_MAX = 64 }; /* encoded frames that wait for the decoder, and pictures that wait to be shown */

/* What waits for the decoder. A part of what is shared, or the worker's while it is decoded. */
struct unit {
    rtc_encoded_frame *frame; /* a reference; NULL: conceal */
    enum rtp_audio_action action;
    uint32_t samples;
    rtc_time_t show_at;
    rtc_time_t began; /* when its first packet arrived; 0: it is none */
    rtc_time_t submitted;
    bool missed; /* sound: it is invented for what is missing */
};

/* What waits for its time. Likewise. */
struct shown {
    rtc_video_frame *frame; /* a reference */
    rtc_time_t at;
};

/* What the worker and the connection's thread share. Read and written with the lock held. */
struct receive_shared {
    struct unit in[WAITING_MAX];
    struct shown out[WAITING_MAX];
    uint32_t in_count, out_count;
    uint64_t in_bytes;                       /* of the frames in `in` */
    struct rtp_codec codecs[RTP_CODECS_MAX]; /* as negotiated */
    size_t codec_count;
    bool codecs_changed; /* the worker does not know them yet */
    bool busy, detached;
    bool broken; /* the decoder lost its thread: a keyframe is needed */
    struct receive_pipeline_stats stats;
};

/* The worker's alone. */
struct receive_worker {
    struct rtp_codec codecs[RTP_CODECS_MAX]; /* a copy */
    size_t codec_count;
    const rtc_codec_ops *codec;
    struct rtp_codec made_for; /* what the decoder was made for */
    void *decoder;
    rtc_audio_frame *accelerated; /* sound that is to be blended into what follows */
};

/* What may be decoded, and what it takes: the connection thread's alone. */
struct receive_admission {
    bool awaits_keyframe;
    bool restarts;            /* another stream is shown: sinks of encoded frames, too, begin with its keyframe */
    bool hopeless;            /* the keyframe that was refused last was too large: another one would be, too */
    enum decode_verdict told; /* the limit that the log last spoke of */
    uint32_t width, height;   /* of a picture, as the last keyframe said */
    uint64_t area;            /* that of decode_budget_area */
    uint64_t most_area;       /* of what may be held now */
    uint64_t held;            /* what the connection's budget knows of */
};

/* Counted: the receiver and a job under way each have a reference. What has no owner of its own is written before anybody else sees it. */
struct receive_pipeline {
    struct job job;
    atomic_uint references;
    rtc_context *context;
    rtc_media_kind kind;
    struct mailbox *mailbox;       /* the connection's: no reference, used on its thread only */
    rtc_media_stream_track *track; /* a reference */
    pthread_mutex_t lock;
    struct receive_shared shared;
    struct receive_worker worker;

    /* The connection thread's alone. */
    rtc_peer_connection *pc;
    rtc_rtp_transceiver *transceiver;
    const struct receiver_stream *stream;
    struct receive_admission admission;
    struct shown waiting[WAITING_MAX]; /* decoded, not yet due; in order */
    uint32_t waiting_count;
};

static void unref(struct receive_pipeline *p)
{
    if (!references_drop(&p->references))
        return;
    for (uint32_t i = 0; i < p->shared.in_count; i++)
        rtc_encoded_frame_unref(p->shared.in[i].frame);
    for (uint32_t i = 0; i < p->shared.out_count; i++)
        rtc_video_frame_unref(p->shared.out[i].frame);
    for (uint32_t i = 0; i < p->waiting_count; i++)
        rtc_video_frame_unref(p->waiting[i].frame);
    if (p->worker.decoder)
        p->worker.codec->decoder_free(p->worker.decoder);
    rtc_audio_frame_unref(p->worker.accelerated);
    rtc_media_stream_track_unref(p->track);
    pthread_mutex_destroy(&p->lock);
    context_free(p->context, p);
}

/* ---- On the worker ---- */

/* What was negotiated for this frame's codec; of one that was not, what is known of it. */
static struct rtp_codec parameters_of(const struct receive_worker *w, rtc_media_kind kind, const char *name)
{
    struct rtp_codec out = {0};
    for (size_t i = 0; i < w->codec_count; i++)
        if (strcasecmp(w->codecs[i].name, name) == 0)
            return w->codecs[i];
    const struct codec_row *row = codec_row_carried(kind, name);
    text_copy(out.name, sizeof out.name, name);
    out.clock_rate = row ? row->clock_rate : 0;
    out.channels = row ? row->channels : 1;
    return out;
}

static bool is_same(const struct rtp_codec *a, const struct rtp_codec *b)
{
    return strcasecmp(a->name, b->name) == 0 && a->clock_rate == b->clock_rate && a->channels == b->channels &&
           strcmp(a->fmtp, b->fmtp) == 0;
}

static int make_decoder(struct receive_pipeline *p)
{
    const rtc_codec_ops *codec = p->worker.codec;
    const struct rtp_codec *agreed = &p->worker.made_for;
    const rtc_codec_parameters parameters = {sizeof parameters, agreed->name, agreed->clock_rate, agreed->channels, agreed->fmtp};
    return codec->decoder_new_with ? codec->decoder_new_with(p->context, &parameters, &p->worker.decoder)
                                   : codec->decoder_new(p->context, 2, &p->worker.decoder);
}

/* The decoder for this frame's codec and its parameters, made or changed as needed. Pictures can go on in another one with a keyframe only.
 */
static int prepare_decoder(struct receive_pipeline *p, const rtc_encoded_frame *frame)
{
    struct receive_worker *w = &p->worker;
    const rtc_codec_ops *codec = frame ? codec_find_decoder(p->context, p->kind, rtc_encoded_frame_codec(frame)) : w->codec;
    if (!codec)
        return RTC_ERR_NOT_SUPPORTED;
    const struct rtp_codec agreed = frame ? parameters_of(w, p->kind, rtc_encoded_frame_codec(frame)) : w->made_for;
    bool may_change = p->kind == RTC_MEDIA_AUDIO || (frame && rtc_encoded_frame_keyframe(frame));
    if (w->decoder && (codec != w->codec || (may_change && !is_same(&agreed, &w->made_for)))) {
        w->codec->decoder_free(w->decoder);
        w->decoder = NULL;
    }
    if (w->decoder)
        return RTC_OK;
    w->codec = codec;
    w->made_for = agreed;
    return make_decoder(p);
}

/* Of what a picture or a packet of sound brought, of which one sample is one sample. */
static double processing_delay(const struct receive_pipeline *p, const struct unit *unit, rtc_time_t now)
{
    double delay = unit->began > 0 && now > unit->began ? (double)(now - unit->began) / 1e6 : 0;
    return p->kind == RTC_MEDIA_AUDIO ? delay * (double)unit->samples : delay;
}

static void count_decoded(struct receive_pipeline *p, const struct unit *unit, const rtc_video_frame *picture, rtc_time_t began)
{
    const rtc_encoded_frame *frame = unit->frame;
    rtc_time_t took = executor_took(context_executor(p->context), &p->job, began);
    rtc_time_t now = context_now(p->context, unit->submitted + took);
    int quantizer = frame && p->kind == RTC_MEDIA_VIDEO ? codec_quantizer(frame) : -1;
    pthread_mutex_lock(&p->lock);
    struct receive_pipeline_stats *s = &p->shared.stats;
    s->frames_decoded++;
    s->key_frames_decoded += frame && rtc_encoded_frame_keyframe(frame);
    s->total_decode_time_us += took;
    s->total_processing_delay_s += processing_delay(p, unit, now);
    event_rate_add(&s->rate, now);
    s->quantized += quantizer >= 0;
    s->quantizers += quantizer >= 0 ? (uint64_t)quantizer : 0;
    if (picture) {
        s->width = rtc_video_frame_width(picture);
        s->height = rtc_video_frame_height(picture);
    }
    s->implementation = p->worker.codec->implementation;
    s->power = p->worker.codec->power;
    pthread_mutex_unlock(&p->lock);
}

static void count_sound(struct receive_pipeline *p, const struct unit *unit, const rtc_audio_frame *sound)
{
    double power = audio_power(sound);
    uint32_t samples = rtc_audio_frame_samples(sound);
    pthread_mutex_lock(&p->lock);
    audio_meter_add(&p->shared.stats.meter, power, samples, rtc_audio_frame_sample_rate(sound));
    p->shared.stats.silent_concealed += unit->missed && power == 0 ? samples : 0;
    pthread_mutex_unlock(&p->lock);
}

static void decode_video(struct receive_pipeline *p, const struct unit *unit)
{
    rtc_video_frame *picture = NULL;
    rtc_time_t began = rtc_now();
    int error = prepare_decoder(p, unit->frame);
    if (!error)
        error = p->worker.codec->decode_video(p->worker.decoder, unit->frame, &picture);
    if (!error)
        count_decoded(p, unit, picture, began);
    pthread_mutex_lock(&p->lock);
    if (error) {
        p->shared.stats.frames_dropped++;
        p->shared.broken = true;
    } else if (picture && p->shared.out_count < WAITING_MAX) {
        if (rtc_encoded_frame_rotation(unit->frame))
            video_frame_set_rotation(picture, rtc_encoded_frame_rotation(unit->frame));
        p->shared.out[p->shared.out_count++] = (struct shown){picture, unit->show_at};
        picture = NULL;
    }
    pthread_mutex_unlock(&p->lock);
    rtc_video_frame_unref(picture);
}

static void play(struct receive_pipeline *p, rtc_audio_frame *sound, enum rtp_audio_action action)
{
    rtc_audio_frame *first = p->worker.accelerated, *joined = NULL;
    p->worker.accelerated = NULL;
    if (first && audio_stretch_join(p->context, first, sound, &joined) == RTC_OK) {
        rtc_audio_frame_unref(sound);
        sound = joined;
    }
    rtc_audio_frame_unref(first);
    if (action == RTP_AUDIO_ACCELERATE) {
        p->worker.accelerated = sound;
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->shared.stats.played_samples += rtc_audio_frame_samples(sound);
    p->shared.stats.played_s += (double)rtc_audio_frame_samples(sound) / rtc_audio_frame_sample_rate(sound);
    pthread_mutex_unlock(&p->lock);
    (void)rtc_media_source_push_audio(media_track_source(p->track), sound);
    rtc_audio_frame_unref(sound);
}

static void decode_audio(struct receive_pipeline *p, const struct unit *unit)
{
    static const rtc_audio_decode how[] = {
        [RTP_AUDIO_PACKET] = RTC_AUDIO_DECODE_FRAME,
        [RTP_AUDIO_FEC] = RTC_AUDIO_DECODE_FEC,
        [RTP_AUDIO_CONCEAL] = RTC_AUDIO_DECODE_CONCEAL,
        [RTP_AUDIO_ACCELERATE] = RTC_AUDIO_DECODE_FRAME,
    };
    rtc_audio_frame *sound = NULL;
    rtc_time_t began = rtc_now();
    int error = prepare_decoder(p, unit->frame);
    if (!error)
        error = p->worker.codec->decode_audio(p->worker.decoder, how[unit->action], unit->frame, unit->samples, &sound);
    if (error) {
        pthread_mutex_lock(&p->lock);
        p->shared.stats.frames_dropped++;
        pthread_mutex_unlock(&p->lock);
        return;
    }
    count_decoded(p, unit, NULL, began);
    if (!sound)
        return;
    count_sound(p, unit, sound);
    play(p, sound, unit->action);
}

static size_t unit_bytes(const struct unit *unit)
{
    return unit->frame ? rtc_encoded_frame_len(unit->frame) : 0;
}

static bool take_unit(struct receive_pipeline *p, struct unit *out)
{
    pthread_mutex_lock(&p->lock);
    bool more = p->shared.in_count > 0 && !p->shared.detached && !p->shared.broken;
    if (p->shared.codecs_changed) {
        p->worker.codec_count = p->shared.codec_count;
        memcpy(p->worker.codecs, p->shared.codecs, p->shared.codec_count * sizeof p->shared.codecs[0]);
        p->shared.codecs_changed = false;
    }
    if (more) {
        *out = p->shared.in[0];
        memmove(p->shared.in, p->shared.in + 1, --p->shared.in_count * sizeof p->shared.in[0]);
        p->shared.in_bytes -= unit_bytes(out);
    }
    pthread_mutex_unlock(&p->lock);
    return more;
}

static void run(struct job *job)
{
    struct receive_pipeline *p = link_owner(job, struct receive_pipeline, job);
    for (struct unit unit; take_unit(p, &unit);) {
        if (p->kind == RTC_MEDIA_VIDEO)
            decode_video(p, &unit);
        else
            decode_audio(p, &unit);
        rtc_encoded_frame_unref(unit.frame);
    }
}

/* ---- On the connection's thread ---- */

static void request_keyframe(struct receive_pipeline *p, rtc_time_t now)
{
    p->admission.awaits_keyframe = true;
    struct transport *t = p->pc ? p->transceiver->transport : NULL;
    if (t && p->stream->stream)
        rtp_session_request_keyframe(transport_media(t), now, p->stream->stream, transport_media_out(t));
}

/* Drops what waits for the decoder: it can not be decoded without what was lost. With the lock held. */
static void drop_units(struct receive_pipeline *p)
{
    for (uint32_t i = 0; i < p->shared.in_count; i++)
        rtc_encoded_frame_unref(p->shared.in[i].frame);
    p->shared.stats.frames_dropped += p->shared.in_count;
    p->shared.in_count = 0;
    p->shared.in_bytes = 0;
}

/* What is held for this stream when `more` frames of `area` come to it: the decoder, frames on their way to it, pictures on their way
 * out. Pictures of before may be larger than those to come. */
static uint64_t held_with(struct receive_pipeline *p, uint64_t area, uint32_t more)
{
    pthread_mutex_lock(&p->lock);
    uint32_t pictures = p->shared.in_count + p->shared.busy + p->shared.out_count + p->waiting_count;
    uint64_t bytes = p->shared.in_bytes;
    pthread_mutex_unlock(&p->lock);
    if (pictures == 0)
        p->admission.most_area = p->admission.area;
    area = area > p->admission.most_area ? area : p->admission.most_area;
    return bytes + decode_budget_decoder(area) + (pictures + more) * decode_budget_picture(area);
}

static void tell_budget(struct receive_pipeline *p)
{
    if (!p->pc || p->kind != RTC_MEDIA_VIDEO || p->admission.most_area + p->admission.area == 0)
        return;
    uint64_t now = held_with(p, p->admission.area, 0);
    decode_budget_hold(&p->pc->decoding, p->admission.held, now);
    p->admission.held = now;
}

static void collect(struct receive_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    for (uint32_t i = 0; i < p->shared.out_count; i++) {
        if (p->waiting_count == WAITING_MAX) { /* nobody ticks: the oldest goes */
            rtc_video_frame_unref(p->waiting[0].frame);
            memmove(p->waiting, p->waiting + 1, --p->waiting_count * sizeof p->waiting[0]);
            p->shared.stats.frames_dropped++;
        }
        p->waiting[p->waiting_count++] = p->shared.out[i];
    }
    p->shared.out_count = 0;
    pthread_mutex_unlock(&p->lock);
}

static void done(struct job *job, rtc_time_t now)
{
    struct receive_pipeline *p = link_owner(job, struct receive_pipeline, job);
    collect(p);
    pthread_mutex_lock(&p->lock);
    bool broken = p->shared.broken;
    p->shared.broken = false;
    if (broken)
        drop_units(p);
    bool again = p->shared.in_count > 0 && !p->shared.detached;
    p->shared.busy = again;
    pthread_mutex_unlock(&p->lock);
    if (broken)
        request_keyframe(p, now);
    if (p->pc) { /* else the track is shown no more, and this may be a worker's thread */
        receive_pipeline_tick(p, now);
        tell_budget(p);
    }
    if (p->pc) /* still: what was shown may have made its application close the connection */
        p->pc->output_waits = true;
    if (again)
        executor_submit(context_executor(p->context), p->mailbox, &p->job, now);
    else
        unref(p);
}

static void accept(struct receive_pipeline *p, rtc_time_t now, struct unit unit)
{
    struct executor *executor = context_executor(p->context);
    bool overflow = false, begin = false;
    if (!executor)
        return;
    pthread_mutex_lock(&p->lock);
    if (p->shared.in_count == WAITING_MAX) {
        drop_units(p);
        overflow = p->kind == RTC_MEDIA_VIDEO;
    }
    if (!overflow) {
        (void)rtc_encoded_frame_ref(unit.frame);
        unit.submitted = now;
        p->shared.in[p->shared.in_count++] = unit;
        p->shared.in_bytes += unit_bytes(&unit);
        begin = !p->shared.busy;
        p->shared.busy = true;
    }
    pthread_mutex_unlock(&p->lock);
    if (overflow)
        request_keyframe(p, now);
    if (!begin)
        return;
    references_take(&p->references);
    executor_submit(executor, p->mailbox, &p->job, now);
}

static void refuse(struct receive_pipeline *p, rtc_time_t now, enum decode_verdict verdict)
{
    pthread_mutex_lock(&p->lock);
    p->shared.stats.frames_dropped++;
    p->shared.stats.frames_refused++;
    pthread_mutex_unlock(&p->lock);
    if (p->admission.told != verdict)
        peer_log(p->pc, RTC_LOG_WARNING, "section '%s': pictures are refused: %s", p->transceiver->mid, decode_verdict_name(verdict));
    p->admission.told = verdict;
    p->admission.hopeless = verdict == DECODE_TOO_LARGE;
    p->admission.awaits_keyframe = true;
    if (!p->admission.hopeless)
        request_keyframe(p, now);
}

/* Whether the connection's limits let a decoder have this frame. A keyframe that does not say its size is the decoder's to refuse. */
static bool admit(struct receive_pipeline *p, rtc_time_t now, const rtc_encoded_frame *frame)
{
    bool sized = rtc_encoded_frame_keyframe(frame) && rtc_encoded_frame_width(frame) > 0 && rtc_encoded_frame_height(frame) > 0;
    uint32_t width = sized ? rtc_encoded_frame_width(frame) : p->admission.width,
             height = sized ? rtc_encoded_frame_height(frame) : p->admission.height;
    uint64_t pixels = (uint64_t)width * height, area = pixels > 0 ? decode_budget_area(width, height) : 0;
    uint64_t held = held_with(p, area, 1) + rtc_encoded_frame_len(frame);
    bool resized = width != p->admission.width || height != p->admission.height;
    enum decode_verdict verdict =
        decode_budget_take(&p->pc->decoding, now, pixels, resized, held > p->admission.held ? held - p->admission.held : 0);
    if (verdict != DECODE_GRANTED) {
        refuse(p, now, verdict);
        return false;
    }
    p->admission.width = width;
    p->admission.height = height;
    p->admission.area = area;
    p->admission.most_area = area > p->admission.most_area ? area : p->admission.most_area;
    p->admission.hopeless = false;
    return true;
}

/* Sinks run user code, which may close the connection: they are called from the dispatch, like everything of the user's. */
static void tell_sinks(struct receive_pipeline *p, rtc_encoded_frame *frame)
{
    struct user_event *e = transceiver_tell(p->transceiver, TRANSCEIVER_ENCODED_FRAME, 0);
    if (e)
        event_queue_carry(&p->pc->events, e, NULL, rtc_encoded_frame_ref(frame));
}

void receive_pipeline_set_codecs(struct receive_pipeline *p, const struct rtp_codec *codecs, size_t count)
{
    pthread_mutex_lock(&p->lock);
    p->shared.codec_count = count < RTP_CODECS_MAX ? count : RTP_CODECS_MAX;
    memcpy(p->shared.codecs, codecs, p->shared.codec_count * sizeof *codecs);
    p->shared.codecs_changed = true;
    pthread_mutex_unlock(&p->lock);
}

void receive_pipeline_restart(struct receive_pipeline *p, rtc_time_t now)
{
    if (!p || !p->pc)
        return;
    p->admission.restarts = true;
    p->admission.hopeless = false;
    request_keyframe(p, now);
}

void receive_pipeline_video(struct receive_pipeline *p, rtc_time_t now, const struct rtp_picture *picture)
{
    rtc_encoded_frame *frame = picture->frame;
    if (!p || !p->pc)
        return;
    if (p->admission.restarts && !rtc_encoded_frame_keyframe(frame)) {
        request_keyframe(p, now);
        return;
    }
    p->admission.restarts = false;
    tell_sinks(p, frame);
    if (!media_track_wants_raw(p->track)) {
        p->admission.awaits_keyframe = true; /* for whoever begins to look later */
        return;
    }
    if (p->admission.awaits_keyframe && !rtc_encoded_frame_keyframe(frame)) {
        if (!p->admission.hopeless)
            request_keyframe(p, now);
        return;
    }
    if (!admit(p, now, frame))
        return;
    p->admission.awaits_keyframe = false;
    accept(p, now, (struct unit){.frame = frame, .show_at = picture->play_time, .began = picture->began});
    tell_budget(p);
}

/* What is not decoded is as loud as its sender says (RFC 6464). */
static void count_undecoded(struct receive_pipeline *p, const struct rtp_sound *sound)
{
    if (sound->level == RTP_NO_AUDIO_LEVEL || !sound->frame || sound->action == RTP_AUDIO_FEC)
        return;
    const struct codec_row *row = codec_row_carried(RTC_MEDIA_AUDIO, rtc_encoded_frame_codec(sound->frame));
    pthread_mutex_lock(&p->lock);
    audio_meter_add(&p->shared.stats.meter, audio_level_power(sound->level), sound->samples, row ? row->clock_rate : 0);
    pthread_mutex_unlock(&p->lock);
}

void receive_pipeline_audio(struct receive_pipeline *p, rtc_time_t now, const struct rtp_sound *sound)
{
    if (!p || !p->pc)
        return;
    if (sound->frame && sound->action != RTP_AUDIO_FEC)
        tell_sinks(p, sound->frame);
    if (media_track_wants_raw(p->track))
        accept(p, now,
               (struct unit){.frame = sound->frame,
                             .action = sound->action,
                             .samples = sound->samples,
                             .began = sound->arrived,
                             .missed = sound->missed});
    else
        count_undecoded(p, sound);
}

void receive_pipeline_tick(struct receive_pipeline *p, rtc_time_t now)
{
    uint32_t due = 0;
    if (!p)
        return;
    while (due < p->waiting_count && p->waiting[due].at <= now)
        due++;
    for (uint32_t i = 0; i < due; i++) {
        (void)rtc_media_source_push_video(media_track_source(p->track), p->waiting[i].frame);
        rtc_video_frame_unref(p->waiting[i].frame);
    }
    if (due > 0) {
        pthread_mutex_lock(&p->lock);
        p->shared.stats.frames_rendered += due;
        pthread_mutex_unlock(&p->lock);
    }
    p->waiting_count -= due;
    memmove(p->waiting, p->waiting + due, p->waiting_count * sizeof p->waiting[0]);
    if (due > 0)
        tell_budget(p);
}

rtc_time_t receive_pipeline_deadline(const struct receive_pipeline *p)
{
    return p && p->waiting_count > 0 ? p->waiting[0].at : RTC_TIME_NEVER;
}

int receive_pipeline_new(rtc_peer_connection *pc, rtc_rtp_transceiver *t, const struct receiver_stream *stream,
                         struct receive_pipeline **out)
{
    struct receive_pipeline *p = memory_zeroed(pc->context, sizeof *p);
    if (!p)
        return RTC_ERR_NO_MEMORY;
    atomic_init(&p->references, 1);
    p->job.run = run;
    p->job.done = done;
    p->context = rtc_context_ref(pc->context);
    p->kind = t->kind;
    p->mailbox = pc->driver.mailbox;
    p->track = rtc_media_stream_track_ref(t->receiver.track);
    pthread_mutex_init(&p->lock, NULL);
    p->pc = pc;
    p->transceiver = t;
    p->stream = stream;
    *out = p;
    return RTC_OK;
}

void receive_pipeline_detach(struct receive_pipeline *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->shared.detached = true;
    pthread_mutex_unlock(&p->lock);
    decode_budget_hold(&p->pc->decoding, p->admission.held, 0);
    p->pc = NULL;
    p->transceiver = NULL;
    p->stream = NULL;
    unref(p);
}

void receive_pipeline_stats(struct receive_pipeline *p, struct receive_pipeline_stats *out)
{
    pthread_mutex_lock(&p->lock);
    *out = p->shared.stats;
    pthread_mutex_unlock(&p->lock);
}
