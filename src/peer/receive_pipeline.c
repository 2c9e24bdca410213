/* SPDX-License-Identifier: MIT */
/* The receiving pipeline on the connection's thread; see receive_pipeline.h. What the worker does is receive_decode.c. */
#include "receive_pipeline.h"

#include "codec_table.h"
#include "context.h"
#include "peer.h"
#include "receive_pipeline_parts.h"
#include "references.h"
#include "transport.h"

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
        if (p->waiting_count == RECEIVE_WAITING_MAX) { /* nobody ticks: the oldest goes */
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

static void accept(struct receive_pipeline *p, rtc_time_t now, struct receive_unit unit)
{
    struct executor *executor = context_executor(p->context);
    bool overflow = false, begin = false;
    if (!executor)
        return;
    pthread_mutex_lock(&p->lock);
    if (p->shared.in_count == RECEIVE_WAITING_MAX) {
        drop_units(p);
        overflow = p->kind == RTC_MEDIA_VIDEO;
    }
    if (!overflow) {
        (void)rtc_encoded_frame_ref(unit.frame);
        unit.submitted = now;
        p->shared.in[p->shared.in_count++] = unit;
        p->shared.in_bytes += receive_unit_bytes(&unit);
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

/* Whoever lately showed more than was said has every frame counted as such a picture. */
static void count_as_shown(struct receive_pipeline *p, uint32_t *width, uint32_t *height)
{
    pthread_mutex_lock(&p->lock);
    uint32_t larger_width = p->shared.larger_width, larger_height = p->shared.larger_height;
    pthread_mutex_unlock(&p->lock);
    uint64_t pixels = (uint64_t)larger_width * larger_height;
    if (pixels <= (uint64_t)*width * *height || pixels > p->pc->decoding.picture_pixels)
        return;
    *width = larger_width;
    *height = larger_height;
}

/* Where its format does not say more, one picture, of the size that a keyframe has. */
static struct picture_work work_of(const struct receive_pipeline *p, const rtc_encoded_frame *frame)
{
    const struct codec_row *row = codec_row_carried(p->kind, rtc_encoded_frame_codec(frame));
    struct picture_work work = {0};
    if (row && row->format->frame_work)
        work = row->format->frame_work(slice_of(rtc_encoded_frame_data(frame), rtc_encoded_frame_len(frame)));
    if (work.pictures == 0 && work.pixels == 0)
        work.pictures = 1;
    if (rtc_encoded_frame_keyframe(frame) && work.width == 0)
        picture_work_note(&work, rtc_encoded_frame_width(frame), rtc_encoded_frame_height(frame));
    return work;
}

/* Whether the connection's limits let a decoder have this frame. The size of a keyframe that does not say it is for the decoder to judge.
 * What is no keyframe may say another one, but what it refers to is still there. */
static bool admit(struct receive_pipeline *p, rtc_time_t now, const rtc_encoded_frame *frame)
{
    const struct picture_work work = work_of(p, frame);
    uint64_t said = (uint64_t)work.width * work.height, before = (uint64_t)p->admission.width * p->admission.height;
    bool sized = rtc_encoded_frame_keyframe(frame) ? said > 0 : said > before;
    uint32_t width = sized ? work.width : p->admission.width, height = sized ? work.height : p->admission.height;
    count_as_shown(p, &width, &height);
    uint64_t pixels = (uint64_t)width * height, area = pixels > 0 ? decode_budget_area(width, height) : 0;
    uint64_t all = work.pictures * pixels + work.pixels;
    all = all > pixels ? all : pixels;
    uint64_t held = held_with(p, area, 1) + rtc_encoded_frame_len(frame);
    bool resized = width != p->admission.width || height != p->admission.height;
    enum decode_verdict verdict =
        decode_budget_take(&p->pc->decoding, now, pixels, all, resized, held > p->admission.held ? held - p->admission.held : 0);
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

/* The counts of another stream, which are taken out; zeros when it was never shown. */
static struct receive_pipeline_stats take_kept(struct receive_kept *kept, const char *rid)
{
    struct receive_pipeline_stats stats = {0};
    for (size_t i = 0; i < kept->count; i++) {
        if (strcmp(kept->others[i].rid, rid) != 0)
            continue;
        stats = kept->others[i].stats;
        kept->count--;
        memmove(&kept->others[i], &kept->others[i + 1], (kept->count - i) * sizeof kept->others[0]);
        break;
    }
    return stats;
}

static void keep(struct receive_kept *kept, const struct receive_pipeline_stats *stats)
{
    if (kept->count == RTP_RIDS_MAX)
        memmove(&kept->others[0], &kept->others[1], --kept->count * sizeof kept->others[0]);
    text_copy(kept->others[kept->count].rid, sizeof kept->others[0].rid, kept->shown);
    kept->others[kept->count++].stats = *stats;
}

/* What is decoded from now on is counted for the stream that is shown. */
static void count_for_shown(struct receive_pipeline *p)
{
    if (strcmp(p->kept.shown, p->stream->rid) == 0)
        return;
    pthread_mutex_lock(&p->lock);
    struct receive_pipeline_stats next = take_kept(&p->kept, p->stream->rid);
    if (p->shared.stats.frames_decoded + p->shared.stats.frames_dropped > 0)
        keep(&p->kept, &p->shared.stats);
    p->shared.stats = next;
    pthread_mutex_unlock(&p->lock);
    text_copy(p->kept.shown, sizeof p->kept.shown, p->stream->rid);
}

void receive_pipeline_begin_anew(struct receive_pipeline *p)
{
    count_for_shown(p);
    p->admission.restarts = true;
    p->admission.hopeless = false;
}

void receive_pipeline_restart(struct receive_pipeline *p, rtc_time_t now)
{
    if (!p || !p->pc)
        return;
    receive_pipeline_begin_anew(p);
    request_keyframe(p, now);
}

void receive_pipeline_video(struct receive_pipeline *p, rtc_time_t now, const struct rtp_picture *picture)
{
    rtc_encoded_frame *frame = picture->frame;
    if (!p || !p->pc)
        return;
    count_for_shown(p);
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
    accept(p, now, (struct receive_unit){.frame = frame, .show_at = picture->play_time, .began = picture->began});
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
               (struct receive_unit){.frame = sound->frame,
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
    p->job.run = receive_decode;
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

void receive_pipeline_stats(struct receive_pipeline *p, const char *rid, struct receive_pipeline_stats *out)
{
    *out = (struct receive_pipeline_stats){0};
    count_for_shown(p);
    for (size_t i = 0; i < p->kept.count; i++)
        if (strcmp(p->kept.others[i].rid, rid) == 0)
            *out = p->kept.others[i].stats;
    if (strcmp(p->kept.shown, rid) != 0)
        return;
    pthread_mutex_lock(&p->lock);
    *out = p->shared.stats;
    pthread_mutex_unlock(&p->lock);
}
