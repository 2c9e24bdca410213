/* SPDX-License-Identifier: MIT */
/* The sending pipeline; see send_pipeline.h. The lock guards what the pushing thread, the worker and the connection's thread share;
 * encoding and sending happen without it. */
#include "send_pipeline.h"

#include "audio_framer.h"
#include "codec_registry.h"
#include "encode_load.h"
#include "media_tools.h"
#include "peer.h"
#include "rtp_rate.h"
#include "transport.h"
#include "video_scale.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>

enum {
    AUDIO_WAITING_MAX = 10,   /* pushed stretches of sound */
    ENCODED_WAITING_MAX = 64, /* frames of an encoded source, and encoded frames on their way to the connection's thread */
    DEFAULT_AUDIO_BPS = 48000,
    DEFAULT_FRAME_RATE = 30,
    BACKLOG_MAX_US = 100000, /* of video in the pacer, beyond which pictures are left out */
    BEHIND_MAX_US = 1000000  /* for how long at most */
};

/* A frame on its way: exactly one pointer is set, a reference. */
struct item {
    rtc_video_frame *video;
    rtc_audio_frame *audio;
    rtc_encoded_frame *encoded;
    uint8_t audio_level;
};

/* A bounded ring of items. */
struct ring {
    struct item items[ENCODED_WAITING_MAX];
    uint32_t first, count;
};

struct send_pipeline {
    struct job job; /* in the mailbox or at a worker while `busy` */
    atomic_uint references;
    rtc_context *context;
    rtc_media_kind kind;
    const rtc_codec_ops *codec; /* NULL: only encoded frames pass */
    struct mailbox *mailbox;    /* the connection's: no reference, valid while not detached */
    pthread_mutex_t lock;
    struct ring in, out;
    bool forwards; /* the track brings encoded frames */
    bool busy, detached, keyframe_wanted, bitrate_changed;
    bool encoded_starts;     /* coded video may go on with a keyframe only */
    bool encoded_lost;       /* a gap in coded video: its source must make a keyframe */
    bool stopped;            /* by the circuit breaker */
    rtc_time_t behind_until; /* pictures taken before then are left out; 0: none */
    uint32_t bitrate_bps;
    uint32_t loss_percent;
    bool inband_fec;
    uint32_t channels;
    struct encode_load load;
    struct send_pipeline_stats stats;

    /* The worker's alone. */
    void *encoder;
    struct audio_framer *framer;
    struct video_scale scale;
    uint32_t encoder_width, encoder_height, frame_rate;
    rtc_time_t last_capture_us;

    /* The connection thread's alone. */
    rtc_peer_connection *pc; /* NULL once detached */
    rtc_rtp_transceiver *transceiver;
    rtc_media_stream_track *track; /* a reference */
    struct media_consumer *consumer;
};

static void free_item(struct item *item)
{
    rtc_video_frame_unref(item->video);
    rtc_audio_frame_unref(item->audio);
    rtc_encoded_frame_unref(item->encoded);
}

static bool ring_push(struct ring *r, struct item item, uint32_t limit)
{
    if (r->count >= limit)
        return false;
    r->items[(r->first + r->count++) % ENCODED_WAITING_MAX] = item;
    return true;
}

static bool ring_pop(struct ring *r, struct item *out)
{
    if (r->count == 0)
        return false;
    *out = r->items[r->first];
    r->first = (r->first + 1) % ENCODED_WAITING_MAX;
    r->count--;
    return true;
}

static void unref(struct send_pipeline *p)
{
    if (atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) > 1)
        return;
    struct item item;
    while (ring_pop(&p->in, &item) || ring_pop(&p->out, &item))
        free_item(&item);
    if (p->encoder)
        p->codec->encoder_free(p->encoder);
    audio_framer_free(p->framer);
    pthread_mutex_destroy(&p->lock);
    rtc_context *context = p->context;
    memory_free(context, p);
    rtc_context_unref(context);
}

/* ---- On the worker ---- */

static void settings_of(struct send_pipeline *p, rtc_encoder_settings *s)
{
    *s = (rtc_encoder_settings){
        .size = sizeof *s,
        .width = p->encoder_width,
        .height = p->encoder_height,
        .frames_per_second = p->frame_rate,
        .sample_rate = AUDIO_FRAMER_RATE,
        .channels = p->channels,
        .inband_fec = p->inband_fec,
    };
    pthread_mutex_lock(&p->lock);
    s->bitrate_bps = p->bitrate_bps;
    s->packet_loss_percent = p->loss_percent;
    s->speed = p->load.speed;
    p->bitrate_changed = false;
    pthread_mutex_unlock(&p->lock);
}

