/* SPDX-License-Identifier: MIT */
/* The part of a receiving pipeline that runs on a worker: decoders, and what comes out of them. */
#include "audio_stretch.h"
#include "codec_registry.h"
#include "codec_table.h"
#include "context.h"
#include "frame.h"
#include "receive_pipeline_parts.h"

#include <strings.h>

/* What was negotiated for this frame's payload type, or another one of its codec; of a codec that was not, what is known of it. */
static struct rtp_codec parameters_of(const struct receive_worker *w, rtc_media_kind kind, const rtc_encoded_frame *frame)
{
    const char *name = rtc_encoded_frame_codec(frame);
    const struct frame_origin *origin = encoded_frame_origin(frame);
    const struct rtp_codec *found = NULL;
    struct rtp_codec out = {0};
    for (size_t i = 0; i < w->codec_count; i++) {
        bool same = strcasecmp(w->codecs[i].name, name) == 0;
        if (same && (!found || (origin->ssrc && w->codecs[i].payload_type == origin->payload_type)))
            found = &w->codecs[i];
    }
    if (found)
        return *found;
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
    const struct rtp_codec agreed = frame ? parameters_of(w, p->kind, frame) : w->made_for;
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
static double processing_delay(const struct receive_pipeline *p, const struct receive_unit *unit, rtc_time_t now)
{
    double delay = unit->began > 0 && now > unit->began ? (double)(now - unit->began) / 1e6 : 0;
    return p->kind == RTC_MEDIA_AUDIO ? delay * (double)unit->samples : delay;
}

static void count_decoded(struct receive_pipeline *p, const struct receive_unit *unit, const rtc_video_frame *picture, rtc_time_t began)
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

/* -60 dB of the loudest: silence, or noise that stands for it. */
static bool is_silent(double power)
{
    return power < 1e-6;
}

static void count_sound(struct receive_pipeline *p, const struct receive_unit *unit, const rtc_audio_frame *sound)
{
    double power = audio_power(sound);
    uint32_t samples = rtc_audio_frame_samples(sound);
    pthread_mutex_lock(&p->lock);
    audio_meter_add(&p->shared.stats.meter, power, samples, rtc_audio_frame_sample_rate(sound));
    p->shared.stats.silent_concealed += unit->missed && is_silent(power) ? samples : 0;
    pthread_mutex_unlock(&p->lock);
}

/* Pictures may be larger than keyframes say: VP9 has a size in others as well, and parameter sets of H.264 come by themselves. Who was not
 * larger in so many of them is believed again. */
enum { LARGER_PICTURES = 300 };

static void compare_size(struct receive_pipeline *p, const rtc_encoded_frame *frame, const rtc_video_frame *picture)
{
    uint64_t said = (uint64_t)rtc_encoded_frame_width(frame) * rtc_encoded_frame_height(frame);
    if (rtc_encoded_frame_keyframe(frame) && said > 0)
        p->worker.said_pixels = said;
    if (!picture)
        return;
    uint32_t width = rtc_video_frame_width(picture), height = rtc_video_frame_height(picture);
    uint64_t pixels = (uint64_t)width * height;
    struct receive_worker *w = &p->worker;
    if (pixels > w->said_pixels && pixels > (uint64_t)w->most_width * w->most_height) {
        w->most_width = width;
        w->most_height = height;
    }
    bool all = ++w->compared >= LARGER_PICTURES;
    pthread_mutex_lock(&p->lock);
    if (all || (uint64_t)w->most_width * w->most_height > (uint64_t)p->shared.larger_width * p->shared.larger_height) {
        p->shared.larger_width = w->most_width;
        p->shared.larger_height = w->most_height;
    }
    pthread_mutex_unlock(&p->lock);
    if (all)
        w->compared = w->most_width = w->most_height = 0;
}

static void decode_video(struct receive_pipeline *p, const struct receive_unit *unit)
{
    rtc_video_frame *picture = NULL;
    rtc_time_t began = rtc_now();
    int error = prepare_decoder(p, unit->frame);
    if (!error)
        error = p->worker.codec->decode_video(p->worker.decoder, unit->frame, &picture);
    if (!error) {
        compare_size(p, unit->frame, picture);
        count_decoded(p, unit, picture, began);
    }
    pthread_mutex_lock(&p->lock);
    if (error) {
        p->shared.stats.frames_dropped++;
        p->shared.broken = true;
    } else if (picture && p->shared.out_count < RECEIVE_WAITING_MAX) {
        if (rtc_encoded_frame_rotation(unit->frame))
            video_frame_set_rotation(picture, rtc_encoded_frame_rotation(unit->frame));
        p->shared.out[p->shared.out_count++] = (struct receive_shown){picture, unit->show_at};
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

static void decode_audio(struct receive_pipeline *p, const struct receive_unit *unit)
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

static bool take_unit(struct receive_pipeline *p, struct receive_unit *out)
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
        p->shared.in_bytes -= receive_unit_bytes(out);
    }
    pthread_mutex_unlock(&p->lock);
    return more;
}

void receive_decode(struct job *job)
{
    struct receive_pipeline *p = link_owner(job, struct receive_pipeline, job);
    for (struct receive_unit unit; take_unit(p, &unit);) {
        if (p->kind == RTC_MEDIA_VIDEO)
            decode_video(p, &unit);
        else
            decode_audio(p, &unit);
        rtc_encoded_frame_unref(unit.frame);
    }
}
