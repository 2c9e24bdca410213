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

/* With the lock held, or before anybody else sees it. */
static void adopt_codec(struct send_pipeline *p, uint32_t i)
{
    struct send_layer *layer = &p->shared.layers[i];
    struct send_encoder *e = &p->worker.encoders[i];
    e->negotiated = layer->codec;
    e->codec = codec_find_encoder(p->context, p->kind, layer->codec.name);
    const struct codec_row *row = codec_row_carried(p->kind, layer->codec.name);
    e->limit = (struct picture_limit){0};
    if (row && row->picture_limits)
        row->picture_limits(layer->codec.fmtp, &e->limit.blocks, &e->limit.blocks_per_second);
    e->inband_fec = capabilities_inband_fec(&layer->codec);
    layer->codec_changed = false;
    layer->stats.implementation = e->codec ? e->codec->implementation : NULL;
    layer->stats.power = e->codec ? e->codec->power : RTC_CODEC_POWER_UNKNOWN;
}

void send_pipeline_adopt_layout(struct send_pipeline *p)
{
    struct send_worker *w = &p->worker;
    w->count = p->shared.layer_count;
    w->layout = p->shared.layout;
    for (uint32_t i = 0; i < w->count; i++)
        adopt_codec(p, i);
    w->whole = w->encoders[0].codec && w->encoders[0].codec->encode_layers;
    for (uint32_t i = 1; i < w->count; i++)
        w->whole = w->whole && w->encoders[i].codec == w->encoders[0].codec;
}

static void close_encoders(struct send_worker *w)
{
    for (size_t i = 0; i < RTP_ENCODINGS_MAX; i++) {
        if (w->encoders[i].encoder)
            w->encoders[i].codec->encoder_free(w->encoders[i].encoder);
        w->encoders[i].encoder = NULL;
    }
}

/* With the lock held. */
static bool has_changed(const struct send_pipeline *p)
{
    bool changed = p->worker.layout != p->shared.layout;
    for (uint32_t i = 0; i < p->shared.layer_count; i++)
        changed = changed || p->shared.layers[i].codec_changed;
    return changed;
}

/* Between two frames, so that none is lost: other encodings, another codec, or other parameters of it, take other encoders. */
static void follow_layout(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    bool changed = has_changed(p);
    pthread_mutex_unlock(&p->lock);
    if (!changed)
        return;
    const struct jsep_codec before = p->worker.encoders[0].negotiated;
    close_encoders(&p->worker);
    pthread_mutex_lock(&p->lock);
    send_pipeline_adopt_layout(p);
    for (uint32_t i = 0; i < p->shared.layer_count; i++)
        p->shared.layers[i].keyframe_wanted = true;
    pthread_mutex_unlock(&p->lock);
    const struct jsep_codec *now = &p->worker.encoders[0].negotiated;
    if (before.clock_rate == now->clock_rate && before.channels == now->channels)
        return;
    audio_framer_free(p->worker.framer);
    p->worker.framer = NULL;
}

/* With the lock held: what an encoder may make, which makes one layer, or all of them. */
static uint32_t take_bitrate(struct send_pipeline *p, uint32_t i)
{
    uint32_t sum = 0, first = p->worker.whole ? 0 : i, last = p->worker.whole ? p->shared.layer_count : i + 1;
    for (uint32_t k = first; k < last && k < p->shared.layer_count; k++) {
        sum += p->shared.layers[k].bitrate_bps;
        p->shared.layers[k].bitrate_changed = false;
    }
    return sum;
}

static void settings_of(struct send_pipeline *p, uint32_t i, rtc_codec_parameters *parameters, rtc_encoder_settings *s)
{
    const struct send_encoder *e = &p->worker.encoders[i];
    const struct jsep_codec *codec = &e->negotiated;
    *parameters = (rtc_codec_parameters){sizeof *parameters, codec->name, codec->clock_rate, codec->channels, codec->fmtp};
    *s = (rtc_encoder_settings){
        .size = sizeof *s,
        .width = e->width,
        .height = e->height,
        .frames_per_second = p->worker.frame_rate,
        .sample_rate = codec->clock_rate,
        .channels = p->worker.channels,
        .inband_fec = e->inband_fec,
        .encodings = p->worker.whole ? p->worker.count : 1,
        .parameters = parameters,
    };
    pthread_mutex_lock(&p->lock);
    s->bitrate_bps = take_bitrate(p, i);
    s->temporal_layers = p->shared.layers[i].limits.temporal_layers;
    for (uint32_t k = i; k < p->shared.layer_count && (k == i || p->worker.whole); k++)
        p->shared.layers[k].stats.temporal_layers = e->codec->temporal_layers > 0 ? s->temporal_layers : 0;
    s->packet_loss_percent = e->inband_fec ? p->shared.layers[i].loss_percent : 0;
    s->speed = p->shared.load.speed;
    pthread_mutex_unlock(&p->lock);
}