/* Makes the encoder, or tells it what changed. */
static int prepare_encoder(struct send_pipeline *p, bool resized)
{
    rtc_encoder_settings settings;
    pthread_mutex_lock(&p->lock);
    bool changed = p->bitrate_changed || resized;
    pthread_mutex_unlock(&p->lock);
    if (p->encoder && !changed)
        return RTC_OK;
    settings_of(p, &settings);
    if (p->encoder)
        return p->codec->encoder_configure ? p->codec->encoder_configure(p->encoder, &settings) : RTC_OK;
    return p->codec->encoder_new(p->context, &settings, &p->encoder);
}

static void emit(struct send_pipeline *p, rtc_encoded_frame *frame, uint8_t level)
{
    struct item item = {.encoded = frame, .audio_level = level};
    pthread_mutex_lock(&p->lock);
    bool kept = ring_push(&p->out, item, ENCODED_WAITING_MAX);
    if (!kept) {
        p->stats.frames_dropped++;
        p->encoded_lost = p->kind == RTC_MEDIA_VIDEO;
    }
    pthread_mutex_unlock(&p->lock);
    if (!kept)
        rtc_encoded_frame_unref(frame);
}

static void measure_frame_rate(struct send_pipeline *p, rtc_time_t capture_us)
{
    rtc_time_t gap = capture_us - p->last_capture_us;
    if (p->last_capture_us > 0 && gap > 2000 && gap < 1000000) {
        uint32_t rate = (uint32_t)((1000000 + gap / 2) / gap);
        p->frame_rate = (p->frame_rate * 7 + rate + 4) / 8;
    }
    p->last_capture_us = capture_us;
}

static int encode_picture(struct send_pipeline *p, rtc_video_frame *picture, bool keyframe, rtc_encoded_frame **out)
{
    uint32_t width = rtc_video_frame_width(picture), height = rtc_video_frame_height(picture);
    bool resized = width != p->encoder_width || height != p->encoder_height;
    p->encoder_width = width;
    p->encoder_height = height;
    int error = prepare_encoder(p, resized);
    return error ? error : p->codec->encode_video(p->encoder, picture, keyframe, out);
}

/* With the lock held: how many pictures a second come. Fewer of them are sent when there is too little of anything, and if that counted,
 * those would become larger, and fewer still. */
static uint32_t coming_rate(const struct send_pipeline *p)
{
    return p->load.interval > 0 ? (uint32_t)(1000000 / p->load.interval) : DEFAULT_FRAME_RATE;
}

/* The picture upright and as large as the rate and the time are enough for. */
static int scaled(struct send_pipeline *p, rtc_video_frame *frame, rtc_video_frame **out)
{
    uint32_t rotation = rtc_video_frame_rotation(frame);
    bool lies = rotation == 90 || rotation == 270;
    uint32_t full_width = lies ? rtc_video_frame_height(frame) : rtc_video_frame_width(frame);
    uint32_t full_height = lies ? rtc_video_frame_width(frame) : rtc_video_frame_height(frame);
    uint32_t width = full_width, height = full_height;
    pthread_mutex_lock(&p->lock);
    bool first = p->scale.eighths == 0;
    const struct video_scale_limits limits = {coming_rate(p), p->bitrate_bps, p->load.smaller};
    bool changes = video_scale_choose(&p->scale, rtc_video_frame_capture_time_us(frame), &limits, &width, &height);
    p->stats.resolution_changes += changes && !first;
    p->stats.limited = width < full_width;
    p->stats.hurried = p->stats.limited && p->load.smaller > 0;
    pthread_mutex_unlock(&p->lock);
    if (width == full_width)
        width = height = 0;
    return media_tools_video_to_i420(p->context, frame, width, height, out);
}

static void count_encoded(struct send_pipeline *p, const rtc_encoded_frame *frame, rtc_time_t began)
{
    rtc_time_t took = executor_took(context_executor(p->context), &p->job, began);
    pthread_mutex_lock(&p->lock);
    p->stats.frames_encoded++;
    p->stats.key_frames_encoded += rtc_encoded_frame_keyframe(frame);
    p->stats.total_encode_time_us += took;
    p->stats.width = p->encoder_width;
    p->stats.height = p->encoder_height;
    pthread_mutex_unlock(&p->lock);
}

