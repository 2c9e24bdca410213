/* SPDX-License-Identifier: MIT */
/* The worker's half of the sending pipeline: frames become encoded ones, with the lock held only to read what was asked and to say what was
 * done. It knows no connection. */
#include "send_pipeline_parts.h"

#include "audio_power.h"
#include "capabilities.h"
#include "codec_table.h"
#include "context.h"
#include "log.h"
#include "media_tools.h"
#include "rtp_session.h"

#include <math.h>

void send_pipeline_adopt_codec(struct send_pipeline *p)
{
    struct send_worker *w = &p->worker;
    w->negotiated = p->shared.codec;
    w->codec = codec_find_encoder(p->context, p->kind, p->shared.codec.name);
    w->inband_fec = capabilities_inband_fec(&p->shared.codec);
    w->loss_percent = w->inband_fec ? 10 : 0;
    p->shared.codec_changed = false;
    p->shared.stats.implementation = w->codec ? w->codec->implementation : NULL;
    p->shared.stats.power = w->codec ? w->codec->power : RTC_CODEC_POWER_UNKNOWN;
}

/* Between two frames, so that none is lost: another codec, or other parameters of it, take another encoder. */
static void follow_codec(struct send_pipeline *p)
{
    const rtc_codec_ops *before = p->worker.codec;
    const struct jsep_codec negotiated = p->worker.negotiated;
    pthread_mutex_lock(&p->lock);
    bool changed = p->shared.codec_changed;
    if (changed)
        send_pipeline_adopt_codec(p);
    p->shared.keyframe_wanted = p->shared.keyframe_wanted || changed;
    pthread_mutex_unlock(&p->lock);
    if (negotiated.clock_rate != p->worker.negotiated.clock_rate || negotiated.channels != p->worker.negotiated.channels) {
        audio_framer_free(p->worker.framer);
        p->worker.framer = NULL;
    }
    if (!changed || !p->worker.encoder)
        return;
    before->encoder_free(p->worker.encoder);
    p->worker.encoder = NULL;
}

static void settings_of(struct send_pipeline *p, rtc_codec_parameters *parameters, rtc_encoder_settings *s)
{
    const struct jsep_codec *codec = &p->worker.negotiated;
    *parameters = (rtc_codec_parameters){sizeof *parameters, codec->name, codec->clock_rate, codec->channels, codec->fmtp};
    *s = (rtc_encoder_settings){
        .size = sizeof *s,
        .width = p->worker.encoder_width,
        .height = p->worker.encoder_height,
        .frames_per_second = p->worker.frame_rate,
        .sample_rate = codec->clock_rate,
        .channels = p->worker.channels,
        .inband_fec = p->worker.inband_fec,
        .encodings = p->encodings,
        .parameters = parameters,
    };
    pthread_mutex_lock(&p->lock);
    s->bitrate_bps = p->shared.bitrate_bps;
    s->packet_loss_percent = p->worker.loss_percent;
    s->speed = p->shared.load.speed;
    p->shared.bitrate_changed = false;
    pthread_mutex_unlock(&p->lock);
}

/* Makes the encoder, or tells it what changed. */
static int prepare_encoder(struct send_pipeline *p, bool resized)
{
    rtc_encoder_settings settings;
    rtc_codec_parameters parameters;
    pthread_mutex_lock(&p->lock);
    bool changed = p->shared.bitrate_changed || resized;
    pthread_mutex_unlock(&p->lock);
    if (p->worker.encoder && !changed)
        return RTC_OK;
    settings_of(p, &parameters, &settings);
    if (p->worker.encoder)
        return p->worker.codec->encoder_configure ? p->worker.codec->encoder_configure(p->worker.encoder, &settings) : RTC_OK;
    return p->worker.codec->encoder_new(p->context, &settings, &p->worker.encoder);
}

/* What came of one frame: of pictures one for each layer. */
struct layers {
    rtc_encoded_frame *frames[RTC_ENCODER_LAYERS_MAX]; /* references */
    size_t count;
};

static void drop_layers(struct layers *layers)
{
    while (layers->count > 0)
        rtc_encoded_frame_unref(layers->frames[--layers->count]);
}