/* With the lock held. */
static bool has_other_rate(const struct send_pipeline *p, uint32_t i)
{
    bool changed = p->shared.layers[i].bitrate_changed;
    for (uint32_t k = 0; p->worker.whole && k < p->shared.layer_count; k++)
        changed = changed || p->shared.layers[k].bitrate_changed;
    return changed;
}

/* By more than a quarter: a camera that trembles is no other one. */
static bool has_other_frame_rate(const struct send_pipeline *p, const struct send_encoder *e)
{
    uint32_t now = p->worker.frame_rate, told = e->told_rate;
    return p->kind == RTC_MEDIA_VIDEO && (now > told ? now - told : told - now) * 4 > told;
}

/* Makes the encoder, or tells it what changed. */
static int prepare_encoder(struct send_pipeline *p, uint32_t i, bool resized)
{
    rtc_encoder_settings settings;
    rtc_codec_parameters parameters;
    struct send_encoder *e = &p->worker.encoders[i];
    pthread_mutex_lock(&p->lock);
    bool changed = has_other_rate(p, i) || resized || has_other_frame_rate(p, e);
    pthread_mutex_unlock(&p->lock);
    if (e->encoder && !changed)
        return RTC_OK;
    settings_of(p, i, &parameters, &settings);
    e->told_rate = settings.frames_per_second;
    if (e->encoder)
        return e->codec->encoder_configure ? e->codec->encoder_configure(e->encoder, &settings) : RTC_OK;
    return e->codec->encoder_new(p->context, &settings, &e->encoder);
}

/* What came of one frame. Encoders of one layer each make one frame, but those that can make several are not trusted to. */
struct layers {
    struct send_item items[RTC_ENCODER_LAYERS_MAX * RTP_ENCODINGS_MAX]; /* encoded: references */
    size_t count;
};

static void drop_layers(struct layers *layers)
{
    while (layers->count > 0)
        rtc_encoded_frame_unref(layers->items[--layers->count].encoded);
}

static void add_layer(struct layers *layers, rtc_encoded_frame *frame, uint8_t layer, uint8_t audio_level)
{
    layers->items[layers->count++] = (struct send_item){.encoded = frame, .layer = layer, .audio_level = audio_level};
}

/* Takes the references: all of it goes on its way, or nothing. */
static void emit(struct send_pipeline *p, struct layers *layers)
{
    pthread_mutex_lock(&p->lock);
    bool kept = !p->shared.detached && p->worker.layout == p->shared.layout && p->shared.out.count + layers->count <= ENCODED_WAITING_MAX;
    for (size_t i = 0; kept && i < layers->count; i++)
        (void)send_ring_push(&p->shared.out, layers->items[i], ENCODED_WAITING_MAX);
    p->shared.in_work = false;
    if (!kept && !p->shared.detached) { /* else it is counted already */
        p->shared.frames_dropped += layers->count;
        p->shared.encoded_lost = p->kind == RTC_MEDIA_VIDEO;
    }
    pthread_mutex_unlock(&p->lock);
    if (!kept)
        drop_layers(layers);
}

/* Frames of an encoder, new references: as many as there are layers where the codec makes these, else one at most. */
struct made {
    rtc_encoded_frame *frames[RTC_ENCODER_LAYERS_MAX];
    size_t count;
};

static void drop_made(struct made *made)
{
    while (made->count > 0)
        rtc_encoded_frame_unref(made->frames[--made->count]);
}

static int run_encoder(struct send_pipeline *p, uint32_t i, rtc_video_frame *picture, uint32_t keyframes, struct made *out)
{
    struct send_encoder *e = &p->worker.encoders[i];
    const rtc_codec_ops *codec = e->codec;
    uint32_t wanted = p->worker.whole ? keyframes : keyframes != 0;
    int error = codec->encode_layers ? codec->encode_layers(e->encoder, picture, wanted, out->frames, RTC_ENCODER_LAYERS_MAX, &out->count)
                                     : codec->encode_video(e->encoder, picture, wanted != 0, out->frames);
    if (!codec->encode_layers)
        out->count = out->frames[0] != NULL;
    if (out->count > RTC_ENCODER_LAYERS_MAX) { /* the codec is broken: what it says it made is not there */
        out->count = 0;
        error = RTC_ERR_RANGE;
    }
    for (size_t k = 0; k < out->count && !error; k++)
        error = out->frames[k] ? RTC_OK : RTC_ERR_RANGE;
    if (error)
        drop_made(out);
    return error;
}