/* Every frame that was taken is sent or counted. */
static void count_unsent(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    p->stats.frames_dropped++;
    pthread_mutex_unlock(&p->lock);
}

static void fail_encoding(struct send_pipeline *p, int error)
{
    pthread_mutex_lock(&p->lock);
    bool first = p->stats.frames_dropped++ == 0;
    p->keyframe_wanted = true;
    pthread_mutex_unlock(&p->lock);
    if (first)
        log_write(p->context, RTC_LOG_ERROR, "peer", "a frame could not be encoded: %s", rtc_error_message(error));
}

/* What the picture took, encoded or not, is set against the share of time. */
static void spend(struct send_pipeline *p, const rtc_video_frame *frame, rtc_time_t began)
{
    const struct executor *executor = context_executor(p->context);
    rtc_time_t took = executor_took(executor, &p->job, began);
    rtc_time_t now = executor_now(executor, rtc_video_frame_capture_time_us(frame));
    pthread_mutex_lock(&p->lock);
    p->bitrate_changed = encode_load_spent(&p->load, now, took) || p->bitrate_changed;
    pthread_mutex_unlock(&p->lock);
}

/* The source is not asked: raw frames need no help of it, and the track is the connection thread's. */
static void owe_keyframe(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    p->keyframe_wanted = true;
    pthread_mutex_unlock(&p->lock);
}

static void encode_video(struct send_pipeline *p, rtc_video_frame *frame)
{
    rtc_video_frame *picture = NULL;
    rtc_encoded_frame *encoded = NULL;
    rtc_time_t began = rtc_now();
    pthread_mutex_lock(&p->lock);
    bool keyframe = p->keyframe_wanted;
    p->keyframe_wanted = false;
    pthread_mutex_unlock(&p->lock);
    measure_frame_rate(p, rtc_video_frame_capture_time_us(frame));
    int error = scaled(p, frame, &picture);
    if (!error)
        error = encode_picture(p, picture, keyframe, &encoded);
    rtc_video_frame_unref(picture);
    spend(p, frame, began);
    if (error) {
        fail_encoding(p, error);
    } else if (encoded) {
        count_encoded(p, encoded, began);
        emit(p, encoded, RTP_NO_AUDIO_LEVEL);
    } else {
        count_unsent(p); /* dropped by the rate control */
        if (keyframe)
            owe_keyframe(p);
    }
}

/* RFC 6464: -dBov, 0 loudest to 127, with the voice bit for what is above a whisper. */
static uint8_t level_of(const rtc_audio_frame *frame)
{
    const int16_t *s = rtc_audio_frame_data(frame);
    size_t n = (size_t)rtc_audio_frame_samples(frame) * rtc_audio_frame_channels(frame);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)s[i] * s[i];
    double rms = n > 0 ? sqrt(sum / (double)n) / 32768.0 : 0;
    double db = rms > 0 ? -20.0 * log10(rms) : 127;
    uint8_t level = db >= 127 ? 127 : db < 0 ? 0 : (uint8_t)(db + 0.5);
    return (uint8_t)(level < 50 ? level | 0x80 : level);
}

static int encode_packets(struct send_pipeline *p)
{
    rtc_audio_frame *packet;
    int error = audio_framer_pop(p->framer, &packet);
    while (!error && packet) {
        rtc_encoded_frame *encoded = NULL;
        rtc_time_t began = rtc_now();
        error = prepare_encoder(p, false);
        if (!error)
            error = p->codec->encode_audio(p->encoder, packet, &encoded);
        if (encoded) {
            count_encoded(p, encoded, began);
            emit(p, encoded, level_of(packet));
        }
        rtc_audio_frame_unref(packet);
        if (!error)
            error = audio_framer_pop(p->framer, &packet);
    }
    return error;
}

static void encode_audio(struct send_pipeline *p, rtc_audio_frame *frame)
{
    int error = RTC_OK;
    if (!p->framer) {
        p->channels = rtc_audio_frame_channels(frame) > 1 ? 2 : 1;
        error = audio_framer_new(p->context, p->channels, AUDIO_FRAMER_PACKET_SAMPLES, &p->framer);
    }
    if (!error)
        error = audio_framer_push(p->framer, frame);
    if (!error)
        error = encode_packets(p);
    if (error)
        fail_encoding(p, error);
}