/* Takes the references: all of it goes on its way, or nothing. */
static void emit(struct send_pipeline *p, struct layers *layers, uint8_t level)
{
    pthread_mutex_lock(&p->lock);
    bool kept = !p->shared.detached && p->shared.out.count + layers->count <= ENCODED_WAITING_MAX;
    for (size_t i = 0; kept && i < layers->count; i++)
        (void)send_ring_push(&p->shared.out, (struct send_item){.encoded = layers->frames[i], .audio_level = level}, ENCODED_WAITING_MAX);
    p->shared.in_work = false;
    if (!kept && !p->shared.detached) { /* else it is counted already */
        p->shared.stats.frames_dropped += layers->count;
        p->shared.encoded_lost = p->kind == RTC_MEDIA_VIDEO;
    }
    pthread_mutex_unlock(&p->lock);
    if (!kept)
        drop_layers(layers);
}

static void measure_frame_rate(struct send_pipeline *p, rtc_time_t capture_us)
{
    rtc_time_t gap = capture_us - p->worker.last_capture_us;
    /* Two at once, and one after a pause, say nothing of a rate. */
    if (p->worker.last_capture_us > 0 && gap > 2000 && gap < 1000000) {
        uint32_t rate = (uint32_t)((1000000 + gap / 2) / gap);
        p->worker.frame_rate = (p->worker.frame_rate * 7 + rate + 4) / 8;
    }
    p->worker.last_capture_us = capture_us;
}

/* Into layers where the codec makes them, else into one frame at most. */
static int run_encoder(struct send_pipeline *p, rtc_video_frame *picture, bool keyframe, struct layers *out)
{
    const rtc_codec_ops *codec = p->worker.codec;
    int error = codec->encode_layers ? codec->encode_layers(p->worker.encoder, picture, keyframe ? (1u << p->encodings) - 1 : 0,
                                                            out->frames, RTC_ENCODER_LAYERS_MAX, &out->count)
                                     : codec->encode_video(p->worker.encoder, picture, keyframe, out->frames);
    if (!codec->encode_layers)
        out->count = out->frames[0] != NULL;
    if (out->count > RTC_ENCODER_LAYERS_MAX) { /* the codec is broken: what it says it made is not there */
        out->count = 0;
        error = RTC_ERR_RANGE;
    }
    for (size_t i = 0; i < out->count && !error; i++)
        error = out->frames[i] ? RTC_OK : RTC_ERR_RANGE;
    if (error)
        drop_layers(out);
    return error;
}

static int encode_picture(struct send_pipeline *p, rtc_video_frame *picture, bool keyframe, struct layers *out)
{
    uint32_t width = rtc_video_frame_width(picture), height = rtc_video_frame_height(picture);
    bool resized = width != p->worker.encoder_width || height != p->worker.encoder_height;
    p->worker.encoder_width = width;
    p->worker.encoder_height = height;
    int error = prepare_encoder(p, resized);
    return error ? error : run_encoder(p, picture, keyframe, out);
}

/* With the lock held: how many pictures a second come. Fewer of them are sent when there is too little of anything, and if that counted,
 * those would become larger, and fewer still. */