static int encode_picture(struct send_pipeline *p, uint32_t i, rtc_video_frame *picture, uint32_t keyframes, struct made *out)
{
    struct send_encoder *e = &p->worker.encoders[i];
    uint32_t width = rtc_video_frame_width(picture), height = rtc_video_frame_height(picture);
    bool resized = width != e->width || height != e->height;
    e->width = width;
    e->height = height;
    int error = prepare_encoder(p, i, resized);
    return error ? error : run_encoder(p, i, picture, keyframes, out);
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
    double scale = max_width > 0 ? larger((double)width / max_width, (double)height / max_height) : l->scale;
    if (l->peers_width > 0)
        scale = larger(scale, (double)width / l->peers_width);
    return l->peers_height > 0 ? larger(scale, (double)height / l->peers_height) : scale;
}

/* As large as the application wants it, in whole pairs of lines where that is less than it is. */
static uint32_t asked_side(uint32_t full, double scale)
{
    uint32_t side = scale > 1 ? (uint32_t)((double)full / scale + 1e-6) & ~1u : full; /* 1e-6: of 90 by 90.0 / 30 remain 30 */
    return side < 2 && full >= 2 ? 2 : side;
}

/* With the lock held: the layer that says how large pictures are. An encoder of all of them gets what the largest needs. */
static struct send_layer *leading(struct send_pipeline *p, uint32_t i)
{
    struct send_layer *lead = &p->shared.layers[i];
    for (uint32_t k = 0; p->worker.whole && k < p->shared.layer_count; k++) {
        struct send_layer *layer = &p->shared.layers[k];
        if (!layer->limits.inactive && (lead->limits.inactive || layer->limits.scale < lead->limits.scale))
            lead = layer;
    }
    return lead;
}

/* With the lock held: from the full size, upright, to as large as the rate and the time are enough for. */
static void choose_size(struct send_pipeline *p, uint32_t i, rtc_time_t captured, uint32_t *width, uint32_t *height)
{
    struct send_layer *layer = leading(p, i);
    struct video_scale *scale = &p->worker.encoders[i].scale;
    double asked = asked_scale(&layer->limits, *width, *height);
    *width = asked_side(*width, asked);
    *height = asked_side(*height, asked);
    picture_limit_apply(&p->worker.encoders[i].limit, coming_rate(p), width, height);
    uint32_t asked_width = *width;
    bool first = scale->eighths == 0;
    const struct video_scale_limits limits = {coming_rate(p), layer->bitrate_bps, p->shared.load.smaller};
    bool changes = !layer->limits.keeps_size && video_scale_choose(scale, captured, &limits, width, height);
    const struct picture_rate_limits rate = {coming_rate(p), layer->bitrate_bps, (uint64_t)*width * *height};
    layer->fewer_us = layer->limits.sends_fewer ? picture_rate_choose(&layer->rate, captured, &rate) : 0;
    layer->stats.resolution_changes += changes && !first;
    bool slow = (*width < asked_width && p->shared.load.smaller > 0) || encode_load_is_over(&p->shared.load);
    enum quality_reason reason = slow ? QUALITY_CPU : *width < asked_width || layer->fewer_us > 0 ? QUALITY_BANDWIDTH : QUALITY_NONE;
    quality_limitation_set(&layer->stats.limitation, reason, context_now(p->context, captured));
}

static int scaled(struct send_pipeline *p, uint32_t i, rtc_video_frame *frame, rtc_video_frame **out)
{
    uint32_t rotation = rtc_video_frame_rotation(frame);
    bool lies = rotation == 90 || rotation == 270;
    uint32_t width = lies ? rtc_video_frame_height(frame) : rtc_video_frame_width(frame), full_width = width;
    uint32_t height = lies ? rtc_video_frame_width(frame) : rtc_video_frame_height(frame);
    pthread_mutex_lock(&p->lock);
    choose_size(p, i, rtc_video_frame_capture_time_us(frame), &width, &height);
    pthread_mutex_unlock(&p->lock);
    if (width == full_width)
        width = height = 0;
    return media_tools_video_to_i420(p->context, frame, width, height, out);
}