static void run(struct job *job)
{
    struct send_pipeline *p = link_owner(job, struct send_pipeline, job);
    struct item item;
    for (;;) {
        pthread_mutex_lock(&p->lock);
        bool more = !p->detached && ring_pop(&p->in, &item);
        pthread_mutex_unlock(&p->lock);
        if (!more)
            return;
        if (item.encoded) {
            emit(p, rtc_encoded_frame_ref(item.encoded), RTP_NO_AUDIO_LEVEL);
        } else if (p->codec && item.video) {
            encode_video(p, item.video);
        } else if (p->codec && item.audio) {
            encode_audio(p, item.audio);
        } else {
            count_unsent(p); /* raw, and nobody encodes it */
        }
        free_item(&item);
        if (p->kind == RTC_MEDIA_VIDEO)
            return; /* the frame leaves before the next one is begun */
    }
}

/* ---- On the connection's thread ---- */

/* What waits in the pacer is late by as much; a picture that is left out now makes the next ones come in time. */
static void note_backlog(struct send_pipeline *p, const struct transport *t, rtc_time_t now)
{
    rtc_time_t backlog = rtp_session_backlog(t->rtp);
    pthread_mutex_lock(&p->lock);
    p->behind_until = backlog > BACKLOG_MAX_US ? now + (backlog < BEHIND_MAX_US ? backlog : BEHIND_MAX_US) - BACKLOG_MAX_US / 2 : 0;
    pthread_mutex_unlock(&p->lock);
}

static void send_ready(struct send_pipeline *p, rtc_time_t now)
{
    struct item item;
    for (;;) {
        pthread_mutex_lock(&p->lock);
        bool more = ring_pop(&p->out, &item);
        pthread_mutex_unlock(&p->lock);
        if (!more)
            return;
        struct transport *t = p->pc ? p->pc->transport : NULL;
        int error = t ? rtp_session_send_frame(t->rtp, now, p->transceiver->section, item.encoded, item.audio_level, &t->rtp_out)
                      : RTC_ERR_INVALID_STATE;
        if (error)
            count_unsent(p); /* the pacer was full, the section does not send, or the frame is none */
        if (error == RTC_ERR_NO_MEMORY)
            send_pipeline_request_keyframe(p); /* the peer misses this frame. A frame that may not be sent yet is the session's affair. */
        if (t && p->kind == RTC_MEDIA_VIDEO)
            note_backlog(p, t, now);
        free_item(&item);
    }
}

/* With the lock held: the picture that waited, when there is no time for it now; a newer one will come. */
static struct item late_picture(struct send_pipeline *p, rtc_time_t now)
{
    struct item late = {0};
    if (p->detached || p->in.count == 0 || !p->in.items[p->in.first].video || encode_load_admits_waiting(&p->load, now))
        return late;
    (void)ring_pop(&p->in, &late);
    p->stats.frames_dropped++;
    return late;
}

static void done(struct job *job, rtc_time_t now)
{
    struct send_pipeline *p = link_owner(job, struct send_pipeline, job);
    send_ready(p, now);
    pthread_mutex_lock(&p->lock);
    struct item late = late_picture(p, now);
    bool again = !p->detached && p->in.count > 0;
    bool gap = p->encoded_lost;
    p->busy = again;
    p->encoded_lost = false;
    pthread_mutex_unlock(&p->lock);
    free_item(&late);
    if (gap)
        send_pipeline_request_keyframe(p);
    if (p->pc && p->pc->transport)
        transport_settle(p->pc->transport, now);
    if (again)
        executor_submit(context_executor(p->context), p->mailbox, &p->job, now);
    else
        unref(p); /* the job's reference */
}

/* ---- On the pushing thread ---- */

/* With the lock held. While one is being encoded nobody knows what it will take: the next one waits. */
static bool has_time(struct send_pipeline *p, rtc_time_t captured)
{
    return p->busy || encode_load_admits(&p->load, executor_now(context_executor(p->context), captured));
}

/* A raw picture or sound that would not be sent in time. Times that are not of the connection's clock are not compared with it. */
static bool is_useless(const struct send_pipeline *p, bool encoded, rtc_time_t taken)
{
    bool behind = p->kind == RTC_MEDIA_VIDEO && taken < p->behind_until && p->behind_until - taken <= BEHIND_MAX_US;
    return !encoded && (p->stopped || behind);
}