static uint32_t coming_rate(const struct send_pipeline *p)
{
    return p->shared.load.interval > 0 ? (uint32_t)(1000000 / p->shared.load.interval) : DEFAULT_FRAME_RATE;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* What sides are divided by. A picture has to fit whichever way it stands (webrtc-extensions 4.1). */
static double asked_scale(const struct send_limits *l, uint32_t width, uint32_t height)
{
    bool stands = width < height, is_to_stand = l->max_width < l->max_height;
    uint32_t max_width = stands == is_to_stand ? l->max_width : l->max_height,
             max_height = stands == is_to_stand ? l->max_height : l->max_width;
    return max_width > 0 ? larger((double)width / max_width, (double)height / max_height) : l->scale;
}

/* As large as the application wants it, in whole pairs of lines where that is less than it is. */
static uint32_t asked_side(uint32_t full, double scale)
{
    uint32_t side = scale > 1 ? (uint32_t)((double)full / scale + 1e-6) & ~1u : full; /* 1e-6: of 90 by 90.0 / 30 remain 30 */
    return side < 2 && full >= 2 ? 2 : side;
}

/* The picture upright and as large as the rate and the time are enough for. */
static int scaled(struct send_pipeline *p, rtc_video_frame *frame, rtc_video_frame **out)
{
    uint32_t rotation = rtc_video_frame_rotation(frame);
    bool lies = rotation == 90 || rotation == 270;
    uint32_t full_width = lies ? rtc_video_frame_height(frame) : rtc_video_frame_width(frame);
    uint32_t full_height = lies ? rtc_video_frame_width(frame) : rtc_video_frame_height(frame);
    pthread_mutex_lock(&p->lock);
    double scale = asked_scale(&p->shared.limits, full_width, full_height);
    uint32_t width = asked_side(full_width, scale), height = asked_side(full_height, scale);
    uint32_t asked_width = width;
    bool first = p->worker.scale.eighths == 0;
    const struct video_scale_limits limits = {coming_rate(p), p->shared.bitrate_bps, p->shared.load.smaller};
    bool changes = !p->shared.limits.keeps_size &&
                   video_scale_choose(&p->worker.scale, rtc_video_frame_capture_time_us(frame), &limits, &width, &height);
    p->shared.stats.resolution_changes += changes && !first;
    enum quality_reason reason = width >= asked_width ? QUALITY_NONE : p->shared.load.smaller > 0 ? QUALITY_CPU : QUALITY_BANDWIDTH;
    quality_limitation_set(&p->shared.stats.limitation, reason, context_now(p->context, rtc_video_frame_capture_time_us(frame)));
    pthread_mutex_unlock(&p->lock);
    if (width == full_width)
        width = height = 0;
    return media_tools_video_to_i420(p->context, frame, width, height, out);
}

/* With the lock held: what a picture was to take, and whether it took much more (webrtc-stats, totalEncodedBytesTarget, hugeFramesSent). */
static void count_sizes(struct send_pipeline *p, const struct layers *layers)
{
    struct send_pipeline_stats *s = &p->shared.stats;
    uint32_t rate = p->worker.frame_rate ? p->worker.frame_rate : DEFAULT_FRAME_RATE, wanted = p->shared.bitrate_bps / 8 / rate;
    s->encoded_bytes_target += wanted;
    for (size_t i = 0; i < layers->count; i++) {
        int quantizer = codec_quantizer(layers->frames[i]);
        s->quantized += quantizer >= 0;
        s->quantizers += quantizer >= 0 ? (uint64_t)quantizer : 0;
        s->huge_frames += rtc_encoded_frame_len(layers->frames[i]) * 2 * layers->count >= (size_t)wanted * 5;
    }
}

static void count_encoded(struct send_pipeline *p, const struct layers *layers, rtc_time_t began)
{
    rtc_time_t took = executor_took(context_executor(p->context), &p->job, began);
    pthread_mutex_lock(&p->lock);
    if (p->kind == RTC_MEDIA_VIDEO)
        count_sizes(p, layers);
    p->shared.stats.frames_encoded += layers->count;
    for (size_t i = 0; i < layers->count; i++)
        p->shared.stats.key_frames_encoded += rtc_encoded_frame_keyframe(layers->frames[i]);
    p->shared.stats.total_encode_time_us += took;
    p->shared.stats.width = p->worker.encoder_width;
    p->shared.stats.height = p->worker.encoder_height;
    pthread_mutex_unlock(&p->lock);
}

/* With the lock held. Every frame that was taken is sent or counted, once: whoever ended the pipeline counted what was at the worker. */
static void count_dropped(struct send_pipeline *p)
{
    p->shared.stats.frames_dropped += !p->shared.detached;
    p->shared.in_work = false;
}

static void count_unmade(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    count_dropped(p);
    pthread_mutex_unlock(&p->lock);
}

static void fail_encoding(struct send_pipeline *p, int error)
{
    pthread_mutex_lock(&p->lock);
    bool first = p->shared.stats.frames_dropped == 0;
    count_dropped(p);
    p->shared.keyframe_wanted = true;
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
    p->shared.bitrate_changed = encode_load_spent(&p->shared.load, now, took) || p->shared.bitrate_changed;
    pthread_mutex_unlock(&p->lock);
}

/* The source is not asked: raw frames need no help of it, and the track is the connection thread's. */
static void owe_keyframe(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    p->shared.keyframe_wanted = true;
    pthread_mutex_unlock(&p->lock);
}

static void encode_video(struct send_pipeline *p, rtc_video_frame *frame)
{
    rtc_video_frame *picture = NULL;
    struct layers encoded = {0};
    rtc_time_t began = rtc_now();
    pthread_mutex_lock(&p->lock);
    bool keyframe = p->shared.keyframe_wanted;
    p->shared.keyframe_wanted = false;
    pthread_mutex_unlock(&p->lock);
    measure_frame_rate(p, rtc_video_frame_capture_time_us(frame));
    int error = scaled(p, frame, &picture);
    if (!error)
        error = encode_picture(p, picture, keyframe, &encoded);
    rtc_video_frame_unref(picture);
    spend(p, frame, began);
    if (error) {
        fail_encoding(p, error);
    } else if (encoded.count > 0) {
        count_encoded(p, &encoded, began);
        emit(p, &encoded, RTP_NO_AUDIO_LEVEL);
    } else {
        count_unmade(p); /* dropped by the rate control */
        if (keyframe)
            owe_keyframe(p);
    }
}

/* RFC 6464: -dBov, 0 loudest to 127, with the voice bit for what is above a whisper. */
static uint8_t level_of(const rtc_audio_frame *frame)
{
    double power = audio_power(frame);
    double db = power > 0 ? -10.0 * log10(power) : 127;
    uint8_t level = db >= 127 ? 127 : db < 0 ? 0 : (uint8_t)(db + 0.5);
    return (uint8_t)(level < 50 ? level | 0x80 : level);
}

static int encode_packets(struct send_pipeline *p)
{
    rtc_audio_frame *packet;
    int error = audio_framer_pop(p->worker.framer, &packet);
    while (!error && packet) {
        struct layers encoded = {0};
        rtc_time_t began = rtc_now();
        error = prepare_encoder(p, false);
        if (!error)
            error = p->worker.codec->encode_audio(p->worker.encoder, packet, encoded.frames);
        encoded.count = encoded.frames[0] != NULL;
        if (error) {
            drop_layers(&encoded);
        } else if (encoded.count > 0) {
            count_encoded(p, &encoded, began);
            emit(p, &encoded, level_of(packet));
        }
        rtc_audio_frame_unref(packet);
        if (!error)
            error = audio_framer_pop(p->worker.framer, &packet);
    }
    return error;
}

static void encode_audio(struct send_pipeline *p, rtc_audio_frame *frame)
{
    int error = RTC_OK;
    if (!p->worker.framer) {
        const struct jsep_codec *codec = &p->worker.negotiated;
        p->worker.channels = rtc_audio_frame_channels(frame) > 1 && codec->channels > 1 ? 2 : 1;
        error = audio_framer_new(p->context, codec->clock_rate, p->worker.channels, codec->clock_rate / AUDIO_FRAMER_PACKETS_PER_S,
                                 &p->worker.framer);
    }
    if (!error)
        error = audio_framer_push(p->worker.framer, frame);
    if (!error)
        error = encode_packets(p);
    if (error)
        fail_encoding(p, error);
}

void send_pipeline_encode(struct job *job)
{
    struct send_pipeline *p = link_owner(job, struct send_pipeline, job);
    struct send_item item;
    for (;;) {
        pthread_mutex_lock(&p->lock);
        bool more = !p->shared.detached && send_ring_pop(&p->shared.in, &item);
        p->shared.in_work = more;
        pthread_mutex_unlock(&p->lock);
        if (!more)
            return;
        follow_codec(p);
        if (item.encoded) {
            emit(p, &(struct layers){{rtc_encoded_frame_ref(item.encoded)}, 1}, RTP_NO_AUDIO_LEVEL);
        } else if (p->worker.codec && item.video) {
            encode_video(p, item.video);
        } else if (p->worker.codec && item.audio) {
            encode_audio(p, item.audio);
        } else {
            count_unmade(p); /* raw, and nobody encodes it */
        }
        send_item_free(&item);
        if (p->kind == RTC_MEDIA_VIDEO)
            return; /* the frame leaves before the next one is begun */
    }
}