/* Whose a frame is: of an encoder that makes all layers as the frame says, if there is such a layer. */
static uint32_t layer_of(const struct send_pipeline *p, uint32_t i, const rtc_encoded_frame *frame)
{
    uint32_t said = p->worker.whole ? rtc_encoded_frame_simulcast_index(frame) : i;
    return said < p->shared.layer_count ? said : 0;
}

/* With the lock held: how large pictures of its layer are, as its encoder or its header says. An encoder of one layer makes what it is
 * given, and of one of several layers that does not say it nothing else is known. */
static void note_size(struct send_pipeline *p, uint32_t i, const rtc_encoded_frame *frame)
{
    struct send_pipeline_stats *s = &p->shared.layers[layer_of(p, i, frame)].stats;
    uint32_t width = rtc_encoded_frame_width(frame), height = rtc_encoded_frame_height(frame);
    const struct codec_row *row = codec_row_carried(p->kind, rtc_encoded_frame_codec(frame));
    uint16_t coded_width = 0, coded_height = 0;
    if (p->worker.whole && rtc_encoded_frame_simulcast_index(frame) >= p->shared.layer_count)
        return; /* of none that there is */
    if (width == 0 && row &&
        row->format->frame_info(slice_of(rtc_encoded_frame_data(frame), rtc_encoded_frame_len(frame)), &coded_width, &coded_height)) {
        width = coded_width;
        height = coded_height;
    }
    if (width == 0 && p->worker.whole && s->width > 0)
        return;
    s->width = width ? width : p->worker.encoders[i].width;
    s->height = width ? height : p->worker.encoders[i].height;
}

/* With the lock held: what a picture was to take, and whether it took much more (webrtc-stats, totalEncodedBytesTarget, hugeFramesSent). */
static void count_size(struct send_pipeline *p, uint32_t i, const rtc_encoded_frame *frame, size_t beside)
{
    struct send_layer *layer = &p->shared.layers[layer_of(p, i, frame)];
    uint32_t rate = p->worker.frame_rate ? p->worker.frame_rate : DEFAULT_FRAME_RATE;
    uint64_t wanted = layer->bitrate_bps / 8 / rate;
    int quantizer = codec_quantizer(frame);
    picture_rate_made(&layer->rate, rtc_encoded_frame_capture_time_us(frame), codec_is_coarse(frame));
    layer->stats.quantized += quantizer >= 0;
    layer->stats.quantizers += quantizer >= 0 ? (uint64_t)quantizer : 0;
    layer->stats.huge_frames += rtc_encoded_frame_len(frame) * 2 * beside >= wanted * 5;
}

/* With the lock held. */
static void count_target(struct send_pipeline *p, struct send_layer *layer)
{
    uint32_t rate = p->worker.frame_rate ? p->worker.frame_rate : DEFAULT_FRAME_RATE;
    layer->stats.encoded_bytes_target += layer->bitrate_bps / 8 / rate;
}

/* Several frames share the time that one picture took. */
static void count_encoded(struct send_pipeline *p, uint32_t i, const struct made *made, rtc_time_t began)
{
    rtc_time_t took = executor_took(context_executor(p->context), &p->job, began), each = took / (rtc_time_t)made->count;
    pthread_mutex_lock(&p->lock);
    for (size_t k = 0; k < made->count; k++) {
        struct send_pipeline_stats *s = &p->shared.layers[layer_of(p, i, made->frames[k])].stats;
        s->frames_encoded++;
        s->key_frames_encoded += rtc_encoded_frame_keyframe(made->frames[k]);
        s->total_encode_time_us += k == 0 ? took - each * (rtc_time_t)(made->count - 1) : each;
        if (p->kind != RTC_MEDIA_VIDEO)
            continue;
        note_size(p, i, made->frames[k]);
        count_size(p, i, made->frames[k], p->worker.whole ? made->count : 1);
    }
    for (uint32_t k = 0; p->kind == RTC_MEDIA_VIDEO && k < p->shared.layer_count; k++)
        if (k == i || p->worker.whole)
            count_target(p, &p->shared.layers[k]);
    pthread_mutex_unlock(&p->lock);
}

/* With the lock held. Every frame that was taken is sent or counted, once: whoever ended the pipeline counted what was at the worker. */
static void count_dropped(struct send_pipeline *p, uint32_t i)
{
    if (i < p->shared.layer_count)
        p->shared.layers[i].stats.frames_dropped += !p->shared.detached;
}