static void accept(struct send_pipeline *p, struct item item, uint32_t limit, rtc_time_t now)
{
    struct item old;
    pthread_mutex_lock(&p->lock);
    /* A remote track that is sent on passes its frames encoded, and decoded too while somebody watches it: encoded ones win. */
    p->forwards = p->forwards || item.encoded;
    if (p->detached || (p->forwards && !item.encoded)) {
        pthread_mutex_unlock(&p->lock);
        return;
    }
    p->stats.frames_in++;
    if (item.encoded && p->encoded_starts && !rtc_encoded_frame_keyframe(item.encoded)) {
        p->stats.frames_dropped++;
        pthread_mutex_unlock(&p->lock);
        return;
    }
    p->encoded_starts = p->encoded_starts && !item.encoded;
    if (item.video)
        encode_load_came(&p->load, executor_now(context_executor(p->context), now));
    if (is_useless(p, item.encoded != NULL, now) || (item.video && !has_time(p, now))) {
        p->stats.frames_dropped++;
        pthread_mutex_unlock(&p->lock);
        return;
    }
    bool crowded = p->in.count >= limit && ring_pop(&p->in, &old);
    p->stats.frames_dropped += crowded;
    p->encoded_lost = p->encoded_lost || (crowded && old.encoded && p->kind == RTC_MEDIA_VIDEO);
    (void)rtc_video_frame_ref(item.video);
    (void)rtc_audio_frame_ref(item.audio);
    (void)rtc_encoded_frame_ref(item.encoded);
    (void)ring_push(&p->in, item, ENCODED_WAITING_MAX);
    bool begin = !p->busy;
    p->busy = true;
    if (begin)
        p->job.class = p->kind == RTC_MEDIA_VIDEO && !p->forwards ? JOB_BULK : JOB_PROMPT;
    struct mailbox *mailbox = begin ? mailbox_ref(p->mailbox) : NULL; /* the connection may go as soon as the lock is given back */
    if (begin)
        atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
    pthread_mutex_unlock(&p->lock);
    if (crowded)
        free_item(&old);
    if (begin)
        executor_submit(context_executor(p->context), mailbox, &p->job, now);
    mailbox_unref(mailbox);
}

static void on_video(void *user, rtc_video_frame *frame)
{
    accept(user, (struct item){.video = frame}, 1, rtc_video_frame_capture_time_us(frame));
}

static void on_audio(void *user, rtc_audio_frame *frame)
{
    accept(user, (struct item){.audio = frame}, AUDIO_WAITING_MAX, rtc_audio_frame_capture_time_us(frame));
}

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    accept(user, (struct item){.encoded = frame}, ENCODED_WAITING_MAX, rtc_encoded_frame_capture_time_us(frame));
}

static uint32_t room(void *user)
{
    struct send_pipeline *p = user;
    pthread_mutex_lock(&p->lock);
    rtc_time_t now = executor_now(context_executor(p->context), p->load.came);
    bool pictures = p->kind == RTC_MEDIA_VIDEO && !p->forwards;
    uint32_t limit = pictures ? 1 : p->forwards ? ENCODED_WAITING_MAX : AUDIO_WAITING_MAX;
    uint32_t left = p->in.count < limit ? limit - p->in.count : 0;
    if (is_useless(p, p->forwards, now) || (pictures && !p->busy && !encode_load_admits(&p->load, now)))
        left = 0;
    pthread_mutex_unlock(&p->lock);
    return left;
}

static void released(void *user)
{
    unref(user); /* the consumer's reference */
}

/* Before the session has said anything. */
static uint32_t first_bitrate(const rtc_peer_connection *pc, const rtc_rtp_transceiver *t)
{
    if (t->sender.target_bitrate_bps)
        return t->sender.target_bitrate_bps;
    if (t->kind == RTC_MEDIA_AUDIO)
        return DEFAULT_AUDIO_BPS;
    uint32_t start = pc->start_bitrate_bps ? pc->start_bitrate_bps : RTP_RATE_START_BPS;
    return start < pc->max_bitrate_bps ? start : pc->max_bitrate_bps;
}