/* Nobody encodes it. */
static void count_unmade(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    count_dropped(p, 0);
    p->shared.in_work = false;
    pthread_mutex_unlock(&p->lock);
}

/* The source is not asked for the keyframe: raw frames need no help of it, and the track is the connection thread's. */
static void fail_encoding(struct send_pipeline *p, uint32_t i, int error)
{
    pthread_mutex_lock(&p->lock);
    struct send_layer *layer = &p->shared.layers[i < p->shared.layer_count ? i : 0];
    bool first = layer->stats.frames_dropped == 0;
    count_dropped(p, i);
    for (uint32_t k = 0; k < p->shared.layer_count; k++)
        p->shared.layers[k].keyframe_wanted = p->shared.layers[k].keyframe_wanted || k == i || p->worker.whole;
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
    bool other = encode_load_spent(&p->shared.load, now, took);
    for (uint32_t i = 0; i < p->shared.layer_count; i++) /* the speed is told with the rates */
        p->shared.layers[i].bitrate_changed = p->shared.layers[i].bitrate_changed || other;
    pthread_mutex_unlock(&p->lock);
}

/* Which of them begin with a keyframe; what is not made of these is owed again. */
static uint32_t take_keyframes(struct send_pipeline *p, uint32_t layers)
{
    uint32_t wanted = 0;
    pthread_mutex_lock(&p->lock);
    for (uint32_t i = 0; i < p->shared.layer_count; i++) {
        wanted |= (layers >> i & 1) && p->shared.layers[i].keyframe_wanted ? 1u << i : 0;
        p->shared.layers[i].keyframe_wanted = p->shared.layers[i].keyframe_wanted && !(layers >> i & 1);
    }
    pthread_mutex_unlock(&p->lock);
    return wanted;
}

/* Dropped by the rate control. */
static void owe(struct send_pipeline *p, uint32_t i, uint32_t keyframes)
{
    pthread_mutex_lock(&p->lock);
    count_dropped(p, i);
    for (uint32_t k = 0; k < p->shared.layer_count; k++)
        p->shared.layers[k].keyframe_wanted = p->shared.layers[k].keyframe_wanted || (keyframes >> k & 1);
    pthread_mutex_unlock(&p->lock);
}

/* The next picture may be of another size. What was left out because those before it were too large counts as the encoder's leaving out
 * does. */
static void tell_scale(struct send_pipeline *p, uint32_t i, const rtc_video_frame *frame, const struct made *made)
{
    bool key = made->count > 0 && rtc_encoded_frame_keyframe(made->frames[0]);
    bool coarse = made->count > 0 && codec_is_coarse(made->frames[0]);
    enum video_scale_made what = key               ? VIDEO_SCALE_KEYFRAME
                                 : coarse          ? VIDEO_SCALE_COARSE
                                 : made->count > 0 ? VIDEO_SCALE_FRAME
                                                   : VIDEO_SCALE_NOTHING;
    for (uint32_t k = 0; k < p->worker.late; k++)
        video_scale_made(&p->worker.encoders[i].scale, rtc_video_frame_capture_time_us(frame), VIDEO_SCALE_NOTHING);
    video_scale_made(&p->worker.encoders[i].scale, rtc_video_frame_capture_time_us(frame), what);
    if (what == VIDEO_SCALE_FRAME || what == VIDEO_SCALE_COARSE)
        video_scale_saw(&p->worker.encoders[i].scale, codec_coarseness_percent(made->frames[0]));
}

/* An encoder of all layers knows them: its first is the first one, also where that is switched off. */
static uint8_t own_layer(const rtc_encoded_frame *frame)
{
    uint32_t index = rtc_encoded_frame_simulcast_index(frame);
    return index < LAYER_AS_IT_SAYS ? (uint8_t)index : LAYER_AS_IT_SAYS - 1;
}

/* By one encoder, into the layer that it makes, or all. */
static void encode_with(struct send_pipeline *p, uint32_t i, rtc_video_frame *frame, struct layers *out)
{
    rtc_video_frame *picture = NULL;
    struct made made = {0};
    rtc_time_t began = rtc_now();
    uint32_t keyframes = take_keyframes(p, p->worker.whole ? ~0u : 1u << i);
    int error = scaled(p, i, frame, &picture);
    if (!error)
        error = encode_picture(p, i, picture, keyframes, &made);
    rtc_video_frame_unref(picture);
    if (!error)
        tell_scale(p, i, frame, &made);
    if (error)
        fail_encoding(p, i, error);
    else if (made.count == 0)
        owe(p, i, keyframes);
    else
        count_encoded(p, i, &made, began);
    for (size_t k = 0; k < made.count; k++)
        add_layer(out, made.frames[k], p->worker.whole ? own_layer(made.frames[k]) : (uint8_t)i, RTP_NO_AUDIO_LEVEL);
}

static void encode_video(struct send_pipeline *p, const struct send_item *item)
{
    struct layers encoded = {0};
    rtc_time_t began = rtc_now();
    pthread_mutex_lock(&p->lock);
    p->worker.late = p->shared.late;
    p->shared.late = 0;
    p->worker.frame_rate = coming_rate(p);
    pthread_mutex_unlock(&p->lock);
    if (p->worker.whole)
        encode_with(p, 0, item->video, &encoded);
    for (uint32_t i = 0; !p->worker.whole && i < p->worker.count; i++)
        if ((item->layers >> i & 1) && p->worker.encoders[i].codec)
            encode_with(p, i, item->video, &encoded);
    spend(p, item->video, began);
    emit(p, &encoded);
}

/* RFC 6464: -dBov, 0 loudest to 127, with the voice bit for what is above a whisper. */
static uint8_t level_of(const rtc_audio_frame *frame)
{
    double power = audio_power(frame);
    double db = power > 0 ? -10.0 * log10(power) : 127;
    uint8_t level = db >= 127 ? 127 : db < 0 ? 0 : (uint8_t)(db + 0.5);
    return (uint8_t)(level < 50 ? level | 0x80 : level);
}

static int encode_packet(struct send_pipeline *p, rtc_audio_frame *packet)
{
    struct made made = {0};
    struct layers encoded = {0};
    rtc_time_t began = rtc_now();
    int error = prepare_encoder(p, 0, false);
    if (!error)
        error = p->worker.encoders[0].codec->encode_audio(p->worker.encoders[0].encoder, packet, made.frames);
    made.count = made.frames[0] != NULL;
    if (error)
        drop_made(&made);
    if (error || made.count == 0)
        return error;
    count_encoded(p, 0, &made, began);
    add_layer(&encoded, made.frames[0], 0, level_of(packet));
    emit(p, &encoded);
    return RTC_OK;
}

/* As long as they are to be now. */
static void follow_length(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    uint32_t ms = p->shared.layers[0].packet_ms;
    pthread_mutex_unlock(&p->lock);
    audio_framer_set_packet(p->worker.framer, p->worker.encoders[0].negotiated.clock_rate / 1000 * ms);
}

static int encode_packets(struct send_pipeline *p)
{
    rtc_audio_frame *packet;
    follow_length(p);
    int error = audio_framer_pop(p->worker.framer, &packet);
    while (!error && packet) {
        error = encode_packet(p, packet);
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
        const struct jsep_codec *codec = &p->worker.encoders[0].negotiated;
        p->worker.channels = rtc_audio_frame_channels(frame) > 1 && codec->channels > 1 ? 2 : 1;
        error = audio_framer_new(p->context, codec->clock_rate, p->worker.channels, codec->clock_rate / 1000 * AUDIO_FRAMER_PACKET_MS,
                                 &p->worker.framer);
    }
    if (!error)
        error = audio_framer_push(p->worker.framer, frame);
    if (!error)
        error = encode_packets(p);
    if (!error)
        return;
    fail_encoding(p, 0, error);
    pthread_mutex_lock(&p->lock);
    p->shared.in_work = false;
    pthread_mutex_unlock(&p->lock);
}

static void pass_on(struct send_pipeline *p, rtc_encoded_frame *frame)
{
    struct layers one = {0};
    add_layer(&one, rtc_encoded_frame_ref(frame), LAYER_AS_IT_SAYS, RTP_NO_AUDIO_LEVEL);
    emit(p, &one);
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
        follow_layout(p);
        if (item.encoded)
            pass_on(p, item.encoded);
        else if (p->worker.encoders[0].codec && item.video)
            encode_video(p, &item);
        else if (p->worker.encoders[0].codec && item.audio)
            encode_audio(p, item.audio);
        else
            count_unmade(p); /* raw */
        send_item_free(&item);
        if (p->kind == RTC_MEDIA_VIDEO)
            return; /* the frame leaves before the next one is begun */
    }
}