static struct send_pipeline *create(rtc_peer_connection *pc, rtc_rtp_transceiver *t)
{
    struct send_pipeline *p = memory_zeroed(pc->context, sizeof *p);
    if (!p)
        return NULL;
    atomic_init(&p->references, 1);
    p->job.run = run;
    p->job.done = done;
    p->context = rtc_context_ref(pc->context);
    p->kind = t->kind;
    p->codec = codec_find_encoder(pc->context, t->kind, t->sender.codec.name);
    p->mailbox = pc->mailbox;
    pthread_mutex_init(&p->lock, NULL);
    p->keyframe_wanted = true;
    p->encoded_starts = t->kind == RTC_MEDIA_VIDEO;
    p->frame_rate = DEFAULT_FRAME_RATE;
    p->channels = 1;
    p->inband_fec = slice_is(jsep_fmtp_value(t->sender.codec.fmtp, "useinbandfec"), "1");
    p->loss_percent = p->inband_fec ? 10 : 0;
    p->bitrate_bps = first_bitrate(pc, t);
    p->stopped = t->sender.circuit == RTC_CIRCUIT_STOPPED;
    p->stats.bitrate_bps = p->bitrate_bps;
    (void)snprintf(p->stats.encoder, sizeof p->stats.encoder, "%s", p->codec ? p->codec->name : "none");
    p->pc = pc;
    p->transceiver = t;
    p->track = rtc_media_stream_track_ref(t->sender.track);
    return p;
}

int send_pipeline_new(rtc_peer_connection *pc, rtc_rtp_transceiver *t, struct send_pipeline **out)
{
    static const struct media_consumer_ops ops = {on_video, on_audio, on_encoded, released, room};
    if (!context_executor(pc->context))
        return RTC_ERR_OPERATION;
    struct send_pipeline *p = create(pc, t);
    if (!p)
        return RTC_ERR_NO_MEMORY;
    atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
    int error = media_track_add_consumer(p->track, &ops, p, &p->consumer);
    if (error) {
        unref(p);
        rtc_media_stream_track_unref(p->track);
        unref(p);
        return error;
    }
    if (p->kind == RTC_MEDIA_VIDEO) /* whoever sends on what is under way already must begin with one */
        media_track_request_keyframe(p->track);
    media_track_set_bitrate(p->track, p->consumer, p->bitrate_bps);
    *out = p;
    return RTC_OK;
}

void send_pipeline_detach(struct send_pipeline *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->detached = true;
    pthread_mutex_unlock(&p->lock);
    media_track_remove_consumer(p->track, p->consumer);
    rtc_media_stream_track_unref(p->track);
    p->track = NULL;
    p->pc = NULL;
    p->transceiver = NULL;
    unref(p);
}

void send_pipeline_request_keyframe(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    p->keyframe_wanted = true;
    pthread_mutex_unlock(&p->lock);
    if (p->track)
        media_track_request_keyframe(p->track);
}

void send_pipeline_set_stopped(struct send_pipeline *p, bool stopped)
{
    pthread_mutex_lock(&p->lock);
    p->stopped = stopped;
    pthread_mutex_unlock(&p->lock);
}

void send_pipeline_set_bitrate(struct send_pipeline *p, uint32_t bitrate_bps)
{
    pthread_mutex_lock(&p->lock);
    if (bitrate_bps > 0) { /* stopped: what was last encoded with is as good as anything */
        p->bitrate_changed = p->bitrate_changed || bitrate_bps != p->bitrate_bps;
        p->bitrate_bps = bitrate_bps;
    }
    p->stats.bitrate_bps = bitrate_bps;
    pthread_mutex_unlock(&p->lock);
    if (p->track)
        media_track_set_bitrate(p->track, p->consumer, bitrate_bps > 0 ? bitrate_bps : RTP_RATE_MIN_BPS);
}

void send_pipeline_stats(struct send_pipeline *p, struct send_pipeline_stats *out)
{
    pthread_mutex_lock(&p->lock);
    *out = p->stats;
    pthread_mutex_unlock(&p->lock);
}

void send_pipeline_sum(struct send_pipeline *p, struct send_pipeline_stats *sum)
{
    struct send_pipeline_stats own;
    if (!p)
        return;
    send_pipeline_stats(p, &own);
    own.frames_in += sum->frames_in;
    own.frames_dropped += sum->frames_dropped;
    own.frames_encoded += sum->frames_encoded;
    own.key_frames_encoded += sum->key_frames_encoded;
    own.total_encode_time_us += sum->total_encode_time_us;
    own.resolution_changes += sum->resolution_changes;
    own.width = own.width ? own.width : sum->width;
    own.height = own.height ? own.height : sum->height;
    *sum = own;
}
